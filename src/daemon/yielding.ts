/**
 * A MASTER that yields to one of higher priority is a BACKUP at once, but its addresses go when the other one announces them:
 * that one adds them first, which takes some milliseconds in which nobody would answer.
 */
import { familyOf } from '../base/address.ts';
import { inMilliseconds, milliseconds } from '../base/time.ts';
import { hasAddress, Overheard, type OverheardWorld } from './overheard.ts';
import { allAddresses, type Router } from './router.ts';

/** No longer than keepalived takes to remove an address. */
const ANNOUNCED_WITHIN = milliseconds(20);

export interface YieldingWorld extends Omit<OverheardWorld, 'heard'> {
  /** Makes the kernel as the router is entitled to it. */
  settle(router: Router): void;
}

/** See the file's head. */
export class Yielding {
  readonly #world: YieldingWorld;
  readonly #ear: Overheard;
  readonly #waiting = new Map<Router, NodeJS.Timeout>();

  constructor(world: YieldingWorld) {
    this.#world = world;
    this.#ear = new Overheard({
      ...world,
      heard: (address) => {
        for (const router of [...this.#waiting.keys()]) if (hasAddress(router, address)) this.#release(router);
      },
    });
  }

  /** The addresses go soon, or at once where that is not to be heard or where both would speak with one virtual MAC. */
  release(router: Router): void {
    const { virtualMac } = router.instance;
    const isIpv4 = allAddresses(router.instance).every(({ address }) => familyOf(address) === 'inet');
    if (virtualMac !== undefined || !isIpv4) {
      this.#world.settle(router);
      return;
    }
    if (this.#waiting.has(router)) return;
    this.#ear.listen(router);
    this.#waiting.set(
      router,
      setTimeout(() => this.#release(router), inMilliseconds(ANNOUNCED_WITHIN)),
    );
  }

  /** Who still waits has been seen to. */
  close(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    this.#ear.close();
  }

  #release(router: Router): void {
    clearTimeout(this.#waiting.get(router));
    this.#waiting.delete(router);
    if (this.#waiting.size === 0) this.#ear.close();
    this.#world.settle(router);
  }
}
