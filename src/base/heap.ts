/** A binary heap of things that are due at some time, by id: the earliest of ten thousand in a few comparisons. */
import type { Instant } from './time.ts';

interface Entry {
  readonly id: string;
  /** Where it is in the heap; -1: nowhere, it is not due. */
  place: number;
}

/** For how many there is room at first. */
const ROOM = 16;

/**
 * See the file's head. An id is there at most once. One that is taken out because it is due is remembered until it is deleted:
 * most come again, thousands of them a second. Times are kept beside each other: most of what they are asked for is comparing.
 */
export class DueHeap {
  readonly #entries: Entry[] = [];
  /** When each of them is due, in the same order. */
  #times = new Float64Array(ROOM);
  readonly #byId = new Map<string, Entry>();

  get size(): number {
    return this.#entries.length;
  }

  /** When the earliest is due; undefined when there is none. */
  get nextAt(): Instant | undefined {
    return this.#entries.length === 0 ? undefined : (this.#times[0] as Instant);
  }

  /** Puts `id` at `at`, wherever it was before; undefined: it is not due. */
  set(id: string, at: Instant | undefined): void {
    let entry = this.#byId.get(id);
    if (at === undefined) {
      if (entry !== undefined) this.#takeOut(entry);
      return;
    }
    if (entry === undefined) {
      entry = { id, place: -1 };
      this.#byId.set(id, entry);
    }
    if (entry.place < 0) entry.place = this.#append(entry);
    this.#settle(entry, at);
  }

  /** Takes `id` out for good; nothing happens when it is not there. */
  delete(id: string): void {
    const entry = this.#byId.get(id);
    if (entry === undefined) return;
    this.#byId.delete(id);
    this.#takeOut(entry);
  }

  /** Takes out and returns the earliest that is due at `now`; undefined when none is. */
  takeDue(now: Instant): string | undefined {
    const first = this.#entries[0];
    if (!first || (this.#times[0] as Instant) > now) return undefined;
    this.#takeOut(first);
    return first.id;
  }

  #append(entry: Entry): number {
    const place = this.#entries.push(entry) - 1;
    if (place < this.#times.length) return place;
    const times = new Float64Array(2 * this.#times.length);
    times.set(this.#times);
    this.#times = times;
    return place;
  }

  #takeOut(entry: Entry): void {
    const { place } = entry;
    if (place < 0) return;
    entry.place = -1;
    const last = this.#entries.pop() as Entry;
    if (last === entry) return;
    const at = this.#times[last.place] as Instant;
    last.place = place;
    this.#settle(last, at);
  }

  #put(place: number, entry: Entry, at: number): void {
    this.#entries[place] = entry;
    this.#times[place] = at;
    entry.place = place;
  }

  /** Moves an entry from its place to where it belongs. */
  #settle(entry: Entry, at: Instant): void {
    const times = this.#times;
    let { place } = entry;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = times[parent] as number;
      if (above <= at) break;
      this.#put(place, this.#entries[parent] as Entry, above);
      place = parent;
    }
    const count = this.#entries.length;
    for (let child = 2 * place + 1; child < count; child = 2 * place + 1) {
      if (child + 1 < count && (times[child + 1] as number) < (times[child] as number)) child++;
      const below = times[child] as number;
      if (at <= below) break;
      this.#put(place, this.#entries[child] as Entry, below);
      place = child;
    }
    this.#put(place, entry, at);
  }
}
