/**
 * The socket of VRRP on one interface: whole IPv4 or IPv6 packets out, IPv4 packets or the payload of IPv6 packets in,
 * with what the kernel knows about a received one. What is in the packets is src/wire's; who may be believed is
 * src/vrrp's.
 */
import {
  addressBytes,
  addressFromBytes,
  type Family,
  familyOf,
  type IpAddress,
  isLinkLocal,
  isMulticast,
} from '../base/address.ts';
import { assert } from '../base/assert.ts';
import { concatBytes } from '../base/bytes.ts';
import { type Instant, instant } from '../base/time.ts';
import {
  AF_INET,
  AF_INET6,
  IP_ADD_MEMBERSHIP,
  IP_FREEBIND,
  IP_HDRINCL,
  IP_MULTICAST_ALL,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IP_PKTINFO,
  IP_RECVTTL,
  type IPPROTO_AH,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_VRRP,
  IPV6_ADD_MEMBERSHIP,
  IPV6_FREEBIND,
  IPV6_HDRINCL,
  IPV6_MULTICAST_IF,
  IPV6_MULTICAST_LOOP,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVPKTINFO,
  SO_BINDTODEVICE,
  SO_PRIORITY,
  SO_RCVBUFFORCE,
  SO_TIMESTAMPNS,
  SOCK_RAW,
  SOL_SOCKET,
  TC_PRIO_CONTROL,
} from './constants.ts';
import { type NativeSocket, native, type ReceivedMessage, type SocketAddress } from './native.ts';
import { isSystemCallError, SystemError, withPurpose } from './system-error.ts';

/** Where a VrrpSocket sits: on an interface, or at an address, or both. */
export interface VrrpSocketOptions {
  readonly family: Family;
  /**
   * The interface's name, and its index at the moment: a name that meanwhile means another interface is refused.
   * Absent: packets are heard from wherever they come, and leave by the routes of the host. Then `address` is needed.
   */
  readonly interface?: string | undefined;
  readonly interfaceIndex?: number | undefined;
  /** The multicast group to listen to; RFC 5798 §5.1.1.2: 224.0.0.18, §5.1.2.2: ff02::12. Absent: unicast only. */
  readonly group?: IpAddress | undefined;
  /**
   * Unicast to this address only, which the host may get later; keepalived.conf(5) "unicast_src_ip". Not with a group,
   * which would not be heard any more. Absent: unicast to every address of the host.
   */
  readonly address?: IpAddress | undefined;
  /** 112, or 51 for packets with an Authentication Header, which are no others to the kernel. Absent: 112. */
  readonly protocol?: typeof IPPROTO_VRRP | typeof IPPROTO_AH | undefined;
  /** In bytes; there is always room for some thousand advertisements. */
  readonly receiveBuffer?: number | undefined;
}

/** A packet of the socket's protocol as it came. */
export interface ReceivedPacket {
  /** IPv4: with its header. IPv6: what follows the header, which the kernel keeps to itself. */
  readonly bytes: Uint8Array;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** TTL or hop limit, 0-255; RFC 5798 §5.1.1.3 wants 255. */
  readonly ttl: number;
  readonly interfaceIndex: number;
  /** When the kernel got it, not when we read it. */
  readonly receivedAt: Instant;
}

/** Some thousand advertisements: what comes during a long pause of this process. */
const RECEIVE_BUFFER = 1 << 20;

/** What the network may do to a socket that goes on working afterwards. */
const PASSING = new Set(['ENETDOWN', 'ENETUNREACH', 'EHOSTDOWN', 'EHOSTUNREACH', 'ENOBUFS', 'ENOMEM', 'EPROTO']);

/** Packets thrown away at most when a socket is opened: a flood must not keep us here. */
const MAX_DISCARDED = 4096;

export class VrrpSocket {
  readonly #socket: NativeSocket;
  readonly #place: string;
  /** 0: none. */
  readonly #interfaceIndex: number;
  readonly #group: IpAddress | undefined;
  /** Where packets went: the group, or the peers of the configuration. */
  readonly #destinations = new Map<IpAddress, SocketAddress>();
  #errors = 0;

