/** The services of the kernel that a virtual server stands for: one, or one for each address and mark of a group. linux/ip_vs.h. */
import {
  addressBytes,
  addressFromBytes,
  compareAddresses,
  type Family,
  type IpAddress,
  maxPrefixLength,
} from '../base/address.ts';
import { assertNever } from '../base/assert.ts';
import type { ServiceKey } from '../wire/ipvs.ts';
import type { AddressRange, Granularity, GroupMember, VirtualServer } from './virtual-server.ts';

/** More addresses than a range of a director has; what lies beyond them in a range is not served. */
export const RANGE_MAX = 65536;

/** What the services are made from. */
type Served = Pick<VirtualServer, 'target' | 'family' | 'protocol'>;

/** The keys of its services, in the order of the file, each once. */
export function servicesOf({ target, family = 'inet', protocol = 'UDP' }: Served): ServiceKey[] {
  switch (target.kind) {
    case 'group':
      return target.members.flatMap((one) => [...keysOf(one, family, protocol)]);
    case 'fwmark':
      return [{ kind: 'fwmark', family, fwmark: target.fwmark }];
    case 'address':
      return [{ kind: 'address', family, protocol, address: target.address, port: target.port }];
    default:
      return assertNever(target);
  }
}

function* keysOf(
  member: GroupMember,
  family: Family,
  protocol: NonNullable<VirtualServer['protocol']>,
): Generator<ServiceKey> {
  if (member.kind === 'fwmark') {
    yield { kind: 'fwmark', family: member.family ?? family, fwmark: member.fwmark };
    return;
  }
  for (const address of addressesOf(member)) {
    yield { kind: 'address', family: member.family, protocol, address, port: member.port };
  }
}

/** The addresses from the first to the last, at most `RANGE_MAX`. */
export function* addressesOf({ first, last }: Pick<AddressRange, 'first' | 'last'>): Generator<IpAddress> {
  let address = first;
  for (let count = 0; count < RANGE_MAX; count++) {
    yield address;
    if (compareAddresses(address, last) >= 0) return;
    address = next(address);
  }
}

function next(address: IpAddress): IpAddress {
  const bytes = addressBytes(address).slice();
  for (let i = bytes.length - 1; i >= 0; i--) {
    const byte = ((bytes[i] ?? 0) + 1) & 0xff;
    bytes[i] = byte;
    if (byte !== 0) break;
  }
  return addressFromBytes(bytes);
}

/** Length of the prefix that counts as one client, as far as a length can say it. */
export function granularityOf({ persistenceGranularity: granularity }: VirtualServer, family: Family): number {
  if (granularity === undefined || granularity.family !== family) return maxPrefixLength(family);
  if (granularity.family === 'inet6') return granularity.prefixLength;
  return prefixLengthOf(granularity.mask) ?? maxPrefixLength('inet');
}

/** Of an IPv4 mask; undefined when it has a hole. */
export function prefixLengthOf(mask: IpAddress): number | undefined {
  const bits = Array.from(addressBytes(mask), (byte) => byte.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined;
}

/** As it stands in a file: a mask, or the length of a prefix. */
export const granularityText = (granularity: Granularity): string =>
  granularity.family === 'inet' ? granularity.mask : String(granularity.prefixLength);
