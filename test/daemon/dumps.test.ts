import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { instant, seconds } from '../../src/base/time.ts';
import { addressText, routeText, ruleText } from '../../src/daemon/data-lines.ts';
import { dumpPaths } from '../../src/daemon/dump-paths.ts';
import { dumpState } from '../../src/daemon/dump-state.ts';
import { statisticsOf } from '../../src/daemon/dump-stats.ts';
import { Dumps } from '../../src/daemon/dumps.ts';
import { ChildPidFiles } from '../../src/daemon/pid-file.ts';
import { readConfiguration } from '../../src/daemon/root.ts';
import { clearCounters, type RouterSnapshot, snapshotOf } from '../../src/daemon/router-snapshot.ts';
import { vrrpJson } from '../../src/daemon/vrrp-json.ts';
import { instance, router } from './example.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('dumpPaths', () => {
  const names = (...given: Parameters<typeof dumpPaths>) => {
    const { state, stats, json } = dumpPaths(...given);
    return [state('vrrp'), state('parent'), stats, json];
  };

  it("has keepalived's names in /tmp, or in an absolute $TMPDIR", () => {
    const usual = ['keepalived.data', 'keepalived_parent.data', 'keepalived.stats', 'keepalived.json'];
    expect(names({}, undefined, undefined)).toEqual(usual.map((name) => `/tmp/${name}`));
    expect(names({}, undefined, '/var/tmp')).toEqual(usual.map((name) => `/var/tmp/${name}`));
    expect(names({}, undefined, 'tmp')).toEqual(usual.map((name) => `/tmp/${name}`));
  });

  it('puts the name of the instance into those of the state, if that is wanted', () => {
    const [vrrp, parent, stats] = names({ dataUseInstance: true }, 'inst1', undefined);
    expect([vrrp, parent]).toEqual(['/tmp/keepalived.inst1.data', '/tmp/keepalived_parent.inst1.data']);
    expect(stats).toBe('/tmp/keepalived.stats');
    expect(names({ dataUseInstance: true }, undefined, undefined)[0]).toBe('/tmp/keepalived.data');
    expect(names({}, 'inst1', undefined)[0]).toBe('/tmp/keepalived.data');
  });

  it('takes the files of the configuration; one with a slash at its end is a directory', () => {
    const given = { stateDumpFile: '/a/state.txt', statsDumpFile: '/b/', jsonDumpFile: '/c/x.json' };
    expect(names(given, undefined, undefined)).toEqual([
      '/a/state.txt',
      '/a/state_parent.txt',
      '/b/keepalived.stats',
      '/c/x.json',
    ]);
  });
});

describe('statisticsOf', () => {
  it("sorts each of our counters into keepalived's", () => {
    const none = Object.fromEntries(Object.keys(statisticsOf({})).map((key) => [key, 0]));
    const cases: readonly (readonly [string, string])[] = [
      ['advertisements received', 'received'],
      ['advertisements sent', 'sent'],
      ['became master', 'becameMaster'],
      ['released master', 'releasedMaster'],
      ['refused too-short', 'lengthErrors'],
      ['refused too-long', 'lengthErrors'],
      ['refused advertisement-interval', 'intervalErrors'],
      ['refused ttl', 'ttlErrors'],
      ['refused type', 'typeErrors'],
      ['warned address-list', 'addressListErrors'],
      ['refused authentication-type', 'authenticationTypeMismatches'],
      ['refused authentication-header-missing', 'authenticationTypeMismatches'],
      ['refused password', 'authenticationFailures'],
      ['refused authentication-header-digest', 'authenticationFailures'],
      ['refused authentication-header-replay', 'authenticationFailures'],
      ['priority zero received', 'priorityZeroReceived'],
      ['priority zero sent', 'priorityZeroSent'],
    ];
    for (const [ours, theirs] of cases) expect(statisticsOf({ [ours]: 3 })).toEqual({ ...none, [theirs]: 3 });
    expect(statisticsOf({ 'refused own-packet': 3, 'gratuitous ARPs sent': 3 })).toEqual(none);
  });
});

describe('snapshotOf', () => {
  it('tells of a Backup whom it hears, and how long it still waits', () => {
    const one = router();
    one.state = {
      name: 'Backup',
      masterAdverInterval: seconds(1),
      masterDownSetAt: instant(1_390_625),
      masterDownAt: instant(5_000_000),
    };
    one.counters['advertisements received'] = 4;
    expect(snapshotOf(one, instant(2_000_000))).toMatchObject({
      name: 'VI_1',
      state: 'Backup',
      effectivePriority: 100,
      masterPriority: 0,
      masterDownInterval: 3_609_375, // 3 x 1 s + (256 - 100) / 256 s
      timerLeft: 3_000_000,
      held: [],
      counters: { 'advertisements received': 4 },
    });
    clearCounters(one);
    expect(snapshotOf(one, instant(0)).counters).toEqual({});
  });
});

