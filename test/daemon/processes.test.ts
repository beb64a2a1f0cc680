import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import { Processes } from '../../src/daemon/processes.ts';
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

  /** What it was told since it was asked last. */
  take(): string[] {
    return this.messages.splice(0).map(({ type }) => type);
  }
}

const text = (priority: number, weight = 1, more = '') => `${more}
vrrp_instance VI_1 {
 interface eth0
 virtual_router_id 50
 priority ${priority}
 virtual_ipaddress {
  192.168.4.15
 }
}
virtual_server 10.0.0.1 80 {
 real_server 10.0.0.2 80 {
  weight ${weight}
 }
}
`;

let configuration: Configuration;
let election: Told;
let health: Told;
let processes: Processes;

const read = (content: string) => {
  configuration = readConfiguration('a.conf', () => content).configuration;
};

beforeEach(() => {
  [election, health] = [new Told(), new Told()];
  processes = new Processes(
    {
      childPidFiles: { vrrp: '/nonexistent/vrrp', checkers: '/nonexistent/checkers', bfd: undefined },
      runElection: true,
      runHealth: true,
      runBfd: true,
      respawn: false,
      guardLimit: 'off',
      takeFirst: (role) => (role === 'election' ? election : health) as unknown as ChildProcess,
    },
    {
      configuration: () => configuration,
      isHeir: () => false,
      orphaned: () => undefined,
      started: () => {},
      hear: () => {},
      died: () => {},
      log: () => {},
    },
  );
  read(text(100));
  processes.start();
  expect(election.take()).toEqual(['start']);
  expect(health.take()).toEqual(['start']);
});

describe('a reload', () => {
  it('says nothing to an election for which nothing is new, and waits for none', () => {
    read(text(100, 2));
    expect(processes.configure()).toEqual(['health']);
    expect(election.take()).toEqual([]);
    expect(health.take()).toEqual(['configure']);
  });

  it('tells the election once what is new', () => {
    read(text(101));
    expect(processes.configure()).toEqual(['election', 'health']);
    expect(election.take()).toEqual(['configure']);
    expect(processes.configure()).toEqual(['health']);
    read(text(100));
    expect(processes.configure()).toEqual(['election', 'health']);
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
    expect(processes.configure()).toEqual(['election']);
  });
});
