/** virtual_server_group { }: its lines, and the groups that they come to. keepalived.conf(5) "virtual_server_group". */
import {
  addressBytes,
  addressFromBytes,
  compareAddresses,
  type Family,
  familyOf,
  type IpAddress,
  maxPrefixLength,
  parseAddress,
} from '../base/address.ts';
import type { Report } from '../config/diagnostics.ts';
import { type Header, type LineType, list } from '../config/table.ts';
import type { Word } from '../config/tape.ts';
import { integer, oneOf, placeholder, UINT32_MAX } from '../config/values.ts';
import { complaintsAbout } from './methods.ts';
import type { AddressRange, FirewallMark, GroupMember, VirtualServerGroup } from './virtual-server.ts';

const FAMILIES = oneOf<Family>({ inet: 'inet', inet6: 'inet6' });
const mark = integer(0, UINT32_MAX, { leading: true });
const port = integer(1, 65535, { leading: true });

const line: LineType<GroupMember> = {
  expected:
    'an address, a range (10.0.0.1-9, 10.0.0.1-10.0.0.9) or a network, then a port if wanted; or fwmark, a number, and inet or inet6 if wanted',
  read: ([first, ...rest], report) => {
    if (first === undefined) return [];
    const member = first.text === 'fwmark' ? readMark(first, rest, report) : readAddresses(first, rest, report);
    return member === undefined ? [] : [member];
  },
};

function readMark(keyword: Word, [number, family]: readonly Word[], report: Report): FirewallMark | undefined {
  if (number === undefined) {
    report.error(keyword, 'fwmark has no value, expected a firewall mark', { exitCode: 2, fatal: true });
    return undefined;
  }
  const fwmark = mark.read([number], complaintsAbout('the line', report));
  if (fwmark === undefined) return undefined;
  if (family === undefined) return { kind: 'fwmark', fwmark };
  const given = FAMILIES.read([family], complaintsAbout('the line', report));
  return given === undefined ? undefined : { kind: 'fwmark', fwmark, family: given };
}

function readAddresses(word: Word, [second]: readonly Word[], report: Report): AddressRange | undefined {
  const { refuse } = complaintsAbout('the line', report);
  const range = rangeOf(word.text);
  if (typeof range === 'string') return refuse(word, range, placeholder(word.text));
  const given =
    second === undefined || /^0+$/.test(second.text) ? 0 : port.read([second], complaintsAbout('the line', report));
  return given === undefined ? undefined : { kind: 'addresses', family: familyOf(range.first), ...range, port: given };
}

interface Range {
  readonly first: IpAddress;
  readonly last: IpAddress;
}

/** The addresses that a word means, or what is wrong with it. */
function rangeOf(text: string): Range | string {
  const network = /^([^/-]*)(?:-[^/]*)?\/(.*)$/.exec(text);
  if (network !== null) return networkOf(network[1] ?? '', network[2] ?? '', text);
  const dash = text.indexOf('-');
  const start = dash < 0 ? text : text.slice(0, dash);
  const first = parseAddress(start);
  if (first === undefined) return `expected an IP address, got '${start}'`;
  if (dash < 0) return { first, last: first };
  const end = text.slice(dash + 1);
  const isAddress = familyOf(first) === 'inet' ? end.includes('.') : end.includes(':');
  if (!isAddress) return shortRange(first, end, text);
  const last = parseAddress(end);
  if (last === undefined || familyOf(last) !== familyOf(first)) {
    return `expected an address of the family of ${first} after the dash, got '${end}'`;
  }
  return compareAddresses(first, last) <= 0 ? { first, last } : `the range ${text} ends before it begins`;
}

function networkOf(start: string, length: string, text: string): Range | string {
  const first = parseAddress(start);
  if (first === undefined) return `expected an IP address, got '${start}'`;
  const bits = /^[0-9]{1,3}$/.test(length) ? Number(length) : 0;
  if (bits < 1 || bits > maxPrefixLength(familyOf(first))) return `'${length}' is no length of a prefix`;
  const bytes = addressBytes(first);
  const hostBits = bytes.map((_, i) => 0xff >> Math.min(8, Math.max(0, bits - 8 * i)));
  if (bytes.some((byte, i) => (byte & (hostBits[i] ?? 0)) !== 0)) return `${text} is an address in a network, not one`;
  return { first, last: addressFromBytes(bytes.map((byte, i) => byte | (hostBits[i] ?? 0))) };
}

/** The end of a range is the last byte of an IPv4 address, the last group of an IPv6 one. */
function shortRange(first: IpAddress, end: string, text: string): Range | string {
  const isV4 = familyOf(first) === 'inet';
  const isNumber = isV4 ? /^\+?[0-9]{1,10}$/.test(end) : /^\+?[0-9a-f]{1,8}$/i.test(end);
  const number = Number.parseInt(end, isV4 ? 10 : 16);
  const max = isV4 ? 0xff : 0xffff;
  if (end !== '' && (!isNumber || number > max)) {
    return `expected ${isV4 ? 'a number up to 255' : 'hex digits up to ffff'} after the dash, got '${end}'`;
  }
  const bytes = addressBytes(first);
  const at = isV4 ? 3 : 14;
  const before = isV4 ? (bytes[3] ?? 0) : ((bytes[14] ?? 0) << 8) | (bytes[15] ?? 0);
  if (end === '' || number <= before) return `the range ${text} ends where it begins, or before`;
  bytes.set(isV4 ? [number] : [number >> 8, number & 0xff], at);
  return { first, last: addressFromBytes(bytes) };
}

const NAME: Header = { min: 1, max: 1, expected: 'a name', missingIs: 2, exact: true };

/** virtual_server_group of the top level. */
export const virtualServerGroups = list(
  'virtual_server_group',
  line,
  'Addresses and marks that virtual servers share.',
  {
    header: NAME,
    whenEmpty: 'the group has no entries; it is left out',
  },
);

/** A group as it stands in the file. */
export interface GivenGroup {
  readonly keyword: Word;
  readonly name: string;
  readonly members: readonly GroupMember[];
}

/** The groups that virtual servers can use, in the order of the file. */
export function buildGroups(given: readonly GivenGroup[], report: Report): VirtualServerGroup[] {
  const groups: VirtualServerGroup[] = [];
  for (const { keyword, name, members } of given) {
    if (members.length === 0) continue; // each of its lines, or the lack of them, was a mistake
    const families = familiesOf(members);
    if (families.size > 1 && members.some((one) => one.kind === 'fwmark' && one.family === undefined)) {
      report.error(keyword, `group ${name} has both families, so its marks must say which; it is left out`, {
        suggestion: 'write inet or inet6 after each fwmark',
      });
      continue;
    }
    if (groups.some((other) => other.name === name)) {
      report.warning(keyword, `group ${name} is there already; this one is not used`, { exitCode: 0 });
    }
    groups.push({ name, members });
  }
  return groups;
}

/** The families that the members say. */
export const familiesOf = (members: readonly GroupMember[]): ReadonlySet<Family> =>
  new Set(members.flatMap(({ family }) => family ?? []));
