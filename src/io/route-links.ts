/** Interfaces as the rest of the program has them, made of rtnetlink's messages and made into requests. */

import type { Mac } from '../wire/ethernet.ts';
import { NLM_F_CREATE, NLM_F_EXCL } from '../wire/netlink.ts';
import {
  encodeLink,
  IFF_LOOPBACK,
  IFF_LOWER_UP,
  IFF_MULTICAST,
  IFF_NOARP,
  IFF_RUNNING,
  IFF_UP,
  IN6_ADDR_GEN_MODE_NONE,
  IPVLAN_FLAGS,
  IPVLAN_MODES,
  type LinkMessage,
  MACVLAN_MODES,
  RTM_DELLINK,
  RTM_NEWLINK,
} from '../wire/rtnetlink-link.ts';
import type { NetlinkRequest } from './netlink-socket.ts';

/** A network interface. */
export interface Link {
  /** 1 and up; another one when the interface is made anew. */
  readonly index: number;
  readonly name: string;
  readonly flags: {
    /** Switched on by the administrator: IFF_UP. */
    readonly up: boolean;
    /** Ready to carry traffic: IFF_RUNNING. */
    readonly running: boolean;
    /** The layer below is up, e.g. a cable is plugged in: IFF_LOWER_UP. */
    readonly lowerUp: boolean;
    readonly loopback: boolean;
    readonly noArp: boolean;
    readonly multicast: boolean;
  };
  /** Bytes. */
  readonly mtu: number;
  /** Absent where hardware addresses have another length than 6. */
  readonly mac?: Mac;
  /** `veth`, `macvlan`, `bridge`; absent for hardware. */
  readonly kind?: string;
  /** Index of the bridge, bond or VRF that it belongs to. */
  readonly master?: number;
  /** Index of the interface below a VLAN, macvlan or ipvlan, or of the other end of a veth. */
  readonly lower?: number;
  /** A note, as ip-link(8) has it. */
  readonly alias?: string;
  /** Of a macvlan. */
  readonly macvlanMode?: keyof typeof MACVLAN_MODES;
}

/** What a virtual interface does with what it gets from the one below. */
export type VirtualLinkKind =
  | { readonly type: 'macvlan'; readonly mode: keyof typeof MACVLAN_MODES }
  | { readonly type: 'ipvlan'; readonly mode: keyof typeof IPVLAN_MODES; readonly flag: keyof typeof IPVLAN_FLAGS };

/** An interface to be made on top of another one. It is down, and what IPv6 does with it can only be said afterwards. */
export interface NewLink {
  /** 1-15 bytes. */
  readonly name: string;
  /** Index of the interface below. */
  readonly lower: number;
  readonly kind: VirtualLinkKind;
  /** Absent: the kernel invents one for a macvlan; an ipvlan has that of the interface below. */
  readonly mac?: Mac;
  /** Absent: that of the interface below. */
  readonly mtu?: number;
}

/** What is to become different. */
export interface LinkChange {
  readonly up?: boolean;
  readonly mac?: Mac;
  /** Linux before 6.2 renames only interfaces that are down. */
  readonly name?: string;
  readonly mtu?: number;
  /** At most 255 bytes. */
  readonly alias?: string;
  /** The bridge, bond or VRF that it is to belong to; 0: none. */
  readonly master?: number;
  /** False: IPv6 makes no link-local address for it from now on. */
  readonly linkLocalAddress?: false;
  /** An open descriptor of the network namespace that it moves to, where it may get another index. */
  readonly namespaceDescriptor?: number;
}

/** IPv4's settings of an interface by sysctl's names, and their numbers: IPV4_DEVCONF_* in linux/ip.h. */
const IPV4_SETTINGS = {
  forwarding: 1,
  rp_filter: 8,
  arp_filter: 13,
  arp_announce: 18,
  arp_ignore: 19,
  promote_secondaries: 20,
  accept_local: 23,
} as const;

