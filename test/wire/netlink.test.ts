import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/base/bytes.ts';
import { ok, type Result } from '../../src/base/result.ts';
import {
  type Acknowledgement,
  decodeAcknowledgement,
  decodeDone,
  decodeMessages,
  encodeAcknowledgement,
  encodeMessage,
  type NetlinkMessage,
} from '../../src/wire/netlink.ts';
import { acknowledgementVectors, doneVectors } from '../../src/wire/netlink.vectors.ts';
import type { MessageOf } from '../../src/wire/vector.ts';
import { type Codec, codecConformance, expectRefusedOrRoundTrip, mutationsOf } from './codec-conformance.ts';
import { decodeOne } from './message-codec.ts';

/** The flags of an acknowledgement follow from its body, the others mean nothing. */
const acknowledgement: Codec<MessageOf<Acknowledgement>> = {
  decode(bytes) {
    const message = decodeOne(bytes);
    if (!message.ok) return message;
    const body = decodeAcknowledgement(message.value);
    if (!body.ok) return body;
    const { flags } = encodeAcknowledgement(body.value);
    return ok({ ...message.value, flags, body: body.value });
  },
  encode: (message) => encodeMessage({ ...message, ...encodeAcknowledgement(message.body) }),
};

const done: Codec<MessageOf<{ readonly errno: number }>> = {
  decode(bytes) {
    const message = decodeOne(bytes);
    if (!message.ok) return message;
    const body = decodeDone({ ...message.value, flags: 0 });
    return body.ok ? ok({ ...message.value, body: { errno: body.value.errno } }) : body;
  },
  encode(message) {
    const body = new Uint8Array(4);
    new DataView(body.buffer).setInt32(0, -message.body.errno, true);
    return encodeMessage({ ...message, body });
  },
};

const message = (bodyLength: number): NetlinkMessage => ({
  type: 20,
  flags: 5,
  sequence: 7,
  portId: 0,
  body: new Uint8Array(bodyLength).fill(0xee),
});

describe('netlink acknowledgement', () => {
  codecConformance(acknowledgement, acknowledgementVectors, 'refused');

  it('the place of the mistake is read with the sentence', () => {
    const { errno, request } = acknowledgementVectors[0]?.value.body ?? {};
    const value = {
      errno: errno ?? 0,
      request: request as Acknowledgement['request'],
      extended: { message: 'x', offset: 24 },
    };
    const encoded = encodeAcknowledgement(value);
    expect(decodeAcknowledgement({ ...message(0), ...encoded })).toEqual(ok(value));
  });

  it('an errno above zero is none of the kernel', () => {
    const body = fromHex('01000000 68000000 2000 0500 3bf9006b d2004027');
    expect(decodeAcknowledgement({ ...message(0), body })).toEqual({ ok: false, reason: 'errno' });
  });

  it('no bytes at all make the decoder throw, and what it accepts round-trips', () => {
    fc.assert(
      fc.property(mutationsOf(acknowledgementVectors), (bytes) => expectRefusedOrRoundTrip(acknowledgement, bytes)),
      { numRuns: 5_000 },
    );
  });
});

describe('end of a netlink dump', () => {
  codecConformance(done, doneVectors, 'refused');

  it('without a body it is a good end', () => {
    expect(decodeDone({ ...message(0), type: 3, flags: 2 })).toEqual(ok({ errno: 0, extended: {} }));
  });
});

describe('netlink message', () => {
  it('several follow each other at multiples of 4 bytes', () => {
    const bytes = Uint8Array.of(
      ...encodeMessage(message(1)),
      ...encodeMessage(message(0)),
      ...encodeMessage(message(4)),
    );
    expect(bytes.length).toBe(20 + 16 + 20);
    expect(decodeMessages(bytes)).toEqual(ok([message(1), message(0), message(4)]));
  });

  it('the last one needs no padding', () => {
    expect(decodeMessages(encodeMessage(message(1)).subarray(0, 17))).toEqual(ok([message(1)]));
  });

  it('no bytes are no messages', () => {
    expect(decodeMessages(new Uint8Array(0))).toEqual(ok([]));
  });

  it('a length shorter than the header is refused, one longer than the datagram too', () => {
    const bytes = encodeMessage(message(4));
    bytes[0] = 15;
    expect(decodeMessages(bytes)).toEqual({ ok: false, reason: 'length' });
    bytes[0] = 21;
    expect(decodeMessages(bytes)).toEqual({ ok: false, reason: 'too-short' });
    bytes[3] = 0xff;
    expect(decodeMessages(bytes)).toEqual({ ok: false, reason: 'too-short' });
  });

  it('no bytes at all make the decoder throw, and what it accepts round-trips', () => {
    const codec = {
      decode: (bytes: Uint8Array): Result<readonly NetlinkMessage[]> => decodeMessages(bytes),
      encode: (messages: readonly NetlinkMessage[]) => fromHex(messages.map((m) => toHex(encodeMessage(m))).join('')),
    };
    fc.assert(
      fc.property(mutationsOf([...acknowledgementVectors, ...doneVectors]), (bytes) =>
        expectRefusedOrRoundTrip(codec, bytes),
      ),
      { numRuns: 5_000 },
    );
  });
});
