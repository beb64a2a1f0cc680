/**
 * The tree of a block, read with its table: typed values, and one diagnostic for each mistake.
 *
 * What one keyword says about another is left to the domains; they get the values with the places they came from.
 */
import { assertNever } from '../base/assert.ts';
import type { Details, Report } from './diagnostics.ts';
import type { Word } from './lexer.ts';
import { type Statement, statementWith } from './statement.ts';
import type {
  BlockEntry,
  ConfigOf,
  Entries,
  Found,
  Given,
  Header,
  ListEntry,
  NumberOf,
  Reading,
  Table,
  ValueEntry,
  Variant,
} from './table.ts';
import { titleOf } from './tree.ts';
import type { Complaints } from './values.ts';
import type { Vocabulary } from './vocabulary.ts';

type AnyValueEntry = ValueEntry<unknown, 'required' | 'optional' | 'value'>;
type AnyBlockEntry = BlockEntry<Entries, boolean>;

/** keepalived passes over it without a word. */
const SILENT: Details = { exitCode: 0 };

/** A file with more unknown words than this is no configuration; looking for what was meant takes time. */
const SEARCHES_MAX = 100;

/** Reads trees with tables. `vocabulary` knows the words of all blocks, for what to say about unknown ones. */
export class Reader {
  readonly #report: Report;
  readonly #vocabulary: Vocabulary;
  /** Keywords of the blocks that are being read, the innermost last. */
  readonly #path: string[] = [];
  /** Absent: as on any host. */
  readonly numberOf: NumberOf | undefined;
  #searches = 0;

  constructor(report: Report, vocabulary: Vocabulary, numberOf?: NumberOf) {
    this.#report = report;
    this.#vocabulary = vocabulary;
    this.numberOf = numberOf;
  }

  /** Says that nobody knows the word of a statement in the block that is being read. */
  unknown({ keyword, block }: Statement, table: Table<Entries>): void {
    const details = { keyword: keyword.text };
    const search = this.#searches++ < SEARCHES_MAX;
    const { message, suggestion } = this.#vocabulary.explain(
      keyword.text,
      table,
      this.#path,
      block !== undefined,
      search,
    );
    const all: Details = suggestion === undefined ? details : { ...details, suggestion };
    if (block === undefined) this.#report.warning(keyword, message, all);
    else this.#report.error(keyword, message, all);
  }

  /**
   * Reads the statements of a block.
   * @param owner the statement that opened it; its name stands in messages
   * @returns undefined when a required keyword is missing: reported, and the block is to be left out
   */
  read<E extends Entries>(table: Table<E>, owner: Statement, statements: readonly Statement[]): Reading<E> | undefined {
    this.#path.push(owner.keyword.text);
    const blockReader = new BlockReader(this, this.#report, table, owner);
    for (const statement of statements) blockReader.take(statement);
    const reading = blockReader.finish<E>();
    this.#path.pop();
    return reading;
  }
}

/** Reading one block. */
class BlockReader {
  readonly #reader: Reader;
  readonly #report: Report;
  readonly #table: Table<Entries>;
  readonly #owner: Statement;
  readonly #values: Record<string, unknown>;
  readonly #at = new Map<string, Statement>();
  /** Keys that were given, but not with a value. */
  readonly #refused = new Set<string>();
  readonly #given: { key: string; value: unknown; statement: Statement }[] = [];
  /** Blocks that count as one however often they stand there. */
  readonly #merged = new Map<string, { entry: AnyBlockEntry; owner: Statement; statements: Statement[] }>();

  constructor(reader: Reader, report: Report, table: Table<Entries>, owner: Statement) {
    this.#reader = reader;
    this.#report = report;
    this.#table = table;
    this.#owner = owner;
    this.#values = { ...table.defaults };
    for (const key of table.lists) this.#values[key] = [];
  }

