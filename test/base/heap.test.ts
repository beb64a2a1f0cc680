import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DueHeap } from '../../src/base/heap.ts';
import { instant } from '../../src/base/time.ts';

/** Everything that is due until the end of time, in order. */
function drain(heap: DueHeap): string[] {
  const ids: string[] = [];
  for (let id = heap.takeDue(instant(1e15)); id !== undefined; id = heap.takeDue(instant(1e15))) ids.push(id);
  return ids;
}

describe('DueHeap', () => {
  it('gives what is due, the earliest first, and nothing before its time', () => {
    const heap = new DueHeap();
    heap.set('b', instant(20));
    heap.set('a', instant(10));
    expect(heap.nextAt).toBe(10);
    expect(heap.takeDue(instant(9))).toBeUndefined();
    expect(heap.takeDue(instant(10))).toBe('a');
    expect(heap.takeDue(instant(10))).toBeUndefined();
    expect(heap.takeDue(instant(99))).toBe('b');
    expect(heap.nextAt).toBeUndefined();
  });

  it('has an id once: setting it again moves it', () => {
    const heap = new DueHeap();
    heap.set('a', instant(10));
    heap.set('b', instant(20));
    heap.set('a', instant(30));
    expect(heap.size).toBe(2);
    expect(drain(heap)).toEqual(['b', 'a']);
  });

  it('agrees with a sorted list, whatever is set, moved and deleted', () => {
    const step = fc.tuple(
      fc.constantFrom('set', 'unset', 'delete'),
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: 0, max: 1_000 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const heap = new DueHeap();
        const model = new Map<string, number>();
        for (const [what, n, at] of steps) {
          const id = `c${n}`;
          if (what === 'set') {
            heap.set(id, instant(at));
            model.set(id, at);
          } else {
            if (what === 'unset') heap.set(id, undefined);
            else heap.delete(id);
            model.delete(id);
          }
          expect(heap.nextAt).toBe(model.size === 0 ? undefined : Math.min(...model.values()));
        }
        expect(heap.size).toBe(model.size);
        expect(drain(heap).map((id) => model.get(id))).toEqual([...model.values()].sort((a, b) => a - b));
      }),
    );
  });
});
