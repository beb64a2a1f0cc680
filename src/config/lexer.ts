/**
 * Stretches of text to fragments: the words up to a brace or the end of the line. keepalived's rules, one by one:
 *
 * - a line is split at every `{` and `}` outside double quotes; each piece counts as a line of its own
 * - `#` and `!` start a comment anywhere outside double quotes, also behind a backslash
 * - words are separated by blanks; `"…"` is one word, may be empty, and ends the word before it
 * - a backslash that ends a line is the last letter of the word before it, also when it ends a comment
 *
 * Two things are ours. A word that starts with `//` may start a comment: the lexer asks, because only who knows the
 * keywords can tell. Blanks that only look like blanks (non-breaking, ideographic) separate words and are named.
 */
import {
  BACKSLASH,
  BLANK,
  BRACE,
  COMMENT,
  KINDS,
  kindOf,
  LETTER,
  LINE_FEED,
  NEWLINE,
  ODD,
  QUOTE,
  SLASH,
  SPACE,
  TAB,
} from './characters.ts';
import { type Place, Report } from './diagnostics.ts';
import { readPlainLines } from './plain-lines.ts';
import type { Stretch } from './source.ts';
import type { Wording } from './statement.ts';
import { OPEN, PLAIN, QUOTED, STARTS_LINE, Tape, type Word } from './tape.ts';

export type { Word } from './tape.ts';

/** How a fragment ends. */
export type End = '{' | '}' | 'line';

/** Asked at a word that starts with `//`: does it start a comment here? @param rest the line from the slashes on */
export type SlashesQuestion = (before: readonly Word[], slashes: Word, rest: string) => boolean;

/** Characters that look right and are not; the names say where they come from. */
const ODD_BLANKS: ReadonlyMap<string, string> = new Map([
  ['\u00a0', 'a non-breaking space (U+00A0)'],
  ['\u3000', 'an ideographic space (U+3000)'],
  ['\u200b', 'a zero-width space (U+200B)'],
  ['\ufeff', 'a byte order mark (U+FEFF)'],
  ['\0', 'a NUL byte'],
]);
const CURLY_QUOTES = /[\u201c\u201d\u201e\u2018\u2019\uff02]/;

/** By the ends of a record's shape. */
const ENDS = ['line', '{', '}'] as const;

/** More words than keepalived has room for in a line; the rest of such a line is not looked at. */
const WORDS_MAX = 1000;

/** Reads fragments one after the other. What was found last stands in the fields. */
export class Lexer {
  readonly tape: Tape;
  /** Where the words of the fragment are on the tape; meaningless when there are none. */
  record = 0;
  count = 0;
  end: End = 'line';
  line = 0;
  /** Whether nothing stands before it on its line. */
  startsLine = true;
  /** Column of the first thing on the line, tabs counted to the next multiple of 8. */
  indent = 0;

  /** The how manieth run of plain lines the fragment is in, from 1; 0: its line is not plain. */
  run = 0;

  readonly #stretches: readonly Stretch[];
  readonly #report: Report;
  readonly #odd = new Map<string, { place: Place; lines: Set<number> }>();
  /** Records of plain lines that have been read and not been asked for. */
  #queue = 0;
  #queueEnd = 0;
  #runs = 0;
  #next = 0;
  #text = '';
  #limit = 0;
  #isChanged = false;
  #offset = 0;
  #lineStart = 0;
  #lineNumber = 0;
  #brace = 0;
  #braceLineStart = 0;
  /** Where the last word begins. */
  #lastWord = 0;
  /** Of this line, or of an earlier one. */
  #knownLineEnd = -1;

  constructor(stretches: readonly Stretch[], report: Report, tape = Tape.for(stretches)) {
    this.#stretches = stretches;
    this.#report = report;
    this.tape = tape;
  }

  /** Reads what was read before, from one place of its tape to another. */
  static again(tape: Tape, from: number, to: number): Lexer {
    const lexer = new Lexer([], new Report(), tape);
    lexer.#queue = from;
    lexer.#queueEnd = to;
    return lexer;
  }

