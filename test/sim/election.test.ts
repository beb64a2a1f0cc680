/**
 * Elections of many random LANs in virtual time. A failure names its seed and the command that repeats it; SIM_SEEDS
 * (number of seeds, 300) and SIM_SEED (one of them) choose which are run.
 */

import { describe, expect, it } from 'vitest';
import { causes } from '../../src/vrrp/virtual-router.ts';
import { life } from './scenario.ts';

const only = process.env.SIM_SEED;
const count = Number(process.env.SIM_SEEDS ?? 300);
const seeds = only === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [Number(only)];

/** Three hundred seeds take three seconds on two cores that have nothing else to do. */
const LIMIT = 600_000;

function everySeed(weather: 'single faults' | 'storm'): void {
  for (const seed of seeds) {
    try {
      life(seed, weather);
    } catch (error) {
      const repeat = `SIM_SEED=${seed} npx vitest run --project unit test/sim -t '${weather}'`;
      throw new Error(`seed ${seed}, repeat with: ${repeat}\n${(error as Error).message}`, { cause: error });
    }
  }
}

describe(`${seeds.length} random LANs of two to five routers`, () => {
  it(
    'after single faults: one Master a side, addresses held within the promised time, one takeover a failover [C05+]',
    () => {
      everySeed('single faults');
    },
    LIMIT,
  );

  it(
    'after a storm of faults, loss, pauses and partitions: one Master once all is repaired [C05+]',
    () => {
      everySeed('storm');
    },
    LIMIT,
  );

  it(
    'live the same life again with the same seed',
    () => {
      for (const seed of seeds.slice(0, 20)) {
        expect(life(seed, 'storm').trace).toEqual(life(seed, 'storm').trace);
      }
    },
    LIMIT,
  );

  it(
    'change their states for every cause that there is',
    () => {
      const seen = new Set(
        Array.from({ length: 100 }, (_, i) => life(i + 1, 'storm').changes.map(({ cause }) => cause)).flat(),
      );
      // sync groups have a simulation of their own; the hosts of this one neither speak BFD nor give way after a stall
      const others = ['sync-group', 'timer-expired', 'neighbour-lost'];
      expect([...seen].toSorted()).toEqual(causes.filter((cause) => !others.includes(cause)).toSorted());
    },
    LIMIT,
  );

  it('live another life with another seed', () => {
    expect(life(1, 'storm').trace).not.toEqual(life(2, 'storm').trace);
  });
});
