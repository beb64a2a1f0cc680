/**
 * DNS, as much as DNS_CHECK needs: one question, and the header of the answer. RFC 1035 §4.1, RFC 3596, RFC 4034.
 */
import { concatBytes, viewOf } from '../base/bytes.ts';
import { fault, ok, type Result } from '../base/result.ts';

/** Types of records that can be asked for, with their numbers (IANA "Resource Record (RR) TYPEs"). */
export const RECORD_TYPES = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  RRSIG: 46,
  DNSKEY: 48,
} as const;
export type RecordType = keyof typeof RECORD_TYPES;

/** What is asked. */
export interface DnsQuery {
  /** 0-65535 */
  readonly id: number;
  /** Labels with dots between them; '' or '.' is the root. */
  readonly name: string;
  readonly type: RecordType;
}

/** The header of an answer. */
export interface DnsAnswer {
  readonly id: number;
  /** RCODE, 0-15: 0 is no error, 2 a failure of the server, 3 a name that does not exist. */
  readonly responseCode: number;
  /** The answer was cut to fit into a datagram. */
  readonly isTruncated: boolean;
}

/** Why bytes are no answer. */
export type DnsFault = 'too-short' | 'query';

const HEADER_LENGTH = 12;
const CLASS_IN = 1;
const RECURSION_DESIRED = 0x0100;
const RESPONSE = 0x8000;
const TRUNCATED = 0x0200;

//   0  1  2  3  4  5  6  7  8  9  0  1  2  3  4  5        RFC 1035 §4.1.1
//  +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
//  |                      ID                       |
//  +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
//  |QR|   Opcode  |AA|TC|RD|RA|   Z    |   RCODE   |
//  +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
//  |  QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT           |
//  +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+

/** The name in labels, each with its length before it; undefined: no name of the DNS (RFC 1035 §2.3.4). */
export function encodeName(name: string): Uint8Array | undefined {
  const labels = name === '' || name === '.' ? [] : name.replace(/\.$/, '').split('.');
  const parts = labels.map((label) => Buffer.from(label, 'latin1'));
  if (parts.some((part) => part.length === 0 || part.length > 63)) return undefined;
  const bytes = concatBytes(...parts.flatMap((part) => [Uint8Array.of(part.length), part]), Uint8Array.of(0));
  return bytes.length > 255 ? undefined : bytes;
}

/** A question with recursion desired; undefined: a name that cannot be asked for. */
export function encodeQuery({ id, name, type }: DnsQuery): Uint8Array | undefined {
  const question = encodeName(name);
  if (question === undefined) return undefined;
  const header = new Uint8Array(HEADER_LENGTH);
  const view = viewOf(header);
  view.setUint16(0, id);
  view.setUint16(2, RECURSION_DESIRED);
  view.setUint16(4, 1);
  return concatBytes(header, question, Uint8Array.of(0, RECORD_TYPES[type], 0, CLASS_IN));
}

/** The header of an answer; what follows it is not looked at. */
export function decodeAnswer(bytes: Uint8Array): Result<DnsAnswer, DnsFault> {
  if (bytes.length < HEADER_LENGTH) return fault('too-short');
  const view = viewOf(bytes);
  const flags = view.getUint16(2);
  if ((flags & RESPONSE) === 0) return fault('query');
  return ok({ id: view.getUint16(0), responseCode: flags & 0xf, isTruncated: (flags & TRUNCATED) !== 0 });
}
