/**
 * Giving up mastership without a gap: make before break. RFC 3768 §6.4.3 has a Master that is shut down send priority zero
 * and stop at once; its addresses then answer nobody until a Backup's Skew_Time has passed. Here they go on answering until
 * the successor is there: its advertisement and its announcement were seen, or nobody can come any more.
 *
 * On the wire nothing is different: after priority zero no advertisement is sent.
 */
import { assertNever } from '../base/assert.ts';
import {
  earliest,
  elapsed,
  type Instant,
  inSeconds,
  later,
  microseconds,
  milliseconds,
  seconds,
} from '../base/time.ts';
import { skewTime } from './timers.ts';
import {
  type Effect,
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
  const longest = skewTime(config.version, LOWEST_PRIORITY, config.advertisementInterval);
  const leaving = { since: now, until: later(now, microseconds(Math.min(longest + ANNOUNCED_WITHIN, LONGEST))) };
  return { state: { ...state, leaving }, effects: [{ type: 'send-advertisement', priority: 0 }] };
}

/** What a Master that leaves does with an event: it holds the addresses and says nothing. */
export function whileLeaving(state: Master, leaving: Leaving, event: Event, now: Instant): Transition {
  switch (event.type) {
    case 'advertisement': {
      if (event.priority === 0 || leaving.successor !== undefined) return { state, effects: [] };
      const until = earliest(leaving.until, later(now, ANNOUNCED_WITHIN)) ?? leaving.until;
      return { state: { ...state, leaving: { ...leaving, until, successor: event.source } }, effects: [] };
    }
    case 'successor-announced':
      return release(leaving, now);
    case 'clock':
      return now < leaving.until ? { state, effects: [] } : release(leaving, now);
    case 'shutdown':
    case 'fault':
      return release(leaving, now);
    case 'startup':
    case 'handover':
    case 'configured':
    case 'sync':
    case 'mate-challenged':
    case 'fault-cleared':
    case 'addresses-lost':
    case 'effect-failed':
      return { state, effects: [] };
    default:
      return assertNever(event);
  }
}

function release({ since, successor }: Leaving, now: Instant): Transition {
  const waited = `${inSeconds(elapsed(since, now)).toFixed(3)} s`;
  const detail =
    successor === undefined ? `nobody took over within ${waited}` : `${successor} took over after ${waited}`;
  const effects: readonly Effect[] = [
    { type: 'release-addresses' },
    { type: 'state-changed', from: 'Master', to: 'Initialize', cause: 'shutdown', detail },
  ];
  return { state: INITIALIZE, effects };
}
