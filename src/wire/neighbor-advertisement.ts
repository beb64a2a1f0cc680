/**
 * Neighbor Advertisements with their Ethernet and IPv6 headers: what AF_PACKET sends when an IPv6 address has a new
 * place. RFC 4861 §4.4, §7.2.6.
 */

import { addressBytes, addressFromBytes, familyOf, type IpAddress, isMulticast } from '../base/address.ts';
import { assert } from '../base/assert.ts';
import { concatBytes, viewOf } from '../base/bytes.ts';
import { internetChecksum } from '../base/checksum.ts';
import { fault, ok, type Result } from '../base/result.ts';
import { type Mac, macBytes, macFromBytes, multicastMac } from './ethernet.ts';
import { decodeIpv6, encodeIpv6, type Ipv6Fault, ipv6PseudoHeader } from './ipv6.ts';

/** EtherType of IPv6. RFC 2464 §3. */
export const ETHERTYPE_IPV6 = 0x86dd;

/** All nodes of the link. RFC 4291 §2.7.1. */
const ALL_NODES = 'ff02::1' as IpAddress;

const ETHERNET_HEADER_LENGTH = 14;
const PROTOCOL_ICMPV6 = 58;
const TYPE_NEIGHBOR_ADVERTISEMENT = 136;
/** A router of the way would have made it less. RFC 4861 §7.1.2. */
const HOP_LIMIT = 255;
const ROUTER = 0x80;
const SOLICITED = 0x40;
const OVERRIDE = 0x20;
const MESSAGE_LENGTH = 24;
const TARGET_LINK_LAYER_ADDRESS = 2;
/** Option lengths are in units of 8 bytes. RFC 4861 §4.6. */
const OPTION_UNIT = 8;

//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |     Type      |     Code      |          Checksum             |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |R|S|O|                     Reserved                            |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                                                               |
//  +                       Target Address                          +
//  |                         (4 words)                             |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |   Options ...
//  +-+-+-+-+-+-+-+-+-+-+-+-

/** An Ethernet frame with a Neighbor Advertisement. */
export interface NeighborAdvertisementFrame {
  readonly destination: Mac;
  readonly source: Mac;
  readonly sourceAddress: IpAddress;
  readonly destinationAddress: IpAddress;
  /** The sender is a router: R. */
  readonly router: boolean;
  /** It answers a solicitation: S. */
  readonly solicited: boolean;
  /** It replaces what the neighbours have in their cache: O. */
  readonly override: boolean;
  readonly target: IpAddress;
  /** Target Link-Layer Address; required in what is sent to a group. */
  readonly targetLinkLayerAddress?: Mac;
}

/** Why a frame is no Neighbor Advertisement that a neighbour would listen to. RFC 4861 §7.1.2. */
export type NeighborAdvertisementFault =
  | Ipv6Fault
  | 'ethertype'
  | 'next-header'
  | 'hop-limit'
  | 'checksum'
  | 'type'
  | 'target'
  | 'solicited'
  | 'option';

/**
 * The unsolicited one that tells a link where an address is now, as keepalived sends it: to all nodes, from the address
 * itself.
 * @param router this host forwards IPv6
 */
export const unsolicitedNeighborAdvertisement = (
  mac: Mac,
  address: IpAddress,
  router: boolean,
): NeighborAdvertisementFrame => ({
  destination: multicastMac(ALL_NODES),
  source: mac,
  sourceAddress: address,
  destinationAddress: ALL_NODES,
  router,
  solicited: false,
  override: true,
  target: address,
  targetLinkLayerAddress: mac,
});

