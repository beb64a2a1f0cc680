import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { fromHex, toHex } from '../../src/base/bytes.ts';
import { type AddressMessage, decodeAddress, encodeAddress, encodeAddressRequest } from '../../src/wire/rtnetlink.ts';
import { addressVectors } from '../../src/wire/rtnetlink.vectors.ts';
import { codecConformance, expectRefusedOrRoundTrip, mutationsOf } from './codec-conformance.ts';
import { messageCodec } from './message-codec.ts';

const addressCodec = messageCodec((message) => decodeAddress(message.body), encodeAddress);

const vip: AddressMessage = {
  family: 'inet',
  prefixLength: 32,
  flags: 0,
  scope: 0,
  interfaceIndex: 2,
  local: '192.0.2.15' as IpAddress,
};

describe('rtnetlink address', () => {
  codecConformance(addressCodec, addressVectors, 'refused');

  it('flags above 8 bits are sent in IFA_FLAGS, and their lower 8 in the header too', () => {
    const bytes = encodeAddress({ ...vip, flags: 0x202 });
    expect(toHex(bytes)).toBe('02200200 02000000 08000200c000020f 0800080002020000'.replaceAll(' ', ''));
    expect(decodeAddress(bytes)).toEqual({ ok: true, value: { ...vip, flags: 0x202 } });
  });

  it('the request for addresses is a header with the family', () => {
    expect(toHex(encodeAddressRequest())).toBe('0000000000000000');
    expect(toHex(encodeAddressRequest('inet'))).toBe('0200000000000000');
    expect(toHex(encodeAddressRequest('inet6'))).toBe('0a00000000000000');
  });

  it('each fault has its name', () => {
    expect(decodeAddress(fromHex('02180000 020000'))).toEqual({ ok: false, reason: 'too-short' });
    expect(decodeAddress(fromHex('07180000 02000000'))).toEqual({ ok: false, reason: 'family' });
    expect(decodeAddress(fromHex('02210000 02000000'))).toEqual({ ok: false, reason: 'prefix-length' });
    expect(decodeAddress(fromHex('0a180000 02000000 08000200c000020f'))).toEqual({
      ok: false,
      reason: 'attribute-value',
    });
    expect(decodeAddress(fromHex('02180000 02000000 08000600c000020f'))).toEqual({
      ok: false,
      reason: 'attribute-value',
    });
    expect(decodeAddress(fromHex('02180000 02000000 0700'))).toEqual({ ok: false, reason: 'attribute-length' });
  });

  it('a value that does not fit is our mistake', () => {
    expect(() => encodeAddress({ ...vip, prefixLength: 33 })).toThrow('assertion failed');
    expect(() => encodeAddress({ ...vip, family: 'inet6' })).toThrow('assertion failed');
    expect(() => encodeAddress({ ...vip, protocol: 256 })).toThrow('IFA_PROTO');
  });
});

describe('rtnetlink', () => {
  it('no bytes at all make the decoder throw, and what it accepts round-trips', () => {
    const bytes = mutationsOf(addressVectors);
    fc.assert(
      fc.property(bytes, (input) => {
        expectRefusedOrRoundTrip(addressCodec, input);
      }),
      { numRuns: 3_000 },
    );
  });
});
