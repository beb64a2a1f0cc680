/** What the guard program must read; test/interop/guard.test.ts sees it act. */
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { milliseconds, seconds } from '../../src/base/time.ts';
import { encodeLimit, encodeWill, type LastAct, splitWill, WILL_SLOT_BYTES } from '../../src/wire/will.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const packet = (length: number, destination = '224.0.0.18'): LastAct => ({
  type: 'send',
  packet: new Uint8Array(length).fill(0xee),
  destination: destination as IpAddress,
  interfaceIndex: 0x01020304,
});

describe('the last will', () => {
  it('is one message for each slot, its records padded to four bytes', () => {
    const acts: LastAct[] = [packet(3), { type: 'request', message: Uint8Array.of(1, 2, 3, 4) }];
    expect(hex(encodeWill(0x0123, acts))).toBe(
      [
        ['01002301'],
        ['01000300', '04030201', 'e0000012', '00'.repeat(12), 'eeeeee00'],
        ['03000400', '00000000', '00'.repeat(16), '01020304'],
      ]
        .flat()
        .join(''),
    );
  });

  it('has IPv6 packets as another kind, with their whole destination', () => {
    expect(hex(encodeWill(0, [packet(4, 'ff02::12')]))).toBe(
      `01000000${['02000400', '04030201', `ff02${'00'.repeat(13)}12`, 'eeeeeeee'].join('')}`,
    );
  });

  it('without acts empties a slot', () => {
    expect(hex(encodeWill(4095, []))).toBe('0100ff0f');
    expect(() => encodeWill(4096, [])).toThrow('no slot');
  });

  it('takes as many slots as its bytes need, in order', () => {
    expect(splitWill([])).toEqual([[]]);
    const acts = Array.from({ length: 3000 }, () => packet(44));
    const parts = splitWill(acts);
    expect(parts.map((part) => part.length)).toEqual([963, 963, 963, 111]); // 65,536 / 68
    for (const part of parts) expect(encodeWill(0, part).length).toBeLessThanOrEqual(WILL_SLOT_BYTES + 4);
    expect(parts.flat()).toEqual(acts);
  });
});

describe('the limit of silence', () => {
  it.each([
    [seconds(2), '0200000080841e00'],
    [milliseconds(20), '02000000204e0000'],
    [undefined, '0200000000000000'],
  ])('of %s', (limit, bytes) => {
    expect(hex(encodeLimit(limit))).toBe(bytes);
  });
});
