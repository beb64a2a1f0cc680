/** What the service manager is about to do with our unit, when it has asked us to end. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** An answer that takes longer is not waited for. */
const PATIENCE_MS = 1_000;
const DEFAULT_UNIT = 'holdfast.service';

/** Whether a start follows the stop: systemctl(1) "list-jobs" has a job of type restart for us. */
export function isBeingRestarted(unit = unitOf(readCgroup())): Promise<boolean> {
  const words = ['list-jobs', '--no-legend', '--no-pager', unit];
  return new Promise((resolve) => {
    execFile('systemctl', words, { timeout: PATIENCE_MS }, (error, stdout) => {
      resolve(error === null && stdout.split('\n').some((line) => isRestartOf(unit, line)));
    });
  });
}

/** One line: job, unit, type, state. */
export const isRestartOf = (unit: string, line: string): boolean => {
  const words = line.trim().split(/\s+/);
  return words.includes(unit) && words.some((word) => word === 'restart' || word === 'try-restart');
};

/** The unit that a process with this /proc/self/cgroup belongs to: cgroups(7). */
export function unitOf(cgroup: string): string {
  const path = cgroup.split('\n').find((line) => line.startsWith('0::')) ?? '';
  return path.split('/').findLast((part) => part.endsWith('.service')) ?? DEFAULT_UNIT;
}

function readCgroup(): string {
  try {
    return readFileSync('/proc/self/cgroup', 'utf8');
  } catch {
    return '';
  }
}
