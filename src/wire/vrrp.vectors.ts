/** VRRP messages with the addresses of the IP header that carried them. */

import type { IpAddress } from '../base/address.ts';
import { fromHex } from '../base/bytes.ts';
import { centiseconds, seconds } from '../base/time.ts';
import { KEEPALIVED, type Vector } from './vector.ts';
import type { DecodedAdvertisement, PseudoHeader } from './vrrp.ts';

/** A message and the header that its checksum may cover. */
export interface VrrpVector extends Vector<DecodedAdvertisement> {
  readonly header: PseudoHeader;
}

const ip = (text: string) => text as IpAddress;
const multicast: PseudoHeader = { source: ip('192.168.4.11'), destination: ip('224.0.0.18') };
const unicast: PseudoHeader = { source: ip('192.168.4.11'), destination: ip('192.168.4.12') };
const linkLocal: PseudoHeader = { source: ip('fe80::5002:a5ff:fe1e:a2c5'), destination: ip('ff02::12') };

const one = [ip('192.168.4.15')];
const two = [ip('192.168.4.15'), ip('192.168.4.16')];
const pass = (hex: string) => ({ type: 'PASS', data: fromHex(hex) }) as const;
const v2 = { version: 2, vrid: 51, priority: 150, advertisementInterval: seconds(1), addresses: one } as const;
const v3 = { version: 3, vrid: 51, priority: 150, advertisementInterval: seconds(1), addresses: one } as const;

