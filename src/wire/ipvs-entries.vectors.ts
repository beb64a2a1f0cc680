/** Parts of dumps of the IPVS table. */

import type { IpAddress } from '../base/address.ts';
import { seconds, ZERO } from '../base/time.ts';
import type { Destination, Service } from './ipvs.ts';
import { type DestinationEntry, NO_STATISTICS, type ServiceEntry } from './ipvs-entries.ts';
import type { MessageVector } from './vector.ts';

const LINUX_6_1 = 'capture of Linux 6.1 (Debian 12), table made by ipvsadm 1.31';
const TWICE = 'the kernel sends the counters twice, and the attributes in another order';
const part = { type: 32, flags: 2, portId: 4 } as const;
const ip = (text: string) => text as IpAddress;

/** IPVS_*_ATTR_STATS and IPVS_*_ATTR_STATS64, everything 0. */
const NO_TRAFFIC =
  '5c000a000800010000000000080002000000000008000300000000000c00040000000000000000000c0005000000000000000000080006000000000008000700000000000800080000000000080009000000000008000a0000000000' +
  '7c000c000c00010000000000000000000c00020000000000000000000c00030000000000000000000c00040000000000000000000c00050000000000000000000c00060000000000000000000c00070000000000000000000c00080000000000000000000c00090000000000000000000c000a000000000000000000';

const web = {
  key: { kind: 'address', family: 'inet', protocol: 'TCP', address: ip('192.168.4.15'), port: 80 },
  scheduler: 'rr',
  persistenceTimeout: ZERO,
  persistenceGranularity: 32,
  onePacket: false,
  schedulerFlags: 0,
} as const satisfies Service;

const tls: Service = {
  key: { kind: 'address', family: 'inet6', protocol: 'TCP', address: ip('fd00:4::15'), port: 443 },
  scheduler: 'sh',
  persistenceTimeout: ZERO,
  persistenceGranularity: 128,
  onePacket: false,
  schedulerFlags: 2,
};

const server: Destination = {
  family: 'inet',
  address: ip('192.168.4.21'),
  port: 80,
  forwardingMethod: 'direct-route',
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
};

const idle = (destination: Destination): DestinationEntry => ({
  destination,
  activeConnections: 0,
  inactiveConnections: 0,
  persistentConnections: 0,
  statistics: NO_STATISTICS,
});

export const serviceEntryVectors: readonly MessageVector<ServiceEntry>[] = [
  {
    name: 'a persistent service',
    source: LINUX_6_1,
    bytes: `40010000 2000 0200 03000000 04000000 01010000 2c010100 0600010002000000060002000600000014000300c0a8040f000000000000000000000000060004000050000008000600776c63000c00070003000000ffffffff080008003200000008000900ffffff00 ${NO_TRAFFIC}`,
    value: {
      ...part,
      sequence: 3,
      body: {
        service: { ...web, persistenceTimeout: seconds(50), persistenceGranularity: 24, scheduler: 'wlc' },
        statistics: NO_STATISTICS,
      },
    },
    oneWay: TWICE,
  },
  {
    name: 'a service with a persistence engine',
    source: LINUX_6_1,
    bytes: `48010000 2000 0200 03000000 04000000 01010000 34010100 0600010002000000060002001100000014000300c0a8040f000000000000000000000000060004000035000008000600776c630008000b00736970000c00070003000000ffffffff080008003c00000008000900ffffffff ${NO_TRAFFIC}`,
    value: {
      ...part,
      sequence: 3,
      body: {
        service: {
          ...web,
          key: { ...web.key, protocol: 'UDP', port: 53 },
          scheduler: 'wlc',
          persistenceTimeout: seconds(60),
          persistenceEngine: 'sip',
        },
        statistics: NO_STATISTICS,
      },
    },
    oneWay: TWICE,
  },
  {
    name: 'an IPv6 service with a scheduler flag',
    source: LINUX_6_1,
    bytes: `40010000 2000 0200 03000000 04000000 01010000 2c010100 060001000a000000060002000600000014000300fd0000040000000000000000000000150600040001bb000007000600736800000c00070012000000ffffffff08000800000000000800090080000000 ${NO_TRAFFIC}`,
    value: { ...part, sequence: 3, body: { service: tls, statistics: NO_STATISTICS } },
    oneWay: TWICE,
  },
  {
    name: 'a firewall mark, one packet',
    source: LINUX_6_1,
    bytes: `24010000 2000 0200 03000000 04000000 01010000 10010100 0600010002000000080005000700000008000600777272000c00070006000000ffffffff080008000000000008000900ffffffff ${NO_TRAFFIC}`,
    value: {
      ...part,
      sequence: 3,
      body: {
        service: { ...web, key: { kind: 'fwmark', family: 'inet', fwmark: 7 }, scheduler: 'wrr', onePacket: true },
        statistics: NO_STATISTICS,
      },
    },
    oneWay: TWICE,
  },
];

export const destinationEntryVectors: readonly MessageVector<DestinationEntry>[] = [
  {
    name: 'a GUE tunnel',
    source: LINUX_6_1,
    bytes: `64010000 2000 0200 04000000 04000000 05010000 50010200 14000100c0a8041700000000000000000000000006000200005000000800030002000000080004000100000005000d000100000006000e0017c0000006000f00000000000800050000000000080006000000000008000700000000000800080000000000080009000000000006000b0002000000 ${NO_TRAFFIC}`,
    value: {
      ...part,
      sequence: 4,
      body: idle({
        ...server,
        address: ip('192.168.4.23'),
        forwardingMethod: 'tunnel',
        tunnel: { type: 'gue', port: 6080, flags: 0 },
      }),
    },
    oneWay: TWICE,
  },
  {
    name: 'an IPIP tunnel',
    source: LINUX_6_1,
    bytes: `64010000 2000 0200 04000000 04000000 05010000 50010200 14000100c0a8041600000000000000000000000006000200005000000800030002000000080004000100000005000d000000000006000e000000000006000f00000000000800050000000000080006000000000008000700000000000800080000000000080009000000000006000b0002000000 ${NO_TRAFFIC}`,
    value: { ...part, sequence: 4, body: idle({ ...server, address: ip('192.168.4.22'), forwardingMethod: 'tunnel' }) },
    oneWay: TWICE,
  },
  {
    name: 'direct routing with thresholds',
    source: LINUX_6_1,
    bytes: `64010000 2000 0200 04000000 04000000 05010000 50010200 14000100c0a8041500000000000000000000000006000200005000000800030003000000080004000300000005000d000000000006000e000000000006000f00000000000800050064000000080006003200000008000700000000000800080000000000080009000000000006000b0002000000 ${NO_TRAFFIC}`,
    value: { ...part, sequence: 4, body: idle({ ...server, weight: 3, upperThreshold: 100, lowerThreshold: 50 }) },
    oneWay: TWICE,
  },
  {
    name: 'an IPv6 destination',
    source: LINUX_6_1,
    bytes: `64010000 2000 0200 05000000 04000000 05010000 50010200 14000100fd0000040000000000000000000000210600020001bb00000800030003000000080004000100000005000d000000000006000e000000000006000f00000000000800050000000000080006000000000008000700000000000800080000000000080009000000000006000b000a000000 ${NO_TRAFFIC}`,
    value: { ...part, sequence: 5, body: idle({ ...server, family: 'inet6', address: ip('fd00:4::21'), port: 443 }) },
    oneWay: TWICE,
  },
];
