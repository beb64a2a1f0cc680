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
  /** The keywords of the blocks around it, the outermost first; empty for the top level. No blocks: it can stand anywhere. */
  readonly blocks: readonly (readonly string[])[];
  readonly form: 'value' | 'lines' | 'block' | 'obsolete' | 'option' | 'grammar';
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

/** The default of a keyword that is worked out elsewhere, as it would be written. @param path the blocks around it */
export type WorkedOut = (path: readonly string[], key: string) => string | undefined;

/** All keywords of a root table, block by block from the outside in. A table inside itself is entered once. */
export function documentKeywords(root: Table<Entries>, workedOut: WorkedOut = () => undefined): KeywordDocumentation[] {
  const found = new Map<string, { documented: Documented; blocks: (readonly string[])[] }>();
  const queue: { path: readonly string[]; tables: readonly Table<Entries>[]; later: boolean }[] = [
    { path: [], tables: [root], later: false },
  ];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { path, tables, later } = next;
    const table = tables.at(-1) ?? root;
    const add = (documented: Documented, blocks: readonly string[]) => {
      const text = JSON.stringify(documented);
      const same = found.get(text);
      if (same === undefined) found.set(text, { documented, blocks: [blocks] });
      else same.blocks.push(blocks);
    };
    for (const [key, like] of Object.entries(table.entries)) {
      const entry = like as Entry;
      for (const { documented, inner } of describe(entry, later)) {
        const other = documented.form === 'value' && !documented.required ? workedOut(path, key) : undefined;
        add(
          documented.default !== undefined || other === undefined ? documented : { ...documented, default: other },
          path,
        );
        for (const option of optionsOf(entry, documented)) add(option, [...path, documented.word]);
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

/** What there is about a word. */
export interface Answer {
  readonly found: readonly KeywordDocumentation[];
  /** The keyword that was probably meant. */
  readonly nearest?: string;
  /** Keywords that have the word in them. */
  readonly similar?: readonly string[];
}

/** Shorter ones are in too many others. */
const SIMILAR_LENGTH_MIN = 3;

/**
 * Everything about a word or another spelling of it.
 * @param around blocks that it has to stand in
 */
export function explainKeyword(
  all: readonly KeywordDocumentation[],
  word: string,
  around: readonly string[] = [],
): Answer {
  const isAround = ({ blocks }: KeywordDocumentation): boolean =>
    around.length === 0 || blocks.some((path) => around.every((block) => path.includes(block)));
  const found = all
    .filter((one) => isAround(one) && (one.word === word || one.aliases.some((alias) => alias.word === word)))
    .map((one) => ({ ...one, blocks: one.blocks.filter((path) => around.every((block) => path.includes(block))) }))
    .sort((a, b) => Number(a.form === 'option') - Number(b.form === 'option'));
  // The block itself comes before the blocks in it.
  const direct = found.filter(({ blocks }) => blocks.some((path) => path.at(-1) === around.at(-1)));
  if (found.length > 0) return { found: around.length > 0 && direct.length > 0 ? direct : found };
  const words = keywordsOf(all.filter(isAround));
  const nearest = nearestWord(word, words);
  if (nearest !== undefined) return { found, nearest };
  const part = word.toLowerCase();
  const similar = part.length < SIMILAR_LENGTH_MIN ? [] : words.filter((one) => one.toLowerCase().includes(part));
  return similar.length === 0 ? { found } : { found, similar };
}

/** The keywords of a block, in the order of its table. */
export const keywordsIn = (all: readonly KeywordDocumentation[], path: readonly string[]): string[] =>
  all.flatMap(({ word, form, blocks }) =>
    form !== 'obsolete' && blocks.some((block) => block.join('/') === path.join('/')) ? [word] : [],
  );

/** All words and other spellings, each once, in alphabetical order. */
export const keywordsOf = (all: readonly KeywordDocumentation[]): string[] =>
  [...new Set(all.flatMap(({ word, aliases }) => [word, ...aliases.map((alias) => alias.word)]))].sort();

/** The words that may stand in the lines of a list, or behind a value. */
function optionsOf(entry: Entry, { actedOn }: Documented): Documented[] {
  const options = entry.kind === 'list' ? entry.line.options : entry.kind === 'value' ? entry.options : undefined;
  return (options ?? []).map(({ word, expected, doc }) => ({
    word,
    aliases: [],
    form: 'option',
    expected: expected === 'nothing' ? 'nothing after it' : expected,
    required: false,
    actedOn: actedOn === 'no' ? 'no' : 'yes',
    doc,
    notes: [],
  }));
}

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
    case 'obsolete':
      return [{ documented: common(entry, 'obsolete', 'nothing', true) }];
    case 'value': {
      const { type, fallback, presence } = entry;
      const partly = typeof entry.later === 'function';
      const base = common(entry, 'value', type.expected, later || entry.later === true);
      const isFlag = type.facts?.kind === 'flag';
      const notes = [
        ...base.notes,
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
  { word, doc, aliases = [], since }: { word: string; doc: string; aliases?: readonly Alias[]; since?: string },
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
    notes: since === undefined ? [] : [`Since keepalived ${since}.`],
  };
}

const headerText = ({ max, expected }: Header): string => (max === 0 ? 'a block' : `${expected}, then a block`);

/** `real_server of virtual_server`, or the top level. */
export const blockText = (path: readonly string[]): string =>
  path.length === 0 ? 'the top level' : [...path].reverse().join(' of ');
