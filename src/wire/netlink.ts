/**
 * Netlink: message headers, acknowledgements, attributes. RFC 3549 §2.3, linux/netlink.h, netlink(7).
 *
 * What the messages mean is in rtnetlink.ts, rtnetlink-route.ts, rtnetlink-rule.ts, generic-netlink.ts and ipvs.ts; sequence numbers,
 * dumps and lost answers are the business of io/netlink-socket.ts. Numbers are in the host's byte order unless an
 * attribute says otherwise, and every host we are built for is little endian.
 */

import { assert } from '../base/assert.ts';
import { ByteWriter, concatBytes, viewOf } from '../base/bytes.ts';
import { fault, ok, type Result } from '../base/result.ts';
import { type AttributeValues, attributeTable, decodeAttributes, encodeAttributes } from './netlink-attributes.ts';

/** The length of nlmsghdr. */
export const HEADER_LENGTH = 16;

/** Message types below 16 are netlink's own: NLMSG_* in linux/netlink.h. */
export const NLMSG_NOOP = 1;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLMSG_OVERRUN = 4;

/** Flags of every message: NLM_F_* in linux/netlink.h. */
export const NLM_F_REQUEST = 0x01;
export const NLM_F_MULTI = 0x02;
export const NLM_F_ACK = 0x04;
export const NLM_F_DUMP_INTR = 0x10;
/** Flags of a request that reads. */
export const NLM_F_DUMP = 0x300;
/** Flags of a request that writes. */
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;
/** Flags of an acknowledgement. */
export const NLM_F_CAPPED = 0x100;
export const NLM_F_ACK_TLVS = 0x200;

//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                          Length                             |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |            Type              |           Flags              |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                      Sequence Number                        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                      Process ID (PID)                       |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** One message. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  /** An answer carries the number of its request. */
  readonly sequence: number;
  /** The socket that asked; 0 in a request (the kernel knows) and in most notifications. */
  readonly portId: number;
  /** What follows the header, without the padding behind it. */
  readonly body: Uint8Array;
}

/** Why bytes are no sequence of messages. */
export type MessageFault = 'too-short' | 'length';

/** The messages of one datagram. The bodies are views of it. */
export function decodeMessages(datagram: Uint8Array): Result<readonly NetlinkMessage[], MessageFault> {
  const view = viewOf(datagram);
  const messages: NetlinkMessage[] = [];
  for (let start = 0; start < datagram.length; ) {
    if (datagram.length - start < HEADER_LENGTH) return fault('too-short');
    const length = view.getUint32(start, true);
    if (length < HEADER_LENGTH) return fault('length');
    if (length > datagram.length - start) return fault('too-short');
    messages.push({
      type: view.getUint16(start + 4, true),
      flags: view.getUint16(start + 6, true),
      sequence: view.getUint32(start + 8, true),
      portId: view.getUint32(start + 12, true),
      body: datagram.subarray(start + HEADER_LENGTH, start + length),
    });
    start += align(length);
  }
  return ok(messages);
}

/** A message with its header and, behind it, zeros up to a multiple of 4: several may follow each other. */
export const encodeMessage = (message: NetlinkMessage): Uint8Array => encodeMessages([message]);

/** Several messages in one datagram. */
export function encodeMessages(messages: readonly NetlinkMessage[]): Uint8Array {
  scratch.length = 0;
  for (const message of messages) writeMessage(scratch, message, () => scratch.add(message.body));
  return scratch.copy();
}

const scratch = new ByteWriter();

/** One message behind what was written before; `writeBody` writes what follows the header. */
export function writeMessage(
  writer: ByteWriter,
  { type, flags, sequence, portId }: Omit<NetlinkMessage, 'body'>,
  writeBody: (writer: ByteWriter) => void,
): void {
  const start = writer.claim(HEADER_LENGTH);
  writeBody(writer);
  const { view } = writer;
  const length = writer.length - start;
  view.setUint32(start, length, true);
  view.setUint16(start + 4, type, true);
  view.setUint16(start + 6, flags, true);
  view.setUint32(start + 8, sequence, true);
  view.setUint32(start + 12, portId, true);
  writer.addZeros(align(length) - length);
}

const align = (length: number): number => (length + 3) & ~3;

