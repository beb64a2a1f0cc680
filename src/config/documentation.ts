/** What the tables say about each keyword, for people: `config explain`, docs/keywords.md, shell completion. */
import { nearestWord } from './suggestion.ts';
import type { Alias, Entries, Entry, Header, Table, Variant } from './table.ts';
import type { ValueFacts } from './values.ts';

/** A keyword in the blocks where it means the same. Plain data: the form of `config explain --json`. */
export interface KeywordDocumentation {
  /** keepalived's word. */
  readonly word: string;
  /** Other spellings; with what is said about them. */
  readonly aliases: readonly { readonly word: string; readonly message?: string }[];
  /** The keywords of the blocks around it, the outermost first; empty for the top level. */
  readonly blocks: readonly (readonly string[])[];
  readonly form: 'value' | 'lines' | 'block' | 'obsolete';
  /** What stands after the word, or in each line. */
  readonly expected: string;
  readonly facts?: ValueFacts;
  /** As it would be written; absent: none, or worked out from other keywords. */
  readonly default?: string;
  readonly required: boolean;
  /** Whether the agent does what it says. */
  readonly actedOn: 'yes' | 'no' | 'not for every value';
  /** A sentence or two. */
  readonly doc: string;
  /** Further sentences: what becomes of a wrong or a second value. */
  readonly notes: readonly string[];
}

type Documented = Omit<KeywordDocumentation, 'blocks'>;

/** All keywords of a root table, block by block from the outside in. A table inside itself is entered once. */
export function documentKeywords(root: Table<Entries>): KeywordDocumentation[] {
  const found = new Map<string, { documented: Documented; blocks: (readonly string[])[] }>();
  const queue: { path: readonly string[]; tables: readonly Table<Entries>[]; later: boolean }[] = [
    { path: [], tables: [root], later: false },
  ];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { path, tables, later } = next;
    const table = tables.at(-1) ?? root;
    for (const like of Object.values(table.entries)) {
      for (const { documented, inner } of describe(like as Entry, later)) {
        const key = JSON.stringify(documented);
        const same = found.get(key);
        if (same === undefined) found.set(key, { documented, blocks: [path] });
        else same.blocks.push(path);
        if (inner === undefined || tables.includes(inner)) continue;
        queue.push({
          path: [...path, documented.word],
          tables: [...tables, inner],
          later: documented.actedOn === 'no',
        });
      }
    }
  }
  return [...found.values()].map(({ documented, blocks }) => ({ ...documented, blocks }));
}

/** Everything about a word or another spelling of it; with none, the keyword that was probably meant. */
export function explainKeyword(
  all: readonly KeywordDocumentation[],
  word: string,
): { readonly found: readonly KeywordDocumentation[]; readonly nearest?: string } {
  const found = all.filter((one) => one.word === word || one.aliases.some((alias) => alias.word === word));
  if (found.length > 0) return { found };
  const nearest = nearestWord(word, keywordsOf(all));
  return nearest === undefined ? { found } : { found, nearest };
}

/** All words and other spellings, each once, in alphabetical order. */
export const keywordsOf = (all: readonly KeywordDocumentation[]): string[] =>
  [...new Set(all.flatMap(({ word, aliases }) => [word, ...aliases.map((alias) => alias.word)]))].sort();

interface Described {
  readonly documented: Documented;
  /** The keywords inside. */
  readonly inner?: Table<Entries>;
}

/** The words of an entry. @param later whether the block around it is not acted on */
function describe(entry: Entry, later: boolean): Described[] {
  switch (entry.kind) {
    case 'choice':
      return entry.variants.map((one: Variant<unknown>) => ({
        documented: common(one, 'block', 'a block', later || one.later === true),
        inner: one.table,
      }));
    case 'block':
      return [
        {
          documented: common(entry, 'block', headerText(entry.header), later || entry.later === true),
          inner: entry.table,
        },
      ];
    case 'list':
      return [{ documented: common(entry, 'lines', entry.line.expected, later || entry.later === true) }];
    case 'opaque':
      return [{ documented: common(entry, 'block', 'a block', true) }];
    case 'obsolete':
      return [{ documented: common(entry, 'obsolete', 'nothing', true) }];
    case 'value': {
      const { type, fallback, presence } = entry;
      const partly = typeof entry.later === 'function';
      const base = common(entry, 'value', type.expected, later || entry.later === true);
      const isFlag = type.facts?.kind === 'flag';
      const notes = [
        ...(entry.once ? ['The first one counts.'] : []),
        ...(entry.otherwise === undefined ? [] : [`Anything else becomes ${type.show(entry.otherwise)}.`]),
        ...(entry.deprecated === undefined ? [] : [`Deprecated: ${entry.deprecated}.`]),
      ];
      return [
        {
          documented: {
            ...base,
            ...(type.facts === undefined ? {} : { facts: type.facts }),
            ...(isFlag ? { default: 'off' } : fallback === undefined ? {} : { default: type.show(fallback) }),
            required: presence === 'required',
            actedOn: partly && base.actedOn === 'yes' ? 'not for every value' : base.actedOn,
            notes,
          },
        },
      ];
    }
  }
}

function common(
  { word, doc, aliases = [] }: { word: string; doc: string; aliases?: readonly Alias[] },
  form: KeywordDocumentation['form'],
  expected: string,
  later: boolean,
): Documented {
  return {
    word,
    aliases: aliases.map((alias) => (typeof alias === 'string' ? { word: alias } : alias)),
    form,
    expected,
    required: false,
    actedOn: later ? 'no' : 'yes',
    doc,
    notes: [],
  };
}

const headerText = ({ max, expected }: Header): string => (max === 0 ? 'a block' : `${expected}, then a block`);

/** `real_server of virtual_server`, or the top level. */
export const blockText = (path: readonly string[]): string =>
  path.length === 0 ? 'the top level' : [...path].reverse().join(' of ');
