/**
 * The lexer's short cut: lines of nothing but words of ASCII, blanks, braces and comments, as nearly all lines are. One
 * loop that calls nobody, so that the first hundred thousand lines are not read much slower than the rest.
 */
import {
  BACKSLASH_CODE,
  BLANK,
  BRACE,
  COMMENT,
  KINDS,
  LETTER,
  LINE_FEED,
  NEWLINE,
  OPENING_BRACE,
  SLASH,
  SPACE,
  TAB,
} from './characters.ts';
import {
  COUNT,
  END,
  END_BRACE_CLOSES,
  END_BRACE_OPENS,
  END_LINE,
  LINE,
  LINE_START,
  PLAIN,
  SHAPE,
  STARTS_LINE,
  STRETCH,
  type Tape,
  WORD_SIZE,
  WORDS_AT,
} from './tape.ts';

/** How far it came. */
export interface Progress {
  /** At the beginning of a line. */
  readonly offset: number;
  readonly line: number;
}

/** More words than that in a line are looked at one by one. */
const WORDS_MAX = 500;

/**
 * Writes the fragments of lines to the tape, up to the first line that has something else in it.
 * @param from the beginning of a line; @param to behind the end of one
 */
export function readPlainLines(tape: Tape, text: string, from: number, to: number, firstLine: number): Progress {
  const stretch = tape.stretch;
  let numbers = tape.numbers;
  let at = tape.length;
  let i = from;
  for (let line = firstLine; i < to; line++) {
    const lineStart = i;
    const mark = at;
    let indent = 0;
    for (; i < to; i++) {
      const code = text.charCodeAt(i);
      if (code === SPACE) indent++;
      else if (code === TAB) indent += 8 - (indent % 8);
      else break;
    }
    let place = STARTS_LINE;
    let record = at;
    let count = 0;
    let isPlain = true;
    // The words of the record that may begin here follow its head.
    at += WORDS_AT;
    for (;;) {
      if (at + WORDS_AT + WORD_SIZE > numbers.length) numbers = tape.grow();
      const code = i < to ? text.charCodeAt(i) : LINE_FEED;
      const kind = code < 128 ? (KINDS[code] as number) : -1;
      if (kind === LETTER) {
        const start = i;
        do i++;
        while (i < to && KINDS[text.charCodeAt(i)] === LETTER);
        numbers[at] = start;
        numbers[at + 1] = i;
        numbers[at + 2] = PLAIN;
        at += WORD_SIZE;
        // Slashes may start a comment; only who knows the keywords can tell.
        if (++count === WORDS_MAX || (code === SLASH && text.charCodeAt(start + 1) === SLASH)) isPlain = false;
      } else if (kind === BLANK) i++;
      else if (kind === NEWLINE || kind === COMMENT || kind === BRACE) {
        if (count > 0 || kind === BRACE) {
          const end = kind !== BRACE ? END_LINE : code === OPENING_BRACE ? END_BRACE_OPENS : END_BRACE_CLOSES;
          numbers[record + STRETCH] = stretch;
          numbers[record + LINE] = line;
          numbers[record + LINE_START] = lineStart;
          numbers[record + COUNT] = count;
          numbers[record + SHAPE] = end | place | (indent << 3);
          numbers[record + END] = i;
        } else at = record;
        if (kind !== BRACE) {
          const found = kind === NEWLINE ? i : text.indexOf('\n', i);
          const end = found < 0 || found >= to ? to : found;
          if (kind === COMMENT && text.charCodeAt(end - 1) === BACKSLASH_CODE) {
            tape.length = mark;
            return { offset: lineStart, line };
          }
          i = end === to ? to : end + 1;
          break;
        }
        i++;
        place = 0;
        record = at;
        count = 0;
        at += WORDS_AT;
      } else isPlain = false;
      if (!isPlain) {
        tape.length = mark;
        return { offset: lineStart, line };
      }
    }
  }
  tape.length = at;
  return { offset: i, line: -1 };
}
