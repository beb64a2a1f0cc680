/** Characters of regular expressions, from PCRE2's spelling to JavaScript's: escapes, literals and classes. pcre2pattern(3). */

/** What a translation cannot do, or what PCRE2 refuses too. */
export class PatternError extends Error {}

/** Members of the sets behind a letter, as they stand in a class of JavaScript; an upper-case letter is the rest. */
const SETS: Readonly<Record<string, readonly [members: string, others: string]>> = {
  d: ['0-9', '\\x00-/:-\\uffff'],
  w: ['0-9A-Za-z_', '\\x00-/:-@\\[-\\^`{-\\uffff'],
  s: ['\\t-\\r ', '\\x00-\\x08\\x0e-\\x1f!-\\uffff'],
  h: ['\\t \\xa0', '\\x00-\\x08\\x0a-\\x1f!-\\x9f\\xa1-\\uffff'],
  v: ['\\n-\\r\\x85', '\\x00-\\x09\\x0e-\\x84\\x86-\\uffff'],
};

/** [:name:] inside a class. */
const POSIX: Readonly<Record<string, readonly [members: string, others: string]>> = {
  alpha: ['A-Za-z', '\\x00-@\\[-`{-\\uffff'],
  digit: SETS.d as readonly [string, string],
  alnum: ['0-9A-Za-z', '\\x00-/:-@\\[-`{-\\uffff'],
  upper: ['A-Z', '\\x00-@\\[-\\uffff'],
  lower: ['a-z', '\\x00-`{-\\uffff'],
  space: SETS.s as readonly [string, string],
  blank: ['\\t ', '\\x00-\\x08\\x0a-\\x1f!-\\uffff'],
  punct: ['!-/:-@\\[-`{-~', '\\x00- 0-9A-Za-z\\x7f-\\uffff'],
  xdigit: ['0-9A-Fa-f', '\\x00-/:-@G-`g-\\uffff'],
  word: SETS.w as readonly [string, string],
  cntrl: ['\\x00-\\x1f\\x7f', ' -~\\x80-\\uffff'],
  graph: ['!-~', '\\x00- \\x7f-\\uffff'],
  print: [' -~', '\\x00-\\x1f\\x7f-\\uffff'],
  ascii: ['\\x00-\\x7f', '\\x80-\\uffff'],
};

const CONTROLS: Readonly<Record<string, number>> = { a: 7, e: 27, f: 12, n: 10, r: 13, t: 9 };

