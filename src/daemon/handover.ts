/**
 * Routers on their way out, one of them or all: each MASTER has given up and keeps its addresses until its successor has
 * announced them (vrrp/handover.ts). Hears the announcements.
 */
import { ArpSocket } from '../io/arp-socket.ts';
import type { ArpFrame } from '../wire/arp.ts';
import type { Interfaces } from './interfaces.ts';
import type { ElectionLoop } from './loop.ts';
import { allAddresses, type Router } from './router.ts';

/** See the file's head. */
export class Handover {
  readonly #loop: ElectionLoop;
  readonly #interfaces: Interfaces;
  readonly #leaving = new Map<Router, () => void>();
  readonly #sockets = new Map<number, ArpSocket>();

  constructor(loop: ElectionLoop, interfaces: Interfaces) {
    this.#loop = loop;
    this.#interfaces = interfaces;
  }

  /** Resolves when the router has left: at once unless it is MASTER. */
  leave(router: Router): Promise<void> {
    if (router.state.name === 'Master') this.#listen(router);
    const left = new Promise<void>((resolve) => this.#leaving.set(router, resolve));
    this.#loop.dispatch(router, { type: 'handover' });
    this.sweep();
    return left;
  }

  /** Resolves when the router is no MASTER any more, or is one again because nobody wanted to be. */
  giveAway(router: Router): Promise<void> {
    if (router.state.name !== 'Master' || this.#leaving.has(router)) return Promise.resolve();
    this.#listen(router);
    const given = new Promise<void>((resolve) => this.#leaving.set(router, resolve));
    this.#loop.dispatch(router, { type: 'give-away' });
    this.sweep();
    return given;
  }

  isLeaving(router: Router): boolean {
    return this.#leaving.has(router);
  }

  /** To be called after anything happened to the routers. */
  sweep(): void {
    for (const [router, resolve] of this.#leaving) {
      if (router.state.name === 'Master' && router.state.leaving !== undefined) continue;
      this.#leaving.delete(router);
      resolve();
    }
    if (this.#leaving.size > 0) return;
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  /** Without a socket the wait is a few milliseconds longer. */
  #listen(router: Router): void {
    for (const { interface: name } of allAddresses(router.instance)) {
      const index = this.#interfaces.link(name)?.index;
      if (index === undefined || this.#sockets.has(index)) continue;
      try {
        this.#sockets.set(
          index,
          ArpSocket.open(index, (frame) => this.#heard(frame)),
        );
      } catch {
        // the interface is gone, and the addresses with it
      }
    }
  }

  #heard(frame: ArpFrame): void {
    for (const router of this.#leaving.keys()) {
      const isOurs = allAddresses(router.instance).some(({ address }) => address === frame.senderProtocolAddress);
      if (isOurs) this.#loop.dispatch(router, { type: 'successor-announced' });
    }
    this.sweep();
  }
}
