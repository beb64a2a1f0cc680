import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { giveBackMemory } from '../../src/io/spare-memory.ts';

describe('giveBackMemory', () => {
  it('collects what nothing refers to, as often as it is called', async () => {
    for (let n = 0; n < 2; n++) {
      const garbage = new WeakRef({ text: 'x'.repeat(1_000_000) });
      // a WeakRef holds what it refers to until the end of the turn that made it
      await setImmediate();
      giveBackMemory();
      expect(garbage.deref()).toBeUndefined();
    }
  });
});
