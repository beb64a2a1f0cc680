/** Echo and Echo Reply: RFC 792, RFC 4443 §4.1 and §4.2. The checksum of ICMPv6 is the kernel's to make and to check. */
import type { Family } from '../base/address.ts';
import { viewOf } from '../base/bytes.ts';
import { internetChecksum } from '../base/checksum.ts';
import { fault, ok, type Result } from '../base/result.ts';

/** Identifier and sequence number are 0-65535. */
export interface Echo {
  readonly isReply: boolean;
  readonly identifier: number;
  readonly sequence: number;
  readonly data: Uint8Array;
}

/** Why a message is none. `type`: another message of ICMP. */
export type EchoFault = 'too-short' | 'type' | 'checksum';

const HEADER_LENGTH = 8;
const TYPES = { inet: { request: 8, reply: 0 }, inet6: { request: 128, reply: 129 } } as const;

//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |     Type      |     Code      |          Checksum             |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |           Identifier          |        Sequence Number        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |     Data ...

/** For IPv6 the checksum stays 0. */
export function encodeEcho(family: Family, { isReply, identifier, sequence, data }: Echo): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + data.length);
  const view = viewOf(bytes);
  view.setUint8(0, TYPES[family][isReply ? 'reply' : 'request']);
  view.setUint16(4, identifier);
  view.setUint16(6, sequence);
  bytes.set(data, HEADER_LENGTH);
  if (family === 'inet') view.setUint16(2, internetChecksum(bytes));
  return bytes;
}

/** A message without its IP header. */
export function decodeEcho(family: Family, bytes: Uint8Array): Result<Echo, EchoFault> {
  if (bytes.length < HEADER_LENGTH) return fault('too-short');
  const view = viewOf(bytes);
  const type = view.getUint8(0);
  const { request, reply } = TYPES[family];
  if ((type !== request && type !== reply) || view.getUint8(1) !== 0) return fault('type');
  if (family === 'inet' && internetChecksum(bytes) !== 0) return fault('checksum');
  return ok({
    isReply: type === reply,
    identifier: view.getUint16(4),
    sequence: view.getUint16(6),
    data: bytes.slice(HEADER_LENGTH),
  });
}