  /** Opens, binds to the interface and joins the group. Throws SystemError. */
  static open(options: VrrpSocketOptions): VrrpSocket {
    const {
      family,
      interface: name,
      interfaceIndex = 0,
      group,
      address,
      protocol = IPPROTO_VRRP,
      receiveBuffer = 0,
    } = options;
    assert(name !== undefined || address !== undefined, 'a VRRP socket has an interface or an address');
    assert((name === undefined) === (interfaceIndex === 0), 'an interface has a name and an index');
    assert(group === undefined || (name !== undefined && address === undefined), 'a group belongs to an interface');
    const place = name ?? `${address}`;
    const purpose = `VRRP socket on ${place}`;
    const socket = withPurpose(purpose, () => new (native().Socket)(DOMAINS[family], SOCK_RAW, protocol));
    const opened = new VrrpSocket(socket, place, interfaceIndex, group);
    try {
      withPurpose(purpose, () => {
        prepare(socket, name, receiveBuffer);
        OPTIONS[family].prepare(socket, interfaceIndex);
        if (address !== undefined) OPTIONS[family].bind(socket, address, interfaceIndex);
      });
      if (group !== undefined) {
        withPurpose(`multicast group ${group} on ${place}`, () => OPTIONS[family].join(socket, group, interfaceIndex));
      }
      opened.#discard();
    } catch (error) {
      socket.close();
      throw error;
    }
    return opened;
  }

  private constructor(socket: NativeSocket, place: string, interfaceIndex: number, group: IpAddress | undefined) {
    this.#socket = socket;
    this.#place = place;
    this.#interfaceIndex = interfaceIndex;
    this.#group = group;
  }

  /** Errors of the network that receiving has survived since the socket was opened, e.g. the interface going down. */
  get errors(): number {
    return this.#errors;
  }

  /**
   * Sends one packet, without waiting. Our own sockets do not hear it.
   * @param packet a whole packet with its IP header; of IPv4 the kernel fills in total length and header checksum
   * @throws SystemError, e.g. ENETDOWN
   */
  send(packet: Uint8Array, destination: IpAddress): void {
    try {
      this.#socket.send(packet, this.#addressOf(destination));
    } catch (error) {
      throw isSystemCallError(error) ? new SystemError(`packet to ${destination} on ${this.#place}`, error) : error;
    }
  }

  #addressOf(destination: IpAddress): SocketAddress {
    const known = this.#destinations.get(destination);
    if (known !== undefined) return known;
    const address = socketAddress(destination, this.#interfaceIndex);
    this.#destinations.set(destination, address);
    return address;
  }

  /** The next packet; undefined when none waits. An error of the network is counted and stepped over. */
  receive(): ReceivedPacket | undefined {
    for (;;) {
      try {
        const message = this.#socket.receive();
        if (message === undefined) return undefined;
        const packet = packetOf(message);
        if (packet !== undefined && this.#isForeign(packet)) continue;
        if (packet !== undefined) return packet;
      } catch (error) {
        if (!isSystemCallError(error)) throw error;
        if (!PASSING.has(error.code)) throw new SystemError(`receiving on ${this.#place}`, error);
      }
      this.#errors += 1;
    }
  }

  /** Calls back when `receive` has something, again and again until all is received; undefined stops. */
  onReadable(callback: (() => void) | undefined): void {
    this.#socket.onReadable(callback);
  }

  /** Idempotent. */
  close(): void {
    this.#socket.close();
  }

  /** Raw sockets of IPv6 hear every group that anybody on the host has joined, IPV6_MULTICAST_ALL or not. */
  #isForeign({ destination }: ReceivedPacket): boolean {
    return destination !== this.#group && isMulticast(destination);
  }

  /** What came before the socket was bound is from other interfaces, and what came before it had its options lacks its stamp. */
  #discard(): void {
    for (let i = 0; i < MAX_DISCARDED && this.receive() !== undefined; i++);
    this.#errors = 0;
  }
}

const DOMAINS = { inet: AF_INET, inet6: AF_INET6 } as const;

function prepare(socket: NativeSocket, name: string | undefined, receiveBuffer: number): void {
  if (name !== undefined) socket.setOption(SOL_SOCKET, SO_BINDTODEVICE, name);
  socket.setOption(SOL_SOCKET, SO_RCVBUFFORCE, Math.max(RECEIVE_BUFFER, receiveBuffer));
  socket.setOption(SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL);
  socket.setOption(SOL_SOCKET, SO_TIMESTAMPNS, 1);
}

