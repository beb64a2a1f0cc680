import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { fromHex, toHex, viewOf } from '../../src/base/bytes.ts';
import { internetChecksum } from '../../src/base/checksum.ts';
import { centiseconds, milliseconds, seconds } from '../../src/base/time.ts';
import {
  type Advertisement,
  type DecodedAdvertisement,
  decodeAdvertisement,
  encodeAdvertisement,
  type PseudoHeader,
  passwordData,
} from '../../src/wire/vrrp.ts';
import { vrrpVectors } from '../../src/wire/vrrp.vectors.ts';
import { type Codec, codecConformance, expectRefusedOrRoundTrip } from './codec-conformance.ts';

const ip = (text: string) => text as IpAddress;
const header: PseudoHeader = { source: ip('192.168.4.11'), destination: ip('224.0.0.18') };
const unicast: PseudoHeader = { source: ip('192.168.4.11'), destination: ip('192.168.4.12') };
const v6: PseudoHeader = { source: ip('fe80::11'), destination: ip('ff02::12') };
const v2 = fromHex('2133960100018412c0a8040f0000000000000000');
const v3 = fromHex('313396010064ce6cc0a8040f');
const refused = (reason: string) => ({ ok: false, reason });

const codecFor = (pseudoHeader: PseudoHeader): Codec<DecodedAdvertisement> => ({
  decode: (bytes) => decodeAdvertisement(bytes, pseudoHeader),
  encode: (value) => encodeAdvertisement(value.advertisement, pseudoHeader, value.checksumReading),
});

/** The message with other bytes, and its version 2 checksum made right again. */
function changed(message: Uint8Array, offset: number, ...bytes: number[]): Uint8Array {
  const copy = message.slice();
  copy.set(bytes, offset);
  copy.set([0, 0], 6);
  const checksum = internetChecksum(copy);
  copy.set([checksum >> 8, checksum & 0xff], 6);
  return copy;
}

