/**
 * The two intervals that VRRP computes: Skew_Time and Master_Down_Interval.
 *
 * RFC 3768 §6.1 (version 2) and RFC 5798 §6.1 (version 3). Whole microseconds, rounded down once: a valid version 3 skew
 * is 78 µs, which centiseconds could not hold.
 */

import { type Duration, scale, seconds, sum } from '../base/time.ts';

/** The protocol version of a virtual router. 2: RFC 3768; 3: RFC 5798 and RFC 9568. */
export type Version = 2 | 3;

const ONE_SECOND = seconds(1);

/**
 * Skew_Time: the part of a Backup's waiting that makes the higher priority the faster one, (256 - priority) / 256 of one
 * second in version 2 (RFC 3768 §6.1) and of Master_Adver_Interval in version 3 (RFC 5798 §6.1).
 * @param priority 1-255, the effective one
 * @param masterAdverInterval the interval learned from the Master; version 2 does not look at it
 */
export function skewTime(version: Version, priority: number, masterAdverInterval: Duration): Duration {
  return scale(version === 2 ? ONE_SECOND : masterAdverInterval, 256 - priority, 256);
}

/**
 * Master_Down_Interval: how long a Backup waits for an advertisement before it takes over, 3 × Master_Adver_Interval +
 * Skew_Time (RFC 5798 §6.1; in RFC 3768 §6.1 the interval is our own).
 * @param priority 1-255, the effective one
 * @param masterAdverInterval version 3: the interval learned from the Master; version 2: our own
 * @param downTimerAdverts 1-100, instead of the RFC's 3: keepalived.conf(5) "down_timer_adverts"
 */
export function masterDownInterval(
  version: Version,
  priority: number,
  masterAdverInterval: Duration,
  downTimerAdverts = 3,
): Duration {
  return sum(scale(masterAdverInterval, downTimerAdverts), skewTime(version, priority, masterAdverInterval));
}
