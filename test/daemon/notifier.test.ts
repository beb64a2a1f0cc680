import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Notifier, type NotifierConfig, type NotifySubject } from '../../src/daemon/notifier.ts';
import type { FifoConfig } from '../../src/daemon/notify-fifo.ts';
import { ScriptRunner } from '../../src/daemon/script-runner.ts';
import type { VrrpNotice } from '../../src/vrrp/notice.ts';
import { FakeScripts, scriptOf } from '../support/fake-scripts.ts';

let scripts: FakeScripts;
let logged: string[];
/** What pipes got and what happened to them: `/all INSTANCE "VI_1" MASTER 100`. */
let pipes: string[];
let unusable: string | undefined;
let notifier: Notifier;

const pass = (s: number) => vi.advanceTimersByTimeAsync(s * 1000);
const log = (_level: string, _event: string, message: string) => logged.push(message);

beforeEach(() => {
  vi.useFakeTimers();
  scripts = new FakeScripts();
  logged = [];
  pipes = [];
  unusable = undefined;
  notifier = new Notifier({
    runner: new ScriptRunner(scripts),
    log,
    openFifo: (config) => {
      if (config.path === unusable) throw new Error('it is there already and is no FIFO');
      pipes.push(`open ${config.path}`);
      return {
        config,
        write: (line) => pipes.push(`${config.path} ${line.trimEnd()}`),
        close: async () => {
          pipes.push(`close ${config.path}`);
        },
      };
    },
  });
});
afterEach(() => vi.useRealTimers());

const both = { master: scriptOf('/master'), backup: scriptOf('/backup'), any: scriptOf('/any') };
const subject = (name: string, given: NotifySubject['scripts'] = both): NotifySubject => ({
  subject: 'INSTANCE',
  name,
  scripts: given,
});
const fifo = (path: string): FifoConfig => ({ path, owner: { uid: 0, gid: 0 }, umask: 0o177, script: undefined });
const config = (different: Partial<NotifierConfig> = {}): NotifierConfig => ({
  subjects: [subject('VI_1'), subject('VI_2')],
  fifos: {},
  repeatsStatesOnReload: false,
  ...different,
});
const tell = (name: string, event: VrrpNotice['event'], priority = 100) =>
  notifier.vrrp({ subject: 'INSTANCE', name, event, priority });
const end = async (status = 0) => {
  scripts.end(status);
  await pass(0);
};

describe('scripts of an instance', () => {
  beforeEach(() => notifier.configure(config()));

  it('run one after another: that of the state, then the one for all', async () => {
    tell('VI_1', 'BACKUP');
    await pass(1);
    expect(scripts.lines).toEqual(['/backup']);
    await end();
    expect(scripts.lines).toEqual(['/backup', '/any INSTANCE VI_1 BACKUP 100']);
  });

  it('do not wait for those of another instance', async () => {
    tell('VI_1', 'BACKUP');
    tell('VI_2', 'MASTER');
    expect(scripts.lines).toEqual(['/backup', '/master']);
  });

  it('run for the newest state; those between are dropped, and that is said', async () => {
    tell('VI_1', 'BACKUP');
    tell('VI_1', 'MASTER');
    tell('VI_1', 'FAULT');
    tell('VI_1', 'BACKUP', 90);
    await end();
    expect(scripts.lines).toEqual(['/backup', '/backup']);
    await end();
    await end();
    expect(scripts.lines).toEqual(['/backup', '/backup', '/any INSTANCE VI_1 BACKUP 90']);
    expect(logged.filter((line) => line.includes('not told'))).toEqual([
      'INSTANCE VI_1: MASTER is not told to scripts, because FAULT came meanwhile',
      'INSTANCE VI_1: FAULT is not told to scripts, because BACKUP came meanwhile',
      'INSTANCE VI_1: BACKUP (notify) is not told to scripts, because BACKUP came meanwhile',
    ]);
  });

  it('say how they ended, in the log and in status', async () => {
    tell('VI_1', 'MASTER');
    await pass(1.5);
    expect(notifier.reports).toMatchObject([
      { subject: 'INSTANCE VI_1', keyword: 'notify_master', outcome: undefined },
    ]);
    await end(3);
    expect(logged).toEqual(['notify_master of INSTANCE VI_1 (MASTER) exited with status 3']);
    await end(0);
    expect(notifier.reports).toMatchObject([
      { event: 'MASTER', keyword: 'notify', outcome: { ending: { how: 'exited', status: 0 } } },
    ]);
  });

  it('that cannot be run hinder nothing', async () => {
    scripts.refused.set('/master', '/master is not there or cannot be reached');
    tell('VI_1', 'MASTER');
    await pass(0);
    expect(scripts.lines).toEqual(['/any INSTANCE VI_1 MASTER 100']);
    expect(logged).toEqual([
      'notify_master of INSTANCE VI_1 (MASTER) could not be run: /master is not there or cannot be reached',
    ]);
  });

  it('may run as long as they like while nothing newer waits', async () => {
    tell('VI_1', 'MASTER');
    await pass(3600);
    expect(scripts.started[0]?.signals).toEqual([]);
    expect(logged).toEqual(['notify_master of INSTANCE VI_1 (MASTER) has been running for 60 s']);
  });

  it('are ended when a newer state waits and they have run for 30 s', async () => {
    tell('VI_1', 'MASTER');
    await pass(10);
    tell('VI_1', 'BACKUP');
    await pass(19.9);
    expect(scripts.lines).toEqual(['/master']);
    await pass(0.1);
    expect(scripts.started[0]?.signals[0]).toBe('SIGTERM');
    expect(scripts.lines).toEqual(['/master', '/backup']);
  });

  it('are not ended for a state that has no scripts', async () => {
    notifier.configure(config({ subjects: [subject('VI_1', { master: scriptOf('/master') })] }));
    tell('VI_1', 'MASTER');
    tell('VI_1', 'BACKUP');
    await pass(120);
    expect(scripts.started[0]?.signals).toEqual([]);
  });

  it('of a lower priority do not stand in the way of those of states', () => {
    notifier.configure(config({ subjects: [subject('VI_1', { ...both, masterLowerPriority: scriptOf('/lower') })] }));
    tell('VI_1', 'MASTER_RX_LOWER_PRI');
    tell('VI_1', 'BACKUP');
    expect(scripts.lines).toEqual(['/lower', '/backup']);
  });

  it('that a reload removed run once more for its end', () => {
    notifier.configure(config({ subjects: [subject('VI_2')] }));
    tell('VI_1', 'FAULT');
    tell('VI_2', 'BACKUP');
    expect(scripts.lines).toEqual(['/any INSTANCE VI_1 FAULT 100', '/backup']);
  });

  it('do not exist for instances that nobody knows', () => {
    tell('VI_9', 'MASTER');
    expect(scripts.lines).toEqual([]);
    expect(notifier.reports).toEqual([]);
  });
});

