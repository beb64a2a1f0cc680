/**
 * The IPv6 header, as raw sockets with IPV6_HDRINCL send it and packet sockets carry it. RFC 8200 §3.
 *
 * Extension headers are part of the payload, not interpreted. A raw socket receives the payload alone, with what the
 * header said beside it.
 */

import { addressBytes, addressFromBytes, familyOf, type IpAddress } from '../base/address.ts';
import { assert } from '../base/assert.ts';
import { viewOf } from '../base/bytes.ts';
import { fault, ok, type Result } from '../base/result.ts';

const HEADER_LENGTH = 40;
const PAYLOAD_LENGTH_MAX = 0xffff;
/** The smallest Ethernet payload: shorter packets arrive with padding behind them. IEEE 802.3 §3.2.8. */
const ETHERNET_PAYLOAD_MIN = 46;
const FLOW_LABEL_MAX = 0xf_ffff;

//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |Version| Traffic Class |           Flow Label                  |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |         Payload Length        |  Next Header  |   Hop Limit   |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                                                               |
//  +                         Source Address                        +
//  |                          (4 words)                            |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                                                               |
//  +                      Destination Address                      +
//  |                          (4 words)                            |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** A packet without the fields that follow from the rest. */
export interface Ipv6Packet {
  /** 0-255. */
  readonly trafficClass: number;
  /** 0-1048575; 0 is none. */
  readonly flowLabel: number;
  /** The protocol of the payload or its first extension header, 0-255. */
  readonly nextHeader: number;
  /** 0-255. */
  readonly hopLimit: number;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** At most 65535 bytes. */
  readonly payload: Uint8Array;
}

/** Why bytes are no packet. */
export type Ipv6Fault = 'too-short' | 'too-long' | 'version';

/** Reads a packet. Bytes behind its length are allowed as far as they can be Ethernet padding. */
export function decodeIpv6(bytes: Uint8Array): Result<Ipv6Packet, Ipv6Fault> {
  if (bytes.length < HEADER_LENGTH) return fault('too-short');
  const view = viewOf(bytes);
  const first = view.getUint32(0);
  if (first >>> 28 !== 6) return fault('version');
  const length = HEADER_LENGTH + view.getUint16(4);
  if (bytes.length < length) return fault('too-short');
  if (bytes.length > length && bytes.length > ETHERNET_PAYLOAD_MIN) return fault('too-long');
  return ok({
    trafficClass: (first >>> 20) & 0xff,
    flowLabel: first & FLOW_LABEL_MAX,
    nextHeader: view.getUint8(6),
    hopLimit: view.getUint8(7),
    source: addressFromBytes(bytes.subarray(8, 24)),
    destination: addressFromBytes(bytes.subarray(24, 40)),
    payload: bytes.subarray(HEADER_LENGTH, length),
  });
}

/** The header and the payload behind it. */
export function encodeIpv6(packet: Ipv6Packet): Uint8Array {
  const { trafficClass, flowLabel, nextHeader, hopLimit, source, destination, payload } = packet;
  assert(payload.length <= PAYLOAD_LENGTH_MAX, `an IPv6 payload has at most ${PAYLOAD_LENGTH_MAX} bytes`);
  assert(familyOf(source) === 'inet6' && familyOf(destination) === 'inet6', 'IPv6 carries IPv6 addresses');
  for (const byte of [trafficClass, nextHeader, hopLimit]) assertUnsigned(byte, 0xff);
  assertUnsigned(flowLabel, FLOW_LABEL_MAX);
  const bytes = new Uint8Array(HEADER_LENGTH + payload.length);
  const view = viewOf(bytes);
  view.setUint32(0, (6 << 28) | (trafficClass << 20) | flowLabel);
  view.setUint16(4, payload.length);
  view.setUint8(6, nextHeader);
  view.setUint8(7, hopLimit);
  bytes.set(addressBytes(source), 8);
  bytes.set(addressBytes(destination), 24);
  bytes.set(payload, HEADER_LENGTH);
  return bytes;
}

/** What a checksum covers besides the message itself. RFC 8200 §8.1. @param length bytes of the message */
export function ipv6PseudoHeader(
  source: IpAddress,
  destination: IpAddress,
  nextHeader: number,
  length: number,
): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH).fill(0);
  bytes.set(addressBytes(source), 0);
  bytes.set(addressBytes(destination), 16);
  const view = viewOf(bytes);
  view.setUint32(32, length);
  view.setUint8(39, nextHeader);
  return bytes;
}

function assertUnsigned(value: number, max: number): void {
  assert(Number.isInteger(value) && value >= 0 && value <= max, `expected an integer from 0 to ${max}, got ${value}`);
}
