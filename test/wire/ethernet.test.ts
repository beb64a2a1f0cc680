import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { BROADCAST_MAC, macBytes, macFromBytes, multicastMac, parseMac, virtualMac } from '../../src/wire/ethernet.ts';

describe('hardware address', () => {
  it('is read from six pairs of digits between colons, in either case', () => {
    expect(parseMac('00:00:5E:00:01:33')).toBe('00:00:5e:00:01:33');
    expect(parseMac('00:00:5e:00:01:33')).toBe('00:00:5e:00:01:33');
  });

  it('nothing else is one', () => {
    for (const text of [
      '',
      '00:00:5e:00:01',
      '00:00:5e:00:01:33:44',
      '0:0:5e:0:1:33',
      '00-00-5e-00-01-33',
      '00:00:5e:00:01:3g',
    ]) {
      expect(parseMac(text), text).toBeUndefined();
    }
  });

  it('goes to bytes and back', () => {
    expect(macBytes(BROADCAST_MAC)).toEqual(new Uint8Array(6).fill(0xff));
    const bytes = Uint8Array.of(0, 1, 0x7f, 0x80, 0xfe, 0xff);
    expect(macBytes(macFromBytes(bytes))).toEqual(bytes);
    expect(() => macFromBytes(new Uint8Array(5))).toThrow('assertion failed');
  });

  it('of a virtual router ends in its VRID (RFC 5798 §7.3)', () => {
    expect(virtualMac(51)).toBe('00:00:5e:00:01:33');
    expect(virtualMac(1)).toBe('00:00:5e:00:01:01');
    expect(virtualMac(255)).toBe('00:00:5e:00:01:ff');
    expect(virtualMac(51, 'inet6')).toBe('00:00:5e:00:02:33');
    expect(() => virtualMac(0)).toThrow('assertion failed');
    expect(() => virtualMac(256)).toThrow('assertion failed');
  });

  it('an IPv6 group has its last four bytes in the address (RFC 2464 §7)', () => {
    expect(multicastMac('ff02::1' as IpAddress)).toBe('33:33:00:00:00:01');
    expect(multicastMac('ff02::1:ff85:280f' as IpAddress)).toBe('33:33:ff:85:28:0f');
  });
});