  /** Whether there is one more fragment: one with words, or with a brace. */
  next(isComment: SlashesQuestion): boolean {
    for (;;) {
      if (this.#queue < this.#queueEnd) {
        this.#load();
        return true;
      }
      if (this.#offset >= this.#limit && !this.#nextStretch()) return false;
      if (this.#offset === this.#lineStart && this.#readPlainLines()) continue;
      this.#fragment(isComment);
      if (this.count > 0 || this.end !== 'line') return true;
    }
  }

  /** Whether there were any. */
  #readPlainLines(): boolean {
    const { tape } = this;
    this.#queue = tape.length;
    this.#runs++;
    const { offset, line } = readPlainLines(tape, this.#text, this.#offset, this.#limit, this.#lineNumber);
    this.#queueEnd = tape.length;
    if (offset === this.#offset) return false;
    this.#startLine(offset, line);
    return true;
  }

  #load(): void {
    const { tape } = this;
    const record = this.#queue;
    const shape = tape.shape(record);
    this.record = record;
    this.count = tape.count(record);
    this.end = ENDS[shape & 3] as End;
    this.startsLine = (shape & STARTS_LINE) !== 0;
    this.indent = shape >> 3;
    this.line = tape.line(record);
    this.#brace = tape.end(record);
    this.#braceLineStart = tape.lineStart(record);
    this.#queue = tape.behind(record);
    this.run = this.#runs;
  }

  /** Where the next record of the run is. */
  get position(): number {
    return this.#queue;
  }

  /** Where the letters behind the brace are that ended the fragment. */
  get behindBrace(): number {
    return this.#brace + 1;
  }

  /**
   * What stands between the brace that ended the fragment and an earlier one in the same run.
   * @param position behind the earlier brace; @param offset of the letters there
   */
  wordingSince(position: number, offset: number): Pick<Wording, 'text' | 'length' | 'last'> {
    const text = this.#text.slice(offset, this.#brace + 1);
    return { text, length: this.#queue - position, last: this.record - position };
  }

  /** If this stands in the run behind the brace that ended the fragment, goes to its end. */
  skip({ text, length, last }: Wording): boolean {
    if (this.#queue + length > this.#queueEnd || !this.#text.startsWith(text, this.#brace + 1)) return false;
    this.#queue += last;
    this.#load();
    return true;
  }

  /** The words of the fragment. */
  words(): readonly Word[] {
    return this.count === 0 ? [] : this.tape.words(this.record, 0);
  }

  /** Where the brace is that ended the fragment. */
  brace(): Place {
    return this.tape.placeIn(this.line, this.#braceLineStart, this.#brace, this.#brace + 1);
  }

  #nextStretch(): boolean {
    for (;;) {
      const stretch = this.#stretches[this.#next];
      if (stretch === undefined) {
        this.#reportOdd();
        return false;
      }
      this.#next++;
      if (stretch.start === stretch.end) continue;
      this.tape.add(stretch);
      this.#text = stretch.text;
      this.#limit = stretch.end;
      this.#isChanged = stretch.origin !== undefined;
      this.#knownLineEnd = -1;
      this.#startLine(stretch.start, stretch.line);
      return true;
    }
  }

  #startLine(offset: number, line: number): void {
    this.#offset = offset;
    this.#lineStart = offset;
    this.#lineNumber = line;
  }

  #fragment(isComment: SlashesQuestion): void {
    const text = this.#text;
    const limit = this.#limit;
    let i = this.#offset;
    this.run = 0;
    this.line = this.#lineNumber;
    this.startsLine = i === this.#lineStart;
    if (this.startsLine) i = this.#skipIndent(i);
    this.count = 0;
    for (;;) {
      const code = i < limit ? text.charCodeAt(i) : LINE_FEED;
      switch (code < 128 ? KINDS[code] : kindOf(code)) {
        case LETTER: {
          const start = i;
          // Most words are nothing but letters of ASCII, with a blank or the end of the line behind them.
          do i++;
          while (i < limit && KINDS[text.charCodeAt(i)] === LETTER);
          const behind = i < limit ? KINDS[text.charCodeAt(i)] : NEWLINE;
          if (behind === BLANK || behind === NEWLINE) this.#add(start, i, PLAIN);
          else i = this.#plainWord(start, i);
          if (code === SLASH && text.charCodeAt(start + 1) === SLASH && this.#isComment(isComment, start)) {
            this.#endLine(this.#lineEnd(start));
            return;
          }
          continue;
        }
        case BLANK:
          i++;
          continue;
        case NEWLINE:
          this.#endLine(i);
          return;
        case COMMENT:
          this.#endComment(i);
          return;
        case BRACE:
          this.end = text[i] as End;
          this.#brace = i;
          this.#braceLineStart = this.#lineStart;
          this.#offset = i + 1;
          if (this.count > 0) this.tape.finish(this.record, this.count);
          return;
        case QUOTE:
          i = this.#quotedWord(i);
          continue;
        case BACKSLASH:
          if (this.#isEscapedComment(i)) {
            this.#reportEscapedComment(i);
            this.#endComment(i);
            return;
          }
          i = this.#plainWord(i, i);
          continue;
        default:
          this.#rememberOddBlank(i);
          i++;
      }
    }
  }

  #endLine(end: number): void {
    this.end = 'line';
    this.#startLine(end + 1, this.#lineNumber + 1);
    if (this.count > 1 && this.#text[this.#lastWord] === '\\') this.#joinBackslash();
    if (this.count > 0) this.tape.finish(this.record, this.count);
  }

  /** Ends the line where a comment starts. Of the comment only a backslash at its very end is read. */
  #endComment(start: number): void {
    const end = this.#lineEnd(start);
    let backslash = end;
    while (backslash > start && this.#text[backslash - 1] === '\\') backslash--;
    if ((end - backslash) % 2 === 1) this.#add(end - 1, end, PLAIN);
    this.#endLine(end);
  }

  /** The offset behind the blanks that a line begins with. */
  #skipIndent(start: number): number {
    const text = this.#text;
    let column = 0;
    let i = start;
    for (; i < this.#limit; i++) {
      const code = text.charCodeAt(i);
      if (code === SPACE) column++;
      else if (code === TAB) column += 8 - (column % 8);
      else {
        const kind = kindOf(code);
        if (kind === ODD) this.#rememberOddBlank(i);
        else if (kind !== BLANK) break;
        if (kind === BLANK || ODD_BLANKS.has(text[i] as string)) column++;
      }
    }
    this.indent = column;
    return i;
  }

  #lineEnd(from: number): number {
    if (this.#knownLineEnd < from) {
      const end = this.#text.indexOf('\n', from);
      this.#knownLineEnd = end < 0 || end > this.#limit ? this.#limit : end;
    }
    return this.#knownLineEnd;
  }

