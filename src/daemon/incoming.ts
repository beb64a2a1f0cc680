/**
 * A received packet as far as it is the same for all routers: addresses, TTL, and the VRRP message in it; and the check of
 * an Authentication Header, which only the router that it is for can make.
 */
import { familyOf, type IpAddress } from '../base/address.ts';
import { fault, ok, type Result } from '../base/result.ts';
import type { Instant } from '../base/time.ts';
import { acceptSequenceNumber } from '../vrrp/sequence-number.ts';
import {
  AUTHENTICATION_HEADER_PROTOCOL,
  type AuthenticationFault,
  decodeAuthenticated,
  decodeAuthenticationHeader,
  type KeyedDigest,
} from '../wire/authentication-header.ts';
import { decodeIpv4, type Ipv4Fault } from '../wire/ipv4.ts';

/** A packet as the VRRP socket of an ear received it. */
export interface IncomingPacket {
  /** IPv4: with its header. IPv6: the message alone. */
  readonly bytes: Uint8Array;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly ttl: number;
  readonly receivedAt: Instant;
}

/** What is in it, before anybody has looked whether it is true. */
export interface Opened {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly ttl: number;
  /** The VRRP message. */
  readonly message: Uint8Array;
}

/** Why an Authentication Header is refused. */
export type HeaderFault = Exclude<AuthenticationFault, Ipv4Fault> | 'authentication-header-replay';

/** Octet of the VRID in a VRRP message of either version. */
const VRID_OFFSET = 1;

/** Takes the headers off. Never throws. */
export function openPacket({ bytes, source, destination, ttl }: IncomingPacket): Result<Opened, Ipv4Fault> {
  if (familyOf(source) === 'inet6') return ok({ source, destination, ttl, message: bytes });
  const packet = decodeIpv4(bytes);
  if (!packet.ok) return packet;
  const { protocol, payload, ...outer } = packet.value;
  const header = protocol === AUTHENTICATION_HEADER_PROTOCOL ? decodeAuthenticationHeader(payload) : undefined;
  const message = header === undefined ? payload : header.ok ? header.value.payload : NOTHING;
  return ok({ source: outer.source, destination: outer.destination, ttl: outer.ttl, message });
}

/** The VRID of a message; undefined when it is shorter than that. */
export const vridOf = ({ message }: Opened): number | undefined => message[VRID_OFFSET];

/**
 * Whether the Authentication Header is there, right, and newer than the last one.
 * @param counter the last number sent or accepted
 * @returns the counter from now on
 */
export function authenticate(bytes: Uint8Array, digest: KeyedDigest, counter: number): Result<number, HeaderFault> {
  const outcome = decodeAuthenticated(bytes, digest);
  // the outer header has been read before
  if (!outcome.ok) return fault(outcome.reason as HeaderFault);
  const accepted = acceptSequenceNumber(counter, outcome.value.sequenceNumber);
  return accepted === undefined ? fault('authentication-header-replay') : ok(accepted);
}

const NOTHING = new Uint8Array(0);
