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

const SILENCE: Complaints = { refuse: () => undefined, correct: () => {} };

/** What has been read of a block; a `Reading` of its table. Nothing is made that nobody asks for: there are tens of thousands of them. */
export class BlockReading {
  readonly table: Table<Entries>;
  readonly owner: Statement;
  readonly values: Record<string, unknown>;
  readonly #statements: readonly Statement[];
  readonly #headerMax: number;
  #header: readonly Word[] | undefined = undefined;
  readonly #numberOf: NumberOf | undefined;
  /** The last statement that gave a key. */
  #last: Record<string, Statement> | undefined = undefined;
  /** Keys that were given, but not with a value. */
  #refused: Set<string> | undefined = undefined;

  constructor(
    table: Table<Entries>,
    owner: Statement,
    statements: readonly Statement[],
    headerMax: number,
    numberOf: NumberOf | undefined,
  ) {
    this.table = table;
    this.owner = owner;
    this.values = { ...table.initial };
    this.#statements = statements;
    this.#headerMax = headerMax;
    this.#numberOf = numberOf;
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

  /** Read once more for the few who ask: what is wrong has been said, and what gave nothing gives nothing again. */
  get given(): readonly GivenValue[] {
    const once = new Set<string>();
    return this.#statements.flatMap((statement): GivenValue[] => {
      const found = statement.found ?? this.table.found.get(statement.keyword.text);
      if (found === undefined) return [];
      const { key, entry } = found;
      if (entry.kind === 'list') {
        const { line } = entry;
        const read = (one: Statement) => line.read([one.keyword, ...one.args], new Report(), this.#numberOf);
        return [{ key, value: (statement.block ?? []).flatMap(read), statement }];
      }
      if (entry.kind !== 'value') return [];
      const args = statement.args.slice(0, entry.type.maxWords);
      if (args.length < entry.type.minWords || (entry.once && once.has(key))) return [];
      const value = entry.type.read(args, SILENCE) ?? entry.otherwise;
      if (value === undefined) return [];
      once.add(key);
      return [{ key, value, statement }];
    });
  }

  givenAt(key: string): Statement | undefined {
    return this.#last?.[key];
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
