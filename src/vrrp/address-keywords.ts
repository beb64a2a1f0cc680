/**
 * The lines of virtual_ipaddress, virtual_ipaddress_excluded and static_ipaddress: `ADDRESS[/PREFIX] option…`, options in
 * any order. keepalived.conf(5) "virtual_ipaddress". An option without its value drops the line, most wrong values only
 * the option.
 */
import {
  addressBytes,
  addressFromBytes,
  familyOf,
  type IpAddress,
  maxPrefixLength,
  parseAddress,
} from '../base/address.ts';
import type { Report } from '../config/diagnostics.ts';
import type { Word } from '../config/lexer.ts';
import { lengthOfMask } from '../config/slips.ts';
import { nearestWord } from '../config/suggestion.ts';
import type { LineType } from '../config/table.ts';
import { addressHint, isInterfaceName, UINT32_MAX } from '../config/values.ts';
import type { VirtualAddress } from './instance.ts';
import { addressOptions, staticAddressOptions } from './line-options.ts';
import { readPrefix, wrapped } from './line-words.ts';
import { shippedNames } from './number-names.ts';

/** An address line as it was read; what the instance decides is still open. */
export interface AddressLine extends Omit<VirtualAddress, 'interface'> {
  readonly word: Word;
  /** Absent: the interface of the instance. */
  readonly interface?: string;
  readonly trackGroup?: string;
}

const SCOPE_MAX = 255;
/** IFNAMSIZ without its NUL: an address label is stored like an interface name. */
const LABEL_MAX = 15;
/** INFINITY_LIFE_TIME of linux/if_addr.h. */
export const FOREVER = 4294967295;

/** What an option does to the address, or undefined when the whole address is to be dropped (reported). */
type Option = (line: AddressLine, words: Words, report: Report) => AddressLine | undefined;

/** The words of a line, taken one by one. */
interface Words {
  readonly option: Word;
  next(): Word | undefined;
  /** The next word again. */
  back(): void;
  numberOf(kind: string, name: string): number | undefined;
}

export const OPTIONS: Readonly<Record<string, Option>> = {
  dev: withParameter((line, name, report) => {
    if (line.interface !== undefined) return dropped(report, name, `dev is given twice for ${line.word.text}`);
    if (isInterfaceName(name.text)) return { ...line, interface: name.text };
    return dropped(report, name, `'${name.text}' cannot be the name of an interface`);
  }),
  scope: withParameter((line, name, report, words) => {
    const scope = words.numberOf('scope', name.text) ?? wrapped(name.text);
    if (scope === undefined || scope > SCOPE_MAX) {
      return ignored(line, report, name, `unknown scope '${name.text}'; global is used`, {
        suggestion: 'scopes are global, site, link, host, nowhere or a number from 0 to 255',
      });
    }
    if (familyOf(line.address) === 'inet') return { ...line, scope };
    return ignored(line, report, name, 'IPv6 addresses have no scope option; it is ignored');
  }),
  label: withParameter((line, label, report) => {
    const { text } = label;
    if (new TextEncoder().encode(text).length > LABEL_MAX) {
      return dropped(report, label, `the label '${text}' is longer than ${LABEL_MAX} bytes`);
    }
    if (familyOf(line.address) === 'inet') return { ...line, label: text };
    return ignored(line, report, label, 'IPv6 addresses have no label; it is ignored');
  }),
  brd: withParameter(broadcastOption),
  broadcast: withParameter(broadcastOption),
  peer: withParameter((line, word, report, words) => {
    if (line.peer !== undefined) {
      words.back();
      return ignored(line, report, word, `the other end is ${line.peer} already; ${word.text} is ignored`);
    }
    const peer = parseAddress(word.text);
    if (peer === undefined) {
      return ignored(line, report, word, `expected the address of the other end, got '${word.text}'; it is ignored`);
    }
    if (familyOf(peer) !== familyOf(line.address)) {
      return ignored(line, report, word, `${peer} is not of the family of ${line.address}; it is ignored`);
    }
    const prefixLength = maxPrefixLength(familyOf(peer));
    if (line.prefixLength !== prefixLength) {
      report.warning(line.word, `with peer the address has no prefix length; ${line.address}/${prefixLength} is used`);
    }
    return { ...line, prefixLength, peer };
  }),
  preferred_lft: withParameter((line, word, report) => {
    if (word.text === 'forever') return { ...line, preferredLifetime: FOREVER };
    const digits = /^\+?[0-9]*/.exec(word.text)?.[0] ?? '';
    const isInRange = Number(digits) <= UINT32_MAX && !word.text.startsWith('-');
    if (digits !== word.text) {
      const consequence = isInRange ? `${Number(digits)} is used` : 'it is ignored';
      report.error(word, `preferred_lft: expected seconds or forever, got '${word.text}'; ${consequence}`);
    } else if (!isInRange) report.error(word, `preferred_lft: ${word.text} is more than 32 bits; it is ignored`);
    return isInRange ? { ...line, preferredLifetime: Number(digits) } : line;
  }),
};

