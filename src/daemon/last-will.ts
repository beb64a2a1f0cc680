/**
 * What the guard is to do when this process is gone or hangs: for every MASTER the advertisement of priority zero and the
 * removal of what it holds, renewed with every change, and a feed as long as the event loop turns.
 */
import { assert } from '../base/assert.ts';
import { type Duration, later, microseconds, scale } from '../base/time.ts';
import { now } from '../io/clock.ts';
import { DeadlineTimer } from '../io/deadline-timer.ts';
import { type GuardEnd, GuardSocket } from '../io/guard-socket.ts';
import { additionOf, removalOf } from '../io/route-addresses.ts';
import { encodeMessage, NLM_F_REQUEST } from '../wire/netlink.ts';
import { type LastAct, splitWill, WILL_SLOTS } from '../wire/will.ts';
import type { Holdings } from './possession-keeper.ts';
import type { Router } from './router.ts';

/** Keep silent for this many Advertisement_Intervals, and the guard acts: before the peers' Master_Down_Interval ends. */
const SILENT_ADVERTISEMENTS = 2;
/** Feeds within the limit. */
const FEEDS = 8;

export interface LastWillWorld {
  /** The packets that end the router's time as MASTER. */
  farewell(router: Router): readonly LastAct[];
  /** The guard has executed the will: what the routers held is gone. */
  onExecuted(): void;
  /** The end of a guard that did nothing. */
  onGone(): void;
}

interface Holding {
  readonly acts: readonly LastAct[];
  readonly interval: Duration;
  /** Where the guard has it. */
  readonly slots: readonly number[];
}

/** See the file's head. */
export class LastWill {
  readonly #world: LastWillWorld;
  /** How long this process may be silent; undefined: two Advertisement_Intervals, 0: for ever. */
  readonly #limit: Duration | undefined;
  readonly #holdings = new Map<Router, Holding>();
  readonly #free = new Set<number>(Array.from({ length: WILL_SLOTS }, (_, slot) => slot));
  #guard: GuardSocket | undefined;
  #feeder: DeadlineTimer | undefined;
  #feedEvery: Duration | undefined;

  constructor(world: LastWillWorld, limit?: Duration) {
    this.#world = world;
    this.#limit = limit;
  }

  /** A guard is there. Throws SystemError. */
  connect(name: string): void {
    this.#guard = GuardSocket.connect(name, (end) => this.#ended(end));
    this.#feeder ??= new DeadlineTimer(() => {
      this.#guard?.feed();
      this.#feedNext();
    });
    for (const holding of this.#holdings.values()) this.#leave(holding);
    this.#setLimit();
  }

  /** What the router holds from now on; undefined: it is not MASTER any more. */
  hold(router: Router, holdings: Holdings | undefined): void {
    const before = this.#holdings.get(router);
    if (holdings === undefined) {
      if (before === undefined) return;
      for (const slot of before.slots) this.#clear(slot);
      this.#holdings.delete(router);
    } else {
      const { addresses, endangered, removals: ofRouting } = holdings;
      const removals = [...ofRouting, ...addresses.map(removalOf)].map(requestOf);
      const additions = endangered.map((row) => requestOf(additionOf({ ...row, protocol: row.protocol ?? 0 })));
      const acts = [...this.#world.farewell(router), ...removals, ...additions];
      const count = splitWill(acts).length;
      const slots = [...(before?.slots ?? [])];
      for (const slot of slots.splice(count)) this.#clear(slot);
      while (slots.length < count) slots.push(this.#take());
      const holding = { acts, interval: router.instance.advertisementInterval, slots };
      this.#holdings.set(router, holding);
      this.#leave(holding);
    }
    this.#setLimit();
  }

  /** Whether the guard acted while we did not run; to be asked before anything is done about an event. */
  look(): void {
    this.#guard?.look();
  }

  /** We leave in order. */
  dismiss(): void {
    this.#feeder?.close();
    this.#feeder = undefined;
    this.#guard?.dismiss();
    this.#guard = undefined;
  }

  #take(): number {
    const [slot] = this.#free;
    assert(slot !== undefined, 'more wills than the guard has slots');
    this.#free.delete(slot);
    return slot;
  }

  #clear(slot: number): void {
    this.#guard?.leave(slot, []);
    this.#free.add(slot);
  }

  #leave({ acts, slots }: Holding): void {
    for (const [n, part] of splitWill(acts).entries()) this.#guard?.leave(slots[n] as number, part);
  }

  #setLimit(): void {
    const limit = this.#limitFor([...this.#holdings.values()]);
    this.#guard?.limit(limit);
    this.#feed(limit);
  }

  #limitFor(all: readonly Holding[]): Duration | undefined {
    if (this.#limit !== undefined || all.length === 0) return this.#limit === 0 ? undefined : this.#limit;
    return microseconds(SILENT_ADVERTISEMENTS * Math.min(...all.map(({ interval }) => interval)));
  }

  /** By the timer that advertisements have: one of Node's leaves as much garbage as everything else that a wake does. */
  #feed(limit: Duration | undefined): void {
    this.#feedEvery = limit === undefined ? undefined : scale(limit, 1, FEEDS);
    this.#feedNext();
  }

  #feedNext(): void {
    this.#feeder?.set(this.#feedEvery === undefined ? undefined : later(now(), this.#feedEvery));
  }

  #ended(end: GuardEnd): void {
    this.#guard = undefined;
    this.#feed(undefined);
    if (end === 'executed') this.#world.onExecuted();
    else this.#world.onGone();
  }
}

const requestOf = ({ type, flags, body }: { type: number; flags: number; body: Uint8Array }): LastAct => ({
  type: 'request',
  message: encodeMessage({ type, flags: flags | NLM_F_REQUEST, sequence: 0, portId: 0, body }),
});
