/**
 * ARP for IPv4 over Ethernet, with its Ethernet header: what AF_PACKET sends. RFC 826, RFC 5227 §3.
 */

import { addressBytes, addressFromBytes, familyOf, type IpAddress } from '../base/address.ts';
import { assert } from '../base/assert.ts';
import { viewOf } from '../base/bytes.ts';
import { fault, ok, type Result } from '../base/result.ts';
import { BROADCAST_MAC, type Mac, macBytes, macFromBytes } from './ethernet.ts';

/** EtherType of ARP. */
export const ETHERTYPE_ARP = 0x0806;

const FRAME_LENGTH = 42;
/** An Ethernet frame without its check sequence is padded to this. */
const FRAME_LENGTH_PADDED = 60;
const HARDWARE_TYPE_ETHERNET = 1;
const ETHERTYPE_IPV4 = 0x0800;
const OPERATIONS = [undefined, 'request', 'reply'] as const;

//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |           Ethernet destination address (bytes 1-4)            |
//  +-------------------------------+-------------------------------+
//  |          (bytes 5-6)          | Ethernet source address       |
//  +-------------------------------+-------------------------------+
//  |                          (bytes 3-6)                          |
//  +-------------------------------+-------------------------------+
//  |       EtherType 0x0806        |       Hardware type 1         |
//  +-------------------------------+---------------+---------------+
//  |     Protocol type 0x0800      | Hardw. len. 6 | Prot. len. 4  |
//  +-------------------------------+---------------+---------------+
//  |           Operation           | Sender hardware address       |
//  +-------------------------------+-------------------------------+
//  |                          (bytes 3-6)                          |
//  +---------------------------------------------------------------+
//  |                    Sender protocol address                    |
//  +---------------------------------------------------------------+
//  |              Target hardware address (bytes 1-4)              |
//  +-------------------------------+-------------------------------+
//  |          (bytes 5-6)          | Target protocol address       |
//  +-------------------------------+-------------------------------+
//  |          (bytes 3-4)          |
//  +-------------------------------+

/** An Ethernet frame with an ARP message. */
export interface ArpFrame {
  readonly destination: Mac;
  readonly source: Mac;
  readonly operation: 'request' | 'reply';
  readonly senderHardwareAddress: Mac;
  readonly senderProtocolAddress: IpAddress;
  readonly targetHardwareAddress: Mac;
  readonly targetProtocolAddress: IpAddress;
}

/** Why a frame is no ARP that we read. */
export type ArpFault = 'too-short' | 'too-long' | 'ethertype' | 'address-type' | 'operation';

/**
 * The gratuitous ARP that tells a segment where an address is now: a broadcast request, sender and target the same
 * address, target hardware address all ones, as keepalived sends it (RFC 5227 §3 explains why a request).
 */
export const gratuitousArp = (mac: Mac, address: IpAddress): ArpFrame => ({
  destination: BROADCAST_MAC,
  source: mac,
  operation: 'request',
  senderHardwareAddress: mac,
  senderProtocolAddress: address,
  targetHardwareAddress: BROADCAST_MAC,
  targetProtocolAddress: address,
});

/** The 42 bytes of a frame. */
export function encodeArp(frame: ArpFrame): Uint8Array {
  assert(familyOf(frame.senderProtocolAddress) === 'inet', 'ARP is for IPv4');
  assert(familyOf(frame.targetProtocolAddress) === 'inet', 'ARP is for IPv4');
  const bytes = new Uint8Array(FRAME_LENGTH);
  const view = viewOf(bytes);
  bytes.set(macBytes(frame.destination), 0);
  bytes.set(macBytes(frame.source), 6);
  view.setUint16(12, ETHERTYPE_ARP);
  view.setUint16(14, HARDWARE_TYPE_ETHERNET);
  view.setUint16(16, ETHERTYPE_IPV4);
  view.setUint8(18, 6);
  view.setUint8(19, 4);
  view.setUint16(20, OPERATIONS.indexOf(frame.operation));
  bytes.set(macBytes(frame.senderHardwareAddress), 22);
  bytes.set(addressBytes(frame.senderProtocolAddress), 28);
  bytes.set(macBytes(frame.targetHardwareAddress), 32);
  bytes.set(addressBytes(frame.targetProtocolAddress), 38);
  return bytes;
}

/** Reads a frame; Ethernet padding behind it is ignored. */
export function decodeArp(bytes: Uint8Array): Result<ArpFrame, ArpFault> {
  if (bytes.length < FRAME_LENGTH) return fault('too-short');
  if (bytes.length > FRAME_LENGTH_PADDED) return fault('too-long');
  const view = viewOf(bytes);
  if (view.getUint16(12) !== ETHERTYPE_ARP) return fault('ethertype');
  const types = [view.getUint16(14), view.getUint16(16), view.getUint8(18), view.getUint8(19)];
  if (types.join() !== [HARDWARE_TYPE_ETHERNET, ETHERTYPE_IPV4, 6, 4].join()) return fault('address-type');
  const operation = OPERATIONS[view.getUint16(20)];
  if (operation === undefined) return fault('operation');
  return ok({
    destination: macFromBytes(bytes.subarray(0, 6)),
    source: macFromBytes(bytes.subarray(6, 12)),
    operation,
    senderHardwareAddress: macFromBytes(bytes.subarray(22, 28)),
    senderProtocolAddress: addressFromBytes(bytes.subarray(28, 32)),
    targetHardwareAddress: macFromBytes(bytes.subarray(32, 38)),
    targetProtocolAddress: addressFromBytes(bytes.subarray(38, 42)),
  });
}
