import { describe, expect, it } from 'vitest';
import { microseconds, milliseconds } from '../../src/base/time.ts';
import { Lateness } from '../../src/daemon/lateness.ts';

describe('Lateness', () => {
  it('has nothing to say before the first deadline', () => {
    expect(new Lateness().report()).toEqual({ count: 0, p50_ms: 0, p99_ms: 0, p999_ms: 0, max_ms: 0 });
  });

  it('tells the usual from the rare and the worst [B58+]', () => {
    const lateness = new Lateness();
    for (let n = 0; n < 1000; n++) lateness.record(microseconds(n < 980 ? 64 : n < 998 ? 1024 : 65_536));
    lateness.record(milliseconds(5000));
    expect(lateness.report()).toEqual({ count: 1001, p50_ms: 0.064, p99_ms: 1.024, p999_ms: 65.536, max_ms: 5000 });
  });

  it('is never too good: at most a fifth above what was, never below, and no figure above the worst', () => {
    for (const late of [1, 3, 100, 333, 12_345, 999_999, 2 ** 33]) {
      const lateness = new Lateness();
      lateness.record(microseconds(late));
      lateness.record(microseconds(late * 2));
      const { p50_ms: half, max_ms: max } = lateness.report();
      expect(max).toBe((late * 2) / 1000);
      if (late < 2 ** 32) {
        expect(half).toBeGreaterThanOrEqual(late / 1000);
        expect(half).toBeLessThanOrEqual((late * 1.19) / 1000 + 0.001);
      }
    }
  });

  it('takes what is early or exact as not late', () => {
    const lateness = new Lateness();
    lateness.record(microseconds(0));
    expect(lateness.report()).toEqual({ count: 1, p50_ms: 0, p99_ms: 0, p999_ms: 0, max_ms: 0 });
  });
});