/** enum nlmsgerr_attrs in linux/netlink.h. */
const errorAttributes = attributeTable({
  message: [1, 'NLMSGERR_ATTR_MSG', 'string'],
  offset: [2, 'NLMSGERR_ATTR_OFFS', 'u32'],
});

/** What the kernel adds to an errno when NETLINK_EXT_ACK is on: a sentence, and the byte of the request it is about. */
export type ExtendedAck = AttributeValues<typeof errorAttributes>;

/** The kernel's answer to a request: struct nlmsgerr. */
export interface Acknowledgement {
  /** 0 when the request succeeded, else the errno as a positive number. */
  readonly errno: number;
  /** The header of the request, and its body where the kernel repeats it (failed and without NETLINK_CAP_ACK). */
  readonly request: Omit<NetlinkMessage, 'body'> & { readonly length: number; readonly body?: Uint8Array };
  readonly extended: ExtendedAck;
}

/** Why an answer cannot be read. */
export type AcknowledgementFault = 'too-short' | 'length' | 'errno' | 'attributes';

/** Reads an NLMSG_ERROR message. */
export function decodeAcknowledgement(message: NetlinkMessage): Result<Acknowledgement, AcknowledgementFault> {
  const { body, flags } = message;
  if (body.length < 4 + HEADER_LENGTH) return fault('too-short');
  const view = viewOf(body);
  const errno = 0 - view.getInt32(0, true);
  if (errno < 0) return fault('errno');
  const length = view.getUint32(4, true);
  if (length < HEADER_LENGTH) return fault('length');
  const withBody = errno !== 0 && (flags & NLM_F_CAPPED) === 0;
  const end = 4 + (withBody ? length : HEADER_LENGTH);
  if (body.length < end) return fault('too-short');
  const extended = decodeExtended(body.subarray(align(end)), flags);
  if (extended === undefined) return fault('attributes');
  const request = {
    length,
    type: view.getUint16(8, true),
    flags: view.getUint16(10, true),
    sequence: view.getUint32(12, true),
    portId: view.getUint32(16, true),
    ...(withBody ? { body: body.subarray(4 + HEADER_LENGTH, end) } : {}),
  };
  return ok({ errno, request, extended });
}

/** The body and the flags of an NLMSG_ERROR message. */
export function encodeAcknowledgement(answer: Acknowledgement): Pick<NetlinkMessage, 'body' | 'flags'> {
  const { errno, request, extended } = answer;
  assert(
    request.body === undefined || request.body.length + HEADER_LENGTH === request.length,
    'the body has its length',
  );
  const error = new Uint8Array(4);
  viewOf(error).setInt32(0, -errno, true);
  const header = encodeMessage({ ...request, body: new Uint8Array(0) });
  viewOf(header).setUint32(0, request.length, true);
  const repeated = request.body ?? new Uint8Array(0);
  const padding = new Uint8Array(align(repeated.length) - repeated.length).fill(0);
  const attributes = encodeAttributes(errorAttributes, extended);
  return {
    body: concatBytes(error, header, repeated, attributes.length > 0 ? padding : new Uint8Array(0), attributes),
    flags: (request.body === undefined ? NLM_F_CAPPED : 0) | (attributes.length > 0 ? NLM_F_ACK_TLVS : 0),
  };
}

/** Reads an NLMSG_DONE message: the end of a dump, with an errno when the kernel broke it off. */
export function decodeDone(
  message: NetlinkMessage,
): Result<{ readonly errno: number; readonly extended: ExtendedAck }, AcknowledgementFault> {
  const { body, flags } = message;
  if (body.length === 0) return ok({ errno: 0, extended: {} });
  if (body.length < 4) return fault('too-short');
  const errno = Math.max(0, 0 - viewOf(body).getInt32(0, true));
  const extended = decodeExtended(body.subarray(4), flags);
  return extended === undefined ? fault('attributes') : ok({ errno, extended });
}

function decodeExtended(bytes: Uint8Array, flags: number): ExtendedAck | undefined {
  if ((flags & NLM_F_ACK_TLVS) === 0) return {};
  const outcome = decodeAttributes(errorAttributes, bytes);
  return outcome.ok ? outcome.value : undefined;
}
