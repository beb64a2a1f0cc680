/**
 * The VRRP state machine of one virtual router, as a pure function: RFC 3768 §6.4 (version 2), RFC 5798 §6.4
 * (version 3), and where they are silent or operators expect otherwise, keepalived.conf(5).
 *
 *                  startup, faults
 *     Initialize ───────────────────▶ Fault ◀──── fault ──── Backup, Master
 *      ▲   │ startup                    │ last fault cleared
 *      │   ▼                            ▼
 *      │  Backup ◀──────────────────────┘       (priority 255 goes on to Master at once)
 *      │   │   ▲
 *      │   │   │ higher priority, or equal priority and higher address
 *      │   ▼   │ Master_Down_Timer
 *      └─ Master                                shutdown leads from every state to Initialize; handover too, a Master by
 *                                               way of handover.ts
 *
 * An advertisement arrives here admitted (admission.ts): it is well-formed, authentic and not our own. What an effect
 * means for sockets and addresses is the performer's. Time comes in as `now`; a state holds its own deadline, so that a
 * clock event that is early, late or repeated does no harm.
 */

import { compareAddresses } from '../base/address.ts';
import { assertNever } from '../base/assert.ts';
import { type Duration, earliest, elapsed, type Instant, inSeconds, later, ZERO } from '../base/time.ts';
import { announceAfterLowerPriority, announceAll, announceDue, nextAnnouncementAt } from './announcements.ts';
import { leave, whileLeaving } from './handover.ts';
import { masterDownInterval, skewTime } from './timers.ts';
import {
  type AdvertisementEvent,
  type Backup,
  type Cause,
  type Effect,
  type Event,
  type Fault,
  INITIALIZE,
  type Initialize,
  type Master,
  type State,
  type Transition,
  type VirtualRouterConfig,
} from './vocabulary.ts';

export type * from './vocabulary.ts';
export { causes, INITIALIZE } from './vocabulary.ts';

/** When `transition` next wants a clock event; undefined when no timer runs. */
export function nextDeadline(state: State): Instant | undefined {
  switch (state.name) {
    case 'Initialize':
    case 'Fault':
      return undefined;
    case 'Backup':
      return state.masterDownAt;
    case 'Master':
      return state.leaving?.until ?? earliest(state.adverAt, nextAnnouncementAt(state.announcements));
    default:
      return assertNever(state);
  }
}

/**
 * The next state and what is to be done. An event that means nothing in a state returns the same state and no effect.
 * @param config the configuration that is in force after the event
 */
export function transition(config: VirtualRouterConfig, state: State, event: Event, now: Instant): Transition {
  switch (state.name) {
    case 'Initialize':
      return initialize(config, state, event, now);
    case 'Backup':
      return backup(config, state, event, now);
    case 'Master':
      return master(config, state, event, now);
    case 'Fault':
      return faulty(config, state, event, now);
    default:
      return assertNever(state);
  }
}

/** RFC 3768 §6.4.1 */
function initialize(config: VirtualRouterConfig, state: Initialize, event: Event, now: Instant): Transition {
  switch (event.type) {
    case 'startup':
      if (event.faults.length > 0) return becomeFaulty(state, event.faults);
      if (config.priority === 255) return becomeMaster(config, state, 'address-owner', 'priority 255', now);
      return beginAsBackup(config, state, 'startup', '', now);
    case 'shutdown':
    case 'handover':
    case 'successor-announced':
    case 'clock':
    case 'advertisement':
    case 'fault':
    case 'fault-cleared':
    case 'configured':
    case 'addresses-lost':
    case 'effect-failed':
      return quietly(state);
    default:
      return assertNever(event);
  }
}

/** RFC 3768 §6.4.2 */
function backup(config: VirtualRouterConfig, state: Backup, event: Event, now: Instant): Transition {
  switch (event.type) {
    case 'shutdown':
    case 'handover':
      return { state: INITIALIZE, effects: [changed(state, 'Initialize', 'shutdown')] };
    case 'clock':
      if (now < state.masterDownAt) return quietly(state);
      return becomeMaster(config, state, takeoverCause(state), takeoverDetail(config, state, now), now);
    case 'advertisement':
      return heardAsBackup(config, state, event, now);
    case 'fault':
      return becomeFaulty(state, [event.reason]);
    case 'configured':
      return quietly(reconfigureBackup(config, state, now));
    case 'startup':
    case 'successor-announced':
    case 'fault-cleared':
    case 'addresses-lost':
    case 'effect-failed':
      return quietly(state);
    default:
      return assertNever(event);
  }
}

