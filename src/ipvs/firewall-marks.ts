/**
 * keepalived.conf(5) "nftables_ipvs": a virtual_server_group is one service of a firewall mark for each protocol and family,
 * and not one for each of its addresses; nftables gives packets to the addresses the mark. Which group gets which mark, what
 * its virtual servers come to, and the nftables tables for it.
 *
 * The rules are keepalived's, but that an entry without a port gets packets to every port. As there, a group that has marks of its
 * own already is left as it is, and of groups with the same address the first one counts.
 */
import { addressBytes, addressFromBytes, addressLength, type Family, type IpAddress } from '../base/address.ts';
import { concatBytes, fromHex } from '../base/bytes.ts';
import type { Protocol } from '../wire/ipvs.ts';
import type { Expression } from '../wire/nftables-expressions.ts';
import type { SetDescription, TableDescription } from '../wire/nftables-table.ts';
import { familiesOf } from './group-keywords.ts';
import type { AddressRange, VirtualServer } from './virtual-server.ts';

/** keepalived.conf(5) "nftables_ipvs", "nftables_ipvs_priority", "nftables_ipvs_start_fwmark". */
export interface MarkSettings {
  /** The name of our tables. */
  readonly table: string;
  /** Of the chains. */
  readonly priority: number;
  /** 1-4294967295 */
  readonly firstMark: number;
}

/** The marks, by `markKey`. */
export type Marks = ReadonlyMap<string, number>;

/** Packets that get a mark. */
export interface MarkedRange extends Omit<AddressRange, 'kind'> {
  readonly protocol: Protocol;
  readonly mark: number;
}

const MARK_MAX = 0xffff_ffff;

/** What has a mark of its own: a group, once for each protocol of its virtual servers. */
const markKey = (name: string, protocol: Protocol): string => `${protocol} ${name}`;

/** A virtual server whose group consists of addresses. */
interface OfAddresses {
  readonly key: string;
  readonly protocol: Protocol;
  readonly members: readonly AddressRange[];
}

function ofAddresses({ target, protocol }: VirtualServer): OfAddresses | undefined {
  if (target.kind !== 'group' || protocol === undefined) return undefined;
  const members = target.members.filter((one) => one.kind === 'addresses');
  if (members.length < target.members.length) return undefined;
  return { key: markKey(target.name, protocol), protocol, members };
}

/**
 * A mark for each group and protocol, in the order of the file from the first mark on; never one that the file names itself.
 * @param before what stays keeps its mark, so that its connections stay too
 */
export function assignMarks(virtualServers: readonly VirtualServer[], firstMark: number, before: Marks): Marks {
  const taken = new Set(virtualServers.flatMap(marksNamedBy));
  const wanted = [...new Set(virtualServers.flatMap((one) => ofAddresses(one)?.key ?? []))];
  const marks = new Map<string, number>();
  for (const key of wanted) {
    const mark = before.get(key);
    if (mark === undefined || taken.has(mark)) continue;
    marks.set(key, mark);
    taken.add(mark);
  }
  let next = firstMark;
  for (const key of wanted) {
    if (marks.has(key)) continue;
    while (taken.has(next)) next = next === MARK_MAX ? 1 : next + 1;
    marks.set(key, next);
    taken.add(next);
  }
  return new Map(wanted.map((key) => [key, marks.get(key) ?? firstMark]));
}

function marksNamedBy({ target }: VirtualServer): number[] {
  if (target.kind === 'fwmark') return [target.fwmark];
  if (target.kind === 'address') return [];
  return target.members.flatMap((one) => (one.kind === 'fwmark' ? [one.fwmark] : []));
}

/** The virtual servers with the marks in place of the addresses of their groups: one for each family. */
export function withMarks(virtualServers: readonly VirtualServer[], marks: Marks): readonly VirtualServer[] {
  return virtualServers.map((virtualServer) => {
    const found = ofAddresses(virtualServer);
    const fwmark = found && marks.get(found.key);
    const { target } = virtualServer;
    if (found === undefined || fwmark === undefined || target.kind !== 'group') return virtualServer;
    const members = [...familiesOf(found.members)].map((family) => ({ kind: 'fwmark', fwmark, family }) as const);
    return { ...virtualServer, target: { ...target, members } };
  });
}

/** What gets which mark. No two overlap. */
export function markedRanges(virtualServers: readonly VirtualServer[], marks: Marks): readonly MarkedRange[] {
  const seen = new Set<string>();
  return distinct(
    virtualServers.flatMap((virtualServer) => {
      const found = ofAddresses(virtualServer);
      const mark = found && marks.get(found.key);
      if (found === undefined || mark === undefined || seen.has(found.key)) return [];
      seen.add(found.key);
      return found.members.map(({ kind: _, ...range }) => ({ ...range, protocol: found.protocol, mark }));
    }),
  );
}

interface Interval {
  readonly first: bigint;
  readonly last: bigint;
  readonly mark: number;
}

