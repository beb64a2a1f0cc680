import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { fromHex } from '../../src/base/bytes.ts';
import { internetChecksum } from '../../src/base/checksum.ts';
import { hmacMd5 } from '../../src/io/keyed-digest.ts';
import {
  type AuthenticatedPacket,
  decodeAuthenticated,
  decodeAuthenticationHeader,
  encodeAuthenticated,
  encodeAuthenticationHeader,
} from '../../src/wire/authentication-header.ts';
import { authenticatedVectors, authenticationHeaderVectors } from '../../src/wire/authentication-header.vectors.ts';
import { passwordData } from '../../src/wire/vrrp.ts';
import { codecConformance, expectRefusedOrRoundTrip, mutationsOf } from './codec-conformance.ts';

const header = { decode: decodeAuthenticationHeader, encode: encodeAuthenticationHeader };
const digest = hmacMd5(passwordData('1111'));
const authenticated = {
  decode: (bytes: Uint8Array) => decodeAuthenticated(bytes, digest),
  encode: (value: AuthenticatedPacket) => encodeAuthenticated(value, digest),
};
const first = authenticatedVectors[0] as (typeof authenticatedVectors)[number];
const packet = fromHex(first.bytes);

/** The packet with other bytes, and the checksum of its IPv4 header made right again. */
function changed(offset: number, ...bytes: number[]): Uint8Array {
  const copy = packet.slice();
  copy.set(bytes, offset);
  copy.set([0, 0], 10);
  const checksum = internetChecksum(copy.subarray(0, 20));
  copy.set([checksum >> 8, checksum & 0xff], 10);
  return copy;
}

describe('Authentication Header', () => {
  describe.each(authenticationHeaderVectors.map((vector) => [vector.name, vector] as const))('%s', (_, vector) => {
    const bytes = fromHex(vector.bytes);

    it('leads to its value and back', () => {
      expect(header.decode(bytes)).toEqual({ ok: true, value: vector.value });
      expect(header.encode(vector.value)).toEqual(bytes);
    });

    it('is refused when it is shorter than 24 bytes', () => {
      const accepted = Array.from(bytes.keys()).filter((length) => header.decode(bytes.slice(0, length)).ok);
      expect(accepted).toEqual(Array.from({ length: bytes.length - 24 }, (_, i) => 24 + i));
    });
  });

  it('each fault has its name', () => {
    const bytes = fromHex(authenticationHeaderVectors[0]?.bytes ?? '');
    expect(header.decode(bytes.subarray(0, 23))).toEqual({ ok: false, reason: 'too-short' });
    for (const length of [3, 5]) {
      const other = bytes.slice();
      other[1] = length;
      expect(header.decode(other)).toEqual({ ok: false, reason: 'payload-length' });
    }
  });

  it('a field out of its range is our mistake', () => {
    const value = authenticationHeaderVectors[0]?.value;
    if (value === undefined) throw new Error('no vector');
    expect(() => header.encode({ ...value, sequenceNumber: 2 ** 32 })).toThrow('no sequence number');
    expect(() => header.encode({ ...value, nextHeader: 256 })).toThrow('no protocol');
    expect(() => header.encode({ ...value, integrityCheckValue: new Uint8Array(16) })).toThrow('12 bytes');
  });

  it('no bytes at all make the decoder throw, and what it accepts round-trips', () => {
    fc.assert(
      fc.property(mutationsOf(authenticationHeaderVectors), (bytes) => expectRefusedOrRoundTrip(header, bytes)),
      { numRuns: 2_000 },
    );
  });
});

describe('authenticated IPv4 packet', () => {
  codecConformance(authenticated, authenticatedVectors, 'refused');

  it('what routers may change on the way is not part of the digest (RFC 2402 §3.3.3.1.1)', () => {
    const { value } = first;
    expect(authenticated.decode(changed(1, 0))).toEqual({
      ok: true,
      value: { ...value, packet: { ...value.packet, typeOfService: 0 } },
    });
    expect(authenticated.decode(changed(6, 0x40, 0))).toEqual({ ok: true, value });
  });

  it('the TTL is part of the digest, as in keepalived', () => {
    expect(authenticated.decode(changed(8, 254))).toEqual({ ok: false, reason: 'authentication-header-digest' });
    const sentWith200 = { ...first.value, packet: { ...first.value.packet, ttl: 200 } };
    expect(authenticated.decode(authenticated.encode(sentWith200))).toEqual({ ok: true, value: sentWith200 });
  });

  it('each fault has its name', () => {
    expect(authenticated.decode(packet.subarray(0, 63))).toEqual({ ok: false, reason: 'too-short' });
    const plain = changed(9, 112);
    expect(authenticated.decode(plain)).toEqual({ ok: false, reason: 'authentication-header-missing' });
    expect(authenticated.decode(changed(21, 5))).toEqual({ ok: false, reason: 'authentication-header-length' });
    expect(authenticated.decode(changed(27, 12))).toEqual({ ok: false, reason: 'authentication-header-index' });
    const digestFault = { ok: false, reason: 'authentication-header-digest' };
    expect(authenticated.decode(changed(31, 2))).toEqual(digestFault);
    expect(authenticated.decode(changed(46, 151))).toEqual(digestFault);
    expect(decodeAuthenticated(packet, hmacMd5(passwordData('1112')))).toEqual(digestFault);
  });

  it('IPv6 has no such packet', () => {
    const source = 'fe80::1' as IpAddress;
    expect(() => authenticated.encode({ ...first.value, packet: { ...first.value.packet, source } })).toThrow(
      'assertion failed',
    );
  });
});
