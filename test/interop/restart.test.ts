/** A restart of the agent that nobody notices: no lost echo, no transition, neither here nor on the peer. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cluster, VIRTUAL_IP } from '../lab/cluster.ts';
import { EchoProbe } from '../lab/probes.ts';
import { until } from '../lab/process.ts';
import { Capture } from './capture.ts';
import { Holdfast, instanceText, SERVICE } from './holdfast.ts';

const MASTER = '192.168.4.5';

let cluster: Cluster;
let capture: Capture;
let master: Holdfast;
let backup: Holdfast;

beforeEach(async () => {
  cluster = await Cluster.build('dr');
  capture = await Capture.start(cluster);
  master = new Holdfast(cluster, 'director1');
  backup = new Holdfast(cluster, 'director2');
  master.configure(instanceText([VIRTUAL_IP]) + SERVICE);
  backup.configure(instanceText([VIRTUAL_IP]).replace('priority 254', 'priority 100'));
});

afterEach(async (context) => {
  if (context.task.result?.state === 'fail') {
    process.stderr.write(`${master.lines.join('\n')}\n---\n${backup.lines.join('\n')}\n`);
    process.stderr.write(`${JSON.stringify(capture.advertisements.slice(-20))}\n`);
  }
  for (const agent of [master, backup]) await agent.stop();
  await capture.stop();
  cluster.close();
});

async function startBoth(...environment: readonly string[]): Promise<void> {
  master.start(...environment);
  await master.says('Entering MASTER', 30_000);
  backup.start();
  await backup.says('Entering BACKUP', 30_000);
  await until('both are ready', 20_000, () =>
    [master, backup].every(({ lines }) => lines.some((line) => line.includes('Startup complete'))) ? true : undefined,
  );
}

const transitionsOf = ({ lines }: Holdfast): string[] => lines.filter((line) => line.includes('event=state-change'));
const restart = (agent: Holdfast) => agent.command('restart', '--run-dir', agent.runDirectory);
const processes = async () => (await cluster.processes('director1')).length;

/** What must hold over everything that happens in `work`. */
async function unnoticed(work: () => Promise<void>): Promise<void> {
  const echo = await EchoProbe.answered(cluster);
  const [mine, peers] = [transitionsOf(master).length, transitionsOf(backup).length];
  const since = capture.advertisements.length;
  await work();
  const seen = capture.advertisements.length;
  await until('two more advertisements', 30_000, () => (capture.advertisements.length >= seen + 2 ? true : undefined));
  expect(echo.lost).toBe(0);
  await echo.stop();
  expect(transitionsOf(master).slice(mine)).toEqual([]);
  expect(transitionsOf(backup).slice(peers)).toEqual([]);
  const heard = capture.advertisements.slice(Math.max(0, since - 1));
  expect(heard.filter(({ source }) => source !== MASTER)).toEqual([]);
  expect(heard.filter(({ priority }) => priority === 0)).toEqual([]);
  const gaps = heard.slice(1).map(({ at }, i) => at - (heard[i]?.at ?? 0));
  expect(Math.max(...gaps)).toBeLessThan(1.5);
  expect([...master.lines, ...backup.lines].join('\n')).not.toContain('the guard acted');
}

