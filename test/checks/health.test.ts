import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Instant, instant, later, microseconds, seconds } from '../../src/base/time.ts';
import type { CheckResult } from '../../src/checks/checker.ts';
import type { Page, TcpChecker } from '../../src/checks/checker-config.ts';
import {
  type Health,
  type HealthEffect,
  healthTransition,
  newHealth,
  type Pace,
  toldHealth,
} from '../../src/checks/health.ts';
import { tcpChecker } from '../support/servers.ts';

const T0 = instant(1_000_000_000);
const at = (s: number): Instant => later(T0, seconds(s));

/** Every 6 s, two retries 3 s apart, warm-up 6 s. */
const config = (different: Partial<TcpChecker & Pace> = {}): Pace => ({
  ...tcpChecker({ retry: 2, delayBeforeRetry: seconds(3), delayLoop: seconds(6), warmup: seconds(6) }),
  ...different,
});

const healthy: CheckResult = { outcome: 'healthy' };
const refused: CheckResult = { outcome: 'unhealthy', reason: 'connect: ECONNREFUSED' };
const noPort: CheckResult = { outcome: 'inconclusive', reason: 'connect: EADDRNOTAVAIL' };

/** Runs probes that all end at once, with these results; gives the state, when each probe began, and the changes. */
function run(results: readonly CheckResult[], different: Partial<TcpChecker & Pace> = {}, warmupFraction = 0) {
  const settings = config(different);
  let health: Health = newHealth(settings, T0, warmupFraction);
  const begun: number[] = [];
  const steps: number[] = [];
  const changes: HealthEffect[] = [];
  for (const result of results) {
    const now = health.nextAt;
    if (now === undefined) throw new Error('no next probe');
    const started = healthTransition(settings, health, { type: 'clock' }, now);
    expect(started.effects).toEqual([{ type: 'start-probe', probe: started.health.probe, step: health.step }]);
    steps.push(health.step);
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
  return { health, begun, steps, changes };
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
    expect(health).toEqual({
      ...toldHealth(false, at(12)),
      hasRun: true,
      nextAt: at(18),
      probe: 4,
    });
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

describe('a checker with several pages (keepalived.conf(5) "url")', () => {
  const page = (path: string): Page => ({ path, statusCodes: [[200, 299]] });
  const pages = [page('/a'), page('/b')];
  /** As a keepalived 2.2.7 was watched with it. */
  const watched = { pages, delayLoop: seconds(2), delayBeforeRetry: seconds(1) };

  it('asks for one after the other, delay_loop apart', () => {
    const { begun, steps, changes } = run([healthy, healthy, healthy, healthy], watched);
    expect([begun, steps, changes]).toEqual([[0, 2, 4, 6], [0, 1, 0, 1], []]);
  });

  it('retries the page that is wrong, asks for it alone while down, and then for all of them before it is up', () => {
    const results = [healthy, refused, refused, refused, refused, refused, healthy, healthy, healthy, healthy];
    const { begun, steps, changes } = run(results, watched);
    expect(begun).toEqual([0, 2, 3, 4, 6, 8, 10, 12, 14, 16]);
    expect(steps).toEqual([0, 1, 1, 1, 1, 1, 1, 0, 1, 0]);
    expect(changes).toEqual([{ type: 'went-down', reason: 'connect: ECONNREFUSED', retries: 2 }, { type: 'went-up' }]);
  });

  it('is up by the second success of its only page', () => {
    const { begun, changes } = run([refused, healthy, healthy], { ...watched, pages: [page('/a')] });
    expect(begun).toEqual([0, 2, 4]);
    expect(changes.map(({ type }) => type)).toEqual(['went-down', 'went-up']);
  });

  it('comes up without waiting with fast_recovery (keepalived.conf(5) "fast_recovery")', () => {
    const { begun, steps, changes } = run([refused, healthy, healthy, healthy, healthy], {
      ...watched,
      fastRecovery: true,
    });
    expect([begun, steps]).toEqual([
      [0, 2, 2, 2, 4],
      [0, 0, 0, 1, 0],
    ]);
    expect(changes.map(({ type }) => type)).toEqual(['went-down', 'went-up']);
  });

  it('with alpha is up when all of them were right', () => {
    const { changes, health } = run([healthy], { ...watched, alpha: true });
    expect([changes, health.up]).toEqual([[], false]);
    expect(run([healthy, healthy], { ...watched, alpha: true }).changes).toEqual([{ type: 'went-up' }]);
  });

  it('is asked while down after the longer of delay_loop and delay_before_retry', () => {
    expect(run([refused, refused], { ...watched, delayBeforeRetry: seconds(5) }).begun).toEqual([0, 5]);
  });
});

describe('a checker whose time runs from the beginning of its probe', () => {
  const settings = config({ runsFromStart: true });

  it.each([
    [2, 6],
    [6, 6],
    [9, 9],
  ])('that took %i s asks again at %i s', (took, next) => {
    const { health } = healthTransition(settings, newHealth(settings, T0, 0), { type: 'clock' }, T0);
    const event = { type: 'result', probe: 1, result: healthy } as const;
    expect(healthTransition(settings, health, event, at(took)).health.nextAt).toBe(at(next));
  });
});

describe('what a probe says about the weight', () => {
  const becomes = (n: number): CheckResult => ({ outcome: 'healthy', weight: { becomes: n } });
  const adds = (n: number): CheckResult => ({ outcome: 'healthy', weight: { adds: n } });

  it('is told when it changes, and only then', () => {
    const { changes, health } = run([healthy, becomes(5), becomes(5), becomes(6), adds(6), adds(6), healthy, healthy]);
    expect(changes.map(({ type }) => type)).toEqual(Array.from({ length: 4 }, () => 'weight-changed'));
    expect(health.weight).toBeUndefined();
  });

  it('is forgotten when the server goes down, and not by a failure that is retried', () => {
    expect(run([becomes(5), refused]).health.weight).toEqual({ becomes: 5 });
    expect(run([becomes(5), refused], { retry: 0 }).health.weight).toBeUndefined();
  });
});

describe('a checker that is told', () => {
  it('counts at once, without retries, and never probes', () => {
    const settings = config({ retry: 5 });
    const told = (health: Health, result: CheckResult) =>
      healthTransition(settings, health, { type: 'told', result }, at(1));
    const down = told({ ...toldHealth(true, T0), hasRun: true }, refused);
    expect(down.effects).toEqual([{ type: 'went-down', reason: 'connect: ECONNREFUSED', retries: 0 }]);
    const up = told(down.health, healthy);
    expect(up.effects).toEqual([{ type: 'went-up' }]);
    expect([down.health.nextAt, up.health.nextAt]).toEqual([undefined, undefined]);
    expect(told(up.health, healthy).effects).toEqual([]);
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
            expect(after).toEqual({ ...before, probe: before.probe + 1, nextAt: undefined, startedAt: now });
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