/** The same without overlaps: of what two say the first counts. */
export function distinct(ranges: readonly MarkedRange[]): readonly MarkedRange[] {
  const classes = new Map<string, { of: MarkedRange; intervals: Interval[] }>();
  for (const range of ranges) {
    const { family, protocol, port, first, last, mark } = range;
    const key = `${family} ${protocol} ${port}`;
    const found = classes.get(key) ?? { of: range, intervals: [] };
    classes.set(key, found);
    insert(found.intervals, { first: numberOf(first), last: numberOf(last), mark });
  }
  return [...classes.values()].flatMap(({ of: { family, protocol, port }, intervals }) =>
    intervals.map(({ first, last, mark }) => ({
      family,
      first: addressOf(first, family),
      last: addressOf(last, family),
      port,
      protocol,
      mark,
    })),
  );
}

/** What the others leave of it, between them. @param sorted without overlaps */
function insert(sorted: Interval[], { first, last, mark }: Interval): void {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as Interval).last < first) low = middle + 1;
    else high = middle;
  }
  const pieces: Interval[] = [];
  let from = first;
  let end = low;
  for (let other = sorted[end]; other !== undefined && other.first <= last; other = sorted[++end]) {
    if (from < other.first) pieces.push({ first: from, last: other.first - 1n, mark });
    pieces.push(other);
    from = other.last + 1n;
  }
  if (from <= last) pieces.push({ first: from, last, mark });
  sorted.splice(low, end - low, ...pieces);
}

const numberOf = (address: IpAddress): bigint =>
  addressBytes(address).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const addressOf = (number: bigint, family: Family): IpAddress =>
  addressFromBytes(fromHex(number.toString(16).padStart(2 * addressLength(family), '0')));

/** The tables that give packets their marks: none, one or two. */
export function markTables(
  ranges: readonly MarkedRange[],
  { table, priority }: Pick<MarkSettings, 'table' | 'priority'>,
): readonly TableDescription[] {
  return FAMILIES.flatMap((family) => {
    const parts = PROTOCOLS.flatMap((protocol) =>
      [false, true].flatMap((ofAllPorts) => {
        const chosen = ranges.filter(
          (one) => one.family === family && one.protocol === protocol && (one.port === 0) === ofAllPorts,
        );
        if (chosen.length === 0) return [];
        const map = mapOf(`${protocol.toLowerCase()}${ofAllPorts ? '_all_ports' : ''}_map`, family, chosen);
        return [{ map, rule: ruleOf(map.name, family, protocol) }];
      }),
    );
    if (parts.length === 0) return [];
    const chain = { name: 'in', hook: { name: 'input', priority }, rules: parts.map(({ rule }) => rule) } as const;
    return [{ family, name: table, sets: parts.map(({ map }) => map), chains: [chain] }];
  });
}

const FAMILIES: readonly Family[] = ['inet', 'inet6'];
const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];
/** Assigned Internet Protocol Numbers: RFC 9293, RFC 768, RFC 9260. */
const PROTOCOL_NUMBERS: Readonly<Record<Protocol, number>> = { TCP: 6, UDP: 17, SCTP: 132 };
/** Where the destination stands in the header: RFC 791 §3.1, RFC 8200 §3. */
const DESTINATIONS = { inet: { offset: 16, length: 4 }, inet6: { offset: 24, length: 16 } } as const;
/** The piece of a register behind the address: the port follows it. */
const BEHIND_ADDRESS = { inet: 9, inet6: 2 } as const;

const mapOf = (name: string, family: Family, ranges: readonly MarkedRange[]): SetDescription => ({
  name,
  key: [family === 'inet' ? 'ipv4_addr' : 'ipv6_addr', 'inet_service'],
  value: 'mark',
  interval: true,
  elements: ranges.map(({ first, last, port, mark }) => ({
    key: keyOf(first, port),
    keyEnd: keyOf(last, port === 0 ? 0xffff : port),
    // in the machine's byte order
    value: new Uint8Array(Uint32Array.of(mark).buffer),
  })),
});

/** The port is filled up to four bytes. */
const keyOf = (address: IpAddress, port: number): Uint8Array =>
  concatBytes(addressBytes(address), Uint8Array.of(port >> 8, port & 0xff, 0, 0));

/** Who has got a mark goes no further: what is said of a port comes before what is said of all. */
const ruleOf = (map: string, family: Family, protocol: Protocol): readonly Expression[] => [
  { type: 'meta', key: 'protocol', register: 1 },
  { type: 'equal', register: 1, value: Uint8Array.of(PROTOCOL_NUMBERS[protocol]) },
  { type: 'payload', base: 'network', ...DESTINATIONS[family], register: 1 },
  { type: 'payload', base: 'transport', offset: 2, length: 2, register: BEHIND_ADDRESS[family] },
  { type: 'lookup', set: map, register: 1, destination: 1 },
  { type: 'set-meta', key: 'mark', register: 1 },
  { type: 'verdict', verdict: 'return' },
];
