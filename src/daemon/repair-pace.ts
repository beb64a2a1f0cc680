/**
 * How fast something that somebody else keeps removing is put back: at once for a while, then ever more slowly, so
 * that two agents do not fight over one object for ever.
 */
import { type Duration, elapsed, type Instant, seconds, ZERO } from '../base/time.ts';

/** Repairs at once before the pace slows down. */
const FREE_REPAIRS = 5;
/** Quiet for this long: forgotten. */
export const FORGET_AFTER = seconds(60);
const SLOWEST = seconds(32);

/** See the file's head. Keyed by the object. */
export class RepairPace {
  readonly #seen = new Map<string, { count: number; at: Instant }>();

  /** How long to wait before `key` is repaired this time: zero, then 1, 2, 4 … 32 s. */
  next(key: string, now: Instant): Duration {
    const last = this.#seen.get(key);
    const count = last && elapsed(last.at, now) < FORGET_AFTER ? last.count + 1 : 1;
    this.#seen.set(key, { count, at: now });
    if (count <= FREE_REPAIRS) return ZERO;
    return Math.min(SLOWEST, seconds(2 ** (count - FREE_REPAIRS - 1))) as Duration;
  }
}
