/** The pid file: written at start, removed at stop, and how a second agent notices the first. */
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

/** Writes our pid. Throws as node:fs does. */
export const writePidFile = (file: string): void => writeFileSync(file, `${process.pid}\n`, { mode: 0o644 });

/** Removes the file if it is still ours. */
export function removePidFile(file: string): void {
  try {
    if (Number.parseInt(readFileSync(file, 'utf8'), 10) === process.pid) rmSync(file);
  } catch {
    // never written, or removed by somebody else
  }
}
