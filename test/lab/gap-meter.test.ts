import { describe, expect, it } from 'vitest';
import { GapMeter } from './probes.ts';

describe('the gap meter', () => {
  it('takes the longest distance of two answers', () => {
    const meter = new GapMeter();
    for (const at of [1000, 1002, 1052, 1054]) meter.answered(at);
    expect(meter.take(1054)).toBe(50);
  });

  it('counts a gap that is still open up to now, and the rest of it in the next period', () => {
    const meter = new GapMeter();
    meter.answered(1000);
    expect(meter.take(1300)).toBe(300);
    meter.answered(1700);
    expect(meter.take(1700)).toBe(400);
  });

  it('counts nothing before the first answer', () => {
    const meter = new GapMeter();
    expect(meter.take(5000)).toBe(0);
    meter.answered(9000);
    expect(meter.take(9000)).toBe(0);
  });

  it('forgets what was taken', () => {
    const meter = new GapMeter();
    for (const at of [1000, 1500, 1502]) meter.answered(at);
    expect([meter.take(1502), meter.take(1502)]).toEqual([500, 0]);
  });
});
