/**
 * rtnetlink: interfaces, among them the virtual ones that a virtual router makes for its own MAC address. rtnetlink(7),
 * linux/rtnetlink.h, linux/if_link.h.
 */

import { concatBytes, viewOf } from '../base/bytes.ts';
import { fault, ok, type Result } from '../base/result.ts';
import { type Mac, macBytes, macFromBytes } from './ethernet.ts';
import { attributeTable, decodeAttributes, encodeAttributes } from './netlink-attributes.ts';
import { familyNumber, type RtnetlinkFault } from './rtnetlink.ts';

/** Message types: RTM_* in linux/rtnetlink.h. */
export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;

/** Multicast group: enum rtnetlink_groups in linux/rtnetlink.h. */
export const RTNLGRP_LINK = 1;

/** Interface flags: IFF_* in linux/if.h. */
export const IFF_UP = 0x1;
export const IFF_LOOPBACK = 0x8;
export const IFF_RUNNING = 0x40;
export const IFF_NOARP = 0x80;
export const IFF_MULTICAST = 0x1000;
export const IFF_LOWER_UP = 0x10000;

/** RTEXT_FILTER_SKIP_STATS in linux/rtnetlink.h: an interface's answer without its counters. */
export const RTEXT_FILTER_SKIP_STATS = 8;

const AF_UNSPEC = 0;

//  struct ifinfomsg, linux/rtnetlink.h
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +---------------+---------------+-------------------------------+
//  |    Family     |   Reserved    |          Device type          |
//  +---------------+---------------+-------------------------------+
//  |                        Interface index                        |
//  +---------------------------------------------------------------+
//  |                         Device flags                          |
//  +---------------------------------------------------------------+
//  |                          Change mask                          |
//  +---------------------------------------------------------------+

const HEADER_LENGTH = 16;

/** enum in linux/if_link.h, in the order in which ip(8) sends them. */
const linkAttributes = attributeTable({
  hardwareAddress: [1, 'IFLA_ADDRESS', 'bytes'],
  link: [5, 'IFLA_LINK', 'u32'],
  name: [3, 'IFLA_IFNAME', 'string'],
  linkInfo: [18, 'IFLA_LINKINFO', 'bytes'],
  families: [26, 'IFLA_AF_SPEC', 'bytes'],
  group: [27, 'IFLA_GROUP', 'u32'],
  mtu: [4, 'IFLA_MTU', 'u32'],
  master: [10, 'IFLA_MASTER', 'u32'],
  operationalState: [16, 'IFLA_OPERSTATE', 'u8'],
  extensionMask: [29, 'IFLA_EXT_MASK', 'u32'],
  namespaceDescriptor: [28, 'IFLA_NET_NS_FD', 'u32'],
  alias: [20, 'IFLA_IFALIAS', 'string'],
});

/** The attributes inside IFLA_LINKINFO. */
const linkInfoAttributes = attributeTable({
  kind: [1, 'IFLA_INFO_KIND', 'string'],
  data: [2, 'IFLA_INFO_DATA', 'bytes'],
});

/** The attributes inside IFLA_INFO_DATA, by kind. */
const macvlanAttributes = attributeTable({ macvlanMode: [1, 'IFLA_MACVLAN_MODE', 'u32'] });
const ipvlanAttributes = attributeTable({
  ipvlanMode: [1, 'IFLA_IPVLAN_MODE', 'u16'],
  ipvlanFlags: [2, 'IFLA_IPVLAN_FLAGS', 'u16'],
});

/** The attributes inside IFLA_AF_SPEC: their numbers are those of the families. */
const familyAttributes = attributeTable({
  inet: [familyNumber('inet'), 'AF_INET', 'bytes'],
  inet6: [familyNumber('inet6'), 'AF_INET6', 'bytes'],
});
const inetAttributes = attributeTable({ settings: [1, 'IFLA_INET_CONF', 'bytes'] });
const inet6Attributes = attributeTable({ addressGeneration: [8, 'IFLA_INET6_ADDR_GEN_MODE', 'u8'] });

