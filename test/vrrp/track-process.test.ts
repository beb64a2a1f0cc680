import { describe, expect, it } from 'vitest';
import { type Instant, instant, later, seconds, ZERO } from '../../src/base/time.ts';
import {
  hasQuorum,
  isMeant,
  NEW_TRACK_PROCESS,
  type TrackProcessState,
  transition,
} from '../../src/vrrp/track-process.ts';

const of = (comm: string, ...commandLine: string[]) => ({ pid: 7, comm, commandLine });
const means = (
  process: readonly string[],
  parameterMatch: 'none' | 'exact' | 'partial' | 'initial' = 'none',
  fullCommand = false,
) => ({ process, parameterMatch, fullCommand });

describe('a process is meant', () => {
  const sleeping = of('sleep', 'sleep', '1000');

  it('by the name that the kernel keeps, whatever its parameters and its path', () => {
    expect(isMeant(means(['sleep']), sleeping)).toBe(true);
    expect(isMeant(means(['sleep']), of('sleep', '/usr/bin/sleep', '5'))).toBe(true);
    expect(isMeant(means(['slee']), sleeping)).toBe(false);
    expect(isMeant(means(['/usr/bin/sleep']), of('sleep', '/usr/bin/sleep'))).toBe(false);
  });

  it('by the 15 bytes that the kernel keeps of a longer name', () => {
    expect(isMeant(means(['averyveryverylongname']), of('averyveryverylo'))).toBe(true);
    expect(isMeant(means(['averyveryverylon']), of('averyveryverylo'))).toBe(true);
    expect(isMeant(means(['averyveryver']), of('averyveryverylo'))).toBe(false);
  });

  it('by the first word of its command line with full_command', () => {
    expect(isMeant(means(['/usr/bin/sleep'], 'none', true), of('sleep', '/usr/bin/sleep', '5'))).toBe(true);
    expect(isMeant(means(['sleep'], 'none', true), of('sleep', '/usr/bin/sleep', '5'))).toBe(false);
    expect(isMeant(means(['kthreadd'], 'none', true), of('kthreadd'))).toBe(false);
  });

  it.each([
    ['exact', ['sleep', '1000'], true],
    ['exact', ['sleep', '100'], false],
    ['exact', ['sleep'], false],
    ['exact', ['sleep', '1000', 'x'], false],
    ['partial', ['sleep', '1000'], true],
    ['partial', ['sleep'], true],
    ['partial', ['sleep', '100'], false],
    ['initial', ['sleep', '100'], true],
    ['initial', ['sleep', '1000'], true],
    ['initial', ['sleep', '200'], false],
    ['initial', ['sleep', '1000', ''], false],
  ] as const)('by its parameters, %s: %j is %j', (match, process, expected) => {
    expect(isMeant(means(process, match), sleeping)).toBe(expected);
  });
});

describe('a quorum', () => {
  it.each([
    [1, undefined, 0, false],
    [1, undefined, 1, true],
    [2, undefined, 1, false],
    [2, 3, 3, true],
    [2, 3, 4, false],
    [1, 0, 0, true],
    [1, 0, 1, false],
  ])('of %j, at most %j: %i processes are enough: %j', (quorum, quorumMax, count, expected) => {
    const limits = quorumMax === undefined ? { quorum } : { quorum, quorumMax };
    expect(hasQuorum({ ...limits, forkDelay: ZERO, terminateDelay: ZERO }, count)).toBe(expected);
  });
});

const START = instant(1_000_000);
const at = (s: number): Instant => later(START, seconds(s));
const limits = { quorum: 1, forkDelay: seconds(1), terminateDelay: seconds(3) };

/** Counts at seconds, or only the clock; whether it is up after each. */
function play(config: typeof limits & { quorumMax?: number }, ...events: readonly (readonly [number, number?])[]) {
  let state: TrackProcessState = NEW_TRACK_PROCESS;
  return events.map(([second, count]) => {
    state = transition(config, state, count === undefined ? { type: 'clock' } : { type: 'counted', count }, at(second));
    return state.isUp;
  });
}

describe('a change', () => {
  it('counts at once the first time', () => {
    expect(play(limits, [0, 1])).toEqual([true]);
    expect(play(limits, [0, 0])).toEqual([false]);
  });

  it('counts at once without a delay', () => {
    expect(play({ quorum: 1, forkDelay: ZERO, terminateDelay: ZERO }, [0, 1], [1, 0], [2, 1])).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('counts when it has lasted for fork_delay or terminate_delay, not before', () => {
    expect(play(limits, [0, 1], [1, 0], [3.9], [4])).toEqual([true, true, true, false]);
    expect(play(limits, [0, 0], [1, 1], [1.9], [2])).toEqual([false, false, false, true]);
  });

  it('that was taken back meanwhile never counts', () => {
    expect(play(limits, [0, 1], [1, 0], [2, 1], [10])).toEqual([true, true, true, true]);
  });

  it('waits from its beginning, although the number changes further', () => {
    expect(play({ ...limits, quorum: 3 }, [0, 3], [1, 2], [3, 1], [4])).toEqual([true, true, true, false]);
  });

  it('by more processes than there may be waits for fork_delay', () => {
    expect(play({ ...limits, quorumMax: 1 }, [0, 1], [1, 2], [2], [3, 1], [6])).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
  });
});
