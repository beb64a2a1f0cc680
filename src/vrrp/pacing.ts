/**
 * Announcements that keep a distance from each other (keepalived.conf(5) "garp_interval", "gna_interval", "garp_group"): one at a time,
 * every address once before any of them a second time.
 *
 * Pure: when something may go is said in, what may go comes out.
 */
import { type Duration, type Instant, later } from '../base/time.ts';

/** How far apart announcements are, by the interfaces that they leave through. */
export interface Spacing {
  /** Between two gratuitous ARPs of one interface; zero: none. keepalived.conf(5) "vrrp_garp_interval" */
  readonly garp: Duration;
  /** The same of unsolicited Neighbor Advertisements. keepalived.conf(5) "vrrp_gna_interval" */
  readonly gna: Duration;
  readonly groups: readonly SpacingGroup[];
}

/** Interfaces that keep the distance together. */
export interface SpacingGroup {
  readonly interfaces: readonly string[];
  readonly garp: Duration;
  readonly gna: Duration;
}

/** What is announced, and how. */
export type AnnouncementKind = 'garp' | 'gna';

/** Which announcements have to keep a distance from each other, and which. */
export function laneOf(
  { groups, ...common }: Spacing,
  kind: AnnouncementKind,
  interfaceName: string,
): { readonly key: string; readonly interval: Duration } {
  const group = groups.findIndex(({ interfaces }) => interfaces.includes(interfaceName));
  const place = group === -1 ? `interface ${interfaceName}` : `group ${group}`;
  return { key: `${kind} ${place}`, interval: (groups[group] ?? common)[kind] };
}

/** Announcements that keep a distance from each other. */
export class Lane<Item> {
  readonly interval: Duration;
  /** What may go first stands first. A key stands here once. */
  readonly #waiting = new Map<string, { readonly item: Item; readonly rounds: number }>();
  #freeAt: Instant | undefined;

  constructor(interval: Duration) {
    this.interval = interval;
  }

  /** To be announced `rounds` times from now on, or more often where that was asked for before. */
  add(key: string, item: Item, rounds: number): void {
    const before = this.#waiting.get(key)?.rounds ?? 0;
    this.#waiting.set(key, { item, rounds: Math.max(before, rounds) });
  }

  /** What goes now; undefined: nothing, or not yet. @param isWanted what is not wanted any more takes no turn */
  next(now: Instant, isWanted: (item: Item) => boolean): Item | undefined {
    if (this.#freeAt !== undefined && now < this.#freeAt) return undefined;
    for (const [key, { item, rounds }] of this.#waiting) {
      this.#waiting.delete(key);
      if (!isWanted(item)) continue;
      if (rounds > 1) this.#waiting.set(key, { item, rounds: rounds - 1 });
      this.#freeAt = later(now, this.interval);
      return item;
    }
    return undefined;
  }

  /** When `next` is to be asked again; undefined: nothing waits. */
  get nextAt(): Instant | undefined {
    return this.#waiting.size === 0 ? undefined : this.#freeAt;
  }
}
