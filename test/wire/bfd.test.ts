import { describe, expect, it } from 'vitest';
import { fromHex } from '../../src/base/bytes.ts';
import { decodeBfd, encodeBfd } from '../../src/wire/bfd.ts';
import { bfdVectors } from '../../src/wire/bfd.vectors.ts';
import { codecConformance } from './codec-conformance.ts';

describe('BFD Control packets', () => {
  codecConformance({ decode: decodeBfd, encode: encodeBfd }, bfdVectors, 'ignored');

  const up = fromHex(bfdVectors[2]?.bytes ?? '');
  const changed = (offset: number, ...bytes: number[]) => {
    const packet = up.slice();
    packet.set(bytes, offset);
    return decodeBfd(packet);
  };
  const refused = (reason: string) => ({ ok: false, reason });

  it('what RFC 5880 §6.8.6 discards is refused by name', () => {
    expect(changed(0, 0x00)).toEqual(refused('version'));
    expect(changed(0, 0x40)).toEqual(refused('version'));
    expect(changed(3, 23)).toEqual(refused('length'));
    expect(changed(3, 25)).toEqual(refused('length'));
    expect(changed(2, 0)).toEqual(refused('detect-multiplier'));
    expect(changed(1, 0xe1)).toEqual(refused('multipoint'));
    expect(changed(4, 0, 0, 0, 0)).toEqual(refused('my-discriminator'));
    expect(changed(8, 0, 0, 0, 0)).toEqual(refused('your-discriminator'));
    expect(changed(1, 0xe4)).toEqual(refused('authentication'));
    expect(decodeBfd(up.subarray(0, 23))).toEqual(refused('too-short'));
  });

  it('only who is down may not know us: Your Discriminator zero', () => {
    const unknown = (state: number) => {
      const packet = up.slice();
      packet.set([0, 0, 0, 0], 8);
      packet[1] = state << 6;
      return decodeBfd(packet).ok;
    };
    expect([0, 1, 2, 3].map(unknown)).toEqual([true, true, false, false]);
  });

  it('encode asserts what cannot be sent', () => {
    const [first] = bfdVectors;
    const value = first?.value;
    if (value === undefined) throw new Error('no vector');
    expect(() => encodeBfd({ ...value, detectMultiplier: 0 })).toThrow(/Detect Mult/);
    expect(() => encodeBfd({ ...value, detectMultiplier: 256 })).toThrow(/Detect Mult/);
    expect(() => encodeBfd({ ...value, myDiscriminator: 0 })).toThrow(/My Discriminator/);
    expect(() => encodeBfd({ ...value, diagnostic: 32 })).toThrow(/diagnostic/);
  });
});
