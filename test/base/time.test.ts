import { describe, expect, it } from 'vitest';
import {
  centiseconds,
  earliest,
  elapsed,
  instant,
  later,
  microseconds,
  milliseconds,
  scale,
  seconds,
  sum,
  ZERO,
} from '../../src/base/time.ts';

describe('durations', () => {
  it('are whole microseconds, whatever unit they are made from', () => {
    expect([seconds(1), seconds(0.1), centiseconds(100), milliseconds(2), microseconds(78)]).toEqual([
      1_000_000, 100_000, 1_000_000, 2_000, 78,
    ]);
  });

  it('scale multiplies first, divides last and rounds down once', () => {
    expect(scale(seconds(1), 256 - 100, 256)).toBe(609_375);
    expect(scale(milliseconds(10), 256 - 254, 256)).toBe(78);
    expect(scale(microseconds(10), 1, 3)).toBe(3);
  });

  it('add up', () => {
    expect(sum()).toBe(ZERO);
    expect(sum(seconds(3), microseconds(609_375))).toBe(3_609_375);
  });
});

describe('instants', () => {
  it('measure forwards only', () => {
    expect(elapsed(instant(5), instant(12))).toBe(7);
    expect(elapsed(instant(12), instant(5))).toBe(0);
    expect(later(instant(5), seconds(1))).toBe(1_000_005);
  });

  it('earliest takes undefined as never', () => {
    expect(earliest(undefined, undefined)).toBeUndefined();
    expect(earliest(instant(3), undefined)).toBe(3);
    expect(earliest(undefined, instant(3))).toBe(3);
    expect(earliest(instant(4), instant(3))).toBe(3);
  });
});
