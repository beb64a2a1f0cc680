/**
 * Real connections by each forwarding method and encapsulation, in IPv4 and IPv6, and to a sorry server. The director and two
 * servers are on the client's segment; for NAT they share further networks.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, type LabAgent, Net, tally } from './net.ts';
import { run, until } from './process.ts';

const VIP4 = '192.0.2.1';
const VIP6 = 'fd00::1';
const SERVERS = ['a', 'b'] as const;
const GUE_PORT = 6080;

/** Each method has its port; DR and TUN leave it as it is. */
const methods = {
  dr: { port: 8001, method: 'DR' },
  ipip: { port: 8002, method: 'TUN' },
  gue: { port: 8003, method: `TUN type gue port ${GUE_PORT}` },
  gre: { port: 8004, method: 'TUN type gre' },
  nat: { port: 8006, method: 'NAT' },
} as const;
const SORRY_PORT = 8010;
/** What the real server of the sorry service is checked on: nothing listens there at first. */
const CHECKED_PORT = 8011;

const real4 = (i: number) => `192.0.2.${101 + i}`;
const real6 = (i: number) => `fd00::${101 + i}`;
const nat4 = (i: number) => `198.51.100.${101 + i}`;
const nat6 = (i: number) => `fd01::${101 + i}`;

function service(vip: string, port: number, method: string, addressOf: (i: number) => string): string {
  const reals = SERVERS.map((_, i) => `real_server ${addressOf(i)} ${port} { weight 1 }`).join('\n');
  return `virtual_server ${vip} ${port} { lb_algo rr\nlb_kind ${method}\nprotocol TCP\n${reals} }`;
}

const configuration = [
  ...Object.values(methods).map(({ port, method }) => service(VIP4, port, method, method === 'NAT' ? nat4 : real4)),
  service(VIP6, methods.dr.port, 'DR', real6),
  service(VIP6, methods.ipip.port, 'TUN', real6),
  service(VIP6, methods.nat.port, 'NAT', nat6),
  `virtual_server ${VIP4} ${SORRY_PORT} {
    lb_algo rr\nlb_kind DR\nprotocol TCP\ndelay_loop 1\nsorry_server ${real4(1)} ${SORRY_PORT}
    real_server ${real4(0)} ${SORRY_PORT} {
      TCP_CHECK { connect_port ${CHECKED_PORT}\nconnect_timeout 2\nretry 0\nwarmup 0 }
    }
  }`,
].join('\n');

const realServerSettings = [
  ...['all', 'lo'].flatMap((name) => [`net.ipv4.conf.${name}.arp_ignore=1`, `net.ipv4.conf.${name}.arp_announce=2`]),
  // what comes out of a tunnel comes from the client, who is not behind it
  ...['all', 'default', 'tunl0', 'gre0'].map((name) => `net.ipv4.conf.${name}.rp_filter=0`),
];

let net: Net;
let caller: Caller;
let agent: LabAgent;

