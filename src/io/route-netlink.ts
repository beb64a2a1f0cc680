/**
 * Interfaces and addresses of this host: reads them, adds and removes addresses, reports what changes. rtnetlink(7).
 *
 * Two sockets: one for requests, one for events, so that a flood of events never costs the answer to a request.
 */

import type { Result } from '../base/result.ts';
import type { Mac } from '../wire/ethernet.ts';
import {
  decodeAddress,
  decodeLink,
  encodeAddressRequest,
  encodeLinkRequest,
  encodeLinkUp,
  IFF_LOOPBACK,
  IFF_LOWER_UP,
  IFF_MULTICAST,
  IFF_NOARP,
  IFF_RUNNING,
  IFF_UP,
  type LinkMessage,
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_SETLINK,
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_IPV6_IFADDR,
  RTNLGRP_LINK,
} from '../wire/rtnetlink.ts';
import { NETLINK_ROUTE } from './constants.ts';
import { readAll } from './netlink-dump.ts';
import { type NetlinkEvent, NetlinkSocket, type NetlinkSocketOptions } from './netlink-socket.ts';
import {
  type AddressKey,
  additionOf,
  addressOf,
  type InterfaceAddress,
  type NewAddress,
  removalOf,
} from './route-addresses.ts';

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
}

/** What changed. An unchanged address may be reported as added again; after an overrun everything has to be read. */
export type RouteEvent =
  | { readonly type: 'link-changed'; readonly link: Link }
  | { readonly type: 'link-removed'; readonly index: number }
  | { readonly type: 'address-added' | 'address-removed'; readonly address: InterfaceAddress }
  | { readonly type: 'overrun' };

/** Bytes: about four thousand events. */
const EVENT_BUFFER = 1 << 22;

/** Where the sockets come from, and how large the one for events is; for tests. */
export interface RouteNetlinkOptions extends Pick<NetlinkSocketOptions, 'createSocket'> {
  readonly eventBuffer?: number;
}

/** See the file's head. While open it keeps the process alive. */
export class RouteNetlink {
  readonly #requests: NetlinkSocket;
  readonly #events: NetlinkSocket;

  /** Events are collected from here on, so what is read afterwards is never older. Throws SystemError. */
  static open(options: RouteNetlinkOptions = {}): RouteNetlink {
    const { eventBuffer = EVENT_BUFFER, ...common } = options;
    const requests = NetlinkSocket.open({ ...common, protocol: NETLINK_ROUTE });
    try {
      const groups = [RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR];
      const events = NetlinkSocket.open({ ...common, protocol: NETLINK_ROUTE, groups, receiveBuffer: eventBuffer });
      return new RouteNetlink(requests, events);
    } catch (error) {
      requests.close();
      throw error;
    }
  }

  private constructor(requests: NetlinkSocket, events: NetlinkSocket) {
    this.#requests = requests;
    this.#events = events;
  }

  /** All interfaces, in the kernel's order. Rejects with NetlinkError. */
  async links(): Promise<Link[]> {
    const request = { type: RTM_GETLINK, body: encodeLinkRequest(), purpose: 'reading the interfaces' };
    return (await readAll(this.#requests, request, decodeLink)).map(linkOf);
  }

  /** Switches an interface on. Rejects with NetlinkError. */
  async setLinkUp(interfaceIndex: number): Promise<void> {
    const purpose = `switching interface ${interfaceIndex} on`;
    await this.#requests.request({ type: RTM_SETLINK, body: encodeLinkUp(interfaceIndex), purpose });
  }

  /** All IPv4 and IPv6 addresses, in the kernel's order. Rejects with NetlinkError. */
  async addresses(): Promise<InterfaceAddress[]> {
    const request = { type: RTM_GETADDR, body: encodeAddressRequest(), purpose: 'reading the addresses' };
    return (await readAll(this.#requests, request, decodeAddress)).map(addressOf);
  }

  /**
   * Adds an address, usable at once unless it says `detectDuplicates`. Rejects with NetlinkError: EEXIST when it is there
   * already, whoever added it; ENODEV.
   */
  async addAddress(wanted: NewAddress): Promise<void> {
    const purpose = `adding ${wanted.address}/${wanted.prefixLength} to interface ${wanted.interfaceIndex}`;
    await this.#requests.request({ ...additionOf(wanted), purpose });
  }

  /** Removes an address, whoever added it. Rejects with NetlinkError: EADDRNOTAVAIL when it is not there, ENODEV. */
  async deleteAddress(key: AddressKey): Promise<void> {
    const purpose = `removing ${key.address}/${key.prefixLength} from interface ${key.interfaceIndex}`;
    await this.#requests.request({ ...removalOf(key), purpose });
  }

  /** Called for every change since `open`. One callback; the last one counts. */
  onEvent(callback: (event: RouteEvent) => void): void {
    this.#events.onEvent((event) => {
      const change = changeOf(event);
      if (change !== undefined) callback(change);
    });
  }

  /** Rejects what waits for an answer with ECANCELED; no event comes afterwards. Idempotent. */
  close(): void {
    this.#requests.close();
    this.#events.close();
  }
}

/** Undefined for messages of other types and families. An unreadable one counts as missed. */
function changeOf(event: NetlinkEvent): RouteEvent | undefined {
  if (event.type === 'overrun') return event;
  const { message } = event;
  switch (message.type) {
    case RTM_NEWLINK:
      return change(decodeLink(message.body), (link) => ({ type: 'link-changed', link: linkOf(link) }));
    case RTM_DELLINK:
      return change(decodeLink(message.body), (link) => ({ type: 'link-removed', index: link.interfaceIndex }));
    case RTM_NEWADDR:
      return change(decodeAddress(message.body), (address) => ({ type: 'address-added', address: addressOf(address) }));
    case RTM_DELADDR:
      return change(decodeAddress(message.body), (address) => ({
        type: 'address-removed',
        address: addressOf(address),
      }));
    default:
      return undefined;
  }
}

function change<Message>(outcome: Result<Message>, toEvent: (message: Message) => RouteEvent): RouteEvent | undefined {
  if (outcome.ok) return toEvent(outcome.value);
  return outcome.reason === 'family' ? undefined : { type: 'overrun' };
}

function linkOf(message: LinkMessage): Link {
  const { interfaceIndex, flags, name = '', mtu = 0, mac, kind, master } = message;
  const has = (flag: number): boolean => (flags & flag) !== 0;
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
  };
}
