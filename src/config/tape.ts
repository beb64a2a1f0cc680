/**
 * The words of a configuration as numbers in one array: where each begins and ends. A file of a hundred thousand lines is
 * kept and walked through without an object for each word; `Word`s are made when somebody wants to look at them.
 */
import type { Place } from './diagnostics.ts';
import type { Stretch } from './source.ts';

/** A word and where it stands. `text` is without quotes. */
export interface Word extends Place {
  readonly text: string;
  readonly quoted: boolean;
  /** Its quotation mark is not closed: keepalived does not read it. */
  readonly open?: true;
}

/** How a word is written. */
export const PLAIN = 0;
/** Between quotation marks. */
export const QUOTED = 1;
/** After a quotation mark that is not closed. */
export const OPEN = 2;
/** What it says is not what stands there: escapes, a backslash that belongs to it further on. */
export const CHANGED = 3;
export type Writing = typeof PLAIN | typeof QUOTED | typeof OPEN | typeof CHANGED;

/** A record: its stretch, its line, where that begins, how many words, its shape, where it ends, and then the words. */
export const STRETCH = 0;
export const LINE = 1;
export const LINE_START = 2;
export const COUNT = 3;
export const SHAPE = 4;
export const END = 5;
export const WORDS_AT = 6;
/** A word: where it begins, where it ends, how it is written. */
export const WORD_SIZE = 3;

/** How a fragment ends. */
export const END_LINE = 0;
export const END_BRACE_OPENS = 1;
export const END_BRACE_CLOSES = 2;
/** Nothing stands before it on its line. */
export const STARTS_LINE = 4;

