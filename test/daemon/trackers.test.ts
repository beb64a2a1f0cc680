import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Instant, instant, milliseconds, seconds, ZERO } from '../../src/base/time.ts';
import { FileTrackers } from '../../src/daemon/file-trackers.ts';
import { ProcessTrackers } from '../../src/daemon/process-trackers.ts';
import { ScriptRunner } from '../../src/daemon/script-runner.ts';
import { ScriptTrackers } from '../../src/daemon/script-trackers.ts';
import type { ProcessInfo } from '../../src/vrrp/track-process.ts';
import type { TrackFile, TrackProcess, VrrpScript } from '../../src/vrrp/tracked.ts';
import { FakeScripts, scriptOf } from '../support/fake-scripts.ts';

/** What trackers tell: `chk up`, `f 5`. */
let reported: string[];
let logged: string[];
const world = {
  now: (): Instant => instant(performance.now() * 1000),
  report: (result: { name: string; isUp: boolean } | { name: string; value: number }) => {
    reported.push(`${result.name} ${'value' in result ? result.value : result.isUp ? 'up' : 'down'}`);
  },
  log: (_level: string, _event: string, message: string) => {
    logged.push(message);
  },
};
const pass = (s: number) => vi.advanceTimersByTimeAsync(s * 1000);

beforeEach(() => {
  vi.useFakeTimers();
  reported = [];
  logged = [];
});
afterEach(() => vi.useRealTimers());

describe('scripts', () => {
  const script = (different: Partial<VrrpScript> = {}): VrrpScript => ({
    name: 'chk',
    script: scriptOf('/bin/check'),
    interval: seconds(2),
    timeout: seconds(1),
    weight: 0,
    reverse: false,
    rise: 1,
    fall: 1,
    initFail: false,
    ...different,
  });
  let scripts: FakeScripts;
  let trackers: ScriptTrackers;

  beforeEach(() => {
    scripts = new FakeScripts();
    trackers = new ScriptTrackers({ ...world, runner: new ScriptRunner(scripts) });
  });
  afterEach(() => trackers.close());

  it('run at once and every interval, and tell what changes', async () => {
    trackers.configure([script()]);
    expect(scripts.lines).toEqual(['/bin/check']);
    await pass(0.5);
    scripts.end(0);
    await pass(1.5);
    expect(scripts.lines.length).toBe(2);
    scripts.end(3);
    await pass(2);
    scripts.end(3);
    await pass(0.1);
    expect(reported).toEqual(['chk up', 'chk down']);
    expect(logged).toEqual([
      'Script `chk` now returning 0',
      'VRRP_Script(chk) succeeded',
      'Script `chk` now returning 3',
      'VRRP_Script(chk) failed (exited with status 3)',
    ]);
    expect(trackers.results()).toEqual([{ kind: 'script', name: 'chk', isUp: false }]);
  });

  it('say nothing before the first result, but with init_fail that they have failed', () => {
    trackers.configure([script(), script({ name: 'careful', initFail: true })]);
    expect(reported).toEqual(['careful down']);
    expect(trackers.results()).toEqual([{ kind: 'script', name: 'careful', isUp: false }]);
  });

  it('that take too long have failed at that moment, although they do not end', async () => {
    scripts.obeysTerm = false;
    trackers.configure([script()]);
    await pass(0.999);
    expect(reported).toEqual([]);
    await pass(0.001);
    expect(reported).toEqual(['chk down']);
    expect(logged).toEqual(['VRRP_Script(chk) failed (timed_out)']);
  });

  it('that still run are not started a second time', async () => {
    scripts.obeysTerm = false;
    trackers.configure([script({ timeout: seconds(60) })]);
    await pass(4.1);
    expect(scripts.lines.length).toBe(1);
    expect(logged).toEqual([
      'VRRP_Script(chk) still runs, so it is not run again',
      'VRRP_Script(chk) still runs, so it is not run again',
    ]);
    scripts.end(0);
    await pass(2);
    expect(scripts.lines.length).toBe(2);
  });

  it('that cannot be run have failed, and that is said once', async () => {
    scripts.refused.set('/bin/check', '/bin/check is not there or cannot be reached');
    trackers.configure([script()]);
    await pass(10);
    expect(reported).toEqual(['chk down']);
    expect(logged).toEqual([
      'VRRP_Script(chk) could not be run: /bin/check is not there or cannot be reached; that counts as a failure',
      'VRRP_Script(chk) failed (could not be run: /bin/check is not there or cannot be reached)',
    ]);
    scripts.refused.clear();
    await pass(2);
    scripts.end(0);
    await pass(0);
    expect(reported).toEqual(['chk down', 'chk up']);
  });

  it('keep their result when a reload changes nothing of theirs, and do not run for it', async () => {
    trackers.configure([script()]);
    scripts.end(0);
    await pass(1);
    trackers.configure([script()]);
    await pass(0.9);
    expect(scripts.lines.length).toBe(1);
    expect(reported).toEqual(['chk up']);
  });

  it('with another command run at once, and count as before until its result is there', async () => {
    trackers.configure([script()]);
    scripts.end(0);
    await pass(1);
    trackers.configure([script({ script: scriptOf('/bin/other') })]);
    expect(scripts.lines).toEqual(['/bin/check', '/bin/other']);
    expect(trackers.results()).toEqual([{ kind: 'script', name: 'chk', isUp: true }]);
    scripts.end(1);
    await pass(0);
    expect(reported).toEqual(['chk up', 'chk down']);
  });

  it('of a reload that came while the old command ran do not take its result', async () => {
    trackers.configure([script()]);
    scripts.obeysTerm = false;
    trackers.configure([script({ script: scriptOf('/bin/other') })]);
    scripts.started[0]?.end({ how: 'exited', status: 1 });
    await pass(0);
    expect(reported).toEqual([]);
    expect(scripts.started[0]?.signals[0]).toBe('SIGTERM');
  });

  it('that a reload removed are ended and run no more', async () => {
    trackers.configure([script()]);
    trackers.configure([]);
    await pass(10);
    expect(scripts.started[0]?.signals[0]).toBe('SIGTERM');
    expect(scripts.lines.length).toBe(1);
    expect(trackers.results()).toEqual([]);
    expect(reported).toEqual([]);
  });
});