describe('dumpState', () => {
  const snapshots = [
    { ...snapshotOf(router({ name: 'A' }), instant(0)), state: 'Master' },
    { ...snapshotOf(router({ name: 'B' }), instant(0)), state: 'Fault', faults: ['eth0 is down'] },
  ] as const;
  const group = (...members: string[]) => ({ name: 'G', members }) as never;
  const state = (...members: string[]) => dumpState({ snapshots, virtualServers: [], syncGroups: [group(...members)] });

  it('shows an instance as the election has it, and one that it has not told of not at all', () => {
    expect(state().instance(instance({ name: 'B' }))).toMatchObject({ name: 'FAULT', faults: 1, isSet: false });
    expect(state().instance(instance({ name: 'C' }))).toBeUndefined();
  });

  it('a group is what its members are, and in FAULT where they differ and one is', () => {
    expect([state('A').group('G'), state('A', 'B').group('G'), state('C').group('G')]).toEqual([
      'MASTER',
      'FAULT',
      'INIT',
    ]);
  });
});

describe('vrrpJson', () => {
  const source = {
    instances: [instance()],
    snapshots: [],
    scripts: [],
    processes: [],
    texts: { address: addressText, route: routeText, rule: ruleText, script: () => 'script' },
  };

  it('is an array in version 1, and one of two in an object in version 2', () => {
    const first = JSON.parse(vrrpJson(source, 1));
    expect(first).toHaveLength(1);
    expect(JSON.parse(vrrpJson(source, 2))).toEqual({ vrrp: first, track_process: [] });
  });

  it('shows an instance that the election has not told of as INIT', () => {
    expect(JSON.parse(vrrpJson(source, 1))[0].data).toMatchObject({ state: 0, vipset: false, effective_priority: 100 });
  });
});

describe('Dumps', () => {
  const said: string[] = [];
  const dumps = (text: string, routers: readonly RouterSnapshot[] | undefined) =>
    new Dumps({
      configuration: () => readConfiguration('f', () => text).configuration,
      askElection: async () => routers,
      askHealth: async () => [],
      trackedProcesses: () => [],
      log: (level, _event, message) => said.push(`${level} ${message}`),
    });
  beforeEach(() => {
    said.length = 0;
  });
  const withFile = (file: string) => `global_defs {\n stats_dump_file ${file}\n}\n`;

  it('replaces what waits under the name, and follows no link', async () => {
    const [file, victim] = [join(directory, 'stats'), join(directory, 'victim')];
    writeFileSync(victim, 'untouched');
    symlinkSync(victim, file);
    await dumps(withFile(file), []).request('STATS');
    expect(readFileSync(victim, 'utf8')).toBe('untouched');
    expect(readFileSync(file, 'utf8')).toBe('');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory).sort()).toEqual(['stats', 'victim']);
  });

  it('says what it cannot write, and answers the next request', async () => {
    const gone = dumps(withFile('/nonexistent/stats'), []);
    await gone.request('STATS');
    await gone.request('STATS');
    expect(said.filter((line) => line.startsWith('error STATS: ENOENT'))).toHaveLength(2);
  });

  it('writes a file for each part of the agent that has something to tell', async () => {
    const text = `global_defs {
 state_dump_file ${directory}/
}
virtual_server 10.0.0.1 80 {
 lb_algo rr
 lb_kind NAT
 protocol TCP
 real_server 10.0.0.2 80 {
  weight 3
  TCP_CHECK {
  }
 }
}
`;
    await dumps(text, []).request('DATA');
    expect(readdirSync(directory).sort()).toEqual(['keepalived_check.data', 'keepalived_parent.data']);
    const check = readFileSync(join(directory, 'keepalived_check.data'), 'utf8');
    expect(check).toMatch(/^------< Global definitions >------\n[\s\S]*\n------< LVS Topology >------\n/);
    expect(check).toContain('------< Health checkers >------');
    expect(readFileSync(join(directory, 'keepalived_parent.data'), 'utf8')).not.toContain('LVS Topology');
  });

  it('writes nothing rather than zeros when the election does not answer', async () => {
    const file = join(directory, 'stats');
    const text = `${withFile(file)}vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 1\n}\n`;
    await dumps(text, undefined).request('STATS');
    expect(said).toEqual(['error STATS: the election process does not answer']);
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('ChildPidFiles', () => {
  it('has the newest pid, and removes its own only', () => {
    const [one, two] = [join(directory, 'one'), join(directory, 'two')];
    const files = new ChildPidFiles([one, undefined, two], (sentence) => expect(sentence).toBe(''));
    files.write(11);
    files.write(12);
    expect(readFileSync(one, 'utf8')).toBe('12\n');
    writeFileSync(two, '99\n');
    files.remove();
    expect(readdirSync(directory)).toEqual(['two']);
  });

  it('says what it cannot write and goes on', () => {
    const said: string[] = [];
    new ChildPidFiles(['/nonexistent/pid'], (sentence) => said.push(sentence)).write(11);
    expect(said).toEqual([expect.stringContaining('pid file /nonexistent/pid: ENOENT')]);
  });
});
