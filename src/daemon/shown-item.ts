/** What `holdfast config show` says about a configuration, as data: the form of its JSON. */
import { type Duration, inSeconds } from '../base/time.ts';
import type { Diagnostic } from '../config/diagnostics.ts';
import type { Statement } from '../config/statement.ts';
import type { Word } from '../config/tape.ts';
import type { ValueType } from '../config/values.ts';

/** Where a value comes from: a line, and the block that hands it down; or the default. */
export type ShownSource = 'default' | { readonly file: string; readonly line: number; readonly block?: string };

interface Shown {
  readonly keyword: string;
  readonly source: ShownSource;
  /** False: accepted, without effect so far. */
  readonly actedOn: boolean;
  /** The line of the file, where the agent makes something else of it. */
  readonly given?: string;
  /** Why it does. */
  readonly reason?: string;
}

/** A keyword with its value. */
export interface ShownValue extends Shown {
  readonly kind: 'value';
  /** Null: it stands in the file, and has no effect here. */
  readonly value: unknown;
  /** What the value counts, where it is a number with a unit. */
  readonly unit?: 'seconds' | 'microseconds';
  /** The words after the keyword, as they would stand in a file; absent: such a line would say something else. */
  readonly words?: readonly string[];
}

/** A line of a block of lines. */
export interface ShownLine {
  readonly words: readonly string[];
  readonly value: unknown;
  readonly source: ShownSource;
  /** The agent runs without it. */
  readonly leftOut?: true;
  readonly reason?: string;
}

/** A block of lines. */
export interface ShownLines extends Shown {
  readonly kind: 'lines';
  readonly lines: readonly ShownLine[];
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

/** @param block the keyword of the block that hands the value down, where it is not the own one */
export const sourceOf = ({ file, line }: Word, block?: string): ShownSource =>
  line === 0 ? 'default' : { file, line, ...(block === undefined ? {} : { block }) };

/** A value for JSON: a time as the number that stands in files, with its unit. */
export function valueWithUnit(
  type: ValueType<unknown>,
  value: unknown,
): Pick<ShownValue, 'value'> & { readonly unit?: 'seconds' | 'microseconds' } {
  const kind = type.facts?.kind;
  if (typeof value !== 'number') return { value: value ?? null };
  if (kind === 'seconds') return { value: inSeconds(value as Duration), unit: 'seconds' };
  return kind === 'microseconds' ? { value, unit: 'microseconds' } : { value };
}

/** The words of a value in a file, without quotation marks. */
export function wordsOf(type: ValueType<unknown>, value: unknown): string[] {
  if (type.writeWords !== undefined) return type.writeWords(value);
  if (Array.isArray(value)) return value.map(String);
  const text = (type.write ?? type.show)(value);
  if (text === '') return [];
  return typeof value === 'string' ? [text] : text.split(' ');
}

/** How messages end that are about a line of a list. */
const LINE_GONE = /(line is ignored|it is not tracked|it is left out of the group)( \(from .*)?$/;

/** What was said about lines of the files, to be found by the line. */
export class Remarks {
  readonly #byLine = new Map<string, Diagnostic[]>();

  constructor(diagnostics: readonly Diagnostic[]) {
    for (const diagnostic of diagnostics) {
      if (diagnostic.severity === 'note') continue;
      const key = `${diagnostic.file}:${diagnostic.line}`;
      const same = this.#byLine.get(key);
      if (same === undefined) this.#byLine.set(key, [diagnostic]);
      else same.push(diagnostic);
    }
  }

  /** What was said about the words of a statement; undefined when nothing was. */
  about({ keyword, args }: Statement): string | undefined {
    const last = args.at(-1) ?? keyword;
    const end = last.line === keyword.line ? last.column + last.length : Number.POSITIVE_INFINITY;
    const said = this.#at(keyword).filter(({ column }) => column >= keyword.column && column < end);
    return said.length === 0 ? undefined : said.map(({ message }) => message).join('; ');
  }

  /** Why a block is left out, as far as its own words or those inside say so. */
  leavingOut(statement: Statement): string | undefined {
    return this.#leavingOut(statement) ?? statement.block?.map((inner) => this.#leavingOut(inner)).find(Boolean);
  }

  /** Whether a line of a list does not count. */
  ignores({ keyword }: Statement): boolean {
    const said = this.#at(keyword).filter(({ column }) => column === keyword.column);
    return said.some(({ message }) => LINE_GONE.test(message));
  }

  /** Messages say it in their last words. */
  #leavingOut({ keyword, args }: Statement): string | undefined {
    const columns = new Set([keyword, ...args].map(({ column }) => column));
    return this.#at(keyword).find(
      ({ column, message }) => columns.has(column) && /left out( \(from .*)?$/.test(message),
    )?.message;
  }

  #at({ file, line }: Word): readonly Diagnostic[] {
    return this.#byLine.get(`${file}:${line}`) ?? [];
  }
}
