/** IPv6 packets. */

import type { IpAddress } from '../base/address.ts';
import { fromHex } from '../base/bytes.ts';
import type { Ipv6Packet } from './ipv6.ts';
import { KEEPALIVED, type Vector } from './vector.ts';

const ip = (text: string) => text as IpAddress;
const v3 = '3133 9602 0064 a7a1 fe800000000000000000000000000015 fd000004000000000000000000000015';
const v2 = '2133 6402 0001 1668 fe800000000000000000000000000015 fd000004000000000000000000000015';
const advertisement = '8800bf8d 20000000 fe800000000000000000000000000015 02015202a51ea2c5';

export const ipv6Vectors: readonly Vector<Ipv6Packet>[] = [
  {
    name: 'VRRP version 3, multicast',
    source: KEEPALIVED,
    bytes: `6c09b385 0028 70 ff fe800000000000005002a5fffe1ea2c5 ff020000000000000000000000000012 ${v3}`,
    value: {
      trafficClass: 0xc0,
      flowLabel: 0x9b385,
      nextHeader: 112,
      hopLimit: 255,
      source: ip('fe80::5002:a5ff:fe1e:a2c5'),
      destination: ip('ff02::12'),
      payload: fromHex(v3),
    },
  },
  {
    name: 'VRRP version 2, multicast',
    source: KEEPALIVED,
    bytes: `6c0f1faf 0028 70 ff fe8000000000000040ef02fffe85280f ff020000000000000000000000000012 ${v2}`,
    value: {
      trafficClass: 0xc0,
      flowLabel: 0xf1faf,
      nextHeader: 112,
      hopLimit: 255,
      source: ip('fe80::40ef:2ff:fe85:280f'),
      destination: ip('ff02::12'),
      payload: fromHex(v2),
    },
  },
  {
    name: 'a neighbour advertisement',
    source: KEEPALIVED,
    bytes: `60000000 0020 3a ff fe800000000000000000000000000015 ff020000000000000000000000000001 ${advertisement}`,
    value: {
      trafficClass: 0,
      flowLabel: 0,
      nextHeader: 58,
      hopLimit: 255,
      source: ip('fe80::15'),
      destination: ip('ff02::1'),
      payload: fromHex(advertisement),
    },
  },
];
