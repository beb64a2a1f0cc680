/** What is said about values that cannot be taken, and what comes of it. */
import type { BlockReading } from './block-reading.ts';
import type { Report } from './diagnostics.ts';
import type { Statement } from './statement.ts';
import type { ValueEntry } from './table.ts';
import type { Word } from './tape.ts';
import type { Complaints, Verdict } from './values.ts';

export type AnyValueEntry = ValueEntry<unknown, 'required' | 'optional' | 'value'>;

/** Complaints about the value of one keyword after the other. */
export class ValueComplaints implements Complaints {
  readonly #report: Report;
  #block!: BlockReading;
  #key!: string;
  #entry!: AnyValueEntry;
  #statement!: Statement;

  constructor(report: Report) {
    this.#report = report;
  }

  about(block: BlockReading, key: string, entry: AnyValueEntry, statement: Statement): void {
    this.#block = block;
    this.#key = key;
    this.#entry = entry;
    this.#statement = statement;
  }

  readonly refuse = (at: Word, problem: string, suggestion?: string, verdict?: Verdict): undefined => {
    const { text } = this.#statement.keyword;
    this.#report.error(at, `${text}: ${problem}; ${this.#instead()}`, {
      keyword: text,
      ...(suggestion ? { suggestion } : {}),
      ...(this.#entry.fatal && isLeftOut(this.#block, this.#key, this.#entry) ? { fatal: true } : {}),
      ...verdict,
    });
  };

  readonly correct = (at: Word, message: string, verdict?: Verdict): void => {
    const { text } = this.#statement.keyword;
    this.#report.warning(at, `${text}: ${message}`, { keyword: text, ...verdict });
  };

  /** What happens when the value is refused. */
  #instead(): string {
    const { type, otherwise, instead } = this.#entry;
    if (instead !== undefined) return instead;
    if (otherwise !== undefined) return `${type.show(otherwise)} is used`;
    const before = this.#block.values[this.#key];
    if (before !== undefined && before !== false) return `${type.show(before)} stays`;
    return isLeftOut(this.#block, this.#key, this.#entry) ? 'the block is left out' : 'the line is ignored';
  }
}

/** Whether a block is left out when the value is missing. */
export const isLeftOut = (block: BlockReading, key: string, entry: AnyValueEntry): boolean =>
  entry.presence === 'required' && block.values[key] === undefined;
