import { describe, expect, it } from 'vitest';
import { type Instant, instant, later, seconds } from '../../src/base/time.ts';
import {
  newTrackScript,
  reconfigured,
  type TrackScriptConfig,
  type TrackScriptEffect,
  type TrackScriptEvent,
  type TrackScriptState,
  transition,
} from '../../src/vrrp/track-script.ts';

const START = instant(5_000_000);
const at = (s: number): Instant => later(START, seconds(s));
const config = (rise: number, fall: number, initFail = false): TrackScriptConfig => ({
  interval: seconds(1),
  rise,
  fall,
  initFail,
});

/** Runs a script once a second with these exit codes; what keepalived's dump shows after each: 4+ up, 0- down. */
function results(settings: TrackScriptConfig, exitCodes: string): string[] {
  let state = newTrackScript(settings, START);
  return [...exitCodes].map((code, second) => {
    state = transition(settings, state, { type: 'clock' }, at(second)).state;
    state = transition(settings, state, { type: 'ended', succeeded: code === '0' }, at(second + 0.1)).state;
    return `${state.result}${state.isUp ? '+' : '-'}`;
  });
}

describe('results count as in a dump of keepalived 2.2.7', () => {
  it.each([
    [2, 3, '011001110011011000', '4+ 3+ 2+ 4+ 4+ 3+ 2+ 0- 1- 4+ 3+ 2+ 4+ 3+ 2+ 4+ 4+ 4+'],
    [3, 3, '111000101000110110', '0- 0- 0- 1- 2- 5+ 4+ 5+ 4+ 5+ 5+ 5+ 4+ 3+ 5+ 4+ 3+ 5+'],
    [1, 2, '010110100011010011', '2+ 1+ 2+ 1+ 0- 2+ 1+ 2+ 2+ 2+ 1+ 0- 2+ 1+ 2+ 2+ 1+ 0-'],
  ])('rise %i, fall %i, exit codes %s', (rise, fall, exitCodes, expected) => {
    expect(results(config(rise, fall), exitCodes).join(' ')).toBe(expected);
  });

  it.each([
    [3, 3, '001000101000110110', '5+ 5+ 4+ 5+ 5+ 5+ 4+ 5+ 4+ 5+ 5+ 5+ 4+ 3+ 5+ 4+ 3+ 5+'],
    [1, 1, '001100000000000000', '1+ 1+ 0- 0- 1+ 1+ 1+ 1+ 1+ 1+ 1+ 1+ 1+ 1+ 1+ 1+ 1+ 1+'],
  ])('init_fail, rise %i, fall %i, exit codes %s', (rise, fall, exitCodes, expected) => {
    expect(results(config(rise, fall, true), exitCodes).join(' ')).toBe(expected);
  });
});

/** Lets events happen, each at its second; the effects of each. */
function play(
  settings: TrackScriptConfig,
  state: TrackScriptState,
  ...events: readonly (readonly [number, TrackScriptEvent])[]
): { effects: (readonly TrackScriptEffect[])[]; state: TrackScriptState } {
  const effects = events.map(([second, event]) => {
    const next = transition(settings, state, event, at(second));
    state = next.state;
    return next.effects;
  });
  return { effects, state };
}
const clock: TrackScriptEvent = { type: 'clock' };
const success: TrackScriptEvent = { type: 'ended', succeeded: true };
const failure: TrackScriptEvent = { type: 'ended', succeeded: false };
const timedOut: TrackScriptEvent = { type: 'timed-out' };

