import { describe, expect, it } from 'vitest';
import { trackFileValue } from '../../src/vrrp/track-file.ts';

describe('the number of a track_file is what keepalived 2.2.7 reads', () => {
  it.each([
    ['5\n', 5],
    ['6', 6],
    [' 7 \n', 7],
    ['\n\n9', 9],
    ['+5\n', 5],
    ['-3\n', -3],
    ['12x\n', 12],
    ['10.7\n', 10],
    ['1\n2\n', 1],
    ['9 8', 9],
    ['0x10\n', 16],
    ['010\n', 8],
    ['0', 0],
    ['09', 0],
    ['0x', 0],
    ['', 0],
    ['abc\n', 0],
    ['- 5', 0],
    ['2147483647', 2147483647],
    ['-2147483648', -2147483648],
  ])('%j is %i', (content, value) => {
    expect(trackFileValue(content)).toBe(value);
  });

  it.each(['2147483648', '-2147483649', '99999999999999', '0x100000000'])('%s changes nothing', (content) => {
    expect(trackFileValue(content)).toBeUndefined();
  });

  it('stands in the first 128 bytes', () => {
    expect(trackFileValue(`${' '.repeat(127)}7`)).toBe(7);
    expect(trackFileValue(`${' '.repeat(128)}7`)).toBe(0);
  });
});