  /** Adds the word and gives the offset behind it. @param known up to where it is nothing but letters of ASCII */
  #plainWord(start: number, known: number): number {
    const text = this.#text;
    const limit = this.#limit;
    let i = known;
    let isCurly = false;
    let hasEscape = false;
    for (; i < limit; i++) {
      const code = text.charCodeAt(i);
      const kind = code < 128 ? KINDS[code] : kindOf(code);
      if (kind === BACKSLASH) {
        if (this.#isEscapedComment(i)) break;
        // What follows a backslash starts no comment. In a changed line it is the # or ! of ${_HASH} or ${_BANG}.
        const next = kindOf(text.charCodeAt(i + 1));
        if (next === COMMENT) hasEscape = true;
        if (next === COMMENT || next === BACKSLASH) i++;
      } else if (kind !== LETTER) break;
      else if (code >= 128) isCurly = true;
    }
    const isAdded = this.#add(start, i, PLAIN);
    if (hasEscape && isAdded) this.tape.change(text.slice(start, i).replace(/\\([#!])/g, '$1'));
    if (isCurly && CURLY_QUOTES.test(text.slice(start, i))) {
      this.#rememberOdd('a curly quotation mark', this.#placeOf(start, i));
    }
    return i;
  }

  /** Whether a comment starts at a backslash: in keepalived it does, once the file has been read twice. */
  #isEscapedComment(backslash: number): boolean {
    return !this.#isChanged && kindOf(this.#text.charCodeAt(backslash + 1)) === COMMENT;
  }

  #reportEscapedComment(at: number): void {
    const character = this.#text[at + 1];
    this.#report.warning(
      this.#placeOf(at, at + 2),
      `keepalived 2.2.7 takes \\${character} as the start of a comment; the rest of the line is not read`,
      { suggestion: `put the word into quotation marks if ${character} belongs to it`, exitCode: 0 },
    );
  }

  #quotedWord(start: number): number {
    const text = this.#text;
    const lineEnd = this.#lineEnd(start);
    const close = text.indexOf('"', start + 1);
    if (close >= 0 && close < lineEnd) {
      this.#add(start, close + 1, QUOTED);
      return close + 1;
    }
    const end = start + 1 + text.slice(start + 1, lineEnd).trimEnd().length;
    this.#add(start, end, OPEN);
    this.#report.error(this.#placeOf(start, start + 1), 'the quotation mark is not closed on this line', {
      suggestion: 'read up to the end of the line',
    });
    return lineEnd;
  }

  /** Whether there was room for it. */
  #add(start: number, end: number, writing: typeof PLAIN | typeof QUOTED | typeof OPEN): boolean {
    if (this.count === 0) this.record = this.tape.begin(this.line, this.#lineStart);
    if (this.count >= WORDS_MAX) return false;
    this.tape.push(start, end, writing);
    this.#lastWord = start;
    this.count++;
    return true;
  }

  /** A backslash alone at the end of a line belongs to the word before it. */
  #joinBackslash(): void {
    const { tape, record, count } = this;
    if (tape.writing(record, count - 1) !== PLAIN || tape.text(record, count - 1) !== '\\') return;
    if (tape.writing(record, count - 2) === QUOTED) return;
    tape.pop();
    this.count--;
    tape.change(`${tape.text(record, count - 2)}\\`);
  }

  /** Whether the slashes that begin the last word start a comment; then it is no word. */
  #isComment(question: SlashesQuestion, start: number): boolean {
    if (this.count >= WORDS_MAX) return false;
    const before = this.tape.words(this.record, 0, this.count);
    const slashes = before.pop() as Word;
    if (!question(before, slashes, this.#text.slice(start, this.#lineEnd(start)))) return false;
    this.tape.pop();
    this.count--;
    return true;
  }

  #placeOf(start: number, end: number): Place {
    return this.tape.placeIn(this.line, this.#lineStart, start, end);
  }

  #rememberOddBlank(at: number): void {
    const character = this.#text[at] as string;
    const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    this.#rememberOdd(ODD_BLANKS.get(character) ?? `an unusual blank (U+${code})`, this.#placeOf(at, at + 1));
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
