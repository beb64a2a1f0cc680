/**
 * Keyword tables. One entry is the only place of a keyword: its key is our name, `word` is keepalived's; value type,
 * default, aliases and a sentence of documentation. The type of what is read is inferred: `ConfigOf<typeof entries>`.
 *
 *     advertisementInterval: optional('advert_int', decimalSeconds(0.01, 255), seconds(1), 'How often …'),
 */
import type { Report } from './diagnostics.ts';
import type { Word } from './lexer.ts';
import type { Statement } from './tree.ts';
import { nothing, type Quick, type ValueType } from './values.ts';

/** Another spelling of a keyword; with a sentence where that is not to be written any more. */
export type Alias = string | OldSpelling;

export interface OldSpelling {
  readonly word: string;
  readonly message: string;
  /** keepalived takes it without a word. Absent: it complains about it, or does not know it. */
  readonly silent?: true;
  /** keepalived 2.2.7 does not know it there, and looks at nothing behind it. */
  readonly unknown?: true;
}

interface Common {
  /** keepalived's word. */
  readonly word: string;
  /** One sentence of our own: what it does. */
  readonly doc: string;
  readonly aliases?: readonly Alias[];
  /** The keepalived that first knew it, where that is later than 2.2.7. */
  readonly since?: string;
}

/** Options of an entry with a value. */
export interface Options<T> {
  readonly since?: string;
  readonly aliases?: readonly Alias[];
  /** Accepted without effect so far: always, or for these values. Said in one note per file. */
  readonly later?: true | ((value: T) => boolean);
  /** Taken instead of a refused value; without it the earlier value or the default stays. */
  readonly otherwise?: T;
  /** What happens when the value is refused, where the usual sentence says too little. */
  readonly instead?: string;
  /** The first one counts; keepalived complains about a second, or passes over it. */
  readonly once?: true | 'silent';
  /** Which of two given values counts, where it is not the last. */
  readonly prefer?: (earlier: T, now: T) => T;
  /** What several lines come to, where each adds to the others. */
  readonly addUp?: (earlier: T, now: T) => T;
  /** Without this required keyword keepalived does not run at all. */
  readonly fatal?: true;
  /** Still works; what to say about it. */
  readonly deprecated?: string;
  /** keepalived only complains (5) about a missing value, or says nothing (0), instead of giving up (2). */
  readonly missingIs?: 0 | 5;
  /** Words that may stand behind the value; for the documentation. */
  readonly options?: readonly LineOption[];
}

/** A keyword with a value. `presence` decides whether the key can be absent from what is read. */
export interface ValueEntry<T, P extends 'required' | 'optional' | 'value'> extends Common, Options<T> {
  readonly kind: 'value';
  readonly type: ValueType<T>;
  readonly presence: P;
  readonly fallback?: T;
}

/** A block whose lines are items, not keywords. */
export interface ListEntry<T> extends Common {
  readonly kind: 'list';
  readonly line: LineType<T>;
  readonly later?: true;
  /** What to say about a block without lines, where keepalived complains. */
  readonly whenEmpty?: string;
  /** Words before the brace; absent: none. Each block is found in `given` of the reading. */
  readonly header?: Header;
}

/** The number that a host has a name for, as routing tables have; undefined: nobody knows the name. */
export type NumberOf = (kind: string, name: string) => number | undefined;

/** A word that may stand in a line or behind a value: `label` of an address. */
export interface LineOption {
  readonly word: string;
  /** What stands behind it; 'nothing'. */
  readonly expected: string;
  /** A sentence or two. */
  readonly doc: string;
}

/** Options from their words: what stands behind each, and what it does. */
export const lineOptions = (
  options: Readonly<Record<string, readonly [expected: string, doc: string]>>,
): LineOption[] => Object.entries(options).map(([word, [expected, doc]]) => ({ word, expected, doc }));

