/** Interfaces of virtual routers' own: use_vmac beside the real keepalived, and what happens to such an interface and the one below. */
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run, succeed, until } from '../lab/process.ts';
import { expectAfter, instanceText, pairs, Stage, skewTime, VIP } from './election.ts';
import { Frames } from './frames.ts';
import { ADDRESS, LINK_LOCAL, type Side } from './pair.ts';
import type { PairAgent } from './pair-agent.ts';

const PROGRAM = resolve(import.meta.dirname, '../../bin/holdfast');
const VIRTUAL_MAC = '00:00:5e:00:01:32';
const VIRTUAL_MAC_6 = '00:00:5e:00:02:32';
const SETTINGS = ['eth0/arp_ignore', 'eth0/arp_filter', 'eth0/rp_filter', 'all/rp_filter', 'default/rp_filter'];

let stage: Stage;
let frames: Frames;

beforeEach(async () => {
  stage = await Stage.build();
  frames = await Frames.start(stage.pair);
});

afterEach(async (context) => {
  await frames.stop();
  await stage.close(context.task.result?.state === 'fail');
});

interface Shown {
  readonly ifindex: number;
  readonly address: string;
  readonly ifalias?: string;
  readonly addr_info: readonly { readonly local: string }[];
}

/** An interface of a side, with its addresses; undefined: there is none of that name. */
async function shown(side: Side, name: string): Promise<Shown | undefined> {
  const { code, stdout } = await run('ip', [
    '-n',
    stage.pair.namespaceOf(side),
    '-d',
    '-j',
    'address',
    'show',
    'dev',
    name,
  ]);
  return code === 0 ? (JSON.parse(stdout) as Shown[]).find(({ address }) => address !== undefined) : undefined;
}

const holds = async (side: Side, name: string, address: string) =>
  (await shown(side, name))?.addr_info.some(({ local }) => local === address) ? true : undefined;
const gone = (side: Side, name: string) =>
  until(`${name} is gone`, 30_000, async () => ((await shown(side, name)) === undefined ? true : undefined));
const settings = async (side: Side, names: readonly string[] = SETTINGS) => {
  const paths = names.map((name) => `net.ipv4.conf.${name}`.replaceAll('/', '.'));
  const { stdout } = await stage.pair.exec(side, 'sysctl', '-n', ...paths);
  return stdout.trim().split('\n').map(Number);
};
/** Who advertised last, by hardware address. */
const advertisedBy = (address: string) =>
  frames.all.findLast((frame) => frame.kind === 'vrrp' && frame.address === address)?.mac;

/** Who has reported to be in groups, by hardware address. */
const reporters = () => new Set(frames.all.filter(({ kind }) => kind === 'report').map(({ mac }) => mac));

const ALONE = instanceText(254, 'use_vmac\n garp_master_delay 0');

async function alone(configuration = ALONE): Promise<PairAgent> {
  const agent = stage.pair.agent('a', 'holdfast', configuration);
  agent.start();
  await agent.says('Entering MASTER', 30);
  return agent;
}

describe.each(pairs)('use_vmac: %s with priority 150 beside %s with priority 100', (first, second) => {
  it('both speak and answer with the virtual MAC, and a stop leaves nothing behind [A41+ A43- B50-]', async () => {
    const high = stage.pair.agent('a', first, instanceText(150, 'use_vmac'));
    const low = stage.pair.agent('b', second, instanceText(100, 'use_vmac'));
    low.start();
    await until('b holds it on its virtual MAC interface', 30_000, () => holds('b', 'vrrp.50', VIP));
    expect(advertisedBy(ADDRESS.b)).toBe(VIRTUAL_MAC);
    high.start();
    await stage.pair.settled(VIP, 'a', 30);
    expect(await holds('a', 'vrrp.50', VIP)).toBe(true);
    expect((await shown('a', 'vrrp.50'))?.address).toBe(VIRTUAL_MAC);
    expect(advertisedBy(ADDRESS.a)).toBe(VIRTUAL_MAC);
    expect(await stage.speakers(5)).toEqual(new Set([ADDRESS.a]));
    const announced = await frames.announced(VIP, 6); // five, and at least one of the other before
    expect(new Set(announced.map(({ mac }) => mac))).toEqual(new Set([VIRTUAL_MAC]));

    expect(reporters()).not.toContain(VIRTUAL_MAC);
    expect(reporters()).toContain((await shown('a', 'eth0'))?.address);

    const since = stage.now;
    await high.stop();
    expectAfter(await stage.farewell('a', since), await stage.speaks('b', since), skewTime(100));
    await gone('a', 'vrrp.50');
    await stage.pair.settled(VIP, 'b', 30);
  });

  it('over IPv6 with that of IPv6 [B47+]', async () => {
    const text = (priority: number) =>
      instanceText(priority, 'use_vmac', 'VI_6', 50, 'fe80::15').replace('fe80::15/24', 'fe80::15/64');
    const high = stage.pair.agent('a', first, text(150));
    stage.pair.agent('b', second, text(100)).start();
    await until('b holds it', 30_000, () => holds('b', 'vrrp.50', 'fe80::15'));
    high.start();
    await stage.pair.settled('fe80::15', 'a', 30);
    expect(await holds('a', 'vrrp.50', LINK_LOCAL.a)).toBe(true);
    expect([advertisedBy(LINK_LOCAL.a), advertisedBy(LINK_LOCAL.b)]).toEqual([VIRTUAL_MAC_6, VIRTUAL_MAC_6]);
    expect(await stage.speakers(5)).toEqual(new Set([LINK_LOCAL.a]));
    expect(reporters()).not.toContain(VIRTUAL_MAC_6);
  });

  it('vmac_xmit_base: advertisements have the MAC of the interface below, the address is on the virtual one', async () => {
    const both = 'use_vmac\n vmac_xmit_base';
    const high = stage.pair.agent('a', first, instanceText(150, both));
    stage.pair.agent('b', second, instanceText(100, both)).start();
    await until('b holds it', 30_000, () => holds('b', 'vrrp.50', VIP));
    high.start();
    await stage.pair.settled(VIP, 'a', 30);
    expect(await holds('a', 'vrrp.50', VIP)).toBe(true);
    const below = await Promise.all((['a', 'b'] as const).map(async (side) => (await shown(side, 'eth0'))?.address));
    expect([advertisedBy(ADDRESS.a), advertisedBy(ADDRESS.b)]).toEqual(below);
    expect(new Set((await frames.announced(VIP, 6)).map(({ mac }) => mac))).toEqual(new Set([VIRTUAL_MAC]));
    expect(await stage.speakers(5)).toEqual(new Set([ADDRESS.a]));
  });
});

