/**
 * Lines to fragments: the words up to a brace or the end of the line. keepalived's rules, one by one:
 *
 * - a line is split at every `{` and `}` outside double quotes; each piece counts as a line of its own
 * - `#` and `!` start a comment anywhere outside double quotes; `\#` and `\!` are the characters themselves
 * - words are separated by blanks; `"…"` is one word, may be empty, and ends the word before it
 *
 * Two things are ours. A word that starts with `//` may start a comment: the lexer asks, because only who knows the
 * keywords can tell. Blanks that only look like blanks (non-breaking, ideographic) separate words and are named.
 */
import type { Place, Report } from './diagnostics.ts';
import type { SourceLine } from './source.ts';

/** A word and where it stands. `text` is without quotes and without the backslash of `\#`. */
export interface Word extends Place {
  readonly text: string;
  readonly quoted: boolean;
}

/** A piece of a line. Not both empty and ended by the line's end. */
export interface Fragment {
  readonly words: readonly Word[];
  readonly end: '{' | '}' | 'line';
  /** The brace, when one ended it. */
  readonly brace: Word | undefined;
  /** The words as they were written, for keywords with quoting rules of their own. */
  readonly raw: string;
  /** Whether nothing stands before it on its line. */
  readonly startsLine: boolean;
  /** Column of the first thing on the line, tabs counted to the next multiple of 8. */
  readonly indent: number;
}

/** Asked at a word that starts with `//`: does it start a comment here? @param rest the line from the slashes on */
export type SlashesQuestion = (before: readonly Word[], slashes: Word, rest: string) => boolean;

const isBlank = (character: string): boolean =>
  character === ' ' || character === '\t' || character === '\r' || character === '\v' || character === '\f';
const NOT_IN_WORD = String.raw`\s"{}#!\\\u200b-\u200d\u2060\0`;
const SPECIAL = new RegExp(`[${NOT_IN_WORD}]`);
/** A run of characters that are nothing but part of a word. */
const PLAIN = new RegExp(`[^${NOT_IN_WORD}]+`, 'y');

/** Characters that look right and are not; the names say where they come from. */
const ODD_BLANKS: ReadonlyMap<string, string> = new Map([
  ['\u00a0', 'a non-breaking space (U+00A0)'],
  ['\u3000', 'an ideographic space (U+3000)'],
  ['\u200b', 'a zero-width space (U+200B)'],
  ['\ufeff', 'a byte order mark (U+FEFF)'],
  ['\0', 'a NUL byte'],
]);
const CURLY_QUOTES = /[\u201c\u201d\u201e\u2018\u2019\uff02]/;

/** More words than keepalived has room for in a line; the rest of such a line is not looked at. */
const WORDS_MAX = 1000;

/** Reads fragments one after the other; the end of the file is `undefined`. */
export class Lexer {
  readonly #lines: readonly SourceLine[];
  readonly #report: Report;
  readonly #odd = new Map<string, { place: Place; lines: Set<number> }>();
  #next = 0;
  #offset = 0;
  #indent = 0;
  /** Column and offset up to which columns have been counted. */
  #counted = { offset: 0, column: 1 };

  constructor(lines: readonly SourceLine[], report: Report) {
    this.#lines = lines;
    this.#report = report;
  }

  next(isComment: SlashesQuestion): Fragment | undefined {
    for (;;) {
      const line = this.#lines[this.#next];
      if (line === undefined) {
        this.#reportOdd();
        return undefined;
      }
      const fragment = this.#fragment(line, isComment);
      if (fragment.end === 'line') {
        this.#next++;
        this.#offset = 0;
        this.#counted = { offset: 0, column: 1 };
      }
      if (fragment.end !== 'line' || fragment.words.length > 0) return fragment;
    }
  }

  #fragment(line: SourceLine, isComment: SlashesQuestion): Fragment {
    const { text } = line;
    const startsLine = this.#offset === 0;
    if (startsLine) this.#indent = indentOf(text);
    const start = this.#skipBlanks(line, this.#offset);
    const words: Word[] = [];
    let rawEnd = start;
    const finish = (end: Fragment['end'], brace?: Word): Fragment => ({
      words,
      end,
      brace,
      raw: text.slice(start, rawEnd),
      startsLine,
      indent: this.#indent,
    });
    this.#offset = start;
    for (;;) {
      const i = this.#skipBlanks(line, this.#offset);
      const character = text[i];
      if (character === undefined || character === '#' || character === '!') return finish('line');
      if (character === '{' || character === '}') {
        this.#offset = i + 1;
        return finish(character, this.#word(line, i, i + 1, character, false));
      }
      const [word, end] = character === '"' ? this.#quotedWord(line, i) : this.#plainWord(line, i);
      if (!word.quoted && word.text.startsWith('//') && isComment(words, word, text.slice(i))) return finish('line');
      if (words.length < WORDS_MAX) words.push(word);
      this.#offset = end;
      rawEnd = end;
    }
  }

