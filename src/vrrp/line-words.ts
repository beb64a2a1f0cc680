/**
 * The words of a line with a grammar of its own, taken one after the other: `10.0.0.0/8 via 10.1.0.1 metric 5`. What is
 * wrong is said once. A line that is dropped is over; one that lacks a value ends keepalived.
 */
import {
  addressFromBytes,
  addressLength,
  type Family,
  type IpAddress,
  maxPrefixLength,
  parseAddress,
} from '../base/address.ts';
import type { Details, Report } from '../config/diagnostics.ts';
import type { Word } from '../config/lexer.ts';
import { lengthOfMask } from '../config/slips.ts';
import { nearestWord } from '../config/suggestion.ts';
import type { NumberOf } from '../config/table.ts';
import { UINT32_MAX } from '../config/values.ts';
import type { NameKind } from './number-names.ts';
import type { Prefix } from './route.ts';

/** What is put together while a line is read. */
export type Draft<T> = { -readonly [K in keyof T]?: T[K] | undefined };

/** What was put together, as it survives JSON. */
export const withoutUndefined = (value: object): object =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined));

/** The words of one line. */
export class LineWords {
  readonly #words: readonly Word[];
  readonly #report: Report;
  readonly #numberOf: NumberOf;
  #next = 0;
  #dropped = false;

  constructor(words: readonly Word[], report: Report, numberOf: NumberOf) {
    this.#words = words;
    this.#report = report;
    this.#numberOf = numberOf;
  }

  /** The line is not to be used: said, and there are no further words. */
  get dropped(): boolean {
    return this.#dropped;
  }

  /** The word that `next` would take. */
  peek(): Word | undefined {
    return this.#dropped ? undefined : this.#words[this.#next];
  }

  next(): Word | undefined {
    const word = this.peek();
    if (word !== undefined) this.#next++;
    return word;
  }

