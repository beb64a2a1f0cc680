/**
 * Which packets with an Authentication Header are new. RFC 2402 §3.3.2, §3.4.3.
 *
 * A virtual router has one counter for what it sends and what it accepts, as keepalived has: the password, and with it
 * the counter, is the one of all routers of the group, and whoever becomes Master goes on where the former one was. So
 * a router that starts again at 1 is not heard before it has heard the others, which happens with their first answer.
 * There is no window: keepalived refuses everything that is not above the last number.
 */

import { SEQUENCE_NUMBER_MAX } from '../wire/authentication-header.ts';

/** The counter before the first packet. */
export const FIRST_COUNTER = 0;

/**
 * The counter after a packet whose digest was right; undefined when the packet is an old one, and to be refused.
 * @param counter the last number sent or accepted
 */
export const acceptSequenceNumber = (counter: number, received: number): number | undefined =>
  received > counter ? received : undefined;

/** The number of the next packet to be sent, which is the counter afterwards. The largest stays: RFC 2402 §3.3.2. */
export const nextSequenceNumber = (counter: number): number => Math.min(counter + 1, SEQUENCE_NUMBER_MAX);