describe('scripts of servers', () => {
  it('run one after another for each server', async () => {
    notifier.configure(config());
    const command = { keyword: 'notify_up', script: scriptOf('/up') };
    const rs = { subject: 'RS', virtualServer: '[10.0.0.1]:tcp:80' } as const;
    notifier.lvs({ ...rs, realServer: '[192.168.0.2]:tcp:80', isUp: true, command });
    notifier.lvs({ ...rs, realServer: '[192.168.0.3]:tcp:80', isUp: true, command });
    notifier.lvs({ ...rs, realServer: '[192.168.0.3]:tcp:80', isUp: false });
    expect(scripts.lines).toEqual(['/up', '/up']);
  });
});

describe('FIFOs', () => {
  const fifos = { all: fifo('/all'), vrrp: fifo('/vrrp'), lvs: fifo('/lvs') };

  it('get their lines at once and in order, those of all, of VRRP and of servers', () => {
    notifier.configure(config({ fifos }));
    tell('VI_1', 'BACKUP');
    tell('VI_1', 'MASTER_PRIORITY', 90);
    notifier.lvs({ subject: 'VS', virtualServer: 'FWM 7', isUp: false });
    expect(pipes).toEqual([
      'open /all',
      'open /vrrp',
      'open /lvs',
      '/all INSTANCE "VI_1" BACKUP 100',
      '/vrrp INSTANCE "VI_1" BACKUP 100',
      '/all INSTANCE "VI_1" MASTER_PRIORITY 90',
      '/vrrp INSTANCE "VI_1" MASTER_PRIORITY 90',
      '/all VS FWM 7 DOWN',
      '/lvs VS FWM 7 DOWN',
    ]);
  });

  it('stay as they are in a reload that does not change them', async () => {
    notifier.configure(config({ fifos }));
    pipes = [];
    notifier.configure(config({ fifos: { all: fifo('/all'), vrrp: fifo('/other') } }));
    await pass(0);
    expect(pipes).toEqual(['close /vrrp', 'close /lvs', 'open /other']);
  });

  it('that cannot be used are said, and the others work', () => {
    unusable = '/all';
    notifier.configure(config({ fifos }));
    tell('VI_1', 'BACKUP');
    expect(logged).toEqual(['FIFO /all cannot be used: it is there already and is no FIFO; nothing is told there']);
    expect(pipes).toEqual(['open /vrrp', 'open /lvs', '/vrrp INSTANCE "VI_1" BACKUP 100']);
  });

  it('get all states again after a reload where that is wanted', () => {
    const repeating = config({ fifos: { vrrp: fifo('/vrrp') }, repeatsStatesOnReload: true });
    notifier.configure(repeating);
    tell('VI_1', 'BACKUP');
    tell('VI_2', 'MASTER');
    tell('VI_2', 'MASTER_PRIORITY', 80);
    pipes = [];
    notifier.configure({ ...repeating, subjects: [subject('VI_2')] });
    expect(pipes).toEqual(['/vrrp INSTANCE "VI_2" MASTER 100']);
  });
});

describe('the end', () => {
  it('waits for the scripts of STOP, then closes the pipes', async () => {
    notifier.configure(config({ fifos: { vrrp: fifo('/vrrp') } }));
    tell('VI_1', 'STOP');
    const closed = vi.fn();
    void notifier.close().then(closed);
    await pass(3);
    expect(pipes.at(-1)).toBe('/vrrp INSTANCE "VI_1" STOP 100');
    await end();
    expect(closed).toHaveBeenCalledOnce();
    expect(pipes.at(-1)).toBe('close /vrrp');
    expect(scripts.lines).toEqual(['/any INSTANCE VI_1 STOP 100']);
  });

  it('leaves an older script one second when STOP waits for it, and all of them five', async () => {
    notifier.configure(config());
    tell('VI_1', 'MASTER');
    tell('VI_2', 'STOP');
    tell('VI_1', 'STOP');
    const closed = vi.fn();
    void notifier.close().then(closed);
    await pass(0.9);
    expect(scripts.started[0]?.signals).toEqual([]);
    await pass(0.1);
    expect(scripts.started[0]?.signals[0]).toBe('SIGTERM');
    expect(scripts.lines).toEqual(['/master', '/any INSTANCE VI_2 STOP 100', '/any INSTANCE VI_1 STOP 100']);
    await pass(3.9);
    expect(closed).not.toHaveBeenCalled();
    await pass(0.1);
    expect(closed).toHaveBeenCalledOnce();
  });
});
