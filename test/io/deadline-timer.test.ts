import { afterEach, describe, expect, it } from 'vitest';
import { type Instant, later, microseconds } from '../../src/base/time.ts';
import { now } from '../../src/io/clock.ts';
import { DeadlineTimer } from '../../src/io/deadline-timer.ts';

let timers: DeadlineTimer[] = [];
const open = (onExpired: () => void): DeadlineTimer => {
  const timer = new DeadlineTimer(onExpired);
  timers.push(timer);
  return timer;
};
afterEach(() => {
  for (const timer of timers) timer.close();
  timers = [];
});
const at = (us: number): Instant => later(now(), microseconds(us));
const expired = (deadline: Instant): Promise<Instant> =>
  new Promise((resolve) => open(() => resolve(now())).set(deadline));

describe('DeadlineTimer', () => {
  it('expires when the clock has reached the deadline, not before', async () => {
    const deadline = at(1_234);
    expect(await expired(deadline)).toBeGreaterThanOrEqual(deadline);
  });

  it('keeps only the last deadline, and none after undefined', async () => {
    let count = 0;
    const replaced = open(() => {
      count += 1;
    });
    const stopped = open(() => expect.unreachable());
    replaced.set(at(100));
    stopped.set(at(100));
    replaced.set(at(1_000));
    stopped.set(undefined);
    await expired(at(3_000));
    expect(count).toBe(1);
  });

  it('expires once for a deadline that is set twice, and again when it is set after it expired', async () => {
    let count = 0;
    const deadline = at(200);
    await new Promise<void>((resolve) => {
      const timer = open(() => {
        count += 1;
        if (count === 1) timer.set(deadline);
        else resolve();
      });
      timer.set(deadline);
      timer.set(deadline);
    });
    await expired(at(500));
    expect(count).toBe(2);
  });

  it('never expires once it is closed, and takes no new deadline', async () => {
    const timer = open(() => expect.unreachable());
    timer.set(at(100));
    timer.close();
    timer.close();
    expect(() => timer.set(at(100))).toThrow(expect.objectContaining({ code: 'EBADF' }));
    await expired(at(500));
  });
});

describe('now', () => {
  it('never goes back', () => {
    let last = now();
    for (let i = 0; i < 10_000; i++) {
      const next = now();
      expect(next >= last).toBe(true);
      last = next;
    }
  });
});
