/**
 * Interfaces that count as up or down only when they have been so for a while. keepalived.conf(5) "interface_up_down_delays".
 *
 * Pure: what is seen and when is said in, what counts comes out.
 */
import { type Duration, earliest, type Instant, later } from '../base/time.ts';

/** How long an interface must be down or up to count as that; zero: at once. */
export interface LinkDelays {
  readonly interface: string;
  readonly downDelay: Duration;
  readonly upDelay: Duration;
}

interface Seen {
  /** What counts. */
  isUp: boolean;
  /** From when on the opposite counts, if that lasts. */
  changesAt: Instant | undefined;
}

/** See the file's head. */
export class LinkDebounce {
  readonly #delays = new Map<string, LinkDelays>();
  readonly #seen = new Map<string, Seen>();

  /** The delays from now on. What counts goes on counting. */
  configure(delays: readonly LinkDelays[]): void {
    this.#delays.clear();
    for (const one of delays) this.#delays.set(one.interface, one);
    for (const name of [...this.#seen.keys()]) if (!this.#delays.has(name)) this.#seen.delete(name);
  }

  /** Whether an interface counts as up that is, or is not, now. One that was never seen before, or is gone, counts as it is. */
  look(name: string, isUp: boolean | undefined, now: Instant): boolean {
    const delays = this.#delays.get(name);
    if (delays === undefined || isUp === undefined) {
      this.#seen.delete(name);
      return isUp ?? false;
    }
    const seen = this.#seen.get(name);
    if (seen === undefined) {
      this.#seen.set(name, { isUp, changesAt: undefined });
      return isUp;
    }
    if (seen.isUp === isUp) seen.changesAt = undefined;
    else {
      seen.changesAt ??= later(now, isUp ? delays.upDelay : delays.downDelay);
      if (seen.changesAt <= now) {
        seen.isUp = isUp;
        seen.changesAt = undefined;
      }
    }
    return seen.isUp;
  }

  /** When to look again; undefined: there is nothing to wait for. */
  get nextAt(): Instant | undefined {
    let next: Instant | undefined;
    for (const { changesAt } of this.#seen.values()) next = earliest(next, changesAt);
    return next;
  }
}
