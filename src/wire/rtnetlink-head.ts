/** What the messages about routes and those about rules have in common: their header, and prefixes. linux/rtnetlink.h. */

import { addressLength, type Family, familyOf, type IpAddress, maxPrefixLength } from '../base/address.ts';
import { assert } from '../base/assert.ts';
import { viewOf } from '../base/bytes.ts';
import { fault, ok, type Result } from '../base/result.ts';
import { familyNumber, familyOfNumber, type RtnetlinkFault } from './rtnetlink.ts';

/** RT_TABLE_UNSPEC and RT_TABLE_MAIN in linux/rtnetlink.h. */
export const RT_TABLE_UNSPEC = 0;
export const RT_TABLE_MAIN = 254;

/** struct rtmsg and struct fib_rule_hdr. */
export const HEAD_LENGTH = 12;

/** An address and how many of its first bits count. */
export interface Prefix {
  readonly address: IpAddress;
  /** 0-32 or 0-128. */
  readonly prefixLength: number;
}

/**
 * The body of a dump request (RTM_GETROUTE, RTM_GETRULE).
 * @param family undefined: every family
 * @param protocol 0: every one; of routes only
 */
export const encodeRouteRequest = (family?: Family, protocol = 0): Uint8Array =>
  Uint8Array.of(familyNumber(family), 0, 0, 0, 0, protocol, 0, 0, 0, 0, 0, 0);

/** The header, as far as both have it. */
export interface Head {
  readonly family: Family;
  readonly destinationLength: number;
  readonly sourceLength: number;
  /** Of the whole body. */
  readonly view: DataView;
}

export function decodeHead(body: Uint8Array): Result<Head, RtnetlinkFault> {
  if (body.length < HEAD_LENGTH) return fault('too-short');
  const view = viewOf(body);
  const family = familyOfNumber(view.getUint8(0));
  if (family === undefined) return fault('family');
  const destinationLength = view.getUint8(1);
  const sourceLength = view.getUint8(2);
  if (Math.max(destinationLength, sourceLength) > maxPrefixLength(family)) return fault('prefix-length');
  return ok({ family, destinationLength, sourceLength, view });
}

/** @param bytes the fourth to the eighth byte of the header */
export function encodeHead(
  family: Family,
  destination: Prefix | undefined,
  source: Prefix | undefined,
  bytes: readonly number[],
  flags: number,
): Uint8Array {
  assert(allOf(family, destination?.address, source?.address), 'the prefixes are of the family of the message');
  for (const prefix of [destination, source]) {
    const length = prefix?.prefixLength ?? 0;
    assert(length >= 0 && length <= maxPrefixLength(family), `no prefix length: ${length}`);
  }
  const header = Uint8Array.of(
    familyNumber(family),
    destination?.prefixLength ?? 0,
    source?.prefixLength ?? 0,
    ...bytes,
    ...[0, 0, 0, 0],
  );
  viewOf(header).setUint32(8, flags, true);
  return header;
}

/** Where the number of a table stands: those above 255 do not fit into the header. */
export const encodeTable = (
  table: number,
): { readonly byte: number; readonly attribute: { readonly table?: number } } =>
  table <= 0xff ? { byte: table, attribute: {} } : { byte: RT_TABLE_UNSPEC, attribute: { table } };

/** Whether the given ones are all of the family. */
export const allOf = (family: Family, ...addresses: readonly (IpAddress | undefined)[]): boolean =>
  addresses.every((address) => address === undefined || familyOf(address) === family);

/** A prefix length without its address means the address of zeros; no length and no address mean no prefix. */
export function prefixOf<Key extends 'destination' | 'source'>(
  key: Key,
  family: Family,
  address: IpAddress | undefined,
  prefixLength: number,
): { readonly [K in Key]?: Prefix } {
  if (address === undefined && prefixLength === 0) return {};
  const unspecified = (addressLength(family) === 4 ? '0.0.0.0' : '::') as IpAddress;
  return { [key]: { address: address ?? unspecified, prefixLength } } as { [K in Key]?: Prefix };
}
