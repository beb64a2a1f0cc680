/** Makes the codec of a netlink message's body one of the whole message, as the vectors have it. */

import { ok, type Result } from '../../src/base/result.ts';
import { decodeMessages, encodeMessage, type NetlinkMessage } from '../../src/wire/netlink.ts';
import type { MessageOf } from '../../src/wire/vector.ts';
import type { Codec } from './codec-conformance.ts';

/** One message and nothing behind it. */
export function decodeOne(bytes: Uint8Array): Result<NetlinkMessage> {
  const outcome = decodeMessages(bytes);
  if (!outcome.ok) return outcome;
  const [message, ...others] = outcome.value;
  return message === undefined || others.length > 0 ? { ok: false, reason: 'not-one-message' } : ok(message);
}

export function messageCodec<Body>(
  decodeBody: (message: NetlinkMessage) => Result<Body>,
  encodeBody: (body: Body) => Uint8Array,
): Codec<MessageOf<Body>> {
  return {
    decode(bytes) {
      const message = decodeOne(bytes);
      if (!message.ok) return message;
      const body = decodeBody(message.value);
      return body.ok ? ok({ ...message.value, body: body.value }) : body;
    },
    encode: (message) => encodeMessage({ ...message, body: encodeBody(message.body) }),
  };
}
