/**
 * A named pipe that gets a line for every change. keepalived.conf(5) "notify_fifo". Made where it is not there, and removed
 * in the end by whoever made it. Nobody waits for a reader: what does not fit into the pipe is lost, which is said.
 */
import { chmodSync, chownSync, closeSync, constants, fstatSync, openSync, rmSync, writeSync } from 'node:fs';
import { type Duration, inMilliseconds, milliseconds } from '../base/time.ts';
import type { Script } from '../config/script.ts';
import type { Account } from '../io/accounts.ts';
import { native } from '../io/native.ts';
import type { LogLevel } from './messages.ts';
import { describeEnding, type ScriptRun, type ScriptRunner } from './script-runner.ts';

/** How a pipe is made: keepalived has the same, lessened by umask. */
const FIFO_MODE = 0o644;
const PRIVATE = 0o600;
/** How long a reader gets to read the last lines, when the pipe is closed. */
const LAST_LINES_TIME: Duration = milliseconds(500);

export interface FifoConfig {
  readonly path: string;
  /** Who owns a pipe that is made. */
  readonly owner: Account;
  readonly umask: number;
  /** Reads it; gets the path as its last argument. */
  readonly script: Script | undefined;
}

export interface FifoWorld {
  readonly runner: ScriptRunner;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number | undefined>): void;
}

/** See the file's head. */
export class NotifyFifo {
  readonly config: FifoConfig;
  readonly #world: FifoWorld;
  readonly #reader: ScriptRun | undefined;
  readonly #isOurs: boolean;
  readonly #fd: number;
  #lost = 0;
  #isClosed = false;

  /** Makes and opens it, and starts its reader. Throws where there is something else under that path. */
  constructor(config: FifoConfig, world: FifoWorld) {
    this.config = config;
    this.#world = world;
    const { path, script } = config;
    this.#isOurs = make(config);
    try {
      // open for reading too: a write never fails for want of a reader
      this.#fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);
      if (!fstatSync(this.#fd).isFIFO()) {
        closeSync(this.#fd);
        throw new Error('it is there already and is no FIFO');
      }
    } catch (error) {
      if (this.#isOurs) rmSync(path, { force: true });
      throw error;
    }
    if (script !== undefined) this.#reader = this.#read({ ...script, command: [...script.command, path] });
  }

  /** One line with its end; lost when the pipe is full. */
  write(line: string): void {
    try {
      writeSync(this.#fd, line);
    } catch (error) {
      this.#lost += 1;
      if (this.#lost > 1) return; // said
      const full = (error as NodeJS.ErrnoException).code === 'EAGAIN';
      this.#log('warning', 'fifo-full', full ? 'nobody reads it and it is full' : (error as Error).message);
      return;
    }
    if (this.#lost === 0) return;
    this.#log('warning', 'fifo-lost', `${this.#lost} lines were lost before it was read again`);
    this.#lost = 0;
  }

  /** Lets the reader read to the end, then ends it. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.#fd);
    if (this.#reader !== undefined) {
      const late = setTimeout(() => this.#reader?.stop(), inMilliseconds(LAST_LINES_TIME));
      await this.#reader.ended;
      clearTimeout(late);
    }
    if (this.#isOurs) rmSync(this.config.path, { force: true });
  }

  #read(script: Script): ScriptRun {
    const run = this.#world.runner.run(script);
    void run.ended.then(({ ending }) => {
      if (!this.#isClosed) this.#log('warning', 'fifo-reader', `its reader ${describeEnding(ending)}`);
    });
    return run;
  }

  #log(level: LogLevel, event: string, message: string): void {
    const { path } = this.config;
    this.#world.log(level, event, `FIFO ${path}: ${message}`, { path });
  }
}

/** @returns whether we made it; a pipe that is there already stays as it is */
function make({ path, owner, umask }: FifoConfig): boolean {
  try {
    native().makeFifo(path, PRIVATE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  chownSync(path, owner.uid, owner.gid);
  chmodSync(path, FIFO_MODE & ~umask);
  return true;
}
