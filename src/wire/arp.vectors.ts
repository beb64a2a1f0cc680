/** ARP frames. */

import type { IpAddress } from '../base/address.ts';
import { type ArpFrame, gratuitousArp } from './arp.ts';
import type { Mac } from './ethernet.ts';
import { KEEPALIVED, type Vector } from './vector.ts';

const mac = '52:02:a5:1e:a2:c5' as Mac;

export const arpVectors: readonly Vector<ArpFrame>[] = [
  {
    name: 'gratuitous ARP',
    source: KEEPALIVED,
    bytes: 'ffffffffffff 5202a51ea2c5 0806 0001 0800 06 04 0001 5202a51ea2c5 c0a8040f ffffffffffff c0a8040f',
    value: {
      destination: 'ff:ff:ff:ff:ff:ff' as Mac,
      source: mac,
      operation: 'request',
      senderHardwareAddress: mac,
      senderProtocolAddress: '192.168.4.15' as IpAddress,
      targetHardwareAddress: 'ff:ff:ff:ff:ff:ff' as Mac,
      targetProtocolAddress: '192.168.4.15' as IpAddress,
    },
  },
  {
    name: 'gratuitous ARP of the second address',
    source: KEEPALIVED,
    bytes: 'ffffffffffff 5202a51ea2c5 0806 0001 0800 06 04 0001 5202a51ea2c5 c0a80410 ffffffffffff c0a80410',
    value: gratuitousArp(mac, '192.168.4.16' as IpAddress),
  },
  {
    name: 'gratuitous ARP with the virtual MAC',
    source: KEEPALIVED,
    bytes: 'ffffffffffff 00005e000133 0806 0001 0800 06 04 0001 00005e000133 c0a8040f ffffffffffff c0a8040f',
    value: gratuitousArp('00:00:5e:00:01:33' as Mac, '192.168.4.15' as IpAddress),
  },
  {
    name: 'a reply',
    source: 'RFC 826, example of "Packet Generation", with addresses of RFC 5737',
    bytes: '5202a51ea2c5 00005e000133 0806 0001 0800 06 04 0002 00005e000133 c000020f 5202a51ea2c5 c000020b',
    value: {
      destination: mac,
      source: '00:00:5e:00:01:33' as Mac,
      operation: 'reply',
      senderHardwareAddress: '00:00:5e:00:01:33' as Mac,
      senderProtocolAddress: '192.0.2.15' as IpAddress,
      targetHardwareAddress: mac,
      targetProtocolAddress: '192.0.2.11' as IpAddress,
    },
  },
];
