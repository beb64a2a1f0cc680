import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { concatBytes } from '../../src/base/bytes.ts';
import type { Destination } from '../../src/wire/ipvs.ts';
import { type DestinationEntry, encodeDestinationEntry, NO_STATISTICS } from '../../src/wire/ipvs-entries.ts';
import { destinationEntryVectors } from '../../src/wire/ipvs-entries.vectors.ts';
import { Uncounted } from '../../src/wire/ipvs-uncounted.ts';
import { destination } from '../ipvs/example.ts';

const entryOf = (one: Destination, different: Partial<DestinationEntry> = {}): DestinationEntry => ({
  destination: one,
  activeConnections: 0,
  inactiveConnections: 0,
  persistentConnections: 0,
  statistics: NO_STATISTICS,
  ...different,
});

const body = (one: Destination, different: Partial<DestinationEntry> = {}) =>
  encodeDestinationEntry(entryOf(one, different));

const [A, B] = [destination(100), destination(200, { weight: 3 })];
const known = Uncounted.destinations([body(A), body(B)]);

describe('Uncounted destinations', () => {
  it('are the same whatever the kernel has counted meanwhile', () => {
    const busy = { activeConnections: 7, inactiveConnections: 2 ** 32 - 1, persistentConnections: 1 };
    const statistics = { ...NO_STATISTICS, connections: 9, incomingBytes: 2 ** 50, outgoingByteRate: 12 };
    expect(known.isIn([body(A, { ...busy, statistics }), body(B)])).toBe(true);
    expect(known.isIn([body(A), body(B, busy)])).toBe(true);
  });

  it.each<[string, Destination[]]>([
    ['an address', [destination(101), B]],
    ['a weight', [A, { ...B, weight: 0 }]],
    ['a threshold', [{ ...A, upperThreshold: 5 }, B]],
    ['a port', [{ ...A, port: 81 }, B]],
    ['a method', [{ ...A, forwardingMethod: 'masquerading' }, B]],
    ['the order', [B, A]],
    ['one less', [A]],
    ['one more', [A, B, destination(9)]],
    ['another family', [{ ...A, family: 'inet6', address: 'fd00::1' as IpAddress }, B]],
    ['none', []],
  ])('are others with another one: %s', (_, destinations) => {
    expect(known.isIn(destinations.map((one) => body(one)))).toBe(false);
  });

  it('hold for what the real kernel sends', () => {
    const bodies = destinationEntryVectors.map(({ value }) => encodeDestinationEntry(value.body as DestinationEntry));
    expect(bodies.length).toBeGreaterThan(0);
    const all = Uncounted.destinations(bodies);
    expect(all.isIn(bodies)).toBe(true);
    for (let i = 0; i < bodies.length; i++) expect(all.isIn(bodies.toSpliced(i, 1))).toBe(false);
  });

  it('of any bytes are those bytes, and no others but for what is counted', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 60 })),
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        (bodies, more) => {
          const any = Uncounted.destinations(bodies);
          expect(any.isIn(bodies)).toBe(true);
          expect(any.isIn([...bodies, more])).toBe(false);
          const [first = new Uint8Array(0)] = bodies;
          if (first.length > 0) {
            const head = concatBytes(Uint8Array.of((first[0] ?? 0) ^ 1), first.subarray(1));
            expect(any.isIn([head, ...bodies.slice(1)])).toBe(false);
          }
        },
      ),
    );
  });
});
