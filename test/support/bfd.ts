/** What the other end of a BFD session says. */
import { milliseconds, seconds, ZERO } from '../../src/base/time.ts';
import type { BfdPacket } from '../../src/wire/bfd.ts';

/** While it is down and does not know us. */
export const DOWN: BfdPacket = {
  diagnostic: 0,
  state: 'Down',
  poll: false,
  final: false,
  controlPlaneIndependent: false,
  demand: false,
  detectMultiplier: 3,
  myDiscriminator: 77,
  yourDiscriminator: 0,
  desiredMinTransmit: seconds(1),
  requiredMinReceive: milliseconds(50),
  requiredMinEchoReceive: ZERO,
};
