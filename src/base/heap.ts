/** A binary heap of things that are due at some time, by id: the earliest of ten thousand in a few comparisons. */
import type { Instant } from './time.ts';

interface Entry {
  readonly id: string;
  at: Instant;
}

/** See the file's head. An id is there at most once. */
export class DueHeap {
  readonly #entries: Entry[] = [];
  readonly #places = new Map<string, number>();

  get size(): number {
    return this.#entries.length;
  }

  /** When the earliest is due; undefined when there is none. */
  get nextAt(): Instant | undefined {
    return this.#entries[0]?.at;
  }

  /** Puts `id` at `at`, wherever it was before. */
  set(id: string, at: Instant): void {
    const place = this.#places.get(id);
    if (place === undefined) {
      this.#entries.push({ id, at });
      this.#places.set(id, this.#entries.length - 1);
      this.#rise(this.#entries.length - 1);
      return;
    }
    const entry = this.#entries[place] as Entry;
    entry.at = at;
    this.#sink(this.#rise(place));
  }

  /** Takes `id` out; nothing happens when it is not there. */
  delete(id: string): void {
    const place = this.#places.get(id);
    if (place === undefined) return;
    const last = this.#entries.pop() as Entry;
    this.#places.delete(id);
    if (last.id === id) return;
    this.#put(place, last);
    this.#sink(this.#rise(place));
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
    this.#places.set(entry.id, place);
  }

  #rise(start: number): number {
    let place = start;
    const entry = this.#entries[place] as Entry;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#entries[parent] as Entry;
      if (above.at <= entry.at) break;
      this.#put(place, above);
      place = parent;
    }
    this.#put(place, entry);
    return place;
  }

  #sink(start: number): void {
    let place = start;
    const entry = this.#entries[place] as Entry;
    for (;;) {
      const left = 2 * place + 1;
      const right = left + 1;
      let least = left;
      if (right < this.#entries.length && this.#atOf(right) < this.#atOf(left)) least = right;
      if (least >= this.#entries.length || entry.at <= this.#atOf(least)) break;
      this.#put(place, this.#entries[least] as Entry);
      place = least;
    }
    this.#put(place, entry);
  }

  #atOf(place: number): Instant {
    return (this.#entries[place] as Entry).at;
  }
}
