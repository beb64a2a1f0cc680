/** The rtnetlink part of the fake kernel: interfaces and addresses. */

import { addressBytes, type IpAddress, maxPrefixLength } from '../../src/base/address.ts';
import type { Mac } from '../../src/wire/ethernet.ts';
import type { NetlinkMessage } from '../../src/wire/netlink.ts';
import {
  type AddressMessage,
  decodeAddress,
  encodeAddress,
  familyOfNumber,
  IFA_F_PERMANENT,
  IFA_F_SECONDARY,
  RTM_DELADDR,
  RTM_GETADDR,
  RTM_NEWADDR,
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_IPV6_IFADDR,
} from '../../src/wire/rtnetlink.ts';
import {
  encodeLink,
  IFF_LOOPBACK,
  IFF_LOWER_UP,
  IFF_MULTICAST,
  IFF_RUNNING,
  IFF_UP,
  type LinkMessage,
  RTM_DELLINK,
  RTM_GETLINK,
  RTM_NEWLINK,
  RTNLGRP_LINK,
} from '../../src/wire/rtnetlink-link.ts';
import type { FakeAnswer, Part } from './fake-kernel.ts';

const ETHERNET_UP = IFF_UP | IFF_RUNNING | IFF_LOWER_UP | IFF_MULTICAST;

export class FakeRoute {
  readonly links: LinkMessage[] = [
    {
      deviceType: 772,
      interfaceIndex: 1,
      flags: IFF_UP | IFF_RUNNING | IFF_LOWER_UP | IFF_LOOPBACK,
      name: 'lo',
      mtu: 65536,
    },
  ];
  readonly addresses: AddressMessage[] = [];
  readonly #broadcast: (group: number, part: Part) => void;

  constructor(broadcast: (group: number, part: Part) => void) {
    this.#broadcast = broadcast;
  }

  /** An Ethernet interface that is up; its index. */
  addLink(name: string): number {
    const interfaceIndex = Math.max(...this.links.map((link) => link.interfaceIndex)) + 1;
    const mac = `02:00:00:00:00:${interfaceIndex.toString(16).padStart(2, '0')}` as Mac;
    const link = { deviceType: 1, interfaceIndex, flags: ETHERNET_UP, name, mtu: 1500, mac, kind: 'veth' };
    this.links.push(link);
    this.#broadcast(RTNLGRP_LINK, { type: RTM_NEWLINK, body: encodeLink(link) });
    return interfaceIndex;
  }

  /** Other flags, e.g. without IFF_RUNNING when the cable is pulled. */
  setFlags(name: string, flags: number): void {
    const at = this.links.findIndex((link) => link.name === name);
    const link = this.links[at];
    if (link === undefined) throw new Error(`the fake kernel has no interface ${name}`);
    this.links[at] = { ...link, flags };
    this.#broadcast(RTNLGRP_LINK, { type: RTM_NEWLINK, body: encodeLink({ ...link, flags }) });
  }

  /** The interface and its addresses go. */
  removeLink(name: string): void {
    const link = this.links.find((candidate) => candidate.name === name);
    if (link === undefined) throw new Error(`the fake kernel has no interface ${name}`);
    for (const address of this.addresses.filter((a) => a.interfaceIndex === link.interfaceIndex)) this.#remove(address);
    this.links.splice(this.links.indexOf(link), 1);
    this.#broadcast(RTNLGRP_LINK, { type: RTM_DELLINK, body: encodeLink(link) });
  }

  /** An address that somebody else adds. */
  addAddress(interfaceIndex: number, address: IpAddress, prefixLength: number): void {
    const family = address.includes(':') ? 'inet6' : 'inet';
    const answer = this.#add({ family, prefixLength, flags: 0, scope: 0, interfaceIndex, local: address, address });
    if (!('done' in answer)) throw new Error(`the fake kernel refused ${address}`);
  }

  /** An address that somebody else removes. */
  removeAddress(address: IpAddress): void {
    const found = this.addresses.find((candidate) => candidate.local === address);
    if (found === undefined) throw new Error(`the fake kernel has no address ${address}`);
    this.#remove(found);
  }

