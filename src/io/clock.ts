/** The monotonic clock, the same one that stamps received packets and that the deadline timer runs on. */
import type { Instant } from '../base/time.ts';
import { native } from './native.ts';

/** CLOCK_MONOTONIC in whole microseconds. */
export const now = (): Instant => native().monotonicNow() as Instant;
