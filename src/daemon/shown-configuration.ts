/**
 * A configuration as it was understood, keyword by keyword: every value with where it came from. Follows the tables, so
 * a new keyword needs nothing here; what the agent makes of the keywords is in effective-values.ts.
 */
import { assertNever } from '../base/assert.ts';
import { Report } from '../config/diagnostics.ts';
import type { Word } from '../config/lexer.ts';
import { Reader } from '../config/reader.ts';
import { type Statement, statementWith } from '../config/statement.ts';
import type { Entries, Entry, Reading, Table, ValueEntry } from '../config/table.ts';
import type { ValueType } from '../config/values.ts';
import { Vocabulary } from '../config/vocabulary.ts';
import type { VirtualServerReading } from '../ipvs/keywords.ts';
import { buildVirtualServers } from '../ipvs/virtual-servers.ts';
import { type Effective, effectiveInstance, effectiveVirtualServer } from './effective-values.ts';
import { type ReadOutcomeWithTree, rootKeywords } from './root.ts';

interface Shown {
  readonly keyword: string;
  /** `FILE:LINE`, or 'default'. */
  readonly source: string;
  /** False: accepted, without effect so far. */
  readonly actedOn: boolean;
}

/** A keyword with its value. */
export interface ShownValue extends Shown {
  readonly kind: 'value';
  /** Null: it stands in the file, and has no effect here. */
  readonly value: unknown;
  /** The words after the keyword, as they would stand in a file; absent: such a line would say something else. */
  readonly words?: readonly string[];
  /** The line of the file, where the agent makes something else of it. */
  readonly given?: string;
}

/** A block of lines. */
export interface ShownLines extends Shown {
  readonly kind: 'lines';
  readonly lines: readonly { readonly words: readonly string[]; readonly value: unknown; readonly source: string }[];
}

/** A block of keywords. */
export interface ShownBlock extends Shown {
  readonly kind: 'block';
  readonly header: readonly string[];
  /** The agent runs without it. */
  readonly leftOut: boolean;
  readonly items: readonly ShownItem[];
}

export type ShownItem = ShownValue | ShownLines | ShownBlock;

/** A block around the one that is shown, for what is inherited. */
interface Outer {
  readonly reading: Reading<Entries>;
  /** The key there, where it is another. */
  readonly keys?: Readonly<Record<string, string>>;
}

/** The whole configuration, in the order of the tables. */
export const showConfiguration = (outcome: ReadOutcomeWithTree): ShownItem[] => new Walk(outcome).items();

class Walk {
  readonly #outcome: ReadOutcomeWithTree;
  readonly #reader = new Reader(new Report(), new Vocabulary(rootKeywords));
  readonly #instances: Set<string>;
  readonly #servers: Set<string>;
  #outerOfInstances: readonly Outer[] = [];

  constructor(outcome: ReadOutcomeWithTree) {
    this.#outcome = outcome;
    this.#instances = new Set(outcome.configuration.instances.map(({ name }) => name));
    this.#servers = new Set(outcome.configuration.virtualServers.map(({ id }) => id));
  }

  items(): ShownItem[] {
    const { statements } = this.#outcome;
    const global = statements.filter(({ keyword }) => keyword.text === 'global_defs');
    const given = global.flatMap(({ block = [] }) => block);
    const reading = this.#read(rootKeywords.entries.global.table, global[0] ?? NOWHERE, given);
    if (reading !== undefined) this.#outerOfInstances = [{ reading }, { reading, keys: GLOBAL_KEYS }];
    const inside = (key: string, statement: Statement) => this.#rootBlock(key, statement);
    return this.#items(rootKeywords, NOWHERE, statements, { inside }, [], true) ?? [];
  }

