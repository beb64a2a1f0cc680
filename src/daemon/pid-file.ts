/** Files of process ids: written at start, removed at stop, and how a second agent notices the first. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';

/** Of a command line: node, and the program that it runs. */
const PROGRAM_WORDS = 2;

/** The pid of the agent that the file names, when that process is alive and is not us. */
export function runningAgent(file: string): number | undefined {
  let pid: number;
  try {
    pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
  } catch {
    return undefined;
  }
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return undefined;
  try {
    // a pid that is used again by something else is no agent; a zombie has no words
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words.slice(0, PROGRAM_WORDS).some((word) => basename(word) === 'holdfast') ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Throws as node:fs does. */
export const writePidFile = (file: string, pid = process.pid): void => writeFileSync(file, `${pid}\n`, { mode: 0o644 });

/** Removes the file if it is still that of the process. */
export function removePidFile(file: string, pid = process.pid): void {
  try {
    if (Number.parseInt(readFileSync(file, 'utf8'), 10) === pid) rmSync(file);
  } catch {
    // never written, or removed by somebody else
  }
}

/** The files of a child process, which may get another pid. */
export class ChildPidFiles {
  readonly #files: readonly string[];
  readonly #failed: (sentence: string) => void;
  #pid: number | undefined;

  /** @param failed what to do when a file cannot be written: the child runs all the same */
  constructor(files: readonly (string | undefined)[], failed: (sentence: string) => void) {
    this.#files = files.filter((file) => file !== undefined);
    this.#failed = failed;
  }

  /** The child has been started. */
  write(pid: number | undefined): void {
    if (pid === undefined) return;
    this.#pid = pid;
    for (const file of this.#files) {
      try {
        writePidFile(file, pid);
      } catch (error) {
        this.#failed(`pid file ${file}: ${(error as Error).message}`);
      }
    }
  }

  /** There is no child: what an agent that did not stop in order has left names nobody, or a stranger. */
  forget(): void {
    for (const file of this.#files) {
      try {
        if (/^\d+\n?$/.test(readFileSync(file, 'latin1')) && runningAgent(file) === undefined) rmSync(file);
      } catch {
        // none is there, or it is not ours to remove
      }
    }
  }

  remove(): void {
    for (const file of this.#files) removePidFile(file, this.#pid);
  }
}
