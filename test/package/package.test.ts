/** The build, and the Debian package: built, installed in a system without compiler and Node, and run from there. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import nodeOptions from '../../src/daemon/node-options.json' with { type: 'json' };

const ROOT = resolve(import.meta.dirname, '../..');
const PROBE = join(ROOT, 'test/support/kept-code.cjs');
const shared = mkdtempSync(join(tmpdir(), 'holdfast-package-'));
const copy = join(shared, 'copy');

/** Runs a shell script in the clean system, with the package installed first. */
function inCleanSystem(script: string) {
  const install = `apt-get install -y --no-install-recommends ${shared}/holdfast.deb >/dev/null 2>${shared}/apt.log || { cat ${shared}/apt.log >&2; exit 99; }`;
  const outcome = spawnSync(
    'sh',
    [join(import.meta.dirname, 'in-clean-root.sh'), shared, '/bin/sh', '-c', `set -eu; ${install}; ${script}`],
    {
      encoding: 'utf8',
      cwd: '/',
      timeout: 100_000,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive' },
    },
  );
  return { status: outcome.status, stdout: outcome.stdout, stderr: outcome.stderr };
}

beforeAll(() => {
  execFileSync('npm', ['run', '--silent', 'package'], { cwd: ROOT, stdio: 'inherit' });
  const deb = readdirSync(ROOT).find((file) => /^holdfast_.*\.deb$/.test(file));
  if (deb === undefined) throw new Error('npm run package left no .deb');
  cpSync(join(ROOT, deb), join(shared, 'holdfast.deb'));
}, 300_000);

afterAll(() => rmSync(shared, { recursive: true }));

describe('the Debian package', () => {
  it('runs with the Node inside it: no compiler, no other Node', () => {
    expect(
      inCleanSystem(
        '! command -v node; ! command -v g++; ! command -v make; holdfast --version; unshare --net sh -c "ip link add eth0 type veth peer name peer0; holdfast check /usr/share/doc/holdfast/examples/lvs-dr/director1.conf"',
      ),
    ).toEqual({
      status: 0,
      stdout: 'holdfast 0.1.0\n/usr/share/doc/holdfast/examples/lvs-dr/director1.conf: ok\n',
      stderr: '',
    });
  });

  it('has compiled code that its Node takes', () => {
    cpSync(PROBE, join(shared, 'kept-code.cjs'));
    const asked = Object.entries({ main: [], ...nodeOptions }).map(
      ([role, options]) =>
        `/usr/lib/holdfast/bin/node ${options.join(' ')} ${shared}/kept-code.cjs /usr/lib/holdfast @${role}`,
    );
    expect(inCleanSystem(asked.join(';'))).toEqual({ status: 0, stdout: 'taken\ntaken\ntaken\n', stderr: '' });
  });

  it('starts in a network namespace, becomes master, answers status, and leaves nothing behind', () => {
    const script = `
unshare --net sh -eu -c '
  ip link add eth0 type veth peer name peer0
  ip address add 192.168.4.5/24 dev eth0
  ip link set lo up; ip link set eth0 up; ip link set peer0 up
  holdfast -n -f /usr/share/doc/holdfast/examples/vrrp-pair/web1.conf > /tmp/log 2>&1 &
  agent=$!
  for i in $(seq 200); do ip -o address show dev eth0 | grep -q 192.168.4.80 && break; sleep 0.1; done
  holdfast status --json | grep -o "\\"state\\": \\"[A-Z]*\\""
  kill $agent
  wait $agent || { cat /tmp/log >&2; exit 1; }
  ip -o address show dev eth0 | grep -c 192.168.4.80 || true
  ls /run/holdfast
'`;
    expect(inCleanSystem(script)).toEqual({ status: 0, stdout: '"state": "MASTER"\n0\n', stderr: '' });
  });

  it('its unit is accepted by systemd-analyze verify', () => {
    const script = 'mkdir -p /run/systemd/system; systemd-analyze verify /lib/systemd/system/holdfast.service';
    const { status, stderr } = inCleanSystem(script);
    expect({ status, about: stderr.split('\n').filter((line) => line.includes('holdfast')) }).toEqual({
      status: 0,
      about: [],
    });
  });

  it('is removed without a trace', () => {
    const script =
      'apt-get purge -y holdfast >/dev/null 2>&1; ls -d /usr/lib/holdfast /usr/sbin/holdfast /etc/holdfast 2>/dev/null || true';
    expect(inCleanSystem(script)).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});

/** A process of the Node that runs here. */
const run = (...words: string[]) => execFileSync(process.execPath, words, { encoding: 'utf8' }).trim();

describe('the compiled code that a build keeps', () => {
  it('is taken in each kind of process, with its options of Node, and not with others', () => {
    expect(run(PROBE, ROOT)).toBe('taken');
    for (const [role, options] of Object.entries(nodeOptions)) {
      expect(run(...options, PROBE, ROOT, `@${role}`)).toBe('taken');
      expect(run('--no-opt', PROBE, ROOT, `@${role}`)).toBe('not taken');
    }
  });

  it('is not needed: without it and with a broken one the program does the same', () => {
    for (const folder of ['bin', 'dist']) cpSync(join(ROOT, folder), join(copy, folder), { recursive: true });
    symlinkSync(join(ROOT, 'native'), join(copy, 'native'));
    const version = () => run(join(copy, 'bin/holdfast'), '--version');
    const said = version();
    expect(said).toMatch(/^holdfast \d/);
    truncateSync(join(copy, 'dist/main.cjs.cache'), 1000);
    expect(version()).toBe(said);
    rmSync(join(copy, 'dist/main.cjs.cache'));
    expect(version()).toBe(said);
  });
});