  handle({ type, body }: NetlinkMessage): FakeAnswer {
    switch (type) {
      case RTM_GETLINK:
        return { parts: this.links.map((link) => ({ type: RTM_NEWLINK, body: encodeLink(link) })) };
      case RTM_GETADDR: {
        const family = familyOfNumber(body[0] ?? 0);
        const wanted = this.addresses.filter((address) => family === undefined || address.family === family);
        return { parts: wanted.map((address) => ({ type: RTM_NEWADDR, body: encodeAddress(address) })) };
      }
      case RTM_NEWADDR:
      case RTM_DELADDR: {
        const message = decodeAddress(body);
        if (!message.ok) {
          return message.reason === 'prefix-length'
            ? { error: 'EINVAL', message: 'ipv4: Invalid prefix length' }
            : { error: 'EINVAL' };
        }
        return type === RTM_NEWADDR ? this.#add(message.value) : this.#delete(message.value);
      }
      default:
        return { error: 'EOPNOTSUPP' };
    }
  }

  #add(message: AddressMessage): FakeAnswer {
    const link = this.links.find((candidate) => candidate.interfaceIndex === message.interfaceIndex);
    const local = message.local ?? message.address;
    if (link === undefined) return { error: 'ENODEV', message: 'ipv4: Device not found' };
    if (local === undefined) return { error: 'EINVAL' };
    const others = this.addresses.filter((other) => other.interfaceIndex === message.interfaceIndex);
    if (others.some((other) => isSame(other, local, message))) {
      return { error: 'EEXIST', message: 'ipv4: Address already assigned' };
    }
    const isSecondary = message.family === 'inet' && others.some((other) => inOneNetwork(other, local, message));
    const entry: AddressMessage = {
      ...message,
      local,
      address: message.address ?? local,
      flags: message.flags | IFA_F_PERMANENT | (isSecondary ? IFA_F_SECONDARY : 0),
      ...(message.family === 'inet' ? { label: message.label ?? link.name ?? '' } : {}),
    };
    this.addresses.push(entry);
    this.#tell(RTM_NEWADDR, entry);
    return { done: true };
  }

  #delete(message: AddressMessage): FakeAnswer {
    const local = message.local ?? message.address;
    const found = this.addresses.find(
      (other) =>
        other.interfaceIndex === message.interfaceIndex && local !== undefined && isSame(other, local, message),
    );
    if (found === undefined) return { error: 'EADDRNOTAVAIL', message: 'ipv4: Address not found' };
    this.#remove(found);
    return { done: true };
  }

  /** With the first address of an IPv4 network its secondary ones go too (promote_secondaries 0). */
  #remove(entry: AddressMessage): void {
    const { local } = entry;
    if (local === undefined || !this.addresses.includes(entry)) return;
    this.addresses.splice(this.addresses.indexOf(entry), 1);
    this.#tell(RTM_DELADDR, entry);
    if (entry.family !== 'inet' || (entry.flags & IFA_F_SECONDARY) !== 0) return;
    const { interfaceIndex } = entry;
    for (const other of this.addresses.filter(
      (a) => a.interfaceIndex === interfaceIndex && inOneNetwork(a, local, entry),
    )) {
      this.#remove(other);
    }
  }

  #tell(type: number, entry: AddressMessage): void {
    const group = entry.family === 'inet' ? RTNLGRP_IPV4_IFADDR : RTNLGRP_IPV6_IFADDR;
    this.#broadcast(group, { type, body: encodeAddress(entry) });
  }
}

/** IPv4 has an address once with each prefix length, IPv6 once. */
const isSame = (other: AddressMessage, local: IpAddress, message: AddressMessage): boolean =>
  other.local === local && (message.family === 'inet6' || other.prefixLength === message.prefixLength);

function inOneNetwork(other: AddressMessage, local: IpAddress, message: AddressMessage): boolean {
  const { family, prefixLength } = message;
  if (other.family !== family || other.prefixLength !== prefixLength || other.local === undefined) return false;
  const bits = (address: IpAddress) =>
    Array.from(addressBytes(address), (byte) => byte.toString(2).padStart(8, '0')).join('');
  const length = Math.min(prefixLength, maxPrefixLength(family));
  return bits(other.local).slice(0, length) === bits(local).slice(0, length);
}
