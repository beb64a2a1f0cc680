/** virtual_routes and virtual_rules: what their lines come to, as keepalived 2.2.7 shows it in its dump. */
import { describe, expect, it } from 'vitest';
import { seconds } from '../../src/base/time.ts';
import { namesOfFiles } from '../../src/vrrp/number-names.ts';
import { instanceOf, instanceWith, read, said } from './reading.ts';

const block = (word: string, line: string) => [`${word} {`, line, '}'];
const route = (line: string) => instanceOf(...block('virtual_routes', line))?.virtualRoutes[0];
const rule = (line: string) => instanceOf(...block('virtual_rules', line))?.virtualRules[0];
/** What is said besides the note that routes are not acted on yet. */
const saidOf = (word: string, line: string) =>
  said(instanceWith(...block(word, line))).filter((one) => !one.includes('not acted on yet'));

const PLAIN = {
  destination: { address: '10.0.0.0', prefixLength: 8 },
  action: 'prepend',
  interface: 'eth0',
  protocol: 18,
  tracked: true,
};

describe('a route', () => {
  it('has a destination, and is tracked by its interface', () => {
    expect(route('10.0.0.0/8 dev eth0')).toEqual(PLAIN);
    expect(route('to 10.0.0.0/8 oif eth0')).toEqual(PLAIN);
    expect(route('11.0.0.0/8 10.0.0.0/8 dev eth0')).toEqual(PLAIN);
    expect(route('default dev eth0')).toEqual({ ...PLAIN, destination: { address: '0.0.0.0', prefixLength: 0 } });
    expect(route('default via fd00::1 dev eth0')).toMatchObject({ destination: { address: '::', prefixLength: 0 } });
  });

  it('has a type, which is added then and not put before others', () => {
    const { interface: _, protocol: _mark, ...plain } = PLAIN;
    expect(route('blackhole 10.0.0.0/8 no_track')).toEqual({
      ...plain,
      type: 'blackhole',
      action: 'add',
      tracked: false,
    });
    expect(route('10 10.0.0.0/8 dev eth0')).toMatchObject({ type: 'nat', action: 'add' });
  });

  it('takes names, and numbers in C’s notations', () => {
    expect(route('10.0.0.0/8 dev eth0 table main scope link tos EF')).toEqual({
      ...PLAIN,
      table: 254,
      scope: 253,
      tos: 184,
    });
    expect(route('10.0.0.0/8 dev eth0 table 0x10 scope 010 realms 1/2')).toEqual({
      ...PLAIN,
      table: 16,
      scope: 8,
      realms: 65538,
    });
  });

  it('keeps metrics in the units of TCP, within the kernel’s bounds', () => {
    const line = '10.0.0.0/8 dev eth0 mtu lock 1400 rtt 1.5s rttvar 4000 rto_min 5000 quickack 1 congctl cubic';
    expect(route(line)).toEqual({
      ...PLAIN,
      metrics: {
        mtu: 1400,
        roundTripTime: seconds(1.5),
        roundTripVariance: seconds(1),
        retransmissionMinimum: seconds(5),
        quickAck: 1,
        congestionControl: 'cubic',
      },
      locked: ['mtu'],
    });
    expect(route('10.0.0.0/8 dev eth0 rtt 10ms')).toMatchObject({ metrics: { roundTripTime: seconds(0.2) } });
    expect(route('10.0.0.0/8 dev eth0 rtt 960s')).toMatchObject({ metrics: { roundTripTime: seconds(120) } });
  });

  it('goes several ways', () => {
    const line = '10.0.0.0/8 no_track nexthop via 192.168.4.1 dev eth0 weight 5 nexthop dev eth1 onlink';
    expect(route(line)?.nextHops).toEqual([
      { gateway: '192.168.4.1', interface: 'eth0', weight: 5 },
      { interface: 'eth1', onlink: true },
    ]);
    expect(route('10.0.0.0/8 dev eth0 nexthop via 192.168.4.1 nexthop via fd00::1')?.nextHops).toBeUndefined();
    expect(route('10.0.0.0/8 dev eth0 via 192.168.4.1 or 192.168.4.9')).toEqual({
      ...PLAIN,
      nextHops: [{ gateway: '192.168.4.1' }, { gateway: '192.168.4.9' }],
    });
  });

  it.each([
    [
      'encap ip id 5 dst 10.0.0.1 tos 4 ttl 7',
      { type: 'ip', id: 5, destination: '10.0.0.1', trafficClass: 4, hopLimit: 7 },
    ],
    ['encap ip6 dst fd00::1 tc 5', { type: 'ip6', destination: 'fd00::1', trafficClass: 5 }],
    ['encap mpls 100/200', { type: 'mpls', labels: [100, 200] }],
    ['encap ila 1:2:3:4', { type: 'ila', locator: '0001000200030004' }],
  ])('%s', (words, encapsulation) => {
    expect(route(`10.0.0.0/8 dev eth0 ${words}`)).toEqual({ ...PLAIN, encapsulation });
  });

  it.each([
    ['dev eth0', '5:1 error: the route has no destination; the line is ignored'],
    ['foo dev eth0', "5:1 error: unknown word 'foo'; the line is ignored"],
    ['10.0.0.0/8 dev eth0 metic 5', "5:21 error: unknown word 'metic'; the line is ignored; did you mean metric?"],
    ['10.0.0.0/8 dev eth0 via fd00::1', '5:21 error: the addresses of a route are of one family; the line is ignored'],
    ['10.0.0.0/8 dev eth0 metric', '5:21 error: metric has no value'],
    [
      '10.0.0.0/8 dev eth0 hoplimit 256',
      "5:30 error: hoplimit: expected a number from 0 to 255, got '256'; the line is ignored",
    ],
    ['10.0.0.0/8 dev eth0 pref low', '5:21 error: pref is for IPv6 only; the line is ignored'],
  ])('%s is dropped', (line, message) => {
    expect(saidOf('virtual_routes', line)).toEqual([message]);
    expect(route(line)).toBeUndefined();
  });

  it.each([
    ['10.0.0.0/8', '5:1 warning: a route without dev is not tracked; add dev or no_track'],
    [
      '10.0.0.0/8 dev eth0 protocol 5',
      '5:1 warning: what is tracked has the protocol of the agent; the one given is ignored; add no_track',
    ],
    ['10.0.0.0/8 dev eth0 features foo', "5:30 warning: the only feature is ecn; 'foo' is ignored"],
    ['10.0.0.0/33 dev eth0', "5:1 error: expected a prefix length from 0 to 32, got '33'; 10.0.0.0/32 is used"],
  ])('%s is used all the same', (line, message) => {
    expect(saidOf('virtual_routes', line)).toEqual([message]);
    expect(route(line)).toBeDefined();
  });
});

