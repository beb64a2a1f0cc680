/**
 * Addresses, routes, rules and the packet filter on the real kernel, beside keepalived and against people who remove them.
 * What happens when is read from the kernel's own messages.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { succeed, until } from '../lab/process.ts';
import { KernelMonitor } from './kernel-monitor.ts';
import { Pair } from './pair.ts';
import type { PairAgent } from './pair-agent.ts';

/** What is removed is there again within this much, in seconds. */
const HEALED_WITHIN = 0.1;
/** For what takes no time but on a machine that is busy with other things, in seconds. */
const PATIENCE = 30;
const VIP = '192.168.4.15';

let pair: Pair;
let monitor: KernelMonitor | undefined;

beforeEach(async () => {
  pair = await Pair.build({ second: true });
});

afterEach(async (context) => {
  if (context.task.result?.state === 'fail') process.stderr.write(`${pair.report()}\n${monitor?.lines.join('\n')}\n`);
  await monitor?.stop();
  monitor = undefined;
  await pair.close();
});

const instance = (...lines: readonly string[]): string => `vrrp_instance VI_1 {
 interface eth0
 virtual_router_id 50
 version 3
 priority 254
 advert_int 0.2
 ${lines.join('\n ')}
}
`;
const block = (word: string, ...lines: readonly string[]): string => `${word} {\n  ${lines.join('\n  ')}\n }`;
const addresses = block('virtual_ipaddress', `${VIP}/24`);

const ROUTES = [
  '10.1.0.0/16 via 192.168.4.1 dev eth0',
  `10.2.0.0/16 via 192.168.4.1 dev eth0 src ${VIP} table 100 metric 7`,
];
const RULES = [`from ${VIP} table 100 priority 77`];
const WITH_ROUTING = instance(addresses, block('virtual_routes', ...ROUTES), block('virtual_rules', ...RULES));
const WITH_IPV6 = instance(
  addresses,
  block('virtual_ipaddress_excluded', '2001:db8::15/64'),
  block(
    'virtual_routes',
    ...ROUTES,
    '2001:db8:1::/48 via fe80::9 dev eth0',
    '2001:db8:2::/48 no_track nexthop via fe80::7 dev eth0 nexthop via fe80::8 dev eth0',
  ),
  block('virtual_rules', ...RULES),
);

const ip = (...words: readonly string[]) => pair.exec('a', 'ip', ...words);
const shown = async (...words: readonly string[]): Promise<string> =>
  succeed('ip', ['-n', pair.namespaceOf('a'), ...words]);

/** Starts it, and waits until it has everything. */
async function asMaster(configuration: string): Promise<PairAgent> {
  const agent = pair.agent('a', 'holdfast', configuration);
  agent.start();
  await agent.says('Entering MASTER', PATIENCE);
  await until('the address is there', 1000 * PATIENCE, async () =>
    (await pair.holders(VIP)).includes('a') ? true : undefined,
  );
  return agent;
}

/** Waits until the rules show this text, or none. */
const hasRule = (text: string, isThere = true) =>
  until(`rule ${text}`, 1000 * PATIENCE, async () =>
    (await shown('rule')).includes(text) === isThere ? true : undefined,
  );

const transitionsOf = async (agent: PairAgent) => (await agent.status())?.instances[0]?.transitions;

