/** Somebody for whom addresses, routes and rules are kept in the kernel: a virtual router, or the file as a whole. */
import type { Instant } from '../base/time.ts';
import type { Possessions } from '../vrrp/possessions.ts';

export type ThingKind = 'address' | 'route' | 'rule';

export interface Holder {
  /** What the log calls it. */
  readonly title: string;
  /** Fields of its log lines. */
  readonly fields: Readonly<Record<string, string | number>>;
  /** Everything that it may ever hold, as the configuration has it now. */
  readonly all: Possessions;
  /** Whether it is to hold it now. */
  readonly isEntitled: boolean;
  /** Packets to its addresses are dropped. */
  readonly refusesPackets: boolean;
  countLoss(kind: ThingKind): void;
  /** What a reload took from the configuration and is still to be removed. */
  retired: Possessions;
  /** Addresses that the kernel has for it, by `addressKey`. */
  readonly held: Set<string>;
  /** Routes and rules that the kernel has for it, as routing-text.ts writes them. */
  readonly heldRouting: Set<string>;
  /** Why one of these could not be had, or is there without our mark; by the same keys. */
  readonly problems: Map<string, string>;
  /** What somebody removes again and again, by the same keys: not to be put back before `until`. */
  readonly fights: Map<string, { readonly until: Instant; readonly forgetAt: Instant }>;
}

/** The fields of a holder that holds nothing yet. */
export const emptyHands = (): Pick<Holder, 'held' | 'heldRouting' | 'problems' | 'fights'> => ({
  held: new Set(),
  heldRouting: new Set(),
  problems: new Map(),
  fights: new Map(),
});

/** Whether it is left away for a time, because somebody removes it again and again. */
export function isPaused(holder: Holder, key: string, now: Instant): boolean {
  const fight = holder.fights.get(key);
  if (fight === undefined) return false;
  if (fight.forgetAt <= now) holder.fights.delete(key);
  else holder.problems.set(key, fightSentence(key));
  return now < fight.until;
}

export const fightSentence = (key: string): string => `somebody removes ${key} again and again`;
