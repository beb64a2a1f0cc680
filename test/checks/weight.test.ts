import { describe, expect, it } from 'vitest';
import { effectiveWeight } from '../../src/checks/weight.ts';

describe('effectiveWeight', () => {
  it.each([
    ['nobody says anything', 10, [undefined, undefined], 10],
    ['one sets it', 10, [{ becomes: 3 }], 3],
    ['one adds to it', 10, [{ adds: -4 }], 6],
    ['two set it, and their differences add up', 10, [{ becomes: 12 }, { becomes: 13 }], 15],
    ['one sets it and another adds to it', 10, [{ becomes: 20 }, undefined, { adds: -5 }], 15],
    ['it would be less than 0', 10, [{ adds: -11 }], 0],
    ['it would be more than the kernel takes', 10, [{ adds: 2_147_483_647 }], 2_147_483_647],
    ['it is the most that the kernel takes', 10, [{ adds: 2_147_483_637 }], 2_147_483_647],
  ] as const)('where %s', (_where, configured, opinions, weight) => {
    expect(effectiveWeight(configured, opinions)).toBe(weight);
  });
});
