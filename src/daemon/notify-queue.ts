/**
 * Runs notify scripts: those of one instance or group one after another, in the order of its states. While one runs, the
 * newest state waits and those between are dropped, which is said; one that runs too long while a newer state waits is
 * ended. Instances do not wait for each other.
 */
import { type Duration, inMilliseconds, inSeconds, seconds } from '../base/time.ts';
import type { NotifyCommand } from '../vrrp/notifications.ts';
import type { LogLevel } from './messages.ts';
import { describeEnding, type ScriptOutcome, type ScriptRun, type ScriptRunner, succeeded } from './script-runner.ts';

/** How long a script may run while a newer state waits. */
export const PATIENCE = seconds(30);
/** The same when the agent ends. */
export const LAST_PATIENCE = seconds(1);
/** From when on a script that goes on is worth a word. */
export const LONG_RUN = seconds(60);

export interface NotifyQueueWorld {
  readonly runner: ScriptRunner;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number | undefined>): void;
}

/** What `status` shows: the last script of a subject that has ended, or the one that runs. */
export interface NotifyReport {
  /** `INSTANCE VI_1`. */
  readonly subject: string;
  /** `MASTER`. */
  readonly event: string;
  readonly keyword: string;
  readonly startedAt: Date;
  /** Undefined: it runs. */
  readonly outcome: ScriptOutcome | undefined;
}

interface Job {
  readonly event: string;
  readonly commands: readonly NotifyCommand[];
}

interface Queue {
  readonly subject: string;
  /** The state whose scripts run. */
  job: Job | undefined;
  run: ScriptRun | undefined;
  startedAt: number;
  next: Job | undefined;
  impatience: NodeJS.Timeout | undefined;
  last: NotifyReport | undefined;
}

/** See the file's head. */
export class NotifyQueues {
  readonly #world: NotifyQueueWorld;
  readonly #queues = new Map<string, Queue>();
  readonly #waiting = new Set<() => void>();
  #patience: Duration = PATIENCE;

  constructor(world: NotifyQueueWorld) {
    this.#world = world;
  }

  /** A subject entered a state; `commands` are run in this order. */
  add(subject: string, event: string, commands: readonly NotifyCommand[]): void {
    if (commands.length === 0 && !this.#queues.has(subject)) return;
    const queue = this.#queueOf(subject);
    const job: Job = { event, commands };
    // a state without scripts makes those of older states that wait wrong all the same
    if (queue.next !== undefined && queue.next.commands.length > 0) this.#dropped(queue, queue.next.event, event);
    if (queue.job === undefined) {
      this.#begin(queue, job);
      return;
    }
    queue.next = job;
    this.#limit(queue);
  }

  /** What was run last for each subject that has scripts. */
  get reports(): readonly NotifyReport[] {
    return [...this.#queues.values()].flatMap(({ last }) => (last === undefined ? [] : [last]));
  }

  /** The agent ends: what runs has little time left when something waits for it. */
  hurry(): void {
    this.#patience = LAST_PATIENCE;
    for (const queue of this.#queues.values()) this.#limit(queue);
  }

  /** Resolves when nothing runs and nothing waits, or after `limit`. */
  async drained(limit: Duration): Promise<void> {
    if (this.#isIdle) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(late);
        this.#waiting.delete(done);
        resolve();
      };
      const late = setTimeout(done, inMilliseconds(limit));
      this.#waiting.add(done);
    });
  }

  get #isIdle(): boolean {
    return [...this.#queues.values()].every(({ job }) => job === undefined);
  }

  #queueOf(subject: string): Queue {
    const known = this.#queues.get(subject);
    if (known) return known;
    const queue: Queue = {
      subject,
      job: undefined,
      run: undefined,
      startedAt: 0,
      next: undefined,
      impatience: undefined,
      last: undefined,
    };
    this.#queues.set(subject, queue);
    return queue;
  }

  #begin(queue: Queue, job: Job | undefined): void {
    queue.next = undefined;
    queue.job = job;
    if (job === undefined) {
      if (this.#isIdle) for (const done of [...this.#waiting]) done();
    } else void this.#work(queue, job);
  }

  async #work(queue: Queue, job: Job): Promise<void> {
    for (const command of job.commands) {
      if (queue.next !== undefined) {
        this.#dropped(queue, `${job.event} (${command.keyword})`, queue.next.event);
        break;
      }
      await this.#run(queue, job, command);
    }
    this.#begin(queue, queue.next);
  }

  async #run(queue: Queue, { event }: Job, { keyword, script }: NotifyCommand): Promise<void> {
    const run = this.#world.runner.run(script);
    queue.run = run;
    queue.startedAt = performance.now();
    const report = { subject: queue.subject, event, keyword, startedAt: new Date() };
    queue.last = { ...report, outcome: undefined };
    const fields = { subject: queue.subject, state: event, script: keyword };
    const long = setTimeout(() => {
      const sentence = `${keyword} of ${queue.subject} (${event}) has been running for ${inSeconds(LONG_RUN)} s`;
      this.#world.log('warning', 'notify-slow', sentence, fields);
    }, inMilliseconds(LONG_RUN));
    const outcome = await run.ended;
    clearTimeout(long);
    clearTimeout(queue.impatience);
    queue.run = undefined;
    queue.last = { ...report, outcome };
    const sentence = `${keyword} of ${queue.subject} (${event}) ${describeEnding(outcome.ending)}`;
    if (succeeded(outcome)) this.#world.log('info', 'notify-done', sentence, { ...fields, took_ms: took(outcome) });
    else this.#world.log('warning', 'notify-failed', sentence, { ...fields, took_ms: took(outcome) });
  }

  /** A newer state waits for what runs. */
  #limit(queue: Queue): void {
    clearTimeout(queue.impatience);
    if (queue.next === undefined || queue.next.commands.length === 0 || queue.run === undefined) return;
    const { run, subject } = queue;
    const left = inMilliseconds(this.#patience) - (performance.now() - queue.startedAt);
    queue.impatience = setTimeout(
      () => {
        const sentence = `a script of ${subject} still runs and a newer state waits for it; it is ended`;
        this.#world.log('warning', 'notify-ended', sentence, { subject });
        run.stop();
      },
      Math.max(0, left),
    );
  }

  #dropped({ subject }: Queue, event: string, newer: string): void {
    const sentence = `${subject}: ${event} is not told to scripts, because ${newer} came meanwhile`;
    this.#world.log('notice', 'notify-dropped', sentence, { subject, newer });
  }
}

const took = (outcome: ScriptOutcome): number => Math.round(inMilliseconds(outcome.took));
