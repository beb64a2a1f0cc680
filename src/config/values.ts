/**
 * The kinds of value a keyword can have: what is expected, how many words, how they are read.
 *
 * Each refusal is said once, at the word. What happens instead (the default, the earlier value) is the reader's to say.
 */
import { addressBytes, type Family, familyOf, type IpAddress, isMulticast, parseAddress } from '../base/address.ts';
import { type Duration, inSeconds, microseconds, seconds } from '../base/time.ts';
import type { Word } from './lexer.ts';
import { slipIn } from './slips.ts';
import { nearestWord } from './suggestion.ts';

/** How a value says what is wrong with its words. */
export interface Complaints {
  /** An error at the word; the sentence goes on with what happens instead. Returns undefined: there is no value. */
  refuse(at: Word, problem: string, suggestion?: string, details?: Verdict): undefined;
  /** A warning: the value is taken, changed as the sentence says. */
  correct(at: Word, message: string, details?: Verdict): void;
}

/** For what is not an ordinary complaint (5) to keepalived: it says nothing (0), or gives up (2). */
export interface Verdict {
  readonly exitCode: 0 | 2;
}

/** keepalived passes over it without a word. */
export const SILENT: Verdict = { exitCode: 0 };
/** keepalived stops reading. */
export const GIVES_UP: Verdict = { exitCode: 2 };

/** What programs and the documentation want to know of a kind of value, besides `expected`. */
export interface ValueFacts {
  readonly kind: 'integer' | 'seconds' | 'microseconds' | 'boolean' | 'flag' | 'word';
  readonly min?: number;
  /** Absent: no limit. */
  readonly max?: number;
  /** What it may be, where it is a word. */
  readonly words?: readonly string[];
}

/** Reads a single word in which nothing is special; undefined means no more than that `read` has to look at it. */
export interface Quick<T> {
  readonly for: ValueType<T>['read'];
  parse(text: string): T | undefined;
}

/** A kind of value. `T` survives JSON unchanged. */
export interface ValueType<T> {
  /** Completes 'expected …'. */
  readonly expected: string;
  /** Fewer words are a missing value (exit code 2), more are named and left aside. */
  readonly minWords: number;
  readonly maxWords: number;
  /** keepalived complains about surplus words itself. */
  readonly strict?: true;
  /** Its words are those of a command line: config/script.ts. */
  readonly isCommand?: true;
  /** A word that starts with `//` can be part of the value. */
  readonly slashes?: true;
  read(words: readonly Word[], complaints: Complaints): T | undefined;
  /** A short cut for a certain `read`, which a type made from this one may not have. */
  readonly quick?: Quick<unknown>;
  /** The value as a person would write it. */
  show(value: T): string;
  /** The value as it stands in a file, where that is not what `show` gives. */
  write?(value: T): string;
  /** The same as words, without quotation marks, where a word may have blanks. */
  writeWords?(value: T): string[];
  readonly facts?: ValueFacts;
}

/** For a text that is only tried. */
const UNHEARD: Complaints = { refuse: () => undefined, correct: () => {} };

/** A value of one word; `parse` returns undefined for everything that is not `expected`. */
export function oneWord<T>(
  expected: string,
  parse: (text: string, word: Word, complaints: Complaints) => T | undefined,
  show: (value: T) => string = String,
): ValueType<T> {
  return {
    expected,
    minWords: 1,
    maxWords: 1,
    show,
    read(words, complaints) {
      const [word] = words;
      if (word === undefined) return undefined;
      const watched = watch(complaints);
      const value = parse(word.text, word, watched);
      if (value === undefined && !watched.hasRefused) {
        const isRight = (text: string) => parse(text, word, UNHEARD) !== undefined;
        const suggestion = word.text.includes('//')
          ? 'put a blank before a comment and start it with #'
          : slipIn(word.text, isRight);
        complaints.refuse(word, `expected ${expected}, got '${word.text}'`, suggestion);
      }
      idle = watched;
      return value;
    },
  };
}