describe('an interface with the virtual MAC', () => {
  it('has the settings of the kernel that it needs, and they are as before at the end', async () => {
    await succeed(...stage.pair.command('a', 'sysctl', '-qw', 'net.ipv4.conf.all.rp_filter=1'));
    const before = await settings('a');
    const agent = await alone();
    // what all interfaces have is what each of them has from now on
    expect(await settings('a')).toEqual([1, 1, 1, 0, 1]);
    const own = ['arp_ignore', 'accept_local', 'rp_filter', 'promote_secondaries'];
    const { stdout } = await stage.pair.exec(
      'a',
      'sysctl',
      '-n',
      ...own.map((name) => `net.ipv4.conf.vrrp/50.${name}`),
    );
    expect(stdout.trim().split('\n')).toEqual(['1', '1', '0', '1']);
    await agent.stop();
    expect(await settings('a')).toEqual(before);
    expect(before).toEqual([0, 0, 0, 1, 0]);
  });

  it('is made again when somebody removes it, with what was on it and without an election', async () => {
    const agent = await alone();
    const before = await shown('a', 'vrrp.50');
    const since = frames.all.length;
    await stage.pair.ip('a', 'link delete vrrp.50');
    const removedAt = Date.now() / 1000;
    await until('it is there again', 30_000, () => holds('a', 'vrrp.50', VIP));
    const [announced] = await frames.announced(VIP, 1, 30, since);
    expect((announced?.at ?? 0) - removedAt).toBeLessThan(0.3);
    const after = await shown('a', 'vrrp.50');
    expect(after?.ifindex).not.toBe(before?.ifindex);
    expect(agent.states()).toEqual(['BACKUP', 'MASTER']);
    await until('it advertises from there', 30_000, () =>
      frames.all.slice(since).some(({ kind }) => kind === 'vrrp') ? true : undefined,
    );
  });

  it('switched off by somebody is a fault until it is on again', async () => {
    const agent = await alone();
    await stage.pair.ip('a', 'link set vrrp.50 down');
    await agent.says('Entering FAULT STATE: interface vrrp.50 is down', 30);
    expect(await holds('a', 'vrrp.50', VIP)).toBeUndefined();
    const since = agent.lines.length;
    await stage.pair.ip('a', 'link set vrrp.50 up');
    await agent.says('Entering MASTER', 30, since);
  });

  it('goes and comes with the interface below, and with its name', async () => {
    const agent = await alone();
    let since = agent.lines.length;
    await stage.pair.ip('a', 'link set eth0 down', 'link set eth0 name lan0', 'link set lan0 up');
    await agent.says('Entering FAULT STATE', 30, since);
    since = agent.lines.length;
    await stage.pair.ip('a', 'link set lan0 down', 'link set lan0 name eth0', 'link set eth0 up');
    await agent.says('Entering MASTER', 30, since);
    expect(await holds('a', 'vrrp.50', VIP)).toBe(true);

    since = agent.lines.length;
    await stage.pair.ip('segment', 'link delete port-a');
    await agent.says('Entering FAULT STATE', 30, since);
    since = agent.lines.length;
    await stage.pair.ip(
      'segment',
      `link add port-a type veth peer name eth0 netns ${stage.pair.namespaceOf('a')}`,
      'link set port-a master bridge up',
    );
    await stage.pair.ip('a', `address add ${ADDRESS.a}/24 dev eth0`, 'link set eth0 up');
    await agent.says('Entering MASTER', 30, since);
    await until('the address is there', 30_000, () => holds('a', 'vrrp.50', VIP));
  });

  it('is left by an agent that is killed, used by the next one, and removed by cleanup', async () => {
    const agent = await alone();
    const before = await shown('a', 'vrrp.50');
    expect(before?.ifalias).toBe('holdfast');
    await agent.kill();
    expect(await holds('a', 'vrrp.50', VIP)).toBe(true);
    const next = stage.pair.agent('a', 'holdfast', ALONE);
    next.start();
    await next.says('Entering BACKUP', 30);
    await next.says(`removed ${VIP}/24 dev vrrp.50`, 30);
    await next.says('Entering MASTER', 30);
    expect((await shown('a', 'vrrp.50'))?.ifindex).toBe(before?.ifindex);
    await next.kill();
    // one that somebody else made stays
    await stage.pair.ip('a', 'link add link eth0 name vrrp.60 type macvlan mode private');
    const cleanup = await stage.pair.exec('a', PROGRAM, 'cleanup', next.file, '--run-dir', '/nonexistent');
    expect(cleanup.stdout).toBe(`removed ${VIP}/24 dev vrrp.50\nremoved interface vrrp.50\n`);
    expect([await shown('a', 'vrrp.50'), (await shown('a', 'vrrp.60')) !== undefined]).toEqual([undefined, true]);
  });

  it('of somebody else is left alone: used when it is as wanted, and a fault when it is not', async () => {
    await stage.pair.ip('a', 'link add link eth0 name vrrp.50 type macvlan mode bridge');
    const agent = stage.pair.agent('a', 'holdfast', ALONE);
    agent.start();
    await agent.says(
      'interface vrrp.50 is there already and is not a private macvlan with 00:00:5e:00:01:32 on eth0',
      30,
    );
    await agent.says('Entering FAULT', 30);
    const since = agent.lines.length;
    await stage.pair.ip('a', `link set vrrp.50 address ${VIRTUAL_MAC}`, 'link set vrrp.50 type macvlan mode private');
    await agent.says('Entering MASTER', 30, since);
    await agent.stop();
    expect((await shown('a', 'vrrp.50'))?.ifalias).toBeUndefined();
  });

  it('goes when a reload takes the keyword away, and comes with it', async () => {
    const agent = await alone();
    const before = await settings('a');
    let since = agent.lines.length;
    agent.reload(ALONE.replace('use_vmac', ''));
    await agent.says('Entering MASTER', 30, since);
    await until('the address is on eth0', 30_000, () => holds('a', 'eth0', VIP));
    await gone('a', 'vrrp.50');
    expect(await settings('a')).toEqual([0, 0, 0, 0, 0]);
    since = agent.lines.length;
    agent.reload(ALONE);
    await agent.says('Entering MASTER', 30, since);
    await until('the address is on vrrp.50', 30_000, () => holds('a', 'vrrp.50', VIP));
    expect(await settings('a')).toEqual(before);
  });

  it('loses its addresses to the guard when the election is killed, and is used by the next one', async () => {
    const agent = await alone();
    const before = await shown('a', 'vrrp.50');
    const since = agent.lines.length;
    await agent.killElection();
    await agent.says('the guard acted', 30, since);
    expect(await holds('a', 'vrrp.50', VIP)).toBeUndefined();
    await agent.says('Entering MASTER', 30, since);
    expect((await shown('a', 'vrrp.50'))?.ifindex).toBe(before?.ifindex);
  });
});

