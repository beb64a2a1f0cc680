/** Diagnostics for a terminal: `file:line:column: severity: message`, the line of the source, a caret under the word. */
import type { Diagnostic, Severity } from './diagnostics.ts';

/** The lines of a file, to be looked up again and again. */
export class SourceText {
  readonly #lines: readonly string[];
  /** Whether some character takes two places in its line. */
  readonly #isWide: boolean;

  constructor(text: string) {
    this.#lines = text.replace(/^\uFEFF/, '').split('\n');
    this.#isWide = /[\ud800-\udfff]/.test(text);
  }

  /** A line from 1, without its end; undefined when there is no such line. */
  line(number: number): string | undefined {
    const line = this.#lines[number - 1];
    return line?.endsWith('\r') ? line.slice(0, -1) : line;
  }

  /** Where in a line of this text so many characters end. */
  offsetAfter(line: string, characters: number): number {
    if (!this.#isWide) return Math.min(characters, line.length);
    let offset = 0;
    for (let i = 0; i < characters && offset < line.length; i++) {
      offset += (line.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
    }
    return offset;
  }
}

/** Columns of the source that are shown; of a longer line the part around the word. */
const SHOWN_WIDTH = 160;
/** What is shown before the word then. */
const SHOWN_BEFORE = 60;
/** What is longer is cut, however narrow its characters: a line may be the whole file, with a thousand mistakes in it. */
const SHOWN_LENGTH_MAX = 640;
const CUT = '…';

/**
 * A diagnostic with its line and a caret.
 * @param source the text of `diagnostic.file`; undefined, or without that line: the first line only
 */
export function formatDiagnostic(
  diagnostic: Diagnostic,
  source: SourceText | undefined,
  options: { readonly colour: boolean },
): string {
  const { severity, file, line, column, message, suggestion, includedFrom = [] } = diagnostic;
  const paint = (code: string, text: string) => (options.colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const sentence = suggestion === undefined ? message : `${message}; ${suggestion}`;
  const where = `${paint('1', `${printable(file)}:${line}:${column}:`)}`;
  const head = `${where} ${paint(COLOUR[severity], `${severity}:`)} ${printable(sentence)}`;
  const text = source?.line(line);
  const blank = ' '.repeat(5);
  const shown = source === undefined || text === undefined ? [] : excerpt(source, text, column, diagnostic.length);
  const [excerptText, before, carets] = shown;
  const lines = [
    head,
    ...(excerptText === undefined
      ? []
      : [
          `${String(line).padStart(5)} | ${excerptText}`,
          `${blank} | ${before}${paint(COLOUR[severity], carets ?? '')}`,
        ]),
    ...(includedFrom.length === 0
      ? []
      : [`${blank} = included from ${includedFrom.map((at) => printable(`${at.file}:${at.line}`)).join(', ')}`]),
  ];
  return lines.join('\n');
}

/** The line as far as it is shown, what stands before the caret, and the carets. */
function excerpt(source: SourceText, text: string, column: number, length: number): string[] {
  const isLong = text.length > SHOWN_LENGTH_MAX || widthOf(Array.from(text)) > SHOWN_WIDTH;
  const start = isLong ? Math.max(0, column - 1 - SHOWN_BEFORE) : 0;
  const offset = source.offsetAfter(text, start);
  const characters = Array.from(text.slice(offset, offset + SHOWN_LENGTH_MAX));
  let end = characters.length;
  if (isLong) {
    end = 0;
    for (let width = 0; end < characters.length && width < SHOWN_WIDTH; end++)
      width += columnsOf(characters[end] ?? '');
  }
  const at = column - 1 - start;
  const under = characters.slice(at, Math.min(end, at + length));
  const before = characters.slice(0, at);
  const shown = characters.slice(0, end).join('');
  const [left, right] = [start > 0 ? CUT : '', offset + shown.length < text.length ? CUT : ''];
  const blanks = before.map((character) => (character === '\t' ? '\t' : ' '.repeat(columnsOf(character)))).join('');
  return [
    `${left}${printable(shown)}${right}`,
    `${left === '' ? '' : ' '}${blanks}`,
    '^'.repeat(Math.max(1, widthOf(under))),
  ];
}

const COLOUR: Readonly<Record<Severity, string>> = { error: '31', warning: '35', note: '36' };

/** The text without control characters, which would command the terminal. Tabs stay. */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  text.replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');

const widthOf = (characters: readonly string[]): number =>
  characters.reduce((width, character) => width + columnsOf(character), 0);

/** Columns that a character takes on a terminal: 0 when it combines, 2 for East Asian wide ones, else 1. */
function columnsOf(character: string): number {
  if (/^[\p{Mn}\p{Me}\u200b-\u200d\ufeff]$/u.test(character)) return 0;
  return /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]$/u.test(
    character,
  ) || (character.codePointAt(0) ?? 0) >= 0x1f300
    ? 2
    : 1;
}
