/**
 * How often and how far apart a MASTER announces its addresses: the same expectations of holdfast and of the real keepalived, from the
 * frames on the segment. Where the two differ on purpose, only holdfast is asked.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../lab/process.ts';
import { instanceText, Stage, VIP } from './election.ts';
import { type CapturedFrame, Frames } from './frames.ts';
import { ADDRESS } from './pair.ts';
import type { PairAgentName } from './pair-agent.ts';

const SECOND_VIP = '192.168.4.16';
const agents: readonly PairAgentName[] = ['holdfast', 'keepalived'];

let stage: Stage;
let frames: Frames;
let second: Frames;

beforeEach(async () => {
  stage = await Stage.build({ second: true });
  [frames, second] = await Promise.all([Frames.start(stage.pair), Frames.start(stage.pair, 'bridge1')]);
});

afterEach(async (context) => {
  for (const capture of [frames, second]) await capture.stop();
  await stage.close(context.task.result?.state === 'fail');
});

/** The owner of its addresses: MASTER at once. */
const owner = (extra = '', addresses = [`${VIP}/24`]): string =>
  instanceText(255, `state MASTER\n ${extra}`).replace(`${VIP}/24`, addresses.join('\n'));
const global = (...lines: readonly string[]) => `global_defs {\n${lines.join('\n')}\n}\n`;

/** Announcements with less than this many seconds between them are one burst. */
const BURST = 0.5;

/** The sizes of bursts. */
function bursts(all: readonly CapturedFrame[]): number[] {
  const sizes: number[] = [];
  for (const [n, { at }] of all.entries()) {
    const before = all[n - 1];
    if (before !== undefined && at - before.at < BURST) sizes.push((sizes.pop() ?? 0) + 1);
    else sizes.push(1);
  }
  return sizes;
}

/** Seconds from each to the next. */
const distances = (all: readonly CapturedFrame[]): number[] => all.slice(1).map(({ at }, n) => at - (all[n]?.at ?? 0));

const start = (name: PairAgentName, configuration: string) => {
  const agent = stage.pair.agent('a', name, configuration);
  agent.start();
  return agent;
};
/** As long as that many advertisements take. */
const afterAdvertisements = (count: number) => stage.speakers(count);

describe.each(agents)('%s', (name) => {
  it('announces in two bursts, and then as often as it is to refresh', async () => {
    start(
      name,
      owner('garp_master_delay 1\n garp_master_repeat 3\n garp_master_refresh 2\n garp_master_refresh_repeat 2'),
    );
    const all = await frames.announced(VIP, 10);
    expect(bursts(all.slice(0, 10))).toEqual([3, 3, 2, 2]);
    // the first advertisement goes out at the instant that the times count from
    const taken = frames.all.find(({ kind }) => kind === 'vrrp')?.at ?? 0;
    const [, , , again = 0, , , refresh = 0, , next = 0] = all.map(({ at }) => at - taken);
    expect([again > 0.9, refresh > 1.9, next > 3.9]).toEqual([true, true, true]);
  });

  it.each([
    ['vrrp_min_garp: once and not again', global('vrrp_min_garp'), [1]],
    ['what is said otherwise counts beside vrrp_min_garp', global('vrrp_min_garp', 'vrrp_garp_master_repeat 2'), [2]],
    ['garp_master_delay 0: one burst', global('vrrp_garp_master_delay 0', 'vrrp_garp_master_repeat 4'), [4]],
  ])('%s', async (_, defaults, expected) => {
    start(name, `${defaults}${owner()}`);
    await frames.announced(VIP, expected[0] ?? 0);
    await afterAdvertisements(8);
    expect(bursts(frames.announcements(VIP))).toEqual(expected);
  });

  it('answers each advertisement of a lower priority with a burst', async () => {
    const settings = 'garp_master_delay 0\n garp_master_repeat 1\n garp_lower_prio_delay 0\n garp_lower_prio_repeat 3';
    start(name, owner(settings));
    await frames.announced(VIP, 1);
    // the other one is deaf, and MASTER as well
    for (const rule of [
      'table ip t',
      'chain ip t i { type filter hook input priority 0; }',
      'rule ip t i ip protocol 112 drop',
    ]) {
      await stage.pair.exec('b', 'nft', 'add', ...rule.split(' '));
    }
    stage.pair.agent('b', 'keepalived', instanceText(100, 'garp_master_delay 0\n garp_master_repeat 1')).start();
    await stage.speaks('b', 0, 50, 30);
    const own = new Set(
      frames
        .announcements(VIP)
        .slice(0, 1)
        .map(({ mac }) => mac),
    );
    await until('two bursts', 30_000, () =>
      frames.announcements(VIP).filter(({ mac }) => own.has(mac)).length >= 1 + 3 + 3 ? true : undefined,
    );
  });

  it('garp_extra_if all: one address of each interface that sends no advertisements', async () => {
    const addresses = [`${VIP}/24`, '10.0.0.15/24 dev eth1', '10.0.0.16/24 dev eth1'];
    start(name, owner('garp_master_delay 0\n garp_master_repeat 1\n garp_extra_if all 1', addresses));
    const repeated = await second.announced('10.0.0.15', 3);
    expect((repeated[2]?.at ?? 0) - (repeated[0]?.at ?? 0)).toBeGreaterThan(1.5);
    expect(second.announcements('10.0.0.16')).toHaveLength(1);
    expect(frames.announcements(VIP)).toHaveLength(1);
  });

  it('garp_extra_if: only on virtual MAC interfaces', async () => {
    const addresses = [`${VIP}/24`, '10.0.0.15/24 dev eth1'];
    start(name, owner('garp_master_delay 0\n garp_master_repeat 1\n garp_extra_if 1', addresses));
    await second.announced('10.0.0.15', 1);
    await afterAdvertisements(12);
    expect(second.announcements('10.0.0.15')).toHaveLength(1);
  });

  it('vrrp_garp_interval: keeps the distance', async () => {
    start(name, `${global('vrrp_garp_interval 0.1', 'vrrp_garp_master_delay 0')}${owner('garp_master_repeat 3')}`);
    const all = await frames.announced(VIP, 2);
    for (const distance of distances(all)) expect(distance).toBeGreaterThan(0.09);
  });
});