/** MACVLAN_MODE_* in linux/if_link.h. */
export const MACVLAN_MODES = { private: 1, vepa: 2, bridge: 4, passthru: 8, source: 16 } as const;
/** IPVLAN_MODE_* in linux/if_link.h. */
export const IPVLAN_MODES = { l2: 0, l3: 1, l3s: 2 } as const;
/** IPVLAN_F_* in linux/if_link.h. */
export const IPVLAN_FLAGS = { bridge: 0, private: 1, vepa: 2 } as const;
/** IN6_ADDR_GEN_MODE_NONE in linux/if_link.h: the kernel gives the interface no link-local address. */
export const IN6_ADDR_GEN_MODE_NONE = 1;

/** An interface: the body of RTM_NEWLINK and RTM_DELLINK, as far as we look at it. */
export interface LinkMessage {
  /** ARPHRD_* of linux/if_arp.h: 1 Ethernet, 772 loopback. */
  readonly deviceType: number;
  /** 1 and up; 0 in a request that names no interface, or makes one. */
  readonly interfaceIndex: number;
  /** IFF_*. */
  readonly flags: number;
  /** Only of interfaces whose hardware address has 6 bytes. */
  readonly mac?: Mac;
  readonly name?: string;
  readonly mtu?: number;
  /** The interface below: of a VLAN or macvlan, or the peer of a veth. */
  readonly link?: number;
  /** The bridge, bond or VRF that the interface belongs to. */
  readonly master?: number;
  /** IF_OPER_* of linux/if.h: 6 is up. */
  readonly operationalState?: number;
  /** A number by which an administrator puts interfaces together. */
  readonly group?: number;
  /** A note for people, at most 255 bytes; cannot be given to an interface that is being made. */
  readonly alias?: string;
  /** IFLA_INFO_KIND: `veth`, `macvlan`, `bridge`; absent for hardware. */
  readonly kind?: string;
  /** MACVLAN_MODE_*, of kind `macvlan`. */
  readonly macvlanMode?: number;
  /** IPVLAN_MODE_* and IPVLAN_F_*, of kind `ipvlan`. */
  readonly ipvlanMode?: number;
  readonly ipvlanFlags?: number;
  /** IN6_ADDR_GEN_MODE_*: how IPv6 makes its link-local address. */
  readonly addressGeneration?: number;
}

/**
 * Reads the body of RTM_NEWLINK or RTM_DELLINK. Refuses those of family AF_BRIDGE: they are about a bridge's port, and
 * their RTM_DELLINK says that the interface left the bridge, not that it is gone.
 */
export function decodeLink(body: Uint8Array): Result<LinkMessage, RtnetlinkFault> {
  if (body.length < HEADER_LENGTH) return fault('too-short');
  if (body[0] !== AF_UNSPEC) return fault('family');
  const outcome = decodeAttributes(linkAttributes, body.subarray(HEADER_LENGTH));
  if (!outcome.ok) return outcome;
  const {
    hardwareAddress,
    linkInfo,
    families,
    extensionMask: _,
    namespaceDescriptor: __,
    ...attributes
  } = outcome.value;
  const info = decodeLinkInfo(linkInfo ?? NOTHING);
  if (!info.ok) return info;
  const perFamily = decodeAttributes(familyAttributes, families ?? NOTHING);
  if (!perFamily.ok) return perFamily;
  const ipv6 = decodeAttributes(inet6Attributes, perFamily.value.inet6 ?? NOTHING);
  if (!ipv6.ok) return ipv6;
  const view = viewOf(body);
  return ok({
    deviceType: view.getUint16(2, true),
    interfaceIndex: view.getUint32(4, true),
    flags: view.getUint32(8, true),
    ...(hardwareAddress?.length === 6 ? { mac: macFromBytes(hardwareAddress) } : {}),
    ...attributes,
    ...info.value,
    ...ipv6.value,
  });
}

const NOTHING = new Uint8Array(0);

type LinkInfo = Pick<LinkMessage, 'kind' | 'macvlanMode' | 'ipvlanMode' | 'ipvlanFlags'>;