/** RFC 3768 §6.4.2, "If an ADVERTISEMENT is received". An equal priority is accepted whatever its address. */
function heardAsBackup(
  config: VirtualRouterConfig,
  state: Backup,
  event: AdvertisementEvent,
  now: Instant,
): Transition {
  if (event.priority === 0) {
    const skew = skewTime(config.version, config.priority, state.masterAdverInterval);
    return quietly({
      ...state,
      masterDownSetAt: now,
      masterDownAt: later(now, skew),
      releasedBy: event.source,
      outranked: undefined,
    });
  }
  if (event.priority >= config.priority || !preempts(config)) {
    return quietly(listenTo(config, event, undefined, now));
  }

  // keepalived.conf(5) "preempt_delay": a lower priority is accepted for this long after it was first heard.
  const preemptAt = state.preemptAt ?? (config.preemptDelay === ZERO ? undefined : later(now, config.preemptDelay));
  if (preemptAt !== undefined && now < preemptAt) return quietly(listenTo(config, event, preemptAt, now));
  return {
    state: { ...state, preemptAt, outranked: { address: event.source, priority: event.priority } },
    effects: [{ type: 'discard', reason: 'lower-priority' }],
  };
}

/** RFC 3768 §6.4.3 */
function master(config: VirtualRouterConfig, state: Master, event: Event, now: Instant): Transition {
  if (state.leaving !== undefined) return whileLeaving(state, state.leaving, event, now);
  switch (event.type) {
    case 'handover':
      return leave(config, state, now);
    case 'shutdown':
      return {
        state: INITIALIZE,
        effects: [advertise(0), { type: 'release-addresses' }, changed(state, 'Initialize', 'shutdown')],
      };
    case 'clock':
      return whatIsDue(config, state, now);
    case 'advertisement':
      return heardAsMaster(config, state, event, now);
    case 'fault': {
      const { state: next, effects } = becomeFaulty(state, [event.reason]);
      return { state: next, effects: [advertise(0), { type: 'release-addresses' }, ...effects] };
    }
    case 'configured': {
      const adverAt = later(now, config.advertisementInterval);
      if (event.onlyPriority) return { state: { ...state, adverAt }, effects: [advertise(config.priority)] };
      const { announcements, effects } = takeAndAnnounce(config, now);
      return { state: { ...state, adverAt, announcements }, effects: [advertise(config.priority), ...effects] };
    }
    case 'addresses-lost': {
      const { announcements, effects } = takeAndAnnounce(config, now);
      return { state: { ...state, announcements }, effects };
    }
    case 'startup':
    case 'successor-announced':
    case 'fault-cleared':
    // Addresses that could not be taken are the daemon's to report; giving up mastership would not bring them back.
    case 'effect-failed':
      return quietly(state);
    default:
      return assertNever(event);
  }
}

/** RFC 3768 §6.4.3, "If the Adver_Timer fires", and the announcements that are due. */
function whatIsDue(config: VirtualRouterConfig, state: Master, now: Instant): Transition {
  const { announcements, rounds } = announceDue(config.garp, state.announcements, now);
  if (now < state.adverAt) {
    return rounds === 0 ? quietly(state) : { state: { ...state, announcements }, effects: announce(rounds) };
  }
  // Counted from when it was due, so that being late once does not delay every later one; unless a whole one was missed.
  const onTime = later(state.adverAt, config.advertisementInterval);
  const adverAt = onTime > now ? onTime : later(now, config.advertisementInterval);
  return { state: { ...state, adverAt, announcements }, effects: [advertise(config.priority), ...announce(rounds)] };
}

