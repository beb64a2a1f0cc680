/**
 * Messages on their way to somebody who may be slow or gone: one after another, in their order, each tried again ever more
 * seldom. Nobody waits for it. What is too much is lost, the oldest first; a series of failures is one line in the log.
 */
import { type Duration, inMilliseconds, seconds } from '../base/time.ts';
import type { LogLevel } from './messages.ts';

/** Messages that wait at most. */
export const OUTBOX_LIMIT = 100;
/** From the first try of a message to its last one it takes about two minutes. */
export const MAX_TRIES = 8;

const retryDelay = (tries: number): Duration => seconds(Math.min(60, 2 ** (tries - 1)));

/** The receiver does not want this message, and will not want it later. */
export class Unwanted extends Error {}

export interface OutboxWorld<Message> {
  /** What it delivers, for the log: `mail`. */
  readonly kind: string;
  /** Rejects when it could not be delivered: with `Unwanted`, or with anything that may be better the next time. */
  deliver(message: Message): Promise<void>;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number>): void;
}

interface Waiting<Message> {
  readonly message: Message;
  tries: number;
}

/** See the file's head. */
export class Outbox<Message> {
  readonly #world: OutboxWorld<Message>;
  readonly #queue: Waiting<Message>[] = [];
  #isDelivering = false;
  #retry: NodeJS.Timeout | undefined;
  /** Failures since the last message that was delivered, and messages lost since. */
  #failures = 0;
  #lost = 0;
  #isClosing = false;
  #emptied: () => void = () => {};

  constructor(world: OutboxWorld<Message>) {
    this.#world = world;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  add(message: Message): void {
    this.#queue.push({ message, tries: 0 });
    if (this.#queue.length > OUTBOX_LIMIT) {
      // the first one is being delivered
      this.#queue.splice(this.#isDelivering ? 1 : 0, 1);
      this.#lost += 1;
    }
    if (this.#retry === undefined) void this.#work();
  }

  /** The agent ends: what waits is tried once more, and given up after `limit`. */
  async close(limit: Duration): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const late = new Promise<void>((resolve) => {
      this.#emptied = resolve;
      setTimeout(resolve, inMilliseconds(limit));
    });
    void this.#work();
    if (this.#queue.length > 0) await late;
    this.#lost += this.#queue.length;
    this.#queue.length = 0;
    if (this.#lost > 0) this.#sayLost('when the agent ended');
  }

  async #work(): Promise<void> {
    if (this.#isDelivering) return;
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      this.#isDelivering = true;
      const failure = await this.#try(next);
      this.#isDelivering = false;
      if (failure === undefined) this.#delivered();
      else if (!this.#failed(next, failure)) return;
      if (this.#queue[0] === next) this.#queue.shift();
    }
    this.#emptied();
  }

  async #try(next: Waiting<Message>): Promise<Error | undefined> {
    next.tries += 1;
    try {
      await this.#world.deliver(next.message);
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  #delivered(): void {
    if (this.#failures > 0) {
      const { kind } = this.#world;
      this.#world.log('notice', `${kind}-delivered`, `${kind} can be delivered again`, { failures: this.#failures });
      if (this.#lost > 0) this.#sayLost('meanwhile');
    }
    this.#failures = 0;
  }

  /** @returns whether to go on with the next message */
  #failed({ tries }: Waiting<Message>, error: Error): boolean {
    const { kind } = this.#world;
    const isUnwanted = error instanceof Unwanted;
    this.#failures += 1;
    if (this.#failures === 1) {
      const consequence = isUnwanted ? 'it is lost' : 'trying again, ever more seldom';
      const sentence = `${kind} cannot be delivered: ${error.message}; ${consequence}`;
      this.#world.log('warning', `${kind}-failed`, sentence, {});
    }
    if (isUnwanted || tries >= MAX_TRIES || this.#isClosing) {
      this.#lost += 1;
      return true;
    }
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined;
        void this.#work();
      },
      inMilliseconds(retryDelay(tries)),
    );
    this.#retry.unref();
    return false;
  }

  #sayLost(when: string): void {
    const { kind } = this.#world;
    this.#world.log('warning', `${kind}-lost`, `${kind}: ${this.#lost} lost ${when}`, { lost: this.#lost });
    this.#lost = 0;
  }
}

/** How long the last message of an agent that ends may take. */
export const LAST_MESSAGES_TIME = seconds(3);
