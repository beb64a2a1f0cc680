/**
 * rtnetlink: addresses, and what all of its messages share. rtnetlink(7), linux/rtnetlink.h, linux/if_addr.h.
 *
 * Bodies only: the header around them is in netlink.ts. Interfaces are in rtnetlink-link.ts, routes in rtnetlink-route.ts, rules in rtnetlink-rule.ts.
 */

import { type Family, familyOf, type IpAddress, maxPrefixLength } from '../base/address.ts';
import { assert } from '../base/assert.ts';
import { concatBytes, viewOf } from '../base/bytes.ts';
import { fault, ok, type Result } from '../base/result.ts';
import { type AttributeFault, attributeTable, decodeAttributes, encodeAttributes } from './netlink-attributes.ts';

/** Message types: RTM_* in linux/rtnetlink.h. */
export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;

/** Multicast groups: enum rtnetlink_groups in linux/rtnetlink.h. */
export const RTNLGRP_IPV4_IFADDR = 5;
export const RTNLGRP_IPV6_IFADDR = 9;

/** Who added an address or a route: RTPROT_KEEPALIVED in linux/rtnetlink.h, the mark of all that is ours. */
export const RTPROT_KEEPALIVED = 18;

/** Address flags: IFA_F_* in linux/if_addr.h. */
export const IFA_F_SECONDARY = 0x01;
export const IFA_F_NODAD = 0x02;
export const IFA_F_DADFAILED = 0x08;
export const IFA_F_HOMEADDRESS = 0x10;
export const IFA_F_DEPRECATED = 0x20;
export const IFA_F_TENTATIVE = 0x40;
export const IFA_F_PERMANENT = 0x80;
export const IFA_F_MANAGETEMPADDR = 0x100;
export const IFA_F_NOPREFIXROUTE = 0x200;
export const IFA_F_MCAUTOJOIN = 0x400;

/** AF_INET and AF_INET6 in bits/socket.h, as they stand in the family field of every rtnetlink message. */
const FAMILY_NUMBERS: { readonly [F in Family]: number } = { inet: 2, inet6: 10 };

/** The kernel's number of a family; 0 (AF_UNSPEC) for any. */
export const familyNumber = (family: Family | undefined): number => (family === undefined ? 0 : FAMILY_NUMBERS[family]);

/** The family of a number; undefined for the many that we do not serve. */
export const familyOfNumber = (number: number): Family | undefined =>
  number === FAMILY_NUMBERS.inet ? 'inet' : number === FAMILY_NUMBERS.inet6 ? 'inet6' : undefined;

/** Why a body cannot be read. `family`: not wrong, but of a family that we do not serve. */
export type RtnetlinkFault = 'too-short' | 'family' | 'prefix-length' | 'hardware-address' | AttributeFault;

//  struct ifaddrmsg, linux/if_addr.h
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +---------------+---------------+---------------+---------------+
//  |    Family     | Prefix length |     Flags     |     Scope     |
//  +---------------+---------------+---------------+---------------+
//  |                        Interface index                        |
//  +---------------------------------------------------------------+

const ADDRESS_HEADER_LENGTH = 8;

/** enum in linux/if_addr.h; keepalived sends IFA_LOCAL before IFA_ADDRESS. */
const addressAttributes = attributeTable({
  local: [2, 'IFA_LOCAL', 'address'],
  address: [1, 'IFA_ADDRESS', 'address'],
  label: [3, 'IFA_LABEL', 'string'],
  broadcast: [4, 'IFA_BROADCAST', 'address'],
  cacheInfo: [6, 'IFA_CACHEINFO', 'bytes'],
  flags: [8, 'IFA_FLAGS', 'u32'],
  protocol: [11, 'IFA_PROTO', 'u8'],
});

/** An address of an interface: the body of RTM_NEWADDR and RTM_DELADDR. */
export interface AddressMessage {
  readonly family: Family;
  /** 0-32 or 0-128. */
  readonly prefixLength: number;
  /** IFA_F_*; all 32 bits, of which the header has the lower 8 and IFA_FLAGS the whole. */
  readonly flags: number;
  /** RT_SCOPE_* of linux/rtnetlink.h: 0 universe, 200 site, 253 link, 254 host. */
  readonly scope: number;
  readonly interfaceIndex: number;
  /** IFA_LOCAL: the address itself. IPv6 has it on point-to-point interfaces only, else just `address`. */
  readonly local?: IpAddress;
  /** IFA_ADDRESS: the same, or the other end of a point-to-point interface. */
  readonly address?: IpAddress;
  /** IFA_LABEL: IPv4 only, at most 15 bytes. */
  readonly label?: string;
  readonly broadcast?: IpAddress;
  /** IFA_CACHEINFO: lifetimes and time stamps. */
  readonly cacheInfo?: AddressCacheInfo;
  /** IFA_PROTO, Linux 5.18 and later: who added the address; 1-3 are the kernel, 0 (absent) is nobody in particular. */
  readonly protocol?: number;
}

