import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Instant, instant, later, microseconds, seconds } from '../../src/base/time.ts';
import type { CheckResult } from '../../src/checks/checker.ts';
import type { TcpChecker } from '../../src/checks/checker-config.ts';
import { type Health, type HealthEffect, healthTransition, newHealth } from '../../src/checks/health.ts';
import { tcpChecker } from '../support/servers.ts';

const T0 = instant(1_000_000_000);
const at = (s: number): Instant => later(T0, seconds(s));

/** Every 6 s, two retries 3 s apart, warm-up 6 s. */
const config = (different: Partial<TcpChecker> = {}): TcpChecker =>
  tcpChecker({ retry: 2, delayBeforeRetry: seconds(3), delayLoop: seconds(6), warmup: seconds(6), ...different });

const healthy: CheckResult = { outcome: 'healthy' };
const refused: CheckResult = { outcome: 'unhealthy', reason: 'connect: ECONNREFUSED' };
const noPort: CheckResult = { outcome: 'inconclusive', reason: 'connect: EADDRNOTAVAIL' };

/** Runs probes that all end at once, with these results; gives the state, when each probe began, and the changes. */
function run(results: readonly CheckResult[], different: Partial<TcpChecker> = {}, warmupFraction = 0) {
  const settings = config(different);
  let health: Health = newHealth(settings, T0, warmupFraction);
  const begun: number[] = [];
  const changes: HealthEffect[] = [];
  for (const result of results) {
    const now = health.nextAt;
    if (now === undefined) throw new Error('no next probe');
    const started = healthTransition(settings, health, { type: 'clock' }, now);
    expect(started.effects).toEqual([{ type: 'start-probe', probe: started.health.probe }]);
    begun.push((now - T0) / 1_000_000);
    const ended = healthTransition(
      settings,
      started.health,
      { type: 'result', probe: started.health.probe, result },
      now,
    );
    changes.push(...ended.effects);
    health = ended.health;
  }
  return { health, begun, changes };
}

describe('the first probe', () => {
  it('begins after a random part of the warm-up', () => {
    expect(newHealth(config(), T0, 0).nextAt).toBe(at(0));
    expect(newHealth(config(), T0, 0.5).nextAt).toBe(at(3));
    expect(newHealth(config({ warmup: seconds(0) }), T0, 0.9).nextAt).toBe(at(0));
  });

  it('finds the server up already, unless alpha (keepalived.conf(5) "alpha")', () => {
    expect(newHealth(config(), T0, 0).up).toBe(true);
    expect(newHealth(config({ alpha: true }), T0, 0).up).toBe(false);
    expect(run([healthy]).changes).toEqual([]);
    expect(run([healthy], { alpha: true }).changes).toEqual([{ type: 'went-up' }]);
  });

  it('is decisive: a server that has never answered is down after one failure', () => {
    expect(run([refused]).changes).toEqual([{ type: 'went-down', reason: 'connect: ECONNREFUSED', retries: 0 }]);
  });
});

describe('a server that is up', () => {
  it('is asked every delay_loop', () => {
    expect(run([healthy, healthy, healthy]).begun).toEqual([0, 6, 12]);
  });

  it('is down after retry further failures, delay_before_retry apart', () => {
    const { begun, changes, health } = run([healthy, refused, refused, refused]);
    expect(begun).toEqual([0, 6, 9, 12]);
    expect(changes).toEqual([{ type: 'went-down', reason: 'connect: ECONNREFUSED', retries: 2 }]);
    expect(health).toEqual({ up: false, hasRun: true, retries: 0, nextAt: at(18), probe: 4 });
  });

  it('stays up when a retry succeeds, and has all its retries again', () => {
    const { changes, begun } = run([healthy, refused, refused, healthy, refused, refused, healthy]);
    expect(changes).toEqual([]);
    expect(begun).toEqual([0, 6, 9, 12, 18, 21, 24]);
  });

  it('without retries is down at the first failure', () => {
    expect(run([healthy, refused], { retry: 0 }).changes).toEqual([
      { type: 'went-down', reason: 'connect: ECONNREFUSED', retries: 0 },
    ]);
  });

  it('is neither worse nor better for a probe that this host could not make', () => {
    const { changes, begun, health } = run([healthy, refused, noPort, refused]);
    expect(changes).toEqual([]);
    expect(begun).toEqual([0, 6, 9, 15]);
    expect(health.retries).toBe(2);
  });
});