export const vrrpVectors: readonly VrrpVector[] = [
  {
    name: 'version 2, PASS',
    source: KEEPALIVED,
    header: multicast,
    bytes: '21 33 96 01 01 01 20b0 c0a8040f 3131313100000000',
    value: { advertisement: { ...v2, authentication: pass('3131313100000000') }, checksumReading: 'message' },
  },
  {
    name: 'version 2, PASS, priority 0',
    source: KEEPALIVED,
    header: multicast,
    bytes: '21 33 00 01 01 01 b6b0 c0a8040f 3131313100000000',
    value: {
      advertisement: { ...v2, priority: 0, authentication: pass('3131313100000000') },
      checksumReading: 'message',
    },
  },
  {
    name: 'version 2, PASS with all 8 characters',
    source: KEEPALIVED,
    header: multicast,
    bytes: '21 33 96 01 01 01 f6a0 c0a8040f 7333637265745057',
    value: { advertisement: { ...v2, authentication: pass('7333637265745057') }, checksumReading: 'message' },
  },
  {
    name: 'version 2, PASS with all 8 characters, priority 0',
    source: KEEPALIVED,
    header: multicast,
    bytes: '21 33 00 01 01 01 8ca1 c0a8040f 7333637265745057',
    value: {
      advertisement: { ...v2, priority: 0, authentication: pass('7333637265745057') },
      checksumReading: 'message',
    },
  },
  {
    name: 'version 2, PASS, unicast',
    source: KEEPALIVED,
    header: unicast,
    bytes: '21 33 96 01 01 01 20b0 c0a8040f 3131313100000000',
    value: { advertisement: { ...v2, authentication: pass('3131313100000000') }, checksumReading: 'message' },
  },
  {
    name: 'version 2, no authentication, two addresses',
    source: KEEPALIVED,
    header: multicast,
    bytes: '21 33 96 02 00 01 bf58 c0a8040f c0a80410 0000000000000000',
    value: { advertisement: { ...v2, addresses: two }, checksumReading: 'message' },
  },
  {
    name: 'version 2, no authentication, two addresses, priority 0',
    source: KEEPALIVED,
    header: multicast,
    bytes: '21 33 00 02 00 01 5559 c0a8040f c0a80410 0000000000000000',
    value: { advertisement: { ...v2, priority: 0, addresses: two }, checksumReading: 'message' },
  },
  {
    name: 'version 2, the message inside an authentication header',
    source: KEEPALIVED,
    header: multicast,
    bytes: '21 33 96 01 02 01 8212 c0a8040f 0000000000000000',
    value: { advertisement: { ...v2, authentication: { type: 'AH' } }, checksumReading: 'message' },
  },
  {
    name: 'version 2, the message inside an authentication header, priority 0',
    source: KEEPALIVED,
    header: multicast,
    bytes: '21 33 00 01 02 01 1813 c0a8040f 0000000000000000',
    value: { advertisement: { ...v2, priority: 0, authentication: { type: 'AH' } }, checksumReading: 'message' },
  },
  {
    name: 'version 3, IPv4',
    source: KEEPALIVED,
    header: multicast,
    bytes: '31 33 96 01 0064 ce6c c0a8040f',
    value: { advertisement: v3, checksumReading: 'pseudo-header' },
  },
  {
    name: 'version 3, IPv4, priority 0',
    source: KEEPALIVED,
    header: multicast,
    bytes: '31 33 00 01 0064 646d c0a8040f',
    value: { advertisement: { ...v3, priority: 0 }, checksumReading: 'pseudo-header' },
  },
  {
    name: 'version 3, IPv4, the address owner',
    source: KEEPALIVED,
    header: multicast,
    bytes: '31 33 ff 01 0064 656c c0a8040f',
    value: { advertisement: { ...v3, priority: 255 }, checksumReading: 'pseudo-header' },
  },
  {
    name: 'version 3, IPv4, 0.1 s, two addresses',
    source: KEEPALIVED,
    header: multicast,
    bytes: '31 33 96 02 000a 0a09 c0a8040f c0a80410',
    value: {
      advertisement: { ...v3, advertisementInterval: centiseconds(10), addresses: two },
      checksumReading: 'pseudo-header',
    },
  },
  {
    name: 'version 3, IPv4, 0.1 s, two addresses, priority 0',
    source: KEEPALIVED,
    header: multicast,
    bytes: '31 33 00 02 000a a009 c0a8040f c0a80410',
    value: {
      advertisement: { ...v3, priority: 0, advertisementInterval: centiseconds(10), addresses: two },
      checksumReading: 'pseudo-header',
    },
  },
  {
    name: 'version 3, IPv4, unicast',
    source: KEEPALIVED,
    header: unicast,
    bytes: '31 33 96 01 0064 e9ca c0a8040f',
    value: { advertisement: v3, checksumReading: 'pseudo-header' },
  },
  {
    name: 'version 3, IPv4, unicast, priority 0',
    source: KEEPALIVED,
    header: unicast,
    bytes: '31 33 00 01 0064 7fcb c0a8040f',
    value: { advertisement: { ...v3, priority: 0 }, checksumReading: 'pseudo-header' },
  },
  {
    // 3133 + 9601 + 0064 + c0a8 + 040f = 18c4f -> 8c50 -> 73af
    name: 'version 3, IPv4, checksum over the message alone',
    source: 'computed by hand from RFC 9568 §5.2.8',
    header: multicast,
    bytes: '31 33 96 01 0064 73af c0a8040f',
    value: { advertisement: v3, checksumReading: 'message' },
  },
  {
    // the pseudo header of the multicast vector above, so its checksum too
    name: 'version 3, IPv4, unicast with a pseudo header of 224.0.0.18',
    source: KEEPALIVED,
    header: unicast,
    bytes: '31 33 96 01 0064 ce6c c0a8040f',
    value: { advertisement: v3, checksumReading: 'group-pseudo-header' },
  },
  {
    name: 'version 3, IPv6, two addresses',
    source: KEEPALIVED,
    header: linkLocal,
    bytes: '31 33 96 02 0064 a7a1 fe800000000000000000000000000015 fd000004000000000000000000000015',
    value: {
      advertisement: { ...v3, addresses: [ip('fe80::15'), ip('fd00:4::15')] },
      checksumReading: 'pseudo-header',
    },
  },
  {
    name: 'version 3, IPv6, two addresses, priority 0',
    source: KEEPALIVED,
    header: linkLocal,
    bytes: '31 33 00 02 0064 3da2 fe800000000000000000000000000015 fd000004000000000000000000000015',
    value: {
      advertisement: { ...v3, priority: 0, addresses: [ip('fe80::15'), ip('fd00:4::15')] },
      checksumReading: 'pseudo-header',
    },
  },
  {
    name: 'version 2, IPv6, two addresses',
    source: KEEPALIVED,
    header: { source: ip('fe80::40ef:2ff:fe85:280f'), destination: ip('ff02::12') },
    bytes: '21 33 64 02 00 01 1668 fe800000000000000000000000000015 fd000004000000000000000000000015',
    value: {
      advertisement: { ...v2, priority: 100, addresses: [ip('fe80::15'), ip('fd00:4::15')] },
      checksumReading: 'pseudo-header',
    },
  },
];