/** Passes complaints on, and remembers whether there were any. */
class WatchedComplaints implements Complaints {
  hasRefused = false;
  to: Complaints;

  constructor(to: Complaints) {
    this.to = to;
  }

  readonly refuse: Complaints['refuse'] = (...problem) => {
    this.hasRefused = true;
    return this.to.refuse(...problem);
  };

  readonly correct: Complaints['correct'] = (...message) => this.to.correct(...message);
}

/** One that nobody uses: a file has tens of thousands of values, and most have nothing to complain about. */
let idle: WatchedComplaints | undefined;

function watch(complaints: Complaints): WatchedComplaints {
  const watched = idle ?? new WatchedComplaints(complaints);
  idle = undefined;
  watched.to = complaints;
  watched.hasRefused = false;
  return watched;
}

/** What an out-of-range value becomes, where keepalived corrects it instead of refusing it. */
export interface Correction {
  /** Zero becomes this. */
  readonly zeroBecomes?: number;
  /** Outside the range becomes the nearest end of it. */
  readonly clamp?: true;
  /** What is no number, or has something behind it, is an error for `-t`; yet keepalived runs with 0, or the number. */
  readonly leading?: true;
}

const rangeText = (min: number, max: number): string => (max === Infinity ? `${min} or more` : `from ${min} to ${max}`);

/** A whole number in decimal. @param max Infinity: what keepalived keeps in 32 bits is bounded by `UINT32_MAX` */
export function integer(min: number, max: number, correction: Correction = {}): ValueType<number> {
  const expected = `an integer ${rangeText(min, max)}`;
  const type = oneWord(expected, (text, word, complaints) => {
    const [, digits = '', rest] = /^\s*([+-]?[0-9]+)?(.*)$/s.exec(text) ?? [];
    const isNothing = text.trim() === '';
    if (rest !== '' && correction.leading === undefined) return undefined;
    const value = Number(digits) + 0;
    if (isNothing && min <= 0) complaints.correct(word, 'an empty word is read as 0', SILENT);
    if (rest !== '' && value >= min && value <= max && (value !== 0 || correction.zeroBecomes === undefined)) {
      complaints.correct(word, `expected ${expected}, got '${text}'; ${value} is used`);
      return value;
    }
    if (value === 0 && correction.zeroBecomes !== undefined) {
      complaints.correct(word, `0 is not possible, it becomes ${correction.zeroBecomes}`);
      return correction.zeroBecomes;
    }
    if (value >= min && value <= max) return value;
    if (!correction.clamp) return undefined;
    const nearest = value < min ? min : max;
    complaints.correct(word, `${value} is outside ${min} to ${max}, it becomes ${nearest}`);
    return nearest;
  });
  const parse = (text: string): number | undefined => {
    const value = digits(text);
    return value > 0 && value >= min && value <= max ? value : undefined;
  };
  return { ...type, quick: { for: type.read, parse }, facts: factsOf('integer', min, max) };
}