const EVERYTHING = `track_group G {
 group {
  VI_1
 }
}
static_ipaddress {
 10.9.9.9/24 brd + dev eth1
 10.9.9.10/24 dev eth1 label eth1:7
 10.9.8.7/24
 2001:db8:9::1/64 dev eth1
}
static_routes {
 10.55.0.0/16 dev eth1 track_group G
 10.56.0.0/16 via 10.9.9.1 dev eth1 table 55 src 10.9.9.9
}
static_rules {
 from 10.0.0.0/8 table 5
}
${instance(
  'promote_secondaries',
  block(
    'virtual_ipaddress',
    `${VIP}/24`,
    '192.168.4.16',
    '192.168.4.17/24 label eth0:1 brd 192.168.4.255',
    '192.168.6.1/24 dev eth1 brd + noprefixroute',
    '192.168.7.1/24 dev eth1 brd - scope host no_track',
  ),
  block(
    'virtual_ipaddress_excluded',
    '192.168.5.1 peer 192.168.5.2',
    '2001:db8::1/64',
    '2001:db8::2',
    '2001:db8::3/128 preferred_lft forever',
    '2001:db8::4/64 home',
    '2001:db8::5/64 mngtmpaddr',
    '2001:db8::7 peer 2001:db8::8',
  ),
  block(
    'virtual_routes',
    '10.1.0.0/16 via 192.168.4.1 dev eth0',
    '10.1.0.0/16 via 192.168.4.2 dev eth0',
    '10.1.0.0/16 via 192.168.4.3 dev eth0 append',
    '10.2.0.0/16 via 192.168.4.1',
    `10.3.0.0/16 via 192.168.4.1 dev eth0 src ${VIP} metric 7 table 100 mtu lock 1400 initcwnd 10`,
    '10.5.0.0/16 no_track nexthop via 192.168.4.2 dev eth0 weight 2 nexthop via 192.168.4.3 dev eth0 weight 1',
    'blackhole 10.4.0.0/16 no_track',
    '10.6.0.0/16 dev eth0 scope link',
    '10.7.0.0/16 dev eth0 no_track protocol 99',
    '2001:db8:1::/48 via fe80::9 dev eth0',
    '2001:db8:3::/48 no_track nexthop via fe80::2 dev eth0 weight 2 nexthop via fe80::3 dev eth0',
    '2001:db8:4::/48 dev eth0 metric 5',
    'blackhole 2001:db8:5::/48 no_track',
    'default via 192.168.4.1 table 101',
  ),
  block(
    'virtual_rules',
    'from 10.0.0.0/8 fwmark 3 iif eth0 table 100 priority 78',
    'from 10.1.0.0/16 table 6',
    'to 2001:db8:9::/48 table 7 priority 80',
    'not from 10.9.0.0/16 blackhole priority 79',
  ),
)}static_rules {
 from 10.3.0.0/16 table 8
}
`;

describe('beside keepalived, with the same file', () => {
  it('the kernel has the same addresses, routes, rules and settings, and afterwards what it had before', async () => {
    const everything = async () => ({
      // keepalived 2.2.7 does not mark addresses
      addresses: (await shown('-d', '-o', 'address')).replaceAll(' proto keepalived', ''),
      routes: await shown('-d', '-4', 'route', 'show', 'table', 'all'),
      routesOfIpv6: await shown('-d', '-6', 'route', 'show', 'table', 'all'),
      rules: await shown('-d', '-4', 'rule'),
      rulesOfIpv6: await shown('-d', '-6', 'rule'),
      promotes: (await pair.exec('a', 'sysctl', '-n', 'net.ipv4.conf.eth0.promote_secondaries')).stdout,
    });
    const before = await everything();
    const seen = [];
    for (const name of ['keepalived', 'holdfast'] as const) {
      const agent = pair.agent('a', name, EVERYTHING);
      agent.start();
      await hasRule('79:');
      seen.push(await everything());
      await agent.stop();
      // keepalived 2.2.7 leaves addresses with a peer
      if (name === 'keepalived') await ip('address', 'del', '192.168.5.1', 'peer', '192.168.5.2', 'dev', 'eth0');
      expect(await everything()).toEqual(before);
    }
    expect(seen[0]?.rules).toContain('16382:');
    expect(seen[1]).toEqual(seen[0]);
  });
});

describe('the order', () => {
  it('is addresses, routes, rules when it becomes MASTER, and rules, routes, addresses when it leaves', async () => {
    monitor = await KernelMonitor.start(pair, 'a');
    const agent = await asMaster(WITH_ROUTING);
    await hasRule('77:');
    await agent.stop();
    await monitor.flush();
    const [address, rule] = [`inet ${VIP}/24`, `from ${VIP} lookup 100`];
    const routes = ROUTES.map((route) => route.replace(/ src .*/, ''));
    expect(monitor.changes).toEqual([
      ...[address, ...routes, rule].map((row) => `+ ${row}`),
      ...[rule, ...routes, address].map((row) => `- ${row}`),
    ]);
  });
});

