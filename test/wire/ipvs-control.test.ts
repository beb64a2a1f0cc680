import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/base/bytes.ts';
import {
  decodeDaemonCommand,
  decodeInfo,
  decodeTimeouts,
  encodeDaemonCommand,
  encodeFlush,
  encodeInfo,
  encodeInfoRequest,
  encodeTimeouts,
  encodeTimeoutsRequest,
} from '../../src/wire/ipvs-control.ts';
import { daemonVectors, infoVectors, timeoutVectors } from '../../src/wire/ipvs-control.vectors.ts';
import { codecConformance, expectRefusedOrRoundTrip, mutationsOf } from './codec-conformance.ts';
import { messageCodec } from './message-codec.ts';

const infoCodec = messageCodec((message) => decodeInfo(message.body), encodeInfo);
const timeoutsCodec = messageCodec((message) => decodeTimeouts(message.body), encodeTimeouts);
const daemonCodec = messageCodec((message) => decodeDaemonCommand(message.body), encodeDaemonCommand);

describe('IPVS info', () => {
  codecConformance(infoCodec, infoVectors, 'refused');

  it('a version of more than three bytes is refused', () => {
    expect(decodeInfo(fromHex('0e010000 0800010001020101 0800020000100000'))).toEqual({
      ok: false,
      reason: 'attribute-value',
    });
  });
});

describe('IPVS timeouts', () => {
  codecConformance(timeoutsCodec, timeoutVectors, 'refused');
});

describe('IPVS sync daemon', () => {
  codecConformance(daemonCodec, daemonVectors, 'refused');

  it('a state that is neither master nor backup is refused', () => {
    for (const state of ['00', '03']) {
      expect(decodeDaemonCommand(fromHex(`09010000 14000380 08000100${state}000000 0800030033000000`))).toEqual({
        ok: false,
        reason: 'attribute-value',
      });
    }
  });
});

describe('IPVS control', () => {
  it('requests without attributes', () => {
    expect(toHex(encodeInfoRequest())).toBe('0f010000');
    expect(toHex(encodeTimeoutsRequest())).toBe('0d010000');
    expect(toHex(encodeFlush())).toBe('11010000');
  });

  it('another command is refused', () => {
    expect(decodeInfo(fromHex('0f010000'))).toEqual({ ok: false, reason: 'command' });
    expect(decodeTimeouts(fromHex('0d010000'))).toEqual({ ok: false, reason: 'command' });
    expect(decodeDaemonCommand(fromHex('0b010000'))).toEqual({ ok: false, reason: 'command' });
  });

  it('no bytes at all make a decoder throw, and what they accept round-trips', () => {
    fc.assert(
      fc.property(mutationsOf([...infoVectors, ...timeoutVectors, ...daemonVectors]), (bytes) => {
        expectRefusedOrRoundTrip(infoCodec, bytes);
        expectRefusedOrRoundTrip(timeoutsCodec, bytes);
        expectRefusedOrRoundTrip(daemonCodec, bytes);
      }),
      { numRuns: 5_000 },
    );
  });
});
