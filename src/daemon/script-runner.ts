/**
 * Runs commands for the main process: with a time limit, never waited for, all gone when the agent ends. That a script
 * does not run twice at once is for who asks: a tracker or a queue knows its own.
 */
import { fault, type Result } from '../base/result.ts';
import { type Duration, inMilliseconds, inSeconds, milliseconds, seconds, ZERO } from '../base/time.ts';
import type { Script } from '../config/script.ts';
import type { Command, Ending, RunningCommand } from '../io/run-command.ts';

/** From SIGTERM to SIGKILL, and to SIGKILL again: keepalived has the same 2 s. */
export const KILL_DELAY = seconds(2);
/** How long scripts get to end when the agent does. */
export const LAST_WORDS = milliseconds(100);

/** How a script ended: as its process did, or because its time was over. */
export type ScriptEnding = Ending | { readonly how: 'timed-out'; readonly after: Duration };

/** One run that is over. */
export interface ScriptOutcome {
  readonly ending: ScriptEnding;
  readonly startedAt: Date;
  /** Until the process ended, after a timeout too. */
  readonly took: Duration;
}

/** True for the exit status 0 and for nothing else. */
export const succeeded = ({ ending }: ScriptOutcome): boolean => ending.how === 'exited' && ending.status === 0;

/** The ending in the words of keepalived's log, where it has some. */
export function describeEnding(ending: ScriptEnding): string {
  switch (ending.how) {
    case 'exited':
      return `exited with status ${ending.status}`;
    case 'killed':
      return `killed by ${ending.signal}`;
    case 'timed-out':
      return `timed out after ${inSeconds(ending.after)} s`;
    case 'not-started':
      return `could not be run: ${ending.reason}`;
  }
}

/** A script that was started. */
export interface ScriptRun {
  /** Settles when the process has ended. Never rejects. */
  readonly ended: Promise<ScriptOutcome>;
  /** Ends it before its time: SIGTERM to its process group, then SIGKILL. */
  stop(): void;
}

export interface ScriptWorld {
  /** Asked before every run: a file may come, go and change. */
  resolve(script: Script): Result<Command>;
  start(command: Command): RunningCommand;
}

/** See the file's head. */
export class ScriptRunner {
  readonly #world: ScriptWorld;
  readonly #running = new Set<ScriptRun & { kill(): void }>();
  #isClosed = false;

  constructor(world: ScriptWorld) {
    this.#world = world;
  }

  /** Scripts that run now. */
  get count(): number {
    return this.#running.size;
  }

  /**
   * @param timeout undefined: as long as it likes
   * @param onTimeout its time is over, and it is being ended
   */
  run(script: Script, timeout?: Duration, onTimeout: () => void = () => {}): ScriptRun {
    const startedAt = new Date();
    const beganAt = performance.now();
    const command = this.#isClosed ? fault('the agent is ending') : this.#world.resolve(script);
    if (!command.ok) {
      const ending: Ending = { how: 'not-started', reason: command.reason };
      return { ended: Promise.resolve({ ending, startedAt, took: ZERO }), stop: () => {} };
    }
    const running = this.#world.start(command.value);
    let timer: NodeJS.Timeout | undefined;
    let isStopped = false;
    let isLate = false;
    const stop = () => {
      if (isStopped) return;
      isStopped = true;
      clearTimeout(timer);
      running.signal('SIGTERM');
      timer = setInterval(() => running.signal('SIGKILL'), inMilliseconds(KILL_DELAY));
    };
    if (timeout !== undefined) {
      timer = setTimeout(() => {
        isLate = true;
        stop();
        onTimeout();
      }, inMilliseconds(timeout));
    }
    const ended = running.ended.then((ending): ScriptOutcome => {
      clearTimeout(timer);
      // what ignored SIGTERM in its group while the process itself obeyed
      if (isStopped) running.signal('SIGKILL');
      this.#running.delete(run);
      const wasCut = isLate && timeout !== undefined && ending.how !== 'not-started';
      return {
        ending: wasCut ? { how: 'timed-out', after: timeout } : ending,
        startedAt,
        took: milliseconds(performance.now() - beganAt),
      };
    });
    const run = { ended, stop, kill: () => running.signal('SIGKILL') };
    this.#running.add(run);
    return run;
  }

  /** Ends all of them, and starts none from now on. Resolves when they are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const last = [...this.#running];
    for (const run of last) run.stop();
    const late = setTimeout(() => {
      for (const run of last) run.kill();
    }, inMilliseconds(LAST_WORDS));
    await Promise.all(last.map((run) => run.ended));
    clearTimeout(late);
  }
}
