/**
 * The sockets of BFD: one that hears all sessions of a family and port, with the TTL that each packet came with (which is why
 * it is not one of node:dgram), and one for each session to send from. RFC 5881 §4, §5.
 */
import { addressBytes, addressFromBytes, type Family, familyOf, type IpAddress } from '../base/address.ts';
import { type Instant, instant } from '../base/time.ts';
import {
  AF_INET,
  AF_INET6,
  IP_FREEBIND,
  IP_RECVTTL,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_FREEBIND,
  IPV6_RECVHOPLIMIT,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
  IPV6_V6ONLY,
  SO_PRIORITY,
  SO_TIMESTAMPNS,
  SOCK_DGRAM,
  SOL_SOCKET,
  TC_PRIO_CONTROL,
} from './constants.ts';
import { type NativeSocket, native, type SocketAddress } from './native.ts';
import { isSystemCallError, withPurpose } from './system-error.ts';

/** A datagram as it came. */
export interface BfdDatagram {
  readonly bytes: Uint8Array;
  readonly source: IpAddress;
  /** TTL or hop limit, 0-255. */
  readonly ttl: number;
  readonly receivedAt: Instant;
}

const DOMAINS = { inet: AF_INET, inet6: AF_INET6 } as const;
const ANY = { inet: '0.0.0.0', inet6: '::' } as Readonly<Record<Family, IpAddress>>;
/** RFC 5881 §4: where a session sends from. */
const SOURCE_PORTS = { first: 49152, count: 16384 } as const;
const BIND_TRIES = 64;
/** Network control, as routing protocols have it: CS6. */
const TRAFFIC_CLASS = 0xc0;
/** Datagrams read in one go. */
const MAX_DRAINED = 512;

/** Hears what is sent to a port of this host. */
export class BfdListener {
  readonly #socket: NativeSocket;
  readonly #purpose: string;

  /** Throws SystemError: EADDRINUSE where another BFD runs. */
  constructor(family: Family, port: number, onReadable: () => void) {
    this.#purpose = `BFD, port ${port} of ${family}`;
    this.#socket = withPurpose(this.#purpose, () => new (native().Socket)(DOMAINS[family], SOCK_DGRAM, 0));
    try {
      withPurpose(this.#purpose, () => {
        this.#socket.setOption(SOL_SOCKET, SO_TIMESTAMPNS, 1);
        if (family === 'inet') this.#socket.setOption(IPPROTO_IP, IP_RECVTTL, 1);
        else {
          this.#socket.setOption(IPPROTO_IPV6, IPV6_V6ONLY, 1);
          this.#socket.setOption(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
        }
        this.#socket.bind(socketAddress(ANY[family], port));
      });
      this.#socket.onReadable(onReadable);
    } catch (error) {
      this.#socket.close();
      throw error;
    }
  }

  /** What waits, oldest first. @returns false: there is more */
  drain(handle: (datagram: BfdDatagram) => void): boolean {
    for (let left = MAX_DRAINED; left > 0; left--) {
      try {
        const message = this.#socket.receive();
        if (message === undefined) return true;
        const { bytes, from, hopLimit, receivedAt } = message;
        if ((from?.family !== 'inet' && from?.family !== 'inet6') || hopLimit === undefined) continue;
        handle({ bytes, source: addressFromBytes(from.address), ttl: hopLimit, receivedAt: instant(receivedAt) });
      } catch (error) {
        // an error of the network is collected and over
        if (!isSystemCallError(error)) throw error;
      }
    }
    return false;
  }

  close(): void {
    this.#socket.close();
  }
}

export interface BfdSenderOptions {
  readonly to: IpAddress;
  readonly port: number;
  /** Absent: as the routes have it. */
  readonly source?: IpAddress | undefined;
  /** 1-255: TTL or hop limit. */
  readonly ttl: number;
}

/** Sends the packets of one session, from a port of its own. */
export class BfdSender {
  readonly #socket: NativeSocket;
  readonly #purpose: string;
  readonly #to: SocketAddress;

  /** @param random from 0 to 1, anew for each call. Throws SystemError. */
  constructor({ to, port, source, ttl }: BfdSenderOptions, random: () => number) {
    const family = familyOf(to);
    this.#purpose = `BFD packet to ${to}`;
    this.#to = socketAddress(to, port);
    this.#socket = withPurpose(this.#purpose, () => new (native().Socket)(DOMAINS[family], SOCK_DGRAM, 0));
    try {
      withPurpose(this.#purpose, () => {
        this.#socket.setOption(SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL);
        const [level, hops, trafficClass, freeBind] =
          family === 'inet'
            ? [IPPROTO_IP, IP_TTL, IP_TOS, IP_FREEBIND]
            : [IPPROTO_IPV6, IPV6_UNICAST_HOPS, IPV6_TCLASS, IPV6_FREEBIND];
        this.#socket.setOption(level, hops, ttl);
        this.#socket.setOption(level, trafficClass, TRAFFIC_CLASS);
        // the address may come later
        this.#socket.setOption(level, freeBind, 1);
        this.#bind(source ?? ANY[family], random);
      });
    } catch (error) {
      this.#socket.close();
      throw error;
    }
  }

  /** Throws SystemError, e.g. ENETUNREACH. */
  send(bytes: Uint8Array): void {
    withPurpose(this.#purpose, () => this.#socket.send(bytes, this.#to));
  }

  close(): void {
    this.#socket.close();
  }

  #bind(source: IpAddress, random: () => number): void {
    for (let tries = 1; ; tries++) {
      const port = SOURCE_PORTS.first + Math.floor(random() * SOURCE_PORTS.count);
      try {
        this.#socket.bind(socketAddress(source, port));
        return;
      } catch (error) {
        const isTaken = isSystemCallError(error) && error.code === 'EADDRINUSE';
        if (!isTaken || tries >= BIND_TRIES) throw error;
      }
    }
  }
}

const socketAddress = (address: IpAddress, port: number): SocketAddress =>
  familyOf(address) === 'inet'
    ? { family: 'inet', address: addressBytes(address), port }
    : { family: 'inet6', address: addressBytes(address), port, scopeId: 0 };