function decodeLinkInfo(bytes: Uint8Array): Result<LinkInfo, RtnetlinkFault> {
  const outcome = decodeAttributes(linkInfoAttributes, bytes);
  if (!outcome.ok) return outcome;
  const { data = NOTHING, ...info } = outcome.value;
  const { kind } = info;
  if (kind !== 'macvlan' && kind !== 'ipvlan') return ok(info);
  const details =
    kind === 'macvlan' ? decodeAttributes(macvlanAttributes, data) : decodeAttributes(ipvlanAttributes, data);
  return details.ok ? ok({ ...info, ...details.value }) : details;
}

/** What a request says besides what an interface is. */
export interface LinkRequest {
  /** Which of `flags` are meant: IFF_*. */
  readonly change?: number;
  /** An open descriptor of the network namespace that the interface goes to. */
  readonly namespaceDescriptor?: number;
  /** IPv4's settings of the interface by number: IPV4_DEVCONF_* in linux/ip.h. */
  readonly ipv4Settings?: ReadonlyMap<number, number>;
}

/** The body of RTM_NEWLINK or RTM_DELLINK. */
export function encodeLink(message: LinkMessage, request: LinkRequest = {}): Uint8Array {
  const { deviceType, interfaceIndex, flags, mac, kind, ...others } = message;
  const { macvlanMode, ipvlanMode, ipvlanFlags, addressGeneration, ...attributes } = others;
  const { change = 0, namespaceDescriptor, ipv4Settings } = request;
  const data = concatBytes(
    encodeAttributes(macvlanAttributes, { ...(macvlanMode === undefined ? {} : { macvlanMode }) }),
    encodeAttributes(ipvlanAttributes, {
      ...(ipvlanMode === undefined ? {} : { ipvlanMode }),
      ...(ipvlanFlags === undefined ? {} : { ipvlanFlags }),
    }),
  );
  const info = { ...(kind === undefined ? {} : { kind }), ...(data.length === 0 ? {} : { data }) };
  const families = encodeFamilies(addressGeneration, ipv4Settings);
  const values = {
    ...attributes,
    ...(mac === undefined ? {} : { hardwareAddress: macBytes(mac) }),
    ...(kind === undefined ? {} : { linkInfo: encodeAttributes(linkInfoAttributes, info) }),
    ...(families.length === 0 ? {} : { families }),
    ...(namespaceDescriptor === undefined ? {} : { namespaceDescriptor }),
  };
  return concatBytes(header(deviceType, interfaceIndex, flags, change), encodeAttributes(linkAttributes, values));
}

function encodeFamilies(
  addressGeneration: number | undefined,
  ipv4Settings: ReadonlyMap<number, number> | undefined,
): Uint8Array {
  const values = {
    ...(ipv4Settings === undefined
      ? {}
      : { inet: encodeAttributes(inetAttributes, { settings: encodeSettings(ipv4Settings) }) }),
    ...(addressGeneration === undefined ? {} : { inet6: encodeAttributes(inet6Attributes, { addressGeneration }) }),
  };
  return encodeAttributes(familyAttributes, values);
}

/** Attributes whose numbers are those of the settings. */
const encodeSettings = (settings: ReadonlyMap<number, number>): Uint8Array =>
  concatBytes(
    ...Array.from(settings, ([number, value]) =>
      encodeAttributes(attributeTable({ value: [number, 'IPV4_DEVCONF', 's32'] }), { value }),
    ),
  );

/** The body of a dump request (RTM_GETLINK), without the counters of each interface. */
export function encodeLinkRequest(): Uint8Array {
  const attributes = encodeAttributes(linkAttributes, { extensionMask: RTEXT_FILTER_SKIP_STATS });
  return concatBytes(header(0, 0, 0, 0), attributes);
}

function header(deviceType: number, interfaceIndex: number, flags: number, change: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH).fill(0);
  const view = viewOf(bytes);
  view.setUint16(2, deviceType, true);
  view.setUint32(4, interfaceIndex, true);
  view.setUint32(8, flags, true);
  view.setUint32(12, change, true);
  return bytes;
}
