/** rtnetlink messages about routes and rules. */

import type { IpAddress } from '../base/address.ts';
import type { RouteMessage, RuleMessage } from './rtnetlink-route.ts';
import { LINUX_6_18, type MessageVector } from './vector.ts';

const ip = (text: string) => text as IpAddress;
const ORDER = 'the kernel sends the table first';
const part = { type: 24, flags: 0x22, portId: 0x35ca } as const;

export const routeVectors: readonly MessageVector<RouteMessage>[] = [
  {
    name: 'ip route add 198.51.100.0/24 via 192.0.2.1 dev v0 proto keepalived metric 5 src 192.0.2.15',
    source: LINUX_6_18,
    bytes:
      '4c000000 1800 2200 6e000000 ca350000 02 18 00 00 fe 12 00 01 00000000 08000f00fe000000 08000100c6336400 0800060005000000 08000700c000020f 08000500c0000201 0800040003000000',
    value: {
      ...part,
      sequence: 110,
      body: {
        family: 'inet',
        destination: { address: ip('198.51.100.0'), prefixLength: 24 },
        typeOfService: 0,
        table: 254,
        protocol: 18,
        scope: 0,
        routeType: 1,
        flags: 0,
        outputInterface: 3,
        gateway: ip('192.0.2.1'),
        priority: 5,
        preferredSource: ip('192.0.2.15'),
      },
    },
    oneWay: ORDER,
  },
  {
    name: 'ip route add blackhole 203.0.113.0/24 table 1000',
    source: LINUX_6_18,
    bytes: '2c000000 1800 2200 6e000000 ca350000 02 18 00 00 fc 03 00 06 00000000 08000f00e8030000 08000100cb007100',
    value: {
      ...part,
      sequence: 110,
      body: {
        family: 'inet',
        destination: { address: ip('203.0.113.0'), prefixLength: 24 },
        typeOfService: 0,
        table: 1000,
        protocol: 3,
        scope: 0,
        routeType: 6,
        flags: 0,
      },
    },
    oneWay: ORDER,
  },
  {
    name: 'ip -6 route add 2001:db8::/32 via fd00:4::1',
    source: LINUX_6_18,
    bytes:
      '88000000 1800 2200 6f000000 ca350000 0a 20 00 00 fe 03 00 01 00000000 08000f00fe000000 1400010020010db8000000000000000000000000 0800060000040000 14000500fd000004000000000000000000000001 0800040003000000 24000c00 0000000000000000000000000000000000000000000000000000000000000000 0500140000000000',
    value: {
      ...part,
      sequence: 111,
      body: {
        family: 'inet6',
        destination: { address: ip('2001:db8::'), prefixLength: 32 },
        typeOfService: 0,
        table: 254,
        protocol: 3,
        scope: 0,
        routeType: 1,
        flags: 0,
        outputInterface: 3,
        gateway: ip('fd00:4::1'),
        priority: 1024,
      },
    },
    oneWay: ORDER,
  },
];

export const ruleVectors: readonly MessageVector<RuleMessage>[] = [
  {
    name: 'the rule of the local table',
    source: LINUX_6_18,
    bytes:
      '34000000 2000 0200 70000000 ca350000 02 00 00 00 ff 00 00 01 00000000 08000f00ff000000 08000e00ffffffff 0500150002000000',
    value: {
      type: 32,
      flags: 2,
      sequence: 112,
      portId: 0x35ca,
      body: { family: 'inet', typeOfService: 0, table: 255, action: 1, flags: 0, protocol: 2 },
    },
    oneWay: 'FRA_SUPPRESS_PREFIXLEN is not kept',
  },
  {
    name: 'ip rule add from 198.51.100.7 to 203.0.113.0/24 fwmark 0x1/0xff iif v0 table 1000 priority 77 protocol 18',
    source: LINUX_6_18,
    bytes:
      '64000000 2000 0200 70000000 ca350000 02 18 20 00 fc 00 00 01 00000000 08000f00e8030000 08000e00ffffffff 0500150012000000 0700030076300000 080006004d000000 08000a0001000000 08001000ff000000 08000100cb007100 08000200c6336407',
    value: {
      type: 32,
      flags: 2,
      sequence: 112,
      portId: 0x35ca,
      body: {
        family: 'inet',
        destination: { address: ip('203.0.113.0'), prefixLength: 24 },
        source: { address: ip('198.51.100.7'), prefixLength: 32 },
        typeOfService: 0,
        table: 1000,
        action: 1,
        flags: 0,
        inputInterface: 'v0',
        priority: 77,
        fwmark: 1,
        fwmask: 0xff,
        protocol: 18,
      },
    },
    oneWay: 'FRA_SUPPRESS_PREFIXLEN is not kept',
  },
];