/** Grows by records; a record holds the words of a fragment. */
export class Tape {
  /** Written to by those who are in a hurry, too. */
  numbers: Int32Array;
  /** Where the next record or word goes. */
  length = 0;
  readonly #stretches: Stretch[] = [];
  /** What changed words say, by the place of their numbers. */
  readonly #changed = new Map<number, string>();
  /** Up to where columns have been counted, in the line that begins at `lineStart`. */
  #counted: { stretch?: Stretch; lineStart: number; offset: number; column: number } = {
    lineStart: 0,
    offset: 0,
    column: 1,
  };

  /** @param textLength of all that will be read, more or less */
  constructor(textLength: number) {
    // A line of 24 characters has a record of two words.
    this.numbers = new Int32Array(64 + Math.ceil(textLength / 2));
  }

  static for(stretches: readonly Stretch[]): Tape {
    return new Tape(stretches.reduce((sum, { start, end }) => sum + end - start, 0));
  }

  /** What the records after this are from. */
  add(stretch: Stretch): void {
    this.#stretches.push(stretch);
  }

  /** Its number. */
  get stretch(): number {
    return this.#stretches.length - 1;
  }

  /** Begins a record; gives its place. */
  begin(line: number, lineStart: number): number {
    const at = this.length;
    if (at + WORDS_AT > this.numbers.length) this.grow();
    const numbers = this.numbers;
    numbers[at + STRETCH] = this.stretch;
    numbers[at + LINE] = line;
    numbers[at + LINE_START] = lineStart;
    numbers[at + COUNT] = 0;
    this.length = at + WORDS_AT;
    return at;
  }

  /** Adds a word to the record that was begun last. */
  push(start: number, end: number, writing: Writing): void {
    const at = this.length;
    if (at + WORD_SIZE > this.numbers.length) this.grow();
    const numbers = this.numbers;
    numbers[at] = start;
    numbers[at + 1] = end;
    numbers[at + 2] = writing;
    this.length = at + WORD_SIZE;
  }

  /** Ends the record that was begun last. */
  finish(record: number, count: number): void {
    this.numbers[record + COUNT] = count;
  }

  /** Makes the last word say something else than what stands there. */
  change(text: string): void {
    this.numbers[this.length - 1] = CHANGED;
    this.#changed.set(this.length - WORD_SIZE, text);
  }

  /** Takes the last word back. */
  pop(): void {
    this.length -= WORD_SIZE;
  }

  /** Makes room, and gives the numbers as they are from now on. */
  grow(): Int32Array {
    const larger = new Int32Array(this.numbers.length * 2);
    larger.set(this.numbers);
    this.numbers = larger;
    return larger;
  }

  /** How many words a record has. */
  count(record: number): number {
    return this.numbers[record + COUNT] as number;
  }

  /** How it ends, whether it starts its line, and eight times the indent of that. */
  shape(record: number): number {
    return this.numbers[record + SHAPE] as number;
  }

  line(record: number): number {
    return this.numbers[record + LINE] as number;
  }

  lineStart(record: number): number {
    return this.numbers[record + LINE_START] as number;
  }

  end(record: number): number {
    return this.numbers[record + END] as number;
  }

  /** Where the next record is. */
  behind(record: number): number {
    return record + WORDS_AT + WORD_SIZE * this.count(record);
  }

  /** What a word says. */
  text(record: number, index: number): string {
    const at = record + WORDS_AT + WORD_SIZE * index;
    const numbers = this.numbers;
    const { text } = this.#stretches[numbers[record + STRETCH] as number] as Stretch;
    const start = numbers[at] as number;
    const end = numbers[at + 1] as number;
    switch (numbers[at + 2]) {
      case PLAIN:
        return text.slice(start, end);
      case QUOTED:
        return text.slice(start + 1, end - 1);
      case OPEN:
        return text.slice(start + 1, end);
      default:
        return this.#changed.get(at) ?? '';
    }
  }

  writing(record: number, index: number): Writing {
    return this.numbers[record + WORDS_AT + WORD_SIZE * index + 2] as Writing;
  }

  word(record: number, index: number): Word {
    const at = record + WORDS_AT + WORD_SIZE * index;
    const numbers = this.numbers;
    const start = numbers[at] as number;
    const end = numbers[at + 1] as number;
    const writing = numbers[at + 2] as Writing;
    const line = numbers[record + LINE] as number;
    const lineStart = numbers[record + LINE_START] as number;
    const stretch = this.#stretches[numbers[record + STRETCH] as number] as Stretch;
    const text = this.text(record, index);
    if (writing <= QUOTED && stretch.origin === undefined && !stretch.isWide) {
      const { file } = stretch;
      return { text, quoted: writing === QUOTED, file, line, column: start - lineStart + 1, length: end - start };
    }
    const place = this.#place(stretch, line, lineStart, start, end);
    if (writing === OPEN) return { text, quoted: true, ...place, open: true };
    return { text, quoted: writing === QUOTED, ...place };
  }

  /** All words of a record from one on. @param count how many it has, if it is not finished */
  words(record: number, from: number, count = this.count(record)): Word[] {
    const words: Word[] = [];
    for (let i = from; i < count; i++) words.push(this.word(record, i));
    return words;
  }

  /** The words of a record as they were written, with all that stands between them. */
  raw(record: number): string {
    const numbers = this.numbers;
    const { text } = this.#stretches[numbers[record + STRETCH] as number] as Stretch;
    const last = record + WORDS_AT + WORD_SIZE * (this.count(record) - 1);
    return text.slice(numbers[record + WORDS_AT], numbers[last + 1]);
  }

  /** A place in the stretch that was added last. */
  placeIn(line: number, lineStart: number, start: number, end: number): Place {
    return this.#place(this.#stretches.at(-1) as Stretch, line, lineStart, start, end);
  }

  #place(stretch: Stretch, line: number, lineStart: number, start: number, end: number): Place {
    const { file, text, origin, isWide } = stretch;
    if (origin !== undefined) return { file, line, ...origin.find(text.slice(start, end)) };
    if (!isWide) return { file, line, column: start - lineStart + 1, length: end - start };
    return { file, line, column: this.#column(stretch, lineStart, start), length: codePoints(text, start, end) };
  }

  /** From 1. It goes on from the last one asked for in the same line, so that a line is counted once. */
  #column(stretch: Stretch, lineStart: number, offset: number): number {
    const known = this.#counted;
    const goesOn = known.stretch === stretch && known.lineStart === lineStart && known.offset <= offset;
    const [from, first] = goesOn ? [known.offset, known.column] : [lineStart, 1];
    const column = first + codePoints(stretch.text, from, offset);
    this.#counted = { stretch, lineStart, offset, column };
    return column;
  }
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
