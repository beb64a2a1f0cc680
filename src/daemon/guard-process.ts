/**
 * The guard as main sees it: a small native program beside the election (native/guard). Main starts it and hears its last
 * line; the election connects to it, leaves its will and feeds it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { findGuard } from '../io/native.ts';

/** How a guard ended. */
export type GuardExit =
  /** Dismissed, or nobody left anything with it. */
  | { readonly type: 'in-order' }
  /** It executed the will; `line` says why and how much. */
  | { readonly type: 'executed'; readonly line: string }
  | { readonly type: 'died'; readonly how: string };

const EXECUTED_STATUS = 3;
const READY = /^ready ([0-9a-f]+)$/;

/** One guard, from its start to its end. */
export class GuardProcess {
  readonly #process: ChildProcess;
  readonly ended: Promise<GuardExit>;

  /** @param onReady the name under which the election finds it */
  constructor(onReady: (name: string) => void) {
    const child = spawn(findGuard(), [], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    let rest = '';
    let last = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const name = READY.exec(line)?.[1];
        if (name === undefined) last = line;
        else onReady(name);
      }
    });
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve({ type: 'died', how: error.message }));
      child.once('close', (status, signal) => {
        if (status === EXECUTED_STATUS) resolve({ type: 'executed', line: last });
        else if (status === 0) resolve({ type: 'in-order' });
        else resolve({ type: 'died', how: signal ?? `exit status ${status}` });
      });
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Ends it at once, for an election that never connected. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }
}
