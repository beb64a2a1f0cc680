/**
 * The lines of virtual_ipaddress and virtual_ipaddress_excluded: `ADDRESS[/PREFIX] option…`, options in any order.
 * keepalived.conf(5) "virtual_ipaddress".
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
import { nearestWord } from '../config/suggestion.ts';
import type { LineType } from '../config/table.ts';
import { integer, isInterfaceName, placeholder, UINT32_MAX } from '../config/values.ts';
import type { VirtualAddress } from './instance.ts';

/** An address line as it was read; what the instance decides is still open. */
export interface AddressLine extends Omit<VirtualAddress, 'interface'> {
  readonly word: Word;
  /** Absent: the interface of the instance. */
  readonly interface?: string;
}

/** Names of /etc/iproute2/rt_scopes as iproute2 ships it, with the kernel's numbers: linux/rtnetlink.h. */
const SCOPES: Readonly<Record<string, number>> = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 };

/** IFNAMSIZ without its NUL: an address label is stored like an interface name. */
const LABEL_MAX = 15;

/** INFINITY_LIFE_TIME of linux/if_addr.h. */
const FOREVER = 4294967295;

/** What an option does to the address, or undefined when the whole address is to be dropped (reported). */
type Option = (line: AddressLine, words: Words, report: Report) => AddressLine | undefined;

/** The words of a line, taken one by one. */
interface Words {
  readonly option: Word;
  next(): Word | undefined;
}

const OPTIONS: Readonly<Record<string, Option>> = {
  dev: withParameter((line, name, report) => {
    if (line.interface !== undefined) return dropped(report, name, `dev is given twice for ${line.word.text}`);
    if (isInterfaceName(name.text)) return { ...line, interface: name.text };
    return dropped(report, name, `'${name.text}' cannot be the name of an interface`);
  }),
  scope: withParameter((line, name, report) => {
    const scope = Object.hasOwn(SCOPES, name.text) ? SCOPES[name.text] : scopeNumber(name.text);
    if (scope === undefined) {
      report.error(name, `unknown scope '${name.text}'; global is used`, {
        suggestion: `scopes are ${Object.keys(SCOPES).join(', ')} or a number from 0 to 255`,
      });
      return line;
    }
    if (familyOf(line.address) === 'inet') return { ...line, scope };
    report.warning(name, 'IPv6 addresses have no scope option; it is ignored');
    return line;
  }),
  label: withParameter((line, label, report) => {
    if (familyOf(line.address) === 'inet6') {
      report.warning(label, 'IPv6 addresses have no label; it is ignored');
      return line;
    }
    if (new TextEncoder().encode(label.text).length <= LABEL_MAX && label.text !== '')
      return { ...line, label: label.text };
    return dropped(report, label, `the label '${label.text}' is longer than ${LABEL_MAX} bytes`);
  }),
  brd: withParameter(broadcastOption),
  broadcast: withParameter(broadcastOption),
  peer: withParameter((line, word, report) => {
    const peer = parseAddress(word.text);
    if (peer === undefined) return dropped(report, word, `expected the address of the peer, got '${word.text}'`);
    if (familyOf(peer) === familyOf(line.address)) return { ...later(line, word, 'peer', report), peer };
    return dropped(report, word, `the peer ${peer} is not of the family of ${line.address}`);
  }),
  preferred_lft: withParameter((line, word, report) => {
    const given = later(line, word, 'preferred_lft', report);
    if (word.text === 'forever') return { ...given, preferredLifetime: FOREVER };
    const refuse = (at: Word, problem: string) => dropped(report, at, problem);
    const preferredLifetime = integer(0, UINT32_MAX).read([word], { refuse, correct: () => {} });
    return preferredLifetime === undefined ? undefined : { ...given, preferredLifetime };
  }),
  track_group: withParameter((line, group, report) => later(line, group, 'track_group', report)),
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
  (OPTIONS as Record<string, Option>)[option] = (line, words, report) => ({
    ...later(line, words.option, option, report),
    [key]: true,
  });
}

/** One address with its options. Nothing, when keepalived would not take it either. */
export const addressLine: LineType<AddressLine> = {
  expected: 'an address, its prefix length after a slash, and options',
  strict: true,
  read(given, report) {
    const [first] = given;
    let line = first && readAddress(first, report);
    for (let i = 1; line !== undefined && i < given.length; i++) {
      const option = given[i] as Word;
      const known = Object.hasOwn(OPTIONS, option.text) ? OPTIONS[option.text] : undefined;
      if (known === undefined) {
        const near = nearestWord(option.text, Object.keys(OPTIONS));
        const isAddress = parseAddress(option.text.split('/')[0] ?? '') !== undefined;
        const suggestion = isAddress ? 'write each address on a line of its own' : near && `did you mean ${near}?`;
        report.error(option, `unknown option '${option.text}' of the address ${line.word.text}; it is ignored`, {
          ...(suggestion ? { suggestion } : {}),
        });
      } else line = known(line, { option, next: () => given[++i] }, report);
    }
    return line === undefined ? [] : [line];
  },
};

function readAddress(word: Word, report: Report): AddressLine | undefined {
  const slash = word.text.indexOf('/');
  const text = slash < 0 ? word.text : word.text.slice(0, slash);
  const address = parseAddress(text);
  if (address === undefined) {
    const suggestion = placeholder(text);
    report.error(word, `expected an IP address, got '${text}'; the line is ignored`, suggestion ? { suggestion } : {});
    return undefined;
  }
  const max = maxPrefixLength(familyOf(address));
  const bare: AddressLine = { word, address, prefixLength: max, scope: 0 };
  if (slash < 0) return bare;
  const prefix = word.text.slice(slash + 1);
  // With something behind the number keepalived complains, and runs with the number all the same.
  const digits = /^[0-9]{1,3}/.exec(prefix)?.[0] ?? '';
  const prefixLength = digits !== '' && Number(digits) <= max ? Number(digits) : max;
  if (digits === prefix && Number(digits) === prefixLength) return { ...bare, prefixLength };
  report.error(word, `expected a prefix length from 0 to ${max}, got '${prefix}'; ${text}/${prefixLength} is used`);
  return { ...bare, prefixLength };
}

function withParameter(apply: (line: AddressLine, parameter: Word, report: Report) => AddressLine | undefined): Option {
  return (line, words, report) => {
    const parameter = words.next();
    if (parameter !== undefined) return apply(line, parameter, report);
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

const scopeNumber = (text: string): number | undefined =>
  /^[0-9]{1,3}$/.test(text) && Number(text) <= 255 ? Number(text) : undefined;

function dropped(report: Report, at: Word, problem: string): undefined {
  report.error(at, `${problem}; the address is ignored`);
}

function later(line: AddressLine, at: Word, option: string, report: Report): AddressLine {
  report.notActedOn(at, `${option} of an address`);
  return line;
}
