/**
 * The agents that the drill can put on the directors, behind one interface: holdfast, and keepalived for comparison.
 */

import { mkdirSync } from 'node:fs';
import { request } from 'node:http';
import { join, resolve } from 'node:path';
import type { Cluster, DirectorName, ServiceEntry } from './cluster.ts';
import { Background } from './process.ts';

export type AgentName = 'holdfast' | 'keepalived';

/** What an agent says of itself. */
export interface AgentView {
  /** RFC 5798's or keepalived's word, in capitals: 'MASTER', 'BACKUP', 'FAULT'. */
  readonly state: string;
  /** Addresses that it says it holds, without prefix lengths; undefined where the agent cannot say. */
  readonly held?: readonly string[];
  /** Its IPVS table by id, scheduler and method left out; undefined where the agent cannot say. */
  readonly table?: readonly { readonly id: string; readonly destinations: readonly { id: string; weight: number }[] }[];
}

export interface Agent {
  readonly running: boolean;
  /** Starts it on its director; returns once it is started, not once it is elected. */
  start(): void;
  /** Asks it to end (SIGTERM) and waits until all of it has ended. */
  stop(): Promise<void>;
  /** Ends all of its processes at once, none of them having the chance to act on the death of another. */
  kill(): Promise<void>;
  /** Undefined when it does not answer. */
  view(): Promise<AgentView | undefined>;
  /** The last lines of its log. */
  log(lines: number): readonly string[];
}

/** Where an agent runs and what it is told. */
export interface Assignment {
  readonly cluster: Cluster;
  readonly director: DirectorName;
  readonly configurationFile: string;
  /** Gets each state that the agent's log says it has entered. */
  readonly onStateChange: (state: string) => void;
}

export function makeAgent(name: AgentName, assignment: Assignment): Agent {
  return name === 'holdfast' ? new Holdfast(assignment) : new Keepalived(assignment);
}

/** What the agents have in common: one foreground process with a log, and its descendants. */
abstract class ForegroundAgent implements Agent {
  protected readonly assignment: Assignment;
  protected readonly directory: string;
  #process: Background | undefined;
  #log: string[] = [];
  #lastState: string | undefined;

  constructor(assignment: Assignment) {
    this.assignment = assignment;
    this.directory = join(assignment.cluster.directory, `agent-${assignment.director}`);
    mkdirSync(this.directory, { recursive: true });
  }

  /** The command that becomes the agent, to be run in the director. */
  protected abstract command(): readonly string[];

  abstract view(): Promise<AgentView | undefined>;

  get running(): boolean {
    return this.#process?.running ?? false;
  }

  /** The state that the log named last. */
  protected get lastState(): string | undefined {
    return this.running ? this.#lastState : undefined;
  }

  start(): void {
    this.#lastState = undefined;
    const command = this.assignment.cluster.inNode(this.assignment.director, this.command());
    this.#process = new Background(...command, (line) => this.#onLine(line));
  }

  #onLine(line: string): void {
    this.#log.push(line);
    if (this.#log.length > 1000) this.#log = this.#log.slice(-500);
    const state = /Entering (\w+) STATE/.exec(line)?.[1];
    if (state === undefined) return;
    this.#lastState = state;
    this.assignment.onStateChange(state);
  }

  async stop(): Promise<void> {
    this.#process?.signal('SIGTERM');
    await this.#process?.ended;
  }

  async kill(): Promise<void> {
    // Stopped first, so that none of them sees another one die.
    const pids = await this.assignment.cluster.processes(this.assignment.director);
    for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
      for (const pid of pids) process.kill(pid, signal);
    }
    await this.#process?.ended;
  }

  log(lines: number): readonly string[] {
    return this.#log.slice(-lines);
  }
}

/** keepalived believes that it runs already when it sees the pid file of another one: it gets files of its own. */
class Keepalived extends ForegroundAgent {
  protected command(): readonly string[] {
    const pidFiles = ['-p', '-r', '-c', '-b'].flatMap((option) => [
      option,
      join(this.directory, `keepalived${option}.pid`),
    ]);
    return ['keepalived', '-n', '-l', '-G', '-D', '-f', this.assignment.configurationFile, ...pidFiles];
  }

  async view(): Promise<AgentView | undefined> {
    const state = this.lastState;
    return state === undefined ? undefined : { state };
  }
}

/** The part of holdfast's status that the drill reads. */
interface HoldfastStatus {
  readonly instances: readonly {
    readonly state: string;
    readonly virtualAddresses: readonly { readonly address: string; readonly held: boolean }[];
  }[];
  readonly virtualServers: readonly {
    readonly id: string;
    readonly realServers: readonly {
      readonly id: string;
      readonly effectiveWeight: number;
      readonly inTable: boolean;
    }[];
  }[];
}

class Holdfast extends ForegroundAgent {
  protected command(): readonly string[] {
    const file = this.assignment.configurationFile;
    return [resolve('bin/holdfast'), '-n', '-l', '-D', '-f', file, '--run-dir', this.directory];
  }

  async view(): Promise<AgentView | undefined> {
    const status = await this.#status();
    if (status === undefined) return undefined;
    return {
      state: status.instances.map((instance) => instance.state.toUpperCase()).join('+'),
      held: status.instances
        .flatMap((instance) => instance.virtualAddresses)
        .filter((address) => address.held)
        .map(({ address }) => address.split('/')[0] ?? address),
      table: status.virtualServers.map(({ id, realServers }) => ({
        id,
        destinations: realServers
          .filter((server) => server.inTable)
          .map((server) => ({ id: server.id, weight: server.effectiveWeight })),
      })),
    };
  }

  /** Asks the control socket, as `holdfast status --json` does, without starting a program each time. */
  #status(): Promise<HoldfastStatus | undefined> {
    return new Promise((settle) => {
      const question = request({ socketPath: join(this.directory, 'holdfast.sock'), path: '/status', timeout: 5000 });
      question.on('timeout', () => question.destroy());
      question.on('error', () => settle(undefined));
      question.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', () => settle(undefined));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          settle(response.statusCode === 200 ? (JSON.parse(text) as HoldfastStatus) : undefined);
        });
      });
      question.end();
    });
  }
}

/** Where an agent's own view differs from the kernel's table, as sentences; nothing to say gives none. */
export function differences(view: AgentView, addresses: readonly string[], table: readonly ServiceEntry[]): string[] {
  const said: string[] = [];
  for (const address of view.held ?? []) {
    if (!addresses.includes(address)) said.push(`says that it holds ${address}, which is not on its interfaces`);
  }
  if (view.table === undefined) return said;
  const text = (entries: NonNullable<AgentView['table']>): string =>
    entries
      .map(({ id, destinations }) => [id, ...destinations.map((d) => `${d.id}×${d.weight}`).sort()].join(' '))
      .sort()
      .join(', ') || 'nothing';
  if (text(view.table) !== text(table)) said.push(`sees ${text(view.table)}, the kernel has ${text(table)}`);
  return said;
}
