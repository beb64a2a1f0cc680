import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressBytes,
  addressFromBytes,
  compareAddresses,
  type IpAddress,
  isLinkLocal,
  isLoopback,
  isMulticast,
  parseAddress,
} from '../../src/base/address.ts';

describe('parseAddress', () => {
  it('reads dotted decimal as it stands', () => {
    expect(parseAddress('192.168.4.15')).toBe('192.168.4.15');
    expect(parseAddress('0.0.0.0')).toBe('0.0.0.0');
    expect(parseAddress('255.255.255.255')).toBe('255.255.255.255');
  });

  it.each([
    '010.0.0.1',
    '10.1',
    '0x0a000001',
    '1.2.3.04',
    '256.0.0.1',
    '1.2.3.4.5',
    '1.2.3.',
    '1.2.3.4 ',
    '-1.2.3.4',
    '',
    '1.2.3.4/24',
  ])('refuses %j, which inet_aton would guess at', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it.each([
    ['FE80::1', 'fe80::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['::', '::'],
    ['2001:0db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['::ffff:c000:201', '::ffff:192.0.2.1'],
    ['::192.0.2.1', '::192.0.2.1'],
    ['::1:0', '::0.1.0.0'],
    ['::ffff', '::ffff'],
    ['::fffe:c000:201', '::fffe:c000:201'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
  ])('writes %s as RFC 5952 wants it: %s', (text, canonical) => {
    expect(parseAddress(text)).toBe(canonical);
  });

  it.each([
    'fe80::1%eth0',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8:9',
    'g::1',
    '12345::1',
    ':1::',
  ])('refuses %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it('agrees with the platform about what is an address', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[0-9a-f:.]{1,20}$/)), (text) => {
        // a zone is part of an address for the platform, not for us
        expect(parseAddress(text) !== undefined).toBe(isIPv4(text) || isIPv6(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives back the bytes that it was made of', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    );
    fc.assert(
      fc.property(bytes, (raw) => {
        const address = addressFromBytes(raw);
        expect(addressBytes(address)).toEqual(raw);
        expect(parseAddress(address)).toBe(address);
      }),
    );
  });
});

describe('compareAddresses', () => {
  it('compares as unsigned numbers in network order (RFC 3768 §6.4.3)', () => {
    const sorted = ['9.0.0.0', '10.0.0.2', '10.0.0.10', '128.0.0.1', '223.0.0.1', '::1', 'fe80::2'] as IpAddress[];
    expect([...sorted].reverse().sort(compareAddresses)).toEqual(sorted);
    expect(compareAddresses('10.0.0.1' as IpAddress, '10.0.0.1' as IpAddress)).toBe(0);
  });
});

describe('kinds of addresses', () => {
  it('knows multicast and loopback, and their neighbours', () => {
    expect(
      ['223.255.255.255', '224.0.0.18', '239.255.255.255', '240.0.0.0', 'ff02::12', 'fe80::1'].map((a) =>
        isMulticast(a as IpAddress),
      ),
    ).toEqual([false, true, true, false, true, false]);
    expect(['127.0.0.1', '128.0.0.1', '::1', '::2'].map((a) => isLoopback(a as IpAddress))).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it('knows link-local addresses of IPv6, and their neighbours (RFC 4291 §2.5.6)', () => {
    expect(
      ['fe80::1', 'febf::1', 'fec0::1', 'fe7f::1', 'fe8::1', '169.254.0.1'].map((a) => isLinkLocal(a as IpAddress)),
    ).toEqual([true, true, false, false, false, false]);
  });
});
