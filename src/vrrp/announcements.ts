/**
 * When a Master announces its addresses (gratuitous ARP, unsolicited neighbour advertisement): a burst when it takes
 * over, a second one some seconds later for the switch that was not listening yet, bursts after somebody else spoke as
 * the Master, and a periodic refresh.
 *
 * Plain data inside the Master state, so that leaving Master forgets all of it. How a round looks on the wire is the
 * performer's. RFC 3768 §6.4 asks for the first burst only; the rest is keepalived.conf(5) "garp_master_delay" and the
 * keywords around it.
 */

import { type Duration, earliest, type Instant, later, ZERO } from '../base/time.ts';

/** How often and when addresses are announced; a round is one announcement of every address. */
export interface GarpConfig {
  /** From taking over to the second burst; zero: no second burst. keepalived.conf(5) "garp_master_delay" */
  readonly masterDelay: Duration;
  /** Rounds of a burst, 1 or more. keepalived.conf(5) "garp_master_repeat" */
  readonly masterRepeat: number;
  /** Between periodic announcements; zero: none. keepalived.conf(5) "garp_master_refresh" */
  readonly refresh: Duration;
  /** Rounds of a periodic announcement, 1 or more. keepalived.conf(5) "garp_master_refresh_repeat" */
  readonly refreshRepeat: number;
  /** From a discarded advertisement to the second burst; zero: no second. keepalived.conf(5) "garp_lower_prio_delay" */
  readonly lowerPriorityDelay: Duration;
  /** Rounds after a discarded advertisement; 0: neither burst. keepalived.conf(5) "garp_lower_prio_repeat" */
  readonly lowerPriorityRepeat: number;
  /** Between announcements on interfaces that send no advertisements; absent: none. keepalived.conf(5) "garp_extra_if" */
  readonly elsewhere?: Duration;
}

/** The announcements that a Master still owes. Undefined: not planned. */
export interface Announcements {
  /** The second burst after taking over. */
  readonly secondBurstAt: Instant | undefined;
  /** The second burst after a discarded advertisement. */
  readonly lowerPriorityBurstAt: Instant | undefined;
  /** The next periodic announcement. */
  readonly refreshAt: Instant | undefined;
  /** The next one on interfaces that send no advertisements. */
  readonly elsewhereAt?: Instant | undefined;
}

/** Announcements still owed, and the rounds that are to be sent at once (0: none). */
export interface Announcing {
  readonly announcements: Announcements;
  readonly rounds: number;
  /** Those on interfaces that send no advertisements are due. */
  readonly elsewhere?: true;
}

/** A burst at once and a second one later: on taking over, and when addresses have been added or put back. */
export function announceAll(garp: GarpConfig, now: Instant): Announcing {
  return {
    announcements: {
      secondBurstAt: after(garp.masterDelay, now),
      lowerPriorityBurstAt: undefined,
      refreshAt: after(garp.refresh, now),
      ...(garp.elsewhere === undefined ? {} : { elsewhereAt: after(garp.elsewhere, now) }),
    },
    rounds: garp.masterRepeat,
  };
}

/** A burst at once and a second one later, because another router spoke as the Master and may have been believed. */
export function announceAfterLowerPriority(garp: GarpConfig, announcements: Announcements, now: Instant): Announcing {
  if (garp.lowerPriorityRepeat === 0) return { announcements, rounds: 0 };
  return {
    announcements: { ...announcements, lowerPriorityBurstAt: after(garp.lowerPriorityDelay, now) },
    rounds: garp.lowerPriorityRepeat,
  };
}

/** What is due by `now`. Kinds that are due together share one burst of the larger size; 0 rounds when nothing is. */
export function announceDue(garp: GarpConfig, announcements: Announcements, now: Instant): Announcing {
  const { secondBurstAt, lowerPriorityBurstAt, refreshAt, elsewhereAt } = announcements;
  const second = isDue(secondBurstAt, now);
  const lowerPriority = isDue(lowerPriorityBurstAt, now);
  const refresh = isDue(refreshAt, now);
  const elsewhere = isDue(elsewhereAt, now);
  if (!second && !lowerPriority && !refresh && !elsewhere) return { announcements, rounds: 0 };
  return {
    announcements: {
      secondBurstAt: second ? undefined : secondBurstAt,
      lowerPriorityBurstAt: lowerPriority ? undefined : lowerPriorityBurstAt,
      refreshAt: refresh ? after(garp.refresh, now) : refreshAt,
      ...(elsewhereAt === undefined
        ? {}
        : { elsewhereAt: elsewhere ? after(garp.elsewhere ?? ZERO, now) : elsewhereAt }),
    },
    rounds: Math.max(
      second ? garp.masterRepeat : 0,
      lowerPriority ? garp.lowerPriorityRepeat : 0,
      refresh ? garp.refreshRepeat : 0,
    ),
    ...(elsewhere ? { elsewhere } : {}),
  };
}

/** When the next announcement is due; undefined when none is owed. */
export const nextAnnouncementAt = (announcements: Announcements): Instant | undefined => {
  const { secondBurstAt, lowerPriorityBurstAt, refreshAt, elsewhereAt } = announcements;
  return earliest(earliest(secondBurstAt, lowerPriorityBurstAt), earliest(refreshAt, elsewhereAt));
};

/** The instant `delay` after `at`; a delay of zero stands for never. */
const after = (delay: Duration, at: Instant): Instant | undefined => (delay === ZERO ? undefined : later(at, delay));

const isDue = (at: Instant | undefined, now: Instant): boolean => at !== undefined && at <= now;
