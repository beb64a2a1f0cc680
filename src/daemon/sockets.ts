/**
 * The sockets of the election: one for VRRP and one for announcements per interface, opened when the interface is
 * there and closed when it goes.
 */
import type { IpAddress } from '../base/address.ts';
import { earliest, type Instant } from '../base/time.ts';
import { PacketSocket } from '../io/packet-socket.ts';
import { type ReceivedPacket, VrrpSocket } from '../io/vrrp-socket.ts';

/** Packets read from one socket before the deadlines get their turn: a flood must not stop our advertisements. */
const MAX_DRAINED = 512;

/** See the file's head. */
export class Sockets {
  readonly #group: IpAddress;
  readonly #onReadable: () => void;
  readonly #vrrp = new Map<string, { readonly index: number; readonly socket: VrrpSocket }>();
  readonly #packet = new Map<number, PacketSocket>();

  /** @param onReadable something waits on one of the sockets */
  constructor(group: IpAddress, onReadable: () => void) {
    this.#group = group;
    this.#onReadable = onReadable;
  }

  /** The VRRP socket of an interface, where it is open. */
  of(name: string): VrrpSocket | undefined {
    return this.#vrrp.get(name)?.socket;
  }

  /** Opens the socket of an interface, anew when the interface was made anew. Throws SystemError. */
  open(name: string, index: number): void {
    if (this.#vrrp.get(name)?.index === index) return;
    this.close(name);
    const socket = VrrpSocket.open({ interface: name, interfaceIndex: index, family: 'inet', group: this.#group });
    socket.onReadable(this.#onReadable);
    this.#vrrp.set(name, { index, socket });
  }

  close(name: string): void {
    const entry = this.#vrrp.get(name);
    if (!entry) return;
    entry.socket.close();
    this.#vrrp.delete(name);
  }

  /** Closes the sockets of interfaces that no instance is on any more. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of [...this.#vrrp.keys()]) if (!names.has(name)) this.close(name);
  }

  /** An interface is gone: nothing can be sent there any more. */
  forget(index: number): void {
    this.#packet.get(index)?.close();
    this.#packet.delete(index);
  }

  /** The socket for Ethernet frames on an interface. Throws SystemError. */
  packetSocket(index: number): PacketSocket {
    let socket = this.#packet.get(index);
    if (!socket) {
      socket = PacketSocket.open(index, 0);
      this.#packet.set(index, socket);
    }
    return socket;
  }

  /**
   * Hands over what waits on every interface, at most `MAX_DRAINED` packets of each.
   * @returns until when everything that came is known, when a flood left more to read; undefined: nothing is left
   */
  drain(handle: (name: string, packet: ReceivedPacket) => void): Instant | undefined {
    let knownUntil: Instant | undefined;
    for (const [name, { socket }] of this.#vrrp) {
      let left = MAX_DRAINED;
      for (let packet = socket.receive(); packet !== undefined; packet = socket.receive()) {
        handle(name, packet);
        left -= 1;
        if (left > 0) continue;
        knownUntil = earliest(knownUntil, packet.receivedAt);
        break;
      }
    }
    return knownUntil;
  }

  closeAll(): void {
    for (const name of [...this.#vrrp.keys()]) this.close(name);
    for (const socket of this.#packet.values()) socket.close();
    this.#packet.clear();
  }
}