interface FamilyOptions {
  /** The kernel's options of the family. */
  prepare(socket: NativeSocket, interfaceIndex: number): void;
  join(socket: NativeSocket, group: IpAddress, interfaceIndex: number): void;
  /** To an address that need not be there yet. */
  bind(socket: NativeSocket, address: IpAddress, interfaceIndex: number): void;
}

const OPTIONS: { readonly [F in Family]: FamilyOptions } = {
  inet: {
    prepare(socket, interfaceIndex) {
      socket.setOption(IPPROTO_IP, IP_HDRINCL, 1);
      socket.setOption(IPPROTO_IP, IP_PKTINFO, 1);
      socket.setOption(IPPROTO_IP, IP_RECVTTL, 1);
      socket.setOption(IPPROTO_IP, IP_MULTICAST_ALL, 0);
      socket.setOption(IPPROTO_IP, IP_MULTICAST_LOOP, 0);
      if (interfaceIndex === 0) return;
      // a socket that is bound to a device refuses any other index here
      socket.setOption(IPPROTO_IP, IP_MULTICAST_IF, multicastRequest(undefined, interfaceIndex));
    },
    join(socket, group, interfaceIndex) {
      socket.setOption(IPPROTO_IP, IP_ADD_MEMBERSHIP, multicastRequest(group, interfaceIndex));
    },
    bind(socket, address, interfaceIndex) {
      socket.setOption(IPPROTO_IP, IP_FREEBIND, 1);
      socket.bind(socketAddress(address, interfaceIndex));
    },
  },
  // IPV6_CHECKSUM stays off: the kernel would drop what is wrong without a word, and our decoder counts it
  inet6: {
    prepare(socket, interfaceIndex) {
      socket.setOption(IPPROTO_IPV6, IPV6_HDRINCL, 1);
      socket.setOption(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
      socket.setOption(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
      socket.setOption(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
      if (interfaceIndex !== 0) socket.setOption(IPPROTO_IPV6, IPV6_MULTICAST_IF, interfaceIndex);
    },
    join(socket, group, interfaceIndex) {
      const request = concatBytes(addressBytes(group), int(interfaceIndex)); // struct ipv6_mreq of linux/in6.h
      socket.setOption(IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, request);
    },
    bind(socket, address, interfaceIndex) {
      socket.setOption(IPPROTO_IPV6, IPV6_FREEBIND, 1);
      socket.bind(socketAddress(address, interfaceIndex));
    },
  },
};

/** struct ip_mreqn of linux/in.h: group, local address (none: the index decides), interface index. */
const multicastRequest = (group: IpAddress | undefined, interfaceIndex: number): Uint8Array =>
  concatBytes(group === undefined ? new Uint8Array(4) : addressBytes(group), new Uint8Array(4), int(interfaceIndex));

/** In the machine's byte order. */
const int = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer);

/** @param interfaceIndex what a link-local or multicast address is meant on; 0: by the routes */
function socketAddress(address: IpAddress, interfaceIndex: number): SocketAddress {
  const bytes = addressBytes(address);
  return familyOf(address) === 'inet'
    ? { family: 'inet', address: bytes, port: 0 }
    : { family: 'inet6', address: bytes, port: 0, scopeId: isScoped(address) ? interfaceIndex : 0 };
}

const isScoped = (address: IpAddress): boolean => isMulticast(address) || isLinkLocal(address);

/** Undefined when the kernel did not say what the options above ask for. */
function packetOf(message: ReceivedMessage): ReceivedPacket | undefined {
  const { bytes, from, destination, hopLimit, interfaceIndex } = message;
  if ((from?.family !== 'inet' && from?.family !== 'inet6') || message.truncated) return undefined;
  if (destination === undefined || hopLimit === undefined || interfaceIndex === undefined) return undefined;
  return {
    bytes,
    source: addressFromBytes(from.address),
    destination: addressFromBytes(destination),
    ttl: hopLimit,
    interfaceIndex,
    receivedAt: instant(message.receivedAt),
  };
}
