/**
 * The IP Authentication Header around a VRRP version 2 message, as keepalived sends it with `auth_type AH`: RFC 2402 with
 * HMAC-MD5-96 (RFC 2403) in transport mode.
 *
 * Against RFC 2402 §3.3.3.1.1 keepalived includes the TTL in the digest, as it is in the packet, and puts the source
 * address where the Security Parameters Index is (RFC 2338 §5.3.6 leaves that open). The digest itself comes from the
 * caller, for this folder has no cryptography; which sequence numbers are fresh is said in src/vrrp/sequence-number.ts.
 */

import { addressBytes, addressFromBytes, familyOf, type IpAddress } from '../base/address.ts';
import { assert } from '../base/assert.ts';
import { concatBytes, equalSecrets, viewOf } from '../base/bytes.ts';
import { fault, ok, type Result } from '../base/result.ts';
import { decodeIpv4, encodeIpv4, type Ipv4Fault, type Ipv4Packet } from './ipv4.ts';

/** The IP protocol number of the Authentication Header. RFC 2402 §2. */
export const AUTHENTICATION_HEADER_PROTOCOL = 51;

/** The largest sequence number: it never begins again. RFC 2402 §3.3.2. */
export const SEQUENCE_NUMBER_MAX = 0xffff_ffff;

const FIXED_LENGTH = 12;
/** HMAC-MD5-96: the first 12 bytes of the 16. RFC 2403 §2. */
const INTEGRITY_CHECK_VALUE_LENGTH = 12;
const HEADER_LENGTH = FIXED_LENGTH + INTEGRITY_CHECK_VALUE_LENGTH;
/** Payload Len: in words of 4 bytes, less 2. RFC 2402 §2.2. */
const PAYLOAD_LENGTH = HEADER_LENGTH / 4 - 2;

//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  | Next Header   |  Payload Len  |          RESERVED             |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                 Security Parameters Index (SPI)               |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                    Sequence Number Field                      |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                                                               |
//  +                    Authentication Data                        +
//  |                (here the 12 bytes of HMAC-MD5-96)             |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** An Authentication Header and what it protects: the payload of an IPv4 packet of protocol 51. */
export interface AuthenticationHeader {
  /** The protocol of the payload, 0-255. */
  readonly nextHeader: number;
  /** The Security Parameters Index, which is an address with keepalived. */
  readonly securityParametersIndex: IpAddress;
  /** 0-4294967295. */
  readonly sequenceNumber: number;
  /** Authentication Data: 12 bytes. */
  readonly integrityCheckValue: Uint8Array;
  readonly payload: Uint8Array;
}

/** Why bytes are no such header: shorter than it, or with Authentication Data of another length. */
export type AuthenticationHeaderFault = 'too-short' | 'payload-length';

/** Reads the payload of an IPv4 packet of protocol 51. */
export function decodeAuthenticationHeader(bytes: Uint8Array): Result<AuthenticationHeader, AuthenticationHeaderFault> {
  if (bytes.length < HEADER_LENGTH) return fault('too-short');
  const view = viewOf(bytes);
  if (view.getUint8(1) !== PAYLOAD_LENGTH) return fault('payload-length');
  return ok({
    nextHeader: view.getUint8(0),
    securityParametersIndex: addressFromBytes(bytes.subarray(4, 8)),
    sequenceNumber: view.getUint32(8),
    integrityCheckValue: bytes.subarray(FIXED_LENGTH, HEADER_LENGTH),
    payload: bytes.subarray(HEADER_LENGTH),
  });
}

/** The header with its payload behind it. */
export function encodeAuthenticationHeader(header: AuthenticationHeader): Uint8Array {
  const { nextHeader, securityParametersIndex, sequenceNumber, integrityCheckValue, payload } = header;
  assert(Number.isInteger(nextHeader) && nextHeader >= 0 && nextHeader <= 0xff, `no protocol: ${nextHeader}`);
  assert(
    Number.isInteger(sequenceNumber) && sequenceNumber >= 0 && sequenceNumber <= SEQUENCE_NUMBER_MAX,
    `no sequence number: ${sequenceNumber}`,
  );
  assert(familyOf(securityParametersIndex) === 'inet', 'the index has 4 bytes');
  assert(integrityCheckValue.length === INTEGRITY_CHECK_VALUE_LENGTH, 'HMAC-MD5-96 has 12 bytes');
  const bytes = new Uint8Array(FIXED_LENGTH);
  const view = viewOf(bytes);
  view.setUint8(0, nextHeader);
  view.setUint8(1, PAYLOAD_LENGTH);
  view.setUint16(2, 0);
  bytes.set(addressBytes(securityParametersIndex), 4);
  view.setUint32(8, sequenceNumber);
  return concatBytes(bytes, integrityCheckValue, payload);
}

