/**
 * The sockets of the election: one for VRRP for each ear, opened when its interface is there and closed when that goes, and
 * one for announcements per interface.
 */
import { earliest, type Instant } from '../base/time.ts';
import { PacketSocket } from '../io/packet-socket.ts';
import { type ReceivedPacket, VrrpSocket } from '../io/vrrp-socket.ts';
import type { VrrpInstance } from '../vrrp/instance.ts';
import { type Ear, earsOf } from './ears.ts';

/** Packets read from one socket before the deadlines get their turn: a flood must not stop our advertisements. */
const MAX_DRAINED = 512;

/** Which interface has a name now; undefined: none. */
export type IndexOf = (name: string) => number | undefined;

/** See the file's head. */
export class Sockets {
  readonly #indexOf: IndexOf;
  readonly #onReadable: () => void;
  readonly #vrrp = new Map<string, { readonly index: number; readonly socket: VrrpSocket }>();
  readonly #packet = new Map<number, PacketSocket>();

  /** @param onReadable something waits on one of the sockets */
  constructor(indexOf: IndexOf, onReadable: () => void) {
    this.#indexOf = indexOf;
    this.#onReadable = onReadable;
  }

  /** The VRRP socket that an instance speaks with, where it is open. */
  of(instance: VrrpInstance): VrrpSocket | undefined {
    return this.#vrrp.get(earsOf(instance)[0].key)?.socket;
  }

  /** Opens the ears of an instance, anew when their interface was made anew, and closes them when it is gone. Throws SystemError. */
  open(instance: VrrpInstance): void {
    for (const ear of earsOf(instance)) this.#open(ear);
  }

  #open(ear: Ear): void {
    const index = ear.interface === undefined ? 0 : this.#indexOf(ear.interface);
    if (this.#vrrp.get(ear.key)?.index === index) return;
    this.#close(ear.key);
    if (index === undefined) return;
    const { key: _, ...options } = ear;
    const socket = VrrpSocket.open({ ...options, ...(index === 0 ? {} : { interfaceIndex: index }) });
    socket.onReadable(this.#onReadable);
    this.#vrrp.set(ear.key, { index, socket });
  }

  #close(key: string): void {
    this.#vrrp.get(key)?.socket.close();
    this.#vrrp.delete(key);
  }

  /** Closes the ears that none of these instances has. */
  keepOnly(instances: readonly VrrpInstance[]): void {
    const kept = new Set(instances.flatMap((instance) => earsOf(instance).map(({ key }) => key)));
    for (const key of [...this.#vrrp.keys()]) if (!kept.has(key)) this.#close(key);
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
   * Hands over what waits on every ear, at most `MAX_DRAINED` packets of each, with the key of the ear.
   * @returns until when everything that came is known, when a flood left more to read; undefined: nothing is left
   */
  drain(handle: (ear: string, packet: ReceivedPacket) => void): Instant | undefined {
    let knownUntil: Instant | undefined;
    for (const [key, { socket }] of this.#vrrp) {
      let left = MAX_DRAINED;
      for (let packet = socket.receive(); packet !== undefined; packet = socket.receive()) {
        handle(key, packet);
        left -= 1;
        if (left > 0) continue;
        knownUntil = earliest(knownUntil, packet.receivedAt);
        break;
      }
    }
    return knownUntil;
  }

  closeAll(): void {
    for (const key of [...this.#vrrp.keys()]) this.#close(key);
    for (const socket of this.#packet.values()) socket.close();
    this.#packet.clear();
  }
}