/** RFC 3768 §6.4.3, "If an ADVERTISEMENT is received". Preempt_Mode is a Backup's: a Master yields regardless of it. */
function heardAsMaster(
  config: VirtualRouterConfig,
  state: Master,
  event: AdvertisementEvent,
  now: Instant,
): Transition {
  const adverAt = later(now, config.advertisementInterval);
  if (event.priority === 0) return { state: { ...state, adverAt }, effects: [advertise(config.priority)] };

  const order = event.priority - config.priority || compareAddresses(event.source, config.localAddress);
  if (order > 0) return yieldTo(config, state, event, now);
  if (order === 0) return { state, effects: [{ type: 'discard', reason: 'own-address' }] };

  // RFC 9568 §6.4.3: the loser is answered at once, which ends a split; RFC 3768 only discards.
  const reason = event.priority < config.priority ? 'lower-priority' : 'equal-priority-lower-address';
  const { announcements, rounds } = announceAfterLowerPriority(config.garp, state.announcements, now);
  const answer = config.lowerPriorityNoAdvert ? [] : [advertise(config.priority)];
  return {
    state: { ...state, adverAt: config.lowerPriorityNoAdvert ? state.adverAt : adverAt, announcements },
    effects: [{ type: 'discard', reason }, ...answer, ...announce(rounds)],
  };
}

/** Takes part in nothing until the last reason is gone. Not in any RFC; keepalived's FAULT. */
function faulty(config: VirtualRouterConfig, state: Fault, event: Event, now: Instant): Transition {
  switch (event.type) {
    case 'shutdown':
    case 'handover':
      return { state: INITIALIZE, effects: [changed(state, 'Initialize', 'shutdown')] };
    case 'fault':
      if (state.reasons.includes(event.reason)) return quietly(state);
      return quietly({ ...state, reasons: [...state.reasons, event.reason] });
    case 'fault-cleared': {
      if (!state.reasons.includes(event.reason)) return quietly(state);
      const reasons = state.reasons.filter((reason) => reason !== event.reason);
      if (reasons.length > 0) return quietly({ ...state, reasons });
      const gone = `no longer: ${event.reason}`;
      if (config.priority === 255) return becomeMaster(config, state, 'address-owner', `${gone}; priority 255`, now);
      return beginAsBackup(config, state, 'fault-cleared', `${gone}; `, now);
    }
    case 'startup':
    case 'successor-announced':
    case 'clock':
    case 'advertisement':
    case 'configured':
    case 'addresses-lost':
    case 'effect-failed':
      return quietly(state);
    default:
      return assertNever(event);
  }
}

function becomeMaster(
  config: VirtualRouterConfig,
  from: State,
  cause: Cause,
  detail: string,
  now: Instant,
): Transition {
  const { announcements, effects } = takeAndAnnounce(config, now);
  return {
    state: { name: 'Master', adverAt: later(now, config.advertisementInterval), announcements },
    effects: [advertise(config.priority), ...effects, changed(from, 'Master', cause, detail)],
  };
}

/** Backup without having heard anybody: Master_Down_Timer runs in full, on our own interval. */
function beginAsBackup(
  config: VirtualRouterConfig,
  from: State,
  cause: Cause,
  prefix: string,
  now: Instant,
): Transition {
  const state = listen(config, config.advertisementInterval, now);
  const detail = `${prefix}priority ${config.priority}, waiting ${inWords(elapsed(now, state.masterDownAt))} for a Master`;
  return { state, effects: [changed(from, 'Backup', cause, detail)] };
}

function yieldTo(config: VirtualRouterConfig, from: Master, event: AdvertisementEvent, now: Instant): Transition {
  const higherPriority = event.priority > config.priority;
  const detail = higherPriority
    ? `${event.source} has priority ${event.priority}, ours is ${config.priority}`
    : `${event.source} has our priority ${config.priority} and a higher address than ${config.localAddress}`;
  return {
    state: listenTo(config, event, undefined, now),
    effects: [
      ...(config.higherPrioritySendAdvert ? [advertise(config.priority)] : []),
      { type: 'release-addresses' },
      changed(
        from,
        'Backup',
        higherPriority ? 'higher-priority-advertisement' : 'equal-priority-higher-address',
        detail,
      ),
    ],
  };
}

