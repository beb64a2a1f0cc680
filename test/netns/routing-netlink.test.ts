/** RoutingNetlink on the real kernel, in a network namespace of this test's own process, with lines of a configuration. */

import { execFileSync } from 'node:child_process';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { routeMessage, ruleMessage } from '../../src/daemon/route-messages.ts';
import { CLONE_NEWNET } from '../../src/io/constants.ts';
import { native } from '../../src/io/native.ts';
import { type RoutingEvent, RoutingNetlink } from '../../src/io/routing-netlink.ts';
import type { RouteMessage } from '../../src/wire/rtnetlink-route.ts';
import type { RuleMessage } from '../../src/wire/rtnetlink-rule.ts';
import { instanceOf } from '../config/reading.ts';

/** linux/rtnetlink.h */
const RTPROT_KERNEL = 2;

const why = process.getuid?.() === 0 ? '' : ' (skipped: not root)';
const run = (command: string) => execFileSync('ip', command.split(' '), { encoding: 'utf8' });
const OURS = 18;

let routing: RoutingNetlink;
/** Hears what `routing` does: nobody is told of what he does himself. */
let listener: RoutingNetlink;
let events: RoutingEvent[];

function route(line: string): { message: RouteMessage; action: 'add' | 'prepend' | 'append' } {
  const configured = instanceOf('virtual_routes {', line, '}')?.virtualRoutes[0];
  const message = configured && routeMessage(configured, (name) => native().interfaceIndex(name));
  if (message === undefined) throw new Error(`not read: ${line}`);
  return { message, action: configured?.action ?? 'add' };
}

function rule(line: string): RuleMessage {
  const configured = instanceOf('virtual_rules {', line, '}')?.virtualRules[0];
  if (configured === undefined) throw new Error(`not read: ${line}`);
  return ruleMessage(configured);
}

const ours = async () => (await routing.routes()).filter(({ protocol }) => protocol === OURS);
const ourRules = async () => (await routing.rules()).filter(({ protocol }) => protocol === OURS);
const shown = () =>
  ['-4', '-6']
    .map((family) => run(`${family} route show table all proto ${OURS}`))
    .join('')
    .replace(/\s+/g, ' ')
    .trim();