  /** What the agent makes of a block of the top level; the first one of a name or an identity counts. */
  #rootBlock(key: string, statement: Statement): Effective | 'left out' | undefined {
    const { instances, virtualServers } = this.#outcome.configuration;
    if (key === 'instances') {
      const { table, header } = rootKeywords.entries.instances;
      const isRead = statement.args.length === header.max && this.#read(table, statement, statement.block ?? []);
      const name = statement.args[0]?.text ?? '';
      const instance = isRead && this.#instances.delete(name) ? instances.find((one) => one.name === name) : undefined;
      return instance === undefined ? 'left out' : effectiveInstance(instance);
    }
    if (key !== 'virtualServers') return undefined;
    const { table, header } = rootKeywords.entries.virtualServers;
    const limited = statementWith(statement, { args: statement.args.slice(0, header.max) });
    const reading = this.#reader.read(table, limited, statement.block ?? []);
    const id = reading && buildVirtualServers([reading as VirtualServerReading], new Report())[0]?.id;
    const server =
      id !== undefined && this.#servers.delete(id) ? virtualServers.find((one) => one.id === id) : undefined;
    return server === undefined ? 'left out' : effectiveVirtualServer(server, isCheckerActedOn);
  }

  #read(table: Table<Entries>, owner: Statement, statements: readonly Statement[]): Reading<Entries> | undefined {
    return this.#reader.read(table, owner, statements);
  }

  /** What is in a block; undefined when it lacks what it needs. */
  #items(
    table: Table<Entries>,
    owner: Statement,
    statements: readonly Statement[],
    effective: Effective,
    outer: readonly Outer[],
    actedOn: boolean,
  ): ShownItem[] | undefined {
    const reading = this.#read(table, owner, statements);
    if (reading === undefined) return undefined;
    const byKey = new Map<string, Statement[]>();
    for (const statement of statements) {
      const key = table.found.get(statement.keyword.text)?.key;
      if (key === undefined) continue;
      const same = byKey.get(key);
      if (same === undefined) byKey.set(key, [statement]);
      else same.push(statement);
    }
    return Object.entries(table.entries).flatMap(([key, like]): ShownItem[] => {
      const entry = like as Entry;
      const given = byKey.get(key) ?? [];
      const acts = actedOn && !('later' in entry && entry.later === true);
      switch (entry.kind) {
        case 'value':
          return this.#value(key, entry, table, reading, effective, outer, actedOn);
        case 'list':
          return lines(key, entry.word, given, effective, acts);
        case 'block': {
          if (entry.many)
            return given.map((one) => this.#block(key, entry.table, one, effective, reading, outer, acts));
          if (given.length === 0 && key !== 'global') return [];
          const first = given[0] ?? { ...NOWHERE, keyword: { ...NOWHERE.keyword, text: entry.word } };
          const merged = statementWith(first, { block: given.flatMap(({ block = [] }) => block) });
          return [this.#block(key, entry.table, merged, effective, reading, outer, acts)];
        }
        case 'choice':
          return given.flatMap((one) => {
            const variant = table.found.get(one.keyword.text)?.variant;
            if (variant === undefined) return [];
            const does = acts && variant.later !== true;
            return [this.#block(key, variant.table, one, effective, reading, outer, does)];
          });
        case 'opaque':
          return given.map((one) => opaqueBlock(one));
        case 'obsolete':
          return [];
        default:
          return assertNever(entry);
      }
    });
  }

  #block(
    key: string,
    table: Table<Entries>,
    statement: Statement,
    around: Effective,
    reading: Reading<Entries>,
    outer: readonly Outer[],
    actedOn: boolean,
  ): ShownBlock {
    const effective = around.inside?.(key, statement);
    const inner = key === 'instances' ? this.#outerOfInstances : [{ reading }, ...outer];
    const items =
      effective === 'left out'
        ? undefined
        : this.#items(table, statement, statement.block ?? [], effective ?? {}, inner, actedOn);
    return {
      kind: 'block',
      keyword: statement.keyword.text,
      header: (effective !== 'left out' ? effective?.header : undefined) ?? statement.args.map(({ text }) => text),
      source: sourceOf(statement.keyword),
      actedOn,
      leftOut: items === undefined,
      items: items ?? [],
    };
  }

  #value(
    key: string,
    entry: ValueEntry<unknown, 'required' | 'optional' | 'value'>,
    table: Table<Entries>,
    reading: Reading<Entries>,
    effective: Effective,
    outer: readonly Outer[],
    inActive: boolean,
  ): ShownItem[] {
    const statement = reading.at(key);
    const own = (reading.values as Readonly<Record<string, unknown>>)[key];
    const isKnown = effective.values !== undefined && key in effective.values;
    const value = isKnown ? effective.values?.[key] : own;
    if (value === undefined && statement === undefined) return [];
    const inherited = isKnown ? outer.find((one) => one.reading.at(one.keys?.[key] ?? key) !== undefined) : undefined;
    const from = statement ?? inherited?.reading.at(inherited.keys?.[key] ?? key);
    const isOther = statement !== undefined && isKnown && !contains(own, value);
    const isUnset = value === undefined || (value === false && entry.type.facts?.kind === 'flag');
    const later =
      entry.later === true || (typeof entry.later === 'function' && value !== undefined && entry.later(value));
    const spelling = statement?.keyword.text ?? entry.word;
    const isPlain = table.found.get(spelling)?.aliasMessage === undefined;
    return [
      {
        kind: 'value',
        keyword: isPlain ? spelling : entry.word,
        value: value ?? null,
        ...(isUnset ? {} : { words: wordsOf(entry.type, value) }),
        source: from === undefined ? 'default' : sourceOf(from.keyword),
        ...(isOther ? { given: statement.raw } : {}),
        actedOn: inActive && !later,
      },
    ];
  }
}