/** struct ifa_cacheinfo. Lifetimes in seconds, 0xffffffff is forever; stamps in hundredths of a second since boot. */
export interface AddressCacheInfo {
  readonly preferredLifetime: number;
  readonly validLifetime: number;
  readonly createdStamp: number;
  readonly updatedStamp: number;
}

/** Reads the body of RTM_NEWADDR or RTM_DELADDR. */
export function decodeAddress(body: Uint8Array): Result<AddressMessage, RtnetlinkFault> {
  if (body.length < ADDRESS_HEADER_LENGTH) return fault('too-short');
  const view = viewOf(body);
  const family = familyOfNumber(view.getUint8(0));
  if (family === undefined) return fault('family');
  const prefixLength = view.getUint8(1);
  if (prefixLength > maxPrefixLength(family)) return fault('prefix-length');
  const outcome = decodeAttributes(addressAttributes, body.subarray(ADDRESS_HEADER_LENGTH));
  if (!outcome.ok) return outcome;
  const { flags, cacheInfo, ...attributes } = outcome.value;
  const { local, address, broadcast } = attributes;
  if ([local, address, broadcast].some((value) => value !== undefined && familyOf(value) !== family)) {
    return fault('attribute-value');
  }
  if (cacheInfo !== undefined && cacheInfo.length < CACHE_INFO_LENGTH) return fault('attribute-value');
  return ok({
    family,
    prefixLength,
    flags: flags ?? view.getUint8(2),
    scope: view.getUint8(3),
    interfaceIndex: view.getUint32(4, true),
    ...attributes,
    ...(cacheInfo === undefined ? {} : { cacheInfo: decodeCacheInfo(cacheInfo) }),
  });
}

/** The body of RTM_NEWADDR or RTM_DELADDR. IFA_FLAGS is only sent when the header cannot hold the flags. */
export function encodeAddress(message: AddressMessage): Uint8Array {
  const { family, prefixLength, flags, scope, interfaceIndex, cacheInfo, ...attributes } = message;
  const { local, address, broadcast } = attributes;
  assert(prefixLength >= 0 && prefixLength <= maxPrefixLength(family), `no prefix length: ${prefixLength}`);
  for (const value of [local, address, broadcast])
    assert(value === undefined || familyOf(value) === family, 'one family');
  const header = new Uint8Array(ADDRESS_HEADER_LENGTH);
  const view = viewOf(header);
  view.setUint8(0, familyNumber(family));
  view.setUint8(1, prefixLength);
  view.setUint8(2, flags & 0xff);
  view.setUint8(3, scope);
  view.setUint32(4, interfaceIndex, true);
  const values = {
    ...attributes,
    ...(flags > 0xff ? { flags } : {}),
    ...(cacheInfo === undefined ? {} : { cacheInfo: encodeCacheInfo(cacheInfo) }),
  };
  return concatBytes(header, encodeAttributes(addressAttributes, values));
}

/** The body of a dump request (RTM_GETADDR). @param family undefined: every family */
export function encodeAddressRequest(family?: Family): Uint8Array {
  return Uint8Array.of(familyNumber(family), 0, 0, 0, 0, 0, 0, 0);
}

const CACHE_INFO_LENGTH = 16;

function decodeCacheInfo(bytes: Uint8Array): AddressCacheInfo {
  const view = viewOf(bytes);
  return {
    preferredLifetime: view.getUint32(0, true),
    validLifetime: view.getUint32(4, true),
    createdStamp: view.getUint32(8, true),
    updatedStamp: view.getUint32(12, true),
  };
}

function encodeCacheInfo(info: AddressCacheInfo): Uint8Array {
  const bytes = new Uint8Array(CACHE_INFO_LENGTH);
  const { preferredLifetime, validLifetime, createdStamp, updatedStamp } = info;
  const view = viewOf(bytes);
  for (const [i, value] of [preferredLifetime, validLifetime, createdStamp, updatedStamp].entries()) {
    view.setUint32(i * 4, value, true);
  }
  return bytes;
}
