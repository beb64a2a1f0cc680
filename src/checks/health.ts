/**
 * The one health machine: when a checker probes, how often it retries, and when its server is down or up again. The same
 * for every kind of checker; pure.
 *
 *   waiting ── clock ──▶ probing ── result ──▶ waiting
 *
 * keepalived's rules: a success brings a server up at once. A failure while it is up is retried `retry` times,
 * `delay_before_retry` apart; only then it is down. While it is down, and while it is up and well, the next probe comes
 * after `delay_loop`. The first probe of all is decisive: a server that has never answered is not given retries. It begins
 * after a random part of `warmup`, so that not all servers are asked at the same moment.
 *
 * A checker with several pages asks for one in each probe, and all of them must be right to bring a server up. Of one that is
 * down the page that was wrong is asked for until it is right, and then all of them: also when there is only one.
 *
 * A checker that is told what it has to know (FILE_CHECK, BFD_CHECK) never probes; what it is told counts at once.
 */
import { assertNever } from '../base/assert.ts';
import { type Duration, type Instant, later, scale } from '../base/time.ts';
import type { CheckResult } from './checker.ts';
import type { Timing, WebChecker } from './checker-config.ts';

/** What the machine wants to know of a checker. */
export type Pace = Timing &
  Partial<Pick<WebChecker, 'pages' | 'fastRecovery'>> & {
    /** The time to the next probe runs from the beginning of this one. */
    readonly runsFromStart?: boolean;
  };

/** What a checker says about the weight of its server; undefined: nothing. */
export type WeightOpinion = Extract<CheckResult, { outcome: 'healthy' }>['weight'];

/** The state of one checker. */
export interface Health {
  readonly up: boolean;
  /** A probe has said something about the server. */
  readonly hasRun: boolean;
  /** Failures in a row that were retried, 0 to `retry`. */
  readonly retries: number;
  /** Which page is asked for next, or now; 0 where there are none. */
  readonly step: number;
  /** The page was wrong and its server is down: when it is right, all are asked for once more. */
  readonly isStuck: boolean;
  /** When the next probe begins; undefined while one is on its way, and for a checker that is told. */
  readonly nextAt: Instant | undefined;
  /** When the probe that is on its way, or was last, began. */
  readonly startedAt: Instant;
  /** Number of the probe that is on its way, or was last: the answer to an older one is not listened to. */
  readonly probe: number;
  readonly weight: WeightOpinion;
}

export type HealthEvent =
  | { readonly type: 'clock' }
  /** A probe has ended. */
  | { readonly type: 'result'; readonly probe: number; readonly result: CheckResult }
  /** Somebody knows. */
  | { readonly type: 'told'; readonly result: CheckResult };

export type HealthEffect =
  | { readonly type: 'start-probe'; readonly probe: number; readonly step: number }
  | { readonly type: 'went-up' }
  | { readonly type: 'went-down'; readonly reason: string; readonly retries: number }
  | { readonly type: 'weight-changed' };

export interface HealthTransition {
  readonly health: Health;
  readonly effects: readonly HealthEffect[];
}

/**
 * A checker before its first probe. Up, so that its server takes connections from the start, unless
 * keepalived.conf(5) "alpha" wants to see a success first.
 * @param warmupFraction from 0 to 1, at random
 */
export function newHealth(config: Timing, now: Instant, warmupFraction: number): Health {
  const warmup = scale(config.warmup, Math.floor(warmupFraction * 1_000_000), 1_000_000);
  return { ...toldHealth(!config.alpha, now), nextAt: later(now, warmup) };
}

/** A checker that is told, before it has been. */
export const toldHealth = (up: boolean, now: Instant): Health => ({
  up,
  hasRun: false,
  retries: 0,
  step: 0,
  isStuck: false,
  nextAt: undefined,
  startedAt: now,
  probe: 0,
  weight: undefined,
});

/** The next state and what is to be done. A clock event that comes early and an answer that comes late change nothing. */
export function healthTransition(config: Pace, health: Health, event: HealthEvent, now: Instant): HealthTransition {
  switch (event.type) {
    case 'clock': {
      if (health.nextAt === undefined || now < health.nextAt) return { health, effects: [] };
      const probe = health.probe + 1;
      return {
        health: { ...health, nextAt: undefined, startedAt: now, probe },
        effects: [{ type: 'start-probe', probe, step: health.step }],
      };
    }
    case 'result':
      if (health.nextAt !== undefined || event.probe !== health.probe) return { health, effects: [] };
      return heard(config, health, event.result, now);
    case 'told': {
      const { health: next, effects } = heard({ ...config, retry: 0 }, health, event.result, now);
      return { health: { ...next, nextAt: undefined }, effects };
    }
    default:
      return assertNever(event);
  }
}

function heard(config: Pace, health: Health, result: CheckResult, now: Instant): HealthTransition {
  const after = (delay: Duration): Instant => {
    const at = later(config.runsFromStart ? health.startedAt : now, delay);
    return at < now ? now : at;
  };
  switch (result.outcome) {
    case 'inconclusive':
      return { health: { ...health, nextAt: after(config.delayLoop) }, effects: [] };
    case 'healthy':
      return succeeded(config, health, result.weight, after);
    case 'unhealthy': {
      if (health.up && health.hasRun && health.retries < config.retry) {
        return {
          health: { ...health, retries: health.retries + 1, nextAt: after(config.delayBeforeRetry) },
          effects: [],
        };
      }
      const { pages, delayLoop, delayBeforeRetry } = config;
      const delay = pages !== undefined && delayBeforeRetry > delayLoop ? delayBeforeRetry : delayLoop;
      const next: Health = {
        ...health,
        up: false,
        hasRun: true,
        retries: 0,
        isStuck: pages !== undefined,
        nextAt: after(delay),
        weight: undefined,
      };
      return {
        health: next,
        effects: health.up ? [{ type: 'went-down', reason: result.reason, retries: health.retries }] : [],
      };
    }
    default:
      return assertNever(result);
  }
}

function succeeded(
  { pages, fastRecovery, delayLoop }: Pace,
  health: Health,
  weight: WeightOpinion,
  after: (delay: Duration) => Instant,
): HealthTransition {
  const { up, step, isStuck } = health;
  const isLast = step + 1 >= (pages?.length ?? 1);
  const isComplete = !isStuck && isLast;
  const isInAHurry = !up && !isComplete && fastRecovery === true;
  const next: Health = {
    ...health,
    up: up || isComplete,
    hasRun: true,
    retries: 0,
    step: isStuck || isLast ? 0 : step + 1,
    isStuck: false,
    nextAt: after(isInAHurry ? (0 as Duration) : delayLoop),
    weight,
  };
  if (next.up !== up) return { health: next, effects: [{ type: 'went-up' }] };
  return { health: next, effects: isSame(weight, health.weight) ? [] : [{ type: 'weight-changed' }] };
}

function isSame(one: WeightOpinion, other: WeightOpinion): boolean {
  if (one === undefined || other === undefined) return one === other;
  if ('adds' in one) return 'adds' in other && one.adds === other.adds;
  return 'becomes' in other && one.becomes === other.becomes;
}
