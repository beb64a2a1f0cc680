/**
 * A Master that was not scheduled for so long that somebody else has taken over: with keepalived.conf(5) "timer_expired_backup" it
 * gives way, so that a stall moves the addresses once and not back again. Not in any RFC.
 */
import { elapsed, type Instant, later, scale, sum, ZERO } from '../base/time.ts';
import { changed } from './effects.ts';
import { inWords, listen } from './listening.ts';
import { skewTime } from './timers.ts';
import type { Master, Transition, VirtualRouterConfig } from './vocabulary.ts';

/** Whether another router of the given priority has had the time to take over since our last advertisement. */
export function isExpired(config: VirtualRouterConfig, { adverAt }: Master, now: Instant): boolean {
  const { version, advertisementInterval, downTimerAdverts, expiryPriority } = config;
  if (expiryPriority === undefined) return false;
  const skew = skewTime(version, expiryPriority, advertisementInterval);
  // the next one was due an interval after the last one
  const waits = sum(scale(advertisementInterval, Math.max(0, downTimerAdverts - 1)), skew);
  return waits > ZERO && now >= later(adverAt, waits);
}

/** Backup without having said anything. */
export function giveWay(config: VirtualRouterConfig, from: Master, now: Instant): Transition {
  const detail = `our own advertisement is late by ${inWords(elapsed(from.adverAt, now))}`;
  return {
    state: listen(config, config.advertisementInterval, now),
    effects: [{ type: 'release-addresses' }, changed(from, 'Backup', 'timer-expired', detail)],
  };
}
