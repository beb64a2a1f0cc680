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
 */
import { assertNever } from '../base/assert.ts';
import { type Instant, later, scale } from '../base/time.ts';
import type { CheckResult } from './checker.ts';
import type { Timing } from './checker-config.ts';

/** The state of one checker. */
export interface Health {
  readonly up: boolean;
  /** A probe has said something about the server. */
  readonly hasRun: boolean;
  /** Failures in a row that were retried, 0 to `retry`. */
  readonly retries: number;
  /** When the next probe begins; undefined while one is on its way. */
  readonly nextAt: Instant | undefined;
  /** Number of the probe that is on its way, or was last: the answer to an older one is not listened to. */
  readonly probe: number;
}

export type HealthEvent =
  | { readonly type: 'clock' }
  /** A probe has ended. */
  | { readonly type: 'result'; readonly probe: number; readonly result: CheckResult };

export type HealthEffect =
  | { readonly type: 'start-probe'; readonly probe: number }
  | { readonly type: 'went-up' }
  | { readonly type: 'went-down'; readonly reason: string; readonly retries: number };

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
  return { up: !config.alpha, hasRun: false, retries: 0, nextAt: later(now, warmup), probe: 0 };
}

/** The next state and what is to be done. A clock event that comes early and an answer that comes late change nothing. */
export function healthTransition(config: Timing, health: Health, event: HealthEvent, now: Instant): HealthTransition {
  switch (event.type) {
    case 'clock': {
      if (health.nextAt === undefined || now < health.nextAt) return { health, effects: [] };
      const probe = health.probe + 1;
      return { health: { ...health, nextAt: undefined, probe }, effects: [{ type: 'start-probe', probe }] };
    }
    case 'result':
      if (health.nextAt !== undefined || event.probe !== health.probe) return { health, effects: [] };
      return heard(config, health, event.result, now);
    default:
      return assertNever(event);
  }
}

function heard(config: Timing, health: Health, result: CheckResult, now: Instant): HealthTransition {
  const inALoop = later(now, config.delayLoop);
  switch (result.outcome) {
    case 'inconclusive':
      return { health: { ...health, nextAt: inALoop }, effects: [] };
    case 'healthy':
      return {
        health: { ...health, up: true, hasRun: true, retries: 0, nextAt: inALoop },
        effects: health.up ? [] : [{ type: 'went-up' }],
      };
    case 'unhealthy': {
      if (health.up && health.hasRun && health.retries < config.retry) {
        const nextAt = later(now, config.delayBeforeRetry);
        return { health: { ...health, retries: health.retries + 1, nextAt }, effects: [] };
      }
      const { retries } = health;
      return {
        health: { ...health, up: false, hasRun: true, retries: 0, nextAt: inALoop },
        effects: health.up ? [{ type: 'went-down', reason: result.reason, retries }] : [],
      };
    }
    default:
      return assertNever(result);
  }
}
