import { describe, expect, it } from 'vitest';
import { decodeEcho, encodeEcho } from '../../src/wire/echo.ts';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');

describe('Echo', () => {
  // ping(8) of Debian 12, captured with tcpdump -x: ping -c 1 -s 4 -p 00 127.0.0.1
  const request = bytes('0800 e924 0eda 0001 0000 0000');

  it('is what ping sends (RFC 792)', () => {
    const echo = { isReply: false, identifier: 0x0eda, sequence: 1, data: new Uint8Array(4) };
    expect(hex(encodeEcho('inet', echo))).toBe(hex(request));
    expect(decodeEcho('inet', request)).toEqual({ ok: true, value: echo });
  });

  it('of IPv6 has other numbers, and leaves the checksum to the kernel (RFC 4443 §4.1, §4.2)', () => {
    const echo = { isReply: true, identifier: 0x1234, sequence: 0xffff, data: Uint8Array.of(1, 2, 3) };
    expect(hex(encodeEcho('inet6', echo))).toBe('810000001234ffff010203');
    expect(decodeEcho('inet6', bytes('8100 9999 1234 ffff 010203'))).toEqual({ ok: true, value: echo });
  });

  it('refuses what is shorter, another message, or damaged', () => {
    for (let length = 0; length < 8; length++) {
      expect(decodeEcho('inet', request.subarray(0, length))).toEqual({ ok: false, reason: 'too-short' });
    }
    expect(decodeEcho('inet', bytes('0301 fcfe 0000 0000'))).toEqual({ ok: false, reason: 'type' });
    expect(decodeEcho('inet6', request)).toEqual({ ok: false, reason: 'type' });
    expect(decodeEcho('inet', bytes('0800 e925 0eda 0001 0000 0000'))).toEqual({ ok: false, reason: 'checksum' });
  });
});
