/** What the election knows of tracked things: what main has told of those that it watches, and the interfaces. */
import type { TrackResult } from '../vrrp/track-result.ts';
import type { TrackerKind, TrackerState, TrackingView } from '../vrrp/tracking.ts';
import type { Interfaces } from './interfaces.ts';

/** See the file's head. */
export class TrackedThings implements TrackingView {
  readonly #interfaces: Pick<Interfaces, 'problemOf'>;
  readonly #states = new Map<string, TrackerState>();
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
    const state = result.kind === 'file' ? result.value : result.isUp ? 'up' : 'down';
    if (this.#states.get(key) === state) return false;
    this.#states.set(key, state);
    return true;
  }

  interfaceProblem(name: string): string | undefined {
    return this.#interfaces.problemOf(name);
  }

  stateOf(kind: TrackerKind, name: string): TrackerState | undefined {
    return this.#states.get(keyOf(kind, name)) ?? (this.#watched.has(kind) ? 'unknown' : undefined);
  }
}

const keyOf = (kind: TrackerKind, name: string): string => `${kind} ${name}`;
