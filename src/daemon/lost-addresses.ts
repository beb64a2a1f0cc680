/** Puts addresses of ours back that somebody has removed, at a pace that does not feed a fight. */
import { inSeconds } from '../base/time.ts';
import { now } from '../io/clock.ts';
import type { InterfaceChange } from './interfaces.ts';
import type { LogLevel } from './messages.ts';
import { RepairPace } from './repair-pace.ts';
import { addressKey, allAddresses, count, type Router } from './router.ts';

export type AddressRemoval = Extract<InterfaceChange, { type: 'address-removed' }>;

export interface LostAddressesWorld {
  /** Addresses of the router are to be put back; it may be gone by then. */
  putBack(router: Router): void;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number | undefined>): void;
}

/** See the file's head. */
export class LostAddresses {
  readonly #world: LostAddressesWorld;
  readonly #pace = new RepairPace();

  constructor(world: LostAddressesWorld) {
    this.#world = world;
  }

  /** Somebody, not we, removed an address: when it is one that the router holds, it is put back. */
  note(router: Router, change: AddressRemoval): void {
    const key = keyOfRemoval(change);
    if (router.state.name !== 'Master') return;
    if (!allAddresses(router.instance).some((entry) => addressKey(entry) === key)) return;
    const { name, vrid } = router.instance;
    const wait = this.#pace.next(key, now());
    const hint = wait > 0 ? `; it goes again and again: putting it back in ${inSeconds(wait)} s` : '; putting it back';
    this.#world.log('warning', 'address-lost', `(${name}) somebody removed ${key}${hint}`, {
      instance: name,
      vrid,
      address: change.address.address,
    });
    count(router, 'addresses lost');
    router.held.delete(key);
    if (wait > 0) router.problems.set(key, `somebody removes ${key} again and again`);
    if (wait === 0) this.#world.putBack(router);
    else setTimeout(() => this.#world.putBack(router), wait / 1_000).unref();
  }
}

/** Identity of the address that is gone. */
export const keyOfRemoval = (change: AddressRemoval): string => {
  const { address, prefixLength } = change.address;
  return addressKey({ interface: change.interface, address, prefixLength });
};
