/**
 * holdfast and the real keepalived elect each other, in both roles: with passwords, preemption, stop and crash.
 *
 * Everything runs in namespaces on this machine's kernel. Times are those of captured packets; the limits are the
 * formulas of RFC 3768 §6.1 plus what two busy processors may add.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Agent, type AgentName, makeAgent } from '../lab/agents.ts';
import { Cluster, type DirectorName, directors, VIRTUAL_IP } from '../lab/cluster.ts';
import { until } from '../lab/process.ts';
import { Capture } from './capture.ts';

const ADDRESS: Record<DirectorName, string> = { director1: '192.168.4.5', director2: '192.168.4.6' };
/** What scheduling and a process's start may add to a formula, in seconds. */
const TOLERANCE = 0.5;

const skewTime = (priority: number) => (256 - priority) / 256;
const masterDownInterval = (priority: number) => 3 + skewTime(priority);

interface Setting {
  readonly priority: number;
  readonly password?: string;
  readonly extra?: string;
}

let cluster: Cluster;
let capture: Capture;
let agents: Agent[];

beforeEach(async () => {
  cluster = await Cluster.build('dr');
  capture = await Capture.start(cluster);
  agents = [];
});

afterEach(async (context) => {
  if (context.task.result?.state === 'fail') {
    for (const agent of agents) process.stderr.write(`${agent.log(40).join('\n')}\n---\n`);
    process.stderr.write(`${JSON.stringify(capture.advertisements.slice(-20))}\n`);
  }
  for (const agent of agents) if (agent.running) await agent.kill();
  await capture.stop();
  cluster.close();
});

function agentOn(director: DirectorName, name: AgentName, { priority, password, extra = '' }: Setting): Agent {
  const configurationFile = join(cluster.directory, `${director}.conf`);
  const authentication = password === undefined ? '' : `authentication {\n auth_type PASS\n auth_pass ${password}\n }`;
  writeFileSync(
    configurationFile,
    `vrrp_instance VI_1 {
 state BACKUP
 interface eth0
 virtual_router_id 50
 priority ${priority}
 advert_int 1
 ${extra}
 ${authentication}
 virtual_ipaddress {
  ${VIRTUAL_IP}
 }
}
`,
  );
  const agent = makeAgent(name, { cluster, director, configurationFile, onStateChange: () => {} });
  agents.push(agent);
  return agent;
}

const isMaster = async (director: DirectorName) => {
  const holders = await cluster.holders(VIRTUAL_IP);
  return holders.length === 1 && holders[0] === director ? true : undefined;
};

const becomesOnlyMaster = (director: DirectorName, withinSeconds: number) =>
  until(`${director} alone holds ${VIRTUAL_IP}`, (withinSeconds + TOLERANCE) * 1000, () => isMaster(director));

const both: readonly [AgentName, AgentName][] = [
  ['holdfast', 'keepalived'],
  ['keepalived', 'holdfast'],
  ['holdfast', 'holdfast'],
];

describe.each(both)('%s with priority 150 beside %s with priority 100', (first, second) => {
  const startBoth = async (setting: Partial<Setting> = { password: 'forlvs' }) => {
    const high = agentOn('director1', first, { priority: 150, ...setting });
    const low = agentOn('director2', second, { priority: 100, ...setting });
    high.start();
    await becomesOnlyMaster('director1', masterDownInterval(150) + 5);
    low.start();
    await until('both agree', 5_000, async () => {
      const states = [(await high.view())?.state, (await low.view())?.state];
      return states.join() === 'MASTER,BACKUP' ? true : undefined;
    });
    return { high, low };
  };

  it('elects the higher priority, and a stop of it hands over within Skew_Time', async () => {
    const { high } = await startBoth();
    const seen = capture.advertisements.length;
    await high.stop();
    const farewell = await capture.first('priority 0', 5_000, (a) => a.priority === 0, seen);
    expect(farewell.source).toBe(ADDRESS.director1);
    const takeover = await capture.first('the other speaks', 5_000, (a) => a.source === ADDRESS.director2, seen);
    expect(takeover.at - farewell.at).toBeGreaterThanOrEqual(skewTime(100) - 0.02);
    expect(takeover.at - farewell.at).toBeLessThan(skewTime(100) + TOLERANCE);
    await becomesOnlyMaster('director2', 2);
  });

  it('a crash of the master is noticed within Master_Down_Interval, and its return preempts', async () => {
    const { high } = await startBoth();
    const seen = capture.advertisements.length;
    await high.kill();
    const last = capture.last(ADDRESS.director1);
    const takeover = await capture.first('the other speaks', 8_000, (a) => a.source === ADDRESS.director2, seen);
    expect(takeover.at - (last?.at ?? 0)).toBeGreaterThanOrEqual(masterDownInterval(100) - 0.02);
    expect(takeover.at - (last?.at ?? 0)).toBeLessThan(masterDownInterval(100) + TOLERANCE);
    // it comes back, removes what its earlier life left behind, and takes over after its own Master_Down_Interval
    high.start();
    await becomesOnlyMaster('director2', 3);
    await becomesOnlyMaster('director1', masterDownInterval(150) + 3);
    expect((await agents[1]?.view())?.state).toBe('BACKUP');
  });

  it('nopreempt leaves the lower priority in place when the higher one returns', async () => {
    const { high } = await startBoth({ password: 'forlvs', extra: 'nopreempt' });
    await high.stop();
    await becomesOnlyMaster('director2', 3);
    const seen = capture.advertisements.length;
    high.start();
    await until('the higher one is there', 8_000, async () =>
      (await high.view())?.state === 'BACKUP' ? true : undefined,
    );
    // five more advertisements of the other, longer than any Master_Down_Interval
    await until('the lower one goes on', 10_000, () => (capture.advertisements.length >= seen + 5 ? true : undefined));
    expect(await cluster.holders(VIRTUAL_IP)).toEqual(['director2']);
    expect(capture.advertisements.slice(seen).map((a) => a.source)).not.toContain(ADDRESS.director1);
  });

  it('works without authentication', async () => {
    await startBoth({});
    expect(capture.last(ADDRESS.director1)?.priority).toBe(150);
  });
});

describe('holdfast beside a keepalived with another password', () => {
  it('both are masters, as the protocol has it, and holdfast says why', async () => {
    const ours = agentOn('director1', 'holdfast', { priority: 150, password: 'one' });
    const theirs = agentOn('director2', 'keepalived', { priority: 100, password: 'two' });
    ours.start();
    theirs.start();
    await until('both hold the address', 12_000, async () =>
      (await cluster.holders(VIRTUAL_IP)).length === directors.length ? true : undefined,
    );
    await until('holdfast names the cause', 5_000, () =>
      ours.log(50).some((line) => line.includes('another auth_pass than ours')) ? true : undefined,
    );
  });
});