describe('holdfast restart', () => {
  it('of the MASTER replaces every process, and nobody notices', async () => {
    await startBoth();
    const before = [master.pid, await master.pidOf('election'), await master.pidOf('health')];
    const count = await processes();
    await unnoticed(async () => {
      for (let round = 0; round < 3; round++) {
        const since = master.lines.length;
        expect(await restart(master)).toMatchObject({ code: 0, stderr: '' });
        // its log goes where it went before
        for (const role of ['election', 'health'])
          await master.says(`the ${role} process has taken over`, 30_000, since);
      }
    });
    const after = [master.pid, await master.pidOf('election'), await master.pidOf('health')];
    expect(after[0]).toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
    expect(after[2]).not.toBe(before[2]);
    await until('the old ones are gone', 20_000, async () => ((await processes()) === count ? true : undefined));
    expect((await master.status())?.instances[0]).toMatchObject({
      state: 'MASTER',
      transitions: 2,
      cause: 'master-down-timer',
      virtualAddresses: [{ address: `${VIRTUAL_IP}/32`, held: true }],
    });
  });

  it('of the BACKUP keeps its timer: it takes over in time', async () => {
    await startBoth();
    await unnoticed(async () => {
      expect(await restart(backup)).toMatchObject({ code: 0 });
    });
    const since = capture.advertisements.length;
    await master.stop();
    const takeover = await capture.first('the takeover', 20_000, (one) => one.source !== MASTER, since);
    const farewell = await capture.first('priority zero', 20_000, (one) => one.priority === 0, since);
    expect(takeover.at - farewell.at).toBeLessThan(156 / 256 + 0.1);
  });

  it('takes what is new in the file, and hands over an instance that is not in it any more', async () => {
    await startBoth();
    master.configure(instanceText([VIRTUAL_IP, '192.168.4.16']));
    await unnoticed(async () => {
      expect(await restart(master)).toMatchObject({ code: 0 });
      expect(await cluster.addresses('director1')).toEqual(expect.arrayContaining([VIRTUAL_IP, '192.168.4.16']));
    });
    master.configure('global_defs {\n}\n');
    expect(await restart(master)).toMatchObject({ code: 0 });
    await backup.says('Entering MASTER', 30_000);
    expect(await cluster.addresses('director1')).not.toContain(VIRTUAL_IP);
  });

  it.each([
    ['no other process', ''],
    ['a health process alone', SERVICE],
  ])('with %s is no start: startup_script does not run and init_file is not written again', async (_, service) => {
    const [script, runs, number] = ['startup.sh', 'runs', 'number'].map((name) => join(cluster.directory, name));
    writeFileSync(script as string, `#!/bin/sh\necho run >> ${runs}\n`, { mode: 0o755 });
    const tracked = `track_file number {\n file ${number}\n init_file 5 overwrite\n}\n`;
    master.configure(`global_defs {\n script_user root\n startup_script ${script}\n}\n${tracked}${service}`);
    master.start();
    await master.says('Startup complete', 30_000);
    expect(readFileSync(number as string, 'utf8').trim()).toBe('5');
    writeFileSync(number as string, '7\n');
    for (let round = 0; round < 2; round++) {
      const since = master.lines.length;
      expect(await restart(master)).toMatchObject({ code: 0, stderr: '' });
      await master.says('Startup complete', 30_000, since);
    }
    expect(readFileSync(number as string, 'utf8').trim()).toBe('7');
    expect(readFileSync(runs as string, 'utf8')).toBe('run\n');
  });

  it('is refused where the configuration would not do, and nothing changes', async () => {
    await startBoth();
    const election = await master.pidOf('election');
    master.configure(`${instanceText([VIRTUAL_IP])}vrrp_instance {\n`);
    await unnoticed(async () => {
      expect(await restart(master)).toMatchObject({ code: 1, stderr: expect.stringContaining('in the configuration') });
    });
    expect(await master.pidOf('election')).toBe(election);
  });
});

/** A systemctl that knows of one job for our unit. */
function fakeSystemctl(type: string): string {
  const directory = join(cluster.directory, 'bin');
  mkdirSync(directory);
  writeFileSync(join(directory, 'systemctl'), `#!/bin/sh\necho "1234 $4 ${type} running"\n`);
  chmodSync(join(directory, 'systemctl'), 0o755);
  return `PATH=${directory}:${process.env.PATH}`;
}

/** Nobody listens there: what is told gets lost. */
const SERVICE_MANAGER = 'NOTIFY_SOCKET=@holdfast-test';

describe('under a service manager', () => {
  it('a stop that a start follows is a restart', async () => {
    await startBoth(SERVICE_MANAGER, fakeSystemctl('restart'));
    const [pid, election] = [master.pid, await master.pidOf('election')];
    await unnoticed(async () => {
      master.signal('SIGTERM');
      await until('main has ended', 20_000, () => (master.running ? undefined : true));
      expect(await master.pidOf('election')).toBe(election);
      const cleanup = await master.command('cleanup', master.file, '--run-dir', master.runDirectory);
      expect(cleanup).toMatchObject({ code: 1, stderr: expect.stringContaining('waits for the next agent') });
      const since = master.lines.length;
      master.start();
      await master.says('the election process has taken over', 30_000, since);
    });
    expect(master.pid).not.toBe(pid);
    expect(await master.pidOf('election')).not.toBe(election);
  });

  it('a stop is a stop', async () => {
    await startBoth(SERVICE_MANAGER, fakeSystemctl('stop'));
    await master.stop();
    await backup.says('Entering MASTER', 30_000);
    expect(await cluster.processes('director1')).toEqual([]);
  });

  it('a main process that is killed is followed by another one, and nobody notices', async () => {
    await startBoth(SERVICE_MANAGER);
    await unnoticed(async () => {
      process.kill(master.pid ?? 0, 'SIGKILL');
      await until('main is gone', 20_000, () => (master.running ? undefined : true));
      const since = master.lines.length;
      master.start();
      await master.says('the health process has taken over', 30_000, since);
    });
  });

  it('a main process that is killed and not followed is missed after ten seconds', async () => {
    await startBoth(SERVICE_MANAGER);
    const since = capture.advertisements.length;
    process.kill(master.pid ?? 0, 'SIGKILL');
    const farewell = await capture.first('priority zero', 120_000, (one) => one.priority === 0, since);
    expect(farewell.source).toBe(MASTER);
    const heard = capture.advertisements.slice(since).filter(({ source }) => source === MASTER);
    expect(heard.length).toBeGreaterThan(8);
    await until('everything is left', 20_000, async () => ((await processes()) === 0 ? true : undefined));
    expect(await cluster.addresses('director1')).not.toContain(VIRTUAL_IP);
  });
});