/** A character that stands for itself, outside and inside a class. */
export function literal(code: number): string {
  const character = String.fromCodePoint(code);
  if (/[0-9A-Za-z_ "'#%&,:;<=>@`~!]/.test(character)) return character;
  if (/[\^$\\.*+?()[\]{}|/-]/.test(character)) return code === 0x2d ? '\\x2d' : `\\${character}`;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : character;
}

/** Upper and lower case of an ASCII letter. */
export const bothCases = (code: number): string => {
  const character = String.fromCodePoint(code);
  return /[A-Za-z]/.test(character) ? `${character.toLowerCase()}${character.toUpperCase()}` : literal(code);
};

/** A text and where one reads in it. */
export class Cursor {
  at = 0;
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** The match of a sticky expression here, which is then behind us. */
  take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.at;
    const found = expression.exec(this.text) ?? undefined;
    if (found) this.at = expression.lastIndex;
    return found;
  }

  /** The next character, which is then behind us. */
  next(): number {
    const code = this.text.codePointAt(this.at);
    if (code === undefined) throw new PatternError('it ends too early');
    this.at += code > 0xffff ? 2 : 1;
    return code;
  }
}

/** What an escape comes to: one character, or the members of a set. */
export type Escaped = { readonly code: number } | { readonly members: string };

/** The escapes that mean the same inside a class and outside; the backslash has been read. Undefined: another one. */
export function commonEscape(cursor: Cursor): Escaped | undefined {
  const { at } = cursor;
  const letter = String.fromCodePoint(cursor.next());
  const set = SETS[letter.toLowerCase()];
  if (set !== undefined) return { members: letter === letter.toLowerCase() ? set[0] : set[1] };
  const control = CONTROLS[letter];
  if (control !== undefined) return { code: control };
  if (letter === 'x') {
    const [, braced, plain = ''] = cursor.take(/\{([0-9a-f]{1,6})\}|([0-9a-f]{0,2})/iy) ?? [];
    return { code: Number.parseInt(braced ?? `0${plain}`, 16) };
  }
  if (letter === 'o') {
    const [, digits] = cursor.take(/\{([0-7]{1,7})\}/y) ?? [];
    if (digits === undefined) throw new PatternError('\\o without digits');
    return { code: Number.parseInt(digits, 8) };
  }
  if (letter === '0') return { code: Number.parseInt(`0${cursor.take(/[0-7]{0,2}/y)?.[0] ?? ''}`, 8) };
  if (letter === 'c') return { code: String.fromCodePoint(cursor.next()).toUpperCase().charCodeAt(0) ^ 0x40 };
  if (!/[0-9A-Za-z]/.test(letter)) return { code: letter.codePointAt(0) as number };
  cursor.at = at;
  return undefined;
}

/** A class behind its opening bracket, up to and with the closing one. @param anyCase ASCII letters of both cases */
export function characterClass(cursor: Cursor, anyCase: boolean): string {
  const negated = cursor.take(/\^/y) !== undefined;
  let members = '';
  let isFirst = true;
  for (;;) {
    if (cursor.isAtEnd) throw new PatternError('a [ without its ]');
    if (!isFirst && cursor.take(/\]/y)) break;
    isFirst = false;
    const posix = cursor.take(/\[:(\^?)([a-z]+):\]/y);
    if (posix) {
      const found = POSIX[posix[2] ?? ''];
      if (found === undefined) throw new PatternError(`unknown class [:${posix[2]}:]`);
      members += found[posix[1] === '' ? 0 : 1];
      continue;
    }
    const quoted = cursor.take(/\\Q([\s\S]*?)(?:\\E|$)/y);
    if (quoted) {
      for (const character of quoted[1] ?? '') members += single(character.codePointAt(0) as number, anyCase);
      continue;
    }
    if (cursor.take(/\\E/y)) continue;
    const first = member(cursor);
    if ('members' in first) {
      members += first.members;
      continue;
    }
    const dash = cursor.take(/-(?!\]|\[:|\\[dwshvDWSHV])/y);
    if (dash === undefined) {
      members += single(first.code, anyCase);
      continue;
    }
    const last = member(cursor);
    if ('members' in last || last.code < first.code) throw new PatternError('a range that goes backwards in [ ]');
    members += range(first.code, last.code, anyCase);
  }
  // an empty class cannot be: the first ] is a member
  return `[${negated ? '^' : ''}${members}]`;
}

function member(cursor: Cursor): Escaped {
  if (cursor.take(/\\/y) === undefined) return { code: cursor.next() };
  if (cursor.take(/b/y)) return { code: 8 };
  const digits = cursor.take(/[1-7][0-7]{0,2}/y);
  if (digits) return { code: Number.parseInt(digits[0], 8) };
  const found = commonEscape(cursor);
  if (found === undefined) throw new PatternError(`\\${cursor.text[cursor.at]} in [ ]`);
  return found;
}

const single = (code: number, anyCase: boolean): string => (anyCase ? bothCases(code) : literal(code));

/** A range, with the other case of the letters in it. */
function range(first: number, last: number, anyCase: boolean): string {
  let text = `${literal(first)}-${literal(last)}`;
  if (!anyCase) return text;
  for (const [from, to, shift] of [
    [0x41, 0x5a, 0x20],
    [0x61, 0x7a, -0x20],
  ] as const) {
    const [low, high] = [Math.max(first, from), Math.min(last, to)];
    if (low <= high) text += `${literal(low + shift)}-${literal(high + shift)}`;
  }
  return text;
}