describe('holdfast, where keepalived 2.2.7 leaves some out', () => {
  it('with a distance all are sent: each address once before any a second time', async () => {
    const excluded = 'virtual_ipaddress_excluded {\n 2001:db8::15/64\n }';
    const distant = global('vrrp_garp_interval 0.1', 'vrrp_gna_interval 0.2', 'vrrp_garp_master_delay 0');
    start('holdfast', `${distant}${owner(`garp_master_repeat 3\n ${excluded}`, [`${VIP}/24`, `${SECOND_VIP}/24`])}`);
    await Promise.all([frames.announced(SECOND_VIP, 3), frames.announced('2001:db8::15', 3)]);
    const arps = frames.all.filter(({ kind }) => kind === 'arp');
    expect(arps.map(({ address }) => address)).toEqual([VIP, SECOND_VIP, VIP, SECOND_VIP, VIP, SECOND_VIP]);
    for (const distance of distances(arps)) expect(distance).toBeGreaterThan(0.09);
    for (const distance of distances(frames.announcements('2001:db8::15'))) expect(distance).toBeGreaterThan(0.19);
  });

  it('garp_group: its interfaces keep the distance together, and the others none', async () => {
    const group = 'garp_group {\n garp_interval 0.1\n interfaces {\n eth0\n eth1\n }\n }\n';
    const addresses = [`${VIP}/24`, '10.0.0.15/24 dev eth1'];
    start('holdfast', `${group}${owner('garp_master_repeat 3\n garp_master_delay 0', addresses)}`);
    await Promise.all([frames.announced(VIP, 3), second.announced('10.0.0.15', 3)]);
    const all = [...frames.announcements(VIP), ...second.announcements('10.0.0.15')].sort((a, b) => a.at - b.at);
    expect(all.map(({ address }) => address)).toEqual([VIP, '10.0.0.15', VIP, '10.0.0.15', VIP, '10.0.0.15']);
    for (const distance of distances(all)) expect(distance).toBeGreaterThan(0.09);
  });

  it('garp_extra_if: on the virtual MAC interface too, where vmac_xmit_base advertises from the one below', async () => {
    const settings = 'use_vmac\n vmac_xmit_base\n garp_master_delay 0\n garp_master_repeat 1\n garp_extra_if 1';
    start('holdfast', owner(settings));
    const all = await frames.announced(VIP, 3);
    expect(new Set(all.map(({ mac }) => mac))).toEqual(new Set(['00:00:5e:00:01:32']));
    expect(frames.all.some(({ kind, address }) => kind === 'vrrp' && address === ADDRESS.a)).toBe(true);
  });
});
