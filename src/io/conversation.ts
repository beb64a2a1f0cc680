/** A conversation over one TCP connection, in lines or in bytes, for checkers that want more than a connection. */

import type { Socket } from 'node:net';
import type { Cancellation } from '../base/cancellation.ts';
import { type Duration, inMilliseconds, inSeconds } from '../base/time.ts';
import { type ConnectRequest, isLocalFault, openConnection } from './tcp-connect.ts';

/** Nobody who answers as he should says more than this in one line. */
const LINE_MAX = 4096;
/** Nor is more than this read at once; what nobody reads is not taken from the kernel. */
const READ_MAX = 65_536;
const LINE_END = 0x0a;

/** The other side. */
export interface Speaker {
  /** The next line without its end. Rejects when the connection ends, after `timeout`, and for a line that does not end. */
  hear(): Promise<string>;
  /** As many bytes, at most 64 KiB. Rejects as `hear`. */
  read(length: number): Promise<Uint8Array>;
  /** Sends a line. */
  say(line: string): void;
  write(bytes: Uint8Array): void;
}

/** Why something was not answered. `local`: the fault is on this host. */
export interface AnswerFault {
  readonly ok: false;
  readonly stage: 'connect' | 'answer';
  readonly reason: string;
  readonly local: boolean;
}

export type ConversationOutcome<T> = { readonly ok: true; readonly value: T } | AnswerFault;

/**
 * Connects, and talks. Never rejects: what goes wrong, an error of `talk` too, is an outcome.
 * @param request its timeout holds for the connection and again for each answer
 */
export async function converse<T>(
  request: ConnectRequest,
  signal: Cancellation,
  talk: (other: Speaker) => Promise<T>,
): Promise<ConversationOutcome<T>> {
  const connection = await openConnection(request, signal);
  if (!connection.ok) return { ...connection, stage: 'connect' };
  const { socket } = connection;
  const inbox = new Inbox(socket, request.timeout);
  const abort = () => inbox.end('aborted');
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    const value = await talk({
      hear: () => inbox.line(),
      read: (length) => inbox.bytes(length),
      say: (line) => void socket.write(`${line}\r\n`),
      write: (bytes) => void socket.write(bytes),
    });
    return { ok: true, value };
  } catch (error) {
    return { ok: false, stage: 'answer', reason: (error as Error).message, local: signal.aborted };
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

/** What was received; one reader. */
class Inbox {
  readonly #socket: Socket;
  readonly #timeout: Duration;
  #received: Buffer = Buffer.alloc(0);
  #ended: string | undefined;
  #look: (() => void) | undefined;

  constructor(socket: Socket, timeout: Duration) {
    this.#socket = socket;
    this.#timeout = timeout;
    socket.on('data', (piece: Buffer) => {
      this.#received = this.#received.length === 0 ? piece : Buffer.concat([this.#received, piece]);
      if (this.#received.length >= READ_MAX) socket.pause();
      this.#look?.();
    });
    socket.once('end', () => this.end('the connection was closed'));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.message;
      this.end(isLocalFault(code) ? `this host: ${code}` : code);
    });
  }

  /** @param reason for whoever waits */
  end(reason: string): void {
    this.#ended ??= reason;
    this.#look?.();
  }

  line(): Promise<string> {
    return this.#next(() => {
      const end = this.#received.indexOf(LINE_END);
      if (end > LINE_MAX || (end < 0 && this.#received.length > LINE_MAX)) throw new Error('a line without an end');
      return end < 0
        ? undefined
        : this.#take(end + 1)
            .toString('latin1')
            .replace(/\r?\n$/, '');
    });
  }

  bytes(length: number): Promise<Uint8Array> {
    if (length > READ_MAX) return Promise.reject(new Error(`an answer of ${length} bytes`));
    return this.#next(() => (this.#received.length < length ? undefined : this.#take(length)));
  }

  #take(length: number): Buffer {
    const taken = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    if (this.#received.length < READ_MAX) this.#socket.resume();
    return taken;
  }

  /** Waits until something is there. @param look undefined: not yet; throws: never */
  #next<T>(look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(late);
        this.#look = undefined;
      };
      const fail = (reason: string) => {
        done();
        reject(new Error(reason));
      };
      const late = setTimeout(
        () => fail(`no answer within ${inSeconds(this.#timeout)} s`),
        inMilliseconds(this.#timeout),
      );
      this.#look = () => {
        try {
          const found = look();
          if (found !== undefined) {
            done();
            resolve(found);
          } else if (this.#ended !== undefined) fail(this.#ended);
        } catch (error) {
          fail((error as Error).message);
        }
      };
      this.#look();
    });
  }
}
