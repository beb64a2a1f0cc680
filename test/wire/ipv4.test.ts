import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { fromHex } from '../../src/base/bytes.ts';
import { internetChecksum } from '../../src/base/checksum.ts';
import { decodeIpv4, encodeIpv4, identify } from '../../src/wire/ipv4.ts';
import { ipv4Vectors } from '../../src/wire/ipv4.vectors.ts';
import { codecConformance, expectRefusedOrRoundTrip } from './codec-conformance.ts';

const codec = { decode: decodeIpv4, encode: encodeIpv4 };
const short = ipv4Vectors.filter((vector) => fromHex(vector.bytes).length < 46);
const long = ipv4Vectors.filter((vector) => fromHex(vector.bytes).length >= 46);
const packet = fromHex(ipv4Vectors[0]?.bytes ?? '');

/** The packet with other bytes in its header, and the checksum made right again. */
function withHeader(offset: number, ...bytes: number[]): Uint8Array {
  const changed = packet.slice();
  changed.set(bytes, offset);
  changed.set([0, 0], 10);
  const checksum = internetChecksum(changed.subarray(0, 20));
  changed.set([checksum >> 8, checksum & 0xff], 10);
  return changed;
}

describe('IPv4', () => {
  codecConformance(codec, short, 'ignored');
  codecConformance(codec, long, 'refused');

  it('padding is ignored up to the shortest Ethernet payload of 46 bytes, and refused above', () => {
    const padded = new Uint8Array(46);
    padded.set(packet);
    expect(decodeIpv4(padded)).toEqual(decodeIpv4(packet));
    expect(decodeIpv4(Uint8Array.of(...padded, 0))).toEqual({ ok: false, reason: 'too-long' });
  });

  it('each fault has its name', () => {
    expect(decodeIpv4(packet.subarray(0, 19))).toEqual({ ok: false, reason: 'too-short' });
    expect(decodeIpv4(withHeader(0, 0x65))).toEqual({ ok: false, reason: 'version' });
    expect(decodeIpv4(withHeader(0, 0x44))).toEqual({ ok: false, reason: 'header-length' });
    expect(decodeIpv4(withHeader(2, 0, 19))).toEqual({ ok: false, reason: 'total-length' });
    expect(decodeIpv4(withHeader(2, 0, 41))).toEqual({ ok: false, reason: 'too-short' });
    expect(decodeIpv4(withHeader(6, 0x20, 0))).toEqual({ ok: false, reason: 'fragment' });
    expect(decodeIpv4(withHeader(6, 0, 1))).toEqual({ ok: false, reason: 'fragment' });
    const wrong = packet.slice();
    wrong[8] = 254;
    expect(decodeIpv4(wrong)).toEqual({ ok: false, reason: 'checksum' });
  });

  it('a packet that must not be fragmented is as good as another', () => {
    expect(decodeIpv4(withHeader(6, 0x40, 0))).toEqual(decodeIpv4(packet));
  });

  it('with another identification is as if it had been made with it (RFC 1624 §3)', () => {
    const number = fc.integer({ min: 0, max: 0xffff });
    const address = fc.integer({ min: 0, max: 0xffff_ffff }).map((n) => {
      return [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255].join('.') as IpAddress;
    });
    fc.assert(
      fc.property(number, number, address, address, (before, after, source, destination) => {
        const fields = {
          typeOfService: 192,
          ttl: 255,
          protocol: 112,
          source,
          destination,
          payload: Uint8Array.of(1, 2),
        };
        const bytes = encodeIpv4({ ...fields, identification: before });
        identify(bytes, after);
        expect(bytes).toEqual(encodeIpv4({ ...fields, identification: after }));
      }),
    );
  });

  it('a field out of its range is our mistake', () => {
    const value = ipv4Vectors[0]?.value;
    if (value === undefined) throw new Error('no vector');
    expect(() => encodeIpv4({ ...value, ttl: 256 })).toThrow('assertion failed');
    expect(() => encodeIpv4({ ...value, identification: 65536 })).toThrow('assertion failed');
    expect(() => encodeIpv4({ ...value, source: 'fe80::1' as IpAddress })).toThrow('assertion failed');
    expect(() => encodeIpv4({ ...value, payload: new Uint8Array(65516) })).toThrow('assertion failed');
  });

  it('no bytes at all make the decoder throw, and what it accepts round-trips', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (bytes, likely) => {
        if (likely && bytes.length >= 20) {
          bytes[0] = 0x45;
          bytes.set([0, bytes.length, 0, 0, 0, 0, 1, 112, 0, 0], 2);
          const checksum = internetChecksum(bytes.subarray(0, 20));
          bytes.set([checksum >> 8, checksum & 0xff], 10);
        }
        expectRefusedOrRoundTrip(codec, bytes);
      }),
      { numRuns: 2_000 },
    );
  });
});
