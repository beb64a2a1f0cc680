/** nftables messages. */

import { fromHex } from '../base/bytes.ts';
import type { ChainMessage, ElementsMessage, RuleMessage, SetMessage, TableMessage } from './nftables.ts';
import { KEEPALIVED, type MessageVector } from './vector.ts';

export const tableVectors: readonly MessageVector<TableMessage>[] = [
  {
    name: 'a new table',
    source: KEEPALIVED,
    bytes: '24000000 000a 0504 2de1056b 00000000 020000000f0001006b656570616c697665640000',
    value: { type: 2560, flags: 1029, sequence: 1795547437, portId: 0, body: { family: 'inet', table: 'keepalived' } },
  },
  {
    name: 'a table to be removed',
    source: KEEPALIVED,
    bytes: '24000000 020a 0500 60e1056b 00000000 020000000f0001006b656570616c697665640000',
    value: { type: 2562, flags: 5, sequence: 1795547488, portId: 0, body: { family: 'inet', table: 'keepalived' } },
  },
];

export const chainVectors: readonly MessageVector<ChainMessage>[] = [
  {
    name: 'a chain for packets to this host',
    source: KEEPALIVED,
    bytes:
      '54000000 030a 0504 34e1056b 00000000 020000000f0001006b656570616c69766564000007000300696e000014000480080001000000000108000200ffffffff08000500000000010b00070066696c7465720000',
    value: {
      type: 2563,
      flags: 1029,
      sequence: 1795547444,
      portId: 0,
      body: {
        family: 'inet',
        policy: 1,
        type: 'filter',
        table: 'keepalived',
        chain: 'in',
        hook: { number: 1, priority: -1 },
      },
    },
  },
  {
    name: 'a chain that others go to',
    source: KEEPALIVED,
    bytes:
      '38000000 030a 0504 3ee1056b 00000000 0a0000000f0001006b656570616c69766564000012000300696e5f6c696e6b5f6c6f63616c000000',
    value: {
      type: 2563,
      flags: 1029,
      sequence: 1795547454,
      portId: 0,
      body: { family: 'inet6', table: 'keepalived', chain: 'in_link_local' },
    },
  },
];

