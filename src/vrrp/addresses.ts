/**
 * Which addresses to add and which to remove, so that an interface has exactly what a virtual router should hold now.
 *
 * Start, taking over, giving up, reload and repair are the same call with another `desired`. An address is ours when it
 * carries our mark and the configuration names it; everything else is left alone, also when it stands where one of ours
 * should be. How an address is added is left to the caller.
 */

import { familyOf, type IpAddress } from '../base/address.ts';
import { planOwnership } from './ownership.ts';

/**
 * The mark on our addresses: `IFA_PROTO` (linux/if_addr.h), the number that rtnetlink(7) calls RTPROT_KEEPALIVED.
 * keepalived 2.3 and later set it too; 2.2.7 does not, so that what a killed one left behind is foreign here.
 */
export const HOLDFAST_PROTOCOL = 18;

/** An address on an interface. */
export interface InterfaceAddress {
  readonly interface: string;
  readonly address: IpAddress;
  /** 0-32 or 0-128 */
  readonly prefixLength: number;
}

/** An address as the kernel reports it. */
export interface ActualAddress extends InterfaceAddress {
  /** `IFA_PROTO`, 1-255: who added it. Undefined: nobody said. */
  readonly protocol?: number | undefined;
}

export interface AddressesInput<Desired extends InterfaceAddress> {
  /** What the kernel has, in its order. */
  readonly actual: readonly ActualAddress[];
  /** What should be held: all virtual addresses of a Master, none of another state. */
  readonly desired: readonly Desired[];
  /** What may be ours, whatever its prefix length: all virtual addresses, of the configuration before a reload too. */
  readonly known: readonly InterfaceAddress[];
  /** False on a kernel without `IFA_PROTO` (before Linux 5.18): every known address is ours then. */
  readonly kernelKeepsProtocol?: boolean;
}

/** What is to be done, in this order; everything empty when `actual` is as desired. */
export interface AddressPlan<Desired extends InterfaceAddress> {
  /** Rows of ours that keep an addition from succeeding: IPv6 has an address once, with one prefix length. */
  readonly removeFirst: readonly ActualAddress[];
  /** In the order of `desired`. */
  readonly add: readonly Desired[];
  /** The last one first, so that no removal of a primary IPv4 address takes its secondaries along. */
  readonly remove: readonly ActualAddress[];
  /** Desired, but there already without our mark: neither added nor ever removed. */
  readonly foreign: readonly Desired[];
}

/** The difference between the addresses that are there and the ones that should be. */
export function planAddresses<Desired extends InterfaceAddress>(input: AddressesInput<Desired>): AddressPlan<Desired> {
  const { actual, desired, known, kernelKeepsProtocol = true } = input;
  const named = new Set([...known, ...desired].map(placeOf));
  const { add, remove, foreign } = planOwnership<ActualAddress, Desired>({
    actual,
    desired,
    rowOf,
    placeOf,
    isMarked: (row) => !kernelKeepsProtocol || row.protocol === HOLDFAST_PROTOCOL,
    isKnown: (row) => named.has(placeOf(row)),
  });
  const additions = new Set(add.map(placeOf));
  const isInTheWay = (row: ActualAddress): boolean => familyOf(row.address) === 'inet6' && additions.has(placeOf(row));
  return {
    removeFirst: remove.filter(isInTheWay),
    add,
    remove: remove.filter((row) => !isInTheWay(row)),
    foreign,
  };
}

/** Where an address is, whatever its prefix length. */
const placeOf = (row: InterfaceAddress): string => `${row.interface} ${row.address}`;

const rowOf = (row: InterfaceAddress): string => `${placeOf(row)}/${row.prefixLength}`;
