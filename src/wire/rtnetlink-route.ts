/**
 * rtnetlink: routes and rules, as far as virtual routes and rules need them: one next hop, no metrics. rtnetlink(7),
 * linux/rtnetlink.h, linux/fib_rules.h.
 */

import { addressLength, type Family, familyOf, type IpAddress, maxPrefixLength } from '../base/address.ts';
import { assert } from '../base/assert.ts';
import { concatBytes, viewOf } from '../base/bytes.ts';
import { fault, ok, type Result } from '../base/result.ts';
import { attributeTable, decodeAttributes, encodeAttributes } from './netlink-attributes.ts';
import { familyNumber, familyOfNumber, type RtnetlinkFault } from './rtnetlink.ts';

/** Message types: RTM_* in linux/rtnetlink.h. */
export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;
export const RTM_NEWRULE = 32;
export const RTM_DELRULE = 33;
export const RTM_GETRULE = 34;

/** RT_TABLE_UNSPEC and RT_TABLE_MAIN in linux/rtnetlink.h. */
export const RT_TABLE_UNSPEC = 0;
export const RT_TABLE_MAIN = 254;

const HEADER_LENGTH = 12;

/** An address and how many of its first bits count. */
export interface Prefix {
  readonly address: IpAddress;
  /** 0-32 or 0-128. */
  readonly prefixLength: number;
}

//  struct rtmsg, linux/rtnetlink.h
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +---------------+---------------+---------------+---------------+
//  |    Family     |  Dest. length | Source length |      TOS      |
//  +---------------+---------------+---------------+---------------+
//  |   Table id    |   Protocol    |     Scope     |     Type      |
//  +---------------+---------------+---------------+---------------+
//  |                             Flags                             |
//  +---------------------------------------------------------------+

/** enum rtattr_type_t in linux/rtnetlink.h. */
const routeAttributes = attributeTable({
  destination: [1, 'RTA_DST', 'address'],
  source: [2, 'RTA_SRC', 'address'],
  outputInterface: [4, 'RTA_OIF', 'u32'],
  gateway: [5, 'RTA_GATEWAY', 'address'],
  priority: [6, 'RTA_PRIORITY', 'u32'],
  preferredSource: [7, 'RTA_PREFSRC', 'address'],
  table: [15, 'RTA_TABLE', 'u32'],
});

/** A route with at most one next hop: the body of RTM_NEWROUTE and RTM_DELROUTE. */
export interface RouteMessage {
  readonly family: Family;
  /** Absent: every destination. */
  readonly destination?: Prefix;
  readonly source?: Prefix;
  readonly typeOfService: number;
  /** RT_TABLE_*: 254 main, 255 local, 253 default; all 32 bits. */
  readonly table: number;
  /** RTPROT_*: who installed it; 2 kernel, 3 boot, 4 static, 18 keepalived. */
  readonly protocol: number;
  /** RT_SCOPE_*: 0 universe, 253 link, 254 host. */
  readonly scope: number;
  /** RTN_*: 1 unicast, 2 local, 3 broadcast, 6 blackhole, 7 unreachable, 8 prohibit. */
  readonly routeType: number;
  /** RTNH_F_* and RTM_F_*. */
  readonly flags: number;
  /** The interface index of the next hop. */
  readonly outputInterface?: number;
  readonly gateway?: IpAddress;
  /** The metric: the lowest wins. */
  readonly priority?: number;
  readonly preferredSource?: IpAddress;
}

/** Reads the body of RTM_NEWROUTE or RTM_DELROUTE. */
export function decodeRoute(body: Uint8Array): Result<RouteMessage, RtnetlinkFault> {
  const head = decodeHead(body);
  if (!head.ok) return head;
  const { family, destinationLength, sourceLength, view } = head.value;
  const outcome = decodeAttributes(routeAttributes, body.subarray(HEADER_LENGTH));
  if (!outcome.ok) return outcome;
  const { destination, source, table, ...attributes } = outcome.value;
  const { gateway, preferredSource } = attributes;
  if (!allOf(family, destination, source, gateway, preferredSource)) return fault('attribute-value');
  return ok({
    family,
    ...prefixOf('destination', family, destination, destinationLength),
    ...prefixOf('source', family, source, sourceLength),
    typeOfService: view.getUint8(3),
    table: table ?? view.getUint8(4),
    protocol: view.getUint8(5),
    scope: view.getUint8(6),
    routeType: view.getUint8(7),
    flags: view.getUint32(8, true),
    ...attributes,
  });
}

/** The body of RTM_NEWROUTE or RTM_DELROUTE. */
export function encodeRoute(message: RouteMessage): Uint8Array {
  const { family, destination, source, typeOfService, table, protocol, scope, routeType, flags, ...attributes } =
    message;
  assert(allOf(family, message.gateway, message.preferredSource), 'the addresses of a route are of one family');
  const header = encodeHead(
    family,
    destination,
    source,
    [typeOfService, tableByte(table), protocol, scope, routeType],
    flags,
  );
  return concatBytes(
    header,
    encodeAttributes(routeAttributes, {
      ...attributes,
      ...(destination === undefined ? {} : { destination: destination.address }),
      ...(source === undefined ? {} : { source: source.address }),
      table,
    }),
  );
}

//  struct fib_rule_hdr, linux/fib_rules.h
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +---------------+---------------+---------------+---------------+
//  |    Family     |  Dest. length | Source length |      TOS      |
//  +---------------+---------------+---------------+---------------+
//  |   Table id    |   Reserved    |   Reserved    |    Action     |
//  +---------------+---------------+---------------+---------------+
//  |                             Flags                             |
//  +---------------------------------------------------------------+

