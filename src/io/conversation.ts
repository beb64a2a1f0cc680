/** A conversation in lines over one TCP connection, for checkers that want more than a connection. */
import { createConnection } from 'node:net';
import { type Duration, inMilliseconds, inSeconds } from '../base/time.ts';
import { type ConnectRequest, isLocalFault } from './tcp-connect.ts';

/** Nobody who answers as he should says more than this in one line. */
const LINE_MAX = 4096;

/** The other side, line by line. */
export interface Speaker {
  /** The next line without its end. Rejects when the connection ends, after `timeout`, and for a line that does not end. */
  hear(): Promise<string>;
  /** Sends a line. */
  say(line: string): void;
}

/** `local`: the fault is on this host. */
export type ConversationOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly stage: 'connect' | 'answer'; readonly reason: string; readonly local: boolean };

/**
 * Connects, and talks. Never rejects: what goes wrong, an error of `talk` too, is an outcome.
 * @param request its timeout holds for the connection and again for each answer
 */
export function converse<T>(
  request: ConnectRequest,
  signal: AbortSignal,
  talk: (other: Speaker) => Promise<T>,
): Promise<ConversationOutcome<T>> {
  return new Promise((resolve) => {
    const { address, port, timeout, bindAddress, bindPort } = request;
    const socket = createConnection({
      host: address,
      port,
      ...(bindAddress === undefined ? {} : { localAddress: bindAddress }),
      ...(bindPort === undefined ? {} : { localPort: bindPort }),
    });
    let stage: 'connect' | 'answer' = 'connect';
    const settle = (outcome: ConversationOutcome<T>) => {
      clearTimeout(late);
      signal.removeEventListener('abort', abort);
      socket.destroy();
      lines.end('closed by us');
      resolve(outcome);
    };
    const fail = (reason: string, local = false) => settle({ ok: false, stage, reason, local });
    const abort = () => fail('aborted', true);
    const late = setTimeout(() => fail(`timeout after ${inSeconds(timeout)} s`), inMilliseconds(timeout));
    const lines = new Lines(timeout);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.message;
      fail(code, stage === 'connect' && isLocalFault(code));
    });
    socket.setEncoding('latin1');
    socket.on('data', (text) => lines.take(String(text)));
    socket.once('end', () => lines.end('the connection was closed'));
    socket.once('connect', () => {
      clearTimeout(late);
      stage = 'answer';
      const speaker = { hear: () => lines.next(), say: (line: string) => void socket.write(`${line}\r\n`) };
      talk(speaker).then(
        (value) => settle({ ok: true, value }),
        (error: Error) => fail(error.message),
      );
    });
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

/** What was received, in lines; one reader. */
class Lines {
  readonly #timeout: Duration;
  #text = '';
  #ended: string | undefined;
  #reader: (() => void) | undefined;

  constructor(timeout: Duration) {
    this.#timeout = timeout;
  }

  take(text: string): void {
    if (this.#text.length < 2 * LINE_MAX) this.#text += text;
    this.#reader?.();
  }

  /** @param reason for whoever waits for a line */
  end(reason: string): void {
    this.#ended ??= reason;
    this.#reader?.();
  }

  next(): Promise<string> {
    return new Promise((resolve, reject) => {
      const done = (act: () => void) => {
        clearTimeout(late);
        this.#reader = undefined;
        act();
      };
      const late = setTimeout(
        () => done(() => reject(new Error(`no answer within ${inSeconds(this.#timeout)} s`))),
        inMilliseconds(this.#timeout),
      );
      this.#reader = () => {
        const end = this.#text.indexOf('\n');
        if (end >= 0) {
          const line = this.#text.slice(0, end).replace(/\r$/, '');
          this.#text = this.#text.slice(end + 1);
          done(() => resolve(line));
        } else if (this.#text.length > LINE_MAX) done(() => reject(new Error('a line without an end')));
        else if (this.#ended !== undefined) done(() => reject(new Error(this.#ended)));
      };
      this.#reader();
    });
  }
}
