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
 *                                               way of handover.ts, which give-away leads to Backup
 *
 * An advertisement arrives here admitted (admission.ts): it is well-formed, authentic and not our own. What an effect
 * means for sockets and addresses is the performer's. Time comes in as `now`; a state holds its own deadline, so that a
 * clock event that is early, late or repeated does no harm.
 */

import { compareAddresses } from '../base/address.ts';
import { assertNever } from '../base/assert.ts';
import { earliest, elapsed, type Instant, later, ZERO } from '../base/time.ts';
import { announceAll, announceDue, nextAnnouncementAt } from './announcements.ts';
import { answer, challenged } from './answering.ts';
import { advertise, announce, changed, quietly } from './effects.ts';
import { giveWay, isExpired } from './expiry.ts';
import { giveAway, leave, whileLeaving } from './handover.ts';
import {
  afterStall,
  inWords,
  isDelayed,
  isOwnerAtOnce,
  listen,
  listenTo,
  preempts,
  reconfigureBackup,
  takeoverCause,
  takeoverDetail,
  withoutMaster,
} from './listening.ts';
import { skewTime } from './timers.ts';
import {
  type AdvertisementEvent,
  type Backup,
  type Cause,
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
      return begin(config, state, 'startup', '', now);
    case 'shutdown':
    case 'handover':
    case 'give-away':
    case 'successor-announced':
    case 'neighbour-lost':
    case 'sync':
    case 'mate-challenged':
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
    case 'clock': {
      if (now < state.masterDownAt) return quietly(state);
      const waiting = afterStall(config, state, now);
      if (waiting !== undefined) return quietly(waiting);
      return becomeMaster(config, state, takeoverCause(config, state), takeoverDetail(config, state, now), now);
    }
    case 'advertisement':
      return heardAsBackup(config, state, event, now);
    case 'fault':
      return becomeFaulty(state, [event.reason]);
    case 'neighbour-lost':
      return quietly(withoutMaster(config, state, event, now));
    case 'configured':
      return quietly(reconfigureBackup(config, state, now));
    case 'sync':
      if (event.to === 'Backup') return quietly(state);
      return becomeMaster(config, state, 'sync-group', `with ${event.by} of its sync group`, now);
    case 'startup':
    case 'give-away':
    case 'mate-challenged':
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
  if (isDelayed(config, now)) return { state, effects: [{ type: 'discard', reason: 'startup-delay' }] };
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
  if (state.leaving !== undefined) return whileLeaving(config, state, state.leaving, event, now);
  if ((event.type === 'clock' || event.type === 'advertisement') && isExpired(config, state, now)) {
    return expired(config, state, event, now);
  }
  switch (event.type) {
    case 'handover':
      return leave(config, state, now);
    case 'give-away':
      return giveAway(config, state, now);
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
      // keepalived.conf(5) "track_script": said with the next advertisement
      if (event.onlyPriority) return quietly(state);
      const adverAt = later(now, config.advertisementInterval);
      const { announcements, effects } = takeAndAnnounce(config, now);
      return { state: { ...state, adverAt, announcements }, effects: [advertise(config.priority), ...effects] };
    }
    case 'addresses-lost': {
      const { announcements, effects } = takeAndAnnounce(config, now);
      return { state: { ...state, announcements }, effects };
    }
    case 'sync':
      return event.to === 'Master' ? quietly(state) : followToBackup(config, state, event.by, now);
    case 'mate-challenged':
      return challenged(config, state, now);
    case 'startup':
    case 'successor-announced':
    case 'neighbour-lost':
    case 'fault-cleared':
    // Addresses that could not be taken are the daemon's to report; giving up mastership would not bring them back.
    case 'effect-failed':
      return quietly(state);
    default:
      return assertNever(event);
  }
}

