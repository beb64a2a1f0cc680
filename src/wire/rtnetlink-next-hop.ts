/** Where packets of a route go next: a gateway, and the ways of the attribute RTA_MULTIPATH. linux/rtnetlink.h. */

import {
  addressBytes,
  addressFromBytes,
  addressLength,
  type Family,
  familyOf,
  type IpAddress,
} from '../base/address.ts';
import { assert } from '../base/assert.ts';
import { concatBytes, viewOf } from '../base/bytes.ts';
import { fault, ok, type Result } from '../base/result.ts';
import { type AttributeFault, attributeTable, decodeAttributes, encodeAttributes } from './netlink-attributes.ts';
import { familyNumber, familyOfNumber } from './rtnetlink.ts';
import { decodeEncapsulation, type EncapsulationMessage, encodeEncapsulation } from './rtnetlink-encapsulation.ts';

/** Flags of a next hop: RTNH_F_* in linux/rtnetlink.h. */
export const RTNH_F_DEAD = 1;
export const RTNH_F_ONLINK = 4;
export const RTNH_F_LINKDOWN = 16;

/** One way of several. */
export interface NextHopMessage {
  /** RTNH_F_*, 8 bits. */
  readonly flags: number;
  /** 1-256: its share of the traffic. */
  readonly weight: number;
  /** Absent: the kernel finds out by the gateway. */
  readonly outputInterface?: number;
  /** Of the family of the route, or of IPv6 for one of IPv4. */
  readonly gateway?: IpAddress;
  /** Realms for the traffic's accounts: the source's in the upper 16 bits. */
  readonly flow?: number;
  readonly encapsulation?: EncapsulationMessage;
}

/** Attributes that a next hop has as well as a route, with their numbers there. */
export const hopEntries = {
  gateway: [5, 'RTA_GATEWAY', 'address'],
  /** struct rtvia: a gateway of another family than the route. */
  via: [18, 'RTA_VIA', 'bytes'],
  encapsulation: [22, 'RTA_ENCAP', 'bytes'],
  encapsulationType: [21, 'RTA_ENCAP_TYPE', 'u16'],
  flow: [11, 'RTA_FLOW', 'u32'],
} as const;

const hopAttributes = attributeTable(hopEntries);

interface HopAttributes {
  readonly gateway?: IpAddress;
  readonly via?: Uint8Array;
  readonly encapsulation?: Uint8Array;
  readonly encapsulationType?: number;
}

/** Gateway and tunnel out of the attributes. */
export function readHop(
  family: Family,
  { gateway, via, encapsulation, encapsulationType }: HopAttributes,
): Result<Pick<NextHopMessage, 'gateway' | 'encapsulation'>, AttributeFault> {
  if (gateway !== undefined && (familyOf(gateway) !== family || via !== undefined)) return fault('attribute-value');
  const otherGateway = via === undefined ? undefined : viaOf(family, via);
  if (via !== undefined && otherGateway === undefined) return fault('attribute-value');
  if ((encapsulation === undefined) !== (encapsulationType === undefined)) return fault('attribute-value');
  const tunnel =
    encapsulation === undefined || encapsulationType === undefined
      ? undefined
      : decodeEncapsulation({ encapsulation, encapsulationType });
  if (tunnel !== undefined && !tunnel.ok) return tunnel;
  const to = gateway ?? otherGateway;
  return ok({
    ...(to === undefined ? {} : { gateway: to }),
    ...(tunnel === undefined ? {} : { encapsulation: tunnel.value }),
  });
}

/** The attributes for gateway and tunnel. */
export function writeHop(
  family: Family,
  { gateway, encapsulation }: Pick<NextHopMessage, 'gateway' | 'encapsulation'>,
): HopAttributes {
  assert(family === 'inet' || gateway === undefined || familyOf(gateway) === family, 'IPv6 goes by gateways of IPv6');
  return {
    ...(gateway === undefined ? {} : familyOf(gateway) === family ? { gateway } : { via: encodeVia(gateway) }),
    ...(encapsulation === undefined ? {} : encodeEncapsulation(encapsulation)),
  };
}

function viaOf(family: Family, bytes: Uint8Array): IpAddress | undefined {
  if (bytes.length < 2) return undefined;
  const of = familyOfNumber(viewOf(bytes).getUint16(0, true));
  if (of === undefined || of === family || family === 'inet6') return undefined;
  return bytes.length === 2 + addressLength(of) ? addressFromBytes(bytes.subarray(2)) : undefined;
}

const encodeVia = (gateway: IpAddress): Uint8Array =>
  Uint8Array.of(familyNumber(familyOf(gateway)), 0, ...addressBytes(gateway));

//  struct rtnexthop, linux/rtnetlink.h
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-------------------------------+---------------+---------------+
//  |            Length             |     Flags     |  Weight - 1   |
//  +-------------------------------+---------------+---------------+
//  |                        Interface index                        |
//  +---------------------------------------------------------------+

const HOP_HEADER_LENGTH = 8;

/** Reads the value of RTA_MULTIPATH. */
export function decodeNextHops(family: Family, bytes: Uint8Array): Result<readonly NextHopMessage[], AttributeFault> {
  const hops: NextHopMessage[] = [];
  const view = viewOf(bytes);
  for (let start = 0; start < bytes.length; ) {
    if (bytes.length - start < HOP_HEADER_LENGTH) return fault('attribute-length');
    const length = view.getUint16(start, true);
    if (length < HOP_HEADER_LENGTH || length > bytes.length - start) return fault('attribute-length');
    const outcome = decodeAttributes(hopAttributes, bytes.subarray(start + HOP_HEADER_LENGTH, start + length));
    if (!outcome.ok) return outcome;
    const hop = readHop(family, outcome.value);
    if (!hop.ok) return hop;
    const { flow } = outcome.value;
    const outputInterface = view.getUint32(start + 4, true);
    hops.push({
      flags: view.getUint8(start + 2),
      weight: view.getUint8(start + 3) + 1,
      ...(outputInterface === 0 ? {} : { outputInterface }),
      ...hop.value,
      ...(flow === undefined ? {} : { flow }),
    });
    start += (length + 3) & ~3;
  }
  return hops.length === 0 ? fault('attribute-value') : ok(hops);
}

/** The value of RTA_MULTIPATH. */
export function encodeNextHops(family: Family, hops: readonly NextHopMessage[]): Uint8Array {
  return concatBytes(
    ...hops.map(({ flags, weight, outputInterface = 0, flow, ...hop }) => {
      assert(Number.isInteger(weight) && weight >= 1 && weight <= 256, `a weight is from 1 to 256, not ${weight}`);
      const values = { ...writeHop(family, hop), ...(flow === undefined ? {} : { flow }) };
      const attributes = encodeAttributes(hopAttributes, values);
      const header = new Uint8Array(HOP_HEADER_LENGTH);
      const view = viewOf(header);
      view.setUint16(0, HOP_HEADER_LENGTH + attributes.length, true);
      view.setUint8(2, flags);
      view.setUint8(3, weight - 1);
      view.setUint32(4, outputInterface, true);
      return concatBytes(header, attributes);
    }),
  );
}
