import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalData } from '../../src/base/equal.ts';

describe('equalData', () => {
  it('is equality of JSON', () => {
    expect(equalData({ a: 1, b: undefined }, { a: 1 })).toBe(true);
    expect(equalData({ a: 1 }, { a: 1, b: undefined })).toBe(true);
    expect(equalData({ a: 1 }, { a: 1, b: null })).toBe(false);
    expect(equalData({ a: 1, b: 0 }, { a: 1 })).toBe(false);
    expect(equalData([1, 2], [1, 2, 3])).toBe(false);
    expect(equalData([], {})).toBe(false);
    expect(equalData({}, null)).toBe(false);
    expect(equalData('1', 1)).toBe(false);
  });

  it('holds between a value and its copy, and not after a change anywhere', () => {
    fc.assert(
      fc.property(plainData, plainData, (a, b) => {
        expect(equalData(a, structuredClone(a))).toBe(true);
        expect(equalData({ deep: [a] }, { deep: [b] })).toBe(equalJson(a, b));
      }),
    );
  });
});

/** Without the names that every object has something under. */
const plainData = fc.array(
  fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer())),
  { maxLength: 3 },
);

/** The order of properties does not matter. */
function equalJson(a: unknown, b: unknown): boolean {
  const sorted = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(sorted)
      : typeof value === 'object' && value !== null
        ? Object.entries(value)
            .map(([key, one]) => [key, sorted(one)])
            .sort()
        : Object.is(value, -0)
          ? 0
          : value;
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}
