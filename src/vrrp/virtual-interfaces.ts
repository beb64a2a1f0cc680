/**
 * use_vmac and use_ipvlan: the interface of its own that an instance puts on another one, and the names that such
 * interfaces get. keepalived.conf(5) "use_vmac", "use_ipvlan", "vmac_prefix".
 */
import { type Family, familyOf, maxPrefixLength, parseAddress } from '../base/address.ts';
import type { Report } from '../config/diagnostics.ts';
import type { Word } from '../config/lexer.ts';
import { isInterfaceName } from '../config/values.ts';
import { macFromBytes, virtualMac } from '../wire/ethernet.ts';
import type { Ipvlan, VirtualMac } from './instance.ts';
import type { Prefix } from './route.ts';

/** What an instance says about interfaces of its own, before its VRID and the name are settled. */
export interface GivenInterface {
  readonly useVmac: boolean;
  readonly useIpvlan: boolean;
  /** Absent: made from a prefix and the VRID. */
  readonly name?: string;
  /** vmac: 5 bytes, which the VRID follows, or all 6. Absent: the RFC's. */
  readonly mac?: readonly number[];
  readonly address?: Prefix;
  readonly mode?: Ipvlan['mode'];
}

export const NO_INTERFACE: GivenInterface = { useVmac: false, useIpvlan: false };

/** What is asked about names. */
export interface InterfaceNames {
  /** IFLA_INFO_KIND of an interface of the host; 'hardware' for others; undefined: there is none. */
  kindOf(name: string): string | undefined;
  /** The instance that has named its interface so. */
  ownerOf(name: string): string | undefined;
}

const MODES = ['bridge', 'private', 'vepa'] as const;

/** Octets before the VRID of the RFC's addresses: RFC 5798 §7.3. */
const RFC_PREFIXES = ['0,0,94,0,1', '0,0,94,0,2'];

/** The words of a use_vmac: a name and a MAC address, in any order. @param before what earlier lines said */
export function readVmac(
  words: readonly Word[],
  before: GivenInterface,
  names: InterfaceNames,
  report: Report,
): GivenInterface {
  let given: GivenInterface = { ...before, useVmac: true };
  for (const word of words) {
    if (given.name !== undefined && given.mac !== undefined) break; // keepalived looks no further
    const mac = word.text.includes(':') ? macOf(word, report) : undefined;
    if (mac !== undefined) given = { ...given, mac };
    else if (!word.text.includes(':')) given = withName(given, word, 'macvlan', names, report);
  }
  return given;
}

/** The words of a use_ipvlan: a name, an address and a mode, in any order. @param before what earlier lines said */
export function readIpvlan(
  words: readonly Word[],
  before: GivenInterface,
  names: InterfaceNames,
  report: Report,
): GivenInterface {
  let given: GivenInterface = { ...before, useIpvlan: true };
  for (const word of words) {
    const mode = MODES.find((one) => one === word.text);
    const address = mode === undefined ? addressOf(word.text) : undefined;
    if (address !== undefined) given = { ...given, address };
    else if (mode === undefined) given = withName(given, word, 'ipvlan', names, report);
    else if (given.mode === undefined) given = { ...given, mode };
    else report.error(word, `the mode is ${given.mode} already; '${mode}' is ignored`);
  }
  return given;
}

/** An address, with a prefix length or without. */
function addressOf(text: string): Prefix | undefined {
  const [first = '', length, more] = text.split('/');
  const address = parseAddress(first);
  if (address === undefined || more !== undefined) return undefined;
  const max = maxPrefixLength(familyOf(address));
  if (length === undefined) return { address, prefixLength: max };
  const prefixLength = /^[0-9]{1,3}$/.test(length) ? Number(length) : max + 1;
  return prefixLength <= max ? { address, prefixLength } : undefined;
}

function withName(
  given: GivenInterface,
  word: Word,
  kind: 'macvlan' | 'ipvlan',
  names: InterfaceNames,
  report: Report,
): GivenInterface {
  const { text } = word;
  const problem = nameProblem(given, text, kind, names);
  if (problem === undefined) return { ...given, name: text };
  report.error(word, `${problem}; '${text}' is ignored`);
  return given;
}

function nameProblem(given: GivenInterface, name: string, kind: string, names: InterfaceNames): string | undefined {
  if (given.name !== undefined) return `the interface is called ${given.name} already`;
  if (!isInterfaceName(name)) return 'this cannot be the name of an interface';
  const there = names.kindOf(name);
  if (there !== undefined && there !== kind) return `there is another interface of that name, which is no ${kind}`;
  const owner = names.ownerOf(name);
  return owner === undefined ? undefined : `${owner} uses that name`;
}

/** 5 or 6 octets in hexadecimal; more are not looked at. */
function macOf(word: Word, report: Report): number[] | undefined {
  const refuse = (problem: string): undefined => void report.error(word, `${problem}; '${word.text}' is ignored`);
  const octets = word.text.split(':').slice(0, 6);
  if (octets.length < 5 || !octets.every((octet) => /^[0-9a-fA-F]{1,2}$/.test(octet))) {
    return refuse('a MAC address has 6 octets, or 5 that the VRID follows');
  }
  const mac = octets.map((octet) => Number.parseInt(octet, 16));
  if (((mac[0] ?? 0) & 1) !== 0) return refuse('this is a multicast address');
  if (RFC_PREFIXES.includes(mac.slice(0, 5).join(','))) {
    return refuse('the address of the RFC is the one that is used without any');
  }
  return mac;
}

/** What the instance gets, with its name settled. */
export function virtualMacOf(
  given: GivenInterface,
  name: string,
  vrid: number,
  family: Family,
  transmitBase: boolean,
): VirtualMac {
  const { mac } = given;
  if (mac === undefined) return { name, mac: virtualMac(vrid, family), macFrom: 'rfc', transmitBase };
  const whole = mac.length === 6 ? mac : [...mac, vrid];
  const macFrom = mac.length === 6 ? 'whole' : 'prefix';
  return { name, mac: macFromBytes(Uint8Array.from(whole)), macFrom, transmitBase };
}

export function ipvlanOf(given: GivenInterface, name: string): Ipvlan {
  const { address, mode = 'bridge' } = given;
  return { name, mode, ...(address === undefined ? {} : { address }) };
}

/** As much of the prefix as leaves room for a number and the VRID in an interface's name. */
const NAME_MAX = 15;

/**
 * A free name: PREFIX.VRID, for IPv6 then PREFIX6.VRID, then PREFIX1.VRID, PREFIX2.VRID and so on, as keepalived.
 * @param isTaken by an interface of the host or another instance
 */
export function freeName(prefix: string, vrid: number, family: Family, isTaken: (name: string) => boolean): string {
  const called = (number: string): string => {
    const end = `${number}.${vrid}`;
    return prefix.slice(0, NAME_MAX - end.length) + end;
  };
  const candidates = ['', ...(family === 'inet6' ? ['6'] : [])].map(called);
  const free = candidates.find((name) => !isTaken(name));
  if (free !== undefined) return free;
  let number = 1;
  while (isTaken(called(String(number)))) number++;
  return called(String(number));
}
