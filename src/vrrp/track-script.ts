/**
 * The state of a vrrp_script: when it runs, and what its results make of it. keepalived.conf(5) "vrrp_script", whose
 * counting is that of keepalived 2.2.7, as its dumps show it.
 *
 * `result` goes from 0 to rise + fall - 1, and the script is up from `rise` on. A success while it is up, or the one that
 * makes it up, sets the count to the top; a failure while it is up takes one away, and below `rise` everything. The very
 * first result counts at once. A script that runs is not started a second time; one that is late has failed when its time is
 * over, not when it has ended.
 */
import { type Duration, type Instant, later } from '../base/time.ts';

export interface TrackScriptConfig {
  readonly interval: Duration;
  readonly rise: number;
  readonly fall: number;
  readonly initFail: boolean;
}

export interface TrackScriptState {
  /** 0 to rise + fall - 1; means nothing while `isUp` is undefined. */
  readonly result: number;
  /** Undefined: nothing is known of it yet. */
  readonly isUp: boolean | undefined;
  /** No run has had a result yet. */
  readonly isNew: boolean;
  readonly run: 'none' | 'running' | 'late';
  /** When it is to run next. */
  readonly dueAt: Instant;
}

export type TrackScriptEvent =
  | { readonly type: 'clock' }
  /** The run has ended. */
  | { readonly type: 'ended'; readonly succeeded: boolean }
  /** The run has taken too long, and is being ended. */
  | { readonly type: 'timed-out' };

export type TrackScriptEffect =
  | { readonly type: 'run' }
  /** It was due, but its last run goes on. */
  | { readonly type: 'skip' }
  /** For the first time, or another one than before. */
  | { readonly type: 'report'; readonly isUp: boolean };

export interface TrackScriptTransition {
  readonly state: TrackScriptState;
  readonly effects: readonly TrackScriptEffect[];
}

/**
 * A script that is due at once. With init_fail it is down from the start, and that has not been reported.
 * @param wasUp what an earlier life of the agent knew of it
 */
export function newTrackScript(
  { initFail, rise, fall }: TrackScriptConfig,
  now: Instant,
  wasUp?: boolean,
): TrackScriptState {
  if (wasUp !== undefined) {
    return { result: wasUp ? rise + fall - 1 : 0, isUp: wasUp, isNew: false, run: 'none', dueAt: now };
  }
  return { result: 0, isUp: initFail ? false : undefined, isNew: true, run: 'none', dueAt: now };
}

/** The next state and what is to be done. A clock event that comes early does nothing. */
export function transition(
  config: TrackScriptConfig,
  state: TrackScriptState,
  event: TrackScriptEvent,
  now: Instant,
): TrackScriptTransition {
  switch (event.type) {
    case 'clock': {
      if (now < state.dueAt) return { state, effects: [] };
      const next = later(state.dueAt, config.interval);
      // after a stall the missed runs are not made up for
      const due = { ...state, dueAt: next > now ? next : later(now, config.interval) };
      return state.run === 'none'
        ? { state: { ...due, run: 'running' }, effects: [{ type: 'run' }] }
        : { state: due, effects: [{ type: 'skip' }] };
    }
    case 'timed-out':
      return state.run === 'running' ? counted(config, { ...state, run: 'late' }, false) : { state, effects: [] };
    case 'ended':
      if (state.run === 'running') return counted(config, { ...state, run: 'none' }, event.succeeded);
      return { state: { ...state, run: 'none' }, effects: [] };
  }
}

function counted(
  { rise, fall }: TrackScriptConfig,
  state: TrackScriptState,
  succeeded: boolean,
): TrackScriptTransition {
  const top = rise + fall - 1;
  const { result: before } = state;
  let result: number;
  if (succeeded) result = state.isNew || before + 1 >= rise ? top : before + 1;
  else result = state.isNew || before <= rise ? 0 : before - 1;
  const isUp = result >= rise;
  const next = { ...state, result, isUp, isNew: false };
  return { state: next, effects: isUp === state.isUp ? [] : [{ type: 'report', isUp }] };
}

/**
 * The state after a reload: what is known stays, with as many failures (or successes) counted as before, as far as the new
 * numbers have room for them.
 */
export function reconfigured(
  before: TrackScriptConfig,
  after: TrackScriptConfig,
  state: TrackScriptState,
  now: Instant,
): TrackScriptState {
  const dueAt = Math.min(state.dueAt, later(now, after.interval)) as Instant;
  if (state.isUp === undefined) return { ...state, dueAt };
  const failures = before.rise + before.fall - 1 - state.result;
  const result = state.isUp
    ? Math.max(after.rise, after.rise + after.fall - 1 - failures)
    : Math.min(after.rise - 1, state.result);
  return { ...state, result, dueAt };
}