export const ruleVectors: readonly MessageVector<RuleMessage>[] = [
  {
    name: 'IGMP of a macvlan leaves by the interface below instead',
    source: KEEPALIVED,
    bytes:
      'd0010000 060a 050c 30e1056b 00000000 020000000f0001006b656570616c697665640000080002006f757400a4010480340001800c0001007061796c6f6164002400028008000100000000010800020000000001080003000000000908000400000000012c00018008000100636d700020000280080001000000000108000200000000000c0003800500010002000000340001800c0001007061796c6f61640024000280080001000000000108000200000000010800030000000010080004000000000424000180090001006d6574610000000014000280080002000000001b08000100000000023800018008000100636d70002c0002800800010000000002080002000000000018000380140001006d6163766c616e00000000000000000024000180090001006d6574610000000014000280080002000000000508000100000000023c0001800b0001006c6f6f6b757000002c000280080002000000000208000300000000020d000100766d61635f6d61700000000008000400000000012000018008000100647570001400028008000100000000010800020000000002300001800e000100696d6d6564696174650000001c0002800800010000000000100002800c0002800800010000000000',
    value: {
      type: 2566,
      flags: 3077,
      sequence: 1795547440,
      portId: 0,
      body: {
        family: 'inet',
        table: 'keepalived',
        chain: 'out',
        expressions: [
          { type: 'payload', base: 'network', offset: 9, length: 1, register: 1 },
          { type: 'equal', register: 1, value: fromHex('02') },
          { type: 'payload', base: 'network', offset: 16, length: 4, register: 1 },
          { type: 'meta', key: 'outputInterfaceKind', register: 2 },
          { type: 'equal', register: 2, value: fromHex('6d6163766c616e000000000000000000') },
          { type: 'meta', key: 'outputInterface', register: 2 },
          { type: 'lookup', set: 'vmac_map', register: 2, destination: 2, setId: 1 },
          { type: 'duplicate', addressRegister: 1, interfaceRegister: 2 },
          { type: 'verdict', verdict: 'drop' },
        ],
      },
    },
  },
  {
    name: 'packets to an address of the set are dropped',
    source: KEEPALIVED,
    bytes:
      'bc000000 060a 050c 36e1056b 00000000 020000000f0001006b656570616c69766564000007000200696e000090000480340001800c0001007061796c6f616400240002800800010000000001080002000000000108000300000000100800040000000004280001800b0001006c6f6f6b75700000180002800800020000000001090001007669707300000000300001800e000100696d6d6564696174650000001c0002800800010000000000100002800c0002800800010000000000',
    value: {
      type: 2566,
      flags: 3077,
      sequence: 1795547446,
      portId: 0,
      body: {
        family: 'inet',
        table: 'keepalived',
        chain: 'in',
        expressions: [
          { type: 'payload', base: 'network', offset: 16, length: 4, register: 1 },
          { type: 'lookup', set: 'vips', register: 1 },
          { type: 'verdict', verdict: 'drop' },
        ],
      },
    },
  },
  {
    name: 'neighbour discovery is accepted',
    source: KEEPALIVED,
    bytes:
      '28010000 060a 050c 43e1056b 00000000 0a0000000f0001006b656570616c69766564000007000200696e0000fc000480340001800c0001007061796c6f6164002400028008000100000000010800020000000001080003000000000608000400000000012c00018008000100636d700020000280080001000000000108000200000000000c000380050001003a000000340001800c0001007061796c6f616400240002800800010000000001080002000000000208000300000000000800040000000001340001800b0001006c6f6f6b75700000240002800800020000000001170001006e65696768626f722d646973636f766572790000300001800e000100696d6d6564696174650000001c0002800800010000000000100002800c0002800800010000000001',
    value: {
      type: 2566,
      flags: 3077,
      sequence: 1795547459,
      portId: 0,
      body: {
        family: 'inet6',
        table: 'keepalived',
        chain: 'in',
        expressions: [
          { type: 'payload', base: 'network', offset: 6, length: 1, register: 1 },
          { type: 'equal', register: 1, value: fromHex('3a') },
          { type: 'payload', base: 'transport', offset: 0, length: 1, register: 1 },
          { type: 'lookup', set: 'neighbor-discovery', register: 1 },
          { type: 'verdict', verdict: 'accept' },
        ],
      },
    },
  },
  {
    name: 'link-local addresses have a chain of their own',
    source: KEEPALIVED,
    bytes:
      '3c010000 060a 050c 44e1056b 00000000 0a0000000f0001006b656570616c69766564000007000200696e000010010480340001800c0001007061796c6f6164002400028008000100000000010800020000000001080003000000001808000400000000105c0001800c00010062697477697365004c0002800800010000000001080002000000000108000300000000101800048014000100ffc000000000000000000000000000001800058014000100000000000000000000000000000000003800018008000100636d70002c000280080001000000000108000200000000001800038014000100fe800000000000000000000000000000440001800e000100696d6d656469617465000000300002800800010000000000240002802000028008000100fffffffc12000200696e5f6c696e6b5f6c6f63616c000000',
    value: {
      type: 2566,
      flags: 3077,
      sequence: 1795547460,
      portId: 0,
      body: {
        family: 'inet6',
        table: 'keepalived',
        chain: 'in',
        expressions: [
          { type: 'payload', base: 'network', offset: 24, length: 16, register: 1 },
          { type: 'mask', register: 1, mask: fromHex('ffc00000000000000000000000000000') },
          { type: 'equal', register: 1, value: fromHex('fe800000000000000000000000000000') },
          { type: 'verdict', verdict: 'goto', chain: 'in_link_local' },
        ],
      },
    },
  },
  {
    name: 'packets to a link-local address of the interface are dropped',
    source: KEEPALIVED,
    bytes:
      'f4000000 060a 050c 4ae1056b 00000000 0a0000000f0001006b656570616c69766564000012000200696e5f6c696e6b5f6c6f63616c000000bc000480340001800c0001007061796c6f61640024000280080001000000000108000200000000010800030000000018080004000000001024000180090001006d657461000000001400028008000200000000040800010000000002300001800b0001006c6f6f6b7570000020000280080002000000000114000100766970735f6c696e6b5f6c6f63616c00300001800e000100696d6d6564696174650000001c0002800800010000000000100002800c0002800800010000000000',
    value: {
      type: 2566,
      flags: 3077,
      sequence: 1795547466,
      portId: 0,
      body: {
        family: 'inet6',
        table: 'keepalived',
        chain: 'in_link_local',
        expressions: [
          { type: 'payload', base: 'network', offset: 24, length: 16, register: 1 },
          { type: 'meta', key: 'inputInterface', register: 2 },
          { type: 'lookup', set: 'vips_link_local', register: 1 },
          { type: 'verdict', verdict: 'drop' },
        ],
      },
    },
  },
  {
    name: 'MLD of a macvlan leaves by the interface below instead',
    source: KEEPALIVED,
    bytes:
      '20020000 060a 050c 2ee1056b 00000000 0a0000000f0001006b656570616c697665640000080002006f757400f401048024000180090001006d6574610000000014000280080002000000001008000100000000012c00018008000100636d700020000280080001000000000108000200000000000c000380050001003a000000340001800c0001007061796c6f6164002400028008000100000000010800020000000002080003000000000008000400000000012c00018008000100636d700020000280080001000000000108000200000000000c000380050001008f000000340001800c0001007061796c6f61640024000280080001000000000108000200000000010800030000000018080004000000001024000180090001006d6574610000000014000280080002000000001b08000100000000023800018008000100636d70002c0002800800010000000002080002000000000018000380140001006d6163766c616e00000000000000000024000180090001006d6574610000000014000280080002000000000508000100000000023c0001800b0001006c6f6f6b757000002c000280080002000000000208000300000000020d000100766d61635f6d61700000000008000400000000012000018008000100647570001400028008000100000000010800020000000002300001800e000100696d6d6564696174650000001c0002800800010000000000100002800c0002800800010000000000',
    value: {
      type: 2566,
      flags: 3077,
      sequence: 1795547438,
      portId: 0,
      body: {
        family: 'inet6',
        table: 'keepalived',
        chain: 'out',
        expressions: [
          { type: 'meta', key: 'protocol', register: 1 },
          { type: 'equal', register: 1, value: fromHex('3a') },
          { type: 'payload', base: 'transport', offset: 0, length: 1, register: 1 },
          { type: 'equal', register: 1, value: fromHex('8f') },
          { type: 'payload', base: 'network', offset: 24, length: 16, register: 1 },
          { type: 'meta', key: 'outputInterfaceKind', register: 2 },
          { type: 'equal', register: 2, value: fromHex('6d6163766c616e000000000000000000') },
          { type: 'meta', key: 'outputInterface', register: 2 },
          { type: 'lookup', set: 'vmac_map', register: 2, destination: 2, setId: 1 },
          { type: 'duplicate', addressRegister: 1, interfaceRegister: 2 },
          { type: 'verdict', verdict: 'drop' },
        ],
      },
    },
  },
  {
    name: 'TCP to an address and port of a map gets its mark',
    source: KEEPALIVED,
    bytes:
      '78010000 060a 050c ab3b0d6b 00000000 02000000140001006b656570616c697665645f697076730007000200696e00004801048024000180090001006d6574610000000014000280080002000000001008000100000000012c00018008000100636d700020000280080001000000000108000200000000000c0003800500010006000000340001800c0001007061796c6f616400240002800800010000000001080002000000000108000300000000100800040000000004340001800c0001007061796c6f616400240002800800010000000009080002000000000208000300000000020800040000000002380001800b0001006c6f6f6b7570000028000280080002000000000108000300000000010c0001007463705f6d617000080004000000000124000180090001006d657461000000001400028008000200000000030800030000000001300001800e000100696d6d6564696174650000001c0002800800010000000000100002800c00028008000100fffffffb',
    value: {
      type: 2566,
      flags: 3077,
      sequence: 1796029355,
      portId: 0,
      body: {
        family: 'inet',
        table: 'keepalived_ipvs',
        chain: 'in',
        expressions: [
          { type: 'meta', key: 'protocol', register: 1 },
          { type: 'equal', register: 1, value: fromHex('06') },
          { type: 'payload', base: 'network', offset: 16, length: 4, register: 1 },
          { type: 'payload', base: 'transport', offset: 2, length: 2, register: 9 },
          { type: 'lookup', set: 'tcp_map', register: 1, destination: 1, setId: 1 },
          { type: 'set-meta', key: 'mark', register: 1 },
          { type: 'verdict', verdict: 'return' },
        ],
      },
    },
  },
];