/** The number that up to nine digits mean; -1 for anything else. */
export function digits(text: string): number {
  const { length } = text;
  if (length === 0 || length > 9) return -1;
  let value = 0;
  for (let i = 0; i < length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

const factsOf = (kind: ValueFacts['kind'], min: number, max: number): ValueFacts =>
  max === Infinity ? { kind, min } : { kind, min, max };

/** The largest number keepalived keeps in an unsigned int. */
export const UINT32_MAX = 4294967295;
/** The largest number keepalived keeps in an int. */
export const INT32_MAX = 2147483647;
/** The longest time in seconds that keepalived keeps in microseconds of 32 bits. */
export const TIMER_MAX = 4294.967295;

/** A whole number that keepalived reads as unsigned: no minus, not even of zero. */
export function unsigned(min: number, max: number, correction: Correction = {}): ValueType<number> {
  const number = integer(min, max, correction);
  const read: typeof number.read = (words, complaints) => {
    const [word] = words;
    if (word === undefined || !word.text.trimStart().startsWith('-')) return number.read(words, complaints);
    return complaints.refuse(word, `expected ${number.expected}, got '${word.text}'`);
  };
  return { ...number, read, ...(number.quick && { quick: { ...number.quick, for: read } }) };
}

/** Whole seconds. */
export function wholeSeconds(min: number, max: number, correction: Correction = {}): ValueType<Duration> {
  const count = integer(min, max, correction);
  return {
    ...count,
    expected: `whole seconds ${rangeText(min, max)}`,
    read(words, complaints) {
      const value = count.read(words, complaints);
      return value === undefined ? undefined : seconds(value);
    },
    show: showSeconds,
    write: writeSeconds,
    facts: factsOf('seconds', min, max),
  };
}

/** What keepalived has room for in 64 bits of microseconds. */
const LONGEST = seconds(18446744073709);

/** Seconds with decimals down to the microsecond. @param min in seconds, so 0.000001 is the smallest positive one */
export function decimalSeconds(min: number, max: number, options: { zeroIsOff?: true } = {}): ValueType<Duration> {
  const type = oneWord(
    `seconds ${rangeText(min, max)}`,
    (text, word, complaints) => {
      if (!/^\s*(\+?([0-9]{1,15}\.?|[0-9]{0,15}\.[0-9]{0,30}))?$/.test(text)) return undefined;
      const value = seconds(Number(text === '.' ? 0 : text));
      if (value > LONGEST) return undefined;
      if (text.trim() === '' && min <= 0) complaints.correct(word, 'an empty word is read as 0', SILENT);
      if (/\.[0-9]{7,}$/.test(text)) complaints.correct(word, `more than 6 decimals, rounded to ${showSeconds(value)}`);
      if (value === 0 && options.zeroIsOff) {
        complaints.correct(word, '0 is outside the range for keepalived; it means off, as it does without this line');
        return value;
      }
      return value >= seconds(min) && (max === Infinity || value <= seconds(max)) ? value : undefined;
    },
    showSeconds,
  );
  const parse = (text: string): Duration | undefined => {
    const value = digits(text);
    return value > 0 && value >= min && value <= max ? seconds(value) : undefined;
  };
  return { ...type, write: writeSeconds, quick: { for: type.read, parse }, facts: factsOf('seconds', min, max) };
}

const showSeconds = (value: Duration): string => `${inSeconds(value)} s`;
/** Never with an exponent, which keepalived does not read: the least time is 0.000001. */
const writeSeconds = (value: Duration): string =>
  inSeconds(value)
    .toFixed(6)
    .replace(/\.?0+$/, '');

/** Whole microseconds. */
export function wholeMicroseconds(min: number, max: number, correction: Correction = {}): ValueType<Duration> {
  const count = integer(min, max, correction);
  return {
    ...count,
    expected: `microseconds ${rangeText(min, max)}`,
    read(words, complaints) {
      const value = count.read(words, complaints);
      return value === undefined ? undefined : microseconds(value);
    },
    show: (value) => `${value} us`,
    write: String,
    facts: factsOf('microseconds', min, max),
  };
}

const BOOLEANS: Readonly<Record<string, boolean>> = {
  on: true,
  true: true,
  yes: true,
  off: false,
  false: false,
  no: false,
};

/** on or off; the keyword alone means on. */
export function boolean(): ValueType<boolean> {
  const type = oneWord('on, true, yes, off, false or no', (text) =>
    Object.hasOwn(BOOLEANS, text) ? BOOLEANS[text] : undefined,
  );
  return {
    ...type,
    minWords: 0,
    read: (words, complaints) => (words.length === 0 ? true : type.read(words, complaints)),
    show: (value) => (value ? 'on' : 'off'),
    facts: { kind: 'boolean' },
  };
}

/** The keyword alone. */
export const nothing: ValueType<true> = {
  expected: 'nothing after it',
  minWords: 0,
  maxWords: 0,
  read: () => true,
  show: () => 'set',
  write: () => '',
  facts: { kind: 'flag' },
};

/** One of some words, as they are written: case counts. @param meanings the word and what it stands for */
export function oneOf<const T extends string | number>(meanings: Readonly<Record<string, T>>): ValueType<T> {
  const words = Object.keys(meanings);
  const expected = words.length === 1 ? `${words[0]}` : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
  /** A mistake that a file makes once it makes often. */
  let missed: { readonly text: string; readonly near: string | undefined } = { text: '', near: undefined };
  const type = oneWord(
    expected,
    (text, word, complaints) => {
      if (Object.hasOwn(meanings, text)) return meanings[text];
      const sameButCase = words.find((known) => known.toLowerCase() === text.toLowerCase());
      if (text !== missed.text) missed = { text, near: nearestWord(text, words) };
      const near = sameButCase ?? missed.near;
      const inCapitals = sameButCase !== undefined && sameButCase === text.toUpperCase();
      const suggestion = near && `write ${near}${inCapitals ? ' in capitals' : ''}`;
      return complaints.refuse(word, `expected ${expected}, got '${text}'`, suggestion);
    },
    (value) => words.find((known) => meanings[known] === value) ?? String(value),
  );
  const parse = (text: string): T | undefined => (Object.hasOwn(meanings, text) ? meanings[text] : undefined);
  return { ...type, quick: { for: type.read, parse }, facts: { kind: 'word', words } };
}

/** One of some words, each standing for itself. */
export const wordOf = <const W extends string>(...words: readonly W[]): ValueType<W> =>
  oneOf(Object.fromEntries(words.map((word) => [word, word])) as Record<W, W>);

/** A value that may be left out; the keyword alone is `true`. */
export const orNothing = <T>(type: ValueType<T>): ValueType<T | true> => ({
  ...type,
  minWords: 0,
  read: (given, complaints) => (given.length === 0 ? true : type.read(given, complaints)),
  show: (value) => (value === true ? 'without value' : type.show(value)),
  write: (value) => (value === true ? '' : (type.write ?? type.show)(value)),
  ...(type.writeWords && { writeWords: (value) => (value === true ? [] : (type.writeWords?.(value) ?? [])) }),
});

/** Any one word, or several between quotation marks. */
export const text = (expected = 'a word'): ValueType<string> => {
  const parse = (value: string): string | undefined => (value === '' ? undefined : value);
  const type = oneWord(expected, parse);
  return { ...type, quick: { for: type.read, parse }, slashes: true };
};

/** Any words; kept as they are, for keywords whose own grammar is read elsewhere or not yet. */
export const words = (
  expected: string,
  minWords = 1,
  maxWords = Infinity,
): Omit<ValueType<string[]>, 'write' | 'writeWords'> => ({
  expected,
  minWords,
  maxWords,
  slashes: true,
  read: (given) => given.map((word) => word.text),
  show: (value) => value.join(' '),
});

/** The longest interface name the kernel takes: IFNAMSIZ with its NUL, linux/if.h. */
const INTERFACE_NAME_MAX = 15;

/** The name of a network interface. Whether it exists is not asked here. */
export const interfaceName = (): ValueType<string> =>
  oneWord(`an interface name of at most ${INTERFACE_NAME_MAX} characters`, (name, word, complaints) => {
    if (name === 'lo') return complaints.refuse(word, 'the loopback interface cannot be used');
    return isInterfaceName(name) ? name : undefined;
  });

/** What the kernel takes as an interface name. */
export const isInterfaceName = (name: string): boolean =>
  new TextEncoder().encode(name).length <= INTERFACE_NAME_MAX &&
  /^[^\s/:]+$/.test(name) &&
  name !== '.' &&
  name !== '..';

/**
 * An address, of one family or of both; multicast where asked for.
 * @param options.prefix a prefix length may stand behind it, and is not looked at
 */
export function ipAddress(
  options: { family?: Family; multicast?: true; prefix?: 'ignored' } = {},
): ValueType<IpAddress> {
  const family = options.family === 'inet' ? 'IPv4' : options.family === 'inet6' ? 'IPv6' : 'IP';
  const expected = `an ${family}${options.multicast ? ' multicast' : ''} address`;
  return oneWord(expected, (value, word, complaints) => {
    const address = parseAddress(options.prefix === undefined ? value : value.replace(/\/.*/, ''));
    if (address === undefined)
      return complaints.refuse(word, `expected ${expected}, got '${value}'`, addressHint(value));
    if (options.family !== undefined && familyOf(address) !== options.family) return undefined;
    return options.multicast && !isMulticast(address) ? undefined : address;
  });
}

/**
 * An address. What follows it from the first `/` or `-` on is not read, as in keepalived where networks and ranges have no
 * meaning.
 */
export const hostAddress = (): ValueType<IpAddress> =>
  oneWord('an IP address', (value, word, complaints) => {
    const end = value.search(/[/-]/);
    const address = parseAddress(end < 0 ? value : value.slice(0, end));
    if (address === undefined) {
      return complaints.refuse(word, `expected an IP address, got '${value}'`, placeholder(value));
    }
    if (end >= 0) complaints.correct(word, `'${value.slice(end)}' is not read: one address is meant`, SILENT);
    return address;
  });

/** What to say about a text where an address should be, when it is something that people forget to fill in. */
export const placeholder = (value: string): string | undefined =>
  /[x%$<>]|here|your|(^|_)v?ip($|_)/i.test(value) && !/^[0-9.:a-f/]+$/i.test(value)
    ? 'looks like a placeholder that was not filled in'
    : undefined;

/** What to write instead of a text where an address should be. */
export const addressHint = (value: string): string | undefined =>
  placeholder(value) ?? slipIn(value, (text) => parseAddress(text.split('/')[0] ?? '') !== undefined);

/** A port. @param min 0 where 0 means any or the same */
export const port = (min: 0 | 1 = 1, correction: Correction = {}): ValueType<number> => integer(min, 65535, correction);

/** Which clients count as one: an IPv4 netmask or an IPv6 prefix length. */
export interface Granularity {
  readonly family: Family;
  /** 0-32 or 1-128 */
  readonly prefixLength: number;
}

/** An IPv4 netmask or an IPv6 prefix length. */
export const granularity = (): ValueType<Granularity> => ({
  ...oneWord<Granularity>(
    'an IPv4 netmask or an IPv6 prefix length from 1 to 128',
    (given) => {
      if (/^[0-9]{1,3}$/.test(given)) {
        const prefixLength = Number(given);
        return prefixLength >= 1 && prefixLength <= 128 ? { family: 'inet6', prefixLength } : undefined;
      }
      const mask = parseAddress(given);
      if (mask === undefined || familyOf(mask) !== 'inet') return undefined;
      const bits = Array.from(addressBytes(mask), (byte) => byte.toString(2).padStart(8, '0')).join('');
      return /^1*0*$/.test(bits) ? { family: 'inet', prefixLength: bits.lastIndexOf('1') + 1 } : undefined;
    },
    ({ prefixLength }) => `/${prefixLength}`,
  ),
  // As an IPv4 netmask it is a mask again, not a length.
  write: ({ family, prefixLength }) =>
    family === 'inet6'
      ? String(prefixLength)
      : [0, 8, 16, 24].map((from) => 256 - 2 ** (8 - Math.min(8, Math.max(0, prefixLength - from)))).join('.'),
});

/** One word; with more the line is refused. */
export const onlyWord = (expected: string): ValueType<string> => ({
  ...words(expected, 1, Infinity),
  read: ([first, second], complaints) =>
    second === undefined ? first?.text : complaints.refuse(second, `expected ${expected} alone, got '${second.text}'`),
  show: (value) => value,
  writeWords: (value) => [value],
});