describe('what somebody removes', () => {
  const removals: readonly (readonly [string, string, string])[] = [
    ['an address', `address del ${VIP}/24 dev eth0`, `inet ${VIP}/24`],
    ['a route', 'route del 10.1.0.0/16', '10.1.0.0/16 via 192.168.4.1'],
    ['a route of another table', 'route del 10.2.0.0/16 table 100', '10.2.0.0/16 via 192.168.4.1'],
    ['a rule', 'rule del priority 77', `from ${VIP} lookup 100`],
    ['an IPv6 address', 'address del 2001:db8::15/64 dev eth0', 'inet6 2001:db8::15/64'],
    ['an IPv6 route', '-6 route del 2001:db8:1::/48', '2001:db8:1::/48 via fe80::9'],
    ['one way of an IPv6 route', '-6 route del 2001:db8:2::/48 via fe80::7 dev eth0', '2001:db8:2::/48'],
  ];

  it.each(removals)(
    'is there again within 100 ms, without an election, and it is logged: %s',
    async (_, removal, row) => {
      const agent = await asMaster(WITH_IPV6);
      await hasRule('77:');
      const transitions = await transitionsOf(agent);
      monitor = await KernelMonitor.start(pair, 'a');
      await ip(...removal.split(' '));
      const [removed, added] = await monitor.removedAndAdded(row);
      expect(added - removed).toBeLessThan(HEALED_WITHIN);
      await agent.says('somebody removed', PATIENCE);
      expect(await transitionsOf(agent)).toBe(transitions);
    },
  );

  it('comes with everything that the kernel removes together with it', async () => {
    await asMaster(WITH_ROUTING);
    await hasRule('77:');
    monitor = await KernelMonitor.start(pair, 'a');
    // with the address goes the route that has it as its source, without a word
    await ip('address', 'del', `${VIP}/24`, 'dev', 'eth0');
    await monitor.removedAndAdded(`inet ${VIP}/24`);
    await until('the route is there', 1000 * PATIENCE, async () =>
      (await shown('route', 'show', 'table', '100')).includes('10.2.0.0/16') ? true : undefined,
    );
  });

  it('again and again comes back ever more slowly, and status says so', async () => {
    const agent = await asMaster(WITH_ROUTING);
    await hasRule('77:');
    monitor = await KernelMonitor.start(pair, 'a');
    for (let round = 1; round <= 5; round++) {
      await ip('rule', 'del', 'priority', '77');
      await monitor.removedAndAdded('from 192.168.4.15 lookup 100', round);
    }
    await ip('rule', 'del', 'priority', '77');
    await agent.says('it goes again and again: putting it back in 1 s', PATIENCE);
    expect((await agent.status())?.agent.warnings.join()).toContain('again and again');
    const [removed, added] = await monitor.removedAndAdded('from 192.168.4.15 lookup 100', 6);
    expect(added - removed).toBeGreaterThan(0.9);
  });

  it('is let go when it is not ours: a foreign address, route and rule stay as they are', async () => {
    await ip('rule', 'add', 'from', '10.99.0.0/16', 'table', '100', 'priority', '70');
    const agent = await asMaster(WITH_ROUTING);
    await hasRule('77:');
    monitor = await KernelMonitor.start(pair, 'a');
    await ip('address', 'add', '192.168.4.77/24', 'dev', 'eth0');
    await ip('route', 'add', '10.98.0.0/16', 'via', '192.168.4.1');
    await ip('route', 'append', '10.1.0.0/16', 'via', '192.168.4.9');
    await ip('rule', 'del', 'priority', '70');
    await until('the rule has gone', 1000 * PATIENCE, () =>
      monitor?.lines.find((line) => line.includes('Deleted 70:')),
    );
    await agent.stop();
    expect(await shown('-4', 'address')).toContain('192.168.4.77/24');
    const routes = await shown('route', 'show', 'table', 'all');
    expect(routes).toContain('10.98.0.0/16 via 192.168.4.1');
    expect(routes).toContain('10.1.0.0/16 via 192.168.4.9');
    expect(routes).not.toContain('10.1.0.0/16 via 192.168.4.1');
    expect(await shown('rule')).not.toMatch(/^7[07]:/m);
  });
});