/** A name in /proc/sys/net/ipv4/conf/INTERFACE. */
export type Ipv4Setting = keyof typeof IPV4_SETTINGS;

/** The interface of a message. */
export function linkOf(message: LinkMessage): Link {
  const { interfaceIndex, flags, name = '', mtu = 0, mac, kind, master, link, alias } = message;
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const macvlanMode = MODE_NAMES.find((mode) => MACVLAN_MODES[mode] === message.macvlanMode);
  return {
    index: interfaceIndex,
    name,
    flags: {
      up: has(IFF_UP),
      running: has(IFF_RUNNING),
      lowerUp: has(IFF_LOWER_UP),
      loopback: has(IFF_LOOPBACK),
      noArp: has(IFF_NOARP),
      multicast: has(IFF_MULTICAST),
    },
    mtu,
    ...(mac === undefined ? {} : { mac }),
    ...(kind === undefined ? {} : { kind }),
    ...(master === undefined ? {} : { master }),
    ...(link === undefined ? {} : { lower: link }),
    ...(alias === undefined ? {} : { alias }),
    ...(macvlanMode === undefined ? {} : { macvlanMode }),
  };
}

const MODE_NAMES = Object.keys(MACVLAN_MODES) as (keyof typeof MACVLAN_MODES)[];

type Request = Required<Omit<NetlinkRequest, 'purpose'>>;

/** The request of `createLink`. */
export function creationOf({ name, lower, kind, mac, mtu }: NewLink): Request {
  const body = encodeLink({
    ...LINK,
    name,
    link: lower,
    kind: kind.type,
    ...(kind.type === 'macvlan'
      ? { macvlanMode: MACVLAN_MODES[kind.mode] }
      : { ipvlanMode: IPVLAN_MODES[kind.mode], ipvlanFlags: IPVLAN_FLAGS[kind.flag] }),
    ...(mac === undefined ? {} : { mac }),
    ...(mtu === undefined ? {} : { mtu }),
  });
  return { type: RTM_NEWLINK, flags: NLM_F_CREATE | NLM_F_EXCL, body };
}

/** The request of `changeLink`. */
export function changeOfLink(index: number, change: LinkChange): Request {
  const { up, linkLocalAddress, namespaceDescriptor, ...values } = change;
  const message = {
    ...LINK,
    interfaceIndex: index,
    flags: up ? IFF_UP : 0,
    ...values,
    ...(linkLocalAddress === false ? { addressGeneration: IN6_ADDR_GEN_MODE_NONE } : {}),
  };
  const request = {
    ...(up === undefined ? {} : { change: IFF_UP }),
    ...(namespaceDescriptor === undefined ? {} : { namespaceDescriptor }),
  };
  return { type: RTM_NEWLINK, flags: 0, body: encodeLink(message, request) };
}

/** The request of `setIpv4`. */
export function ipv4SettingsOf(index: number, settings: Readonly<Partial<Record<Ipv4Setting, number>>>): Request {
  const names = Object.keys(settings) as Ipv4Setting[];
  const ipv4Settings = new Map(names.map((name) => [IPV4_SETTINGS[name], settings[name] ?? 0]));
  return { type: RTM_NEWLINK, flags: 0, body: encodeLink({ ...LINK, interfaceIndex: index }, { ipv4Settings }) };
}

/** The request of `deleteLink`. */
export const deletionOf = (index: number): Request => ({
  type: RTM_DELLINK,
  flags: 0,
  body: encodeLink({ ...LINK, interfaceIndex: index }),
});

/** Nothing said yet. */
const LINK = { deviceType: 0, interfaceIndex: 0, flags: 0 } as const;

/** Whether a text is the name of a setting that can be set over netlink. */
export const isIpv4Setting = (text: string): text is Ipv4Setting => Object.hasOwn(IPV4_SETTINGS, text);
