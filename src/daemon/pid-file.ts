/** The pid file: written at start, removed at stop, and how a second agent notices the first. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';

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
    process.kill(pid, 0);
    // a pid that is used again by something else is no agent
    return /holdfast|node/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ? pid : undefined;
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