/** How a line of a list is read. */
export interface LineType<T> {
  readonly expected: string;
  /** What may stand in it besides; for the documentation. */
  readonly options?: readonly LineOption[];
  /** The items of the line; what is wrong is reported, and what is wrong is left out. */
  read(words: readonly Word[], report: Report, numberOf?: NumberOf): readonly T[];
  /** keepalived complains about words that it does not know in the line. */
  readonly strict?: true;
}

/** Words between a block's keyword and its brace. */
export interface Header {
  readonly min: number;
  readonly max: number;
  readonly expected: string;
  /** What a missing word is for keepalived: 2 gives up, 5 skips the block. */
  readonly missingIs: 2 | 5;
  /** Surplus words make keepalived skip the block, or give up where `missingIs` says so of a missing one. */
  readonly exact?: true;
  /** Says what is wrong with the words; false: the block is skipped without a look inside. */
  accepts?(words: readonly Word[], report: Report): boolean;
  /** The short cut of `accepts`, for words that nothing is special about: what they say; undefined: `accepts` is to be asked. */
  plainValue?(texts: readonly string[]): unknown;
}

/** A block of keywords: once (repeated ones are read as one), or many of them. */
export interface BlockEntry<E extends Entries, Many extends boolean> extends Common {
  readonly kind: 'block';
  readonly table: Table<E>;
  readonly many: Many;
  readonly header: Header;
  readonly later?: true;
  /** keepalived does not look into a second one of the same name. What is to be said about it is said elsewhere. */
  readonly onePerName?: true;
}

/** One of the blocks of a choice. `build` is what its domain makes of it. */
export interface Variant<R> extends Common {
  readonly table: Table<Entries>;
  readonly later?: true;
  build(reading: Reading<Entries>): R;
}

/** Blocks of which any may stand here, in any order and number: the checkers of a real server. */
export interface ChoiceEntry<R> {
  readonly kind: 'choice';
  readonly variants: readonly Variant<R>[];
}

/** A word that no keepalived knows any more; `doc` is what to say about it. */
export interface ObsoleteEntry extends Common {
  readonly kind: 'obsolete';
}

export type Entry =
  | ValueEntry<unknown, 'required' | 'optional' | 'value'>
  | ListEntry<unknown>
  | BlockEntry<Entries, boolean>
  | ChoiceEntry<unknown>
  | ObsoleteEntry;

/** Entries by our names. An interface, so that a table may be part of itself. */
export interface Entries {
  readonly [key: string]: EntryLike;
}

/** An entry with whatever types inside: `Entry` as seen by inference, which needs no variance. */
export interface EntryLike {
  readonly kind: Entry['kind'];
}

/** What is found for a word of a block. */
export interface Found {
  readonly key: string;
  readonly entry: Entry;
  /** The variant, when the entry is a choice. */
  readonly variant: Variant<unknown> | undefined;
  /** This spelling, when there is something to say about it. */
  readonly alias: OldSpelling | undefined;
  /** The keepalived that first knew it, where that is later than 2.2.7. */
  readonly since: string | undefined;
  /** What its block holds; undefined: it has none. */
  readonly content: Content | undefined;
  /** The short cut of its value, where it has one. */
  readonly quick: Quick<unknown> | undefined;
}

/** What may stand in a block: keywords of a table, lines, or anything (skipped). */
export type Content = Table<Entries> | 'lines' | 'strict lines' | 'skipped';

/** The keywords of a block. */
export interface Table<E extends Entries> {
  readonly entries: E;
  /** By word and alias. */
  readonly found: ReadonlyMap<string, Found>;
  /** What a block without any lines says, by key; undefined where it says nothing. */
  readonly initial: Readonly<Record<string, unknown>>;
  readonly required: readonly string[];
}

type ValueOf<E> =
  E extends ValueEntry<infer T, infer _P>
    ? T
    : E extends ListEntry<infer T>
      ? readonly T[]
      : E extends BlockEntry<infer B, infer Many>
        ? Many extends true
          ? readonly Reading<B>[]
          : Reading<B>
        : E extends ChoiceEntry<infer R>
          ? readonly R[]
          : never;

