/**
 * nfnetlink: the header of all messages about the packet filter, and the marks around a transaction.
 * linux/netfilter/nfnetlink.h.
 */

import type { Family } from '../base/address.ts';
import { concatBytes, viewOf } from '../base/bytes.ts';
import { fault, ok, type Result } from '../base/result.ts';
import { familyNumber, familyOfNumber } from './rtnetlink.ts';

/** NFNL_SUBSYS_NFTABLES: the upper byte of the message type. */
export const NFNL_SUBSYS_NFTABLES = 10;

/** NFNL_MSG_BATCH_*: message types of the marks. */
export const NFNL_MSG_BATCH_BEGIN = 16;
export const NFNL_MSG_BATCH_END = 17;

const HEADER_LENGTH = 4;
const NFNETLINK_V0 = 0;

//  struct nfgenmsg
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +---------------+---------------+-------------------------------+
//  |    Family     |    Version    |   Resource id (big endian)    |
//  +---------------+---------------+-------------------------------+

/** The body of a message of a subsystem. */
export interface NfMessage {
  /** NFPROTO_*; those of IPv4 and IPv6 are the families' own. */
  readonly family: Family;
  /** The attributes, not yet decoded. */
  readonly attributes: Uint8Array;
}

/** Reads header and attributes; refuses families that we do not serve, e.g. those of bridges. */
export function decodeNf(body: Uint8Array): Result<NfMessage, 'too-short' | 'family'> {
  if (body.length < HEADER_LENGTH) return fault('too-short');
  const family = familyOfNumber(viewOf(body).getUint8(0));
  return family === undefined ? fault('family') : ok({ family, attributes: body.subarray(HEADER_LENGTH) });
}

/** Header and attributes. */
export const encodeNf = ({ family, attributes }: NfMessage): Uint8Array =>
  concatBytes(Uint8Array.of(familyNumber(family), NFNETLINK_V0, 0, 0), attributes);

/** The body of both marks of a transaction of a subsystem. */
export const encodeNfMark = (subsystem: number): Uint8Array => Uint8Array.of(0, NFNETLINK_V0, 0, subsystem);
