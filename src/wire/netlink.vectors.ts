/** Acknowledgements and ends of dumps. */

import { fromHex } from '../base/bytes.ts';
import type { Acknowledgement } from './netlink.ts';
import { KEEPALIVED, LINUX_6_18, type MessageVector } from './vector.ts';

const addressHeader = { type: 20, flags: 0x605, portId: 0 } as const;

export const acknowledgementVectors: readonly MessageVector<Acknowledgement>[] = [
  {
    name: 'success',
    source: KEEPALIVED,
    bytes: '24000000 0200 0001 3bf9006b d2004027 00000000 68000000 2000 0500 3bf9006b d2004027',
    value: {
      type: 2,
      flags: 0x100,
      sequence: 0x6b00f93b,
      portId: 0x274000d2,
      body: {
        errno: 0,
        request: { length: 104, type: 32, flags: 5, sequence: 0x6b00f93b, portId: 0x274000d2 },
        extended: {},
      },
    },
  },
  {
    name: 'EADDRNOTAVAIL with the whole request: RTM_DELADDR at the start of keepalived',
    source: KEEPALIVED,
    bytes:
      '3c000000 0200 0000 3af9006b 0ea34def 9dffffff 28000000 1500 0500 3af9006b 00000000 02180000 02000000 08000200 c0a8040f 08000100 c0a8040f',
    value: {
      type: 2,
      flags: 0,
      sequence: 0x6b00f93a,
      portId: 0xef4da30e,
      body: {
        errno: 99,
        request: {
          length: 40,
          type: 21,
          flags: 5,
          sequence: 0x6b00f93a,
          portId: 0,
          body: fromHex('0218000002000000 08000200c0a8040f 08000100c0a8040f'),
        },
        extended: {},
      },
    },
  },
  {
    name: 'EEXIST with the whole request: IPVS_CMD_NEW_DAEMON at a reload',
    source: KEEPALIVED,
    bytes:
      '48000000 0200 0000 56f9006b d300004a efffffff 34000000 2000 0500 56f9006b d300004a 09010000 20000380 0800010001000000 090002006574683000000000 0800030033000000',
    value: {
      type: 2,
      flags: 0,
      sequence: 0x6b00f956,
      portId: 0x4a0000d3,
      body: {
        errno: 17,
        request: {
          length: 52,
          type: 32,
          flags: 5,
          sequence: 0x6b00f956,
          portId: 0x4a0000d3,
          body: fromHex('09010000 20000380 0800010001000000 090002006574683000000000 0800030033000000'),
        },
        extended: {},
      },
    },
  },
  {
    name: 'EEXIST with the sentence alone (NETLINK_CAP_ACK, NETLINK_EXT_ACK)',
    source: LINUX_6_18,
    bytes:
      '48000000 0200 0003 66000000 ca350000 efffffff 28000000 1400 0506 66000000 00000000 2300 0100 697076343a204164647265737320616c72656164792061737369676e6564 0000',
    value: {
      type: 2,
      flags: 0x300,
      sequence: 102,
      portId: 0x35ca,
      body: {
        errno: 17,
        request: { ...addressHeader, length: 40, sequence: 102 },
        extended: { message: 'ipv4: Address already assigned' },
      },
    },
  },
  {
    name: 'EINVAL with the whole request and the sentence (NETLINK_EXT_ACK)',
    source: LINUX_6_18,
    bytes:
      '54000000 0200 0002 6d000000 ca350000 eaffffff 20000000 1400 0506 6d000000 00000000 02210000 03000000 08000200 c000020f 2000 0100 697076343a20496e76616c696420707265666978206c656e67746800',
    value: {
      type: 2,
      flags: 0x200,
      sequence: 109,
      portId: 0x35ca,
      body: {
        errno: 22,
        request: { ...addressHeader, length: 32, sequence: 109, body: fromHex('0221000003000000 08000200c000020f') },
        extended: { message: 'ipv4: Invalid prefix length' },
      },
    },
  },
];

/** The body is that of `decodeDone`. */
export const doneVectors: readonly MessageVector<{ readonly errno: number }>[] = [
  {
    name: 'the end of a dump',
    source: KEEPALIVED,
    bytes: '14000000 0300 0200 37f9006b 0ea34def 00000000',
    value: { type: 3, flags: 2, sequence: 0x6b00f937, portId: 0xef4da30e, body: { errno: 0 } },
  },
  {
    name: 'a dump broken off with EINVAL',
    source: 'the vector above with -EINVAL of asm-generic/errno-base.h',
    bytes: '14000000 0300 0200 37f9006b 0ea34def eaffffff',
    value: { type: 3, flags: 2, sequence: 0x6b00f937, portId: 0xef4da30e, body: { errno: 22 } },
  },
];