describe('interfaces', () => {
  it('that go down and up, are renamed, or made anew, are followed', async () => {
    const agent = await asMaster(WITH_ROUTING);
    await hasRule('77:');
    const back = async (since: number) => {
      await agent.says('Entering MASTER', PATIENCE, since);
      await hasRule('77:');
      const routes = await shown('-4', 'route', 'show', 'table', 'all', 'proto', 'keepalived');
      expect(routes.trim().split('\n')).toHaveLength(2);
    };
    for (const [gone, returned] of [
      [['link set eth0 down'], ['link set eth0 up']],
      [
        ['link set eth0 down', 'link set eth0 name other up'],
        ['link set other down', 'link set other name eth0 up'],
      ],
      [
        ['link delete eth0'],
        [
          `link add eth0 type veth peer name port-a netns ${pair.namespaceOf('segment')}`,
          'link set eth0 addrgenmode none up',
          'address add 192.168.4.5/24 dev eth0',
        ],
      ],
    ] as const) {
      const since = agent.lines.length;
      await pair.ip('a', ...gone);
      await agent.says('Entering FAULT', PATIENCE, since);
      await hasRule('77:', false);
      await pair.ip('a', ...returned);
      if (gone[0] === 'link delete eth0') await pair.ip('segment', 'link set port-a addrgenmode none master bridge up');
      await back(since);
    }
  });

  it('of a tracked route are a fault of the instance, of one that is not tracked they are not', async () => {
    const text = instance(
      addresses,
      block('virtual_routes', '10.8.0.0/16 dev eth1 no_track', '10.1.0.0/16 via 192.168.4.1 dev eth0'),
    );
    const agent = await asMaster(text);
    const transitions = await transitionsOf(agent);
    await pair.ip('a', 'link set eth1 down');
    await pair.ip('a', 'link set eth1 up');
    await until('the route is there again', 1000 * PATIENCE, async () =>
      (await shown('route')).includes('10.8.0.0/16 dev eth1') ? true : undefined,
    );
    expect(await transitionsOf(agent)).toBe(transitions);
    agent.reload(text.replace(' no_track', ''));
    await agent.says('Reload complete', PATIENCE);
    await pair.ip('a', 'link set eth1 down');
    await agent.says('Entering FAULT STATE: interface eth1 is down', PATIENCE);
  });

  it('of static things are a fault of the instances in their track_group', async () => {
    const agent = await asMaster(
      `track_group G {\n group {\n VI_1\n }\n}\nstatic_routes {\n 10.8.0.0/16 dev eth1 track_group G\n}\n${instance(addresses)}`,
    );
    expect(await shown('route')).toContain('10.8.0.0/16 dev eth1');
    await pair.ip('a', 'link set eth1 down');
    await agent.says('Entering FAULT STATE: interface eth1 is down', PATIENCE);
    const since = agent.lines.length;
    await pair.ip('a', 'link set eth1 up');
    await agent.says('Entering BACKUP', PATIENCE, since);
    await until('the route is there again', 1000 * PATIENCE, async () =>
      (await shown('route')).includes('10.8.0.0/16 dev eth1') ? true : undefined,
    );
  });
});

describe('a reload', () => {
  it('with an equal file touches nothing, with another one the difference only', async () => {
    const agent = await asMaster(`static_routes {\n 10.8.0.0/16 dev eth1\n}\n${WITH_ROUTING}`);
    await hasRule('77:');
    const transitions = await transitionsOf(agent);
    monitor = await KernelMonitor.start(pair, 'a');
    const reload = async (text: string) => {
      const since = agent.lines.length;
      agent.reload(text);
      await agent.says('Reload complete', PATIENCE, since);
    };
    await reload(`static_routes {\n 10.8.0.0/16 dev eth1\n}\n${WITH_ROUTING}`);
    await monitor.flush();
    expect(monitor.changes).toEqual([]);
    await reload(
      instance(
        block('virtual_ipaddress', `${VIP}/24`, '192.168.4.16/32'),
        block('virtual_routes', ROUTES[0] as string, `${ROUTES[1]} mtu 1400`, 'blackhole 10.4.0.0/16 no_track'),
        block('virtual_rules', ...RULES, 'from 10.0.0.0/8 table 100 priority 78'),
      ),
    );
    await hasRule('78:');
    await monitor.flush();
    expect(monitor.changes).toEqual([
      '- 10.8.0.0/16 dev eth1',
      '- 10.2.0.0/16 via 192.168.4.1 dev eth0',
      '+ inet 192.168.4.16/32',
      '+ 10.2.0.0/16 via 192.168.4.1 dev eth0',
      '+ blackhole 10.4.0.0/16',
      '+ from 10.0.0.0/8 lookup 100',
    ]);
    expect(await transitionsOf(agent)).toBe(transitions);
  });
});

