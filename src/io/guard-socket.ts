/** The election's end of the connection to its guard. */
import type { Duration } from '../base/time.ts';
import { DISMISS, EXECUTED, encodeLimit, encodeWill, FEED, type LastAct } from '../wire/will.ts';
import { AF_UNIX, SOCK_SEQPACKET } from './constants.ts';
import { type NativeSocket, native } from './native.ts';

/** What became of the guard: it has executed the will, or it is gone without. */
export type GuardEnd = 'executed' | 'gone';

/** Why the connection is over, for the words of `send`. */
const FULL = 'EAGAIN';
const RETRY_MS = 1;

/** A guard that we feed. Everything is said in order; nothing waits and nothing throws. */
export class GuardSocket {
  readonly #socket: NativeSocket;
  readonly #onEnd: (end: GuardEnd) => void;
  /** What did not fit into the socket's queue yet. */
  readonly #waiting: Uint8Array[] = [];
  #retry: NodeJS.Timeout | undefined;
  #isOpen = true;

  /**
   * Connects to a guard by the name that it said. Throws SystemError.
   * @param onEnd called once, unless we close first
   */
  static connect(name: string, onEnd: (end: GuardEnd) => void): GuardSocket {
    const socket = new (native().Socket)(AF_UNIX, SOCK_SEQPACKET, 0);
    try {
      socket.connect({ family: 'unix', path: `\0${name}` });
    } catch (error) {
      socket.close();
      throw error;
    }
    return new GuardSocket(socket, onEnd);
  }

  private constructor(socket: NativeSocket, onEnd: (end: GuardEnd) => void) {
    this.#socket = socket;
    this.#onEnd = onEnd;
    socket.onReadable(() => this.look());
  }

  /** The will of a slot from now on. */
  leave(slot: number, acts: readonly LastAct[]): void {
    this.#send(encodeWill(slot, acts));
  }

  /** How long it may hear nothing from us; undefined: as long as we live. */
  limit(limit: Duration | undefined): void {
    this.#send(encodeLimit(limit));
  }

  /** We are well. */
  feed(): void {
    if (this.#waiting.length === 0) this.#send(FEED);
  }

  /** Lets the guard end without doing anything. */
  dismiss(): void {
    if (!this.#isOpen) return;
    this.#waiting.length = 0;
    this.#send(DISMISS);
    this.#close();
  }

  /** Looks whether the guard has said something: after a time in which we did not run it may have acted for us. */
  look(): void {
    if (!this.#isOpen) return;
    let end: GuardEnd = 'gone';
    try {
      const message = this.#socket.receive();
      if (message === undefined) return;
      if (message.bytes[0] === EXECUTED) end = 'executed';
    } catch {
      // reset: it died while something of ours was still unread
    }
    this.#close();
    this.#onEnd(end);
  }

  #send(message: Uint8Array): void {
    if (!this.#isOpen) return;
    this.#waiting.push(message);
    if (this.#retry === undefined) this.#flush();
  }

  #flush(): void {
    this.#retry = undefined;
    while (this.#isOpen && this.#waiting.length > 0) {
      try {
        this.#socket.send(this.#waiting[0] as Uint8Array);
        this.#waiting.shift();
      } catch (error) {
        // anything else than a full queue: it is gone, which `look` finds out with its last word
        if ((error as NodeJS.ErrnoException).code === FULL) this.#retry = setTimeout(() => this.#flush(), RETRY_MS);
        else this.#waiting.length = 0;
        return;
      }
    }
  }

  #close(): void {
    this.#isOpen = false;
    if (this.#retry) clearTimeout(this.#retry);
    this.#socket.close();
  }
}
