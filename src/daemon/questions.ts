/** Questions to another process that are answered by number, or not at all. */
import { type Duration, inMilliseconds } from '../base/time.ts';

/** See the file's head. */
export class Questions {
  readonly #patience: Duration;
  readonly #open = new Map<number, (answer: unknown) => void>();
  #lastId = 0;

  constructor(patience: Duration) {
    this.#patience = patience;
  }

  /** Asks under a new number; undefined when there is nobody to be asked, or no answer comes in time. @param send whether there is */
  ask<Answer>(send: (id: number) => boolean | undefined): Promise<Answer | undefined> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      const late = setTimeout(() => this.answer(id, undefined), inMilliseconds(this.#patience));
      this.#open.set(id, (answer) => {
        clearTimeout(late);
        resolve(answer as Answer | undefined);
      });
      if (!send(id)) this.answer(id, undefined);
    });
  }

  /** The answer to question `id`; one that nobody waits for any more is dropped. */
  answer(id: number, answer: unknown): void {
    const resolve = this.#open.get(id);
    this.#open.delete(id);
    resolve?.(answer);
  }
}