/** Options without a value, and what they set. */
export const ADDRESS_FLAGS = {
  home: 'home',
  '-nodad': 'detectDuplicates',
  mngtmpaddr: 'manageTemporary',
  noprefixroute: 'noPrefixRoute',
  autojoin: 'autojoin',
  no_track: 'noTrack',
  use_vmac: 'useVmac',
} as const satisfies Readonly<Record<string, keyof VirtualAddress>>;
for (const [option, key] of Object.entries(ADDRESS_FLAGS)) {
  (OPTIONS as Record<string, Option>)[option] = (line, words, report) => {
    if (option === 'use_vmac') report.notActedOn(words.option, 'use_vmac of an address');
    return { ...line, [key]: true };
  };
}

/** The options of addresses that belong to no instance. */
const { use_vmac: _, ...others } = OPTIONS;
const STATIC_OPTIONS: Readonly<Record<string, Option>> = {
  ...others,
  track_group: withParameter((line, group) => ({ ...line, trackGroup: group.text })),
};

/** One address with its options; nothing, when keepalived would not take it either. @param isStatic of no instance */
export const addressLine = (isStatic: boolean): LineType<AddressLine> => ({
  expected: 'an address, its prefix length after a slash, and options',
  options: isStatic ? staticAddressOptions : addressOptions,
  strict: true,
  read(given, report, numberOf = shippedNames) {
    const options = isStatic ? STATIC_OPTIONS : OPTIONS;
    const [first] = given;
    let line = first && readAddress(first, report);
    const others: Word[] = [];
    for (let i = 1; line !== undefined && i < given.length; i++) {
      const option = given[i] as Word;
      const known = Object.hasOwn(options, option.text) ? options[option.text] : undefined;
      if (known === undefined && parseAddress(option.text.split('/')[0] ?? '') !== undefined) others.push(option);
      else if (known === undefined) {
        const near = unknown(option, line, options, report);
        // What stands behind a misspelt option is its value.
        const value = given[i + 1];
        if (near !== undefined && !Object.hasOwn(ADDRESS_FLAGS, near) && value && !Object.hasOwn(options, value.text))
          i++;
      } else line = known(line, { option, next: () => given[++i], back: () => i--, numberOf }, report);
    }
    const [second, ...more] = others;
    if (second !== undefined && first !== undefined) {
      const all = more.length === 0 ? 'it is' : `it and ${more.length} more are`;
      report.error(second, `'${second.text}' is another address in the line of ${first.text}; ${all} ignored`, {
        suggestion: maskHint(second.text, first.text) ?? 'write each address on a line of its own',
      });
    }
    return line === undefined ? [] : [line];
  },
});

/** What to write instead of `10.0.0.1 255.255.255.0`. */
function maskHint(mask: string, address: string): string | undefined {
  const length = lengthOfMask(mask);
  return length === undefined ? undefined : `for the netmask ${mask} write ${address.replace(/\/.*/, '')}/${length}`;
}

/** Says that nobody knows the option. @returns the one that was probably meant */
function unknown(option: Word, line: AddressLine, options: object, report: Report): string | undefined {
  const near = nearestWord(option.text, Object.keys(options), report);
  report.error(option, `unknown option '${option.text}' of the address ${line.word.text}; it is ignored`, {
    ...(near ? { suggestion: `did you mean ${near}?` } : {}),
  });
  return near;
}

function readAddress(word: Word, report: Report): AddressLine | undefined {
  const prefix = readPrefix(word, report);
  if (prefix !== undefined) return { word, ...prefix, scope: 0 };
  const text = word.text.split('/')[0] ?? '';
  const suggestion = addressHint(text);
  report.error(word, `expected an IP address, got '${text}'; the line is ignored`, suggestion ? { suggestion } : {});
  return undefined;
}

function withParameter(
  apply: (line: AddressLine, parameter: Word, report: Report, words: Words) => AddressLine | undefined,
): Option {
  return (line, words, report) => {
    const parameter = words.next();
    if (parameter !== undefined) return apply(line, parameter, report, words);
    return dropped(report, words.option, `${words.option.text} has no value`);
  };
}

/** `+` sets the host bits, `-` clears them, anything else is the address itself. */
function broadcastOption(line: AddressLine, word: Word, report: Report): AddressLine | undefined {
  if (familyOf(line.address) === 'inet6') return dropped(report, word, 'IPv6 has no broadcast address');
  if (word.text === '+' || word.text === '-') {
    if (line.prefixLength <= 30) return { ...line, broadcast: hostBits(line.address, line.prefixLength, word.text) };
    report.warning(word, `a /${line.prefixLength} has no room for a broadcast address; ${word.text} is ignored`);
    return line;
  }
  const broadcast = parseAddress(word.text);
  if (broadcast !== undefined && familyOf(broadcast) === 'inet') return { ...line, broadcast };
  return dropped(report, word, `expected an IPv4 broadcast address, + or -, got '${word.text}'`);
}

function hostBits(address: IpAddress, prefixLength: number, mode: '+' | '-'): IpAddress {
  const bytes = addressBytes(address).map((byte, i) => {
    const host = 0xff >> Math.min(8, Math.max(0, prefixLength - 8 * i));
    return mode === '+' ? byte | host : byte & ~host;
  });
  return addressFromBytes(bytes);
}

function dropped(report: Report, at: Word, problem: string): undefined {
  report.error(at, `${problem}; the address is ignored`);
}

/** The option does not count. */
function ignored(
  line: AddressLine,
  report: Report,
  at: Word,
  message: string,
  details: { suggestion?: string } = {},
): AddressLine {
  report.error(at, message, details);
  return line;
}