/** HMAC-MD5 with the password as its key: 16 bytes for any bytes. The key is what `passwordData` makes of it. */
export type KeyedDigest = (bytes: Uint8Array) => Uint8Array;

/** A packet whose digest was right, as if it had come without the header, and the number that says whether it is new. */
export interface AuthenticatedPacket {
  readonly packet: Ipv4Packet;
  /** 0-4294967295. */
  readonly sequenceNumber: number;
}

/** Why a packet is not what its sender has sent, or is none at all. */
export type AuthenticationFault =
  | Ipv4Fault
  /** Protocol 51 is missing where it has to be. */
  | 'authentication-header-missing'
  | 'authentication-header-length'
  /** The Security Parameters Index is not the source address. */
  | 'authentication-header-index'
  /** Another password, or the packet has been changed on its way. */
  | 'authentication-header-digest';

/**
 * Reads a whole IPv4 packet and checks its digest. A packet that has been forwarded is refused too, since its TTL is
 * another one.
 */
export function decodeAuthenticated(
  bytes: Uint8Array,
  digest: KeyedDigest,
): Result<AuthenticatedPacket, AuthenticationFault> {
  const outcome = decodeIpv4(bytes);
  if (!outcome.ok) return outcome;
  const { value: outer } = outcome;
  if (outer.protocol !== AUTHENTICATION_HEADER_PROTOCOL) return fault('authentication-header-missing');
  const header = decodeAuthenticationHeader(outer.payload);
  if (!header.ok) return fault('authentication-header-length');
  const { nextHeader, securityParametersIndex, sequenceNumber, integrityCheckValue, payload } = header.value;
  if (securityParametersIndex !== outer.source) return fault('authentication-header-index');
  const totalLength = viewOf(bytes).getUint16(2);
  const start = totalLength - outer.payload.length;
  const expected = integrityCheckValueOf(bytes.subarray(0, totalLength), start, digest);
  if (!equalSecrets(expected, integrityCheckValue)) return fault('authentication-header-digest');
  return ok({ packet: { ...outer, protocol: nextHeader, payload }, sequenceNumber });
}

/** The whole IPv4 packet with the header between the IPv4 header and the payload of `packet`. */
export function encodeAuthenticated({ packet, sequenceNumber }: AuthenticatedPacket, digest: KeyedDigest): Uint8Array {
  const header = {
    nextHeader: packet.protocol,
    securityParametersIndex: packet.source,
    sequenceNumber,
    integrityCheckValue: new Uint8Array(INTEGRITY_CHECK_VALUE_LENGTH),
    payload: packet.payload,
  };
  const payload = encodeAuthenticationHeader(header);
  const bytes = encodeIpv4({ ...packet, protocol: AUTHENTICATION_HEADER_PROTOCOL, payload });
  const start = bytes.length - payload.length;
  bytes.set(integrityCheckValueOf(bytes, start, digest), start + FIXED_LENGTH);
  return bytes;
}

/**
 * What the digest says of a packet: with Type of Service, flags, fragment offset, checksum (RFC 2402 §3.3.3.1.1) and the
 * value itself as zeros. Not the TTL: see the file's head.
 * @param start where the Authentication Header begins
 */
function integrityCheckValueOf(packet: Uint8Array, start: number, digest: KeyedDigest): Uint8Array {
  const copy = packet.slice();
  copy.fill(0, 1, 2);
  copy.fill(0, 6, 8);
  copy.fill(0, 10, 12);
  copy.fill(0, start + FIXED_LENGTH, start + HEADER_LENGTH);
  return digest(copy).subarray(0, INTEGRITY_CHECK_VALUE_LENGTH);
}
