/** rtnetlink: rules of policy routing. rtnetlink(7), linux/fib_rules.h. The order of the attributes is keepalived's. */

import type { Family } from '../base/address.ts';
import { assert } from '../base/assert.ts';
import { concatBytes, viewOf } from '../base/bytes.ts';
import { fault, ok, type Result } from '../base/result.ts';
import { attributeTable, decodeAttributes, encodeAttributes } from './netlink-attributes.ts';
import type { RtnetlinkFault } from './rtnetlink.ts';
import { allOf, decodeHead, encodeHead, encodeTable, HEAD_LENGTH, type Prefix, prefixOf } from './rtnetlink-head.ts';

/** Message types: RTM_* in linux/rtnetlink.h. */
export const RTM_NEWRULE = 32;
export const RTM_DELRULE = 33;
export const RTM_GETRULE = 34;

/** Multicast groups: enum rtnetlink_groups in linux/rtnetlink.h. */
export const RTNLGRP_IPV4_RULE = 8;
export const RTNLGRP_IPV6_RULE = 19;

/** What a rule does with a packet: FR_ACT_* in linux/fib_rules.h. */
export const FR_ACT_TO_TBL = 1;
export const FR_ACT_GOTO = 2;
export const FR_ACT_NOP = 3;
export const FR_ACT_BLACKHOLE = 6;
export const FR_ACT_UNREACHABLE = 7;
export const FR_ACT_PROHIBIT = 8;

/** FIB_RULE_INVERT in linux/fib_rules.h. */
export const FIB_RULE_INVERT = 2;

//  struct fib_rule_hdr, linux/fib_rules.h
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |    Family     |  Dest. length | Source length |      TOS      |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |   Table id    |   Reserved    |   Reserved    |    Action     |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                             Flags                             |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** enum in linux/fib_rules.h. */
const ruleAttributes = attributeTable({
  table: [15, 'FRA_TABLE', 'u32'],
  source: [2, 'FRA_SRC', 'address'],
  destination: [1, 'FRA_DST', 'address'],
  priority: [6, 'FRA_PRIORITY', 'u32'],
  fwmark: [10, 'FRA_FWMARK', 'u32'],
  fwmask: [16, 'FRA_FWMASK', 'u32'],
  flow: [11, 'FRA_FLOW', 'u32'],
  suppressPrefixLength: [14, 'FRA_SUPPRESS_PREFIXLEN', 's32'],
  suppressInterfaceGroup: [13, 'FRA_SUPPRESS_IFGROUP', 's32'],
  inputInterface: [3, 'FRA_IIFNAME', 'string'],
  outputInterface: [17, 'FRA_OIFNAME', 'string'],
  tunnelId: [12, 'FRA_TUN_ID', 'u64be'],
  users: [20, 'FRA_UID_RANGE', 'bytes'],
  l3mdev: [19, 'FRA_L3MDEV', 'u8'],
  protocol: [21, 'FRA_PROTOCOL', 'u8'],
  ipProtocol: [22, 'FRA_IP_PROTO', 'u8'],
  sourcePorts: [23, 'FRA_SPORT_RANGE', 'bytes'],
  destinationPorts: [24, 'FRA_DPORT_RANGE', 'bytes'],
  goto: [4, 'FRA_GOTO', 'u32'],
});

/** From the first to the last, both included. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

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
  /** Realms for the traffic's accounts: the source's in the upper 16 bits. */
  readonly flow?: number;
  /** Routes with prefixes of this length or less are not looked at, 0-128. */
  readonly suppressPrefixLength?: number;
  /** Nor are those over interfaces of this group. */
  readonly suppressInterfaceGroup?: number;
  /** 64 bits. */
  readonly tunnelId?: bigint;
  /** Who sends: user ids. */
  readonly users?: NumberRange;
  /** 1: the table is that of the VRF of the packet. */
  readonly l3mdev?: number;
  /** Number of an IP protocol, 0-255. */
  readonly ipProtocol?: number;
  readonly sourcePorts?: NumberRange;
  readonly destinationPorts?: NumberRange;
  /** The priority of the rule that FR_ACT_GOTO goes on with. */
  readonly goto?: number;
  /** RTPROT_*: who installed it. */
  readonly protocol?: number;
}