/** What was heard is heard as a Backup. */
function expired(config: VirtualRouterConfig, from: Master, event: Event, now: Instant): Transition {
  const given = giveWay(config, from, now);
  if (event.type !== 'advertisement') return given;
  const heard = transition(config, given.state, event, now);
  return { state: heard.state, effects: [...given.effects, ...heard.effects] };
}

/** RFC 3768 §6.4.3, "If the Adver_Timer fires", and the announcements that are due. */
function whatIsDue(config: VirtualRouterConfig, state: Master, now: Instant): Transition {
  const { announcements, rounds, elsewhere } = announceDue(config.garp, state.announcements, now);
  const announced = announce(rounds, elsewhere);
  if (now < state.adverAt) {
    return announced.length === 0 ? quietly(state) : { state: { ...state, announcements }, effects: announced };
  }
  // Counted from when it was due, so that being late once does not delay every later one; unless a whole one was missed.
  const onTime = later(state.adverAt, config.advertisementInterval);
  const adverAt = onTime > now ? onTime : later(now, config.advertisementInterval);
  return { state: { ...state, adverAt, announcements }, effects: [advertise(config.priority), ...announced] };
}

/** RFC 3768 §6.4.3, "If an ADVERTISEMENT is received". Preempt_Mode is a Backup's: a Master yields regardless of it. */
function heardAsMaster(
  config: VirtualRouterConfig,
  state: Master,
  event: AdvertisementEvent,
  now: Instant,
): Transition {
  if (event.priority === 0) return answer(config, state, now);

  const order = event.priority - config.priority || compareAddresses(event.source, config.localAddress);
  if (order > 0) return yieldTo(config, state, event, now);
  if (order === 0) return { state, effects: [{ type: 'discard', reason: 'own-address' }] };

  // RFC 9568 §6.4.3: the loser is answered at once, which ends a split; RFC 3768 only discards.
  const reason = event.priority < config.priority ? 'lower-priority' : 'equal-priority-lower-address';
  const { state: next, effects } = challenged(config, state, now);
  return { state: next, effects: [{ type: 'discard', reason }, ...effects] };
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
      return begin(config, state, 'fault-cleared', `no longer: ${event.reason}; `, now);
    }
    case 'sync':
    case 'give-away':
    case 'mate-challenged':
    case 'startup':
    case 'successor-announced':
    case 'neighbour-lost':
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

/** RFC 3768 §6.4.1: the owner of the addresses is Master at once, everybody else a Backup. */
function begin(config: VirtualRouterConfig, from: State, cause: Cause, prefix: string, now: Instant): Transition {
  if (isOwnerAtOnce(config) && !isDelayed(config, now)) {
    return becomeMaster(config, from, 'address-owner', `${prefix}priority 255`, now);
  }
  return beginAsBackup(config, from, cause, prefix, now);
}

/** Backup without having heard anybody: Master_Down_Timer runs in full, on our own interval, once no delay holds it. */
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
      { type: 'release-addresses', announcedSoon: true },
      changed(
        from,
        'Backup',
        higherPriority ? 'higher-priority-advertisement' : 'equal-priority-higher-address',
        detail,
      ),
    ],
  };
}

/** keepalived.conf(5) "vrrp_sync_group": a mate has yielded. Nothing is said: the others will have their own reasons. */
function followToBackup(config: VirtualRouterConfig, from: Master, mate: string, now: Instant): Transition {
  return {
    state: listen(config, config.advertisementInterval, now),
    effects: [{ type: 'release-addresses' }, changed(from, 'Backup', 'sync-group', `with ${mate} of its sync group`)],
  };
}

function becomeFaulty(from: State, faults: readonly string[]): Transition {
  const reasons = [...new Set(faults)];
  return { state: { name: 'Fault', reasons }, effects: [changed(from, 'Fault', 'fault', reasons.join(', '))] };
}

function takeAndAnnounce(config: VirtualRouterConfig, now: Instant) {
  const { announcements, rounds } = announceAll(config.garp, now);
  return { announcements, effects: [{ type: 'take-addresses' } as const, ...announce(rounds)] };
}
