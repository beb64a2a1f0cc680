/**
 * The one timer of a loop: wakes it when the monotonic clock has reached a deadline, to the microsecond where setTimeout
 * steps by milliseconds. It only wakes; what is due is decided by who is woken.
 */
import type { Instant } from '../base/time.ts';
import { type NativeTimer, native } from './native.ts';

/** Keeps the process alive until it is closed. */
export class DeadlineTimer {
  readonly #timer: NativeTimer;
  #at: Instant | undefined;

  /** @param onExpired called from the event loop with the deadline, once for each `set`, never before it */
  constructor(onExpired: (at: Instant) => void) {
    this.#timer = new (native().Timer)(() => {
      const at = this.#at;
      this.#at = undefined;
      if (at !== undefined) onExpired(at);
    });
  }

  /** Replaces the deadline; a past one expires at once, undefined is never. Setting the same again costs nothing. */
  set(at: Instant | undefined): void {
    if (at === this.#at) return;
    this.#timer.set(at);
    this.#at = at;
  }

  /** Idempotent. Nothing is called afterwards, and `set` throws EBADF. */
  close(): void {
    this.#timer.close();
    this.#at = undefined;
  }
}
