import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { fromHex, viewOf } from '../../src/base/bytes.ts';
import { internetChecksum } from '../../src/base/checksum.ts';
import type { Mac } from '../../src/wire/ethernet.ts';
import {
  decodeNeighborAdvertisement,
  encodeNeighborAdvertisement,
  unsolicitedNeighborAdvertisement,
} from '../../src/wire/neighbor-advertisement.ts';
import { neighborAdvertisementVectors } from '../../src/wire/neighbor-advertisement.vectors.ts';
import { codecConformance, expectRefusedOrRoundTrip, mutationsOf } from './codec-conformance.ts';

const codec = { decode: decodeNeighborAdvertisement, encode: encodeNeighborAdvertisement };
const ip = (text: string) => text as IpAddress;
const mac = '02:00:00:00:00:01' as Mac;
const frame = fromHex(neighborAdvertisementVectors[0]?.bytes ?? '');
const refused = (reason: string) => ({ ok: false, reason });

/** The frame with other bytes, and its checksum made right again. */
function changed(offset: number, ...bytes: number[]): Uint8Array {
  const copy = frame.slice();
  copy.set(bytes, offset);
  const view = viewOf(copy);
  view.setUint16(56, 0);
  const pseudoHeader = Uint8Array.of(...copy.subarray(22, 54), 0, 0, 0, copy.length - 54, 0, 0, 0, 58);
  view.setUint16(56, internetChecksum(pseudoHeader, copy.subarray(54)));
  return copy;
}

describe('Neighbor Advertisement', () => {
  codecConformance(codec, neighborAdvertisementVectors, 'refused');

  it('what a neighbour has to ignore is refused, and each fault has its name (RFC 4861 §7.1.2) [C04-]', () => {
    expect(codec.decode(changed(14, 0x60)).ok).toBe(true);
    expect(codec.decode(frame.subarray(0, 13))).toEqual(refused('too-short'));
    expect(codec.decode(changed(12, 0x08, 0x00))).toEqual(refused('ethertype'));
    expect(codec.decode(changed(20, 112))).toEqual(refused('next-header'));
    expect(codec.decode(changed(21, 254))).toEqual(refused('hop-limit'));
    expect(codec.decode(changed(54, 135))).toEqual(refused('type'));
    expect(codec.decode(changed(55, 1))).toEqual(refused('type'));
    expect(codec.decode(changed(58, 0x60))).toEqual(refused('solicited'));
    expect(codec.decode(changed(62, 0xff))).toEqual(refused('target'));
    expect(codec.decode(changed(79, 0))).toEqual(refused('option'));
    expect(codec.decode(changed(79, 2))).toEqual(refused('option'));
    const wrong = frame.slice();
    wrong[85] = 0;
    expect(codec.decode(wrong)).toEqual(refused('checksum'));
  });

  it('an option that is not known is skipped', () => {
    const outcome = codec.decode(changed(78, 14));
    expect(outcome.ok && outcome.value).not.toHaveProperty('targetLinkLayerAddress');
    expect(outcome.ok).toBe(true);
  });

  it('IPv4 addresses and groups have no such message', () => {
    expect(() => codec.encode(unsolicitedNeighborAdvertisement(mac, ip('192.0.2.1'), false))).toThrow('one node');
    expect(() => codec.encode(unsolicitedNeighborAdvertisement(mac, ip('ff02::1'), false))).toThrow('one node');
    const unsolicited = unsolicitedNeighborAdvertisement(mac, ip('fe80::1'), false);
    expect(() => codec.encode({ ...unsolicited, solicited: true })).toThrow('an answer goes to one node');
  });

  it('no bytes at all make the decoder throw, and what it accepts round-trips', () => {
    fc.assert(
      fc.property(mutationsOf(neighborAdvertisementVectors), (bytes) => expectRefusedOrRoundTrip(codec, bytes)),
      { numRuns: 2_000 },
    );
  });
});
