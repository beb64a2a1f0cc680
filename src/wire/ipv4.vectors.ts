/** IPv4 packets. */

import type { IpAddress } from '../base/address.ts';
import { fromHex } from '../base/bytes.ts';
import type { Ipv4Packet } from './ipv4.ts';
import { KEEPALIVED, type Vector } from './vector.ts';

const source = '192.168.4.11' as IpAddress;
const group = '224.0.0.18' as IpAddress;
const peer = '192.168.4.12' as IpAddress;
const vrrp = { typeOfService: 0xc0, ttl: 255, protocol: 112, source } as const;
const v2 = fromHex('21339601010120b0c0a8040f3131313100000000');
const v3 = fromHex('313396010064ce6cc0a8040f');

export const ipv4Vectors: readonly Vector<Ipv4Packet>[] = [
  {
    name: 'VRRP version 2, multicast, the first of the process',
    source: KEEPALIVED,
    bytes: '45c0 0028 0001 0000 ff70 15df c0a8040b e0000012 21339601010120b0c0a8040f3131313100000000',
    value: { ...vrrp, identification: 1, destination: group, payload: v2 },
  },
  {
    name: 'VRRP version 2, unicast',
    source: KEEPALIVED,
    bytes: '45c0 0028 0001 0000 ff70 313d c0a8040b c0a8040c 21339601010120b0c0a8040f3131313100000000',
    value: { ...vrrp, identification: 1, destination: peer, payload: v2 },
  },
  {
    name: 'VRRP version 3, multicast',
    source: KEEPALIVED,
    bytes: '45c0 0020 0001 0000 ff70 15e7 c0a8040b e0000012 313396010064ce6cc0a8040f',
    value: { ...vrrp, identification: 1, destination: group, payload: v3 },
  },
  {
    name: 'VRRP version 3, the thirteenth of the process',
    source: KEEPALIVED,
    bytes: '45c0 0024 000d 0000 ff70 15d7 c0a8040b e0000012 31330002000aa009c0a8040fc0a80410',
    value: {
      ...vrrp,
      identification: 13,
      destination: group,
      payload: fromHex('31330002000aa009c0a8040fc0a80410'),
    },
  },
  {
    name: 'an authentication header',
    source: KEEPALIVED,
    bytes:
      '45c0 0040 0001 0000 ff33 1604 c0a8040b e0000012 70040000c0a8040b00000001e69e43037961a53b3f7299d9 2133960102018212c0a8040f0000000000000000',
    value: {
      ...vrrp,
      protocol: 51,
      identification: 1,
      destination: group,
      payload: fromHex('70040000c0a8040b00000001e69e43037961a53b3f7299d9 2133960102018212c0a8040f0000000000000000'),
    },
  },
  {
    // the first vector with IHL 6 and total length 0x2c: 15df - 0104, then Router Alert 9404 0000: 14db - 9404 -> 80d6
    name: 'options are skipped',
    source: 'the first vector with a Router Alert option (RFC 2113 §2.1), computed by hand',
    bytes: '46c0 002c 0001 0000 ff70 80d6 c0a8040b e0000012 94040000 21339601010120b0c0a8040f3131313100000000',
    value: { ...vrrp, identification: 1, destination: group, payload: v2 },
    oneWay: 'the option is not kept',
  },
];