export const setVectors: readonly MessageVector<SetMessage>[] = [
  {
    name: 'a map of interfaces',
    source: KEEPALIVED,
    bytes:
      '74000000 090a 0504 2fe1056b 00000000 020000000f0001006b656570616c6976656400000d000200766d61635f6d6170000000000800030000000008080004000000001408000500000000040800060000000014080007000000000408000a000000000110000d00000401000000010401000000',
    value: {
      type: 2569,
      flags: 1029,
      sequence: 1795547439,
      portId: 0,
      body: {
        family: 'inet',
        table: 'keepalived',
        set: 'vmac_map',
        flags: 8,
        keyType: 20,
        keyLength: 4,
        dataType: 20,
        dataLength: 4,
        id: 1,
        userData: fromHex('000401000000010401000000'),
      },
    },
  },
  {
    name: 'a set of IPv4 addresses',
    source: KEEPALIVED,
    bytes:
      '54000000 090a 0504 35e1056b 00000000 020000000f0001006b656570616c6976656400000900020076697073000000000800040000000007080005000000000408000a00000000020a000d000004020000000000',
    value: {
      type: 2569,
      flags: 1029,
      sequence: 1795547445,
      portId: 0,
      body: {
        family: 'inet',
        table: 'keepalived',
        set: 'vips',
        keyType: 7,
        keyLength: 4,
        id: 2,
        userData: fromHex('000402000000'),
      },
    },
  },
  {
    name: 'a set of ICMPv6 types that stays as it is',
    source: KEEPALIVED,
    bytes:
      '68000000 090a 0504 41e1056b 00000000 0a0000000f0001006b656570616c697665640000170002006e65696768626f722d646973636f7665727900000800030000000002080004000000001d080005000000000108000a00000000040a000d000004010000000000',
    value: {
      type: 2569,
      flags: 1029,
      sequence: 1795547457,
      portId: 0,
      body: {
        family: 'inet6',
        table: 'keepalived',
        set: 'neighbor-discovery',
        flags: 2,
        keyType: 29,
        keyLength: 1,
        id: 4,
        userData: fromHex('000401000000'),
      },
    },
  },
  {
    name: 'a set of IPv6 addresses with interfaces',
    source: KEEPALIVED,
    bytes:
      '5c000000 090a 0504 49e1056b 00000000 0a0000000f0001006b656570616c69766564000014000200766970735f6c696e6b5f6c6f63616c000800040000000214080005000000001408000a00000000050a000d000004010000000000',
    value: {
      type: 2569,
      flags: 1029,
      sequence: 1795547465,
      portId: 0,
      body: {
        family: 'inet6',
        table: 'keepalived',
        set: 'vips_link_local',
        keyType: 532,
        keyLength: 20,
        id: 5,
        userData: fromHex('000401000000'),
      },
    },
  },
  {
    name: 'a map of ranges of addresses and ports',
    source: KEEPALIVED,
    bytes:
      '94000000 090a 0504 aa3b0d6b 00000000 02000000140001006b656570616c697665645f69707673000c0002007463705f6d617000080003000000008c08000400000001cd08000500000000080800060000000013080007000000000408000a0000000001200009801c0002800c00018008000100000000040c000180080001000000000210000d00000401000000010401000000',
    value: {
      type: 2569,
      flags: 1029,
      sequence: 1796029354,
      portId: 0,
      body: {
        family: 'inet',
        table: 'keepalived_ipvs',
        set: 'tcp_map',
        flags: 0x8c,
        keyType: 0x1cd,
        keyLength: 8,
        dataType: 19,
        dataLength: 4,
        id: 1,
        description: fromHex('1c000280 0c000180 08000100 00000004 0c000180 08000100 00000002'),
        userData: fromHex('000401000000 010401000000'),
      },
    },
  },
];