describe('a server that is down', () => {
  it('is asked every delay_loop and up again at the first success', () => {
    const { begun, changes } = run([refused, refused, refused, healthy, healthy]);
    expect(begun).toEqual([0, 6, 12, 18, 24]);
    expect(changes.map((change) => change.type)).toEqual(['went-down', 'went-up']);
  });
});

describe('events that mean nothing', () => {
  const settings = config();
  const waiting = newHealth(settings, T0, 0.5);
  const probing = healthTransition(settings, waiting, { type: 'clock' }, at(3)).health;

  it('a clock that is early, or while a probe is on its way: no two probes at once', () => {
    expect(healthTransition(settings, waiting, { type: 'clock' }, at(2.999999))).toEqual({
      health: waiting,
      effects: [],
    });
    expect(healthTransition(settings, probing, { type: 'clock' }, at(99))).toEqual({ health: probing, effects: [] });
  });

  it('an answer that nobody waits for, or to an older probe', () => {
    const event = { type: 'result', probe: 1, result: refused } as const;
    const answered = healthTransition(settings, probing, event, at(4)).health;
    expect(healthTransition(settings, answered, event, at(5))).toEqual({ health: answered, effects: [] });
    const next = healthTransition(settings, answered, { type: 'clock' }, at(10)).health;
    expect(next.probe).toBe(2);
    expect(healthTransition(settings, next, event, at(11))).toEqual({ health: next, effects: [] });
  });
});

describe('for any sequence of results', () => {
  const result = fc.constantFrom(healthy, refused, noPort);

  it('changes alternate, and tell what the state is', () => {
    fc.assert(
      fc.property(
        fc.array(result, { maxLength: 60 }),
        fc.integer({ min: 0, max: 3 }),
        fc.boolean(),
        (results, retry, alpha) => {
          const { changes, health } = run(results, { retry, alpha });
          const words = changes.map((change) => change.type);
          for (const [i, word] of words.entries()) {
            expect(word).toBe((i % 2 === 0) === alpha ? 'went-up' : 'went-down');
          }
          const lastWord = words.at(-1);
          expect(health.up).toBe(lastWord === undefined ? !alpha : lastWord === 'went-up');
          expect(health.retries).toBeLessThanOrEqual(retry);
        },
      ),
    );
  });

  it('a single failure never takes a server out that has answered, as long as it has a retry', () => {
    fc.assert(
      fc.property(fc.array(result, { maxLength: 60 }), (results) => {
        const calm = [healthy, ...results.flatMap((one) => [one, healthy])];
        expect(run(calm, { retry: 1 }).changes).toEqual([]);
      }),
    );
  });

  it('whatever events come when: one probe at a time, none before its time, and one word for one change', () => {
    const event = fc.oneof(
      fc.constant({ type: 'clock' } as const),
      fc.record({ type: fc.constant('result' as const), probe: fc.integer({ min: 0, max: 12 }), result }),
    );
    const step = fc.tuple(fc.integer({ min: 0, max: 4_000_000 }), event);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.boolean(), (steps, alpha) => {
        const settings = config({ alpha });
        let health = newHealth(settings, T0, 0.5);
        let now = T0;
        for (const [wait, next] of steps) {
          now = later(now, microseconds(wait));
          const before = health;
          const { health: after, effects } = healthTransition(settings, before, next, now);
          health = after;
          const words = effects.map((effect) => effect.type);
          if (words.includes('start-probe')) {
            expect(before.nextAt).toBeLessThanOrEqual(now);
            expect(after).toEqual({ ...before, probe: before.probe + 1, nextAt: undefined });
          } else {
            const changed = before.up === after.up ? [] : [after.up ? 'went-up' : 'went-down'];
            expect(words).toEqual(changed);
            expect(after.probe).toBe(before.probe);
          }
          // it always goes on: a probe is on its way, or the next one has its time
          if (after !== before && after.nextAt !== undefined) expect(after.nextAt).toBeGreaterThan(now);
        }
      }),
    );
  });
});