describe('VRRP', () => {
  codecConformance<DecodedAdvertisement, (typeof vrrpVectors)[number]>(
    (vector) => codecFor(vector.header),
    vrrpVectors,
    'refused',
  );

  it('each fault has its name [B10-]', () => {
    const decode = (bytes: Uint8Array) => decodeAdvertisement(bytes, header);
    expect(decode(v2).ok).toBe(true);
    expect(decode(v2.subarray(0, 7))).toEqual(refused('too-short'));
    expect(decode(v2.subarray(0, 19))).toEqual(refused('too-short'));
    expect(decode(Uint8Array.of(...v2, 0))).toEqual(refused('too-long'));
    for (const version of [0, 1, 4, 15]) expect(decode(changed(v2, 0, (version << 4) | 1))).toEqual(refused('version'));
    for (const type of [0, 2, 15]) expect(decode(changed(v2, 0, 0x20 | type))).toEqual(refused('type'));
    expect(decode(changed(v2, 1, 0))).toEqual(refused('vrid'));
    expect(decode(changed(v2, 5, 0))).toEqual(refused('advertisement-interval'));
    expect(decode(changed(v3, 4, 0, 0))).toEqual(refused('advertisement-interval'));
    for (const type of [3, 255]) expect(decode(changed(v2, 4, type))).toEqual(refused('authentication-type'));
    const wrong = v2.slice();
    wrong[7] = (wrong[7] ?? 0) ^ 1;
    expect(decode(wrong)).toEqual(refused('checksum'));
  });

  it('a count that is larger than the addresses is too short, a smaller one too long', () => {
    expect(decodeAdvertisement(changed(v2, 3, 2), header)).toEqual(refused('too-short'));
    expect(decodeAdvertisement(changed(v2, 3, 0), header)).toEqual(refused('too-long'));
    expect(decodeAdvertisement(changed(v2, 3, 255), header)).toEqual(refused('too-short'));
  });

  it('an advertisement without addresses is accepted, because keepalived sends it for excluded addresses only [B08+]', () => {
    const advertisement = {
      version: 3,
      vrid: 1,
      priority: 100,
      advertisementInterval: seconds(1),
      addresses: [],
    } as const;
    expect(decodeAdvertisement(encodeAdvertisement(advertisement, header), header)).toEqual({
      ok: true,
      value: { advertisement, checksumReading: 'pseudo-header' },
    });
  });

  it('255 addresses are carried [A13+]', () => {
    const addresses = Array.from({ length: 255 }, (_, i) => ip(`10.0.0.${i}`));
    const advertisement: Advertisement = {
      version: 2,
      vrid: 255,
      priority: 1,
      advertisementInterval: seconds(255),
      addresses,
    };
    const bytes = encodeAdvertisement(advertisement, header);
    expect(bytes.length).toBe(8 + 255 * 4 + 8);
    expect(decodeAdvertisement(bytes, header)).toEqual({
      ok: true,
      value: { advertisement, checksumReading: 'message' },
    });
  });

  it('the reserved bits of version 3 are ignored (RFC 5798 §5.2.6) [B09+]', () => {
    const outcome = decodeAdvertisement(changed(v3, 4, 0xf0, 0x64), header);
    expect(outcome.ok && outcome.value.advertisement.advertisementInterval).toBe(seconds(1));
  });

  it('authentication data without an authentication type is ignored (RFC 3768 §5.3.10) [A10+]', () => {
    const outcome = decodeAdvertisement(changed(v2, 12, ...passwordData('garbage!')), header);
    expect(outcome.ok && outcome.value.advertisement).not.toHaveProperty('authentication');
  });

  it('version 2 over IPv6 has no authentication, neither data nor type', () => {
    const advertisement: Advertisement = {
      version: 2,
      vrid: 1,
      priority: 1,
      advertisementInterval: seconds(1),
      addresses: [ip('fe80::1')],
    };
    const bytes = encodeAdvertisement(advertisement, v6);
    expect(bytes).toHaveLength(24);
    const withType = bytes.slice();
    withType[4] = 1; // Auth Type and Adver Int are one word of the sum: 0x0100 more, so the checksum has 0x0100 less
    viewOf(withType).setUint16(6, viewOf(withType).getUint16(6) - 0x0100);
    expect(decodeAdvertisement(withType, v6)).toEqual(refused('authentication-type'));
    const data = passwordData('1111');
    expect(() => encodeAdvertisement({ ...advertisement, authentication: { type: 'PASS', data } }, v6)).toThrow(
      'no authentication over IPv6',
    );
  });

  it('the checksum of version 2 covers the message alone, every bit of it (RFC 3768 §5.3.8) [A12+ A12-]', () => {
    expect(internetChecksum(v2)).toBe(0);
    expect(decodeAdvertisement(v2, unicast).ok).toBe(true); // whoever carries it
    for (let bit = 16; bit < v2.length * 8; bit++) {
      const wrong = v2.slice();
      wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
      expect(decodeAdvertisement(wrong, header).ok).toBe(false);
    }
  });

  it('addresses have the length of the family of the packet, or nothing is decoded (RFC 5798 §5.2.9) [B12-]', () => {
    const mixed = (count: number, ...addresses: number[]) =>
      changed(fromHex('3133960100640000'), 3, count, ...[0, 100, 0, 0], ...addresses);
    const four = [192, 168, 4, 15];
    expect(decodeAdvertisement(Uint8Array.of(...mixed(1), ...four), v6)).toEqual(refused('too-short'));
    expect(decodeAdvertisement(Uint8Array.of(...mixed(1), ...Array(16).fill(0)), header)).toEqual(refused('too-long'));
  });

  it('a checksum of version 3 is only right for the addresses that carried it, unless it leaves them out [B11-]', () => {
    expect(decodeAdvertisement(v3, { ...header, source: ip('192.168.4.10') })).toEqual(refused('checksum'));
    const bare = fromHex('31339601006473afc0a8040f');
    const outcome = decodeAdvertisement(bare, { ...header, source: ip('192.168.4.10') });
    expect(outcome.ok && outcome.value.checksumReading).toBe('message');
  });

  it('over IPv6 the checksum always has the pseudo header (RFC 5798 §5.2.8) [B11+]', () => {
    const advertisement: Advertisement = {
      version: 3,
      vrid: 1,
      priority: 1,
      advertisementInterval: seconds(1),
      addresses: [ip('fe80::1')],
    };
    const bytes = encodeAdvertisement(advertisement, v6);
    const bare = changed(bytes, 0, 0x31);
    expect(decodeAdvertisement(bytes, v6).ok).toBe(true);
    expect(decodeAdvertisement(bare, v6)).toEqual(refused('checksum'));
    expect(() => encodeAdvertisement(advertisement, v6, 'message')).toThrow('assertion failed');
  });

  it('a pseudo header of the group is only looked for in unicast', () => {
    const other = { source: ip('192.168.4.11'), destination: ip('224.0.0.19') };
    expect(decodeAdvertisement(v3, unicast).ok).toBe(true);
    expect(decodeAdvertisement(v3, other)).toEqual(refused('checksum'));
  });

  it('a password is cut off at 8 bytes and padded with zeros', () => {
    expect(toHex(passwordData('1111'))).toBe('3131313100000000');
    expect(toHex(passwordData('s3cretPW and more'))).toBe('7333637265745057');
    expect(toHex(passwordData(''))).toBe('0000000000000000');
  });

  it('a value out of its range is our mistake', () => {
    const good: Advertisement = { version: 3, vrid: 1, priority: 1, advertisementInterval: seconds(1), addresses: [] };
    const encode = (change: Partial<Advertisement>) => () =>
      encodeAdvertisement({ ...good, ...change } as Advertisement, header);
    expect(encode({ vrid: 0 })).toThrow('assertion failed');
    expect(encode({ vrid: 256 })).toThrow('assertion failed');
    expect(encode({ priority: 256 })).toThrow('assertion failed');
    expect(encode({ advertisementInterval: milliseconds(15) })).toThrow('assertion failed');
    expect(encode({ advertisementInterval: centiseconds(4096) })).toThrow('assertion failed');
    expect(encode({ advertisementInterval: centiseconds(4095) })).not.toThrow();
    expect(encode({ version: 2, advertisementInterval: milliseconds(500) })).toThrow('assertion failed');
    expect(encode({ version: 2, advertisementInterval: seconds(256) })).toThrow('assertion failed');
    expect(encode({ addresses: [ip('fe80::1')] })).toThrow('assertion failed');
    expect(encode({ addresses: Array(256).fill(ip('10.0.0.1')) })).toThrow('assertion failed');
  });

  it('no bytes at all make the decoder throw, and what it accepts round-trips', () => {
    const originals = vrrpVectors.map((vector) => ({ bytes: fromHex(vector.bytes), pseudoHeader: vector.header }));
    const mutated = fc
      .tuple(
        fc.constantFrom(...originals),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        fc.nat(3),
        fc.boolean(),
      )
      .map(([{ bytes, pseudoHeader }, edits, cut, mend]) => {
        const copy = bytes.slice(0, bytes.length - cut);
        for (const [at, byte] of edits) copy[at % copy.length] = byte;
        return { bytes: mend ? changed(copy, 0, copy[0] ?? 0) : copy, pseudoHeader };
      });
    const random = fc
      .tuple(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(header, unicast, v6))
      .map(([bytes, pseudoHeader]) => ({ bytes, pseudoHeader }));
    fc.assert(
      fc.property(fc.oneof({ weight: 3, arbitrary: mutated }, random), ({ bytes, pseudoHeader }) => {
        expectRefusedOrRoundTrip(codecFor(pseudoHeader), bytes);
      }),
      { numRuns: 10_000 },
    );
  });
});
