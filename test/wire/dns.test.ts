import { describe, expect, it } from 'vitest';
import { decodeAnswer, encodeName, encodeQuery } from '../../src/wire/dns.ts';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hex = (data: Uint8Array | undefined) => (data === undefined ? undefined : Buffer.from(data).toString('hex'));

describe('a DNS query', () => {
  it('is one question in class IN with recursion desired (RFC 1035 §4.1)', () => {
    expect(hex(encodeQuery({ id: 0xabcd, name: 'www.example.org', type: 'AAAA' }))).toBe(
      hex(bytes('abcd 0100 0001 0000 0000 0000 03 777777 07 6578616d706c65 03 6f7267 00 001c 0001')),
    );
  });

  it('asks for the root with an empty name or a dot', () => {
    const query = hex(bytes('0001 0100 0001 0000 0000 0000 00 0006 0001'));
    expect(hex(encodeQuery({ id: 1, name: '', type: 'SOA' }))).toBe(query);
    expect(hex(encodeQuery({ id: 1, name: '.', type: 'SOA' }))).toBe(query);
  });

  it.each(['a..b', '.a', 'a..', 'x'.repeat(64), `${'abcdefghi.'.repeat(25)}abcde`])('cannot be made for %j', (name) => {
    expect(encodeName(name)).toBeUndefined();
    expect(encodeQuery({ id: 1, name, type: 'A' })).toBeUndefined();
  });

  it('can be made for the longest names (RFC 1035 §2.3.4)', () => {
    expect(encodeName('x'.repeat(63))).toHaveLength(65);
    expect(encodeName(`${'abcdefghi.'.repeat(25)}abc.`)).toHaveLength(255);
  });
});

describe('a DNS answer', () => {
  it('is its id, its RCODE and whether it was cut', () => {
    // by hand, from RFC 1035 §4.1.1: RCODE 3, recursion available
    const refused = bytes('2a1f 8183 0001 0000 0001 0000 036e6f7003636f6d0000010001');
    expect(decodeAnswer(refused)).toEqual({ ok: true, value: { id: 0x2a1f, responseCode: 3, isTruncated: false } });
    expect(decodeAnswer(bytes('0001 8380 0001 0000 0000 0000'))).toEqual({
      ok: true,
      value: { id: 1, responseCode: 0, isTruncated: true },
    });
  });

  it('is not shorter than its header, nor a question', () => {
    for (let length = 0; length < 12; length++) {
      expect(decodeAnswer(bytes('0001 8180 0001 0001 0000 0000').subarray(0, length))).toEqual({
        ok: false,
        reason: 'too-short',
      });
    }
    expect(decodeAnswer(bytes('0001 0100 0001 0000 0000 0000'))).toEqual({ ok: false, reason: 'query' });
  });
});
