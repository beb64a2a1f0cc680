/**
 * From the bytes of a file to its text, and what is odd about the bytes.
 *
 * What replaces, repeats or inserts lines (include, parameters, conditions, ~SEQ) stands between `readSource` and the
 * lexer, in expand.ts. What goes from one to the other are stretches: lines as they stand in a file, however many, are one
 * stretch of its text; a line that was made from another one is a stretch of its own.
 */
import type { Place, Report } from './diagnostics.ts';

/** Lines in a row as they stand in a file, or one line that stands for another. */
export interface Stretch {
  readonly file: string;
  /** Number of its first line, from 1. */
  readonly line: number;
  readonly text: string;
  /** Where it begins in `text`: at the start of a line. */
  readonly start: number;
  /** Where it ends in `text`: behind the end of a line, or at the end of the text. */
  readonly end: number;
  /** Whether some character of `text` takes two places in it. */
  readonly isWide: boolean;
  /** Where this is not what stands there: what does. */
  readonly origin?: Origin | undefined;
}

/** A line as it was written, and the parameters that another line came from it with. */
export class Origin {
  readonly #text: string;
  readonly #from: readonly string[];
  /** With more parameters. Many lines may come from one. */
  readonly #more = new Map<string, Origin>();
  readonly #places = new Map<string, PlaceInLine>();

  constructor(text: string, from: readonly string[] = []) {
    this.#text = text;
    this.#from = from;
  }

  with(from: readonly string[]): Origin {
    const key = from.join();
    const known = this.#more.get(key);
    if (known !== undefined) return known;
    const all = [...new Set([...this.#from, ...from])];
    const origin = all.length === this.#from.length ? this : new Origin(this.#text, all);
    this.#more.set(key, origin);
    return origin;
  }

  /** Where a word of the other line stands in this one: itself, or else the parameter it may be from. */
  find(word: string): PlaceInLine {
    const known = this.#places.get(word);
    if (known !== undefined) return known;
    const place = this.#text.includes(word) ? this.#placeOf(word) : this.#placeOfParameter();
    this.#places.set(word, place);
    return place;
  }

  #placeOfParameter(): PlaceInLine {
    const [reference = this.#text.trim()] = /\$(\{[^}]*\}|[A-Za-z_0-9]+)/.exec(this.#text) ?? [];
    return { ...this.#placeOf(reference), ...(this.#from.length === 0 ? {} : { via: this.#from.join(', ') }) };
  }

  #placeOf(part: string): PlaceInLine {
    return { column: lengthOf(this.#text.slice(0, this.#text.indexOf(part))) + 1, length: lengthOf(part) };
  }
}

type PlaceInLine = Pick<Place, 'column' | 'length' | 'via'>;

/** A text as one stretch. */
export const wholeText = (file: string, line: number, text: string, origin?: Origin): Stretch => ({
  file,
  line,
  text,
  start: 0,
  end: text.length,
  isWide: /[\ud800-\udfff]/.test(text),
  origin,
});

/** keepalived's line buffer: what is longer is read as two lines there. */
const LINE_BYTES_MAX = 1023;
/** A character is three bytes at most, or two halves with four together. */
const LINE_LENGTH_SURE = Math.floor(LINE_BYTES_MAX / 3);

/** The text of a file. Bytes that are not UTF-8 become U+FFFD, one each; nothing is refused. */
export const decodeText = (content: string | Uint8Array): string =>
  typeof content === 'string' ? content : new TextDecoder('utf-8', { ignoreBOM: true }).decode(content);

/** Names what is odd about a file; gives it whole, without a byte order mark. */
export function readSource(file: string, text: string, report: Report): Stretch {
  const hasMark = text.charCodeAt(0) === 0xfeff;
  if (hasMark) {
    report.warning(
      { file, line: 1, column: 1, length: 1 },
      'the file starts with a byte order mark, which keepalived reads as part of the first word',
      { suggestion: 'save it as UTF-8 without BOM' },
    );
  }
  const plain = hasMark ? text.slice(1) : text;
  noteFirst(file, plain, '\r\n', 'lines end in CR LF (Windows); accepted', undefined, report);
  noteFirst(file, plain, '\uFFFD', 'the file has bytes that are not UTF-8', 'save it as UTF-8', report);
  reportLongLines(file, plain, report);
  return wholeText(file, 1, plain);
}

function noteFirst(
  file: string,
  text: string,
  what: string,
  message: string,
  suggestion: string | undefined,
  report: Report,
): void {
  const at = text.indexOf(what);
  if (at < 0) return;
  const column = lengthOf(text.slice(text.lastIndexOf('\n', at) + 1, at)) + 1;
  const details = suggestion === undefined ? {} : { suggestion };
  report.note({ file, line: lineAt(text, at), column, length: 1 }, message, details);
}

function reportLongLines(file: string, text: string, report: Report): void {
  let start = 0;
  while (text.length - start > LINE_LENGTH_SURE) {
    // All lines up to the last end within reach are short.
    const end = text.lastIndexOf('\n', start + LINE_LENGTH_SURE);
    if (end >= start) start = end + 1;
    else {
      const next = text.indexOf('\n', start);
      reportLongLine(file, text, start, next < 0 ? text.length : next, report);
      if (next < 0) return;
      start = next + 1;
    }
  }
}

function reportLongLine(file: string, text: string, start: number, end: number, report: Report): void {
  const bytes = new TextEncoder().encode(text.slice(start, end));
  if (bytes.length <= LINE_BYTES_MAX) return;
  const rest = new TextDecoder().decode(bytes.subarray(LINE_BYTES_MAX)).trim();
  report.warning(
    { file, line: lineAt(text, start), column: 1, length: 1 },
    `the line is longer than ${LINE_BYTES_MAX} bytes; keepalived reads what follows them as a line of its own`,
    /^([#!]|$)/.test(rest) ? { exitCode: 0 } : {},
  );
}

/** The number of the line that an offset is in. */
function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < offset; i = text.indexOf('\n', i + 1)) line++;
  return line;
}

const lengthOf = (text: string): number => Array.from(text).length;
