import { describe, expect, it } from 'vitest';
import { centiseconds, milliseconds, seconds } from '../../src/base/time.ts';
import { masterDownInterval, skewTime } from '../../src/vrrp/timers.ts';

describe('Skew_Time', () => {
  it.each([
    [1, 996_093], // 255/256 s = 996,093.75 µs
    [100, 609_375], // 156/256 s
    [150, 414_062], // 106/256 s = 414,062.5 µs
    [254, 7_812], // 2/256 s = 7,812.5 µs
    [255, 3_906], // 1/256 s = 3,906.25 µs
  ])('of priority %i in version 2 is %i µs, rounded down (RFC 3768 §6.1) [A14+]', (priority, us) => {
    expect(skewTime(2, priority, seconds(1))).toBe(us);
  });

  it('in version 2 is a part of one second, whatever the interval (RFC 3768 §6.1)', () => {
    expect(skewTime(2, 100, seconds(5))).toBe(609_375);
    expect(skewTime(2, 100, seconds(255))).toBe(609_375);
  });

  it.each([
    [1, seconds(1), 996_093],
    [100, seconds(1), 609_375],
    [100, seconds(5), 3_046_875], // 156/256 of 5 s
    [100, centiseconds(1), 6_093], // 156/256 of 10 ms = 6,093.75 µs
    [254, milliseconds(10), 78], // 2/256 of 10 ms = 78.125 µs
    [255, milliseconds(10), 39], // 1/256 of 10 ms = 39.0625 µs
    [1, centiseconds(4095), 40_790_039], // 255/256 of 40.95 s = 40,790,039.0625 µs
  ])(
    'of priority %i at %i µs in version 3 is $2 µs, a part of the interval (RFC 5798 §6.1) [B14+]',
    (priority, interval, us) => {
      expect(skewTime(3, priority, interval)).toBe(us);
    },
  );

  it('is shorter for the higher priority, for every two neighbours and in both versions', () => {
    for (let priority = 2; priority <= 255; priority++) {
      expect(skewTime(2, priority, seconds(1))).toBeLessThan(skewTime(2, priority - 1, seconds(1)));
      expect(skewTime(3, priority, milliseconds(10))).toBeLessThan(skewTime(3, priority - 1, milliseconds(10)));
    }
  });
});

describe('Master_Down_Interval', () => {
  it.each([
    [1, seconds(1), 3_996_093],
    [80, seconds(1), 3_687_500],
    [100, seconds(1), 3_609_375],
    [100, seconds(5), 15_609_375],
    [254, seconds(1), 3_007_812],
    [255, seconds(1), 3_003_906],
    [1, seconds(255), 765_996_093],
  ])('of priority %i at %i µs in version 2 is $2 µs (RFC 3768 §6.1)', (priority, interval, us) => {
    expect(masterDownInterval(2, priority, interval)).toBe(us);
  });

  it.each([
    [100, seconds(1), 3_609_375],
    [100, seconds(5), 18_046_875],
    [254, milliseconds(10), 30_078],
    [1, centiseconds(4095), 163_640_039],
  ])('of priority %i at %i µs in version 3 is $2 µs (RFC 5798 §6.1)', (priority, interval, us) => {
    expect(masterDownInterval(3, priority, interval)).toBe(us);
  });

  it.each([
    [1, 1_609_375],
    [2, 2_609_375],
    [10, 10_609_375],
    [100, 100_609_375],
  ])('counts %i missed advertisements instead of 3: keepalived.conf(5) "down_timer_adverts" [C03+]', (adverts, us) => {
    expect(masterDownInterval(2, 100, seconds(1), adverts)).toBe(us);
  });
});
