/** The processes of this host, from proc(5). */
import { readdirSync, readFileSync } from 'node:fs';

/** A process that runs; one that has ended and waits for its parent is none. */
export interface RunningProcess {
  readonly pid: number;
  readonly comm: string;
  readonly commandLine: readonly string[];
}

/** @param withCommandLine whether command lines are wanted; they are empty otherwise */
export const runningProcesses = (withCommandLine: boolean): readonly RunningProcess[] =>
  readdirSync('/proc').flatMap((name) => (/^[0-9]+$/.test(name) ? processOf(Number(name), withCommandLine) : []));

/** The process of that number; empty: there is none. */
export function processOf(pid: number, withCommandLine: boolean): readonly RunningProcess[] {
  try {
    // PID (COMM) STATE …; the name may have brackets and blanks itself
    const [, comm = '', state] = /^[0-9]+ \(([\s\S]*)\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    if (state === undefined || state === 'Z' || state === 'X') return [];
    const line = withCommandLine ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
    return [{ pid, comm, commandLine: line === '' ? [] : line.replace(/\0$/, '').split('\0') }];
  } catch {
    return []; // ended meanwhile
  }
}
