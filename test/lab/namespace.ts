/** Network namespaces by their names: finding those of a test, and removing them with all that runs in them. */
import { spawnSync } from 'node:child_process';

/** The names that begin so. */
export function namespaces(prefix: string): string[] {
  const listed = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout ?? '';
  return listed
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => name.startsWith(prefix));
}

/** Ends every process in a namespace of ours and removes it. New ones may appear while the first are ended. */
export function removeNamespace(namespace: string): void {
  for (let round = 0; round < 100; round++) {
    const pids = spawnSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' }).stdout ?? '';
    if (pids.trim() === '') break;
    for (const pid of pids.split('\n').filter(Boolean)) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It ended by itself meanwhile.
      }
    }
  }
  spawnSync('ip', ['netns', 'delete', namespace]);
}
