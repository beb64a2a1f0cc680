/**
 * Giving up mastership without a gap: make before break. RFC 3768 §6.4.3 has a Master that is shut down send priority zero
 * and stop at once; its addresses then answer nobody until a Backup's Skew_Time has passed. Here they go on answering until
 * the successor is there: its advertisement and its announcement were seen, or nobody can come any more.
 *
 * On the wire nothing is different: after priority zero no advertisement is sent.
 */
import { assertNever } from '../base/assert.ts';
import { earliest, elapsed, type Instant, later, microseconds, milliseconds, seconds } from '../base/time.ts';
import { announceAll } from './announcements.ts';
import { advertise, announce, changed, quietly } from './effects.ts';
import { inWords, listen } from './listening.ts';
import { skewTime } from './timers.ts';
import {
  type Event,
  INITIALIZE,
  type Leaving,
  type Master,
  type Transition,
  type VirtualRouterConfig,
} from './vocabulary.ts';

/** From the successor's first advertisement to its announcement, at most: it adds the addresses in between. */
const ANNOUNCED_WITHIN = milliseconds(50);
/** Nobody waits longer for a stop, whatever the interval of version 3. */
const LONGEST = seconds(3);
/** The priority of the Backup that waits longest. */
const LOWEST_PRIORITY = 1;

/** A Master that begins to leave. */
export function leave(config: VirtualRouterConfig, state: Master, now: Instant): Transition {
  return { state: { ...state, leaving: leavingFrom(config, now) }, effects: [advertise(0)] };
}

/** A Master that begins to give its mastership away, and stays when nobody wants it. */
export function giveAway(config: VirtualRouterConfig, state: Master, now: Instant): Transition {
  return { state: { ...state, leaving: { ...leavingFrom(config, now), stays: true } }, effects: [advertise(0)] };
}

function leavingFrom(config: VirtualRouterConfig, now: Instant): Leaving {
  const longest = skewTime(config.version, LOWEST_PRIORITY, config.advertisementInterval);
  return { since: now, until: later(now, microseconds(Math.min(longest + ANNOUNCED_WITHIN, LONGEST))) };
}

/** What a Master that leaves does with an event: it holds the addresses and says nothing. */
export function whileLeaving(
  config: VirtualRouterConfig,
  state: Master,
  leaving: Leaving,
  event: Event,
  now: Instant,
): Transition {
  switch (event.type) {
    case 'advertisement': {
      if (event.priority === 0 || leaving.successor !== undefined) return quietly(state);
      const until = earliest(leaving.until, later(now, ANNOUNCED_WITHIN)) ?? leaving.until;
      return quietly({ ...state, leaving: { ...leaving, until, successor: event.source } });
    }
    case 'successor-announced':
      return release(config, state, leaving, now);
    case 'clock':
      if (now < leaving.until) return quietly(state);
      return isWanted(leaving) ? release(config, state, leaving, now) : stay(config, state, now);
    case 'sync':
      return event.to === 'Backup' ? quietly({ ...state, leaving: { ...leaving, hasToGo: true } }) : quietly(state);
    case 'handover': {
      if (leaving.stays === undefined) return quietly(state);
      const { stays: _, ...forGood } = leaving;
      return quietly({ ...state, leaving: forGood });
    }
    case 'shutdown':
      return end(state, leaving, now);
    case 'fault':
      if (leaving.stays === undefined) return end(state, leaving, now);
      return {
        state: { name: 'Fault', reasons: [event.reason] },
        effects: [{ type: 'release-addresses' }, changed(state, 'Fault', 'fault', event.reason)],
      };
    case 'startup':
    case 'give-away':
    case 'configured':
    case 'mate-challenged':
    case 'neighbour-lost':
    case 'fault-cleared':
    case 'addresses-lost':
    case 'effect-failed':
      return quietly(state);
    default:
      return assertNever(event);
  }
}

/** Whether it goes now: somebody has taken over, or it has to. */
const isWanted = ({ stays, hasToGo, successor }: Leaving): boolean =>
  stays === undefined || hasToGo === true || successor !== undefined;

function release(config: VirtualRouterConfig, state: Master, leaving: Leaving, now: Instant): Transition {
  if (leaving.stays === undefined) return end(state, leaving, now);
  return {
    state: listen(config, config.advertisementInterval, now),
    effects: [{ type: 'release-addresses' }, changed(state, 'Backup', 'given-away', outcome(leaving, now))],
  };
}

function end(state: Master, leaving: Leaving, now: Instant): Transition {
  return {
    state: INITIALIZE,
    effects: [{ type: 'release-addresses' }, changed(state, 'Initialize', 'shutdown', outcome(leaving, now))],
  };
}

/** Nobody has come: it goes on as if nothing had been. */
function stay(config: VirtualRouterConfig, { leaving: _, ...state }: Master, now: Instant): Transition {
  const { announcements, rounds } = announceAll(config.garp, now);
  return {
    state: { ...state, adverAt: later(now, config.advertisementInterval), announcements },
    effects: [advertise(config.priority), ...announce(rounds)],
  };
}

function outcome({ since, successor }: Leaving, now: Instant): string {
  const waited = inWords(elapsed(since, now));
  return successor === undefined ? `nobody took over within ${waited}` : `${successor} took over after ${waited}`;
}