  /** The word that stands behind an option; keepalived ends without it. */
  value(option: Word): Word | undefined {
    const word = this.next();
    if (word !== undefined || this.#dropped) return word;
    this.#dropped = true;
    this.#report.error(option, `${option.text} has no value`, { exitCode: 2, fatal: true, keyword: option.text });
    return undefined;
  }

  /** Says why the line cannot be used. */
  drop(at: Word, problem: string, details: Details = {}): undefined {
    if (!this.#dropped) this.#report.error(at, `${problem}; the line is ignored`, details);
    this.#dropped = true;
    return undefined;
  }

  /** Says that nobody knows the word. */
  unknown(word: Word, known: readonly string[]): undefined {
    const near = nearestWord(word.text, known, this.#report);
    return this.drop(
      word,
      `unknown word '${word.text}'`,
      near === undefined ? {} : { suggestion: `did you mean ${near}?` },
    );
  }

  /** Says what is odd about a line that is used all the same. */
  warn(at: Word, message: string, details: Details = {}): void {
    this.#report.warning(at, message, details);
  }

  /** A whole number in decimal behind an option. */
  number(option: Word, min: number, max: number): number | undefined {
    const word = this.value(option);
    if (word === undefined) return undefined;
    const number = /^\+?[0-9]{1,20}$/.test(word.text) ? Number(word.text) : Number.NaN;
    if (number >= min && number <= max) return number;
    return this.drop(word, `${option.text}: expected a number from ${min} to ${max}, got '${word.text}'`);
  }

  /** A number, also hexadecimal or octal, or a name for one, behind an option. */
  named(option: Word, kind: NameKind, max: number): number | undefined {
    const word = this.value(option);
    if (word === undefined) return undefined;
    const number = this.nameOrNumber(word.text, kind, max);
    if (number !== undefined) return number;
    return this.drop(word, `${option.text}: '${word.text}' is neither a known name nor a number up to ${max}`);
  }

  /** The number that a text stands for. As in keepalived, what is beyond 32 bits is cut off. */
  nameOrNumber(text: string, kind: NameKind, max: number): number | undefined {
    const number = this.#numberOf(kind, text) ?? wrapped(text);
    return number !== undefined && number <= max ? number : undefined;
  }

  /** REALM or FROM/TO: the first in the upper half of 32 bits. */
  realms(option: Word): number | undefined {
    const word = this.value(option);
    const realms = word && this.realmsOf(word);
    if (word === undefined || realms !== undefined) return realms;
    return this.drop(word, `${option.text}: expected a realm or two with a slash between them, got '${word.text}'`);
  }

  /** The same of one word; undefined when it is none, and nothing has been said. */
  realmsOf(word: Word): number | undefined {
    const parts = word.text.split('/').map((part) => (part === '' ? undefined : this.nameOrNumber(part, 'realm', 255)));
    const [first, second] = parts;
    if (first !== undefined && parts.length === 1) return first;
    if (first !== undefined && second !== undefined && parts.length === 2) return first * 0x10000 + second;
    return undefined;
  }

  /** `inet` or `inet6`, where one of them comes next. */
  family(): Family | undefined {
    const text = this.peek()?.text;
    if (text !== 'inet' && text !== 'inet6') return undefined;
    this.#next++;
    return text;
  }

  /** Leaves out what is left of the line. */
  skip(): void {
    this.#next = this.#words.length;
  }

  /** An address without prefix length behind an option. */
  address(option: Word, word = this.value(option)): IpAddress | undefined {
    if (word === undefined) return undefined;
    return parseAddress(word.text) ?? this.drop(word, `${option.text}: expected an IP address, got '${word.text}'`);
  }

  /** A network behind an option. */
  prefix(option: Word): Prefix | 'everything' | undefined {
    const word = this.value(option);
    if (word === undefined) return undefined;
    const prefix = this.prefixOf(word);
    return prefix ?? this.drop(word, `${option.text}: expected an address or a network, got '${word.text}'`);
  }

  /** The network that a word is, or everything of either family; undefined when it is none, and nothing has been said. */
  prefixOf(word: Word): Prefix | 'everything' | undefined {
    if (['default', 'any', 'all'].includes(word.text)) return 'everything';
    return word.text === 'default6' ? everythingOf('inet6') : readPrefix(word, this.#report);
  }
}

/** 0.0.0.0/0 or ::/0. */
export const everythingOf = (family: Family): Prefix => ({
  address: addressFromBytes(new Uint8Array(addressLength(family))),
  prefixLength: 0,
});

/**
 * ADDRESS or ADDRESS/LENGTH; undefined when there is no address, and nothing has been said. A length that is none is
 * said, and read as keepalived reads it when it runs: the digits in front, or 0.
 */
export function readPrefix(word: Word, report: Report): Prefix | undefined {
  const slash = word.text.indexOf('/');
  const address = parseAddress(slash < 0 ? word.text : word.text.slice(0, slash));
  if (address === undefined) return undefined;
  const max = maxPrefixLength(address.includes(':') ? 'inet6' : 'inet');
  if (slash < 0) return { address, prefixLength: max };
  const given = word.text.slice(slash + 1);
  const digits = /^\+?[0-9]*/.exec(given)?.[0] ?? '';
  const isInRange = Number(digits) <= max && !given.startsWith('-');
  const prefixLength = isInRange ? Number(digits) : max;
  const used = `${address}/${prefixLength} is used`;
  if (given === '') report.warning(word, `no prefix length behind the slash; ${used}`, { exitCode: 0 });
  else if (digits !== given || !isInRange) {
    const length = lengthOfMask(given);
    const details = length === undefined ? {} : { suggestion: `for the netmask ${given} write ${address}/${length}` };
    report.error(word, `expected a prefix length from 0 to ${max}, got '${given}'; ${used}`, details);
  }
  return { address, prefixLength };
}

/** A number in C's notations, modulo 2^32: -1 is 4294967295. */
export function wrapped(text: string): number | undefined {
  const [, minus, digits = ''] = /^([+-]?)(0x[0-9a-f]{1,16}|[0-9]{1,20})$/i.exec(text) ?? [];
  if (digits === '') return undefined;
  const isOctal = /^0[0-9]/.test(digits);
  if (isOctal && !/^[0-7]+$/.test(digits)) return undefined;
  const value = BigInt(isOctal ? `0o${digits}` : digits.toLowerCase());
  return Number(BigInt.asUintN(32, minus === '-' ? -value : value));
}

/** A number in C's notations that fits into 32 bits, without sign. */
export function unsigned(text: string): number | undefined {
  if (!/^\+?(0x[0-9a-f]{1,8}|[0-9]{1,11})$/i.test(text)) return undefined;
  return /^\+?[1-9]/.test(text) && Number(text) > UINT32_MAX ? undefined : wrapped(text);
}
