/** Puts back what somebody has removed from the kernel, at a pace that does not feed a fight. */
import { inSeconds, later } from '../base/time.ts';
import { now } from '../io/clock.ts';
import { fightSentence, type Holder, type ThingKind } from './holder.ts';
import type { LogLevel } from './messages.ts';
import { FORGET_AFTER, RepairPace } from './repair-pace.ts';

export interface LossesWorld {
  /** Something of the holder is to be put back; it may be gone by then. */
  putBack(holder: Holder, kind: ThingKind): void;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number | undefined>): void;
}

/** See the file's head. */
export class Losses {
  readonly #world: LossesWorld;
  readonly #pace = new RepairPace();

  constructor(world: LossesWorld) {
    this.#world = world;
  }

  /** Somebody, not we, removed what the holder holds. @param kind `address`, `route`, `rule`; @param key names it */
  note(holder: Holder, kind: ThingKind, key: string): void {
    const at = now();
    const wait = this.#pace.next(key, at);
    const hint = wait > 0 ? `; it goes again and again: putting it back in ${inSeconds(wait)} s` : '; putting it back';
    this.#world.log('warning', `${kind}-lost`, `(${holder.title}) somebody removed ${key}${hint}`, {
      ...holder.fields,
      [kind]: key,
    });
    holder.countLoss(kind);
    holder.held.delete(key);
    holder.heldRouting.delete(key);
    if (wait === 0) this.#world.putBack(holder, kind);
    else {
      holder.fights.set(key, { until: later(at, wait), forgetAt: later(at, FORGET_AFTER) });
      holder.problems.set(key, fightSentence(key));
      setTimeout(() => this.#world.putBack(holder, kind), wait / 1_000 + 1).unref();
    }
  }
}
