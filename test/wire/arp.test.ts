import { describe, expect, it } from 'vitest';
import { fromHex } from '../../src/base/bytes.ts';
import { decodeArp, encodeArp } from '../../src/wire/arp.ts';
import { arpVectors } from '../../src/wire/arp.vectors.ts';
import { codecConformance } from './codec-conformance.ts';

const codec = { decode: decodeArp, encode: encodeArp };

describe('ARP', () => {
  codecConformance(codec, arpVectors, 'ignored');

  const request = fromHex(arpVectors[0]?.bytes ?? '');
  const changed = (offset: number, ...bytes: number[]) => {
    const frame = request.slice();
    frame.set(bytes, offset);
    return decodeArp(frame);
  };

  it('padding up to 60 bytes is ignored, more is refused', () => {
    const padded = new Uint8Array(60);
    padded.set(request);
    expect(decodeArp(padded)).toEqual(decodeArp(request));
    expect(decodeArp(Uint8Array.of(...padded, 0))).toEqual({ ok: false, reason: 'too-long' });
  });

  it('another EtherType, address type or operation is refused by name', () => {
    expect(changed(12, 0x08, 0x00)).toEqual({ ok: false, reason: 'ethertype' });
    expect(changed(14, 0x00, 0x06)).toEqual({ ok: false, reason: 'address-type' });
    expect(changed(16, 0x86, 0xdd)).toEqual({ ok: false, reason: 'address-type' });
    expect(changed(18, 8)).toEqual({ ok: false, reason: 'address-type' });
    expect(changed(19, 16)).toEqual({ ok: false, reason: 'address-type' });
    expect(changed(20, 0, 0)).toEqual({ ok: false, reason: 'operation' });
    expect(changed(20, 0, 3)).toEqual({ ok: false, reason: 'operation' });
  });
});
