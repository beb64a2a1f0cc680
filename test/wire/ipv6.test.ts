import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { fromHex, toHex } from '../../src/base/bytes.ts';
import { internetChecksum } from '../../src/base/checksum.ts';
import { decodeIpv6, encodeIpv6, ipv6PseudoHeader } from '../../src/wire/ipv6.ts';
import { ipv6Vectors } from '../../src/wire/ipv6.vectors.ts';
import { codecConformance, expectRefusedOrRoundTrip, mutationsOf } from './codec-conformance.ts';

const codec = { decode: decodeIpv6, encode: encodeIpv6 };
const ip = (text: string) => text as IpAddress;

describe('IPv6', () => {
  codecConformance(codec, ipv6Vectors, 'refused');

  it('padding is ignored up to the shortest Ethernet payload of 46 bytes, and refused above', () => {
    const packet = encodeIpv6({
      trafficClass: 0,
      flowLabel: 0,
      nextHeader: 59,
      hopLimit: 1,
      source: ip('::1'),
      destination: ip('::1'),
      payload: Uint8Array.of(1, 2),
    });
    const padded = Uint8Array.of(...packet, 0, 0, 0, 0);
    expect(decodeIpv6(padded)).toEqual(decodeIpv6(packet));
    expect(decodeIpv6(Uint8Array.of(...padded, 0))).toEqual({ ok: false, reason: 'too-long' });
  });

  it('each fault has its name', () => {
    const packet = fromHex(ipv6Vectors[0]?.bytes ?? '');
    expect(decodeIpv6(packet.subarray(0, 39))).toEqual({ ok: false, reason: 'too-short' });
    expect(decodeIpv6(packet.subarray(0, 79))).toEqual({ ok: false, reason: 'too-short' });
    expect(decodeIpv6(Uint8Array.of(0x45, ...packet.subarray(1)))).toEqual({ ok: false, reason: 'version' });
  });

  it('a field out of its range is our mistake', () => {
    const value = ipv6Vectors[0]?.value;
    if (value === undefined) throw new Error('no vector');
    expect(() => encodeIpv6({ ...value, hopLimit: 256 })).toThrow('assertion failed');
    expect(() => encodeIpv6({ ...value, flowLabel: 2 ** 20 })).toThrow('assertion failed');
    expect(() => encodeIpv6({ ...value, source: ip('192.0.2.1') })).toThrow('assertion failed');
    expect(() => encodeIpv6({ ...value, payload: new Uint8Array(65536) })).toThrow('assertion failed');
  });

  it('the pseudo header makes the checksums of VRRP and ICMPv6 come out at zero (RFC 8200 §8.1)', () => {
    for (const { value } of ipv6Vectors) {
      const { source, destination, nextHeader, payload } = value;
      const pseudoHeader = ipv6PseudoHeader(source, destination, nextHeader, payload.length);
      expect(toHex(pseudoHeader.subarray(32, 39))).toBe(`000000${payload.length.toString(16)}000000`);
      expect(internetChecksum(pseudoHeader, payload)).toBe(0);
    }
  });

  it('no bytes at all make the decoder throw, and what it accepts round-trips', () => {
    fc.assert(
      fc.property(mutationsOf(ipv6Vectors), (bytes) => expectRefusedOrRoundTrip(codec, bytes)),
      { numRuns: 2_000 },
    );
  });
});
