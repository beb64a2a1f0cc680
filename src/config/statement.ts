/** A keyword with its words, as the tree holds it. */
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
}

/** A statement of a file. */
export class WrittenStatement implements Statement {
  readonly #tape: Tape;
  readonly #record: number;
  readonly found: Found | undefined;
  block: Statement[] | undefined;
  /** Of a statement with a block, whose words are asked for again and again. */
  #args: readonly Word[] | undefined;

  constructor(tape: Tape, record: number, found: Found | undefined) {
    this.#tape = tape;
    this.#record = record;
    this.found = found;
    this.block = undefined;
    this.#args = undefined;
  }

  get keyword(): Word {
    return this.#tape.word(this.#record, 0);
  }

  get args(): readonly Word[] {
    if (this.block === undefined) return this.#tape.words(this.#record, 1);
    this.#args ??= this.#tape.words(this.#record, 1);
    return this.#args;
  }

  get plainValue(): string | undefined {
    const tape = this.#tape;
    const record = this.#record;
    return tape.count(record) === 2 && tape.writing(record, 1) === PLAIN ? tape.text(record, 1) : undefined;
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
