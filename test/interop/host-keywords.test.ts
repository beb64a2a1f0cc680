/** Keywords about the host and its interfaces: the same expectations of holdfast and of the real keepalived, one of them alone. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../lab/process.ts';
import { instanceText, Stage, VIP } from './election.ts';
import { ADDRESS } from './pair.ts';
import type { PairAgent, PairAgentName } from './pair-agent.ts';

const agents: readonly PairAgentName[] = ['holdfast', 'keepalived'];
const LOCAL_REPORTS = 'net.ipv4.igmp_link_local_mcast_reports';

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.build();
});

afterEach((context) => stage.close(context.task.result?.state === 'fail'));

const start = async (name: PairAgentName, configuration: string): Promise<PairAgent> => {
  const agent = stage.pair.agent('a', name, configuration);
  agent.start();
  await stage.pair.settled(VIP, 'a', 30);
  return agent;
};

describe.each(agents)('%s', (name) => {
  it('interface_up_down_delays: a short loss of the link is none, a long one is a fault', async () => {
    const agent = await start(name, `interface_up_down_delays {\n eth0 0.3 0.2\n}\n${instanceText(254)}`);
    // the carrier goes with the other end
    await stage.pair.ip('segment', 'link set port-a down', 'link set port-a up');
    const before = await stage.speakers(8);
    expect(before).toEqual(new Set([ADDRESS.a]));
    expect(agent.states('VI_1').at(-1)).toBe('MASTER');
    const since = agent.lines.length;
    await stage.pair.ip('segment', 'link set port-a down');
    const down = performance.now();
    await agent.says('Entering FAULT STATE', 30, since);
    expect(performance.now() - down).toBeGreaterThan(250);
    await stage.pair.ip('segment', 'link set port-a up');
    await agent.says('Entering MASTER', 30, since);
  });

  it('interface_up_down_delays: less than a BACKUP takes to notice', async () => {
    const agent = await start(name, `interface_up_down_delays {\n eth0 60\n}\n${instanceText(254)}`);
    const since = agent.lines.length;
    await stage.pair.ip('segment', 'link set port-a down');
    await agent.says('Entering FAULT STATE', 30, since);
  });

  it('disable_local_igmp: no reports for groups of the link while it runs', async () => {
    const value = async () => (await stage.pair.exec('a', 'sysctl', '-n', LOCAL_REPORTS)).stdout.trim();
    expect(await value()).toBe('1');
    const agent = await start(name, `global_defs {\n disable_local_igmp\n}\n${instanceText(254)}`);
    expect(await value()).toBe('0');
    await agent.stop();
    expect(await value()).toBe('1');
  });

  it('dynamic_interfaces: an instance waits for an interface that comes later', async () => {
    const later = instanceText(254, '', 'VI_2', 51, '10.0.0.15', 'eth7');
    const agent = await start(name, `global_defs {\n dynamic_interfaces\n}\n${instanceText(254)}${later}`);
    const inFault = (count: number) =>
      until('VI_2 is in FAULT', 30_000, () =>
        agent.states('VI_2').filter((state) => state === 'FAULT').length >= count ? true : undefined,
      );
    await inFault(1);
    await stage.pair.ip(
      'a',
      'link add eth7 type veth peer name eth7-end',
      'link set eth7-end up',
      'address add 10.0.0.5/24 dev eth7',
      'link set eth7 up',
    );
    await agent.says('(VI_2) Entering MASTER STATE', 30);
    await until('it holds the address', 30_000, async () =>
      (await stage.pair.addresses('a')).includes('10.0.0.15') ? true : undefined,
    );
    const before = agent.states('VI_2').filter((state) => state === 'FAULT').length;
    await stage.pair.ip('a', 'link delete eth7');
    await inFault(before + 1);
  });

  it('dont_track_primary: a lost link of the own interface is no fault', async () => {
    const agent = await start(name, instanceText(254, 'dont_track_primary').replace(`${VIP}/24`, `${VIP}/24 no_track`));
    await stage.pair.ip('segment', 'link set port-a down');
    await stage.pair.ip('segment', 'link set port-a up');
    await stage.speakers(5);
    expect(agent.states('VI_1').filter((state) => state === 'FAULT')).toEqual([]);
  });
});

describe('scheduling of the health process', () => {
  /** Niceness, real-time priority and policy: proc_pid_stat(5), fields 19, 40 and 41. */
  const scheduling = async (agent: PairAgent) => {
    const health = await until('there is a health process', 30_000, async () =>
      (await agent.pids()).find((pid) =>
        readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes('@health'),
      ),
    );
    const fields = readFileSync(`/proc/${health}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return [fields[16], fields[37], fields[38]].map(Number);
  };
  const services = `virtual_server 10.0.0.10 80 {
 real_server 10.0.0.20 80 {
  TCP_CHECK {
  }
 }
}
`;
  const text = (words: string) => `global_defs {\n ${words}\n}\n${services}${instanceText(254)}`;

  it('checker_priority is its niceness', async () => {
    const agent = await start('holdfast', text('checker_priority 11'));
    await until('its niceness is 11', 30_000, async () => ((await scheduling(agent))[0] === 11 ? true : undefined));
    expect(await scheduling(agent)).toEqual([11, 0, 0]);
  });

  it('checker_rt_priority is its real-time priority, or what is missing is said', async () => {
    const agent = await start('holdfast', text('checker_rt_priority 7'));
    await until('it has the priority, or says why not', 30_000, async () =>
      (await scheduling(agent))[1] === 7 || agent.lines.some((line) => line.includes('priority 7 was refused'))
        ? true
        : undefined,
    );
    const refused = agent.lines.some((line) => line.includes('priority 7 was refused'));
    expect((await scheduling(agent)).slice(1)).toEqual(refused ? [0, 0] : [7, 2]);
  });
});
