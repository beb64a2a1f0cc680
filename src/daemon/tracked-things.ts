/** What the election knows of tracked things: what main has told of those that it watches, and the interfaces. */
import type { TrackResult } from '../vrrp/track-result.ts';
import type { TrackerKind, TrackerState, TrackingView } from '../vrrp/tracking.ts';
import type { Interfaces } from './interfaces.ts';

/** See the file's head. */
export class TrackedThings implements TrackingView {
  readonly #interfaces: Pick<Interfaces, 'problemOf'>;
  readonly #results = new Map<string, TrackResult>();
  #watched: ReadonlySet<TrackerKind> = new Set();

  constructor(interfaces: Pick<Interfaces, 'problemOf'>) {
    this.#interfaces = interfaces;
  }

  /** Kinds that main watches; of any other kind no result will ever come. */
  watch(kinds: readonly TrackerKind[]): void {
    this.#watched = new Set(kinds);
  }

  /** True when it is news. */
  note(result: TrackResult): boolean {
    const key = keyOf(result.kind, result.name);
    const before = this.#results.get(key);
    if (before !== undefined && stateOf(before) === stateOf(result)) return false;
    this.#results.set(key, result);
    return true;
  }

  /** All that is known, for the next election process. */
  get results(): readonly TrackResult[] {
    return [...this.#results.values()];
  }

  interfaceProblem(name: string): string | undefined {
    return this.#interfaces.problemOf(name);
  }

  stateOf(kind: TrackerKind, name: string): TrackerState | undefined {
    const result = this.#results.get(keyOf(kind, name));
    return result === undefined ? (this.#watched.has(kind) ? 'unknown' : undefined) : stateOf(result);
  }
}

const keyOf = (kind: TrackerKind, name: string): string => `${kind} ${name}`;

const stateOf = (result: TrackResult): TrackerState =>
  result.kind === 'file' ? result.value : result.isUp ? 'up' : 'down';
