import { afterEach, describe, expect, it } from 'vitest';
import { type NativeTimer, native } from '../../src/io/native.ts';

const now = (): number => native().monotonicNow();

let opened: NativeTimer[] = [];
const open = (callback: () => void): NativeTimer => {
  const timer = new (native().Timer)(callback);
  opened.push(timer);
  return timer;
};
afterEach(() => {
  for (const timer of opened) timer.close();
  opened = [];
});

/** When a timer that is set to `at` has called. */
const expiry = (at: number): Promise<number> => new Promise((resolve) => open(() => resolve(now())).set(at));

describe('Timer', () => {
  it('never calls before its time', async () => {
    const start = now();
    const deadlines = [1, 100, 999, 1_000, 1_500, 4_321].map((delay) => start + delay);
    const calledAt = await Promise.all(deadlines.map(expiry));
    for (const [i, at] of deadlines.entries()) expect(calledAt[i]).toBeGreaterThanOrEqual(at);
  });

  it('calls in the order of the deadlines, whatever the order of setting', async () => {
    const start = now() + 3_000;
    const order: number[] = [];
    await Promise.all([9_000, 3_000, 6_000, 0].map((delay) => expiry(start + delay).then(() => order.push(delay))));
    expect(order).toEqual([0, 3_000, 6_000, 9_000]);
  });

  it('calls once, and soon, when the time has passed already', async () => {
    for (const at of [-1, 0, 1, now()]) {
      let calls = 0;
      await new Promise<void>((resolve) => {
        open(() => {
          calls += 1;
          resolve();
        }).set(at);
      });
      await expiry(now() + 500);
      expect(calls).toBe(1);
    }
  });

  it('forgets the former time when it is set anew', async () => {
    const start = now();
    const calledAt: number[] = [];
    await new Promise<void>((resolve) => {
      const timer = open(() => {
        calledAt.push(now());
        resolve();
      });
      timer.set(start + 500);
      timer.set(start + 4_000);
    });
    expect(calledAt).toHaveLength(1);
    expect(calledAt[0]).toBeGreaterThanOrEqual(start + 4_000);
  });

  it('does not call when it is set anew or disarmed in the round of the loop in which it expired', async () => {
    const called: string[] = [];
    let again = 0;
    const first = open(() => {
      called.push('first');
      second.set(undefined);
      again = now() + 2_000;
      third.set(again);
    });
    const second = open(() => called.push('second'));
    const third = open(() => called.push(`third ${now() >= again}`));
    for (const timer of [first, second, third]) timer.set(0);
    await expiry(now() + 6_000);
    // in whichever order the loop found them: the first of them stops the second and puts off the third
    expect(called.filter((entry) => entry === 'first')).toHaveLength(1);
    expect(called.slice(called.indexOf('first') + 1)).toEqual(['third true']);
  });

  it('does not call once disarmed', async () => {
    const timer = open(() => expect.unreachable());
    timer.set(now() + 500);
    timer.set(undefined);
    await expiry(now() + 2_000);
  });

  it('may be set and closed by its own callback', async () => {
    let calls = 0;
    await new Promise<void>((resolve) => {
      const timer = open(() => {
        calls += 1;
        if (calls < 3) return timer.set(0);
        timer.close();
        resolve();
      });
      timer.set(0);
    });
    expect(calls).toBe(3);
  });

  it('refuses a time that is none, and any time once it is closed', () => {
    const timer = open(() => {});
    for (const at of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '1', null, 1n]) {
      expect(() => timer.set(at as number)).toThrow(TypeError);
    }
    timer.set(2 ** 53 - 1);
    timer.close();
    timer.close();
    timer.set(undefined);
    expect(() => timer.set(0)).toThrow(expect.objectContaining({ code: 'EBADF', syscall: 'timerfd_settime' }));
  });
});
