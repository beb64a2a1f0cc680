import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sayEarly } from '../../src/daemon/early-news.ts';
import type { Role } from '../../src/daemon/fork-role.ts';
import { Processes, type ProcessesOptions } from '../../src/daemon/processes.ts';
import { type Configuration, readConfiguration } from '../../src/daemon/root.ts';

/** A process that keeps what it is told. */
class Told extends EventEmitter {
  readonly messages: { readonly type: string }[] = [];
  readonly pid = process.pid;
  readonly exitCode = null;
  readonly signalCode = null;
  readonly connected = true;

  send(message: { readonly type: string }): void {
    this.messages.push(message);
  }

  wasKilled = false;

  kill(): void {
    this.wasKilled = true;
  }

  /** What it was told since it was asked last. */
  take(): string[] {
    return this.messages.splice(0).map(({ type }) => type);
  }
}

const instance = (priority: number) => `vrrp_instance VI_1 {
 interface eth0
 virtual_router_id 50
 priority ${priority}
 virtual_ipaddress {
  192.168.4.15
 }
}
`;
const INSTANCE = instance(100);
const service = (weight: number) => `virtual_server 10.0.0.1 80 {
 real_server 10.0.0.2 80 {
  weight ${weight}
 }
}
`;
const text = (priority: number, weight = 1, more = '') => `${more}\n${instance(priority)}${service(weight)}`;

let directory: string;
let configuration: Configuration;
let election: Told;
let health: Told;
let heir: Role | undefined;
/** Processes that are there to be taken. */
let early: Map<Role, ChildProcess | undefined>;
const offer = () => {
  early = new Map(Object.entries({ election, health }) as unknown as [Role, ChildProcess][]);
};

const read = (content: string) => {
  configuration = readConfiguration('a.conf', () => content).configuration;
};

const build = (options: Partial<ProcessesOptions> = {}) => {
  offer();
  return new Processes(
    {
      childPidFiles: { vrrp: join(directory, 'vrrp.pid'), checkers: join(directory, 'checkers.pid'), bfd: undefined },
      runElection: true,
      runHealth: true,
      runBfd: true,
      respawn: false,
      guardLimit: 'off',
      early,
      ...options,
    },
    {
      configuration: () => configuration,
      isHeir: (role) => role === heir,
      orphaned: () => undefined,
      started: () => {},
      hear: () => {},
      died: () => {},
      log: () => {},
    },
  );
};

const start = (content: string, options: Partial<ProcessesOptions> = {}) => {
  read(content);
  const processes = build(options);
  processes.start();
  return processes;
};

/** What they hear. */
const STARTED: Readonly<Record<Role, readonly string[]>> = {
  election: ['start'],
  health: ['virtual-servers', 'start'],
};

const answers = (processes: Processes) => Object.fromEntries(processes.configure() ?? []);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-processes-'));
  [election, health] = [new Told(), new Told()];
  heir = undefined;
});

afterEach(() => rmSync(directory, { recursive: true }));

