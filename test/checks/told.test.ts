/** MISC_CHECK, which main runs, and the checkers that are told: FILE_CHECK and BFD_CHECK. */
import { describe, expect, it } from 'vitest';
import { type Duration, seconds, ZERO } from '../../src/base/time.ts';
import { bfdCheck } from '../../src/checks/bfd.ts';
import type { CommandOutcome } from '../../src/checks/checker.ts';
import type { MiscChecker } from '../../src/checks/checker-config.ts';
import { fileCheck } from '../../src/checks/file.ts';
import { miscCheck } from '../../src/checks/misc.ts';
import type { Script } from '../../src/config/script.ts';
import { HEALTHY, never, worldWith } from './example.ts';

describe('MISC_CHECK', () => {
  const config = (different: Partial<MiscChecker> = {}): MiscChecker => ({
    kind: 'MISC_CHECK',
    script: { command: ['/usr/local/bin/check', 'a b'], user: 'nobody' },
    timeout: ZERO,
    fallbackTimeout: seconds(60),
    isDynamic: false,
    retry: 0,
    delayBeforeRetry: seconds(1),
    delayLoop: seconds(6),
    warmup: seconds(6),
    alpha: false,
    logAllFailures: false,
    ...different,
  });
  const run = (outcome: CommandOutcome, different: Partial<MiscChecker> = {}, seen: [Script, Duration][] = []) => {
    const io = worldWith({
      run: async (script, timeout) => {
        seen.push([script, timeout]);
        return outcome;
      },
    });
    return miscCheck.check(config(different), io, never, 0);
  };
  const exited = (status: number): CommandOutcome => ({ how: 'exited', status });

  it('runs its command for misc_timeout, or as long as delay_loop of the virtual server', async () => {
    const seen: [Script, Duration][] = [];
    await run(exited(0), {}, seen);
    await run(exited(0), { timeout: seconds(5) }, seen);
    const { script } = config();
    expect(seen).toEqual([
      [script, seconds(60)],
      [script, seconds(5)],
    ]);
  });

  it.each([
    [0, false, HEALTHY],
    [1, false, { outcome: 'unhealthy', reason: 'exited with status 1' }],
    [2, false, { outcome: 'unhealthy', reason: 'exited with status 2' }],
    [0, true, HEALTHY],
    [1, true, { outcome: 'unhealthy', reason: 'exited with status 1' }],
    [2, true, { outcome: 'healthy', weight: { becomes: 0 } }],
    [12, true, { outcome: 'healthy', weight: { becomes: 10 } }],
    [255, true, { outcome: 'healthy', weight: { becomes: 253 } }],
  ] as const)('exit status %i with misc_dynamic %s', async (status, isDynamic, expected) => {
    expect(await run(exited(status), { isDynamic })).toEqual(expected);
  });

  it('a command that is killed, late or not there is a failure; one that nobody waits for is none', async () => {
    expect(await run({ how: 'failed', reason: 'killed by SIGKILL' }, { isDynamic: true })).toEqual({
      outcome: 'unhealthy',
      reason: 'killed by SIGKILL',
    });
    expect((await run({ how: 'aborted' })).outcome).toBe('inconclusive');
  });
});

describe('FILE_CHECK', () => {
  const judge = (value: number, weight: number, reverse = false) => {
    const config = { kind: 'FILE_CHECK', trackFile: 'drain', weight, reverse } as const;
    return fileCheck.judge(config, { ...fileCheck.subject(config), value });
  };

  it.each([
    [0, 0, false, 'healthy'],
    [1, 0, false, 'unhealthy'],
    [-1, 0, false, 'unhealthy'],
    [0, 0, true, 'unhealthy'],
    [1, 0, true, 'healthy'],
  ] as const)('without a weight %i is, with weight %i and reverse %s, %s', (value, weight, reverse, outcome) => {
    expect(judge(value, weight, reverse).outcome).toBe(outcome);
  });

  it.each([
    [3, 2, false, 6],
    [3, -2, false, -6],
    [3, 2, true, -6],
    [-5, 1, false, -5],
  ])('the number %i times weight %i, reverse %s, adds %i', (value, weight, reverse, adds) => {
    expect(judge(value, weight, reverse)).toEqual({ outcome: 'healthy', weight: { adds } });
  });

  it('a number of 0 adds nothing, and one that is as low as can be is a failure', () => {
    expect(judge(0, 5)).toEqual(HEALTHY);
    expect(judge(-2_147_483_647, 1).outcome).toBe('healthy');
    expect(judge(-2_147_483_647, 2).outcome).toBe('unhealthy');
  });
});

describe('BFD_CHECK', () => {
  it('is as its session is', () => {
    const config = { kind: 'BFD_CHECK', session: 'rs1', alpha: false } as const;
    const subject = bfdCheck.subject(config);
    expect(subject).toEqual({ kind: 'bfd', name: 'rs1' });
    expect(bfdCheck.judge(config, { ...subject, value: 1 })).toEqual(HEALTHY);
    expect(bfdCheck.judge(config, { ...subject, value: 0 })).toEqual({
      outcome: 'unhealthy',
      reason: 'the BFD session rs1 is down',
    });
  });
});
