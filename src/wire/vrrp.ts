/**
 * VRRP advertisements: version 2 (RFC 3768, authentication data of RFC 2338) and version 3 (RFC 5798, RFC 9568).
 *
 * Only the VRRP message itself: the IPv4 header is in ipv4.ts, and whether an advertisement is wanted (TTL, VRID,
 * authentication, interval, addresses) is decided in src/vrrp. An advertisement without addresses is accepted, against
 * RFC 9568 §5.2.5: keepalived sends it for an instance that has excluded addresses only, and a backup that ignored it
 * would become a second master.
 */

import {
  addressBytes,
  addressFromBytes,
  addressLength,
  type Family,
  familyOf,
  type IpAddress,
  isMulticast,
} from '../base/address.ts';
import { assert, assertNever } from '../base/assert.ts';
import { viewOf } from '../base/bytes.ts';
import { internetChecksum } from '../base/checksum.ts';
import { fault, ok, type Result } from '../base/result.ts';
import { centiseconds, type Duration, seconds } from '../base/time.ts';

/** The IP protocol number of VRRP. RFC 5798 §5.1.1.4. */
export const VRRP_PROTOCOL = 112;

/** Where VRRP is sent to unless configured otherwise. RFC 5798 §5.1.1.2. */
export const VRRP_GROUP = '224.0.0.18' as IpAddress;

/** The same for IPv6. RFC 5798 §5.1.2.2. */
export const VRRP_GROUP_IPV6 = 'ff02::12' as IpAddress;

/** Bytes of authentication data at the end of every version 2 message. RFC 3768 §5.3.10. */
export const AUTHENTICATION_DATA_LENGTH = 8;

const HEADER_LENGTH = 8;
const TYPE_ADVERTISEMENT = 1;
const AUTH_TYPES = ['none', 'PASS', 'AH'] as const;

//  Version 2, RFC 3768 §5.1
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |Version| Type  | Virtual Rtr ID|   Priority    | Count IP Addrs|
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |   Auth Type   |   Adver Int   |          Checksum             |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                         IP Address (1)                        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                            .  .  .                            |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                     Authentication Data (1)                   |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                     Authentication Data (2)                   |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/**
 * A version 2 advertisement. RFC 3768 knows IPv4 only; keepalived sends it over IPv6 too where it is told to, without the
 * authentication data at the end and with a checksum as in version 3.
 */
export interface AdvertisementV2 {
  readonly version: 2;
  /** Virtual Rtr ID, 1-255. */
  readonly vrid: number;
  /** 0-255: 0 the Master stops, 255 the address owner. */
  readonly priority: number;
  /** Absent: Auth Type 0; always so over IPv6. Of `AH` only the type is here; the digest is in the header around the message. */
  readonly authentication?: AuthenticationV2;
  /** Adver Int: whole seconds, 1-255. */
  readonly advertisementInterval: Duration;
  /** In the order of the message; at most 255. */
  readonly addresses: readonly IpAddress[];
}

/** RFC 2338 §5.3.6: Auth Type 1, Simple Text Password, with its 8 bytes; Auth Type 2, IP Authentication Header. */
export type AuthenticationV2 = { readonly type: 'PASS'; readonly data: Uint8Array } | { readonly type: 'AH' };

//  Version 3, RFC 5798 §5.1 (here with IPv4; an IPv6 address takes four lines)
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |Version| Type  | Virtual Rtr ID|   Priority    |Count IPvX Addr|
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |(rsvd) |     Max Adver Int     |          Checksum             |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                       IPvX Address(es)                        |
//  +                            .  .  .                            +
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** A version 3 advertisement. */
export interface AdvertisementV3 {
  readonly version: 3;
  /** Virtual Rtr ID, 1-255. */
  readonly vrid: number;
  /** 0-255: 0 the Master stops, 255 the address owner. */
  readonly priority: number;
  /** Max Adver Int: whole centiseconds, 1-4095. */
  readonly advertisementInterval: Duration;
  /** In the order of the message, all of the family that carries it; at most 255. */
  readonly addresses: readonly IpAddress[];
}

/** An advertisement of either version. */
export type Advertisement = AdvertisementV2 | AdvertisementV3;

/** The addresses of the IP header that carries the message; they take part in the version 3 checksum. */
export interface PseudoHeader {
  readonly source: IpAddress;
  readonly destination: IpAddress;
}