  /** A word and the offset behind it. */
  #plainWord(line: SourceLine, start: number): [Word, number] {
    const { text } = line;
    let value = '';
    let i = start;
    for (;;) {
      PLAIN.lastIndex = i;
      const run = PLAIN.exec(text)?.[0] ?? '';
      value += run;
      i += run.length;
      if (text[i] !== '\\') break;
      const isEscape = text[i + 1] === '#' || text[i + 1] === '!';
      value += isEscape ? text[i + 1] : '\\';
      i += isEscape ? 2 : 1;
    }
    const word = this.#word(line, start, i, value, false);
    if (CURLY_QUOTES.test(value)) this.#rememberOdd('a curly quotation mark', word);
    return [word, i];
  }

  #quotedWord(line: SourceLine, start: number): [Word, number] {
    const { text } = line;
    const close = text.indexOf('"', start + 1);
    if (close >= 0) return [this.#word(line, start, close + 1, text.slice(start + 1, close), true), close + 1];
    const value = text.slice(start + 1).trimEnd();
    const word = this.#word(line, start, start + 1 + value.length, value, true);
    this.#report.error({ ...word, length: 1 }, 'the quotation mark is not closed on this line', {
      suggestion: 'read up to the end of the line',
    });
    return [word, text.length];
  }

  #skipBlanks(line: SourceLine, from: number): number {
    let i = from;
    for (;;) {
      const character = line.text[i];
      if (character === undefined) return i;
      if (!isBlank(character)) {
        const isOdd = SPECIAL.test(character) && !/["{}#!\\]/.test(character);
        if (!isOdd) return i;
        const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
        const name = ODD_BLANKS.get(character) ?? `an unusual blank (U+${code})`;
        this.#rememberOdd(name, this.#word(line, i, i + 1, character, false));
      }
      i++;
    }
  }

  /** Counts on from the last word, so that a line costs its length once. */
  #word(line: SourceLine, start: number, end: number, text: string, quoted: boolean): Word {
    if (line.origin !== undefined) {
      return {
        text,
        quoted,
        file: line.file,
        line: line.number,
        ...originOf(line.origin, line.text.slice(start, end)),
      };
    }
    const column = this.#counted.column + codePoints(line.text, this.#counted.offset, start);
    this.#counted = { offset: start, column };
    return { text, quoted, file: line.file, line: line.number, column, length: codePoints(line.text, start, end) };
  }

  #rememberOdd(name: string, place: Place): void {
    const known = this.#odd.get(name);
    if (known === undefined) this.#odd.set(name, { place, lines: new Set([place.line]) });
    else known.lines.add(place.line);
  }

  #reportOdd(): void {
    for (const [name, { place, lines }] of this.#odd) {
      const more = lines.size === 1 ? '' : `, and ${lines.size - 1} more line${lines.size === 2 ? '' : 's'} like it`;
      const isQuote = name.includes('quotation');
      this.#report.error(place, `${name} in this line${more}: keepalived takes it as a letter`, {
        suggestion: isQuote ? 'write "' : 'type a plain space; such characters come with text copied from web pages',
      });
    }
    this.#odd.clear();
  }
}

/** Where a word of a changed line stands in the line as it was written: itself, or else the parameter it may be from. */
function originOf({ text, from }: NonNullable<SourceLine['origin']>, word: string) {
  const via = from.length === 0 ? {} : { via: from.join(', ') };
  const itself = text.indexOf(word);
  if (itself >= 0) {
    return { column: codePoints(text, 0, itself) + 1, length: codePoints(text, itself, itself + word.length) };
  }
  const [reference = text.trim()] = /\$(\{[^}]*\}|[A-Za-z_0-9]+)/.exec(text) ?? [];
  return {
    column: codePoints(text, 0, text.indexOf(reference)) + 1,
    length: codePoints(reference, 0, reference.length),
    ...via,
  };
}

function codePoints(text: string, start: number, end: number): number {
  let n = 0;
  for (let i = start; i < end; i++) {
    const unit = text.charCodeAt(i);
    // The second half of a surrogate pair belongs to the character before it.
    if (!(unit >= 0xdc00 && unit <= 0xdfff && i > start)) n++;
  }
  return n;
}

function indentOf(text: string): number {
  let column = 0;
  for (const character of text) {
    if (character === '\t') column += 8 - (column % 8);
    else if (isBlank(character) || ODD_BLANKS.has(character)) column++;
    else break;
  }
  return column;
}
