import { setImmediate } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { giveBackMemory, takeMemory } from '../../src/io/spare-memory.ts';

/** What the space for new objects takes, in bytes. */
const youngSpace = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;

/** Objects that stay alive while they are made. */
const fill = () => Array.from({ length: 200_000 }, (_, i) => ({ i, text: `x${i}` })).length;

describe('giveBackMemory', () => {
  it('collects what nothing refers to, as often as it is called', async () => {
    for (let n = 0; n < 2; n++) {
      const garbage = new WeakRef({ text: 'x'.repeat(1_000_000) });
      // a WeakRef holds what it refers to until the end of the turn that made it
      await setImmediate();
      await giveBackMemory();
      expect(garbage.deref()).toBeUndefined();
    }
  });

  it('makes the space for new objects small, and it stays small until takeMemory', async () => {
    takeMemory();
    fill();
    const large = youngSpace();
    await giveBackMemory();
    fill();
    expect(youngSpace()).toBeLessThan(large / 2);
    takeMemory();
    fill();
    expect(youngSpace()).toBeGreaterThan(large / 2);
    await giveBackMemory();
  });
});
