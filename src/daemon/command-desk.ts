/** Commands that the health process wants to be run: main runs them, and says how each ended. */
import type { CheckIo, CommandOutcome } from '../checks/checker.ts';
import type { FromHealth, ToHealth } from './messages.ts';
import { describeEnding, type ScriptOutcome, type ScriptRun, type ScriptRunner } from './script-runner.ts';

/** The side that asks. */
export class CommandClient {
  readonly #send: (message: Extract<FromHealth, { type: 'run-command' | 'stop-command' }>) => void;
  readonly #waiting = new Map<number, (outcome: CommandOutcome) => void>();
  #last = 0;

  constructor(send: (message: Extract<FromHealth, { type: 'run-command' | 'stop-command' }>) => void) {
    this.#send = send;
  }

  readonly run: CheckIo['run'] = (script, timeout, signal) => {
    if (signal.aborted) return Promise.resolve({ how: 'aborted' });
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve) => {
      const abort = () => {
        this.#send({ type: 'stop-command', id });
        this.ended(id, { how: 'aborted' });
      };
      this.#waiting.set(id, (outcome) => {
        signal.removeEventListener('abort', abort);
        resolve(outcome);
      });
      signal.addEventListener('abort', abort, { once: true });
      this.#send({ type: 'run-command', id, script, timeout });
    });
  };

  /** Main has said so. */
  ended(id: number, outcome: CommandOutcome): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.(outcome);
  }
}

/** The side that runs them. */
export class CommandDesk {
  readonly #runner: ScriptRunner;
  readonly #send: (message: Extract<ToHealth, { type: 'command-ended' }>) => void;
  readonly #running = new Map<number, ScriptRun>();

  constructor(runner: ScriptRunner, send: (message: Extract<ToHealth, { type: 'command-ended' }>) => void) {
    this.#runner = runner;
    this.#send = send;
  }

  hear(message: Extract<FromHealth, { type: 'run-command' | 'stop-command' }>): void {
    const { id } = message;
    if (message.type === 'stop-command') {
      this.#running.get(id)?.stop();
      this.#running.delete(id);
      return;
    }
    const run = this.#runner.run(message.script, message.timeout);
    this.#running.set(id, run);
    void run.ended.then((outcome) => {
      // nobody waits for one that was stopped
      if (this.#running.delete(id)) this.#send({ type: 'command-ended', id, outcome: outcomeOf(outcome) });
    });
  }

  /** Nobody waits for any of them. */
  stopAll(): void {
    for (const run of this.#running.values()) run.stop();
    this.#running.clear();
  }
}

const outcomeOf = ({ ending }: ScriptOutcome): CommandOutcome =>
  ending.how === 'exited'
    ? { how: 'exited', status: ending.status }
    : { how: 'failed', reason: describeEnding(ending) };
