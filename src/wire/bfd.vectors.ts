/** BFD Control packets. */
import { microseconds, milliseconds, seconds, ZERO } from '../base/time.ts';
import type { BfdPacket } from './bfd.ts';
import { KEEPALIVED, type Vector } from './vector.ts';

const base: BfdPacket = {
  diagnostic: 0,
  state: 'Down',
  poll: false,
  final: false,
  controlPlaneIndependent: false,
  demand: false,
  detectMultiplier: 3,
  myDiscriminator: 0xf73dd155,
  yourDiscriminator: 0,
  desiredMinTransmit: seconds(1),
  requiredMinReceive: milliseconds(50),
  requiredMinEchoReceive: ZERO,
};

export const bfdVectors: readonly Vector<BfdPacket>[] = [
  {
    name: 'the first packet, to somebody who is not known',
    source: KEEPALIVED,
    bytes: '20 40 03 18 f73dd155 00000000 000f4240 0000c350 00000000',
    value: base,
  },
  {
    name: 'Init, as an answer',
    source: KEEPALIVED,
    bytes: '20 80 03 18 f73dd155 2fc74c0d 000f4240 0000c350 00000000',
    value: { ...base, state: 'Init', yourDiscriminator: 0x2fc74c0d },
  },
  {
    name: 'Up, with Poll',
    source: KEEPALIVED,
    bytes: '20 e0 03 18 2fc74c0d f73dd155 000186a0 00011170 00000000',
    value: {
      ...base,
      state: 'Up',
      poll: true,
      myDiscriminator: 0x2fc74c0d,
      yourDiscriminator: 0xf73dd155,
      desiredMinTransmit: milliseconds(100),
      requiredMinReceive: milliseconds(70),
    },
  },
  {
    name: 'all fields, by the diagram of RFC 5880 §4.1',
    source: 'computed by hand',
    bytes: '27 1a ff 18 00000001 ffffffff 00000001 ffffffff 0000000f',
    value: {
      diagnostic: 7,
      state: 'AdminDown',
      poll: false,
      final: true,
      controlPlaneIndependent: true,
      demand: true,
      detectMultiplier: 255,
      myDiscriminator: 1,
      yourDiscriminator: 0xffffffff,
      desiredMinTransmit: microseconds(1),
      requiredMinReceive: microseconds(0xffffffff),
      requiredMinEchoReceive: microseconds(15),
    },
  },
];
