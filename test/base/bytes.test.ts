import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes, fromHex, toHex, viewOf } from '../../src/base/bytes.ts';
import { internetChecksum } from '../../src/base/checksum.ts';

describe('bytes', () => {
  it('go to hex and back', () => {
    expect(toHex(fromHex('45 c0\n0028'))).toBe('45c00028');
    expect(() => fromHex('45c')).toThrow('not hex');
    expect(() => fromHex('zz')).toThrow('not hex');
  });

  it('are joined and compared by content', () => {
    expect(concatBytes(fromHex('01'), fromHex(''), fromHex('0203'))).toEqual(fromHex('010203'));
    expect(equalBytes(fromHex('0102'), fromHex('0102'))).toBe(true);
    expect(equalBytes(fromHex('0102'), fromHex('0103'))).toBe(false);
    expect(equalBytes(fromHex('0102'), fromHex('010200'))).toBe(false);
  });

  it('are viewed where they lie, also inside a larger buffer', () => {
    expect(viewOf(fromHex('ffff0102ffff').subarray(2, 4)).getUint16(0)).toBe(0x0102);
  });
});

describe('internetChecksum', () => {
  it('is the worked example of RFC 1071 §3', () => {
    expect(internetChecksum(fromHex('0001f203f4f5f6f7'))).toBe(~0xddf2 & 0xffff);
  });

  it('is zero over data that contains its own', () => {
    // the header of an advertisement of keepalived 2.2.7
    expect(internetChecksum(fromHex('45c0002800010000ff7015dfc0a8040be0000012'))).toBe(0);
    expect(internetChecksum(fromHex('45c0002800010000ff7015dec0a8040be0000012'))).not.toBe(0);
  });

  it('takes an odd last byte as the high half of a word', () => {
    expect(internetChecksum(fromHex('0102'), fromHex('03'))).toBe(internetChecksum(fromHex('01020300')));
  });

  it('does not overflow over large data', () => {
    expect(internetChecksum(new Uint8Array(1 << 20).fill(0xff))).toBe(0);
  });
});
