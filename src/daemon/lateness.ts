/**
 * How late the election's timer wakes it, since the start: a histogram of fixed size, so that measuring costs nothing that
 * would make it later. A bucket is a quarter of a power of two wide: a figure is at most 19 % above what was measured.
 */
import { type Duration, inMilliseconds, microseconds } from '../base/time.ts';
import type { LatenessReport } from '../status/report.ts';

const STEPS = 4;
/** Up to 2^32 us, more than an hour. */
const BUCKETS = 32 * STEPS;

/** See the file's head. */
export class Lateness {
  readonly #buckets = new Uint32Array(BUCKETS);
  #count = 0;
  #max = 0;

  record(late: Duration): void {
    const bucket = late <= 1 ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log2(late) * STEPS));
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#count += 1;
    if (late > this.#max) this.#max = late;
  }

  report(): LatenessReport {
    const of = (fraction: number) => milliseconds(this.#quantile(fraction));
    return {
      count: this.#count,
      p50_ms: of(0.5),
      p99_ms: of(0.99),
      p999_ms: of(0.999),
      max_ms: milliseconds(this.#max),
    };
  }

  /** The upper end of the bucket in which so many of all lie. */
  #quantile(fraction: number): number {
    let left = Math.ceil(this.#count * fraction);
    for (const [bucket, count] of this.#buckets.entries()) {
      left -= count;
      if (left <= 0) return Math.min(this.#max, 2 ** (bucket / STEPS));
    }
    return this.#max;
  }
}

/** To the microsecond. */
const milliseconds = (us: number): number => inMilliseconds(microseconds(us));
