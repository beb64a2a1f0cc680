/**
 * Points in time and spans of time, as whole microseconds.
 *
 * `Instant` is a reading of the monotonic clock; `Duration` is the distance between two of them. Both are branded
 * numbers: a bare number is neither, and a duration is only made by naming its unit. Microseconds, because a valid
 * VRRPv3 skew is 78 µs; not nanoseconds, because those stop being exact in a JavaScript number after 104 days.
 */

/** A span of time in whole microseconds; never negative when made by the functions of this file. */
export type Duration = number & { readonly __brand: 'Duration' };

/** A reading of the monotonic clock in whole microseconds; only comparable within one boot of one machine. */
export type Instant = number & { readonly __brand: 'Instant' };

/** No time at all. */
export const ZERO = 0 as Duration;

/** @param n whole seconds or a decimal; rounded to the microsecond */
export const seconds = (n: number): Duration => Math.round(n * 1_000_000) as Duration;

/** @param n hundredths of a second (the unit of VRRPv3 on the wire) */
export const centiseconds = (n: number): Duration => Math.round(n * 10_000) as Duration;

/** @param n thousandths of a second */
export const milliseconds = (n: number): Duration => Math.round(n * 1_000) as Duration;

/** @param n millionths of a second */
export const microseconds = (n: number): Duration => Math.round(n) as Duration;

/** Reads a monotonic clock value given in microseconds as an instant. */
export const instant = (us: number): Instant => Math.round(us) as Instant;

/** The instant `by` after `at`. */
export const later = (at: Instant, by: Duration): Instant => (at + by) as Instant;

/** From `from` to `to`; zero when `to` is not later. */
export const elapsed = (from: Instant, to: Instant): Duration => Math.max(0, to - from) as Duration;

/** The sum of durations. */
export const sum = (...durations: readonly Duration[]): Duration => durations.reduce((a, b) => a + b, 0) as Duration;

/** `duration × numerator / denominator`: multiplied first, divided last, rounded down once. */
export const scale = (duration: Duration, numerator: number, denominator = 1): Duration =>
  Math.floor((duration * numerator) / denominator) as Duration;

/** The earlier of two instants, where undefined means never. */
export const earliest = (a: Instant | undefined, b: Instant | undefined): Instant | undefined =>
  a === undefined ? b : b === undefined || a <= b ? a : b;

/** The span as a number of seconds, for messages and foreign interfaces. */
export const inSeconds = (duration: Duration): number => duration / 1_000_000;

/** The span as a number of milliseconds, for messages and foreign interfaces. */
export const inMilliseconds = (duration: Duration): number => duration / 1_000;

/** The span as a number of microseconds, for foreign interfaces. */
export const inMicroseconds = (duration: Duration): number => duration;
