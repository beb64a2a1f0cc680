/** What every codec of src/wire promises, run over its vectors. */

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/base/bytes.ts';
import type { Result } from '../../src/base/result.ts';
import type { Vector } from '../../src/wire/vector.ts';

export interface Codec<Value> {
  decode(bytes: Uint8Array): Result<Value>;
  encode(value: Value): Uint8Array;
}

/**
 * Declares the tests.
 * @param codecOf the codec, or a function where it depends on the vector (e.g. on the header around the message)
 * @param trailing what decoding does with one byte too many
 */
export function codecConformance<Value, V extends Vector<Value>>(
  codecOf: Codec<Value> | ((vector: V) => Codec<Value>),
  vectors: readonly V[],
  trailing: 'refused' | 'ignored',
): void {
  describe.each(vectors.map((vector) => [vector.name, vector] as const))('vector: %s', (_, vector) => {
    const codec = typeof codecOf === 'function' ? codecOf(vector) : codecOf;
    const bytes = fromHex(vector.bytes);

    it('its bytes are decoded to its value', () => {
      expect(codec.decode(bytes)).toEqual({ ok: true, value: vector.value });
    });

    if (vector.oneWay === undefined) {
      it('its value is encoded to its bytes', () => {
        expect(toHex(codec.encode(vector.value))).toBe(toHex(bytes));
      });
    }

    it('encoding into used memory leaves no gap', () => {
      const clean = toHex(codec.encode(vector.value));
      expect(toHex(withUsedMemory(() => codec.encode(vector.value)))).toBe(clean);
    });

    it('every truncation is refused', () => {
      const accepted = Array.from(bytes.keys()).filter((length) => codec.decode(bytes.slice(0, length)).ok);
      expect(accepted).toEqual([]);
    });

    it('every flipped bit is refused or round-trips', () => {
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const flipped = bytes.slice();
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
        expectRefusedOrRoundTrip(codec, flipped);
      }
    });

    it(`a trailing byte is ${trailing}`, () => {
      const outcome = codec.decode(Uint8Array.of(...bytes, 0));
      expect(outcome.ok ? outcome : 'refused').toEqual(trailing === 'refused' ? 'refused' : codec.decode(bytes));
    });

    it('decoding reads nothing outside the bytes it was given', () => {
      const inside = Uint8Array.of(0xa5, 0xa5, 0xa5, ...bytes, 0xa5, 0xa5).subarray(3, 3 + bytes.length);
      expect(codec.decode(inside)).toEqual(codec.decode(bytes));
    });
  });
}

/** Decoding does not throw, and what it accepts survives encoding and decoding again. */
export function expectRefusedOrRoundTrip<Value>(codec: Codec<Value>, bytes: Uint8Array): void {
  const outcome = codec.decode(bytes);
  // the comparison comes before `expect`, which is slow, because this is called in loops
  if (outcome.ok) {
    const again = codec.decode(codec.encode(outcome.value));
    if (!isDeepStrictEqual(again, outcome)) expect(again, toHex(bytes)).toEqual(outcome);
  } else if (!REASON.test(outcome.reason)) {
    expect(outcome.reason).toMatch(REASON);
  }
}

/** A word that a counter can be named after. */
const REASON = /^[a-z0-9-]+$/;

/** Random bytes, and vectors with bytes changed, some cut off, and some standing twice. */
export function mutationsOf(vectors: readonly { readonly bytes: string }[]): fc.Arbitrary<Uint8Array> {
  const originals = vectors.map((vector) => fromHex(vector.bytes));
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 });
  const mutated = fc
    .tuple(fc.constantFrom(...originals), edits, fc.nat(8), fc.boolean())
    .map(([bytes, changes, cut, twice]) => {
      const copy = Uint8Array.of(...bytes, ...(twice ? bytes : []));
      for (const [at, byte] of changes) copy[at % copy.length] = byte;
      return copy.slice(0, copy.length - cut);
    });
  return fc.oneof({ weight: 4, arbitrary: mutated }, fc.uint8Array({ maxLength: 80 }));
}

/** Runs `action` while every `new Uint8Array(length)` comes filled with 0xa5, as memory may that was used before. */
function withUsedMemory<T>(action: () => T): T {
  const original = globalThis.Uint8Array;
  globalThis.Uint8Array = new Proxy(original, {
    construct(target, args, newTarget) {
      const array = Reflect.construct(target, args, newTarget === globalThis.Uint8Array ? target : newTarget);
      return typeof args[0] === 'number' ? array.fill(0xa5) : array;
    },
  });
  try {
    return action();
  } finally {
    globalThis.Uint8Array = original;
  }
}
