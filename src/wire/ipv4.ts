/**
 * The IPv4 header, as raw sockets with IP_HDRINCL send and receive it. RFC 791.
 *
 * Options are skipped, not interpreted. Fragments are refused: the kernel reassembles before it hands a packet over.
 */

import { addressBytes, addressFromBytes, familyOf, type IpAddress } from '../base/address.ts';
import { assert } from '../base/assert.ts';
import { viewOf } from '../base/bytes.ts';
import { internetChecksum } from '../base/checksum.ts';
import { fault, ok, type Result } from '../base/result.ts';

const HEADER_LENGTH = 20;
const LENGTH_MAX = 0xffff;
/** The smallest Ethernet payload: shorter packets arrive with padding behind them. IEEE 802.3 §3.2.8. */
const ETHERNET_PAYLOAD_MIN = 46;
const MORE_FRAGMENTS_OR_OFFSET = 0x3fff;

/** Type of Service 0xc0, Internetwork Control: what VRRP is sent with. RFC 791 §3.1. */
export const INTERNETWORK_CONTROL = 0xc0;

//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |Version|  IHL  |Type of Service|          Total Length         |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |         Identification        |Flags|      Fragment Offset    |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |  Time to Live |    Protocol   |         Header Checksum       |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                       Source Address                          |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                    Destination Address                        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                    Options                    |    Padding    |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

/** An unfragmented packet without the fields that follow from the rest. */
export interface Ipv4Packet {
  /** 0-255. */
  readonly typeOfService: number;
  /** 0-65535; with IP_HDRINCL the kernel replaces a 0. */
  readonly identification: number;
  /** Time to Live, 0-255. */
  readonly ttl: number;
  /** 0-255. */
  readonly protocol: number;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** What follows the header and its options: at most 65515 bytes when sent. */
  readonly payload: Uint8Array;
}

/** Why bytes are no packet that we can use. */
export type Ipv4Fault =
  | 'too-short'
  | 'too-long'
  | 'version'
  | 'header-length'
  | 'total-length'
  | 'checksum'
  | 'fragment';

/** Reads a packet. Bytes behind its total length are allowed as far as they can be Ethernet padding. */
export function decodeIpv4(bytes: Uint8Array): Result<Ipv4Packet, Ipv4Fault> {
  if (bytes.length < HEADER_LENGTH) return fault('too-short');
  const view = viewOf(bytes);
  if (view.getUint8(0) >> 4 !== 4) return fault('version');
  const headerLength = (view.getUint8(0) & 0x0f) * 4;
  if (headerLength < HEADER_LENGTH) return fault('header-length');
  const totalLength = view.getUint16(2);
  if (totalLength < headerLength) return fault('total-length');
  if (bytes.length < totalLength) return fault('too-short');
  if (bytes.length > totalLength && bytes.length > ETHERNET_PAYLOAD_MIN) return fault('too-long');
  if (internetChecksum(bytes.subarray(0, headerLength)) !== 0) return fault('checksum');
  if ((view.getUint16(6) & MORE_FRAGMENTS_OR_OFFSET) !== 0) return fault('fragment');
  return ok({
    typeOfService: view.getUint8(1),
    identification: view.getUint16(4),
    ttl: view.getUint8(8),
    protocol: view.getUint8(9),
    source: addressFromBytes(bytes.subarray(12, 16)),
    destination: addressFromBytes(bytes.subarray(16, 20)),
    payload: bytes.subarray(headerLength, totalLength),
  });
}

/** The whole packet: a header without options, all flags clear (DF too, as keepalived), checksum computed; payload. */
export function encodeIpv4(packet: Ipv4Packet): Uint8Array {
  const totalLength = HEADER_LENGTH + packet.payload.length;
  assert(totalLength <= LENGTH_MAX, `an IPv4 packet has at most ${LENGTH_MAX} bytes, not ${totalLength}`);
  assert(familyOf(packet.source) === 'inet' && familyOf(packet.destination) === 'inet', 'IPv4 carries IPv4 addresses');
  for (const byte of [packet.typeOfService, packet.ttl, packet.protocol]) assertUnsigned(byte, 0xff);
  assertUnsigned(packet.identification, 0xffff);
  const bytes = new Uint8Array(totalLength);
  const view = viewOf(bytes);
  view.setUint8(0, 0x45);
  view.setUint8(1, packet.typeOfService);
  view.setUint16(2, totalLength);
  view.setUint16(4, packet.identification);
  view.setUint16(6, 0);
  view.setUint8(8, packet.ttl);
  view.setUint8(9, packet.protocol);
  view.setUint16(10, 0);
  bytes.set(addressBytes(packet.source), 12);
  bytes.set(addressBytes(packet.destination), 16);
  view.setUint16(10, internetChecksum(bytes.subarray(0, HEADER_LENGTH)));
  bytes.set(packet.payload, HEADER_LENGTH);
  return bytes;
}

/** Gives a whole packet another identification, 0-65535, and the header checksum that goes with it: RFC 1624 §3. */
export function identify(packet: Uint8Array, identification: number): void {
  const checksum = ((packet[10] ?? 0) << 8) | (packet[11] ?? 0);
  const before = ((packet[4] ?? 0) << 8) | (packet[5] ?? 0);
  let sum = (~checksum & 0xffff) + (~before & 0xffff) + identification;
  sum = (sum & 0xffff) + (sum >>> 16);
  sum = (sum & 0xffff) + (sum >>> 16);
  packet[4] = identification >>> 8;
  packet[5] = identification;
  packet[10] = ~sum >>> 8;
  packet[11] = ~sum;
}

function assertUnsigned(value: number, max: number): void {
  assert(Number.isInteger(value) && value >= 0 && value <= max, `expected an integer from 0 to ${max}, got ${value}`);
}
