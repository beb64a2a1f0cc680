/** What must hold when things happen at the wrong moment: nothing is left behind, and nothing of others is touched. */
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cluster, VIRTUAL_IP } from '../lab/cluster.ts';
import { run, until } from '../lab/process.ts';
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
  until(`director1 holds ${address}`, 15_000, async () => ((await addresses()).includes(address) ? true : undefined));
const allGone = () =>
  until('all are gone', 15_000, async () => ((await cluster.processes('director1')).length === 0 ? true : undefined));
const startAsMaster = async (text: string) => {
  holdfast.configure(text);
  holdfast.start();
  await holds(VIRTUAL_IP);
};
/** Ends a process of the agent and waits until main has noticed. */
const kill = async (role: 'election' | 'health') => {
  const since = holdfast.lines.length;
  process.kill((await holdfast.pidOf(role)) ?? 0, 'SIGKILL');
  await holdfast.says(`the ${role} process died`, 10_000, since);
};

describe('a stop', () => {
  it('while the agent starts leaves no address of the owner', async () => {
    for (const wait of ['starting with', 'Entering MASTER']) {
      holdfast.configure(instanceText([VIRTUAL_IP]).replace('priority 254', 'priority 255'));
      const since = holdfast.lines.length;
      holdfast.start();
      await holdfast.says(wait, 10_000, since);
      await holdfast.stop();
      expect(await addresses()).not.toContain(VIRTUAL_IP);
      expect(await cluster.processes('director1')).toEqual([]);
    }
  });

  it('while the election is dead and not started again yet leaves no address', async () => {
    await startAsMaster(instanceText([VIRTUAL_IP]));
    await kill('election');
    await holds(VIRTUAL_IP);
    await until('it is there again', 10_000, () => holdfast.pidOf('election'));
    await until('MASTER again', 15_000, async () =>
      (await holdfast.status())?.instances[0]?.state === 'MASTER' ? true : undefined,
    );
    await kill('election'); // the second death in a row: the next start waits for a second
    const since = holdfast.lines.length;
    await holdfast.stop();
    expect(holdfast.lines.slice(since).join('\n')).toContain('the election process did not end in order (it was dead)');
    expect(await addresses()).not.toContain(VIRTUAL_IP);
  });

  it('by a signal to all of its processes at once is in order', async () => {
    await startAsMaster(instanceText([VIRTUAL_IP]));
    for (const pid of await cluster.processes('director1')) process.kill(pid, 'SIGTERM');
    await allGone();
    expect(await addresses()).not.toContain(VIRTUAL_IP);
    expect(holdfast.lines.join('\n')).not.toMatch(/process died|not end in order/);
  });
});

describe('addresses of others', () => {
  it('survive where Linux removes them together with ours: secondaries of one network (P6)', async () => {
    await cluster.exec('director1', 'sysctl', '-q', '-w', 'net.ipv4.conf.all.promote_secondaries=0');
    await cluster.exec('director1', 'sysctl', '-q', '-w', 'net.ipv4.conf.eth0.promote_secondaries=0');
    await startAsMaster(instanceText([VIRTUAL_IP, '10.99.0.15/24']));
    await holds('10.99.0.15');
    await cluster.exec('director1', 'ip', 'address', 'add', '10.99.0.50/24', 'dev', 'eth0', 'label', 'eth0:x');
    await holdfast.stop();
    const { stdout } = await cluster.exec('director1', 'ip', '-o', '-4', 'address', 'show', 'dev', 'eth0');
    expect(stdout).not.toContain('10.99.0.15');
    expect(stdout).toMatch(/inet 10\.99\.0\.50\/24 .*eth0:x/);
  });
});

describe('a reload', () => {
  it('that renames an instance or moves an address between two touches no address', async () => {
    const second = '192.168.4.16';
    const two = (first: string[], other: string[]) =>
      `${instanceText(first)}${instanceText(other).replace('VI_1', 'VI_2').replace('router_id 50', 'router_id 51')}`;
    await startAsMaster(two([VIRTUAL_IP, second], ['192.168.4.17']));
    await holds('192.168.4.17');
    const before = holdfast.lines.length;
    holdfast.configure(two([VIRTUAL_IP], ['192.168.4.17', second]).replace('VI_1', 'RENAMED'));
    holdfast.signal('SIGHUP');
    await holdfast.says('Reload complete', 10_000, before);
    await until('both are MASTER under their names', 10_000, async () => {
      const instances = (await holdfast.status())?.instances ?? [];
      return instances.map(({ name, state }) => `${name} ${state}`).join() === 'RENAMED MASTER,VI_2 MASTER'
        ? true
        : undefined;
    });
    expect(await addresses()).toContain(second);
    expect(holdfast.lines.slice(before).filter((line) => /address-(added|removed|lost)/.test(line))).toEqual([]);
  });

  it('while the election starts is not lost', async () => {
    holdfast.configure(instanceText([VIRTUAL_IP]));
    holdfast.start();
    await holdfast.says('starting with');
    holdfast.configure(instanceText(['192.168.4.16']));
    holdfast.signal('SIGHUP');
    await holds('192.168.4.16');
    expect(await addresses()).not.toContain(VIRTUAL_IP);
  });
});

describe('the agent in the background', () => {
  it('takes relative paths, and survives the death of each of its processes', async () => {
    holdfast.configure(instanceText([VIRTUAL_IP]) + SERVICE);
    const where = join(holdfast.file, '..');
    const words = ['-f', basename(holdfast.file), '--run-dir', basename(holdfast.runDirectory), '-G'];
    const [program, args] = cluster.inNode('director1', ['env', '--chdir', where, PROGRAM, ...words]);
    expect(await run(program, args)).toMatchObject({ code: 0, stderr: '' });
    await holds(VIRTUAL_IP);
    for (const role of ['health', 'election'] as const) {
      const pid = await holdfast.pidOf(role);
      process.kill(pid ?? 0, 'SIGKILL');
      await until(`${role} is started again`, 10_000, async () => {
        const next = await holdfast.pidOf(role);
        return next !== undefined && next !== pid ? true : undefined;
      });
    }
    await holds(VIRTUAL_IP);
    process.kill(holdfast.pid ?? 0, 'SIGTERM');
    await allGone();
    expect(existsSync(join(holdfast.runDirectory, 'holdfast.sock'))).toBe(false);
  });
});

describe('the control socket', () => {
  it('answers every path without harm', async () => {
    await startAsMaster(instanceText([VIRTUAL_IP]));
    const socketPath = join(holdfast.runDirectory, 'holdfast.sock');
    const statusOf = (path: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const question = request({ socketPath, path }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        question.on('error', reject);
        question.end();
      });
    for (const path of ['//', '/../status', '/constructor', '/__proto__', '/status/'])
      expect(await statusOf(path)).toBe(404);
    expect(await statusOf('/status?x=1')).toBe(200);
  });
});
