/** The agent alone on a director: what it holds, repairs, says and leaves behind. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cluster, VIRTUAL_IP } from '../lab/cluster.ts';
import { Background, run, until } from '../lab/process.ts';
import { Holdfast, instanceText, PROGRAM, SERVICE } from './holdfast.ts';

let cluster: Cluster;
let holdfast: Holdfast;

beforeEach(async () => {
  cluster = await Cluster.build('dr');
  holdfast = new Holdfast(cluster, 'director1');
});

afterEach(async (context) => {
  if (context.task.result?.state === 'fail') process.stderr.write(`${holdfast.lines.join('\n')}\n`);
  await holdfast.stop();
  cluster.close();
});

const addresses = () => cluster.addresses('director1');
const holds = (address: string) =>
  until(`director1 holds ${address}`, 10_000, async () => ((await addresses()).includes(address) ? true : undefined));
const isFreeOf = (address: string) =>
  until(`${address} is away`, 10_000, async () => ((await addresses()).includes(address) ? undefined : true));

describe('the agent', () => {
  it('takes the address and leaves nothing behind; a foreign address survives (P6)', async () => {
    await cluster.exec('director1', 'ip', 'address', 'add', '192.168.4.77/24', 'dev', 'eth0');
    const before = await addresses();
    holdfast.configure(instanceText([VIRTUAL_IP]));
    holdfast.start();
    await holds(VIRTUAL_IP);
    const status = await holdfast.status();
    expect(status?.instances[0]).toMatchObject({
      name: 'VI_1',
      state: 'MASTER',
      cause: 'master-down-timer',
      virtualAddresses: [{ address: `${VIRTUAL_IP}/32`, interface: 'eth0', held: true }],
    });
    await holdfast.stop();
    expect((await addresses()).sort()).toEqual(before.sort());
    expect(await cluster.processes('director1')).toEqual([]);
    expect(existsSync(join(holdfast.runDirectory, 'holdfast.sock'))).toBe(false);
    expect(existsSync(join(holdfast.runDirectory, 'holdfast.pid'))).toBe(false);
  });

  it('puts back an address that somebody removes, without an election (P7)', async () => {
    holdfast.configure(instanceText([VIRTUAL_IP]));
    holdfast.start();
    await holds(VIRTUAL_IP);
    const transitions = (await holdfast.status())?.instances[0]?.transitions;
    await cluster.exec('director1', 'ip', 'address', 'del', `${VIRTUAL_IP}/32`, 'dev', 'eth0');
    await holdfast.says(`somebody removed ${VIRTUAL_IP}/32 dev eth0`);
    await holds(VIRTUAL_IP);
    expect((await holdfast.status())?.instances[0]).toMatchObject({ state: 'MASTER', transitions });
  });

  it('clears what an earlier life that was killed left behind, and goes on', async () => {
    holdfast.configure(instanceText([VIRTUAL_IP]));
    holdfast.start();
    await holds(VIRTUAL_IP);
    for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
      for (const pid of await cluster.processes('director1')) process.kill(pid, signal);
    }
    await until('all are gone', 5_000, async () =>
      (await cluster.processes('director1')).length === 0 ? true : undefined,
    );
    expect(await addresses()).toContain(VIRTUAL_IP);
    holdfast.start();
    await isFreeOf(VIRTUAL_IP);
    await holds(VIRTUAL_IP);
  });

  it('starts the processes that the file has something to do for, and others when a reload has', async () => {
    holdfast.configure('');
    holdfast.start();
    await holdfast.says('Startup complete');
    // the agent alone, once the election that was begun early is gone
    await until('one process', 5_000, async () =>
      (await cluster.processes('director1')).length === 1 ? true : undefined,
    );
    const status = await holdfast.status();
    expect(status).toMatchObject({ instances: [], virtualServers: [], ipvs: { available: false, reason: 'not run' } });
    expect(status?.agent.warnings).toEqual([]);
    expect(await holdfast.command('handover', '--run-dir', holdfast.runDirectory)).toMatchObject({ code: 0 });
    holdfast.configure(instanceText([VIRTUAL_IP]));
    holdfast.signal('SIGHUP');
    await holdfast.says('Reload complete');
    await holds(VIRTUAL_IP);
    expect(await holdfast.pidOf('health')).toBeUndefined();
    expect((await holdfast.status())?.agent.warnings).toEqual([]);
    holdfast.configure(SERVICE);
    const since = holdfast.lines.length;
    holdfast.signal('SIGHUP');
    await holdfast.says('Reload complete', 10_000, since);
    await isFreeOf(VIRTUAL_IP);
    expect(await holdfast.pidOf('health')).toBeDefined();
    expect((await holdfast.status())?.virtualServers).toHaveLength(1);
  });

  it('reads a file that can be read only once', async () => {
    holdfast.configure(instanceText([VIRTUAL_IP]));
    const words = `exec ${PROGRAM} -n -l -f /dev/stdin --run-dir ${holdfast.runDirectory}`;
    const agent = new Background(
      ...cluster.inNode('director1', ['sh', '-c', `cat ${holdfast.file} | ${words}`]),
      () => {},
    );
    await holds(VIRTUAL_IP);
    agent.signal('SIGTERM');
    process.kill(holdfast.pid ?? 0, 'SIGTERM');
    await agent.ended;
    expect(await addresses()).not.toContain(VIRTUAL_IP);
  });

  it('leaves an address alone that was there before and is not marked, and says so (P6)', async () => {
    await cluster.exec('director1', 'ip', 'address', 'add', `${VIRTUAL_IP}/32`, 'dev', 'eth0');
    holdfast.configure(instanceText([VIRTUAL_IP]));
    holdfast.start();
    await holdfast.says('Entering MASTER STATE');
    await holdfast.says('was not added by holdfast');
    expect((await holdfast.status())?.agent.warnings.join()).toContain('was not added by holdfast');
    await holdfast.stop();
    expect(await addresses()).toContain(VIRTUAL_IP);
  });

  it('a link without carrier is a fault; it comes back as BACKUP and takes over again', async () => {
    holdfast.configure(instanceText([VIRTUAL_IP]));
    holdfast.start();
    await holds(VIRTUAL_IP);
    await cluster.cutLink('director1');
    await holdfast.says('Entering FAULT STATE: interface eth0 is without carrier');
    await isFreeOf(VIRTUAL_IP);
    await cluster.restoreLink('director1');
    await holds(VIRTUAL_IP);
  });

  it('starts its election process again when that dies', async () => {
    holdfast.configure(instanceText([VIRTUAL_IP]));
    holdfast.start();
    await holds(VIRTUAL_IP);
    const pid = await holdfast.pidOf('election');
    process.kill(pid ?? 0, 'SIGKILL');
    await holdfast.says('the election process died (SIGKILL)');
    await isFreeOf(VIRTUAL_IP);
    await holds(VIRTUAL_IP);
    expect(await holdfast.pidOf('election')).not.toBe(pid);
  });

  it('without its main process the others release everything and end', async () => {
    holdfast.configure(instanceText([VIRTUAL_IP]));
    holdfast.start();
    await holds(VIRTUAL_IP);
    process.kill(holdfast.pid ?? 0, 'SIGKILL');
    await isFreeOf(VIRTUAL_IP);
    await until('all are gone', 5_000, async () =>
      (await cluster.processes('director1')).length === 0 ? true : undefined,
    );
  });

  it('says whether the kernel has IPVS, and elects either way', async () => {
    holdfast.configure(instanceText([VIRTUAL_IP]) + SERVICE);
    holdfast.start();
    await holds(VIRTUAL_IP);
    const table = await cluster.exec('director1', 'ipvsadm', '-Ln');
    const status = await holdfast.status();
    expect(status?.instances[0]?.state).toBe('MASTER');
    expect(status?.ipvs.available).toBe(table.code === 0);
    expect(status?.agent.warnings.some((warning) => warning.includes('modprobe ip_vs'))).toBe(table.code !== 0);
  });

  it('a second agent in the same run directory does not start', async () => {
    holdfast.configure(instanceText([VIRTUAL_IP]));
    holdfast.start();
    await holdfast.says('Startup complete');
    const second = await holdfast.command('-n', '-f', holdfast.file, '--run-dir', holdfast.runDirectory);
    expect(second.code).toBe(0);
    expect(second.stderr).toContain('already running');
    expect(holdfast.running).toBe(true);
  });

  it('goes to the background without -n and is stopped by its pid', async () => {
    holdfast.configure(instanceText([VIRTUAL_IP]));
    const started = await holdfast.command('-G', '-f', holdfast.file, '--run-dir', holdfast.runDirectory);
    expect(started.code).toBe(0);
    await holds(VIRTUAL_IP);
    process.kill(holdfast.pid ?? 0, 'SIGTERM');
    await until('it is gone', 5_000, async () =>
      (await cluster.processes('director1')).length === 0 ? true : undefined,
    );
    expect(await addresses()).not.toContain(VIRTUAL_IP);
  });

  it('runs with what it understood of a broken file, and keeps saying so', async () => {
    holdfast.configure(`${instanceText([VIRTUAL_IP], 'bogus_keyword 1')}vrrp_instance VI_2 {\n interface eth0\n}\n`);
    holdfast.start();
    await holds(VIRTUAL_IP);
    const warnings = (await holdfast.status())?.agent.warnings.join('\n');
    expect(warnings).toContain('running with what was understood');
  });

  it('a control client that talks nonsense is shown the door', async () => {
    holdfast.configure(instanceText([VIRTUAL_IP]));
    holdfast.start();
    await holdfast.says('Startup complete');
    const socket = join(holdfast.runDirectory, 'holdfast.sock');
    const ask = (path: string, ...options: string[]) =>
      run('curl', ['-s', '--unix-socket', socket, ...options, `http://x${path}`]);
    expect(JSON.parse((await ask('/nowhere')).stdout)).toEqual({
      error: expect.stringContaining('unknown path; known are /status'),
    });
    expect(JSON.parse((await ask('/status', '-X', 'POST')).stdout)).toEqual({ error: 'only GET is understood here' });
    await ask('/%', '-H', `x: ${'y'.repeat(100_000)}`);
    expect((await holdfast.status())?.agent.pid).toBe(holdfast.pid);
  });
});
