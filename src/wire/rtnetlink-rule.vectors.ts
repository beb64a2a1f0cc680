/** rtnetlink messages about rules. The names are the lines of virtual_rules, or the command, that made them. */

import type { IpAddress } from '../base/address.ts';
import type { RuleMessage } from './rtnetlink-rule.ts';
import { KEEPALIVED, LINUX_6_18, type MessageVector } from './vector.ts';

const ip = (text: string) => text as IpAddress;

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
    oneWay: 'the kernel says FRA_SUPPRESS_PREFIXLEN, -1, and tables below 256 twice',
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
    oneWay: 'the kernel says FRA_SUPPRESS_PREFIXLEN, -1, and tables below 256 twice',
  },
  {
    name: 'from 198.51.100.7 to 203.0.113.0/24 fwmark 0x1/0xff iif v0 table 1000 priority 77',
    source: KEEPALIVED,
    bytes:
      '5c000000 2000 0506 e2d8056b 00000000 021820000000000100000000 08000f00e803000008000200c633640708000100cb007100080006004d00000008000a000100000008001000ff00000007000300763000000500150012000000',
    value: {
      type: 32,
      flags: 1541,
      sequence: 1795545314,
      portId: 0,
      body: {
        family: 'inet',
        destination: { address: ip('203.0.113.0'), prefixLength: 24 },
        source: { address: ip('198.51.100.7'), prefixLength: 32 },
        typeOfService: 0,
        table: 1000,
        action: 1,
        flags: 0,
        priority: 77,
        fwmark: 1,
        fwmask: 255,
        inputInterface: 'v0',
        protocol: 18,
      },
    },
  },
  {
    name: 'not from 198.51.100.0/24 tos 0x10 lookup 100 preference 78',
    source: KEEPALIVED,
    bytes:
      '34000000 2000 0506 e3d8056b 00000000 020018106400000102000000 08000200c6336400080006004e0000000500150012000000',
    value: {
      type: 32,
      flags: 1541,
      sequence: 1795545315,
      portId: 0,
      body: {
        family: 'inet',
        source: { address: ip('198.51.100.0'), prefixLength: 24 },
        typeOfService: 16,
        table: 100,
        action: 1,
        flags: 2,
        priority: 78,
        protocol: 18,
      },
    },
  },
  {
    name: 'from 198.51.100.0/24 realms 3/4 table main preference 79',
    source: KEEPALIVED,
    bytes:
      '3c000000 2000 0506 e4d8056b 00000000 02001800fe00000100000000 08000200c6336400080006004f00000008000b00040003000500150012000000',
    value: {
      type: 32,
      flags: 1541,
      sequence: 1795545316,
      portId: 0,
      body: {
        family: 'inet',
        source: { address: ip('198.51.100.0'), prefixLength: 24 },
        typeOfService: 0,
        table: 254,
        action: 1,
        flags: 0,
        priority: 79,
        flow: 196612,
        protocol: 18,
      },
    },
  },
  {
    name: 'to 198.51.100.0/24 goto 200 preference 80',
    source: KEEPALIVED,
    bytes:
      '3c000000 2000 0506 e5d8056b 00000000 021800000000000200000000 08000100c63364000800060050000000050015001200000008000400c8000000',
    value: {
      type: 32,
      flags: 1541,
      sequence: 1795545317,
      portId: 0,
      body: {
        family: 'inet',
        destination: { address: ip('198.51.100.0'), prefixLength: 24 },
        typeOfService: 0,
        table: 0,
        action: 2,
        flags: 0,
        priority: 80,
        protocol: 18,
        goto: 200,
      },
    },
  },
  {
    name: 'nop preference 200',
    source: KEEPALIVED,
    bytes: '2c000000 2000 0506 e6d8056b 00000000 020000000000000300000000 08000600c80000000500150012000000',
    value: {
      type: 32,
      flags: 1541,
      sequence: 1795545318,
      portId: 0,
      body: { family: 'inet', typeOfService: 0, table: 0, action: 3, flags: 0, priority: 200, protocol: 18 },
    },
  },
  {
    name: 'table main suppress_prefixlength 16 suppress_ifgroup 3 preference 85',
    source: KEEPALIVED,
    bytes:
      '3c000000 2000 0506 ead8056b 00000000 02000000fe00000100000000 080006005500000008000e001000000008000d00030000000500150012000000',
    value: {
      type: 32,
      flags: 1541,
      sequence: 1795545322,
      portId: 0,
      body: {
        family: 'inet',
        typeOfService: 0,
        table: 254,
        action: 1,
        flags: 0,
        priority: 85,
        protocol: 18,
        suppressPrefixLength: 16,
        suppressInterfaceGroup: 3,
      },
    },
  },
  {
    name: 'tunnel-id 12345678901 uidrange 100-200 ipproto tcp sport 1-2 dport 80-90 table 5 preference 86',
    source: KEEPALIVED,
    bytes:
      '5c000000 2000 0506 ebd8056b 00000000 020000000500000100000000 08000600560000000c000c0000000000dfdc1c350c00140064000000c80000000500150012000000050016000600000008001700010002000800180050005a00',
    value: {
      type: 32,
      flags: 1541,
      sequence: 1795545323,
      portId: 0,
      body: {
        family: 'inet',
        typeOfService: 0,
        table: 5,
        action: 1,
        flags: 0,
        priority: 86,
        tunnelId: 3755744309n,
        protocol: 18,
        ipProtocol: 6,
        users: { first: 100, last: 200 },
        sourcePorts: { first: 1, last: 2 },
        destinationPorts: { first: 80, last: 90 },
      },
    },
  },
  {
    name: 'l3mdev preference 87',
    source: KEEPALIVED,
    bytes:
      '34000000 2000 0506 ecd8056b 00000000 020000000000000100000000 080006005700000005001300010000000500150012000000',
    value: {
      type: 32,
      flags: 1541,
      sequence: 1795545324,
      portId: 0,
      body: { family: 'inet', typeOfService: 0, table: 0, action: 1, flags: 0, priority: 87, l3mdev: 1, protocol: 18 },
    },
  },
  {
    name: 'from 2001:db8::/32 table 1000 preference 88',
    source: KEEPALIVED,
    bytes:
      '48000000 2000 0506 edd8056b 00000000 0a0020000000000100000000 08000f00e80300001400020020010db800000000000000000000000008000600580000000500150012000000',
    value: {
      type: 32,
      flags: 1541,
      sequence: 1795545325,
      portId: 0,
      body: {
        family: 'inet6',
        source: { address: ip('2001:db8::'), prefixLength: 32 },
        typeOfService: 0,
        table: 1000,
        action: 1,
        flags: 0,
        priority: 88,
        protocol: 18,
      },
    },
  },
];
