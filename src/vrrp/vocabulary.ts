/**
 * What the VRRP state machine is told, what it holds and what it answers: configuration, states, events, effects, causes.
 *
 * Words only; virtual-router.ts has the rules. All of it is plain data that can be compared, logged and sent.
 */

import type { IpAddress } from '../base/address.ts';
import type { Duration, Instant } from '../base/time.ts';
import type { Announcements, GarpConfig } from './announcements.ts';
import type { Version } from './timers.ts';

/** What the machine needs to know of a virtual router. RFC 3768 §6.1, and the keepalived keywords of the same names. */
export interface VirtualRouterConfig {
  /** 1-255 */
  readonly vrid: number;
  readonly version: Version;
  /** 1-255, the effective one; 255 is the owner of the addresses. */
  readonly priority: number;
  /**
   * Whether the owner of the addresses is Master as soon as it can (RFC 3768 §6.4.1). False: it waits like everybody else,
   * as keepalived does where `state BACKUP` is written beside priority 255. Means nothing below priority 255.
   */
  readonly ownerAtOnce: boolean;
  /** Before this nothing is heard and no timer runs; undefined: no delay. keepalived.conf(5) "vrrp_startup_delay" */
  readonly delayedUntil?: Instant | undefined;
  readonly advertisementInterval: Duration;
  /** It has given its mastership away on purpose, and leaves a living Master alone until it is told otherwise. */
  readonly standsBack?: boolean;
  /** Whether a Backup takes over from a living Master of lower priority. The owner always does (RFC 3768 §6.1). */
  readonly preemptMode: boolean;
  /** How long a Master of lower priority is left in place; zero: not. keepalived.conf(5) "preempt_delay" */
  readonly preemptDelay: Duration;
  /** 1-100, usually 3. keepalived.conf(5) "down_timer_adverts" */
  readonly downTimerAdverts: number;
  /** The source address of our advertisements, for the tie-break between equal priorities. */
  readonly localAddress: IpAddress;
  /** A Master does not answer a lower priority with an advertisement. keepalived.conf(5) "lower_prio_no_advert" */
  readonly lowerPriorityNoAdvert: boolean;
  /**
   * A Master that is late by so much that a router of this priority has taken over gives way; undefined: it goes on.
   * keepalived.conf(5) "timer_expired_backup"
   */
  readonly expiryPriority?: number | undefined;
  /** A Master sends once more before it yields. keepalived.conf(5) "higher_prio_send_advert" */
  readonly higherPrioritySendAdvert: boolean;
  readonly garp: GarpConfig;
}

/** Another router of the same virtual router, as its advertisement showed it. */
export interface Peer {
  readonly address: IpAddress;
  /** 1-255 */
  readonly priority: number;
}

/** RFC 3768 §6.4.1: not started, or stopped. */
export interface Initialize {
  readonly name: 'Initialize';
}

/** Not able to take part; not in any RFC. */
export interface Fault {
  readonly name: 'Fault';
  /** Why, in the order of appearance, without repetition, never empty: 'interface-down', 'no-address', … */
  readonly reasons: readonly string[];
}

/** RFC 3768 §6.4.2: listens to the Master, ready to take over. */
export interface Backup {
  readonly name: 'Backup';
  /** Version 3: learned from the last accepted advertisement. Version 2, or nothing heard yet: our own interval. */
  readonly masterAdverInterval: Duration;
  /** When Master_Down_Timer was set: by the last accepted advertisement, or on entering the state. */
  readonly masterDownSetAt: Instant;
  /** When Master_Down_Timer fires. */
  readonly masterDownAt: Instant;
  /** The sender of the last accepted advertisement that was not of priority zero. */
  readonly master?: Peer | undefined;
  /** Who set the timer to Skew_Time by giving up mastership (priority zero). */
  readonly releasedBy?: IpAddress | undefined;
  /** Who speaks as the Master with a lower priority than ours and has been discarded since the timer was set. */
  readonly outranked?: Peer | undefined;
  /** Until when a Master of lower priority is accepted; in the past: no longer. */
  readonly preemptAt?: Instant | undefined;
  /**
   * How long this host stood still when Master_Down_Timer should have fired: the Master got another chance to be heard.
   * Undefined: it did not.
   */
  readonly stalledFor?: Duration;
  /** BFD has found that the Master is gone: the timer does not wait for its advertisements any more. */
  readonly isMasterLost?: true;
  /** In a sync group: its timer has fired, and it waits for its mates. */
  readonly wantsMaster?: true;
}

/** RFC 3768 §6.4.3: holds the addresses and says so. */
export interface Master {
  readonly name: 'Master';
  /** When Adver_Timer fires. */
  readonly adverAt: Instant;
  readonly announcements: Announcements;
  /** It has given up and holds the addresses until the successor is there: handover.ts. */
  readonly leaving?: Leaving;
  /** Before this, another Master is not answered at once but with the next advertisement; undefined: it is. */
  readonly answerFrom?: Instant | undefined;
}

