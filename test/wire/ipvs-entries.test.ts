import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/base/bytes.ts';
import {
  decodeDestinationEntry,
  decodeServiceEntry,
  encodeDestinationEntry,
  encodeServiceEntry,
  NO_STATISTICS,
  type Statistics,
} from '../../src/wire/ipvs-entries.ts';
import { destinationEntryVectors, serviceEntryVectors } from '../../src/wire/ipvs-entries.vectors.ts';
import { codecConformance, expectRefusedOrRoundTrip, mutationsOf } from './codec-conformance.ts';
import { messageCodec } from './message-codec.ts';

const serviceCodec = messageCodec((message) => decodeServiceEntry(message.body), encodeServiceEntry);
const destinationCodec = messageCodec(
  (message) => decodeDestinationEntry(message.body, 'inet'),
  encodeDestinationEntry,
);

const busy: Statistics = {
  connections: 1,
  incomingPackets: 2,
  outgoingPackets: 3,
  incomingBytes: 2 ** 40,
  outgoingBytes: 5,
  connectionRate: 6,
  incomingPacketRate: 7,
  outgoingPacketRate: 8,
  incomingByteRate: 9,
  outgoingByteRate: 10,
};

describe('IPVS service entry', () => {
  codecConformance(serviceCodec, serviceEntryVectors, 'refused');

  it('its counters come back', () => {
    const entry = {
      ...(serviceEntryVectors[0]?.value.body as Parameters<typeof encodeServiceEntry>[0]),
      statistics: busy,
    };
    expect(decodeServiceEntry(encodeServiceEntry(entry))).toEqual({ ok: true, value: entry });
  });

  it('another command is refused', () => {
    const entry = destinationEntryVectors[0]?.value.body;
    if (entry === undefined) throw new Error('no vector');
    expect(decodeServiceEntry(encodeDestinationEntry(entry))).toEqual({ ok: false, reason: 'command' });
  });
});

describe('IPVS destination entry', () => {
  codecConformance(destinationCodec, destinationEntryVectors, 'refused');

  const vector = destinationEntryVectors[2];
  if (vector === undefined) throw new Error('no vector');
  /** The body of the captured message, changed as hex. */
  const decode = (change: (hex: string) => string) =>
    decodeDestinationEntry(fromHex(change(toHex(fromHex(vector.bytes)).slice(32))), 'inet');

  it('its connections and counters come back', () => {
    const entry = {
      ...vector.value.body,
      activeConnections: 1,
      inactiveConnections: 2,
      persistentConnections: 3,
      statistics: busy,
    };
    expect(decodeDestinationEntry(encodeDestinationEntry(entry), 'inet')).toEqual({ ok: true, value: entry });
  });

  it('without its own family it has that of the service (Linux before 3.18)', () => {
    const unknown = decode((hex) => hex.replace('06000b0002000000', '06006b0002000000'));
    expect(unknown).toEqual({ ok: true, value: vector.value.body });
  });

  it('the counters of 64 bits are preferred to those of 32, which do without them (Linux before 4.1)', () => {
    const counted = (attribute: string) => (hex: string) => {
      const at = hex.indexOf(attribute) + attribute.length;
      return `${hex.slice(0, at)}2a${hex.slice(at + 2)}`;
    };
    const in32 = counted('5c000a0008000100');
    const in64 = counted('7c000c000c000100');
    const connections = (change: (hex: string) => string) => {
      const outcome = decode(change);
      return outcome.ok ? outcome.value.statistics.connections : outcome;
    };
    expect(connections(in32)).toBe(0);
    expect(connections(in64)).toBe(42);
    expect(connections((hex) => in32(hex).replace('7c000c00', '7c006c00'))).toBe(42);
  });

  it('a counter beyond 2^53 stays there', () => {
    const outcome = decode((hex) => hex.replace('0c0001000000000000000000', '0c000100ffffffffffffffff'));
    expect(outcome.ok && outcome.value.statistics).toEqual({
      ...NO_STATISTICS,
      connections: Number.MAX_SAFE_INTEGER,
    });
  });
});

describe('IPVS entries', () => {
  it('no bytes at all make a decoder throw, and what they accept round-trips', () => {
    fc.assert(
      fc.property(mutationsOf([...serviceEntryVectors, ...destinationEntryVectors]), (bytes) => {
        expectRefusedOrRoundTrip(serviceCodec, bytes);
        expectRefusedOrRoundTrip(destinationCodec, bytes);
      }),
      { numRuns: 5_000 },
    );
  });
});