describe('a rule', () => {
  const plain = { family: 'inet', action: { type: 'table', table: 5 }, priority: 100, protocol: 18, tracked: true };

  it('says what it looks at and what happens then', () => {
    expect(rule('table 5 preference 100')).toEqual(plain);
    expect(rule('not to any from 10.0.0.0/8 iif eth0 oif eth1 fwmark 0x5/0xff tos CS1 lookup 5 order 100')).toEqual({
      ...plain,
      not: true,
      from: { address: '10.0.0.0', prefixLength: 8 },
      to: { address: '0.0.0.0', prefixLength: 0 },
      inputInterface: 'eth0',
      outputInterface: 'eth1',
      firewallMark: 5,
      firewallMask: 255,
      tos: 32,
    });
    expect(rule('to fd00::/64 blackhole priority 100')).toEqual({
      ...plain,
      family: 'inet6',
      action: { type: 'blackhole' },
      to: { address: 'fd00::', prefixLength: 64 },
    });
    expect(rule('uidrange 5-9 ipproto tcp sport 80-90 goto 200 preference 100')).toEqual({
      ...plain,
      action: { type: 'goto', target: 200 },
      users: { first: 5, last: 9 },
      ipProtocol: 6,
      sourcePorts: { first: 80, last: 90 },
    });
  });

  it('gets a place of its own when it has none, counted down over the file', () => {
    const two = instanceWith('virtual_rules {', 'from 10.0.0.1 table 5', 'from 10.0.0.2 table 5', '}');
    const priorities = (text: string) =>
      read(text).configuration.instances.flatMap(({ virtualRules }) => virtualRules.map(({ priority }) => priority));
    expect(priorities(two + two.replace('VI_1', 'VI_2').replace('_id 50', '_id 51'))).toEqual([
      16384, 16383, 16382, 16381,
    ]);
  });

  it.each([
    ['from 10.0.0.0/8 preference 100', '5:1 error: the rule has no action; the line is ignored; add table NUMBER'],
    ['table 5 nop preference 100', '5:9 error: a rule does one thing only; the line is ignored'],
    ['table 0 preference 100', '5:1 error: there is no table 0; the line is ignored'],
    ['goto 50 preference 100', '5:1 error: goto 50 does not lead behind the preference 100; the line is ignored'],
    [
      'from 10.0.0.0/8 to fd00::/64 table 5 preference 100',
      '5:17 error: the addresses of a rule are of one family, and default comes first; the line is ignored',
    ],
    ['sup_pl 5 blackhole preference 100', '5:1 error: realms and suppress_… go with a table only; the line is ignored'],
  ])('%s is dropped', (line, message) => {
    expect(saidOf('virtual_rules', line)).toEqual([message]);
    expect(rule(line)).toBeUndefined();
  });

  it('does not take a single port, as keepalived does not', () => {
    expect(saidOf('virtual_rules', 'sport 80 table 5 preference 100')).toEqual([
      "5:7 warning: sport: expected FIRST-LAST, got '80'; it is ignored",
    ]);
    expect(rule('sport 80 table 5 preference 100')).toEqual(plain);
  });
});

describe('names of numbers', () => {
  const numberOf = namesOfFiles((path) => {
    if (path.endsWith('rt_tables')) return '# tables\n255\tlocal\n100\tvpn # ours\n';
    return path === '/etc/protocols' ? 'tcp\t6\tTCP\t# transmission control\n' : undefined;
  });

  it('come from the files of the host, or from iproute2 where there is none', () => {
    expect(numberOf('table', 'vpn')).toBe(100);
    expect(numberOf('table', 'main')).toBeUndefined();
    expect(numberOf('scope', 'link')).toBe(253);
    expect([numberOf('ipProtocol', 'tcp'), numberOf('ipProtocol', 'TCP')]).toEqual([6, 6]);
  });
});