beforeAll(async () => {
  for (const module of ['ipip', 'ip_gre', 'fou', 'ip6_tunnel']) await run('modprobe', [module]);
  net = await Net.lay({
    client: {
      addresses: ['192.0.2.10/24', 'fd00::10/64'],
      commands: ['route add 198.51.100.0/24 via 192.0.2.2', 'route add fd01::/64 via fd00::2'],
    },
    director: {
      addresses: ['192.0.2.2/24', `${VIP4}/32`, 'fd00::2/64', '198.51.100.254/24', 'fd01::254/64'],
      // as the agent adds it: no source of packets of the director itself, which the real servers would take for their own
      commands: [`address add ${VIP6}/128 dev eth0 nodad preferred_lft 0`],
      sysctl: [
        'net.ipv4.ip_forward=1',
        'net.ipv6.conf.all.forwarding=1',
        'net.ipv4.conf.all.send_redirects=0',
        'net.ipv4.conf.eth0.send_redirects=0',
      ],
    },
    ...Object.fromEntries(
      SERVERS.map((name, i) => [
        name,
        {
          addresses: [`${real4(i)}/24`, `${real6(i)}/64`],
          commands: [
            `address add ${VIP4}/32 dev lo`,
            `address add ${VIP6}/128 dev lo nodad`,
            ...['tunl0', 'gre0', 'ip6tnl0'].map((device) => `link set ${device} up`),
            `fou add port ${GUE_PORT} gue`,
          ],
          sysctl: realServerSettings,
        },
      ]),
    ),
    ...Object.fromEntries(
      SERVERS.map((name, i) => [
        `nat-${name}`,
        {
          addresses: [`${nat4(i)}/24`, `${nat6(i)}/64`],
          commands: ['route add default via 198.51.100.254', 'route add default via fd01::254'],
        },
      ]),
    ),
  });
  const ports = [...Object.values(methods).map(({ port }) => port), SORRY_PORT];
  await net.serve(SERVERS, ports);
  await net.serve(['nat-a', 'nat-b'], [methods.nat.port]);
  agent = await net.agent('director', configuration);
  caller = net.caller('client');
});

afterAll(() => net?.close());

async function answers(vip: string, port: number): Promise<Record<string, number>> {
  const names = await caller.open(vip, port, 4);
  await caller.closeAll();
  return tally(names);
}

describe('connections reach the real servers', () => {
  it.each(Object.entries(methods))('by %s over IPv4', async (name, { port }) => {
    const expected = name === 'nat' ? { 'nat-a': 2, 'nat-b': 2 } : { a: 2, b: 2 };
    expect(await answers(VIP4, port)).toEqual(expected);
  });

  it.each(['dr', 'ipip', 'nat'] as const)('by %s over IPv6', async (name) => {
    const expected = name === 'nat' ? { 'nat-a': 2, 'nat-b': 2 } : { a: 2, b: 2 };
    expect(await answers(VIP6, methods[name].port)).toEqual(expected);
  });

  it('as ipvsadm shows them', async () => {
    const table = await net.ipvsadm('director', '-Ln');
    expect(table).toMatch(/192\.0\.2\.101:8001 +Route +1/);
    expect(table).toMatch(/192\.0\.2\.101:8003 +Tunnel +1/);
    expect(table).toMatch(/198\.51\.100\.101:8006 +Masq +1/);
    expect(table).toMatch(/\[fd00::101\]:8002 +Tunnel +1/);
    const tunnels = await net.ipvsadm('director', '-Ln', '--tun-info');
    expect(tunnels).toMatch(/192\.0\.2\.101:8003 +Tunnel +gue:6080/);
    expect(tunnels).toMatch(/192\.0\.2\.101:8004 +Tunnel +gre/);
  });
});

describe('a sorry server', () => {
  it('takes over when the last real server is down, and yields when one is back', async () => {
    await agent.said(/Adding sorry server \[192\.0\.2\.102\]:tcp:8010/);
    expect(await answers(VIP4, SORRY_PORT)).toEqual({ b: 4 });
    await net.serve(['a'], [CHECKED_PORT]);
    await agent.said(/Removing sorry server \[192\.0\.2\.102\]:tcp:8010/);
    expect(
      await until('a serves', 20_000, async () => ((await answers(VIP4, SORRY_PORT)).a === 4 ? true : undefined)),
    ).toBe(true);
  });
});

describe('drift', () => {
  it('ipvsadm -C is repaired, and what was missing is said', async () => {
    const isWhole = async () => (await net.ipvsadm('director', '-Ln')).split('\n').length;
    const lines = await isWhole();
    agent.lines.length = 0;
    await net.ipvsadm('director', '-C');
    await agent.said(/event=ipvs-drift .*add virtual server .* and \d+ more; putting it back/);
    await until('the table is whole', 20_000, async () => ((await isWhole()) === lines ? true : undefined));
    expect(await answers(VIP4, methods.dr.port)).toEqual({ a: 2, b: 2 });
  });
});