describe('addresses on other interfaces', () => {
  it('use_vmac_addr and use_vmac of an address make an interface each, with the virtual MAC', async () => {
    await stage.pair.ip(
      'a',
      ...['eth1', 'eth2'].flatMap((name) => [
        `link add ${name} type veth peer name ${name}-end`,
        `link set ${name} up`,
        `link set ${name}-end up`,
      ]),
    );
    const text = instanceText(254, 'use_vmac\n garp_master_delay 0\n use_vmac_addr').replace(
      `${VIP}/24`,
      `${VIP}/24\n  10.1.0.15/24 dev eth1`,
    );
    const agent = await alone(text);
    await until('it is on an interface of its own', 30_000, () => holds('a', 'vrrp1.50', '10.1.0.15'));
    expect((await shown('a', 'vrrp1.50'))?.address).toBe(VIRTUAL_MAC);
    expect(await settings('a', ['eth1/arp_ignore', 'eth2/arp_ignore'])).toEqual([1, 0]);
    await agent.stop();
    expect([await shown('a', 'vrrp.50'), await shown('a', 'vrrp1.50')]).toEqual([undefined, undefined]);

    const single = instanceText(254).replace(`${VIP}/24`, `${VIP}/24\n  10.2.0.15/24 dev eth2 use_vmac`);
    const other = await alone(`global_defs {\n vmac_addr_prefix va\n}\n${single}`);
    await until('it is on an interface of its own', 30_000, () => holds('a', 'va.50', '10.2.0.15'));
    expect(await holds('a', 'eth0', VIP)).toBe(true);
    await other.stop();
  });
});