describe('at its start', () => {
  it.each<[string, readonly Role[], Partial<ProcessesOptions>?]>([
    ['', []],
    ['global_defs {\n router_id me\n vrrp_version 3\n}\n', []],
    [INSTANCE, ['election']],
    ['static_ipaddress {\n 192.168.4.9/24 dev lo\n}\n', ['election']],
    ['static_routes {\n 192.168.9.0/24 dev lo\n}\n', ['election']],
    ['static_rules {\n from 192.168.9.0/24 table 5\n}\n', ['election']],
    ['bfd_instance A {\n neighbor_ip 192.168.4.6\n}\n', ['election']],
    ['bfd_instance A {\n neighbor_ip 192.168.4.6\n}\n', [], { runBfd: false }],
    [service(1), ['health']],
    ['global_defs {\n lvs_timeouts tcp 60\n}\n', ['health']],
    ['global_defs {\n lvs_flush\n}\n', ['health']],
    ['global_defs {\n lvs_flush_on_stop\n}\n', ['health']],
    ['global_defs {\n lvs_sync_daemon eth0\n}\n', ['health']],
    [INSTANCE + service(1), ['election', 'health']],
    [INSTANCE + service(1), ['health'], { runElection: false }],
    [INSTANCE + service(1), ['election'], { runHealth: false }],
  ])('%j: runs %j', (content, roles, options = {}) => {
    const processes = start(content, options);
    expect(processes.running).toEqual(roles);
    for (const [role, told] of Object.entries({ election, health })) {
      const runs = roles.includes(role as Role);
      expect(told.take()).toEqual(runs ? STARTED[role as Role] : []);
      const isAllowed = processes.roles.includes(role as Role);
      expect(told.wasKilled).toBe(!runs && isAllowed); // begun early, for nothing
    }
  });

  it.each(['election', 'health'] as const)('runs an %s process that takes over from another one', (role) => {
    heir = role;
    expect(start('').running).toEqual([role]);
  });

  it('a reload before it starts nobody: the start reads what there is then', () => {
    read(INSTANCE);
    const processes = build();
    expect(processes.configure()).toBeUndefined();
    read(INSTANCE + service(1));
    expect(processes.configure()).toBeUndefined();
    expect(processes.running).toEqual([]);
    processes.start();
    expect([election.take(), health.take()]).toEqual([STARTED.election, STARTED.health]);
  });

  it('says the virtual servers before anything else to a process that waits for them, and once', () => {
    read(service(1));
    const earlyNews = sayEarly(health as unknown as ChildProcess, configuration.virtualServers);
    expect(health.take()).toEqual(['virtual-servers']);
    const processes = build({ earlyNews });
    processes.start();
    expect([election.take(), health.take()]).toEqual([[], ['start']]);
    read(service(2));
    processes.configure();
    expect(health.take()).toEqual(['virtual-servers', 'configure']);
  });

  it('says them again where they are others by then, and nothing to a process that has nothing to do', () => {
    read(service(1));
    const earlyNews = sayEarly(health as unknown as ChildProcess, configuration.virtualServers);
    expect(health.take()).toEqual(['virtual-servers']);
    read(service(2));
    const processes = build({ earlyNews });
    processes.start();
    expect(health.take()).toEqual(STARTED.health);
    read(INSTANCE);
    expect(sayEarly(health as unknown as ChildProcess, configuration.virtualServers)).toBeUndefined();
    expect(sayEarly(undefined, [])).toBeUndefined();
    expect(health.take()).toEqual([]);
  });

  it('removes the pid file of a process that an agent left behind and that is not run now, but no other', () => {
    const [vrrp, checkers] = ['vrrp.pid', 'checkers.pid'].map((name) => join(directory, name)) as [string, string];
    writeFileSync(vrrp, '2147483647\n');
    start('');
    expect(existsSync(vrrp)).toBe(false);
    writeFileSync(vrrp, 'what somebody wrote\n');
    start('');
    expect(existsSync(vrrp)).toBe(true);
    start(service(1));
    expect(readFileSync(checkers, 'utf8')).toBe(`${process.pid}\n`);
  });

  it('asks nobody who does not run, is well and guarded', async () => {
    const processes = start('', { guardLimit: undefined });
    expect(await processes.electionStatus()).toBeUndefined();
    expect(await processes.healthStatus()).toBeUndefined();
    expect(await processes.snapshot(false)).toBeUndefined();
    expect(processes.areResponsive()).toBe(true);
    expect(processes.isGuarded).toBe(true);
    await processes.stop(async () => {});
    expect([...election.take(), ...health.take()]).toEqual([]);
  });

  it('or at a reload: starts what has something to do then, and waits for it; what has nothing any more stays', () => {
    const processes = start('');
    expect(processes.running).toEqual([]);
    for (const [role, told] of Object.entries({ election, health }))
      early.set(role as Role, told as unknown as ChildProcess);
    read(service(1));
    expect(answers(processes)).toEqual({ health: 'started' });
    expect(health.take()).toEqual(STARTED.health);
    read(INSTANCE);
    expect(answers(processes)).toEqual({ election: 'started', health: 'configured' });
    expect(election.take()).toEqual(['start']);
    expect(health.take()).toEqual(['virtual-servers', 'configure']);
    expect(processes.running).toEqual(['election', 'health']);
  });
});

describe('a reload', () => {
  let processes: Processes;

  beforeEach(() => {
    processes = start(text(100));
    expect(election.take()).toEqual(['start']);
    expect(health.take()).toEqual(STARTED.health);
  });

  it('says nothing to an election for which nothing is new, and waits for none', () => {
    read(text(100, 2));
    expect(answers(processes)).toEqual({ health: 'configured' });
    expect(election.take()).toEqual([]);
    expect(health.take()).toEqual(['virtual-servers', 'configure']);
  });

  it('tells the election once what is new', () => {
    read(text(101));
    expect(answers(processes)).toEqual({ election: 'configured', health: 'configured' });
    expect(election.take()).toEqual(['configure']);
    expect(answers(processes)).toEqual({ health: 'configured' });
    read(text(100));
    expect(answers(processes)).toEqual({ election: 'configured', health: 'configured' });
    expect(election.take()).toEqual(['configure']);
  });

  it('does not take the time since the host was booted for news', () => {
    const delayed = 'global_defs {\n vrrp_delay_after_boot 1000000000\n}';
    read(text(100, 1, delayed));
    processes.configure();
    processes.configure();
    expect(election.take()).toEqual([]);
  });

  it('is not waited for where a process is not there', () => {
    Object.assign(health, { connected: false });
    read(text(101));
    expect(answers(processes)).toEqual({ election: 'configured' });
  });
});
