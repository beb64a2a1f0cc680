/**
 * Which address of an interface advertisements are sent from when none is configured. RFC 5798 §1.3 "Primary IP Address",
 * §5.1.1.1, §5.1.2.1.
 */
import { type Family, familyOf, type IpAddress, isLinkLocal } from '../base/address.ts';
import { HOLDFAST_PROTOCOL } from './addresses.ts';

/** What is to be known of an address of the interface. */
export interface SourceCandidate {
  readonly address: IpAddress;
  /** Of IPv4: not the first of its network. */
  readonly secondary: boolean;
  /** Of IPv6: not to be used, now or ever. */
  readonly tentative?: true | undefined;
  /** Of IPv6: not to be preferred. */
  readonly deprecated?: true | undefined;
  /** Who added it. */
  readonly protocol?: number | undefined;
}

/**
 * Of IPv4 the first address that is neither secondary nor virtual, of IPv6 the first such link-local one; a deprecated
 * one only where there is no other. Virtual addresses move to another router, so they are never our own.
 * @param candidates the addresses of the interface in the kernel's order
 * @param virtual all virtual addresses of the configuration
 * @returns undefined when there is none: keepalived.conf(5) calls the instance's state FAULT then
 */
export function sourceAddress(
  family: Family,
  candidates: readonly SourceCandidate[],
  virtual: ReadonlySet<IpAddress>,
): IpAddress | undefined {
  const usable = candidates.filter(
    ({ address, secondary, tentative, protocol }) =>
      familyOf(address) === family &&
      (family === 'inet' || isLinkLocal(address)) &&
      !secondary &&
      !tentative &&
      protocol !== HOLDFAST_PROTOCOL &&
      !virtual.has(address),
  );
  return (usable.find(({ deprecated }) => !deprecated) ?? usable[0])?.address;
}