describe('an agent that is gone', () => {
  it('leaves no route and no rule: the guard removes them, and cleanup what both left', async () => {
    const agent = await asMaster(WITH_ROUTING);
    await hasRule('77:');
    const left = async () =>
      [await shown('-4', 'route', 'show', 'table', 'all'), await shown('rule')]
        .flatMap((text) => text.split('\n'))
        .filter((line) => line.includes('keepalived'));
    await until('the guard watches', 1000 * PATIENCE, async () =>
      (await pair.exec('a', 'ip', 'netns', 'pids', pair.namespaceOf('a'))).stdout.split('\n').length > 4
        ? true
        : undefined,
    );
    monitor = await KernelMonitor.start(pair, 'a');
    const since = agent.lines.length;
    await agent.killElection();
    await agent.says('the guard acted', PATIENCE, since);
    await agent.says('Entering MASTER', PATIENCE, since);
    await hasRule('77:');
    await monitor.flush();
    const rows = [...ROUTES.map((route) => route.replace(/ src .*/, '')), `from ${VIP} lookup 100`, `inet ${VIP}/24`];
    expect(monitor.changes.slice(0, 4).sort()).toEqual(rows.map((row) => `- ${row}`).sort());
    await agent.kill(); // the guard too
    expect(await left()).toHaveLength(3);
    const outcome = await agent.command('cleanup');
    expect(outcome.stdout).toContain('removed rule from 192.168.4.15/32 table 100 priority 77');
    expect(await left()).toEqual([]);
  });
});

describe('no_accept', () => {
  const text = (keyword: string) =>
    instance(
      keyword,
      block('virtual_ipaddress', `${VIP}/24`),
      block('virtual_ipaddress_excluded', '2001:db8::15/64', 'fe80::15/64'),
    );
  const answers = async (address: string) => (await pair.exec('b', 'ping', '-c', '1', '-W', '1', address)).code === 0;
  const neighbour = async (address: string) => (await pair.exec('b', 'ip', 'neigh', 'show', address)).stdout;

  it('drops what is sent to the addresses, and neighbours still find them; status says so, and nothing is left', async () => {
    await pair.ip('b', 'address add 2001:db8::b/64 dev eth0 nodad');
    const agent = await asMaster(text('no_accept'));
    for (const address of [VIP, '2001:db8::15', 'fe80::15%eth0']) {
      expect(await answers(address), address).toBe(false);
      expect(await neighbour(address.replace('%eth0', ''))).toContain('lladdr');
    }
    expect(await answers('192.168.4.5')).toBe(true);
    expect((await agent.status())?.instances[0]?.dropsPackets).toBe('no_accept');
    const since = agent.lines.length;
    agent.reload(text('accept'));
    await agent.says('Reload complete', PATIENCE, since);
    await until('the table has gone', 1000 * PATIENCE, async () =>
      (await pair.exec('a', 'nft', 'list', 'ruleset')).stdout === '' ? true : undefined,
    );
    for (const address of [VIP, '2001:db8::15', 'fe80::15%eth0']) expect(await answers(address), address).toBe(true);
    agent.reload(text('no_accept'));
    await until('the table is there', 1000 * PATIENCE, async () =>
      (await pair.exec('a', 'nft', 'list', 'tables')).stdout.includes('table ip6 keepalived') ? true : undefined,
    );
    await agent.stop();
    expect((await pair.exec('a', 'nft', 'list', 'ruleset')).stdout).toBe('');
  });

  it('goes on when somebody deletes the tables or flushes the ruleset', async () => {
    await asMaster(text('strict_mode'));
    expect(await answers(VIP)).toBe(false);
    for (const words of [
      ['delete', 'table', 'ip', 'keepalived'],
      ['flush', 'ruleset'],
    ]) {
      await pair.exec('a', 'nft', ...words);
      await until('the table is there', 1000 * PATIENCE, async () =>
        (await pair.exec('a', 'nft', 'list', 'table', 'ip', 'keepalived')).stdout.includes(VIP) ? true : undefined,
      );
      expect(await answers(VIP)).toBe(false);
    }
  });
});
