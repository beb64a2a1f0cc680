/** A binary heap of things that are due at some time, by id: the earliest of ten thousand in a few comparisons. */
import type { Instant } from './time.ts';

interface Entry {
  readonly id: string;
  at: Instant;
  /** Where it is in the heap. */
  place: number;
}

/** See the file's head. An id is there at most once. */
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

  /** Puts `id` at `at`, wherever it was before. */
  set(id: string, at: Instant): void {
    const known = this.#byId.get(id);
    if (known === undefined) {
      const entry = { id, at, place: this.#entries.length };
      this.#byId.set(id, entry);
      this.#entries.push(entry);
      this.#rise(entry);
      return;
    }
    known.at = at;
    this.#rise(known);
    this.#sink(known);
  }

  /** Takes `id` out; nothing happens when it is not there. */
  delete(id: string): void {
    const entry = this.#byId.get(id);
    if (entry === undefined) return;
    this.#byId.delete(id);
    const last = this.#entries.pop() as Entry;
    if (last === entry) return;
    this.#put(entry.place, last);
    this.#rise(last);
    this.#sink(last);
  }

  /** Takes out and returns the earliest that is due at `now`; undefined when none is. */
  takeDue(now: Instant): string | undefined {
    const first = this.#entries[0];
    if (!first || first.at > now) return undefined;
    this.delete(first.id);
    return first.id;
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