/** Reads the body of RTM_NEWRULE or RTM_DELRULE. */
export function decodeRule(body: Uint8Array): Result<RuleMessage, RtnetlinkFault> {
  const head = decodeHead(body);
  if (!head.ok) return head;
  const { family, destinationLength, sourceLength, view } = head.value;
  const outcome = decodeAttributes(ruleAttributes, body.subarray(HEAD_LENGTH));
  if (!outcome.ok) return outcome;
  const { destination, source, table, users, sourcePorts, destinationPorts, ...others } = outcome.value;
  const { suppressPrefixLength, suppressInterfaceGroup, ...attributes } = others;
  if (!allOf(family, destination, source)) return fault('attribute-value');
  const ranges = { users, sourcePorts, destinationPorts };
  const widths = { users: 4, sourcePorts: 2, destinationPorts: 2 } as const;
  const read: { users?: NumberRange; sourcePorts?: NumberRange; destinationPorts?: NumberRange } = {};
  for (const key of ['users', 'sourcePorts', 'destinationPorts'] as const) {
    const bytes = ranges[key];
    if (bytes === undefined) continue;
    if (bytes.length !== 2 * widths[key]) return fault('attribute-value');
    read[key] = decodeRange(bytes);
  }
  return ok({
    family,
    ...prefixOf('destination', family, destination, destinationLength),
    ...prefixOf('source', family, source, sourceLength),
    typeOfService: view.getUint8(3),
    table: table ?? view.getUint8(4),
    action: view.getUint8(7),
    flags: view.getUint32(8, true),
    ...attributes,
    ...read,
    // -1 is none, and the kernel always says it
    ...(suppressPrefixLength === undefined || suppressPrefixLength < 0 ? {} : { suppressPrefixLength }),
    ...(suppressInterfaceGroup === undefined || suppressInterfaceGroup < 0 ? {} : { suppressInterfaceGroup }),
  });
}

/** The body of RTM_NEWRULE or RTM_DELRULE. */
export function encodeRule(message: RuleMessage): Uint8Array {
  const { family, destination, source, typeOfService, table, action, flags, ...rest } = message;
  const { users, sourcePorts, destinationPorts, ...attributes } = rest;
  const { byte, attribute } = encodeTable(table);
  const values = {
    ...attributes,
    ...attribute,
    ...(destination === undefined ? {} : { destination: destination.address }),
    ...(source === undefined ? {} : { source: source.address }),
    ...(users === undefined ? {} : { users: encodeRange(users, 4) }),
    ...(sourcePorts === undefined ? {} : { sourcePorts: encodeRange(sourcePorts, 2) }),
    ...(destinationPorts === undefined ? {} : { destinationPorts: encodeRange(destinationPorts, 2) }),
  };
  const header = encodeHead(family, destination, source, [typeOfService, byte, 0, 0, action], flags);
  return concatBytes(header, encodeAttributes(ruleAttributes, values));
}

/** struct fib_rule_uid_range and struct fib_rule_port_range: two numbers of half the length. */
function decodeRange(bytes: Uint8Array): NumberRange {
  const view = viewOf(bytes);
  return bytes.length === 4
    ? { first: view.getUint16(0, true), last: view.getUint16(2, true) }
    : { first: view.getUint32(0, true), last: view.getUint32(4, true) };
}

function encodeRange({ first, last }: NumberRange, width: 2 | 4): Uint8Array {
  const max = 2 ** (8 * width) - 1;
  assert(first >= 0 && last >= 0 && first <= max && last <= max, `no range of ${width} bytes: ${first}-${last}`);
  return width === 2
    ? new Uint8Array(Uint16Array.of(first, last).buffer)
    : new Uint8Array(Uint32Array.of(first, last).buffer);
}
