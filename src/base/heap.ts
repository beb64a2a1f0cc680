/** A binary heap of things that are due at some time, by id: the earliest of ten thousand in a few comparisons. */
import type { Instant } from './time.ts';

interface Entry {
  readonly id: string;
  at: Instant;
  /** Where it is in the heap; -1: nowhere, it is not due. */
  place: number;
}

/**
 * See the file's head. An id is there at most once. One that is taken out because it is due is remembered until it is deleted:
 * most come again, thousands of them a second.
 */
export class DueHeap {
  readonly #entries: Entry[] = [];
  readonly #byId = new Map<string, Entry>();

  get size(): number {
    return this.#entries.length;
  }

  /** When the earliest is due; undefined when there is none. */
  get nextAt(): Instant | undefined {
    return this.#entries[0]?.at;
  }

  /** Puts `id` at `at`, wherever it was before; undefined: it is not due. */
  set(id: string, at: Instant | undefined): void {
    let entry = this.#byId.get(id);
    if (at === undefined) {
      if (entry !== undefined) this.#takeOut(entry);
      return;
    }
    if (entry === undefined) {
      entry = { id, at, place: -1 };
      this.#byId.set(id, entry);
    }
    entry.at = at;
    if (entry.place < 0) entry.place = this.#entries.push(entry) - 1;
    this.#rise(entry);
    this.#sink(entry);
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
    if (!first || first.at > now) return undefined;
    this.#takeOut(first);
    return first.id;
  }

  #takeOut(entry: Entry): void {
    const { place } = entry;
    if (place < 0) return;
    entry.place = -1;
    const last = this.#entries.pop() as Entry;
    if (last === entry) return;
    this.#put(place, last);
    this.#rise(last);
    this.#sink(last);
  }

  #put(place: number, entry: Entry): void {
    this.#entries[place] = entry;
    entry.place = place;
  }

  #rise(entry: Entry): void {
    let { place } = entry;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#entries[parent] as Entry;
      if (above.at <= entry.at) break;
      this.#put(place, above);
      place = parent;
    }
    this.#put(place, entry);
  }

  #sink(entry: Entry): void {
    let { place } = entry;
    for (;;) {
      const least = this.#earlier(this.#entries[2 * place + 1], this.#entries[2 * place + 2]);
      if (least === undefined || entry.at <= least.at) break;
      const below = least.place;
      this.#put(place, least);
      place = below;
    }
    this.#put(place, entry);
  }

  /** The right one is never there without the left one. */
  #earlier(left: Entry | undefined, right: Entry | undefined): Entry | undefined {
    return right === undefined || (left as Entry).at <= right.at ? left : right;
  }
}