/** The bytes of a frame. */
export function encodeNeighborAdvertisement(frame: NeighborAdvertisementFrame): Uint8Array {
  const { sourceAddress, destinationAddress, target, targetLinkLayerAddress: mac } = frame;
  assert(familyOf(target) === 'inet6' && !isMulticast(target), 'the target is an address of one node');
  assert(!frame.solicited || !isMulticast(destinationAddress), 'an answer goes to one node');
  const length = MESSAGE_LENGTH + (mac === undefined ? 0 : OPTION_UNIT);
  const message = new Uint8Array(length).fill(0);
  const flags = (frame.router ? ROUTER : 0) | (frame.solicited ? SOLICITED : 0) | (frame.override ? OVERRIDE : 0);
  message.set([TYPE_NEIGHBOR_ADVERTISEMENT, 0, 0, 0, flags], 0);
  message.set(addressBytes(target), 8);
  if (mac !== undefined) message.set([TARGET_LINK_LAYER_ADDRESS, 1, ...macBytes(mac)], MESSAGE_LENGTH);
  const pseudoHeader = ipv6PseudoHeader(sourceAddress, destinationAddress, PROTOCOL_ICMPV6, length);
  viewOf(message).setUint16(2, internetChecksum(pseudoHeader, message));
  const packet = encodeIpv6({
    trafficClass: 0,
    flowLabel: 0,
    nextHeader: PROTOCOL_ICMPV6,
    hopLimit: HOP_LIMIT,
    source: sourceAddress,
    destination: destinationAddress,
    payload: message,
  });
  const etherType = Uint8Array.of(ETHERTYPE_IPV6 >> 8, ETHERTYPE_IPV6 & 0xff);
  return concatBytes(macBytes(frame.destination), macBytes(frame.source), etherType, packet);
}

/** Reads a frame; of its options only the link-layer address. Traffic class and flow label are not kept. */
export function decodeNeighborAdvertisement(
  bytes: Uint8Array,
): Result<NeighborAdvertisementFrame, NeighborAdvertisementFault> {
  if (bytes.length < ETHERNET_HEADER_LENGTH) return fault('too-short');
  if (viewOf(bytes).getUint16(12) !== ETHERTYPE_IPV6) return fault('ethertype');
  const packet = decodeIpv6(bytes.subarray(ETHERNET_HEADER_LENGTH));
  if (!packet.ok) return packet;
  const { nextHeader, hopLimit, source: sourceAddress, destination: destinationAddress, payload } = packet.value;
  if (nextHeader !== PROTOCOL_ICMPV6) return fault('next-header');
  if (hopLimit !== HOP_LIMIT) return fault('hop-limit');
  if (payload.length < MESSAGE_LENGTH) return fault('too-short');
  const pseudoHeader = ipv6PseudoHeader(sourceAddress, destinationAddress, PROTOCOL_ICMPV6, payload.length);
  if (internetChecksum(pseudoHeader, payload) !== 0) return fault('checksum');
  if (payload[0] !== TYPE_NEIGHBOR_ADVERTISEMENT || payload[1] !== 0) return fault('type');
  const target = addressFromBytes(payload.subarray(8, MESSAGE_LENGTH));
  if (isMulticast(target)) return fault('target');
  const flags = payload[4] ?? 0;
  const solicited = (flags & SOLICITED) !== 0;
  if (solicited && isMulticast(destinationAddress)) return fault('solicited');
  const options = decodeOptions(payload.subarray(MESSAGE_LENGTH));
  if (!options.ok) return options;
  return ok({
    destination: macFromBytes(bytes.subarray(0, 6)),
    source: macFromBytes(bytes.subarray(6, 12)),
    sourceAddress,
    destinationAddress,
    router: (flags & ROUTER) !== 0,
    solicited,
    override: (flags & OVERRIDE) !== 0,
    target,
    ...options.value,
  });
}

function decodeOptions(
  bytes: Uint8Array,
): Result<Pick<NeighborAdvertisementFrame, 'targetLinkLayerAddress'>, 'option'> {
  let found: Pick<NeighborAdvertisementFrame, 'targetLinkLayerAddress'> = {};
  for (let start = 0; start < bytes.length; ) {
    const [type, units = 0] = bytes.subarray(start, start + 2);
    const end = start + units * OPTION_UNIT;
    if (units === 0 || end > bytes.length) return fault('option');
    if (type === TARGET_LINK_LAYER_ADDRESS) {
      if (units !== 1) return fault('option');
      found = { targetLinkLayerAddress: macFromBytes(bytes.subarray(start + 2, end)) };
    }
    start = end;
  }
  return ok(found);
}
