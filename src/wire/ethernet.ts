/**
 * Ethernet hardware addresses as text,, the VRRP virtual router's own, and those of multicast.
 *
 * Like `IpAddress`, a `Mac` has one form only (lower case, colons), so that equality is `===`.
 */

import { addressBytes, type Family, type IpAddress } from '../base/address.ts';
import { assert } from '../base/assert.ts';

/** A 48-bit hardware address, e.g. `00:00:5e:00:01:33`. Made by `parseMac` and `macFromBytes` only. */
export type Mac = string & { readonly __brand: 'Mac' };

/** `ff:ff:ff:ff:ff:ff` */
export const BROADCAST_MAC = 'ff:ff:ff:ff:ff:ff' as Mac;

/** `00:00:00:00:00:00` */
export const ZERO_MAC = '00:00:00:00:00:00' as Mac;

/** Reads six pairs of hexadecimal digits between colons; undefined unless the whole text is that. */
export function parseMac(text: string): Mac | undefined {
  return /^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/.test(text) ? (text.toLowerCase() as Mac) : undefined;
}

/** The address of exactly six bytes. */
export function macFromBytes(bytes: Uint8Array): Mac {
  assert(bytes.length === 6, `a hardware address has 6 bytes, not ${bytes.length}`);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':') as Mac;
}

/** The six bytes of an address. */
export const macBytes = (mac: Mac): Uint8Array => Uint8Array.from(mac.split(':'), (pair) => Number.parseInt(pair, 16));

/** Virtual Router MAC Address: 00-00-5E-00-01-{VRID}, for IPv6 00-00-5E-00-02-{VRID}. RFC 5798 §7.3. @param vrid 1-255 */
export function virtualMac(vrid: number, family: Family = 'inet'): Mac {
  assert(vrid >= 1 && vrid <= 255, `a VRID is from 1 to 255, not ${vrid}`);
  return `00:00:5e:00:0${family === 'inet' ? 1 : 2}:${vrid.toString(16).padStart(2, '0')}` as Mac;
}

/** Where Ethernet takes an IPv6 multicast: 33-33 and the last four bytes of the group. RFC 2464 §7. */
export const multicastMac = (group: IpAddress): Mac =>
  macFromBytes(Uint8Array.of(0x33, 0x33, ...addressBytes(group).subarray(-4)));
