/** A keyword with its words, as the tree holds it. */
import type { BlockReading } from './block-reading.ts';
import type { Found } from './table.ts';
import { PLAIN, type Tape, type Word } from './tape.ts';

/**
 * A keyword with its words, and its block where it has one. The words are made when they are asked for: a statement that is
 * a little different is made with `statementWith`, never with `...`.
 */
export interface Statement {
  readonly keyword: Word;
  readonly args: readonly Word[];
  /** The line as written, from the keyword to the last word. */
  readonly raw: string;
  /** Undefined: no block. Empty for a block that was skipped. */
  readonly block?: readonly Statement[] | undefined;
  /** What the table of the block that it stands in says about the keyword, where that was looked up. */
  readonly found?: Found | undefined;
  /** What the only word after the keyword says, where there is one and nothing is special about it. */
  readonly plainValue?: string | undefined;
  /** What the words after the keyword say, where nothing is special about any of them. */
  readonly plainArgs?: readonly string[] | undefined;
  /** The letters of its block, where other blocks may have the same. */
  readonly wording?: Wording | undefined;
}

/**
 * What stands between the braces of one block and, letter by letter, of others: thousands of real servers differ in their
 * addresses only. What one of them says need not be read again. The tree of another one is made when somebody wants to see it.
 */
export interface Wording {
  /** Up to the closing brace and with it. */
  readonly text: string;
  /** How long its words are on a tape. */
  readonly length: number;
  /** Where its last record is among them. */
  readonly last: number;
  /** How many blocks it is in: deeper inside there may be something to say about it. */
  readonly depth: number;
  /** What was read of the first one, if there was nothing to say about it. */
  reading?: BlockReading;
  /** The statements of one that begins there on a tape. */
  statements(tape: Tape, from: number): Statement[];
}

/** A statement of a file. */
export class WrittenStatement implements Statement {
  readonly #tape: Tape;
  readonly #record: number;
  readonly found: Found | undefined;
  wording: Wording | undefined;
  #block: Statement[] | undefined;
  /** Of a statement with a block, whose words are asked for again and again. */
  #args: readonly Word[] | undefined;

  constructor(tape: Tape, record: number, found: Found | undefined) {
    this.#tape = tape;
    this.#record = record;
    this.found = found;
    this.wording = undefined;
    this.#block = undefined;
    this.#args = undefined;
  }

  get block(): Statement[] | undefined {
    if (this.#block === undefined && this.wording !== undefined)
      this.#block = this.wording.statements(this.#tape, this.#tape.behind(this.#record));
    return this.#block;
  }

  set block(statements: Statement[]) {
    this.#block = statements;
  }

  get keyword(): Word {
    return this.#tape.word(this.#record, 0);
  }

  get args(): readonly Word[] {
    if (this.#block === undefined && this.wording === undefined) return this.#tape.words(this.#record, 1);
    this.#args ??= this.#tape.words(this.#record, 1);
    return this.#args;
  }

  get plainValue(): string | undefined {
    const tape = this.#tape;
    const record = this.#record;
    return tape.count(record) === 2 && tape.writing(record, 1) === PLAIN ? tape.text(record, 1) : undefined;
  }

  get plainArgs(): readonly string[] | undefined {
    const tape = this.#tape;
    const record = this.#record;
    const count = tape.count(record);
    const texts: string[] = [];
    for (let i = 1; i < count; i++) {
      if (tape.writing(record, i) !== PLAIN) return undefined;
      texts.push(tape.text(record, i));
    }
    return texts;
  }

  get raw(): string {
    return this.#tape.raw(this.#record);
  }
}

/** The statement with other words or another block. */
export const statementWith = (
  { keyword, args, raw, block }: Statement,
  other: Pick<Partial<Statement>, 'args' | 'block'>,
): Statement => ({ keyword, args, raw, ...(block === undefined ? {} : { block }), ...other });

/** Whether there is one, without a look at what is inside. */
export const hasBlock = (statement: Statement): boolean =>
  statement.wording !== undefined || statement.block !== undefined;
