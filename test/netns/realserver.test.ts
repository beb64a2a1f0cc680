/** `holdfast realserver` on the real kernel, in a network namespace of its own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const why = process.getuid?.() === 0 ? undefined : 'not root';
const PROGRAM = resolve(import.meta.dirname, '../../bin/holdfast');
const IGNORE = 'net.ipv4.conf.lo.arp_ignore';

/** Runs the commands of a script in one new namespace; what they printed, each with its exit status behind it. */
function inNamespace(...commands: readonly string[]): string[] {
  const script = ['ip link set lo up', ...commands.map((command) => `${command} 2>&1; echo "= $?"`)].join('\n');
  const { stdout } = spawnSync('unshare', ['--net', 'sh', '-c', script], { encoding: 'utf8' });
  return stdout
    .split(/= (\d+)\n/)
    .flatMap((text, n, all) => (n % 2 === 0 && n + 1 < all.length ? [`${text}= ${all[n + 1]}`] : []));
}

describe.skipIf(why !== undefined)(`holdfast realserver${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  it('makes the host ready, once, and takes it back', () => {
    const directory = mkdtempSync(join(tmpdir(), 'holdfast-realserver-'));
    const realserver = (words: string) => `${PROGRAM} realserver ${words} --vip 192.168.4.15 --run-dir ${directory}`;
    const shown = 'ip -o -4 address show dev lo | grep -c 192.168.4.15/32';
    const values = `sysctl -n ${IGNORE}`;
    try {
      const [before, up, again, address, value, ready, down, gone, back, other] = inNamespace(
        realserver('status'),
        realserver('up'),
        realserver('up'),
        shown,
        values,
        realserver('status'),
        realserver('down'),
        shown,
        values,
        `${PROGRAM} realserver up --vip 192.168.4.15/32`,
      );
      expect(before).toMatch(/^not ready; holdfast realserver up would do:\n {2}sysctl [\s\S]*= 3$/);
      expect(up).toContain('ip address add 192.168.4.15/32 dev lo\n= 0');
      expect(again).toBe('nothing to do\n= 0');
      expect(address).toBe('1\n= 0');
      expect(value).toBe('1\n= 0');
      expect(ready).toBe('ready: nothing is missing\n= 0');
      expect(down).toContain(`sysctl ${IGNORE}=0 (was 1)`);
      expect(gone).toBe('0\n= 1');
      expect(back).toBe('0\n= 0');
      expect(other).toBe("holdfast: --vip: expected an address without prefix length, got '192.168.4.15/32'\n= 1");
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
