/**
 * Six files as people really wrote them, typing mistakes and all: what is said about each, and what comes of it.
 * UPDATE_GOLDEN=1 writes the expectations anew; read the difference before keeping it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatDiagnostic, SourceText } from '../../src/config/diagnostic-text.ts';
import { readConfiguration } from '../../src/daemon/root.ts';

const SEEDS = join(import.meta.dirname, 'seeds');
const files = readdirSync(SEEDS).filter((name) => name.endsWith('.conf'));

function expectationOf(file: string): string {
  const { configuration, diagnostics, exitCode } = readConfiguration(file, (path) => readFileSync(join(SEEDS, path)));
  const source = readFileSync(join(SEEDS, file), 'utf8');
  const { global, instances, virtualServers } = configuration;
  const values = JSON.stringify({ routerId: global.routerId, instances, virtualServers }, undefined, 2);
  const said = diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, new SourceText(source), { colour: false }));
  return `${[...said, `exit ${exitCode}`, values].join('\n')}\n`;
}

/** The configuration of a seed, by the end of its name. */
function seed(name: string) {
  const file = files.find((candidate) => candidate.includes(name)) ?? '';
  return readConfiguration(file, (path) => readFileSync(join(SEEDS, path))).configuration;
}

describe('the seeds', () => {
  it('are six', () => {
    expect(files).toHaveLength(6);
  });

  it.each(files)('%s reads as expected', (file) => {
    const golden = join(SEEDS, file.replace(/\.conf$/, '.expected'));
    const actual = expectationOf(file);
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(golden, actual);
    expect(actual).toBe(readFileSync(golden, 'utf8'));
  });

  it('work as their authors meant', () => {
    const { instances, virtualServers } = seed('proxy2');
    expect(instances).toMatchObject([
      { state: 'BACKUP', interface: 'eth0', vrid: 50, priority: 50, virtualAddresses: [{ address: '192.168.4.15' }] },
    ]);
    expect(virtualServers).toMatchObject([
      {
        id: '192.168.4.15:80/TCP',
        scheduler: 'wrr',
        forwardingMethod: 'direct-route',
        realServers: [
          { id: '192.168.4.100:80', settings: { weight: 1, checkers: [{ kind: 'TCP_CHECK', retry: 3 }] } },
          { id: '192.168.4.200:80', settings: { weight: 2, checkers: [{ kind: 'TCP_CHECK', retry: 3 }] } },
        ],
      },
    ]);
    expect(seed('web1').instances).toMatchObject([{ state: 'BACKUP', priority: 100, vrid: 50 }]);
    expect(seed('lvs-dr-master').instances).toMatchObject([
      { state: 'MASTER', priority: 100, vrid: 41, authentication: { type: 'PASS', password: '1111' } },
    ]);
  });

  it('agree within each pair about authentication, or the two would both be MASTER', () => {
    for (const pair of ['proxy', 'web']) {
      const [one, other] = [`${pair}1`, `${pair}2`].map((name) => seed(name).instances[0]?.authentication);
      expect(one).toEqual(other);
    }
  });
});
