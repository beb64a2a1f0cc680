/** A block while it is read and afterwards: its values, and the statements that gave them. */
import { Report } from './diagnostics.ts';
import type { Statement } from './statement.ts';
import type { Entries, NumberOf, Table } from './table.ts';
import type { Word } from './tape.ts';
import type { Complaints } from './values.ts';

/** A `Given` of any table. */
interface GivenValue {
  readonly key: string;
  readonly value: unknown;
  readonly statement: Statement;
}

/** Who has read a block, and can do so again. */
export interface ReadsAgain {
  readonly numberOf: NumberOf | undefined;
  /** Without a word, and without a look at other blocks. Undefined: there is no such block. */
  readAlone(
    table: Table<Entries>,
    owner: Statement,
    statements: readonly Statement[],
    headerMax: number,
  ): BlockReading | undefined;
}

const SILENCE: Complaints = { refuse: () => undefined, correct: () => {} };

/** What has been read of a block; a `Reading` of its table. Nothing is made that nobody asks for: there are tens of thousands of them. */
export class BlockReading {
  readonly table: Table<Entries>;
  readonly owner: Statement;
  readonly values: Record<string, unknown>;
  plainHeader: unknown = undefined;
  /** Undefined: all of its owner. */
  readonly #statements: readonly Statement[] | undefined;
  readonly #headerMax: number;
  #header: readonly Word[] | undefined = undefined;
  readonly #again: ReadsAgain;
  /** The last statement that gave a key. */
  #last: Record<string, Statement> | undefined = undefined;
  /** Keys that were given, but not with a value. */
  #refused: Set<string> | undefined = undefined;
  /** Its values are those of another one. */
  readonly #isAlike: boolean;
  #unshared: BlockReading | undefined = undefined;

  private constructor(
    table: Table<Entries>,
    owner: Statement,
    values: Record<string, unknown>,
    headerMax: number,
    again: ReadsAgain,
    statements: readonly Statement[] | undefined,
    isAlike: boolean,
  ) {
    this.table = table;
    this.owner = owner;
    this.values = values;
    this.#headerMax = headerMax;
    this.#again = again;
    this.#statements = statements;
    this.#isAlike = isAlike;
  }

  /** With nothing read yet. @param statements of the block */
  static of(
    table: Table<Entries>,
    owner: Statement,
    statements: readonly Statement[],
    headerMax: number,
    again: ReadsAgain,
  ): BlockReading {
    return new BlockReading(table, owner, { ...table.initial }, headerMax, again, statements, false);
  }

  /** Another block that says the same. */
  alike(owner: Statement, headerMax: number): BlockReading {
    return new BlockReading(this.table, owner, this.values, headerMax, this.#again, undefined, true);
  }

  /** Read for itself alone: nothing in its values stands in another block. */
  unshared(): BlockReading {
    this.#unshared ??= this.#again.readAlone(this.table, this.owner, this.#all, this.#headerMax) ?? this;
    return this.#unshared;
  }

  get #all(): readonly Statement[] {
    return this.#statements ?? this.owner.block ?? [];
  }

  get keyword(): Word {
    return this.owner.keyword;
  }

  get header(): readonly Word[] {
    if (this.#header === undefined) {
      const { args } = this.owner;
      this.#header = args.length <= this.#headerMax ? args : args.slice(0, this.#headerMax);
    }
    return this.#header;
  }

  /** A function of its own: readings are taken apart. */
  get at(): (key: string) => Statement | undefined {
    return (key) => this.givenAt(key);
  }

  get refused(): (key: string) => boolean {
    return (key) => this.isRefused(key);
  }

  get given(): readonly GivenValue[] {
    return this.givenOf(undefined);
  }

  /**
   * Read once more for the few who ask: what is wrong has been said, and what gave nothing gives nothing again.
   * @param keys undefined: all
   */
  givenOf(keys: ReadonlySet<string> | undefined): readonly GivenValue[] {
    const once = new Set<string>();
    const all: GivenValue[] = [];
    for (const statement of this.#all) {
      const found = statement.found ?? this.table.found.get(statement.keyword.text);
      if (found === undefined || keys?.has(found.key) === false) continue;
      const { key, entry } = found;
      if (entry.kind === 'list') {
        const { line } = entry;
        const read = (one: Statement) => line.read([one.keyword, ...one.args], new Report(), this.#again.numberOf);
        all.push({ key, value: (statement.block ?? []).flatMap(read), statement });
        continue;
      }
      if (entry.kind !== 'value') continue;
      const args = statement.args.slice(0, entry.type.maxWords);
      if (args.length < entry.type.minWords || (entry.once && once.has(key))) continue;
      const value = entry.type.read(args, SILENCE) ?? entry.otherwise;
      if (value === undefined) continue;
      once.add(key);
      all.push({ key, value, statement });
    }
    return all;
  }

  givenAt(key: string): Statement | undefined {
    return this.#isAlike ? this.unshared().givenAt(key) : this.#last?.[key];
  }

  isRefused(key: string): boolean {
    return this.#refused?.has(key) ?? false;
  }

  set(key: string, value: unknown, at: Statement): void {
    this.values[key] = value;
    this.give(key, at);
  }

  /** Adds to a list. */
  add(key: string, items: readonly unknown[], at: Statement): void {
    const before = this.values[key] as unknown[];
    if (before.length === 0) this.values[key] = items.slice();
    else for (const item of items) before.push(item);
    this.give(key, at);
  }

  give(key: string, at: Statement): void {
    this.#last ??= {};
    this.#last[key] = at;
  }

  refuse(key: string): void {
    this.#refused ??= new Set();
    this.#refused.add(key);
  }
}