function becomeFaulty(from: State, faults: readonly string[]): Transition {
  const reasons = [...new Set(faults)];
  return { state: { name: 'Fault', reasons }, effects: [changed(from, 'Fault', 'fault', reasons.join(', '))] };
}

/** Backup with Master_Down_Timer set to Master_Down_Interval. */
function listen(config: VirtualRouterConfig, masterAdverInterval: Duration, now: Instant): Backup {
  return {
    name: 'Backup',
    masterAdverInterval,
    masterDownSetAt: now,
    masterDownAt: later(now, downInterval(config, masterAdverInterval)),
  };
}

/** Backup of the router that sent this advertisement. Version 3 learns its interval (RFC 5798 §6.4.2). */
function listenTo(
  config: VirtualRouterConfig,
  event: AdvertisementEvent,
  preemptAt: Instant | undefined,
  now: Instant,
): Backup {
  const interval = config.version === 2 ? config.advertisementInterval : event.advertisementInterval;
  return { ...listen(config, interval, now), master: { address: event.source, priority: event.priority }, preemptAt };
}

/** The running timer, as if it had been set under the new configuration. What is learned from the Master is kept. */
function reconfigureBackup(config: VirtualRouterConfig, state: Backup, now: Instant): Backup {
  const learned = config.version === 3 && state.master !== undefined;
  const masterAdverInterval = learned ? state.masterAdverInterval : config.advertisementInterval;
  const timer =
    state.releasedBy === undefined
      ? downInterval(config, masterAdverInterval)
      : skewTime(config.version, config.priority, masterAdverInterval);
  // A delay that has begun may become shorter, but does not begin again with every change of a tracked priority.
  const preemptAt =
    state.preemptAt === undefined ? undefined : earliest(state.preemptAt, later(now, config.preemptDelay));
  return { ...state, masterAdverInterval, masterDownAt: later(state.masterDownSetAt, timer), preemptAt };
}

const downInterval = (config: VirtualRouterConfig, masterAdverInterval: Duration): Duration =>
  masterDownInterval(config.version, config.priority, masterAdverInterval, config.downTimerAdverts);

/** RFC 3768 §6.1: the owner of the addresses preempts whatever Preempt_Mode says. */
const preempts = (config: VirtualRouterConfig): boolean => config.preemptMode || config.priority === 255;

function takeoverCause(state: Backup): Cause {
  if (state.releasedBy !== undefined) return 'master-released';
  return state.outranked === undefined ? 'master-down-timer' : 'preemption';
}

/** Who was heard last and for how long nobody has been. */
function takeoverDetail(config: VirtualRouterConfig, state: Backup, now: Instant): string {
  const waited = inWords(elapsed(state.masterDownSetAt, now));
  const { releasedBy, outranked, master } = state;
  if (releasedBy !== undefined) return `${releasedBy} gave up with priority 0 ${waited} ago`;
  if (outranked !== undefined) {
    return `${outranked.address} has priority ${outranked.priority}, ours is ${config.priority}`;
  }
  const silent = master === undefined ? 'anybody' : `${master.address} (priority ${master.priority})`;
  return `no advertisement from ${silent} for ${waited}`;
}

/** This state, and nothing to be done. */
const quietly = (state: State): Transition => ({ state, effects: [] });

const advertise = (priority: number): Effect => ({ type: 'send-advertisement', priority });

const announce = (rounds: number): readonly Effect[] => (rounds === 0 ? [] : [{ type: 'announce-addresses', rounds }]);

function takeAndAnnounce(config: VirtualRouterConfig, now: Instant) {
  const { announcements, rounds } = announceAll(config.garp, now);
  return { announcements, effects: [{ type: 'take-addresses' } as const, ...announce(rounds)] };
}

const changed = (from: State, to: State['name'], cause: Cause, detail?: string): Effect => ({
  type: 'state-changed',
  from: from.name,
  to,
  cause,
  ...(detail === undefined ? {} : { detail }),
});

const inWords = (duration: Duration): string => `${inSeconds(duration).toFixed(3)} s`;
