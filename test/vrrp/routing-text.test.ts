/** Routes and rules as the log and status name them. */
import { describe, expect, it } from 'vitest';
import { routeText, ruleText } from '../../src/vrrp/routing-text.ts';
import { instanceOf } from '../config/reading.ts';

describe('a route is named as ip(8) would', () => {
  it.each([
    ['10.1.0.0/16 via 192.0.2.1 dev eth0', '10.1.0.0/16 via 192.0.2.1 dev eth0'],
    ['blackhole 10.1.0.0/16 no_track', 'blackhole 10.1.0.0/16'],
    [
      '0.0.0.0/0 via 192.0.2.1 table 100 metric 5 src 192.0.2.9',
      'default via 192.0.2.1 src 192.0.2.9 table 100 metric 5',
    ],
    ['::/0 via fe80::1 dev eth0', 'inet6 default via fe80::1 dev eth0'],
    ['10.1.0.0/16 dev eth0 tos 0x10 mtu 1400', '10.1.0.0/16 dev eth0 tos 16'],
    [
      '10.1.0.0/16 no_track nexthop via 192.0.2.1 dev eth0 weight 2 nexthop via 192.0.2.2 dev eth0',
      '10.1.0.0/16 nexthop via 192.0.2.1 dev eth0 weight 2 nexthop via 192.0.2.2 dev eth0',
    ],
  ])('%s', (line, text) => {
    const route = instanceOf('virtual_routes {', line, '}')?.virtualRoutes[0];
    expect(route && routeText(route)).toBe(text);
  });
});

describe('a rule is named as ip(8) would', () => {
  it.each([
    ['from 192.0.2.9 table 100 priority 77', 'from 192.0.2.9/32 table 100 priority 77'],
    [
      'not to 10.0.0.0/8 fwmark 3/0xff iif eth0 tos 4 blackhole priority 5',
      'not from all to 10.0.0.0/8 tos 4 fwmark 0x3/0xff iif eth0 blackhole priority 5',
    ],
    ['to 2001:db8::/32 goto 100 priority 5', 'inet6 from all to 2001:db8::/32 goto 100 priority 5'],
  ])('%s', (line, text) => {
    const rule = instanceOf('virtual_rules {', line, '}')?.virtualRules[0];
    expect(rule && ruleText(rule)).toBe(text);
  });
});
