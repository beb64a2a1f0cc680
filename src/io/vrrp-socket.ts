/**
 * The socket of VRRP on one interface: whole IPv4 packets of protocol 112 out and in, with what the kernel knows about
 * a received one. What is in the packets is src/wire's; who may be believed is src/vrrp's.
 */
import { addressBytes, addressFromBytes, type IpAddress } from '../base/address.ts';
import { type Instant, instant } from '../base/time.ts';
import {
  AF_INET,
  IP_ADD_MEMBERSHIP,
  IP_HDRINCL,
  IP_MULTICAST_ALL,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IP_PKTINFO,
  IP_RECVTTL,
  IPPROTO_IP,
  IPPROTO_VRRP,
  SO_BINDTODEVICE,
  SO_PRIORITY,
  SO_RCVBUFFORCE,
  SO_TIMESTAMPNS,
  SOCK_RAW,
  SOL_SOCKET,
  TC_PRIO_CONTROL,
} from './constants.ts';
import { type NativeSocket, native, type ReceivedMessage } from './native.ts';
import { isSystemCallError, SystemError, withPurpose } from './system-error.ts';

/** Where a VrrpSocket sits. */
export interface VrrpSocketOptions {
  /** The interface's name, and its index at the moment: a name that meanwhile means another interface is refused. */
  readonly interface: string;
  readonly interfaceIndex: number;
  readonly family: 'inet';
  /** The multicast group to listen to; RFC 5798 §5.1.1.2: 224.0.0.18. */
  readonly group: IpAddress;
}

/** A packet of protocol 112 as it came. */
export interface ReceivedPacket {
  /** With its IPv4 header. */
  readonly bytes: Uint8Array;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** 0-255; RFC 5798 §5.1.1.3 wants 255. */
  readonly ttl: number;
  readonly interfaceIndex: number;
  /** When the kernel got it, not when we read it. */
  readonly receivedAt: Instant;
}

/** Some thousand advertisements: what comes during a long pause of this process. */
const RECEIVE_BUFFER = 1 << 20;

/** What the network may do to a socket that goes on working afterwards. */
const PASSING = new Set(['ENETDOWN', 'ENETUNREACH', 'EHOSTDOWN', 'EHOSTUNREACH', 'ENOBUFS', 'ENOMEM', 'EPROTO']);

export class VrrpSocket {
  readonly #socket: NativeSocket;
  readonly #interface: string;
  #errors = 0;

  /** Opens, binds to the interface and joins the group. Throws SystemError. */
  static open(options: VrrpSocketOptions): VrrpSocket {
    const name = options.interface;
    const socket = withPurpose(`VRRP socket on ${name}`, () => new (native().Socket)(AF_INET, SOCK_RAW, IPPROTO_VRRP));
    try {
      withPurpose(`VRRP socket on ${name}`, () => prepare(socket, options));
      withPurpose(`multicast group ${options.group} on ${name}`, () => joinGroup(socket, options));
    } catch (error) {
      socket.close();
      throw error;
    }
    return new VrrpSocket(socket, name);
  }

  private constructor(socket: NativeSocket, name: string) {
    this.#socket = socket;
    this.#interface = name;
  }

  /** Errors of the network that receiving has survived since the socket was opened, e.g. the interface going down. */
  get errors(): number {
    return this.#errors;
  }

  /**
   * Sends one packet out of the interface, without waiting. Our own sockets do not hear it.
   * @param packet a whole IPv4 packet; the kernel fills in its total length and header checksum
   * @throws SystemError, e.g. ENETDOWN
   */
  send(packet: Uint8Array, destination: IpAddress): void {
    withPurpose(`packet to ${destination} on ${this.#interface}`, () =>
      this.#socket.send(packet, { family: 'inet', address: addressBytes(destination), port: 0 }),
    );
  }

  /** The next packet; undefined when none waits. An error of the network is counted and stepped over. */
  receive(): ReceivedPacket | undefined {
    for (;;) {
      try {
        const message = this.#socket.receive();
        if (message === undefined) return undefined;
        const packet = packetOf(message);
        if (packet !== undefined) return packet;
      } catch (error) {
        if (!isSystemCallError(error)) throw error;
        if (!PASSING.has(error.code)) throw new SystemError(`receiving on ${this.#interface}`, error);
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
}

function prepare(socket: NativeSocket, { interface: name, interfaceIndex }: VrrpSocketOptions): void {
  socket.setOption(SOL_SOCKET, SO_BINDTODEVICE, name);
  socket.setOption(SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER);
  socket.setOption(SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL);
  socket.setOption(SOL_SOCKET, SO_TIMESTAMPNS, 1);
  socket.setOption(IPPROTO_IP, IP_HDRINCL, 1);
  socket.setOption(IPPROTO_IP, IP_PKTINFO, 1);
  socket.setOption(IPPROTO_IP, IP_RECVTTL, 1);
  socket.setOption(IPPROTO_IP, IP_MULTICAST_ALL, 0);
  socket.setOption(IPPROTO_IP, IP_MULTICAST_LOOP, 0);
  // a socket that is bound to a device refuses any other index here
  socket.setOption(IPPROTO_IP, IP_MULTICAST_IF, multicastRequest(undefined, interfaceIndex));
}

function joinGroup(socket: NativeSocket, { group, interfaceIndex }: VrrpSocketOptions): void {
  socket.setOption(IPPROTO_IP, IP_ADD_MEMBERSHIP, multicastRequest(group, interfaceIndex));
}

/** struct ip_mreqn of linux/in.h: group, local address (none: the index decides), interface index. */
function multicastRequest(group: IpAddress | undefined, interfaceIndex: number): Uint8Array {
  const request = new Uint8Array(12);
  if (group !== undefined) request.set(addressBytes(group));
  new Int32Array(request.buffer, 8, 1)[0] = interfaceIndex; // in the machine's byte order
  return request;
}

/** Undefined when the kernel did not say what the options above ask for. */
function packetOf(message: ReceivedMessage): ReceivedPacket | undefined {
  const { bytes, from, destination, hopLimit, interfaceIndex } = message;
  if (from?.family !== 'inet' || message.truncated) return undefined;
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