/** enum in linux/fib_rules.h. */
const ruleAttributes = attributeTable({
  destination: [1, 'FRA_DST', 'address'],
  source: [2, 'FRA_SRC', 'address'],
  inputInterface: [3, 'FRA_IIFNAME', 'string'],
  priority: [6, 'FRA_PRIORITY', 'u32'],
  fwmark: [10, 'FRA_FWMARK', 'u32'],
  table: [15, 'FRA_TABLE', 'u32'],
  fwmask: [16, 'FRA_FWMASK', 'u32'],
  outputInterface: [17, 'FRA_OIFNAME', 'string'],
  protocol: [21, 'FRA_PROTOCOL', 'u8'],
});

/** A rule of policy routing: the body of RTM_NEWRULE and RTM_DELRULE. */
export interface RuleMessage {
  readonly family: Family;
  readonly destination?: Prefix;
  readonly source?: Prefix;
  readonly typeOfService: number;
  /** The table that the action FR_ACT_TO_TBL looks in; all 32 bits. */
  readonly table: number;
  /** FR_ACT_*: 1 look in the table, 6 blackhole, 7 unreachable, 8 prohibit. */
  readonly action: number;
  /** FIB_RULE_*: 2 inverts the rule. */
  readonly flags: number;
  /** The order of the rules: the lowest first. */
  readonly priority?: number;
  /** Interface names. */
  readonly inputInterface?: string;
  readonly outputInterface?: string;
  readonly fwmark?: number;
  readonly fwmask?: number;
  /** RTPROT_*: who installed it. */
  readonly protocol?: number;
}

/** Reads the body of RTM_NEWRULE or RTM_DELRULE. */
export function decodeRule(body: Uint8Array): Result<RuleMessage, RtnetlinkFault> {
  const head = decodeHead(body);
  if (!head.ok) return head;
  const { family, destinationLength, sourceLength, view } = head.value;
  const outcome = decodeAttributes(ruleAttributes, body.subarray(HEADER_LENGTH));
  if (!outcome.ok) return outcome;
  const { destination, source, table, ...attributes } = outcome.value;
  if (!allOf(family, destination, source)) return fault('attribute-value');
  return ok({
    family,
    ...prefixOf('destination', family, destination, destinationLength),
    ...prefixOf('source', family, source, sourceLength),
    typeOfService: view.getUint8(3),
    table: table ?? view.getUint8(4),
    action: view.getUint8(7),
    flags: view.getUint32(8, true),
    ...attributes,
  });
}

/** The body of RTM_NEWRULE or RTM_DELRULE. */
export function encodeRule(message: RuleMessage): Uint8Array {
  const { family, destination, source, typeOfService, table, action, flags, ...attributes } = message;
  const header = encodeHead(family, destination, source, [typeOfService, tableByte(table), 0, 0, action], flags);
  return concatBytes(
    header,
    encodeAttributes(ruleAttributes, {
      ...attributes,
      ...(destination === undefined ? {} : { destination: destination.address }),
      ...(source === undefined ? {} : { source: source.address }),
      table,
    }),
  );
}

/** The body of a dump request (RTM_GETROUTE, RTM_GETRULE). @param family undefined: every family */
export const encodeRouteRequest = (family?: Family): Uint8Array =>
  Uint8Array.of(familyNumber(family), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

/** What both headers have in common. */
function decodeHead(body: Uint8Array) {
  if (body.length < HEADER_LENGTH) return fault('too-short');
  const view = viewOf(body);
  const family = familyOfNumber(view.getUint8(0));
  if (family === undefined) return fault('family');
  const destinationLength = view.getUint8(1);
  const sourceLength = view.getUint8(2);
  if (Math.max(destinationLength, sourceLength) > maxPrefixLength(family)) return fault('prefix-length');
  return ok({ family, destinationLength, sourceLength, view });
}

/** @param bytes the fourth to the eighth byte of the header */
function encodeHead(
  family: Family,
  destination: Prefix | undefined,
  source: Prefix | undefined,
  bytes: readonly number[],
  flags: number,
): Uint8Array {
  assert(allOf(family, destination?.address, source?.address), 'the prefixes are of the family of the message');
  for (const prefix of [destination, source]) {
    const length = prefix?.prefixLength ?? 0;
    assert(length >= 0 && length <= maxPrefixLength(family), `no prefix length: ${length}`);
  }
  const header = Uint8Array.of(
    familyNumber(family),
    destination?.prefixLength ?? 0,
    source?.prefixLength ?? 0,
    ...bytes,
    ...[0, 0, 0, 0],
  );
  viewOf(header).setUint32(8, flags, true);
  return header;
}

/** Tables above 255 are only in the attribute. */
const tableByte = (table: number): number => (table <= 0xff ? table : RT_TABLE_UNSPEC);

const allOf = (family: Family, ...addresses: readonly (IpAddress | undefined)[]): boolean =>
  addresses.every((address) => address === undefined || familyOf(address) === family);

/** A prefix length without its address means the address of zeros; no length and no address mean no prefix. */
function prefixOf<Key extends 'destination' | 'source'>(
  key: Key,
  family: Family,
  address: IpAddress | undefined,
  prefixLength: number,
): { readonly [K in Key]?: Prefix } {
  if (address === undefined && prefixLength === 0) return {};
  const unspecified = (addressLength(family) === 4 ? '0.0.0.0' : '::') as IpAddress;
  return { [key]: { address: address ?? unspecified, prefixLength } } as { [K in Key]?: Prefix };
}
