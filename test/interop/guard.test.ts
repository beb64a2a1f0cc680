/** An agent that is killed or hangs keeps no address: the guard withdraws (P3). Two nodes, times of captured packets. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cluster, VIRTUAL_IP } from '../lab/cluster.ts';
import { until } from '../lab/process.ts';
import { Capture } from './capture.ts';
import { Holdfast, instanceText } from './holdfast.ts';

const MASTER = '192.168.4.5';
const BACKUP = '192.168.4.6';
/** Skew_Time of the backup's priority 100 at one second (RFC 3768 §6.1), in seconds. */
const SKEW_TIME = 156 / 256;
/** What may be added to it, in seconds. */
const TOLERANCE = 0.1;

let cluster: Cluster;
let capture: Capture;
let master: Holdfast;
let backup: Holdfast;

beforeEach(async () => {
  cluster = await Cluster.build('dr');
  capture = await Capture.start(cluster);
  master = new Holdfast(cluster, 'director1');
  backup = new Holdfast(cluster, 'director2');
  master.configure(instanceText([VIRTUAL_IP], 'garp_master_delay 0'));
  backup.configure(instanceText([VIRTUAL_IP]).replace('priority 254', 'priority 100'));
  master.start();
  await master.says('Entering MASTER');
  backup.start();
  await backup.says('Entering BACKUP');
  await until('the guard watches', 5_000, guardOf);
});

afterEach(async (context) => {
  if (context.task.result?.state === 'fail') {
    process.stderr.write(`${master.lines.join('\n')}\n---\n${backup.lines.join('\n')}\n`);
    process.stderr.write(`${JSON.stringify(capture.advertisements)}\n`);
  }
  for (const agent of [master, backup]) await agent.stop();
  await capture.stop();
  cluster.close();
});

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return ''; // gone meanwhile
  }
};
const guardOf = async () => (await cluster.processes('director1')).find((pid) => commandOf(pid) === 'holdfast-guard');
const electionOf = async () => (await master.pidOf('election')) ?? 0;
const addresses = () => cluster.addresses('director1');
const released = () =>
  until('director1 holds nothing', 1_000, async () => ((await addresses()).includes(VIRTUAL_IP) ? undefined : true));

/** The farewell of the old MASTER and the first word of the new one. */
async function handover(since: number) {
  const farewell = await capture.first(
    'priority zero',
    8_000,
    (one) => one.source === MASTER && one.priority === 0,
    since,
  );
  const takeover = await capture.first('the takeover', 8_000, (one) => one.source === BACKUP, since);
  return { farewell, takeover };
}

describe('the guard', () => {
  it('withdraws at once when the election is killed: the backup takes over after Skew_Time', async () => {
    const since = capture.advertisements.length;
    process.kill(await electionOf(), 'SIGKILL');
    await released();
    const { farewell, takeover } = await handover(since);
    expect(takeover.at - farewell.at).toBeGreaterThan(SKEW_TIME - 0.001);
    expect(takeover.at - farewell.at).toBeLessThan(SKEW_TIME + TOLERANCE);
    await master.says('the guard acted: the election process is gone');
  });

  it('withdraws when every process of the agent is killed', async () => {
    const since = capture.advertisements.length;
    const guard = await guardOf();
    for (const pid of await cluster.processes('director1')) if (pid !== guard) process.kill(pid, 'SIGKILL');
    await released();
    const { farewell, takeover } = await handover(since);
    expect(takeover.at - farewell.at).toBeLessThan(SKEW_TIME + TOLERANCE);
    await until('the guard ends', 2_000, async () => ((await guardOf()) === undefined ? true : undefined));
  });

  it('withdraws after two intervals of silence, and the election that runs again knows it', async () => {
    const since = capture.advertisements.length;
    const election = await electionOf();
    const last = await capture.first('an advertisement', 3_000, (one) => one.source === MASTER, since);
    process.kill(election, 'SIGSTOP');
    const { farewell, takeover } = await handover(since);
    process.kill(election, 'SIGCONT');
    await master.says('this process did not run for a while');
    expect(farewell.at - last.at).toBeGreaterThan(1.9);
    expect(farewell.at - last.at).toBeLessThan(3.6);
    expect(takeover.at - farewell.at).toBeLessThan(SKEW_TIME + TOLERANCE);
    await master.says('the guard acted: the election process is silent');
    await until('another guard watches', 5_000, guardOf);
  });

  it('that hangs for good is killed and started again', async () => {
    process.kill(await electionOf(), 'SIGSTOP');
    await master.says('the election process does not answer; killing it', 15_000);
    await master.says('Entering BACKUP STATE', 10_000, master.lines.length);
  });

  it('does nothing when the whole node stood still', async () => {
    const pids = await cluster.processes('director1');
    const since = capture.advertisements.length;
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    await capture.first('the takeover', 8_000, (one) => one.source === BACKUP, since);
    for (const pid of pids) process.kill(pid, 'SIGCONT');
    await capture.first('the return', 8_000, (one) => one.source === MASTER, since + 1);
    expect(master.lines.join('\n')).not.toContain('the guard acted');
  });

  it('that is killed itself changes nothing, and another one takes its place', async () => {
    const first = (await guardOf()) as number;
    const transitions = master.lines.filter((line) => line.includes('event=state-change')).length;
    process.kill(first, 'SIGKILL');
    await master.says('the guard died (SIGKILL)');
    const second = await until('another guard', 5_000, guardOf);
    expect(second).not.toBe(first);
    expect(master.lines.filter((line) => line.includes('event=state-change'))).toHaveLength(transitions);
    process.kill(await electionOf(), 'SIGKILL');
    await master.says('the guard acted');
    await released();
  });

  it('has nothing to do when another router becomes the MASTER', async () => {
    backup.configure(instanceText([VIRTUAL_IP]).replace('priority 254', 'priority 255\n state MASTER'));
    backup.signal('SIGHUP');
    await master.says('higher-priority-advertisement');
    const guard = await guardOf();
    await capture.first(
      'three more',
      8_000,
      () => capture.advertisements.filter((a) => a.priority === 255).length >= 3,
    );
    expect(master.lines.join('\n')).not.toContain('the guard acted');
    expect(await guardOf()).toBe(guard);
  });

  it('killed together with the agent leaves the address to `holdfast cleanup`', async () => {
    const cleanup = () => master.command('cleanup', master.file, '--run-dir', master.runDirectory);
    expect(await cleanup()).toMatchObject({ code: 1, stderr: expect.stringContaining('the agent runs as process') });
    // stopped first, so that none of them sees another one die, or starts one anew
    const pids = await cluster.processes('director1');
    expect(pids).toContain(await guardOf());
    for (const signal of ['SIGSTOP', 'SIGKILL'] as const) for (const pid of pids) process.kill(pid, signal);
    await until('all of them are gone', 10_000, async () =>
      (await cluster.processes('director1')).length === 0 ? true : undefined,
    );
    expect(await addresses()).toContain(VIRTUAL_IP);
    expect(await cleanup()).toMatchObject({ code: 0, stdout: `removed ${VIRTUAL_IP}/32 dev eth0\n` });
    expect(await addresses()).not.toContain(VIRTUAL_IP);
    expect(await cleanup()).toMatchObject({ code: 0, stdout: '' });
  });

  it('is dismissed by a stop in order, and leaves no process', async () => {
    await master.stop();
    expect(await cluster.processes('director1')).toEqual([]);
    expect(master.lines.join('\n')).not.toMatch(/the guard (acted|died)/);
  });
});
