/**
 * From the bytes of a file to its lines, each with where it came from.
 *
 * What replaces, repeats or inserts lines (include, parameters, conditions, ~SEQ) stands between `readSource` and the
 * lexer, in expand.ts: it takes lines and gives lines, and a line keeps the place that it was written at.
 */
import type { Report } from './diagnostics.ts';

/** A line without its end. `text` starts at column 1 of line `number` of `file`, unless `origin` says otherwise. */
export interface SourceLine {
  readonly file: string;
  readonly number: number;
  readonly text: string;
  /** Where `text` is not what stands there: what does, and the parameters that it came from. */
  readonly origin?: { readonly text: string; readonly from: readonly string[] };
}

/** keepalived's line buffer: a longer line is dropped there. */
const LINE_BYTES_MAX = 1023;

/** The text of a file. Bytes that are not UTF-8 become U+FFFD, one each; nothing is refused. */
export const decodeText = (content: string | Uint8Array): string =>
  typeof content === 'string' ? content : new TextDecoder('utf-8', { ignoreBOM: true }).decode(content);

/** Splits a file into lines and names what is odd about its bytes. */
export function readSource(file: string, text: string, report: Report): SourceLine[] {
  const lines = text.split('\n').map((line, i): SourceLine => ({ file, number: i + 1, text: line }));
  const first = lines[0];
  if (first?.text.startsWith('\uFEFF')) {
    lines[0] = { ...first, text: first.text.slice(1) };
    report.warning(
      { file, line: 1, column: 1, length: 1 },
      'the file starts with a byte order mark, which keepalived reads as part of the first word',
      { suggestion: 'save it as UTF-8 without BOM' },
    );
  }
  const crlf = lines.find((line) => line.text.endsWith('\r'));
  if (crlf) {
    report.note(
      { file, line: crlf.number, column: lengthOf(crlf.text), length: 1 },
      'lines end in CR LF (Windows); accepted',
    );
  }
  const undecodable = lines.find((line) => line.text.includes('\uFFFD'));
  if (undecodable) {
    const column = lengthOf(undecodable.text.slice(0, undecodable.text.indexOf('\uFFFD'))) + 1;
    report.note({ file, line: undecodable.number, column, length: 1 }, 'the file has bytes that are not UTF-8', {
      suggestion: 'save it as UTF-8',
    });
  }
  for (const { number, text: line } of lines) {
    if (line.length * 3 <= LINE_BYTES_MAX || new TextEncoder().encode(line).length <= LINE_BYTES_MAX) continue;
    report.warning(
      { file, line: number, column: 1, length: 1 },
      `the line is longer than ${LINE_BYTES_MAX} bytes; keepalived drops such lines`,
    );
  }
  return lines;
}

const lengthOf = (text: string): number => Array.from(text).length;
