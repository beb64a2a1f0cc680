/**
 * Real connections through each scheduler, persistence, firewall marks and UDP, as the kernel documents them (ipvsadm(8)).
 * NAT: the director is the gateway of three servers.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, Net, tally } from './net.ts';

const CLIENT = '192.0.2.10';
const SERVERS = ['a', 'b', 'c'] as const;
const WEIGHTS = { a: 1, b: 2, c: 3 } as const;
const PORT = 80;

/** A service of its own for each: the schedulers by their ports on 192.0.2.1. */
const SCHEDULERS = ['rr', 'wrr', 'lc', 'wlc', 'sh', 'dh', 'sed', 'nq', 'lblc', 'lblcr', 'mh', 'fo', 'ovf'] as const;
type Scheduler = (typeof SCHEDULERS)[number];
const portOf = (scheduler: Scheduler): number => 8_000 + SCHEDULERS.indexOf(scheduler);

const realServers = (port: number): string =>
  SERVERS.map((name, i) => `real_server 198.51.100.${i + 1} ${port} { weight ${WEIGHTS[name]} }`).join('\n');
const service = (target: string, scheduler: string, more = 'protocol TCP'): string =>
  `virtual_server ${target} { lb_algo ${scheduler}\nlb_kind NAT\n${more}\n${realServers(PORT)} }`;

const configuration = [
  ...SCHEDULERS.map((scheduler) => service(`192.0.2.1 ${portOf(scheduler)}`, scheduler)),
  service('192.0.2.1 9000', 'rr', 'protocol TCP\npersistence_timeout 60'),
  service('192.0.2.1 9001', 'rr', 'protocol TCP\npersistence_timeout 60'),
  service('192.0.2.1 9002', 'rr', 'protocol TCP\npersistence_timeout 60\npersistence_granularity 255.255.255.0'),
  service('fwmark 7', 'rr', 'persistence_timeout 60'),
  service('fwmark 8', 'rr'),
  service('192.0.2.1 53', 'rr', 'protocol UDP\nops'),
].join('\n');

let net: Net;
let caller: Caller;

beforeAll(async () => {
  net = await Net.lay({
    client: {
      addresses: [`${CLIENT}/24`, '192.0.2.11/24', '192.0.2.12/24', '192.0.2.13/24'],
      commands: ['route add default via 192.0.2.1'],
    },
    director: {
      addresses: ['192.0.2.1/24', '192.0.2.2/24', '198.51.100.254/24'],
      sysctl: ['net.ipv4.ip_forward=1', 'net.ipv4.conf.all.send_redirects=0', 'net.ipv4.conf.eth0.send_redirects=0'],
    },
    ...Object.fromEntries(
      SERVERS.map((name, i) => [
        name,
        { addresses: [`198.51.100.${i + 1}/24`], commands: ['route add default via 198.51.100.254'] },
      ]),
    ),
  });
  await net.exec(
    'director',
    'nft',
    'add table ip marks; add chain ip marks in { type filter hook prerouting priority mangle; }',
  );
  await net.exec('director', 'nft', 'add rule ip marks in ip daddr 192.0.2.2 tcp dport { 80, 443 } meta mark set 7');
  await net.exec('director', 'nft', 'add rule ip marks in ip daddr 192.0.2.2 tcp dport { 8080, 8443 } meta mark set 8');
  await net.agent('director', configuration);
  await net.serve(SERVERS, [PORT, 443, 8080, 8443]);
  caller = net.caller('client');
});

afterAll(() => net?.close());

/** Who gets connections that all stay open. */
async function held(scheduler: Scheduler, count: number): Promise<Record<string, number>> {
  const names = await caller.open('192.0.2.1', portOf(scheduler), count);
  await caller.closeAll();
  return tally(names);
}

