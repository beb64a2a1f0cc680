/** One holdfast on a director of the cluster, with a configuration of the test's own. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { StatusReport } from '../../src/status/report.ts';
import type { Cluster, DirectorName } from '../lab/cluster.ts';
import { Background, type Outcome, run, until } from '../lab/process.ts';

export const PROGRAM = resolve(import.meta.dirname, '../../bin/holdfast');

/** See the file's head. */
export class Holdfast {
  readonly file: string;
  readonly runDirectory: string;
  readonly lines: string[] = [];
  readonly #cluster: Cluster;
  readonly #director: DirectorName;
  #process: Background | undefined;

  constructor(cluster: Cluster, director: DirectorName) {
    this.#cluster = cluster;
    this.#director = director;
    this.runDirectory = join(cluster.directory, `run-${director}`);
    this.file = join(cluster.directory, `${director}.conf`);
    mkdirSync(this.runDirectory, { recursive: true });
  }

  configure(text: string): void {
    writeFileSync(this.file, text);
  }

  /** @param environment NAME=value, beside what this process has */
  start(...environment: readonly string[]): void {
    const command = ['env', ...environment, PROGRAM, '-n', '-l', '-D', '-f', this.file, '--run-dir', this.runDirectory];
    this.#process = new Background(...this.#cluster.inNode(this.#director, command), (line) => this.lines.push(line));
  }

  /** Runs `holdfast` with other words in the same namespace, to its end. */
  command(...words: readonly string[]): Promise<Outcome> {
    return run(...this.#cluster.inNode(this.#director, [PROGRAM, ...words]));
  }

  async status(): Promise<StatusReport | undefined> {
    const outcome = await this.command('status', '--json', '--run-dir', this.runDirectory);
    return outcome.code === 0 ? (JSON.parse(outcome.stdout) as StatusReport) : undefined;
  }

  /** The main process, as its pid file has it. */
  get pid(): number | undefined {
    const file = join(this.runDirectory, 'holdfast.pid');
    return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
  }

  /** The process of a role, from the kernel's list of processes in the namespace. */
  async pidOf(role: 'election' | 'health'): Promise<number | undefined> {
    const pids = await this.#cluster.processes(this.#director);
    return pids.find((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(`@${role}`);
      } catch {
        return false; // gone meanwhile
      }
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.signal(signal);
  }

  async stop(): Promise<void> {
    this.#process?.signal('SIGTERM');
    await this.#process?.ended;
  }

  /** Waits for a line of the log, among those from `since` on. */
  says(text: string, withinMs = 10_000, since = 0): Promise<string> {
    return until(`the log says '${text}'`, withinMs, () => this.lines.slice(since).find((line) => line.includes(text)));
  }

  get running(): boolean {
    return this.#process?.running ?? false;
  }
}

/** A VRRP instance with these virtual addresses, fast enough for tests: priority 254 takes 3.008 s to take over. */
export const instanceText = (addresses: readonly string[], extra = ''): string => `vrrp_instance VI_1 {
 state BACKUP
 interface eth0
 virtual_router_id 50
 priority 254
 advert_int 1
 ${extra}
 virtual_ipaddress {
${addresses.map((address) => `  ${address}`).join('\n')}
 }
}
`;

/** Something to do for the health process. */
export const SERVICE = `virtual_server 192.168.4.15 80 {
 lb_algo rr
 lb_kind DR
 protocol TCP
 real_server 192.168.4.100 80 {
  TCP_CHECK {
  }
 }
}
`;
