/**
 * What an election process leaves to the one that takes its place: the state of every virtual router, to the microsecond.
 * Both run on the same monotonic clock, so deadlines stay what they are.
 */
import type { Instant } from '../base/time.ts';
import type { ChangedSetting } from '../io/kernel-settings.ts';
import type { VrrpInstance } from '../vrrp/instance.ts';
import type { Statics } from '../vrrp/statics.ts';
import type { TrackResult } from '../vrrp/track-result.ts';
import type { State } from '../vrrp/virtual-router.ts';
import type { ChecksumReading } from '../wire/vrrp.ts';
import type { BfdEstate } from './bfd-sessions.ts';
import { type Router, routerId } from './router.ts';

/** Another number: another program, whose estate is not taken. */
export const ESTATE_FORMAT = 1;

/** Packets with an Authentication Header that the elder may still send: ours have to be newer. */
const SEQUENCE_AHEAD = 16;

/** A virtual router as its process left it. */
export interface RouterEstate {
  readonly id: string;
  readonly instance: VrrpInstance;
  readonly state: State;
  readonly since: string;
  readonly cause: string;
  readonly detail: string;
  readonly transitions: number;
  readonly packetId: number;
  readonly sequenceNumber: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly held: readonly string[];
  readonly lowerToldAt?: Instant | undefined;
  readonly standsBack: boolean;
  readonly checksumReading: ChecksumReading;
}

export interface ElectionEstate {
  readonly format: number;
  /** Everything that had arrived by then has been handled. */
  readonly takenAt: Instant;
  readonly routers: readonly RouterEstate[];
  readonly groups: readonly { readonly name: string; readonly told: State['name'] }[];
  /** What is known of tracked things. */
  readonly results: readonly TrackResult[];
  /** Settings of the kernel that are to be put back at the end. */
  readonly settings: readonly ChangedSetting[];
  readonly statics: Statics;
  /** Sessions of BFD; absent: none. */
  readonly bfd?: readonly BfdEstate[];
}

/** Routers that have begun and are not on their way out. */
export function estateOf(
  routers: Iterable<Router>,
  takenAt: Instant,
): Omit<ElectionEstate, 'results' | 'settings' | 'statics' | 'bfd'> {
  const left = [...routers].filter(
    ({ isStarted, isRemoved, state }) => isStarted && !isRemoved && !(state.name === 'Master' && state.leaving),
  );
  const groups = new Map(left.flatMap(({ group }) => (group === undefined ? [] : [[group.name, group.told] as const])));
  return {
    format: ESTATE_FORMAT,
    takenAt,
    routers: left.map((router) => ({
      id: routerId(router.instance),
      instance: router.instance,
      state: router.state,
      since: router.since.toISOString(),
      cause: router.cause,
      detail: router.detail,
      transitions: router.transitions,
      packetId: router.packetId,
      sequenceNumber: router.sequenceNumber,
      counters: router.counters,
      held: [...router.held],
      lowerToldAt: router.lowerToldAt,
      standsBack: router.standsBack,
      checksumReading: router.checksumReading,
    })),
    groups: [...groups].map(([name, told]) => ({ name, told })),
  };
}

/** Makes a router that has not begun what it was in the other process; its configuration is the one of then. */
export function inherit(router: Router, left: RouterEstate): void {
  router.instance = left.instance;
  router.state = left.state;
  router.since = new Date(left.since);
  router.cause = left.cause;
  router.detail = left.detail;
  router.transitions = left.transitions;
  router.packetId = left.packetId;
  router.sequenceNumber = left.sequenceNumber + SEQUENCE_AHEAD;
  router.lowerToldAt = left.lowerToldAt;
  router.standsBack = left.standsBack;
  router.checksumReading = left.checksumReading;
  router.isStarted = true;
  Object.assign(router.counters, left.counters);
  for (const key of left.held) router.held.add(key);
}
