/** When what the kernel says is what was asked for. */
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { routePlace, routeRow, ruleRow, singleRoutes } from '../../src/vrrp/routing-rows.ts';
import type { RouteMessage } from '../../src/wire/rtnetlink-route.ts';
import type { RuleMessage } from '../../src/wire/rtnetlink-rule.ts';

const address = (text: string) => text as IpAddress;
const network = (text: string, prefixLength: number) => ({ address: address(text), prefixLength });

const route: RouteMessage = {
  family: 'inet',
  destination: network('10.1.0.0', 16),
  typeOfService: 0,
  table: 254,
  protocol: 18,
  scope: 0,
  routeType: 1,
  flags: 0,
  outputInterface: 3,
  gateway: address('192.0.2.1'),
};
const route6: RouteMessage = {
  ...route,
  family: 'inet6',
  destination: network('2001:db8::', 32),
  gateway: address('fe80::1'),
};

describe('a route', () => {
  it.each<[string, Partial<RouteMessage>]>([
    ['states of links', { flags: 1 | 16 }],
    ['a metric of zero', { priority: 0 }],
    ['metrics of zero', { metrics: { mtu: 0 } }],
    ['one way as a list', { nextHops: [{ flags: 0, weight: 5, outputInterface: 3, gateway: address('192.0.2.1') }] }],
  ])('is the same with %s', (_, difference) => {
    expect(routeRow({ ...route, ...difference })).toBe(routeRow(route));
  });

  it.each<[string, Partial<RouteMessage>]>([
    ['protocol', { protocol: 4 }],
    ['table', { table: 100 }],
    ['destination', { destination: network('10.1.0.0', 17) }],
    ['gateway', { gateway: address('192.0.2.2') }],
    ['interface', { outputInterface: 4 }],
    ['metric', { priority: 5 }],
    ['type of service', { typeOfService: 16 }],
    ['scope', { scope: 253 }],
    ['type', { routeType: 2 }],
    ['source', { preferredSource: address('192.0.2.9') }],
    ['realms', { flow: 7 }],
    ['flag onlink', { flags: 4 }],
    ['metrics', { metrics: { mtu: 1400 } }],
    ['tunnel', { encapsulation: { type: 'ip', destination: address('192.0.2.9') } }],
  ])('is another one with another %s', (_, difference) => {
    expect(routeRow({ ...route, ...difference })).not.toBe(routeRow(route));
  });

  it('of IPv6 has the metric 1024 without one, and neither scope nor type of service', () => {
    expect(routeRow({ ...route6, priority: 1024, scope: 253, typeOfService: 4 })).toBe(routeRow(route6));
    expect(routeRow({ ...route6, priority: 1023 })).not.toBe(routeRow(route6));
  });

  it('without an interface is the one that the kernel has found an interface for', () => {
    const { outputInterface: _, ...byGateway } = route;
    expect(routeRow(route, false)).toBe(routeRow(byGateway, false));
    expect(routeRow({ ...route, gateway: address('192.0.2.2') }, false)).not.toBe(routeRow(byGateway, false));
  });

  it('that leads nowhere has no interface: the kernel names lo for IPv6', () => {
    const { outputInterface: _, gateway: _gateway, ...nowhere } = { ...route6, routeType: 6 };
    expect(routeRow({ ...nowhere, outputInterface: 1 })).toBe(routeRow(nowhere));
  });

  it('has no metrics above what the kernel allows', () => {
    const large = { ...route, metrics: { mtu: 100_000, advertisedMss: 70_000, hopLimit: 300 } };
    expect(routeRow(large)).toBe(
      routeRow({ ...route, metrics: { mtu: 65_520, advertisedMss: 65_495, hopLimit: 255 } }),
    );
  });

  it('is the same with the empty values of a tunnel', () => {
    const short = { ...route, encapsulation: { type: 'ip', destination: address('192.0.2.9') } as const };
    const long = {
      ...route,
      encapsulation: {
        ...short.encapsulation,
        id: 0n,
        source: address('0.0.0.0'),
        trafficClass: 0,
        hopLimit: 0,
        flags: 0,
      },
    };
    expect(routeRow(long)).toBe(routeRow(short));
  });

  it('of IPv6 with several ways is as many routes, of IPv4 one whose weights count', () => {
    const hop = (text: string, weight: number) => ({ flags: 0, weight, outputInterface: 3, gateway: address(text) });
    const several = { ...route6, nextHops: [hop('fe80::1', 2), hop('fe80::2', 1)] };
    expect(singleRoutes(several)).toEqual([
      { ...several, nextHops: [hop('fe80::1', 2)] },
      { ...several, nextHops: [hop('fe80::2', 1)] },
    ]);
    const several4 = { ...route, nextHops: [hop('192.0.2.1', 2), hop('192.0.2.2', 1)] };
    expect(singleRoutes(several4)).toEqual([several4]);
    const others = { ...route, nextHops: [hop('192.0.2.1', 1), hop('192.0.2.2', 1)] };
    expect(routeRow(others)).not.toBe(routeRow(several4));
  });

  it('stands at the place of those that differ in how packets go on only', () => {
    expect(routePlace({ ...route, gateway: address('192.0.2.2'), protocol: 4 })).toBe(routePlace(route));
    expect(routePlace({ ...route, priority: 5 })).not.toBe(routePlace(route));
  });
});

const rule: RuleMessage = {
  family: 'inet',
  source: network('10.1.0.0', 16),
  typeOfService: 0,
  table: 100,
  action: 1,
  flags: 0,
  priority: 77,
  protocol: 18,
};

describe('a rule', () => {
  it.each<[string, Partial<RuleMessage>]>([
    ['flags of the kernel', { flags: 4 }],
    ['a destination that is everything', { destination: network('0.0.0.0', 0) }],
    ['no mark', { fwmark: 0 }],
  ])('is the same with %s', (_, difference) => {
    expect(ruleRow({ ...rule, ...difference })).toBe(ruleRow(rule));
  });

  it('with a mark means all of its bits', () => {
    expect(ruleRow({ ...rule, fwmark: 3, fwmask: 0xffff_ffff })).toBe(ruleRow({ ...rule, fwmark: 3 }));
    expect(ruleRow({ ...rule, fwmark: 3, fwmask: 0xff })).not.toBe(ruleRow({ ...rule, fwmark: 3 }));
  });

  it.each<[string, Partial<RuleMessage>]>([
    ['priority', { priority: 78 }],
    ['protocol', { protocol: 0 }],
    ['table', { table: 101 }],
    ['inversion', { flags: 2 }],
    ['interface', { inputInterface: 'eth0' }],
    ['tunnel', { tunnelId: 5n }],
    ['ports', { sourcePorts: { first: 1, last: 2 } }],
  ])('is another one with another %s', (_, difference) => {
    expect(ruleRow({ ...rule, ...difference })).not.toBe(ruleRow(rule));
  });
});