export const elementsVectors: readonly MessageVector<ElementsMessage>[] = [
  {
    name: 'an element of a new map',
    source: KEEPALIVED,
    bytes:
      '5c000000 0c0a 0504 31e1056b 00000000 020000000d000200766d61635f6d61700000000008000400000000010f0001006b656570616c697665640000200003801c0001800c00018008000100040000000c0002800800010003000000',
    value: {
      type: 2572,
      flags: 1029,
      sequence: 1795547441,
      portId: 0,
      body: {
        family: 'inet',
        setId: 1,
        table: 'keepalived',
        set: 'vmac_map',
        elements: [{ key: fromHex('04000000'), value: fromHex('03000000') }],
      },
    },
  },
  {
    name: 'three elements of a set',
    source: KEEPALIVED,
    bytes:
      '64000000 0c0a 0506 38e1056b 00000000 020000000900020076697073000000000f0001006b656570616c69766564000034000380100001800c00018008000100c000020f100002800c00018008000100c0000210100003800c00018008000100c0000211',
    value: {
      type: 2572,
      flags: 1541,
      sequence: 1795547448,
      portId: 0,
      body: {
        family: 'inet',
        table: 'keepalived',
        set: 'vips',
        elements: [{ key: fromHex('c000020f') }, { key: fromHex('c0000210') }, { key: fromHex('c0000211') }],
      },
    },
    oneWay: 'libnftnl counts the members of a list',
  },
  {
    name: 'one element of a set',
    source: KEEPALIVED,
    bytes:
      '44000000 0c0a 0506 50e1056b 00000000 020000000900020076697073000000000f0001006b656570616c69766564000014000380100001800c00018008000100c0000212',
    value: {
      type: 2572,
      flags: 1541,
      sequence: 1795547472,
      portId: 0,
      body: { family: 'inet', table: 'keepalived', set: 'vips', elements: [{ key: fromHex('c0000212') }] },
    },
  },
  {
    name: 'an element to be removed',
    source: KEEPALIVED,
    bytes:
      '5c000000 0e0a 0500 57e1056b 00000000 0a00000014000200766970735f6c696e6b5f6c6f63616c000f0001006b656570616c69766564000024000380200001801c00018018000100fe80000000000000000000000000001503000000',
    value: {
      type: 2574,
      flags: 5,
      sequence: 1795547479,
      portId: 0,
      body: {
        family: 'inet6',
        table: 'keepalived',
        set: 'vips_link_local',
        elements: [{ key: fromHex('fe80000000000000000000000000001503000000') }],
      },
    },
  },
  {
    name: 'a range of a new map',
    source: KEEPALIVED,
    bytes:
      '70000000 0c0a 0504 ac3b0d6b 00000000 020000000c0002007463705f6d6170000800040000000001140001006b656570616c697665645f69707673003400038030000180100001800c000100c00002011f41000010000a800c000100c00002021f4100000c00028008000100e8030000',
    value: {
      type: 2572,
      flags: 1029,
      sequence: 1796029356,
      portId: 0,
      body: {
        family: 'inet',
        setId: 1,
        table: 'keepalived_ipvs',
        set: 'tcp_map',
        elements: [
          { key: fromHex('c0000201 1f410000'), keyEnd: fromHex('c0000202 1f410000'), value: fromHex('e8030000') },
        ],
      },
    },
  },
];
