/**
 * Keeps one guard beside the election: started with it, started again when it is killed, and after it has acted. Says what
 * the guard did.
 */
import { inMilliseconds, milliseconds, seconds } from '../base/time.ts';
import { type GuardExit, GuardProcess } from './guard-process.ts';
import type { LogLevel } from './messages.ts';

/** Between a guard that died and the next one. */
const RETRY = seconds(1);
/** How long a dismissed guard may take to end. */
const PATIENCE = milliseconds(500);

export interface GuardKeeperWorld {
  /** A guard waits for the election under this name, which is good once. False: there is no election to be told. */
  onReady(name: string): boolean;
  /** The guard withdrew what the election held. */
  onExecuted(): void;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number>): void;
}

/** See the file's head. */
export class GuardKeeper {
  readonly #world: GuardKeeperWorld;
  readonly #start: (onReady: (name: string) => void) => GuardProcess;
  #guard: GuardProcess | undefined;
  /** The name of a guard that the election does not know yet. */
  #name: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopping = false;

  /** @param start for tests */
  constructor(world: GuardKeeperWorld, start = (onReady: (name: string) => void) => new GuardProcess(onReady)) {
    this.#world = world;
    this.#start = start;
  }

  get pid(): number | undefined {
    return this.#guard?.pid;
  }

  /** An election process has been started. The guard of the one before it may still be at work: the next one follows it. */
  electionStarted(): void {
    if (this.#guard === undefined) this.#run();
    else if (this.#name !== undefined) this.#tell(this.#name);
  }

  /** The election has left in order. Resolves when the guard is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#retry);
    const guard = this.#guard;
    if (guard === undefined) return;
    const overdue = setTimeout(() => guard.kill(), inMilliseconds(PATIENCE));
    await guard.ended;
    clearTimeout(overdue);
  }

  #run(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    let guard: GuardProcess;
    try {
      guard = this.#start((name) => this.#tell(name));
    } catch (error) {
      this.#world.log('error', 'no-guard', `no guard: ${(error as Error).message}`, {});
      return;
    }
    this.#guard = guard;
    void guard.ended.then((exit) => this.#ended(exit));
  }

  #tell(name: string): void {
    this.#name = this.#world.onReady(name) ? undefined : name;
  }

  #ended(exit: GuardExit): void {
    this.#guard = undefined;
    this.#name = undefined;
    if (exit.type === 'executed') {
      this.#world.log('error', 'guard-acted', `the guard acted: ${exit.line}`, {});
      this.#world.onExecuted();
    } else if (exit.type === 'died' && !this.#stopping) {
      const sentence = `the guard died (${exit.how}); starting another one in ${inMilliseconds(RETRY) / 1000} s`;
      this.#world.log('warning', 'guard-died', sentence, {});
      this.#retry = setTimeout(() => this.#run(), inMilliseconds(RETRY));
      return;
    }
    if (!this.#stopping) this.#run();
  }
}