/** A Master between its priority zero and the release of its addresses. */
export interface Leaving {
  readonly since: Instant;
  /** When the addresses are released in any case. */
  readonly until: Instant;
  /** Who has advertised since. */
  readonly successor?: IpAddress;
  /** It becomes a Backup, and stays the Master when nobody comes. Absent: it ends in any case. */
  readonly stays?: true;
  /** A mate of its sync group has found its successor: it goes in any case. */
  readonly hasToGo?: true;
}

export type State = Initialize | Fault | Backup | Master;

/** An advertisement of another router that has passed admission. */
export interface AdvertisementEvent {
  readonly type: 'advertisement';
  /** 0-255; 0: the sender gives up mastership. */
  readonly priority: number;
  readonly source: IpAddress;
  readonly advertisementInterval: Duration;
}

/** A BFD session was up, and for its Detection Time nothing was heard of the neighbour: RFC 5880 §6.8.4. */
export interface NeighbourLostEvent {
  readonly type: 'neighbour-lost';
  readonly address: IpAddress;
  /** From one of its packets to the next, as it was agreed. */
  readonly interval: Duration;
}

/** What happened. */
export type Event =
  /** `faults`: why the router cannot take part yet; empty: nothing. */
  | { readonly type: 'startup'; readonly faults: readonly string[] }
  | { readonly type: 'shutdown' }
  /** As shutdown, but a Master keeps its addresses until its successor is seen. */
  | { readonly type: 'handover' }
  /** As handover, to be a Backup afterwards. Where nobody takes over, the Master stays. */
  | { readonly type: 'give-away' }
  | NeighbourLostEvent
  /** Somebody else announced an address of ours to the segment. */
  | { readonly type: 'successor-announced' }
  | { readonly type: 'clock' }
  | AdvertisementEvent
  | { readonly type: 'fault'; readonly reason: string }
  | { readonly type: 'fault-cleared'; readonly reason: string }
  /**
   * `config` is a new one from now on. `onlyPriority`: by tracking, nothing but the effective priority differs, so the
   * addresses are not looked at.
   */
  | { readonly type: 'configured'; readonly onlyPriority?: true }
  /** A member of its sync group has become this, and so does it. */
  | { readonly type: 'sync'; readonly to: 'Master' | 'Backup'; readonly by: string }
  /** A member of its sync group has heard another Master that has to give way. */
  | { readonly type: 'mate-challenged' }
  /** Somebody else removed an address that we hold. */
  | { readonly type: 'addresses-lost' }
  | { readonly type: 'effect-failed'; readonly effect: string; readonly code: string };

/** Why a state changed; every change has exactly one of these. */
export const causes = [
  /** Started: Backup, with a full Master_Down_Timer. */
  'startup',
  /** Priority 255: the owner of the addresses is Master without waiting. */
  'address-owner',
  /** Nothing acceptable was heard for Master_Down_Interval. */
  'master-down-timer',
  /** A BFD session with the Master found that it is gone. */
  'neighbour-lost',
  /** The Master gave up with priority zero, and Skew_Time has passed. */
  'master-released',
  /** Somebody was Master with a lower priority than ours. */
  'preemption',
  'higher-priority-advertisement',
  'equal-priority-higher-address',
  /** A Master was not scheduled for so long that somebody else has taken over. */
  'timer-expired',
  /** Another member of its sync group led the way. */
  'sync-group',
  'fault',
  /** The last fault is gone. */
  'fault-cleared',
  'shutdown',
  /** An operator wanted somebody else to be Master. */
  'given-away',
] as const;
export type Cause = (typeof causes)[number];

/** Why an admitted advertisement was not followed. */
export type DiscardReason =
  | 'lower-priority'
  | 'equal-priority-lower-address'
  /** Our priority from our address: two routers are configured with one primary address. */
  | 'own-address'
  /** keepalived.conf(5) "vrrp_startup_delay" is not over. */
  | 'startup-delay';

/** What is to be done, in this order, after the new state is stored. */
export type Effect =
  /** `priority` 1-255, or 0 to give up mastership. */
  | { readonly type: 'send-advertisement'; readonly priority: number }
  /** Make the addresses ours, as far as they are not. */
  | { readonly type: 'take-addresses' }
  /** `announcedSoon`: another Master is there, and is about to announce them. */
  | { readonly type: 'release-addresses'; readonly announcedSoon?: true }
  /** Send this many rounds of gratuitous ARP or unsolicited neighbour advertisements, 1 or more. */
  | { readonly type: 'announce-addresses'; readonly rounds: number }
  /** Announce one address on each interface that sends no advertisements. keepalived.conf(5) "garp_extra_if" */
  | { readonly type: 'announce-elsewhere' }
  /** `detail`: the numbers behind the cause, as a fragment of a sentence. */
  | {
      readonly type: 'state-changed';
      readonly from: State['name'];
      readonly to: State['name'];
      readonly cause: Cause;
      readonly detail?: string;
    }
  | { readonly type: 'discard'; readonly reason: DiscardReason };

export interface Transition {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** The state that a virtual router is made in. */
export const INITIALIZE: Initialize = { name: 'Initialize' };