/** Keys of vrrp_instance that go by another one of global_defs, after the ones of the same name. */
const GLOBAL_KEYS = {
  version: 'vrrpVersion',
  garpLowerPriorityDelay: 'garpMasterDelay',
  garpLowerPriorityRepeat: 'garpMasterRepeat',
};

const NOWHERE: Statement = {
  keyword: { text: '', quoted: false, file: '', line: 0, column: 1, length: 1 },
  args: [],
  raw: '',
};

const isCheckerActedOn = (word: string): boolean => {
  const { realServers } = rootKeywords.entries.virtualServers.table.entries;
  return realServers.table.found.get(word)?.variant?.later !== true;
};

const sourceOf = ({ file, line }: Word): string => (line === 0 ? 'default' : `${file}:${line}`);

/** Whether the value of the file says all that the effective one says: options of a tunnel may be more. */
const contains = (own: unknown, effective: unknown): boolean =>
  JSON.stringify(own) === JSON.stringify(effective) ||
  (own !== null &&
    typeof own === 'object' &&
    effective !== null &&
    typeof effective === 'object' &&
    Object.entries(effective).every(([key, value]) => (own as Record<string, unknown>)[key] === value));

/** The words of a value in a file, without quotation marks. */
function wordsOf(type: ValueType<unknown>, value: unknown): string[] {
  if (type.writeWords !== undefined) return type.writeWords(value);
  if (Array.isArray(value)) return value.map(String);
  const text = (type.write ?? type.show)(value);
  if (text === '') return [];
  return typeof value === 'string' ? [text] : text.split(' ');
}

function lines(
  key: string,
  word: string,
  given: readonly Statement[],
  effective: Effective,
  actedOn: boolean,
): ShownLines[] {
  const [first] = given;
  if (first === undefined) return [];
  const written = given.flatMap(({ block = [] }) => block);
  const plain = (line: Statement): string[] => [line.keyword, ...line.args].map(({ text }) => text);
  const known = effective.lines?.[key];
  const shown =
    known === undefined
      ? written.map((line) => ({ words: plain(line), value: plain(line).join(' '), source: sourceOf(line.keyword) }))
      : known.map(({ words, value, isFrom }) => {
          const from = written.find(isFrom);
          return { words, value, source: from === undefined ? 'default' : sourceOf(from.keyword) };
        });
  return [{ kind: 'lines', keyword: word, source: sourceOf(first.keyword), actedOn, lines: shown }];
}

const opaqueBlock = ({ keyword, args }: Statement): ShownBlock => ({
  kind: 'block',
  keyword: keyword.text,
  header: args.map(({ text }) => text),
  source: sourceOf(keyword),
  actedOn: false,
  leftOut: true,
  items: [],
});