/**
 * What a version 3 checksum over IPv4 was computed over. RFC 5798 §5.2.8 has been read in several ways:
 * `pseudo-header`: keepalived, and every implementation over IPv6; `message`: the message alone, as in version 2
 * (keepalived.conf(5) "v3_checksum_as_v2", and RFC 9568); `group-pseudo-header`: unicast, but the pseudo header says
 * 224.0.0.18 (keepalived.conf(5) "old_unicast_checksum"). Version 2 over IPv4 is always `message`.
 */
export type ChecksumReading = 'pseudo-header' | 'message' | 'group-pseudo-header';

/** A decoded advertisement and the reading under which its checksum was right. */
export interface DecodedAdvertisement {
  readonly advertisement: Advertisement;
  readonly checksumReading: ChecksumReading;
}

/** Why a message is no advertisement. */
export type AdvertisementFault =
  | 'too-short'
  | 'too-long'
  | 'version'
  | 'type'
  | 'checksum'
  | 'vrid'
  | 'advertisement-interval'
  | 'authentication-type';

/**
 * Reads the VRRP message of a packet; the family is that of the header's addresses. The length has to be exactly
 * what version and address count demand.
 */
export function decodeAdvertisement(
  bytes: Uint8Array,
  header: PseudoHeader,
): Result<DecodedAdvertisement, AdvertisementFault> {
  if (bytes.length < HEADER_LENGTH) return fault('too-short');
  const view = viewOf(bytes);
  const family = familyOf(header.source);
  const version = view.getUint8(0) >> 4;
  if (version !== 2 && version !== 3) return fault('version');
  if ((view.getUint8(0) & 0x0f) !== TYPE_ADVERTISEMENT) return fault('type');

  const count = view.getUint8(3);
  const length = messageLength(version, family, count);
  if (bytes.length < length) return fault('too-short');
  if (bytes.length > length) return fault('too-long');

  const checksumReading = readingsOf(version, header).find((reading) => checksum(bytes, header, reading) === 0);
  if (checksumReading === undefined) return fault('checksum');

  const vrid = view.getUint8(1);
  if (vrid === 0) return fault('vrid');
  const priority = view.getUint8(2);
  const addresses = decodeAddresses(bytes, family, count);

  if (version === 3) {
    const maxAdverInt = view.getUint16(4) & 0x0fff;
    if (maxAdverInt === 0) return fault('advertisement-interval');
    const advertisementInterval = centiseconds(maxAdverInt);
    return ok({ advertisement: { version, vrid, priority, advertisementInterval, addresses }, checksumReading });
  }

  const adverInt = view.getUint8(5);
  if (adverInt === 0) return fault('advertisement-interval');
  const advertisement = { version, vrid, priority, advertisementInterval: seconds(adverInt), addresses } as const;
  const authType = AUTH_TYPES[view.getUint8(4)];
  if (family === 'inet6' && authType !== 'none') return fault('authentication-type');
  switch (authType) {
    case undefined:
      return fault('authentication-type');
    case 'none':
      return ok({ advertisement, checksumReading });
    case 'PASS': {
      const data = bytes.slice(length - AUTHENTICATION_DATA_LENGTH);
      return ok({ advertisement: { ...advertisement, authentication: { type: 'PASS', data } }, checksumReading });
    }
    case 'AH':
      return ok({ advertisement: { ...advertisement, authentication: { type: 'AH' } }, checksumReading });
    default:
      return assertNever(authType);
  }
}

