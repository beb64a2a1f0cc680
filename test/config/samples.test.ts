/** The files under config/: nothing is to be said about any of them, by us or by keepalived. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkerKinds, toldCheckerKinds } from '../../src/checks/index.ts';
import { readConfiguration } from '../../src/daemon/root.ts';
import { isStrange } from './strange-samples.ts';

const CONFIG = join(import.meta.dirname, '../../config');
const files = readdirSync(CONFIG, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.conf'))
  .sort();

const configuration = (file: string) =>
  readConfiguration(file, (path) => readFileSync(join(CONFIG, path))).configuration;

/** keepalived's config test wants the interfaces to exist: a network namespace of its own has them. */
const OPINION = `
  ip link set lo up &&
  for name in eth0 eth1; do ip link add $name type veth peer name "p$name" && ip link set $name up; done &&
  ip addr add 192.168.4.5/24 dev eth0 && ip addr add 10.0.0.5/24 dev eth1 &&
  exec keepalived -t -f "$1"`;

const inNamespace = (script: string, ...args: string[]) =>
  spawnSync('unshare', ['-n', 'sh', '-c', script, 'sh', ...args], { encoding: 'utf8' });

const checkFiles = files.filter((name) => name.startsWith('check-'));

describe('config/', () => {
  it('has the pairs of all three forwarding methods, and one without a director', () => {
    expect(files.filter((name) => !checkFiles.includes(name))).toEqual(
      ['lvs-dr/director', 'lvs-nat/director', 'lvs-tun/director', 'vrrp-bfd/web', 'vrrp-pair/web'].flatMap((name) => [
        `${name}1.conf`,
        `${name}2.conf`,
      ]),
    );
  });

  it('has every checker that is acted on, from a file of its own', () => {
    const texts = checkFiles.map((name) => readFileSync(join(CONFIG, name), 'utf8')).join('');
    for (const { keyword } of [...checkerKinds, ...toldCheckerKinds]) {
      if (keyword !== 'TCP_CHECK') expect(texts).toContain(`${keyword} {`);
    }
  });

  it.each(files)('%s is read without a word', (file) => {
    const { diagnostics, exitCode } = readConfiguration(file, (path) => readFileSync(join(CONFIG, path)));
    expect({ diagnostics, exitCode }).toEqual({ diagnostics: [], exitCode: 0 });
  });

  it.for(files.filter((name) => !isStrange(name)))('%s is fine for keepalived', (file, { skip }) => {
    skip(spawnSync('keepalived', ['--version']).error !== undefined, 'keepalived is not installed');
    skip(inNamespace('true').status !== 0, 'no network namespace can be made here (root is needed)');
    const { status, stdout, stderr } = inNamespace(OPINION, join(CONFIG, file));
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
  });

  it.each(['lvs-dr', 'lvs-nat', 'lvs-tun', 'vrrp-bfd', 'vrrp-pair'])(
    'the two files of %s differ only where they must',
    (pair) => {
      const [first, second] = files.filter((file) => file.startsWith(pair)).map(configuration);
      const neutral = (one = first) => ({
        ...one,
        global: { ...one?.global, routerId: '' },
        instances: one?.instances.map((instance) => ({ ...instance, state: '', priority: 0 })),
      });
      expect(neutral(first)).toEqual(neutral(second));
      expect(first?.instances[0]).toMatchObject({ state: 'MASTER', priority: 100 });
      expect(second?.instances[0]).toMatchObject({ state: 'BACKUP', priority: 50 });
    },
  );
});