describe('a script', () => {
  const usual = config(1, 1);

  it('runs at once, and then every interval from the start of the run before', () => {
    const { effects } = play(usual, newTrackScript(usual, START), [0, clock], [0.3, success], [0.9, clock], [1, clock]);
    expect(effects).toEqual([[{ type: 'run' }], [{ type: 'report', isUp: true }], [], [{ type: 'run' }]]);
  });

  it('is reported only when it changes', () => {
    const { effects } = play(
      usual,
      newTrackScript(usual, START),
      [0, clock],
      [0.1, failure],
      [1, clock],
      [1.1, failure],
      [2, clock],
      [2.1, success],
    );
    expect(effects.flat().filter(({ type }) => type === 'report')).toEqual([
      { type: 'report', isUp: false },
      { type: 'report', isUp: true },
    ]);
  });

  it('with init_fail is down from the start: a failure is no news, a success is', () => {
    const settings = config(1, 1, true);
    const start = newTrackScript(settings, START);
    expect(start.isUp).toBe(false);
    expect(play(settings, start, [0, clock], [0.1, failure]).effects[1]).toEqual([]);
    expect(play(settings, start, [0, clock], [0.1, success]).effects[1]).toEqual([{ type: 'report', isUp: true }]);
  });

  it('does not run twice at once', () => {
    const { effects } = play(
      usual,
      newTrackScript(usual, START),
      [0, clock],
      [1, clock],
      [2, clock],
      [2.5, success],
      [3, clock],
    );
    expect(effects).toEqual([
      [{ type: 'run' }],
      [{ type: 'skip' }],
      [{ type: 'skip' }],
      [{ type: 'report', isUp: true }],
      [{ type: 'run' }],
    ]);
  });

  it('that takes too long has failed then, and not once more when it ends; it runs again after that', () => {
    const settings = config(1, 2);
    const { effects, state } = play(
      settings,
      newTrackScript(settings, START),
      [0, clock],
      [0.1, success],
      [1, clock],
      [1.5, timedOut],
      [2, clock],
      [2.5, failure],
      [3, clock],
    );
    expect(effects.slice(2)).toEqual([[{ type: 'run' }], [], [{ type: 'skip' }], [], [{ type: 'run' }]]);
    expect(state).toMatchObject({ result: 1, isUp: true });
  });

  it('that was late and succeeds in the end has failed all the same', () => {
    const { effects, state } = play(usual, newTrackScript(usual, START), [0, clock], [0.5, timedOut], [0.6, success]);
    expect(effects[1]).toEqual([{ type: 'report', isUp: false }]);
    expect(state).toMatchObject({ isUp: false, run: 'none' });
  });

  it('does not make up for the runs that a stall has cost', () => {
    const { state } = play(usual, newTrackScript(usual, START), [0, clock], [0.1, success], [60.2, clock]);
    expect(state.dueAt).toBe(at(61.2));
  });
});

describe('a reload', () => {
  const before = config(2, 3);
  const up = (result: number): TrackScriptState => ({ result, isUp: true, isNew: false, run: 'none', dueAt: at(1) });
  const down = (result: number): TrackScriptState => ({ result, isUp: false, isNew: false, run: 'none', dueAt: at(1) });
  const reloaded = (state: TrackScriptState, rise: number, fall: number) => {
    const { result, isUp } = reconfigured(before, config(rise, fall), state, at(0.5));
    return { result, isUp };
  };

  it('never changes whether a script is up', () => {
    expect(reloaded(up(4), 1, 1)).toEqual({ result: 1, isUp: true });
    expect(reloaded(up(2), 5, 1)).toEqual({ result: 5, isUp: true });
    expect(reloaded(down(1), 1, 9)).toEqual({ result: 0, isUp: false });
  });

  it('keeps the failures or successes that have been counted', () => {
    expect(reloaded(up(3), 2, 5)).toEqual({ result: 5, isUp: true }); // one failure: one below the top of 6
    expect(reloaded(down(1), 4, 3)).toEqual({ result: 1, isUp: false });
  });

  it('to a shorter interval counts from now', () => {
    const slow = { ...before, interval: seconds(60) };
    const state = { ...up(4), dueAt: at(60) };
    expect(reconfigured(slow, before, state, at(0.5)).dueAt).toBe(at(1.5));
    expect(reconfigured(before, slow, up(4), at(0.5)).dueAt).toBe(at(1));
  });

  it('knows no more than before', () => {
    expect(reconfigured(before, config(1, 1), newTrackScript(before, START), at(0)).isUp).toBeUndefined();
  });
});
