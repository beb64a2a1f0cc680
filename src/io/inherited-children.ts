/**
 * Children of this process that it did not make itself: those of the program that ran in it before (execve(2)). Nobody else
 * waits for them, and without that they would never be gone.
 */
import { readFileSync } from 'node:fs';
import { native } from './native.ts';

const LOOK_EVERY_MS = 500;

/** To be called before the first child is made. */
export function reapInheritedChildren(): void {
  let left = childrenOf(process.pid);
  if (left.length === 0) return;
  const timer = setInterval(() => {
    left = left.filter((pid) => !native().reap(pid));
    if (left.length === 0) clearInterval(timer);
  }, LOOK_EVERY_MS);
  timer.unref();
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    return []; // a kernel that does not tell
  }
}