describe('files', () => {
  const file = (different: Partial<TrackFile> = {}): TrackFile => ({
    name: 'f',
    file: '/run/f',
    weight: 1,
    reverse: false,
    ...different,
  });
  let contents: Map<string, string>;
  let watched: Map<string, () => void>;
  let trackers: FileTrackers;
  const change = (path: string, content?: string) => {
    if (content === undefined) contents.delete(path);
    else contents.set(path, content);
    watched.get(path)?.();
  };

  beforeEach(() => {
    contents = new Map();
    watched = new Map();
    trackers = new FileTrackers({
      ...world,
      watch: (path, onChange) => {
        watched.set(path, onChange);
        return () => watched.delete(path);
      },
      read: (path) => contents.get(path),
      write: (path, content) => {
        if (path.startsWith('/nowhere')) throw new Error('ENOENT: no such file or directory');
        contents.set(path, content);
      },
    });
  });

  it('tell the number at the start and whenever it changes, and 0 when the file is gone', () => {
    contents.set('/run/f', '5\n');
    trackers.configure([file()]);
    change('/run/f', '5');
    change('/run/f', '-7\n');
    change('/run/f');
    expect(reported).toEqual(['f 5', 'f -7', 'f 0']);
    expect(trackers.results()).toEqual([{ kind: 'file', name: 'f', value: 0 }]);
  });

  it('with a number that is too large keep the one before', () => {
    contents.set('/run/f', '5\n');
    trackers.configure([file()]);
    change('/run/f', '99999999999');
    expect(reported).toEqual(['f 5']);
    expect(logged.at(-1)).toContain('the number in /run/f is too large');
  });

  it('are made at the start where they are not there, and overwritten where that is wanted', () => {
    contents.set('/run/g', '9').set('/run/h', '9');
    trackers.configure([
      file({ initial: { value: 3, overwrite: false } }),
      file({ name: 'g', file: '/run/g', initial: { value: 4, overwrite: false } }),
      file({ name: 'h', file: '/run/h', initial: { value: -2, overwrite: true } }),
    ]);
    expect(reported).toEqual(['f 3', 'g 9', 'h -2']);
    expect(contents.get('/run/f')).toBe('3\n');
  });

  it('are not made by a reload', () => {
    trackers.configure([]);
    trackers.configure([file({ initial: { value: 3, overwrite: true } })]);
    expect(contents.size).toBe(0);
  });

  it('that cannot be made count as 0, and that is said', () => {
    trackers.configure([file({ file: '/nowhere/f', initial: { value: 3, overwrite: false } })]);
    expect(reported).toEqual(['f 0']);
    expect(logged).toEqual(['track_file f: /nowhere/f is not made: ENOENT: no such file or directory']);
  });

  it('follow a reload: unchanged, elsewhere, and gone', () => {
    contents.set('/run/f', '5').set('/run/g', '6');
    trackers.configure([file()]);
    trackers.configure([file({ weight: 7 })]);
    expect(reported).toEqual(['f 5']);
    trackers.configure([file({ file: '/run/g' })]);
    expect(reported).toEqual(['f 5', 'f 6']);
    expect([...watched.keys()]).toEqual(['/run/g']);
    trackers.configure([]);
    expect([...watched.keys()]).toEqual([]);
    expect(trackers.results()).toEqual([]);
  });
});

