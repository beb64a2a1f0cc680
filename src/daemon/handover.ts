/**
 * Routers on their way out, one of them or all: each MASTER has given up and keeps its addresses until its successor has
 * announced them (vrrp/handover.ts). Hears the announcements.
 */
import type { IpAddress } from '../base/address.ts';
import type { Interfaces } from './interfaces.ts';
import type { ElectionLoop } from './loop.ts';
import { hasAddress, Overheard } from './overheard.ts';
import type { Router } from './router.ts';

/** See the file's head. */
export class Handover {
  readonly #loop: ElectionLoop;
  /** Without it the wait is a few milliseconds longer. */
  readonly #ear: Overheard;
  readonly #leaving = new Map<Router, () => void>();

  constructor(loop: ElectionLoop, interfaces: Interfaces) {
    this.#loop = loop;
    this.#ear = new Overheard({ interfaces, heard: (address) => this.#heard(address) });
  }

  /** Resolves when the router has left: at once unless it is MASTER. */
  leave(router: Router): Promise<void> {
    if (router.state.name === 'Master') this.#ear.listen(router);
    const left = new Promise<void>((resolve) => this.#leaving.set(router, resolve));
    this.#loop.dispatch(router, { type: 'handover' });
    this.sweep();
    return left;
  }

  /** Resolves when the router is no MASTER any more, or is one again because nobody wanted to be. */
  giveAway(router: Router): Promise<void> {
    if (router.state.name !== 'Master' || this.#leaving.has(router)) return Promise.resolve();
    this.#ear.listen(router);
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
    if (this.#leaving.size === 0) this.#ear.close();
  }

  #heard(address: IpAddress): void {
    for (const router of this.#leaving.keys()) {
      if (hasAddress(router, address)) this.#loop.dispatch(router, { type: 'successor-announced' });
    }
    this.sweep();
  }
}