describe('each scheduler spreads connections as the kernel documents', () => {
  it('rr: to each in turn, whatever the weights', async () => {
    expect(await held('rr', 12)).toEqual({ a: 4, b: 4, c: 4 });
  });

  it('wrr: in turn by weight', async () => {
    expect(await held('wrr', 12)).toEqual({ a: 2, b: 4, c: 6 });
  });

  it('lc: to who has the fewest', async () => {
    expect(await held('lc', 12)).toEqual({ a: 4, b: 4, c: 4 });
  });

  it('wlc: to who has the fewest for its weight', async () => {
    expect(await held('wlc', 12)).toEqual({ a: 2, b: 4, c: 6 });
  });

  it('sed: to who would have the fewest for its weight with one more', async () => {
    expect(await held('sed', 12)).toEqual({ a: 2, b: 4, c: 6 });
  });

  it('nq: to an idle one at once, then as sed', async () => {
    const first = await caller.open('192.0.2.1', portOf('nq'), 3);
    expect(tally(first)).toEqual({ a: 1, b: 1, c: 1 });
    const all = [...first, ...(await caller.open('192.0.2.1', portOf('nq'), 9))];
    await caller.closeAll();
    expect(tally(all)).toEqual({ a: 2, b: 4, c: 6 });
  });

  it.each(['sh', 'mh'] as const)(
    '%s: a client has one server, all clients together have several',
    async (scheduler) => {
      const port = portOf(scheduler);
      const clients = await Promise.all(
        [CLIENT, '192.0.2.11', '192.0.2.12', '192.0.2.13'].map((from) => caller.open('192.0.2.1', port, 4, from)),
      );
      await caller.closeAll();
      for (const names of clients) expect(new Set(names).size).toBe(1);
      expect(new Set(clients.flat()).size).toBeGreaterThan(1);
    },
  );

  it.each(['dh', 'lblc', 'lblcr'] as const)('%s: a destination has one server', async (scheduler) => {
    const names = Object.keys(await held(scheduler, 4));
    expect(names).toHaveLength(1);
    expect(SERVERS).toContain(names[0]);
  });

  it('fo: all to the one with the highest weight', async () => {
    expect(await held('fo', 6)).toEqual({ c: 6 });
  });

  it('ovf: to the one with the highest weight until it has more than that, then to the next', async () => {
    expect(await held('ovf', 9)).toEqual({ a: 2, b: 3, c: 4 });
  });
});

describe('persistence', () => {
  it('a client stays with its server, on each port for itself', async () => {
    const both = await Promise.all([9000, 9001].map((port) => caller.open('192.0.2.1', port, 5)));
    await caller.closeAll();
    for (const names of both) expect(new Set(names).size).toBe(1);
    const table = await net.ipvsadm('director', '-Ln', '--persistent-conn');
    expect(table).toMatch(/192\.0\.2\.1:9000 rr persistent 60/);
  });

  it('clients of one network stay together where the granularity says so', async () => {
    const names = [];
    for (const from of [CLIENT, '192.0.2.11', '192.0.2.12'])
      names.push(...(await caller.open('192.0.2.1', 9002, 2, from)));
    await caller.closeAll();
    expect(new Set(names).size).toBe(1);
  });

  it('a firewall mark holds over its ports', async () => {
    const names = [...(await caller.open('192.0.2.2', 80, 3)), ...(await caller.open('192.0.2.2', 443, 3))];
    await caller.closeAll();
    expect(new Set(names).size).toBe(1);
    expect(names).not.toContain('-');
  });
});

describe('services', () => {
  it('of a firewall mark take what is marked, on every port', async () => {
    expect(tally(await caller.open('192.0.2.2', 8080, 6))).toEqual({ a: 2, b: 2, c: 2 });
    expect(tally(await caller.open('192.0.2.2', 8443, 3))).toEqual({ a: 1, b: 1, c: 1 });
    await caller.closeAll();
  });

  it('of UDP are spread datagram by datagram with ops', async () => {
    expect(tally(await caller.ask('192.0.2.1', 53, 9))).toEqual({ a: 3, b: 3, c: 3 });
  });
});