describe.skipIf(why !== '')(`RoutingNetlink on the real kernel${why}`, () => {
  beforeAll(() => {
    native().unshare(CLONE_NEWNET);
    run('link set lo up');
  });

  beforeEach(() => {
    run('link add v0 address 02:00:00:00:00:01 type veth peer name v1');
    for (const name of ['v0', 'v1']) run(`link set ${name} up`);
    run('address add 192.0.2.1/24 dev v0');
    run('address add 2001:db8::1/64 dev v0 nodad');
    run('address add fe80::1/64 dev v0 nodad');
    routing = RoutingNetlink.open();
    events = [];
    listener = RoutingNetlink.open();
    listener.onEvent((event) => events.push(event));
  });

  afterEach(() => {
    routing.close();
    listener.close();
    run('link delete v0');
    run('route flush table all proto 18');
    for (const family of ['-4', '-6']) run(`${family} rule flush protocol 18`);
  });

  it.each([
    [
      '198.51.100.0/24 via 192.0.2.2 dev v0 metric 5 src 192.0.2.1',
      '198.51.100.0/24 via 192.0.2.2 dev v0 src 192.0.2.1 metric 5',
    ],
    [
      '198.51.100.0/24 dev v0 realms 3/4 tos 0x10 table 200 scope link',
      '198.51.100.0/24 tos 0x10 dev v0 table 200 scope link realms 3/4',
    ],
    [
      '198.51.100.0/24 no_track nexthop via 192.0.2.2 dev v0 weight 3 nexthop via 192.0.2.3 dev v0 weight 1 onlink realms 5',
      '198.51.100.0/24 nexthop via 192.0.2.2 dev v0 weight 3 nexthop via 192.0.2.3 realm 5 dev v0 weight 1 onlink',
    ],
    [
      '198.51.100.0/24 via 192.0.2.2 dev v0 mtu lock 1400 advmss 1300 rtt 300ms rttvar 250ms window 1000 cwnd lock 20 rto_min 200ms initcwnd 10 features ecn quickack 1 congctl lock cubic hoplimit 32',
      '198.51.100.0/24 via 192.0.2.2 dev v0 mtu lock 1400 window 1000 rtt 300ms rttvar 250ms cwnd lock 20 advmss 1300 hoplimit 32 initcwnd 10 features ecn rto_min 200ms quickack 1 congctl lock cubic',
    ],
    [
      '198.51.100.0/24 encap ip id 7 dst 192.0.2.9 tos 4 ttl 20 dev v0',
      '198.51.100.0/24 encap ip id 7 src 0.0.0.0 dst 192.0.2.9 ttl 20 tos 4 dev v0',
    ],
    [
      '198.51.100.0/24 encap ip6 id 7 dst 2001:db8::9 hoplimit 20 tc 4 dev v0',
      '198.51.100.0/24 encap ip6 id 7 src :: dst 2001:db8::9 hoplimit 20 tc 4 dev v0',
    ],
    ['throw 198.51.100.0/24 no_track', 'throw 198.51.100.0/24'],
    ['prohibit 198.51.100.0/24 no_track', 'prohibit 198.51.100.0/24'],
    ['0.0.0.0/0 via 192.0.2.2 dev v0', 'default via 192.0.2.2 dev v0'],
    ['198.51.100.0/24 via 10.0.0.1 dev v0 onlink', '198.51.100.0/24 via 10.0.0.1 dev v0 onlink'],
    [
      '2001:db8:1::/48 from 2001:db8:2::/48 via fe80::2 dev v0 pref high metric 7',
      '2001:db8:1::/48 from 2001:db8:2::/48 via fe80::2 dev v0 metric 7 pref high',
    ],
    [
      '2001:db8:1::/48 no_track nexthop via fe80::2 dev v0 weight 2 nexthop via fe80::3 dev v0',
      '2001:db8:1::/48 metric 1024 pref medium nexthop via fe80::2 dev v0 weight 2 nexthop via fe80::3 dev v0 weight 1',
    ],
    ['blackhole 2001:db8:1::/48 no_track', 'blackhole 2001:db8:1::/48 dev lo metric 1024 pref medium'],
  ])('adds, lists and removes %s', async (line, expected) => {
    const { message, action } = route(line);
    await routing.addRoute(message, action);
    expect(shown()).toBe(expected);
    const [found, ...others] = await ours();
    expect(others).toEqual([]);
    const { destination, source, outputInterface, nextHops, priority, typeOfService, table, metrics } = message;
    expect(found).toMatchObject({
      ...(destination?.prefixLength === 0 ? {} : { destination }),
      ...(source === undefined ? {} : { source }),
      ...(outputInterface === undefined ? {} : { outputInterface }),
      ...(nextHops === undefined ? {} : { nextHops }),
      ...(priority === undefined ? {} : { priority }),
      ...(metrics === undefined ? {} : { metrics }),
      typeOfService,
      table,
    });
    await routing.deleteRoute(message);
    expect(await ours()).toEqual([]);
    await vi.waitFor(() => {
      const ofOurs = events.filter((event) => 'route' in event && event.route.protocol === OURS);
      // each way of an IPv6 route is removed by itself
      expect([...new Set(ofOurs.map(({ type }) => type))]).toEqual(['route-added', 'route-removed']);
    });
  });

  it('an encapsulation that the kernel has not, and a gateway that cannot be reached, are refused with its sentence', async () => {
    const { message } = route('198.51.100.0/24 dev v0');
    const encapsulation = { type: 'other', number: 99, bytes: new Uint8Array(0) } as const;
    await expect(routing.addRoute({ ...message, encapsulation }, 'add')).rejects.toMatchObject({
      code: expect.stringMatching(/^(EINVAL|ENOTSUP)$/),
      purpose: 'adding the route to 198.51.100.0/24',
    });
    const lost = route('198.51.100.0/24 via 10.0.0.1 dev v0');
    await expect(routing.addRoute(lost.message, lost.action)).rejects.toMatchObject({ code: 'ENETUNREACH' });
    await expect(routing.deleteRoute(lost.message)).rejects.toMatchObject({
      code: 'ESRCH',
      purpose: 'removing the route to 198.51.100.0/24',
    });
  });

  it('a route before or behind another one leaves that alone, and one that is there already is refused', async () => {
    run('route add 198.51.100.0/24 via 192.0.2.2 dev v0');
    const { message } = route('198.51.100.0/24 via 192.0.2.3 dev v0');
    await expect(routing.addRoute(message, 'add')).rejects.toMatchObject({ code: 'EEXIST' });
    await routing.addRoute(message, 'prepend');
    expect(run('route show 198.51.100.0/24').trim().split('\n')).toEqual([
      expect.stringContaining('via 192.0.2.3'),
      expect.stringContaining('via 192.0.2.2'),
    ]);
    await routing.deleteRoute(message);
    await routing.addRoute(message, 'append');
    expect(run('route show 198.51.100.0/24').trim().split('\n')).toEqual([
      expect.stringContaining('via 192.0.2.2'),
      expect.stringContaining('via 192.0.2.3'),
    ]);
  });

  it('removes a route with our number only, though everything else is the same', async () => {
    const { message } = route('198.51.100.0/24 via 192.0.2.2 dev v0');
    run('route add 198.51.100.0/24 via 192.0.2.2 dev v0');
    await expect(routing.deleteRoute(message)).rejects.toMatchObject({ code: 'ESRCH' });
    expect(run('route show 198.51.100.0/24')).toContain('via 192.0.2.2');
  });

  it.each([
    [
      'from 198.51.100.7 to 203.0.113.0/24 fwmark 0x1/0xff iif v0 table 1000 priority 77',
      'from 198.51.100.7 to 203.0.113.0/24 fwmark 0x1/0xff iif v0 lookup 1000',
    ],
    ['not from 198.51.100.0/24 tos 0x10 lookup 100 preference 77', 'not from 198.51.100.0/24 tos 0x10 lookup 100'],
    ['from 198.51.100.0/24 realms 3/4 table main preference 77', 'from 198.51.100.0/24 lookup main realms 3/4'],
    ['to 198.51.100.0/24 goto 32766 preference 77', 'from all to 198.51.100.0/24 goto 32766'],
    ['nop preference 77', 'from all nop'],
    ['from 198.51.100.0/24 blackhole preference 77', 'from 198.51.100.0/24 blackhole'],
    ['unreachable oif v0 preference 77', 'from all oif v0 unreachable'],
    [
      'table main suppress_prefixlength 16 suppress_ifgroup 3 preference 77',
      'from all lookup main suppress_prefixlength 16 suppress_ifgroup 3',
    ],
    [
      'tunnel-id 12345678901 uidrange 100-200 ipproto tcp sport 1-2 dport 80-90 table 5 preference 77',
      'from all uidrange 100-200 ipproto tcp sport 1-2 dport 80-90 tun_id 12345678901 lookup 5',
    ],
    ['l3mdev preference 77', 'from all lookup [l3mdev-table]'],
    ['from 2001:db8::/32 table 1000 preference 77', 'from 2001:db8::/32 lookup 1000'],
  ])('adds, lists and removes the rule %s', async (line, expected) => {
    const message = rule(line);
    const family = message.family === 'inet' ? '-4' : '-6';
    await routing.addRule(message);
    expect(run(`${family} rule show priority 77`).trim()).toBe(`77:\t${expected} proto keepalived`);
    expect(await ourRules()).toEqual([expect.objectContaining(message)]);
    await expect(routing.addRule(message)).rejects.toMatchObject({ code: 'EEXIST', purpose: 'adding the rule 77' });
    await routing.deleteRule(message);
    expect(await ourRules()).toEqual([]);
    await expect(routing.deleteRule(message)).rejects.toMatchObject({
      code: 'ENOENT',
      purpose: 'removing the rule 77',
    });
    await vi.waitFor(() => {
      expect(events.filter(({ type }) => type.startsWith('rule')).map(({ type }) => type)).toEqual([
        'rule-added',
        'rule-removed',
      ]);
    });
  });

  it('reads and reports the routes with one number only, when that is asked for', async () => {
    const { message, action } = route('198.51.100.0/24 via 192.0.2.2 dev v0');
    const heard: RoutingEvent[] = [];
    const own: RoutingEvent[] = [];
    routing.onEvent((event) => own.push(event));
    listener.onEvent(
      (event) => heard.push(event),
      (protocol) => protocol === OURS,
    );
    run('route add 203.0.113.0/24 via 192.0.2.2 dev v0 proto 99');
    run('route delete 203.0.113.0/24');
    await routing.addRoute(message, action);
    expect((await routing.routes(OURS)).map(({ destination }) => destination)).toEqual([message.destination]);
    expect(await routing.routes(99)).toEqual([]);
    expect((await routing.routes()).length).toBeGreaterThan(1);
    await vi.waitFor(() => expect(heard.length).toBe(1));
    expect(heard).toEqual([{ type: 'route-added', route: expect.objectContaining({ protocol: OURS }) }]);
    // the kernel's own routes of an interface that has just come up may follow late
    const protocols = own.flatMap((event) => ('route' in event ? [event.route.protocol] : []));
    expect(protocols.filter((protocol) => protocol !== RTPROT_KERNEL)).toEqual([99, 99]);
  });

  it('reports what others take away', async () => {
    const [{ message }, policy] = [
      route('198.51.100.0/24 via 192.0.2.2 dev v0'),
      rule('from 198.51.100.7 table 1000 priority 77'),
    ];
    await routing.addRoute(message, 'add');
    await routing.addRule(policy);
    run('route delete 198.51.100.0/24');
    run('rule delete priority 77');
    await vi.waitFor(() => {
      expect(events).toContainEqual({
        type: 'route-removed',
        route: expect.objectContaining({ destination: message.destination }),
      });
      expect(events).toContainEqual({ type: 'rule-removed', rule: expect.objectContaining({ priority: 77 }) });
    });
  });
});
