import { execFileSync } from 'node:child_process';
import { setImmediate } from 'node:timers/promises';
import { buildSync } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { giveBackMemory, takeMemory } from '../../src/io/spare-memory.ts';

/** In a process of its own: sizes after takeMemory, after giveBackMemory, and after takeMemory again; objects were made before each. */
const SIZES = `
import { getHeapSpaceStatistics } from 'node:v8';
import { giveBackMemory, takeMemory } from './src/io/spare-memory.ts';
const size = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size;
const fill = () => Array.from({ length: 200_000 }, (_, i) => ({ i, text: 'x' + i })).length;
const sizes = [];
takeMemory();
fill();
sizes.push(size());
await giveBackMemory();
fill();
sizes.push(size());
takeMemory();
fill();
sizes.push(size());
console.log(JSON.stringify(sizes));
`;

// what V8 is told holds for the tests beside these too
afterAll(takeMemory);

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

  it('makes the space for new objects small, and it stays small until takeMemory', () => {
    const { outputFiles } = buildSync({
      stdin: { contents: SIZES, resolveDir: process.cwd(), loader: 'ts' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      write: false,
    });
    const program = outputFiles[0]?.text ?? '';
    const [large = 0, small = 0, again = 0] = JSON.parse(
      execFileSync(process.execPath, ['--input-type=module', '-'], { input: program, encoding: 'utf8' }),
    );
    expect(small).toBeLessThan(large / 4);
    expect(again).toBe(large);
  });
});
