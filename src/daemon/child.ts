/**
 * A child process of the agent as main sees it: started, spoken to, started again when it dies, stopped in order.
 *
 * What the child does is not known here. A child that dies is started again at once the first time, then after 1, 2,
 * 4 … 60 s; one that lived for a minute counts as healthy again (keepalived does the same).
 */
import type { ChildProcess } from 'node:child_process';
import { type Duration, inMilliseconds, inSeconds, milliseconds, seconds } from '../base/time.ts';
import { forkRole, type Role } from './fork-role.ts';

/** A child that lived this long is not in a crash loop. */
const HEALTHY_AFTER = seconds(60);

/** How long a child may take to release what it holds before it is killed: keepalived.conf(5) "child_wait_time". */
export const CHILD_WAIT_TIME = seconds(5);
/** And for each virtual router in it: hundreds of them have thousands of things to release. */
export const ROUTER_WAIT_TIME = milliseconds(50);

/** How long to wait before the next start, after `failures` deaths in a row that came too early. */
export const restartDelay = (failures: number): Duration =>
  failures <= 1 ? milliseconds(0) : seconds(Math.min(60, 2 ** (failures - 2)));

export interface ChildOptions<From> {
  /** Which of the processes it is. */
  readonly role: Role;
  /** A process that was made for the role already: the first one, and from then on ours. */
  readonly takeFirst?: ((role: Role) => ChildProcess | undefined) | undefined;
  readonly respawn: boolean;
  /** The process is there and listens: send it what it must know. */
  onStart(restarted: boolean): void;
  onMessage(message: From): void;
  /** It died without being asked to; `retryIn` is undefined when it is not started again. */
  onDeath(how: string, retryIn: Duration | undefined): void;
  /** Asked to end it did not do so in order: another life of it releases what it may have left behind. */
  onDisorder(how: string): void;
}

/** See the file's head. */
export class Child<To extends object, From extends { readonly type: string }> {
  readonly #options: ChildOptions<From>;
  #process: ChildProcess | undefined;
  #startedAt = 0;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #stopping = false;
  #wasStarted = false;
  #lastPongAt = 0;

  constructor(options: ChildOptions<From>) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Since its first start, whether it lives just now or not. */
  get wasStarted(): boolean {
    return this.#wasStarted;
  }

  /** True when the child has answered a ping within `limit`, or is on its way up, or waits to be started again. */
  isResponsive(limit: Duration): boolean {
    if (this.#retry !== undefined) return true;
    return performance.now() - Math.max(this.#lastPongAt, this.#startedAt) < inMilliseconds(limit);
  }

  start(restarted = false): void {
    this.#retry = undefined;
    this.#wasStarted = true;
    this.#startedAt = performance.now();
    let child: ChildProcess;
    try {
      const { role, takeFirst } = this.#options;
      const first = restarted ? undefined : takeFirst?.(role);
      child = first !== undefined && isAlive(first) ? first : forkRole(role);
    } catch (error) {
      this.#ended(undefined, (error as Error).message);
      return;
    }
    this.#process = child;
    child.on('message', (message) => {
      const said = message as From;
      if (said.type === 'pong') this.#lastPongAt = performance.now();
      this.#options.onMessage(said);
    });
    child.on('error', (error) => {
      // a process that could not be made has no exit; of one that just died, the exit is what counts
      if (child.pid === undefined) this.#ended(child, error.message);
    });
    child.on('exit', () => this.#ended(child, howItEnded(child)));
    this.#options.onStart(restarted);
  }

  /** False: there is no process that could hear it. */
  send(message: To): boolean {
    if (!this.#process?.connected) return false;
    this.#process.send(message);
    return true;
  }

  /** Ends a process that does not answer; it is started again like any that dies. */
  kill(): void {
    this.#process?.kill('SIGKILL');
  }

  /** From now on a death of the child is no reason to start it again. Before the first of several is stopped. */
  expectEnd(): void {
    this.#stopping = true;
    if (this.#retry) clearTimeout(this.#retry);
  }

  /**
   * Asks the child to release everything and end; kills it after `patience`. One that is dead, or had to be
   * killed, is started once more, so that it releases what its earlier life left behind. Resolves when it is gone.
   */
  async stop(message: To, patience = CHILD_WAIT_TIME): Promise<void> {
    this.expectEnd();
    const how = await this.#end(message, patience);
    if (how === undefined || !this.#wasStarted) return;
    this.#options.onDisorder(how);
    this.start(true);
    await this.#end(message, patience);
  }

  /** How it ended, where that was not by itself and in order. */
  #end(message: To, patience: Duration): Promise<string | undefined> {
    const child = this.#process;
    if (!child || !isAlive(child)) return Promise.resolve('it was dead');
    return new Promise((resolve) => {
      let overtime = '';
      const overdue = setTimeout(() => {
        overtime = ` after ${inSeconds(patience)} s without an end`;
        child.kill('SIGKILL');
      }, inMilliseconds(patience));
      const gone = () => {
        clearTimeout(overdue);
        resolve(child.exitCode === 0 ? undefined : howItEnded(child) + overtime);
      };
      child.once('exit', gone);
      this.send(message);
    });
  }

  #ended(child: ChildProcess | undefined, how: string): void {
    if (this.#process === child) this.#process = undefined;
    if (this.#stopping) return;
    const lived = milliseconds(performance.now() - this.#startedAt);
    this.#failures = lived >= HEALTHY_AFTER ? 1 : this.#failures + 1;
    const retryIn = this.#options.respawn ? restartDelay(this.#failures) : undefined;
    if (retryIn !== undefined) this.#retry = setTimeout(() => this.start(true), inMilliseconds(retryIn));
    this.#options.onDeath(how, retryIn);
  }
}

const howItEnded = ({ exitCode, signalCode }: ChildProcess): string => signalCode ?? `exit status ${exitCode}`;

const isAlive = ({ pid, exitCode, signalCode }: ChildProcess): boolean =>
  pid !== undefined && exitCode === null && signalCode === null;