  take(statement: Statement): void {
    const { keyword } = statement;
    const found = this.#table.found.get(keyword.text);
    if (found === undefined) {
      this.#reader.unknown(statement, this.#table);
      return;
    }
    if (found.aliasMessage !== undefined) this.#report.warning(keyword, found.aliasMessage, { keyword: keyword.text });
    const { since } = found.entry as { since?: string };
    if (since !== undefined) {
      this.#report.warning(keyword, `${keyword.text} came with keepalived ${since}; 2.2.7 does not know it`, {
        keyword: keyword.text,
      });
    }
    this.#known(found, statement);
  }

  #known({ key, entry, variant }: Found, statement: Statement): void {
    const { keyword } = statement;
    switch (entry.kind) {
      case 'value':
        this.#value(key, entry, statement);
        break;
      case 'list':
        this.#list(key, entry, statement);
        break;
      case 'block':
        this.#block(key, entry, statement);
        break;
      case 'choice':
        this.#variant(key, variant as Variant<unknown>, statement);
        break;
      case 'opaque':
        this.#report.notActedOn(keyword, keyword.text);
        break;
      case 'obsolete':
        this.#report.warning(keyword, `${keyword.text}: ${entry.doc}`, { keyword: keyword.text });
        break;
      default:
        assertNever(entry);
    }
  }

  finish<E extends Entries>(): Reading<E> | undefined {
    for (const [key, { entry, owner, statements }] of this.#merged) {
      const reading = this.#reader.read(entry.table, owner, statements);
      if (reading !== undefined) this.#values[key] = reading;
      this.#at.set(key, owner);
    }
    const isComplete = this.#requireKeywords();
    if (!isComplete) return undefined;
    const { keyword, args } = this.#owner;
    return {
      keyword,
      header: args,
      values: this.#values as ConfigOf<E>,
      at: (key) => this.#at.get(key),
      refused: (key) => this.#refused.has(key),
      given: this.#given as unknown as readonly Given<E>[],
    };
  }

  #requireKeywords(): boolean {
    let isComplete = true;
    const { keyword, args } = this.#owner;
    for (const key of this.#table.required) {
      const entry = this.#table.entries[key] as AnyValueEntry;
      if (key in this.#values) continue;
      isComplete = false;
      if (this.#refused.has(key)) continue;
      this.#report.error(keyword, `${titleOf(keyword, args)} has no ${entry.word}; it is left out`, {
        keyword: entry.word,
        suggestion: `add ${entry.word} with ${entry.type.expected}`,
        ...(entry.fatal ? { fatal: true } : {}),
      });
    }
    return isComplete;
  }

  #value(key: string, entry: AnyValueEntry, statement: Statement): void {
    const { keyword, args } = statement;
    const { type } = entry;
    const earlier = this.#at.get(key);
    const details = { keyword: keyword.text };
    if (args.length < type.minWords) {
      this.#refused.add(key);
      const exitCode = entry.missingIs ?? 2;
      const gone = this.#leftOut(key, entry) ? '; the block is left out' : '';
      this.#report.error(keyword, `${keyword.text} has no value, expected ${type.expected}${gone}`, {
        ...details,
        exitCode,
        ...(exitCode === 2 ? { fatal: true } : {}),
      });
      return;
    }
    this.#surplus(statement, type.maxWords, type.strict === true);
    if (entry.once && earlier !== undefined) {
      this.#report.error(keyword, `${keyword.text} again; the one in line ${earlier.keyword.line} counts`, details);
      return;
    }
    const read = type.read(args.slice(0, type.maxWords), this.#complaints(key, entry, keyword));
    const now = read ?? entry.otherwise;
    if (now === undefined) {
      this.#refused.add(key);
      return;
    }
    this.#given.push({ key, value: now, statement });
    this.#repeated(key, entry, statement, now);
    if (entry.deprecated !== undefined) this.#report.warning(keyword, entry.deprecated, details);
    const before = this.#values[key];
    this.#values[key] = earlier !== undefined && entry.prefer ? entry.prefer(before, now) : now;
    this.#at.set(key, statement);
    const { later } = entry;
    if (later === true) this.#report.notActedOn(keyword, keyword.text);
    else if (later?.(now)) this.#report.notActedOn(keyword, `${keyword.text} ${type.show(now)}`);
  }

  #complaints(key: string, entry: AnyValueEntry, keyword: Word): Complaints {
    const instead = this.#instead(key, entry);
    const say = (message: string) => `${keyword.text}: ${message}`;
    const details = { keyword: keyword.text };
    const isFatal = entry.fatal && this.#leftOut(key, entry);
    return {
      refuse: (at, problem, suggestion) => {
        this.#report.error(at, say(`${problem}; ${instead}`), {
          ...details,
          ...(suggestion ? { suggestion } : {}),
          ...(isFatal ? { fatal: true } : {}),
        });
        return undefined;
      },
      correct: (at, message) => this.#report.warning(at, say(message), details),
    };
  }

  /** What happens when the value is refused. */
  #instead(key: string, entry: AnyValueEntry): string {
    const { type, otherwise, instead } = entry;
    if (instead !== undefined) return instead;
    if (otherwise !== undefined) return `${type.show(otherwise)} is used`;
    const before = this.#values[key];
    if (before !== undefined && before !== false) return `${type.show(before)} stays`;
    return this.#leftOut(key, entry) ? 'the block is left out' : 'the line is ignored';
  }

  #leftOut = (key: string, entry: AnyValueEntry): boolean => entry.presence === 'required' && !(key in this.#values);

  #repeated(key: string, entry: AnyValueEntry, { keyword }: Statement, now: unknown): void {
    const earlier = this.#at.get(key);
    const before = this.#values[key];
    if (earlier === undefined || entry.type.show(before) === entry.type.show(now)) return;
    const counts = entry.prefer?.(before, now) ?? now;
    this.#report.warning(
      keyword,
      `${keyword.text} again, after line ${earlier.keyword.line}; ${entry.type.show(counts)} counts`,
      { keyword: keyword.text, ...(counts === now ? SILENT : {}) },
    );
  }

  /** Words that nobody reads. */
  #surplus({ keyword, args }: Statement, max: number, strict: boolean): void {
    const first = args[max];
    if (first === undefined) return;
    const isKeyword = this.#table.found.has(first.text);
    const message = isKeyword
      ? `'${first.text}' stands in the line of ${keyword.text} and is not read`
      : `unexpected '${first.text}' after ${max === 0 ? keyword.text : `the value of ${keyword.text}`}; it is ignored`;
    this.#report.warning(first, message, {
      keyword: keyword.text,
      ...(isKeyword ? { suggestion: 'write it in a line of its own' } : {}),
      ...(strict ? {} : SILENT),
    });
  }

  #list(key: string, entry: ListEntry<unknown>, statement: Statement): void {
    const { keyword, block } = statement;
    const given = block ?? [];
    if (block !== undefined) this.#surplus(statement, 0, true);
    if (block?.length === 0 && entry.whenEmpty !== undefined) this.#report.warning(keyword, entry.whenEmpty);
    const items = given.flatMap((line) =>
      entry.line.read([line.keyword, ...line.args], this.#report, this.#reader.numberOf),
    );
    (this.#values[key] as unknown[]).push(...items);
    this.#given.push({ key, value: items, statement });
    this.#at.set(key, statement);
    if (entry.later) this.#report.notActedOn(keyword, keyword.text);
  }

  #block(key: string, entry: AnyBlockEntry, statement: Statement): void {
    const { keyword, args, block } = statement;
    if (entry.later) this.#report.notActedOn(keyword, keyword.text);
    if (block === undefined || !this.#hasHeader(entry.header, statement)) return;
    if (!entry.many) {
      const merged = this.#merged.get(key) ?? { entry, owner: statement, statements: [] };
      for (const inner of block) merged.statements.push(inner);
      this.#merged.set(key, merged);
      return;
    }
    const header = entry.header.exact ? args : args.slice(0, entry.header.max);
    const reading = this.#reader.read(entry.table, statementWith(statement, { args: header }), block);
    if (reading !== undefined) (this.#values[key] as unknown[]).push(reading);
    this.#at.set(key, statement);
  }

  #hasHeader(header: Header, statement: Statement): boolean {
    const { keyword, args } = statement;
    if (args.length < header.min) {
      const { missingIs } = header;
      this.#report.error(keyword, `${keyword.text} needs ${header.expected} before its '{'; it is left out`, {
        exitCode: missingIs,
        ...(missingIs === 2 ? { fatal: true } : {}),
      });
      return false;
    }
    const extra = args[header.max];
    if (extra === undefined) return true;
    if (header.exact) {
      this.#report.error(extra, `unexpected '${extra.text}' after ${keyword.text} ${args[0]?.text}; it is left out`, {
        suggestion: `${keyword.text} takes exactly ${header.expected}, in quotation marks if it has blanks`,
      });
      return false;
    }
    this.#surplus(statement, header.max, false);
    return true;
  }

  #variant(key: string, chosen: Variant<unknown>, statement: Statement): void {
    const { keyword } = statement;
    if (chosen.later) this.#report.notActedOn(keyword, keyword.text);
    this.#surplus(statement, 0, false);
    const reading = this.#reader.read(chosen.table, statementWith(statement, { args: [] }), statement.block ?? []);
    if (reading !== undefined) (this.#values[key] as unknown[]).push(chosen.build(reading));
    this.#at.set(key, statement);
  }
}
