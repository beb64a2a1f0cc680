import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../src/base/bytes.ts';
import {
  decodeFamily,
  decodeFamilyRequest,
  decodeGeneric,
  encodeFamily,
  encodeFamilyRequest,
} from '../../src/wire/generic-netlink.ts';
import { familyRequestVectors, familyVectors } from '../../src/wire/generic-netlink.vectors.ts';
import { codecConformance, expectRefusedOrRoundTrip, mutationsOf } from './codec-conformance.ts';
import { messageCodec } from './message-codec.ts';

const requestCodec = messageCodec(
  (message) => decodeFamilyRequest(message.body),
  (family) => encodeFamilyRequest(family.name),
);
const answerCodec = messageCodec((message) => decodeFamily(message.body), encodeFamily);

describe('generic netlink', () => {
  it('a body shorter than the header is refused', () => {
    expect(decodeGeneric(fromHex('010200'))).toEqual({ ok: false, reason: 'too-short' });
    expect(decodeGeneric(fromHex('01020000'))).toEqual({
      ok: true,
      value: { command: 1, version: 2, attributes: new Uint8Array(0) },
    });
  });
});

describe('generic netlink family request', () => {
  codecConformance(requestCodec, familyRequestVectors.slice(0, 1), 'refused');
});

describe('generic netlink family', () => {
  codecConformance(answerCodec, familyVectors, 'refused');

  it('without its name, or as another command, it is refused', () => {
    expect(decodeFamily(fromHex('01020000 06000100 20000000'))).toEqual({ ok: false, reason: 'missing-attribute' });
    expect(decodeFamily(fromHex('03010000 0900020049505653 00000000'))).toEqual({ ok: false, reason: 'command' });
  });

  it('no bytes at all make the decoder throw, and what it accepts round-trips', () => {
    fc.assert(
      fc.property(mutationsOf(familyVectors), (bytes) => expectRefusedOrRoundTrip(answerCodec, bytes)),
      { numRuns: 3_000 },
    );
  });
});
