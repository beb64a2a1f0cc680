/** A process of an earlier main that goes on with its work until ours has taken it over (heir-socket.ts). */
import { connect, type Socket } from 'node:net';
import { type Duration, inMilliseconds, seconds } from '../base/time.ts';
import { readJsonLines, writeJsonLine } from '../io/json-lines.ts';
import { type HeirAnswer, type HeirRequest, heirSocketPath } from './heir-socket.ts';

/** One that does not answer within this is not waited for. */
const ANSWER_TIME: Duration = seconds(10);

/** See the file's head. */
export class Elder {
  readonly #socket: Socket;
  #answered: ((answer: HeirAnswer | undefined) => void) | undefined;
  /** Settles when it is gone. */
  readonly ended: Promise<void>;

  /** The process of that role that waits in the run directory; undefined: there is none. */
  static find(runDirectory: string, role: string): Promise<Elder | undefined> {
    return new Promise((resolve) => {
      const socket = connect(heirSocketPath(runDirectory, role));
      socket.once('connect', () => resolve(new Elder(socket)));
      socket.once('error', () => resolve(undefined));
    });
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.ended = new Promise((resolve) => socket.on('close', () => resolve()));
    void this.ended.then(() => this.#answered?.(undefined));
    socket.on('error', () => {});
    readJsonLines(socket, (answer) => this.#answered?.(answer as HeirAnswer));
  }

  /** What it has, as it is now; it goes on. Undefined: it does not answer. */
  estate(): Promise<HeirAnswer | undefined> {
    return new Promise((resolve) => {
      const late = setTimeout(() => this.#answered?.(undefined), inMilliseconds(ANSWER_TIME));
      this.#answered = (answer) => {
        clearTimeout(late);
        this.#answered = undefined;
        resolve(answer);
      };
      this.#ask({ type: 'estate' });
    });
  }

  /** It ends; what nobody inherited it leaves in order. Resolves when it is gone. */
  retire(inherited: readonly string[]): Promise<void> {
    this.#ask({ type: 'retire', inherited });
    return this.ended;
  }

  /** It goes on and waits. */
  close(): void {
    this.#socket.destroy();
  }

  #ask(request: HeirRequest): void {
    if (!this.#socket.destroyed) writeJsonLine(this.#socket, request);
  }
}
