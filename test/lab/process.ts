/**
 * Programs that the lab runs: to their end (`run`), or in the background with their lines (`Background`); and waiting
 * for something to become true, with a deadline.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How a program ended. A program that a signal ended has the code 128, one that could not be started 127. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, with `input` on its standard input. Never throws. */
export function run(program: string, args: readonly string[], input = ''): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // A program that ends without reading all of its input is judged by its exit code.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.on('error', (error) => resolve({ code: 127, stdout: '', stderr: error.message }));
    child.on('close', (code) =>
      resolve({
        code: code ?? 128,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      }),
    );
  });
}

/** As `run`; throws with the program's own words when it does not succeed. Returns its standard output. */
export async function succeed(program: string, args: readonly string[], input = ''): Promise<string> {
  const outcome = await run(program, args, input);
  if (outcome.code !== 0) {
    throw new Error(`${[program, ...args].join(' ')}: exit code ${outcome.code}: ${outcome.stderr.trim()}`);
  }
  return outcome.stdout;
}

/** A program in the background whose lines (of standard output and standard error alike) are handed over. */
export class Background {
  readonly #child: ChildProcess;
  /** Settles when the program has ended and all of its lines are handed over. */
  readonly ended: Promise<void>;
  #running = true;

  /**
   * @param onLine  gets each line and the time at which it was read, in milliseconds since the epoch
   * @param environment  the program's whole environment
   */
  constructor(
    program: string,
    args: readonly string[],
    onLine: (line: string, readAt: number) => void,
    environment: NodeJS.ProcessEnv = process.env,
  ) {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => onLine(line, Date.now()));
    }
    child.on('error', (error) => onLine(`cannot run ${program}: ${error.message}`, Date.now()));
    child.on('exit', () => {
      this.#running = false;
    });
    this.ended = new Promise((resolve) => {
      child.on('close', () => resolve());
      child.on('error', () => resolve());
    });
  }

  /** The process id; undefined when the program could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#running && this.#child.pid !== undefined;
  }

  /** Sends a signal; nothing happens when the program has ended. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** Thrown when something did not become true in time. */
export class Late extends Error {}

/**
 * Asks again and again until the answer is not undefined, and returns it. Throws `Late` after `withinMs`.
 * @param what  what is waited for, for the message: 'director2 holds 192.168.4.15'
 */
export async function until<Answer>(
  what: string,
  withinMs: number,
  ask: () => Promise<Answer | undefined> | Answer | undefined,
): Promise<Answer> {
  const startedAt = performance.now();
  for (;;) {
    const askedAt = performance.now();
    const answer = await ask();
    if (answer !== undefined) return answer;
    const now = performance.now();
    if (now - startedAt > withinMs) throw new Late(`not within ${withinMs / 1000} s: ${what}`);
    // Asking starts programs: on a slow machine that must not take the time from what is waited for.
    await new Promise((resolve) => setTimeout(resolve, Math.max(50, 2 * (now - askedAt))));
  }
}