/** The bytes of a message. Asserts the ranges that the types document. */
export function encodeAdvertisement(
  advertisement: Advertisement,
  header: PseudoHeader,
  checksumReading: ChecksumReading = usualReading(advertisement.version, header),
): Uint8Array {
  const { version, vrid, priority, advertisementInterval, addresses } = advertisement;
  const family = familyOf(header.source);
  assertByte('VRID', vrid, 1);
  assertByte('priority', priority, 0);
  assertByte('address count', addresses.length, 0);
  assert(familyOf(header.destination) === family, 'source and destination are of one family');
  assert(
    addresses.every((address) => familyOf(address) === family),
    'the addresses are of the family that carries them',
  );
  assert(readingsOf(version, header).includes(checksumReading), `no ${checksumReading} checksum in version ${version}`);

  const bytes = new Uint8Array(messageLength(version, family, addresses.length));
  const view = viewOf(bytes);
  view.setUint8(0, (version << 4) | TYPE_ADVERTISEMENT);
  view.setUint8(1, vrid);
  view.setUint8(2, priority);
  view.setUint8(3, addresses.length);
  if (advertisement.version === 2) {
    const adverInt = advertisementInterval / seconds(1);
    assertByte('advertisement interval in seconds', adverInt, 1);
    view.setUint8(4, AUTH_TYPES.indexOf(advertisement.authentication?.type ?? 'none'));
    view.setUint8(5, adverInt);
    assert(family === 'inet' || !advertisement.authentication, 'no authentication over IPv6');
    if (family === 'inet') {
      bytes.set(authenticationData(advertisement.authentication), bytes.length - AUTHENTICATION_DATA_LENGTH);
    }
  } else {
    const maxAdverInt = advertisementInterval / centiseconds(1);
    assert(
      Number.isInteger(maxAdverInt) && maxAdverInt >= 1 && maxAdverInt <= 4095,
      `${maxAdverInt} cs is no interval`,
    );
    view.setUint16(4, maxAdverInt);
  }
  for (const [i, address] of addresses.entries()) {
    bytes.set(addressBytes(address), HEADER_LENGTH + i * addressLength(family));
  }
  view.setUint16(6, 0);
  view.setUint16(6, checksum(bytes, header, checksumReading));
  return bytes;
}

/** A password as it stands in the message: 8 bytes of UTF-8, cut off or padded with zeros. RFC 2338 §5.3.6.2. */
export function passwordData(password: string): Uint8Array {
  const data = new Uint8Array(AUTHENTICATION_DATA_LENGTH).fill(0);
  data.set(new TextEncoder().encode(password).subarray(0, AUTHENTICATION_DATA_LENGTH));
  return data;
}

function authenticationData(authentication: AuthenticationV2 | undefined): Uint8Array {
  if (authentication?.type !== 'PASS') return passwordData('');
  assert(authentication.data.length === AUTHENTICATION_DATA_LENGTH, 'authentication data has 8 bytes');
  return authentication.data;
}

const messageLength = (version: 2 | 3, family: Family, count: number): number =>
  HEADER_LENGTH + count * addressLength(family) + (version === 2 && family === 'inet' ? AUTHENTICATION_DATA_LENGTH : 0);

function decodeAddresses(bytes: Uint8Array, family: Family, count: number): IpAddress[] {
  const length = addressLength(family);
  return Array.from({ length: count }, (_, i) => {
    const start = HEADER_LENGTH + i * length;
    return addressFromBytes(bytes.subarray(start, start + length));
  });
}

const usualReading = (version: 2 | 3, header: PseudoHeader): ChecksumReading =>
  version === 2 && familyOf(header.source) === 'inet' ? 'message' : 'pseudo-header';

/** The readings that are possible for a message, the likely one first. */
function readingsOf(version: 2 | 3, header: PseudoHeader): readonly ChecksumReading[] {
  if (familyOf(header.source) === 'inet6') return ['pseudo-header'];
  if (version === 2) return ['message'];
  return isMulticast(header.destination)
    ? ['pseudo-header', 'message']
    : ['pseudo-header', 'message', 'group-pseudo-header'];
}

/** The checksum as the message stands: 0 when it holds its right one. */
function checksum(bytes: Uint8Array, header: PseudoHeader, reading: ChecksumReading): number {
  switch (reading) {
    case 'message':
      return internetChecksum(bytes);
    case 'pseudo-header':
      return internetChecksum(pseudoHeader(header.source, header.destination, bytes.length), bytes);
    case 'group-pseudo-header':
      return internetChecksum(pseudoHeader(header.source, VRRP_GROUP, bytes.length), bytes);
    default:
      return assertNever(reading);
  }
}

/** RFC 768 for IPv4, RFC 8200 §8.1 for IPv6: addresses, protocol and length, in an order that does not matter here. */
function pseudoHeader(source: IpAddress, destination: IpAddress, length: number): Uint8Array {
  return Uint8Array.of(
    ...addressBytes(source),
    ...addressBytes(destination),
    0,
    VRRP_PROTOCOL,
    length >> 8,
    length & 0xff,
  );
}

function assertByte(what: string, value: number, min: number): void {
  assert(Number.isInteger(value) && value >= min && value <= 255, `${what} is from ${min} to 255, not ${value}`);
}
