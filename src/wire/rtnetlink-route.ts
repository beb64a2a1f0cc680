/**
 * rtnetlink: routes, with their gateways, metrics and tunnels. rtnetlink(7), linux/rtnetlink.h.
 *
 * The order of the attributes is keepalived's. Next hop objects, multicast routing and caches are not read.
 */

import type { Family, IpAddress } from '../base/address.ts';
import { assert } from '../base/assert.ts';
import { concatBytes } from '../base/bytes.ts';
import { fault, ok, type Result } from '../base/result.ts';
import { attributeTable, decodeAttributes, encodeAttributes } from './netlink-attributes.ts';
import type { RtnetlinkFault } from './rtnetlink.ts';
import type { EncapsulationMessage } from './rtnetlink-encapsulation.ts';
import { allOf, decodeHead, encodeHead, encodeTable, HEAD_LENGTH, type Prefix, prefixOf } from './rtnetlink-head.ts';
import { decodeMetrics, encodeMetrics, type MetricsMessage } from './rtnetlink-metrics.ts';
import {
  decodeNextHops,
  encodeNextHops,
  hopEntries,
  type NextHopMessage,
  readHop,
  writeHop,
} from './rtnetlink-next-hop.ts';

/** Message types: RTM_* in linux/rtnetlink.h. */
export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;

/** Multicast groups: enum rtnetlink_groups in linux/rtnetlink.h. */
export const RTNLGRP_IPV4_ROUTE = 7;
export const RTNLGRP_IPV6_ROUTE = 11;

/** RTN_UNICAST in linux/rtnetlink.h. */
export const RTN_UNICAST = 1;

/** RT_SCOPE_* in linux/rtnetlink.h; to delete a route, nowhere stands for any. */
export const RT_SCOPE_UNIVERSE = 0;
export const RT_SCOPE_NOWHERE = 255;

/** RTM_F_CLONED in linux/rtnetlink.h: a cache entry, no route of the table. */
export const RTM_F_CLONED = 0x200;

//  struct rtmsg, linux/rtnetlink.h
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |    Family     |  Dest. length | Source length |      TOS      |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |   Table id    |   Protocol    |     Scope     |     Type      |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                             Flags                             |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** enum rtattr_type_t in linux/rtnetlink.h. */
const routeAttributes = attributeTable({
  table: [15, 'RTA_TABLE', 'u32'],
  destination: [1, 'RTA_DST', 'address'],
  source: [2, 'RTA_SRC', 'address'],
  preferredSource: [7, 'RTA_PREFSRC', 'address'],
  gateway: hopEntries.gateway,
  via: hopEntries.via,
  encapsulation: hopEntries.encapsulation,
  encapsulationType: hopEntries.encapsulationType,
  outputInterface: [4, 'RTA_OIF', 'u32'],
  priority: [6, 'RTA_PRIORITY', 'u32'],
  nextHops: [9, 'RTA_MULTIPATH', 'bytes'],
  flow: hopEntries.flow,
  expires: [23, 'RTA_EXPIRES', 'u32'],
  routerPreference: [20, 'RTA_PREF', 'u8'],
  ttlPropagate: [26, 'RTA_TTL_PROPAGATE', 'u8'],
  metrics: [8, 'RTA_METRICS', 'bytes'],
});

/** A route: the body of RTM_NEWROUTE and RTM_DELROUTE. */
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
  /** Of the family of the route, or of IPv6 for one of IPv4. */
  readonly gateway?: IpAddress;
  /** The metric: the lowest wins. IPv6 makes 1024 of none. */
  readonly priority?: number;
  readonly preferredSource?: IpAddress;
  /** Realms for the traffic's accounts: the source's in the upper 16 bits. */
  readonly flow?: number;
  readonly encapsulation?: EncapsulationMessage;
  /** What TCP is told about it. */
  readonly metrics?: MetricsMessage;
  /** Several ways at once. */
  readonly nextHops?: readonly NextHopMessage[];
  /** IPv6, ICMPV6_ROUTER_PREF_*: 1 high, 3 low; absent: medium. */
  readonly routerPreference?: number;
  /** IPv6, seconds; the kernel says it in another attribute that is not read. */
  readonly expires?: number;
  /** MPLS: whether the packet's TTL is taken over. */
  readonly ttlPropagate?: number;
}

const ROUTER_PREFERENCE_MEDIUM = 0;

/** Reads the body of RTM_NEWROUTE or RTM_DELROUTE. */
export function decodeRoute(body: Uint8Array): Result<RouteMessage, RtnetlinkFault> {
  const head = decodeHead(body);
  if (!head.ok) return head;
  const { family, destinationLength, sourceLength, view } = head.value;
  const outcome = decodeAttributes(routeAttributes, body.subarray(HEAD_LENGTH));
  if (!outcome.ok) return outcome;
  const { destination, source, table, gateway, via, encapsulation, encapsulationType, ...others } = outcome.value;
  const { nextHops, metrics, routerPreference, ...attributes } = others;
  if (!allOf(family, destination, source, attributes.preferredSource)) return fault('attribute-value');
  const hop = readHop(family, {
    ...(gateway === undefined ? {} : { gateway }),
    ...(via === undefined ? {} : { via }),
    ...(encapsulation === undefined ? {} : { encapsulation }),
    ...(encapsulationType === undefined ? {} : { encapsulationType }),
  });
  if (!hop.ok) return hop;
  const hops = nextHops === undefined ? undefined : decodeNextHops(family, nextHops);
  if (hops !== undefined && !hops.ok) return hops;
  const told = metrics === undefined ? undefined : decodeMetrics(metrics);
  if (told !== undefined && !told.ok) return told;
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
    ...hop.value,
    ...(hops === undefined ? {} : { nextHops: hops.value }),
    ...(told === undefined ? {} : { metrics: told.value }),
    ...(routerPreference === undefined || routerPreference === ROUTER_PREFERENCE_MEDIUM ? {} : { routerPreference }),
  });
}

/** The body of RTM_NEWROUTE or RTM_DELROUTE. */
export function encodeRoute(message: RouteMessage): Uint8Array {
  const { family, destination, source, typeOfService, table, protocol, scope, routeType, flags, ...rest } = message;
  const { gateway: _gateway, encapsulation: _encapsulation, nextHops, metrics, ...attributes } = rest;
  assert(allOf(family, message.preferredSource), 'the addresses of a route are of one family');
  assert(nextHops === undefined || nextHops.length > 0, 'several ways are at least one');
  const { byte, attribute } = encodeTable(table);
  const header = encodeHead(family, destination, source, [typeOfService, byte, protocol, scope, routeType], flags);
  const values = {
    ...attributes,
    ...attribute,
    ...writeHop(family, message),
    ...(destination === undefined ? {} : { destination: destination.address }),
    ...(source === undefined ? {} : { source: source.address }),
    ...(nextHops === undefined ? {} : { nextHops: encodeNextHops(family, nextHops) }),
    ...(metrics === undefined ? {} : { metrics: encodeMetrics(metrics) }),
  };
  return concatBytes(header, encodeAttributes(routeAttributes, values));
}