describe('processes', () => {
  const named = (comm: string): ProcessInfo => ({ pid: 1, comm, commandLine: [comm] });
  const process = (different: Partial<TrackProcess> = {}): TrackProcess => ({
    name: 'p',
    process: ['nginx'],
    parameterMatch: 'none',
    fullCommand: false,
    quorum: 1,
    forkDelay: ZERO,
    terminateDelay: ZERO,
    weight: 0,
    reverse: false,
    ...different,
  });
  let running: ProcessInfo[];
  let counts: boolean[];
  let trackers: ProcessTrackers;

  beforeEach(() => {
    running = [named('nginx')];
    counts = [];
    trackers = new ProcessTrackers({
      ...world,
      processes: (withCommandLine) => {
        counts.push(withCommandLine);
        return running;
      },
    });
  });
  afterEach(() => trackers.close());

  it('are counted at the start and then once a second, and tell what changes', async () => {
    trackers.configure([process(), process({ name: 'two', quorum: 2 })]);
    expect(reported).toEqual(['p up', 'two down']);
    running = [named('nginx'), named('nginx'), named('other')];
    await pass(1);
    expect(reported).toEqual(['p up', 'two down', 'two up']);
    running = [];
    await pass(1);
    expect(reported.slice(3)).toEqual(['p down', 'two down']);
    expect(counts).toEqual([false, false, false]);
  });

  it('wait for their delay between two countings too', async () => {
    trackers.configure([process({ terminateDelay: milliseconds(1500) })]);
    running = [];
    await pass(2.49);
    expect(reported).toEqual(['p up']);
    await pass(0.02);
    expect(reported).toEqual(['p up', 'p down']);
  });

  it('are counted less often where counting takes long', async () => {
    trackers = new ProcessTrackers({
      ...world,
      processes: () => {
        counts.push(true);
        vi.setSystemTime(Date.now());
        vi.advanceTimersByTime(100);
        return running;
      },
    });
    trackers.configure([process()]);
    await pass(1.95);
    expect(counts.length).toBe(1);
    await pass(0.1);
    expect(counts.length).toBe(2);
  });

  it('are not counted when nobody tracks any', async () => {
    trackers.configure([]);
    await pass(10);
    expect(counts).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ask for command lines only where parameters count', () => {
    trackers.configure([process({ process: ['nginx', '-g'], parameterMatch: 'exact' })]);
    expect(counts).toEqual([true]);
  });
});
