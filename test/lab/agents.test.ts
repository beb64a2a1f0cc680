import { describe, expect, it } from 'vitest';
import { differences } from './agents.ts';

const kernel = [
  {
    id: '192.168.4.15:80/TCP',
    scheduler: 'wrr',
    destinations: [
      { id: '192.168.4.200:80', method: 'Route', weight: 2 },
      { id: '192.168.4.100:80', method: 'Route', weight: 1 },
    ],
  },
];
const addresses = ['192.168.4.5', '192.168.4.15'];

/** A view of the kernel above, with these weights. */
const view = (...servers: readonly (readonly [string, number])[]) => ({
  state: 'MASTER',
  held: ['192.168.4.15'],
  table: [{ id: '192.168.4.15:80/TCP', destinations: servers.map(([id, weight]) => ({ id, weight })) }],
});

describe("an agent's view of itself beside the kernel's", () => {
  it('agrees whatever the order of the real servers', () => {
    const same = view(['192.168.4.100:80', 1], ['192.168.4.200:80', 2]);
    expect(differences(same, addresses, kernel)).toEqual([]);
  });

  it('differs by a weight, a missing real server, an additional service', () => {
    for (const [other, table] of [
      [view(['192.168.4.100:80', 1], ['192.168.4.200:80', 1]), kernel],
      [view(['192.168.4.100:80', 1]), kernel],
      [view(['192.168.4.100:80', 1], ['192.168.4.200:80', 2]), []],
    ] as const) {
      expect(differences(other, addresses, table)).toHaveLength(1);
    }
  });

  it('differs by an address that it says it holds and the kernel does not have', () => {
    const same = view(['192.168.4.100:80', 1], ['192.168.4.200:80', 2]);
    expect(differences(same, ['192.168.4.5'], kernel)).toEqual([
      'says that it holds 192.168.4.15, which is not on its interfaces',
    ]);
  });

  it('says nothing where the agent cannot tell', () => {
    expect(differences({ state: 'MASTER' }, [], kernel)).toEqual([]);
  });
});