type MayBeAbsent = { readonly presence: 'value' } | { readonly kind: 'block'; readonly many: false };
type HasNoValue = { readonly kind: 'obsolete' };

type AbsentKeys<E> = { [K in keyof E]: E[K] extends MayBeAbsent ? K : never }[keyof E];
type PresentKeys<E> = { [K in keyof E]: E[K] extends MayBeAbsent | HasNoValue ? never : K }[keyof E];

/** What reading a block of these entries gives, by our names. Lists and repeated blocks are empty when absent. */
export type ConfigOf<E> = { readonly [K in PresentKeys<E>]: ValueOf<E[K]> } & {
  readonly [K in AbsentKeys<E>]?: ValueOf<E[K]>;
};

/** A block as it was read: its values and where they were given. */
export interface Reading<E extends Entries> {
  /** The statement that opened it; its block has everything in the order of the file. */
  readonly owner: Statement;
  readonly keyword: Word;
  /** The words before the brace. */
  readonly header: readonly Word[];
  /** What they say by the short cut of the header, where there is one and nothing is special about them. */
  readonly plainHeader: unknown;
  readonly values: ConfigOf<E>;
  /** The last statement that gave the key; undefined: it has its default. */
  at(key: keyof E & string): Statement | undefined;
  /** Whether the key was given with something that is not a value. */
  refused(key: keyof E & string): boolean;
  /** What was given with a value or as a list, in the order of the file; without blocks of keywords. */
  readonly given: readonly Given<E>[];
  /** The same of some keys alone. */
  givenOf<K extends keyof ConfigOf<E> & string>(
    keys: ReadonlySet<K>,
  ): readonly Extract<Given<E>, { readonly key: K }>[];
  /**
   * The same, read for itself alone. Blocks that say the same letter by letter have the same values, and what stands in those
   * (readings inside, checkers) is from the first of them: whoever wants to say where it stands asks this one.
   */
  unshared(): Reading<E>;
}

/** A statement of a block with what was read from it alone. */
export type Given<E> = {
  readonly [K in keyof ConfigOf<E> & string]: {
    readonly key: K;
    readonly value: NonNullable<ConfigOf<E>[K]>;
    readonly statement: Statement;
  };
}[keyof ConfigOf<E> & string];

/** Makes a table of entries; their words must be different. */
export function table<E extends Entries>(entries: E): Table<E> {
  const found = new Map<string, Found>();
  const add = (word: string, what: Found) => {
    if (found.has(word)) throw new Error(`assertion failed: two entries for ${word}`);
    found.set(word, what);
  };
  const initial = objectOf(Object.keys(entries));
  const required: string[] = [];
  for (const [key, like] of Object.entries(entries)) {
    const entry = like as Entry;
    if (entry.kind === 'value' && entry.fallback !== undefined) initial[key] = entry.fallback;
    if (entry.kind === 'value' && entry.presence === 'required') required.push(key);
    if (entry.kind === 'list' || entry.kind === 'choice' || (entry.kind === 'block' && entry.many)) initial[key] = NONE;
    const short = entry.kind === 'value' ? entry.type.quick : undefined;
    const quick = entry.kind === 'value' && short?.for === entry.type.read ? short : undefined;
    for (const one of entry.kind === 'choice' ? entry.variants : [entry]) {
      const variant = entry.kind === 'choice' ? (one as Variant<unknown>) : undefined;
      const { since } = one as { readonly since?: string };
      const content = contentOf(entry, variant);
      const what: Found = { key, entry, variant, alias: undefined, since, content, quick };
      add(one.word, what);
      for (const alias of one.aliases ?? []) {
        if (typeof alias === 'string') add(alias, what);
        else add(alias.word, { ...what, alias });
      }
    }
  }
  return { entries, found, initial, required };
}

function contentOf(entry: Entry, variant: Variant<unknown> | undefined): Content | undefined {
  switch (entry.kind) {
    case 'list':
      return entry.line.strict ? 'strict lines' : 'lines';
    case 'block':
      return entry.table;
    case 'choice':
      return variant?.table;
    case 'obsolete':
      return 'skipped';
    case 'value':
      return undefined;
  }
}

