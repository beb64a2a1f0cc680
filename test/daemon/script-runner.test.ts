import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { milliseconds, seconds } from '../../src/base/time.ts';
import { describeEnding, type ScriptOutcome, ScriptRunner, succeeded } from '../../src/daemon/script-runner.ts';
import { FakeScripts, scriptOf } from '../support/fake-scripts.ts';

let scripts: FakeScripts;
let runner: ScriptRunner;

beforeEach(() => {
  vi.useFakeTimers();
  scripts = new FakeScripts();
  runner = new ScriptRunner(scripts);
});

afterEach(() => vi.useRealTimers());

/** Starts a script and remembers how it ended. */
const start = (timeout?: number) => {
  const run = runner.run(scriptOf('/bin/check -x'), timeout === undefined ? undefined : seconds(timeout));
  const ended: ScriptOutcome[] = [];
  void run.ended.then((outcome) => ended.push(outcome));
  return { run, ended };
};
const endingsOf = ({ ended }: { readonly ended: readonly ScriptOutcome[] }) => ended.map(({ ending }) => ending);

describe('ScriptRunner', () => {
  it('runs the command of a script and gives its exit status', async () => {
    const script = start(5);
    await vi.advanceTimersByTimeAsync(1500);
    scripts.end(3);
    await vi.advanceTimersByTimeAsync(0);
    expect(scripts.lines).toEqual(['/bin/check -x']);
    expect(endingsOf(script)).toEqual([{ how: 'exited', status: 3 }]);
    expect(script.ended[0]?.took).toBe(milliseconds(1500));
    expect(scripts.started[0]?.signals).toEqual([]);
    expect(runner.count).toBe(0);
  });

  it('only the exit status 0 is a success', () => {
    const outcome = { startedAt: new Date(), took: milliseconds(1) };
    expect(succeeded({ ...outcome, ending: { how: 'exited', status: 0 } })).toBe(true);
    expect(succeeded({ ...outcome, ending: { how: 'exited', status: 1 } })).toBe(false);
    expect(succeeded({ ...outcome, ending: { how: 'killed', signal: 'SIGSEGV' } })).toBe(false);
    expect(succeeded({ ...outcome, ending: { how: 'not-started', reason: 'gone' } })).toBe(false);
    expect(succeeded({ ...outcome, ending: { how: 'timed-out', after: seconds(1) } })).toBe(false);
  });

  it('ends a script after its time: SIGTERM, and what is left of its group SIGKILL', async () => {
    const script = start(1);
    await vi.advanceTimersByTimeAsync(999);
    expect(scripts.started[0]?.signals).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(scripts.started[0]?.signals).toEqual(['SIGTERM', 'SIGKILL']);
    expect(endingsOf(script)).toEqual([{ how: 'timed-out', after: seconds(1) }]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(scripts.started[0]?.signals).toEqual(['SIGTERM', 'SIGKILL']);
  });

  it('kills a script that ignores SIGTERM 2 s later', async () => {
    scripts.obeysTerm = false;
    const script = start(1);
    await vi.advanceTimersByTimeAsync(2_999);
    expect(scripts.started[0]?.signals).toEqual(['SIGTERM']);
    expect(script.ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(endingsOf(script)).toEqual([{ how: 'timed-out', after: seconds(1) }]);
    expect(script.ended[0]?.took).toBe(seconds(3));
  });

  it('says why a command cannot be run, and starts nothing', async () => {
    scripts.refused.set('/bin/check', 'there is no account nobody');
    const script = start();
    await vi.advanceTimersByTimeAsync(0);
    expect(endingsOf(script)).toEqual([{ how: 'not-started', reason: 'there is no account nobody' }]);
    expect(scripts.started).toEqual([]);
  });

  it('lets a script without a time limit run', async () => {
    const script = start();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(script.ended).toEqual([]);
    expect(runner.count).toBe(1);
    script.run.stop();
    await vi.advanceTimersByTimeAsync(0);
    expect(endingsOf(script)).toEqual([{ how: 'killed', signal: 'SIGTERM' }]);
  });

  it('leaves nothing running when it is closed, and starts nothing any more', async () => {
    scripts.obeysTerm = false;
    const first = start();
    const second = start(60);
    const closed = vi.fn();
    void runner.close().then(closed);
    await vi.advanceTimersByTimeAsync(99);
    expect(closed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(closed).toHaveBeenCalledOnce();
    expect(endingsOf(first)).toEqual([{ how: 'killed', signal: 'SIGKILL' }]);
    expect(endingsOf(second)).toEqual([{ how: 'killed', signal: 'SIGKILL' }]);
    const late = start();
    await vi.advanceTimersByTimeAsync(0);
    expect(endingsOf(late)).toEqual([{ how: 'not-started', reason: 'the agent is ending' }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    [{ how: 'exited', status: 2 }, 'exited with status 2'],
    [{ how: 'killed', signal: 'SIGSEGV' }, 'killed by SIGSEGV'],
    [{ how: 'timed-out', after: seconds(1.5) }, 'timed out after 1.5 s'],
    [{ how: 'not-started', reason: 'it is not there' }, 'could not be run: it is not there'],
  ] as const)('describes %j', (ending, sentence) => {
    expect(describeEnding(ending)).toBe(sentence);
  });
});
