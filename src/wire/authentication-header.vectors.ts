/** Authentication Headers, and whole packets with them. */

import type { IpAddress } from '../base/address.ts';
import { fromHex } from '../base/bytes.ts';
import type { AuthenticatedPacket, AuthenticationHeader } from './authentication-header.ts';
import { KEEPALIVED, type Vector } from './vector.ts';

const source = '192.168.4.11' as IpAddress;
const message = fromHex('2133960102018212c0a8040f0000000000000000');
const farewell = fromHex('2133000102011813c0a8040f0000000000000000');

export const authenticationHeaderVectors: readonly Vector<AuthenticationHeader>[] = [
  {
    name: 'around the first advertisement of a process',
    source: KEEPALIVED,
    bytes: '70040000 c0a8040b 00000001 e69e43037961a53b3f7299d9 2133960102018212c0a8040f0000000000000000',
    value: {
      nextHeader: 112,
      securityParametersIndex: source,
      sequenceNumber: 1,
      integrityCheckValue: fromHex('e69e43037961a53b3f7299d9'),
      payload: message,
    },
  },
  {
    name: 'around nothing, with the largest sequence number',
    source: 'RFC 2402 §2, by hand',
    bytes: '3b040000 ffffffff ffffffff 000102030405060708090a0b',
    value: {
      nextHeader: 59,
      securityParametersIndex: '255.255.255.255' as IpAddress,
      sequenceNumber: 0xffff_ffff,
      integrityCheckValue: fromHex('000102030405060708090a0b'),
      payload: new Uint8Array(0),
    },
  },
];

const packet = {
  typeOfService: 0xc0,
  ttl: 255,
  protocol: 112,
  source,
  destination: '224.0.0.18' as IpAddress,
} as const;

/** The password of all of them is 1111. */
export const authenticatedVectors: readonly Vector<AuthenticatedPacket>[] = [
  {
    name: 'the first advertisement of a process',
    source: KEEPALIVED,
    bytes:
      '45c0 0040 0001 0000 ff33 1604 c0a8040b e0000012 70040000c0a8040b00000001e69e43037961a53b3f7299d9 2133960102018212c0a8040f0000000000000000',
    value: { packet: { ...packet, identification: 1, payload: message }, sequenceNumber: 1 },
  },
  {
    name: 'the second',
    source: KEEPALIVED,
    bytes:
      '45c0 0040 0002 0000 ff33 1603 c0a8040b e0000012 70040000c0a8040b00000002 0d52a090d7e0249485027c8c 2133960102018212c0a8040f0000000000000000',
    value: { packet: { ...packet, identification: 2, payload: message }, sequenceNumber: 2 },
  },
  {
    name: 'the farewell',
    source: KEEPALIVED,
    bytes:
      '45c0 0040 0003 0000 ff33 1602 c0a8040b e0000012 70040000c0a8040b00000003 a2b3c5de3393052d1f3f9127 2133000102011813c0a8040f0000000000000000',
    value: { packet: { ...packet, identification: 3, payload: farewell }, sequenceNumber: 3 },
  },
];
