import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { fromHex, toHex } from '../../src/base/bytes.ts';
import { attributeTable, decodeAttributes, encodeAttributes } from '../../src/wire/netlink-attributes.ts';
import { expectRefusedOrRoundTrip } from './codec-conformance.ts';

const table = attributeTable({
  byte: [1, 'X_BYTE', 'u8'],
  short: [2, 'X_SHORT', 'u16'],
  port: [3, 'X_PORT', 'u16be'],
  number: [4, 'X_NUMBER', 'u32'],
  signed: [5, 'X_SIGNED', 's32'],
  counter: [6, 'X_COUNTER', 'u64'],
  text: [7, 'X_TEXT', 'string'],
  address: [8, 'X_ADDRESS', 'address'],
  raw: [9, 'X_RAW', 'bytes'],
  inner: [10, 'X_INNER', 'nested'],
  mark: [11, 'X_MARK', 'u32be'],
  handle: [12, 'X_HANDLE', 'u64be'],
});

const every = {
  byte: 0xab,
  short: 0x1234,
  port: 0x1234,
  number: 0x12345678,
  signed: -2,
  counter: 0x11223344556677,
  text: 'eth0',
  address: '192.0.2.1' as IpAddress,
  raw: Uint8Array.of(1, 2, 3),
  inner: Uint8Array.of(),
  mark: 0x12345678,
  handle: 0x1122334455667788n,
};

/** By hand from linux/netlink.h: length, number, value, padding. */
const everyBytes = [
  '0500 0100 ab000000',
  '0600 0200 34120000',
  '0600 0300 12340000',
  '0800 0400 78563412',
  '0800 0500 feffffff',
  '0c00 0600 7766554433221100',
  '0900 0700 6574683000 000000',
  '0800 0800 c0000201',
  '0700 0900 01020300',
  '0400 0a80',
  '0800 0b00 12345678',
  '0c00 0c00 1122334455667788',
].join(' ');

const decode = (hex: string) => decodeAttributes(table, fromHex(hex));

describe('netlink attributes', () => {
  it('every form is written as linux/netlink.h says, padded with zeros to 4 bytes', () => {
    expect(toHex(encodeAttributes(table, every))).toBe(everyBytes.replaceAll(' ', ''));
  });

  it('every form is read', () => {
    expect(decode(everyBytes)).toEqual({ ok: true, value: every });
  });

  it('they are sent in the order of the table, whatever the order of the values', () => {
    expect(toHex(encodeAttributes(table, { number: 1, byte: 2 }))).toBe('05000100020000000800040001000000');
  });

  it('unknown ones are skipped, of two equal ones the later counts', () => {
    expect(decode('0800 6300 ffffffff 0500 0100 01000000 0500 0100 02000000')).toEqual({
      ok: true,
      value: { byte: 2 },
    });
  });

  it('the bits for nested and network order are no part of the number', () => {
    expect(decode('0500 01c0 01000000')).toEqual({ ok: true, value: { byte: 1 } });
  });

  it('text ends at its NUL, or without one at its length', () => {
    expect(decode('0900 0700 6574683000 000000')).toEqual({ ok: true, value: { text: 'eth0' } });
    expect(decode('0800 0700 65746830')).toEqual({ ok: true, value: { text: 'eth0' } });
    expect(decode('0800 0700 65740030')).toEqual({ ok: true, value: { text: 'et' } });
    expect(decode('0500 0700 00000000')).toEqual({ ok: true, value: { text: '' } });
  });

  it('a counter beyond 2^53-1 stays there', () => {
    expect(decode('0c00 0600 ffffffffffff1f00')).toEqual({ ok: true, value: { counter: 2 ** 53 - 1 } });
    expect(decode('0c00 0600 0000000000002000')).toEqual({ ok: true, value: { counter: 2 ** 53 - 1 } });
    expect(decode('0c00 0600 ffffffffffffffff')).toEqual({ ok: true, value: { counter: 2 ** 53 - 1 } });
  });

  it('a length that does not fit is refused: below 4, beyond the end, or rest that is no attribute', () => {
    for (const hex of ['0300 0100', '0000 0100', '0600 0200 34', '0500 0100', '0500 0100 01000000 000000']) {
      expect(decode(hex)).toEqual({ ok: false, reason: 'attribute-length' });
    }
  });

  it('a value of another length than its form is refused', () => {
    for (const hex of [
      '0600 0100 01000000',
      '0500 0200 01000000',
      '0a00 0400 010203040506 0000',
      '0700 0800 01020300',
    ]) {
      expect(decode(hex)).toEqual({ ok: false, reason: 'attribute-value' });
    }
  });

  it('a value out of the range of its form is our mistake, and the message names the attribute', () => {
    expect(() => encodeAttributes(table, { byte: 256 })).toThrow('X_BYTE is from 0 to 255, not 256');
    expect(() => encodeAttributes(table, { byte: -1 })).toThrow('X_BYTE');
    expect(() => encodeAttributes(table, { number: 2 ** 32 })).toThrow('X_NUMBER');
    expect(() => encodeAttributes(table, { number: 0.5 })).toThrow('X_NUMBER is an integer');
    expect(() => encodeAttributes(table, { signed: 2 ** 31 })).toThrow('X_SIGNED');
    expect(() => encodeAttributes(table, { counter: 2 ** 53 })).toThrow('X_COUNTER');
    expect(() => encodeAttributes(table, { text: 'a\0b' })).toThrow('X_TEXT has no NUL inside');
    expect(() => encodeAttributes(table, { raw: new Uint8Array(0xfffc) })).toThrow('X_RAW is too long');
    expect(encodeAttributes(table, { raw: new Uint8Array(0xfffb) }).length).toBe(0x10000);
  });

  it('two attributes with one number are refused by the table', () => {
    expect(() => attributeTable({ a: [1, 'A', 'u8'], b: [1, 'B', 'u8'] })).toThrow('assertion failed');
  });

  it('no bytes at all make the decoder throw, and what it accepts round-trips', () => {
    const codec = {
      decode: (bytes: Uint8Array) => decodeAttributes(table, bytes),
      encode: (values: Parameters<typeof encodeAttributes<typeof table.entries>>[1]) => encodeAttributes(table, values),
    };
    const attribute = fc.tuple(fc.nat(12), fc.uint8Array({ maxLength: 17 }), fc.nat(30)).map(([number, value, lie]) => {
      const length = lie === 0 ? value.length : value.length + 4;
      return Uint8Array.of(length, 0, number, 0, ...value, ...new Uint8Array(-value.length & 3));
    });
    const bytes = fc
      .array(attribute, { maxLength: 5 })
      .map((parts) => Uint8Array.of(...parts.flatMap((part) => [...part])));
    fc.assert(
      fc.property(fc.oneof(bytes, fc.uint8Array({ maxLength: 40 })), (input) => expectRefusedOrRoundTrip(codec, input)),
      { numRuns: 5_000 },
    );
  });
});
