/** What a character is in a configuration, outside of quotation marks. */

export const LETTER = 0;
export const BLANK = 1;
export const NEWLINE = 2;
export const COMMENT = 3;
export const BRACE = 4;
export const QUOTE = 5;
export const BACKSLASH = 6;
/** Looks like a blank, or like nothing, and is none. */
export const ODD = 7;

/** By code, for ASCII. */
export const KINDS = new Uint8Array(128);
for (const blank of ' \t\r\v\f') KINDS[blank.charCodeAt(0)] = BLANK;
for (const comment of '#!') KINDS[comment.charCodeAt(0)] = COMMENT;
for (const brace of '{}') KINDS[brace.charCodeAt(0)] = BRACE;
KINDS['\n'.charCodeAt(0)] = NEWLINE;
KINDS['"'.charCodeAt(0)] = QUOTE;
KINDS['\\'.charCodeAt(0)] = BACKSLASH;
KINDS[0] = ODD;

export const TAB = 9;
export const LINE_FEED = 10;
export const SPACE = 32;
export const SLASH = 47;
export const BACKSLASH_CODE = 92;
export const OPENING_BRACE = 123;

/** Blanks of Unicode, and what is not seen at all. */
const ODD_BLANK = /[\s\u200b-\u200d\u2060\ufeff]/;

/** NaN, what is behind a text, is a letter: whoever looks so far does not care. */
export const kindOf = (code: number): number =>
  code < 128 ? (KINDS[code] as number) : ODD_BLANK.test(String.fromCharCode(code)) ? ODD : LETTER;
