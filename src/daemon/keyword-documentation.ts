/**
 * All that is known of the keywords: the tables, the defaults that the builders work out, and the words of the language
 * itself. The defaults are those that `config show` finds in the smallest configuration.
 */
import { documentKeywords, type KeywordDocumentation } from '../config/documentation.ts';
import { grammarWords } from '../config/grammar-words.ts';
import type { Entries, Entry, Table } from '../config/table.ts';
import { readConfigurationTree, rootKeywords } from './root.ts';
import { GLOBAL_KEYS, showConfiguration } from './shown-configuration.ts';
import type { ShownItem, ShownValue } from './shown-item.ts';

/** Everything that is required, and nothing else. */
const SMALLEST = `
vrrp_instance V {
  interface eth0
  virtual_router_id 1
  virtual_ipaddress {
    192.0.2.1
  }
}
virtual_server 192.0.2.1 80 {
  real_server 192.0.2.2 80 {
    TCP_CHECK {
    }
  }
}
`;

/** The documentation of all words, block by block, those of the language at the end. */
export function keywordDocumentation(): KeywordDocumentation[] {
  const values = new Map<string, ShownValue>();
  const collect = (items: readonly ShownItem[], path: readonly string[]): void => {
    for (const item of items) {
      if (item.kind === 'block') collect(item.items, [...path, item.keyword]);
      else if (item.kind === 'value') values.set([...path, item.keyword].join(' '), item);
    }
  };
  collect(showConfiguration(readConfigurationTree('', () => SMALLEST)), []);
  const workedOut = (path: readonly string[], key: string): string | undefined =>
    inherited(path, key) ?? defaultText(values.get([...path, wordOf(path, key)].join(' ')));
  return [...documentKeywords(rootKeywords, workedOut), ...grammarWords];
}

/** `as vrrp_garp_master_delay of global_defs`, where a block around has the keyword too. */
function inherited(path: readonly string[], key: string): string | undefined {
  if (path[0] === 'vrrp_instance' && path.length === 1) {
    const global = rootKeywords.entries.global.table;
    const other = Object.hasOwn(global.entries, key) ? key : (GLOBAL_KEYS as Readonly<Record<string, string>>)[key];
    const entry = other === undefined ? undefined : (global.entries as Readonly<Record<string, Entry>>)[other];
    return entry === undefined || !('word' in entry) ? undefined : `as ${entry.word} of global_defs`;
  }
  if (path[0] !== 'virtual_server') return undefined;
  if (path.length === 2 && BY_REAL_SERVERS.includes(key)) return 'as in virtual_server';
  return path.length === 3 && BY_CHECKERS.includes(key) ? 'as in real_server' : undefined;
}

/** Keys that blocks inside take from the block around them. */
const BY_CHECKERS = ['connectTimeout', 'retry', 'delayBeforeRetry', 'warmup', 'delayLoop', 'alpha', 'virtualHost'];
const BY_REAL_SERVERS = [...BY_CHECKERS, 'weight', 'method', 'inhibitOnFailure', 'smtpAlert'];

function tableAt(path: readonly string[]): Table<Entries> | undefined {
  let table: Table<Entries> | undefined = rootKeywords;
  for (const word of path) {
    const entry = table?.found.get(word)?.entry as Entry | undefined;
    table = entry?.kind === 'block' ? entry.table : undefined;
  }
  return table;
}

const wordOf = (path: readonly string[], key: string): string => {
  const entry = tableAt(path)?.entries[key] as Entry | undefined;
  return entry !== undefined && 'word' in entry ? entry.word : key;
};

function defaultText(item: ShownValue | undefined): string | undefined {
  if (item === undefined || item.source !== 'default' || item.value === null) return undefined;
  if (item.unit === 'seconds') return `${String(item.value)} s`;
  return item.words === undefined || item.words.length === 0 ? undefined : item.words.join(' ');
}
