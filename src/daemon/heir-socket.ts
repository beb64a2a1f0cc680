/**
 * Where a process of an agent whose main is gone, or about to be, waits for the next main: a socket in the run directory.
 * It goes on with its work meanwhile. The next main asks for its estate, gives that to a process of its own, and retires
 * this one. When nobody comes in time, it ends in order.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Duration, inMilliseconds } from '../base/time.ts';
import { readJsonLines, writeJsonLine } from '../io/json-lines.ts';

/** What the next main asks. */
export type HeirRequest =
  | { readonly type: 'estate' }
  /** The heir has taken over what it names; the rest is to be left in order. */
  | { readonly type: 'retire'; readonly inherited: readonly string[] };

/** `missed`: what main was to be told while there was none. */
export interface HeirAnswer {
  readonly estate: object;
  readonly missed: readonly object[];
}

/** What the process is asked for. */
export interface HeirWorld {
  estate(): HeirAnswer;
  retire(inherited: readonly string[]): void;
  /** Nobody came in time. */
  abandoned(): void;
}

/** Where the process of a role waits. */
export const heirSocketPath = (runDirectory: string, role: string): string => join(runDirectory, `${role}.heir`);

/** See the file's head. */
export class HeirSocket {
  readonly #server: Server;
  readonly #world: HeirWorld;
  readonly #patience: Duration;
  readonly #path: string;
  #overdue: NodeJS.Timeout | undefined;
  #heir: Socket | undefined;
  #isClosed = false;

  /** Resolves when it can be found. Throws what listen(2) says. */
  static async open(path: string, patience: Duration, world: HeirWorld): Promise<HeirSocket> {
    const socket = new HeirSocket(path, patience, world);
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      socket.#server.once('error', reject);
      socket.#server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
    socket.#wait();
    return socket;
  }

  private constructor(path: string, patience: Duration, world: HeirWorld) {
    this.#path = path;
    this.#patience = patience;
    this.#world = world;
    this.#server = createServer((heir) => this.#hear(heir));
  }

  /** Nobody is waited for any more. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#overdue);
    this.#server.close();
    this.#heir?.destroy();
    rmSync(this.#path, { force: true });
  }

  #wait(): void {
    clearTimeout(this.#overdue);
    this.#overdue = setTimeout(() => this.#world.abandoned(), inMilliseconds(this.#patience));
  }

  #hear(heir: Socket): void {
    if (this.#isClosed || this.#heir !== undefined) {
      heir.destroy();
      return;
    }
    this.#heir = heir;
    this.#wait();
    heir.on('error', () => {});
    heir.on('close', () => {
      this.#heir = undefined;
      if (!this.#isClosed) this.#wait(); // it died before it had taken over: another one may come
    });
    readJsonLines(heir, (value) => {
      const request = value as HeirRequest;
      this.#wait();
      if (request.type === 'estate') writeJsonLine(heir, this.#world.estate());
      else this.#world.retire(request.inherited);
    });
  }
}