/** An object of many properties that V8 does not keep as a dictionary, as it would if they were added one by one. */
const objectOf = (keys: readonly string[]): Record<string, unknown> => {
  const object = JSON.parse(`{${keys.map((key) => `${JSON.stringify(key)}:0`).join()}}`);
  // A number and then something else: each property can hold anything from the start.
  for (const key of keys) object[key] = undefined;
  return object;
};

/** A list that nobody has added to. */
const NONE: readonly never[] = Object.freeze([]);

/** Accepted without effect so far. */
export const LATER = { later: true } as const;

/** A keyword that must be there; without it the block is left out. */
export const required = <T>(word: string, type: ValueType<T>, doc: string, options: Options<NoInfer<T>> = {}) =>
  ({ kind: 'value', presence: 'required', word, type, doc, ...options }) as const satisfies ValueEntry<T, 'required'>;

/** A keyword with a default. */
export const optional = <T>(
  word: string,
  type: ValueType<T>,
  fallback: NoInfer<T>,
  doc: string,
  options: Options<NoInfer<T>> = {},
) => ({ kind: 'value', presence: 'optional', word, type, fallback, doc, ...options }) as ValueEntry<T, 'optional'>;

/** A keyword without a default: its key is absent unless it is given. */
export const value = <T>(word: string, type: ValueType<T>, doc: string, options: Options<NoInfer<T>> = {}) =>
  ({ kind: 'value', presence: 'value', word, type, doc, ...options }) as ValueEntry<T, 'value'>;

/** A keyword that stands alone and is false unless it is given. */
export const flag = (word: string, doc: string, options: Options<boolean> = {}) =>
  optional<boolean>(word, nothing, false, doc, options);

/** A block of lines. */
export const list = <T>(
  word: string,
  line: LineType<T>,
  doc: string,
  options: Pick<ListEntry<T>, 'aliases' | 'later' | 'since' | 'whenEmpty' | 'header'> = {},
): ListEntry<T> => ({ kind: 'list', word, line, doc, ...options });

/** A block of keywords that is there once; a second one adds to the first. */
export const block = <E extends Entries>(
  word: string,
  content: Table<E>,
  doc: string,
  options: { later?: true; since?: string } = {},
): BlockEntry<E, false> => ({ kind: 'block', word, table: content, many: false, header: ANYTHING, doc, ...options });

/** A block of keywords that may be there many times, each with its header. */
export const blocks = <E extends Entries>(
  word: string,
  header: Header,
  content: Table<E>,
  doc: string,
  options: { aliases?: readonly Alias[]; later?: true; onePerName?: true } = {},
): BlockEntry<E, true> => ({ kind: 'block', word, table: content, many: true, header, doc, ...options });

/** A header of exactly one name. */
export const NAME: Header = { min: 1, max: 1, expected: 'a name', missingIs: 5, exact: true };
/** A header of which the first word is the name, and what follows is passed over. */
export const FIRST_NAME: Header = { min: 1, max: 1, expected: 'a name', missingIs: 2 };
/** A header of which nothing is read. */
export const ANYTHING: Header = { min: 0, max: 0, expected: 'nothing', missingIs: 5 };

/** One block of a choice. */
export const variant = <E extends Entries, R>(
  word: string,
  content: Table<E>,
  doc: string,
  build: (reading: Reading<E>) => R,
  options: { later?: true } = {},
): Variant<R> => ({
  word,
  table: content,
  doc,
  // The reader gives back a reading of the very table that stands beside it.
  build: (reading) => build(reading as unknown as Reading<E>),
  ...options,
});

/** Any of some blocks. */
export const choice = <R>(variants: readonly Variant<R>[]): ChoiceEntry<R> => ({ kind: 'choice', variants });

/** A word from the past. @param doc what to say about it */
export const obsolete = (word: string, doc: string): ObsoleteEntry => ({ kind: 'obsolete', word, doc });
