/** rtnetlink messages about addresses. */

import type { IpAddress } from '../base/address.ts';
import type { AddressMessage } from './rtnetlink.ts';
import { IPROUTE2, KEEPALIVED, LINUX_6_18, type MessageVector } from './vector.ts';

const ip = (text: string) => text as IpAddress;
const FLAGS_TWICE = 'the kernel says flags below 256 twice, in the header and in IFA_FLAGS';
const forever = (stamp: number) => ({
  preferredLifetime: 0xffffffff,
  validLifetime: 0xffffffff,
  createdStamp: stamp,
  updatedStamp: stamp,
});
const vip = {
  family: 'inet',
  prefixLength: 24,
  flags: 0,
  scope: 0,
  interfaceIndex: 2,
  local: ip('192.168.4.15'),
} as const;

export const addressVectors: readonly MessageVector<AddressMessage>[] = [
  {
    name: 'RTM_NEWADDR of a virtual address',
    source: KEEPALIVED,
    bytes: '20000000 1400 0500 3bf9006b 00000000 02 18 00 00 02000000 0800 0200 c0a8040f',
    value: { type: 20, flags: 5, sequence: 0x6b00f93b, portId: 0, body: vip },
  },
  {
    name: 'the notification of it',
    source: KEEPALIVED,
    bytes:
      '50000000 1400 0000 3bf9006b 0ea34def 02 18 81 00 02000000 08000100c0a8040f 08000200c0a8040f 090003006574683000000000 0800080081000000 14000600ffffffffffffffff7611000076110000',
    value: {
      type: 20,
      flags: 0,
      sequence: 0x6b00f93b,
      portId: 0xef4da30e,
      body: { ...vip, flags: 0x81, address: ip('192.168.4.15'), label: 'eth0', cacheInfo: forever(0x1176) },
    },
    oneWay: FLAGS_TWICE,
  },
  {
    name: 'RTM_DELADDR of a virtual address',
    source: KEEPALIVED,
    bytes: '28000000 1500 0500 3cf9006b 00000000 02 18 00 00 02000000 0800 0200 c0a8040f 0800 0100 c0a8040f',
    value: {
      type: 21,
      flags: 5,
      sequence: 0x6b00f93c,
      portId: 0,
      body: { ...vip, address: ip('192.168.4.15') },
    },
  },
  {
    name: 'dump: the loopback address',
    source: KEEPALIVED,
    bytes:
      '4c000000 1400 0200 38f9006b 0ea34def 02 08 80 fe 01000000 080001007f000001 080002007f000001 070003006c6f0000 0800080080000000 14000600ffffffffffffffff5a0800005a080000',
    value: {
      type: 20,
      flags: 2,
      sequence: 0x6b00f938,
      portId: 0xef4da30e,
      body: {
        family: 'inet',
        prefixLength: 8,
        flags: 0x80,
        scope: 254,
        interfaceIndex: 1,
        address: ip('127.0.0.1'),
        local: ip('127.0.0.1'),
        label: 'lo',
        cacheInfo: forever(0x085a),
      },
    },
    oneWay: FLAGS_TWICE,
  },
  {
    name: 'dump: a link-local IPv6 address',
    source: KEEPALIVED,
    bytes:
      '500000001400020039f9006b0ea34def0a4080fd0200000014000100fe800000000000001c1e44fffe4a715c14000600ffffffffffffffff2c0c00002c0c0000080008008000000005000b0003000000',
    value: {
      type: 20,
      flags: 2,
      sequence: 0x6b00f939,
      portId: 0xef4da30e,
      body: {
        family: 'inet6',
        prefixLength: 64,
        flags: 0x80,
        scope: 253,
        interfaceIndex: 2,
        address: ip('fe80::1c1e:44ff:fe4a:715c'),
        protocol: 3,
        cacheInfo: forever(0x0c2c),
      },
    },
    oneWay: FLAGS_TWICE,
  },
  {
    name: 'RTM_NEWADDR with label, broadcast and protocol',
    source: "a request that Linux 6.18 carried out, with keepalived's number 18 as the protocol",
    bytes:
      '44000000 1400 0506 65000000 00000000 02 18 00 00 03000000 08000200c000020f 08000100c000020f 0b00030076303a7669700000 08000400c00002ff 05000b0012000000',
    value: {
      type: 20,
      flags: 0x605,
      sequence: 101,
      portId: 0,
      body: {
        family: 'inet',
        prefixLength: 24,
        flags: 0,
        scope: 0,
        interfaceIndex: 3,
        local: ip('192.0.2.15'),
        address: ip('192.0.2.15'),
        label: 'v0:vip',
        broadcast: ip('192.0.2.255'),
        protocol: 18,
      },
    },
  },
  {
    name: 'the notification of it, with the protocol',
    source: LINUX_6_18,
    bytes:
      '60000000 1400 0000 65000000 ca350000 02 18 80 00 03000000 08000100c000020f 08000200c000020f 08000400c00002ff 0b00030076303a7669700000 05000b0012000000 0800080080000000 14000600ffffffffffffffff7980030079800300',
    value: {
      type: 20,
      flags: 0,
      sequence: 101,
      portId: 0x35ca,
      body: {
        family: 'inet',
        prefixLength: 24,
        flags: 0x80,
        scope: 0,
        interfaceIndex: 3,
        address: ip('192.0.2.15'),
        local: ip('192.0.2.15'),
        broadcast: ip('192.0.2.255'),
        label: 'v0:vip',
        protocol: 18,
        cacheInfo: forever(0x038079),
      },
    },
    oneWay: FLAGS_TWICE,
  },
  {
    name: 'ip address add 192.0.2.16 peer 192.0.2.17 dev v0',
    source: IPROUTE2,
    bytes: '28000000 1400 0506 33d4056b 00000000 02 20 00 00 03000000 08000200c0000210 08000100c0000211',
    value: {
      type: 20,
      flags: 0x605,
      sequence: 0x6b05d433,
      portId: 0,
      body: {
        family: 'inet',
        prefixLength: 32,
        flags: 0,
        scope: 0,
        interfaceIndex: 3,
        local: ip('192.0.2.16'),
        address: ip('192.0.2.17'),
      },
    },
  },
  {
    name: 'ip address add 2001:db8::15/64 dev v0 nodad home preferred_lft 0',
    source: IPROUTE2,
    bytes:
      '54000000 1400 0506 33d4056b 00000000 0a 40 12 00 03000000 14000200 20010db8000000000000000000000015 14000100 20010db8000000000000000000000015 14000600 00000000 ffffffff 00000000 00000000',
    value: {
      type: 20,
      flags: 0x605,
      sequence: 0x6b05d433,
      portId: 0,
      body: {
        family: 'inet6',
        prefixLength: 64,
        flags: 0x12,
        scope: 0,
        interfaceIndex: 3,
        local: ip('2001:db8::15'),
        address: ip('2001:db8::15'),
        cacheInfo: { preferredLifetime: 0, validLifetime: 0xffffffff, createdStamp: 0, updatedStamp: 0 },
      },
    },
  },
  {
    name: 'ip address add 192.0.2.15/24 dev v0 noprefixroute',
    source: IPROUTE2,
    bytes:
      '30000000 1400 0506 33d4056b 00000000 02 18 00 00 03000000 08000200c000020f 0800080000020000 08000100c000020f',
    value: {
      type: 20,
      flags: 0x605,
      sequence: 0x6b05d433,
      portId: 0,
      body: {
        family: 'inet',
        prefixLength: 24,
        flags: 0x200,
        scope: 0,
        interfaceIndex: 3,
        local: ip('192.0.2.15'),
        address: ip('192.0.2.15'),
      },
    },
    oneWay: 'ip sends the flags before the address',
  },
];
