/**
 * Interfaces and addresses of this host: reads them, adds and removes them, reports what changes. rtnetlink(7).
 *
 * Two sockets: one for requests, one for events, so that a flood of events never costs the answer to a request.
 */

import { familyOf } from '../base/address.ts';
import type { Result } from '../base/result.ts';
import {
  decodeAddress,
  encodeAddressRequest,
  RTM_DELADDR,
  RTM_GETADDR,
  RTM_NEWADDR,
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_IPV6_IFADDR,
} from '../wire/rtnetlink.ts';
import {
  decodeLink,
  encodeLinkRequest,
  RTM_DELLINK,
  RTM_GETLINK,
  RTM_NEWLINK,
  RTNLGRP_LINK,
} from '../wire/rtnetlink-link.ts';
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
import {
  changeOfLink,
  creationOf,
  deletionOf,
  type Ipv4Setting,
  ipv4SettingsOf,
  type Link,
  type LinkChange,
  linkOf,
  type NewLink,
} from './route-links.ts';

/** What changed. An unchanged address may be reported as added again; after an overrun everything has to be read. */
export type RouteEvent =
  | { readonly type: 'link-changed'; readonly link: Link }
  | { readonly type: 'link-removed'; readonly index: number }
  | { readonly type: 'address-added' | 'address-removed'; readonly address: InterfaceAddress }
  | { readonly type: 'overrun' };

/** Bytes: about four thousand events. */
export const EVENT_BUFFER = 1 << 22;

/** Where the sockets come from, and how large the one for events is; for tests. */
export interface RouteNetlinkOptions extends Pick<NetlinkSocketOptions, 'createSocket' | 'aside'> {
  readonly eventBuffer?: number;
  /** Bytes, for answers. */
  readonly answerBuffer?: number;
}

/** See the file's head. While open it keeps the process alive. */
export class RouteNetlink {
  readonly #requests: NetlinkSocket;
  readonly #events: NetlinkSocket;

  /** Events are collected from here on, so what is read afterwards is never older. Throws SystemError. */
  static open(options: RouteNetlinkOptions = {}): RouteNetlink {
    const { eventBuffer = EVENT_BUFFER, answerBuffer, ...common } = options;
    const answers = answerBuffer === undefined ? {} : { receiveBuffer: answerBuffer };
    const requests = NetlinkSocket.open({ ...common, ...answers, protocol: NETLINK_ROUTE });
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

  /**
   * All IPv4 and then all IPv6 addresses, in the kernel's order. Rejects with NetlinkError.
   *
   * Family by family: for every family at once the kernel waits for a lock that whoever makes or removes interfaces holds,
   * anywhere on the host, and this thread with it.
   */
  async addresses(): Promise<InterfaceAddress[]> {
    const all: InterfaceAddress[] = [];
    for (const family of ['inet', 'inet6'] as const) {
      const request = { type: RTM_GETADDR, body: encodeAddressRequest(family), purpose: 'reading the addresses' };
      const addresses = (await readAll(this.#requests, request, decodeAddress)).map(addressOf);
      // a kernel without IPv6 gives those of all others
      all.push(...addresses.filter(({ address }) => familyOf(address) === family));
    }
    return all;
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

  /**
   * Makes an interface on top of another one; it is down. Rejects with NetlinkError: EEXIST when there is one of that
   * name, EOPNOTSUPP when the kernel does not know the kind, EINVAL.
   */
  async createLink(wanted: NewLink): Promise<void> {
    const purpose = `making the ${wanted.kind.type} ${wanted.name} on interface ${wanted.lower}`;
    await this.#requests.request({ ...creationOf(wanted), purpose });
  }

  /** Changes what is given. Rejects with NetlinkError: ENODEV, EBUSY, EADDRNOTAVAIL for an impossible MAC. */
  async changeLink(index: number, change: LinkChange): Promise<void> {
    const purpose = `changing ${Object.keys(change).join(', ')} of interface ${index}`;
    await this.#requests.request({ ...changeOfLink(index, change), purpose });
  }

  /**
   * Sets what is /proc/sys/net/ipv4/conf/INTERFACE, also where /proc/sys cannot be written, as in most containers.
   * Rejects with NetlinkError: ENODEV, EPERM.
   */
  async setIpv4(index: number, settings: Readonly<Partial<Record<Ipv4Setting, number>>>): Promise<void> {
    const purpose = `setting ${Object.keys(settings).join(', ')} of interface ${index}`;
    await this.#requests.request({ ...ipv4SettingsOf(index, settings), purpose });
  }

  /** Removes an interface, whoever made it. Rejects with NetlinkError: ENODEV, EOPNOTSUPP for hardware. */
  async deleteLink(index: number): Promise<void> {
    await this.#requests.request({ ...deletionOf(index), purpose: `removing interface ${index}` });
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
