/**
 * BFD Control packets without authentication: RFC 5880 §4.1, over UDP (RFC 5881 §4, RFC 5883 §5).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |Vers |  Diag   |Sta|P|F|C|A|D|M|  Detect Mult  |    Length     |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                       My Discriminator                        |
 *     |                      Your Discriminator                       |
 *     |                    Desired Min TX Interval                    |
 *     |                   Required Min RX Interval                    |
 *     |                 Required Min Echo RX Interval                 |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import { assert } from '../base/assert.ts';
import { fault, ok, type Result } from '../base/result.ts';
import { type Duration, microseconds } from '../base/time.ts';

/** RFC 5881 §4: the port of single-hop sessions. */
export const BFD_PORT = 3784;
/** RFC 5883 §5: the port of sessions over several hops. */
export const BFD_MULTIHOP_PORT = 4784;

/** State (Sta), by its number. */
export const bfdStates = ['AdminDown', 'Down', 'Init', 'Up'] as const;
export type BfdSessionState = (typeof bfdStates)[number];

export interface BfdPacket {
  /** 0-31: why the session was down last; RFC 5880 §4.1. */
  readonly diagnostic: number;
  readonly state: BfdSessionState;
  readonly poll: boolean;
  readonly final: boolean;
  /** The sender's BFD does not share the fate of its control plane. */
  readonly controlPlaneIndependent: boolean;
  readonly demand: boolean;
  /** 1-255 */
  readonly detectMultiplier: number;
  /** 1 to 2^32 - 1 */
  readonly myDiscriminator: number;
  /** 0: not known yet. */
  readonly yourDiscriminator: number;
  readonly desiredMinTransmit: Duration;
  /** Zero: it wants no periodic packets at all. */
  readonly requiredMinReceive: Duration;
  /** Zero: it does not take echo packets. */
  readonly requiredMinEchoReceive: Duration;
}

/** Why bytes are no packet to look at: RFC 5880 §6.8.6. */
export type BfdFault =
  | 'too-short'
  | 'version'
  | 'length'
  | 'detect-multiplier'
  | 'multipoint'
  /** It is authenticated, and we have not agreed to that. */
  | 'authentication'
  | 'my-discriminator'
  /** It is further than Down without knowing us. */
  | 'your-discriminator';

const VERSION = 1;
const LENGTH = 24;
const POLL = 0x20;
const FINAL = 0x10;
const CONTROL_PLANE_INDEPENDENT = 0x08;
const AUTHENTICATION = 0x04;
const DEMAND = 0x02;
const MULTIPOINT = 0x01;

/** Reads the payload of a datagram; what stands behind the packet is passed over. Never throws. */
export function decodeBfd(bytes: Uint8Array): Result<BfdPacket, BfdFault> {
  if (bytes.length < LENGTH) return fault('too-short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint8(0);
  const flags = view.getUint8(1);
  const length = view.getUint8(3);
  if (first >> 5 !== VERSION) return fault('version');
  if (length < LENGTH || length > bytes.length) return fault('length');
  const detectMultiplier = view.getUint8(2);
  if (detectMultiplier === 0) return fault('detect-multiplier');
  if ((flags & MULTIPOINT) !== 0) return fault('multipoint');
  const myDiscriminator = view.getUint32(4);
  if (myDiscriminator === 0) return fault('my-discriminator');
  const yourDiscriminator = view.getUint32(8);
  const state = bfdStates[flags >> 6] as BfdSessionState;
  if (yourDiscriminator === 0 && (state === 'Init' || state === 'Up')) return fault('your-discriminator');
  if ((flags & AUTHENTICATION) !== 0) return fault('authentication');
  return ok({
    diagnostic: first & 0x1f,
    state,
    poll: (flags & POLL) !== 0,
    final: (flags & FINAL) !== 0,
    controlPlaneIndependent: (flags & CONTROL_PLANE_INDEPENDENT) !== 0,
    demand: (flags & DEMAND) !== 0,
    detectMultiplier,
    myDiscriminator,
    yourDiscriminator,
    desiredMinTransmit: microseconds(view.getUint32(12)),
    requiredMinReceive: microseconds(view.getUint32(16)),
    requiredMinEchoReceive: microseconds(view.getUint32(20)),
  });
}

export function encodeBfd(packet: BfdPacket): Uint8Array {
  const { diagnostic, state, detectMultiplier, myDiscriminator, yourDiscriminator } = packet;
  assert(diagnostic >= 0 && diagnostic <= 0x1f, 'a diagnostic has five bits');
  assert(detectMultiplier >= 1 && detectMultiplier <= 0xff, 'Detect Mult is 1-255');
  assert(myDiscriminator !== 0, 'My Discriminator is not zero');
  const bytes = new Uint8Array(LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, (VERSION << 5) | diagnostic);
  view.setUint8(
    1,
    (bfdStates.indexOf(state) << 6) |
      (packet.poll ? POLL : 0) |
      (packet.final ? FINAL : 0) |
      (packet.controlPlaneIndependent ? CONTROL_PLANE_INDEPENDENT : 0) |
      (packet.demand ? DEMAND : 0),
  );
  view.setUint8(2, detectMultiplier);
  view.setUint8(3, LENGTH);
  view.setUint32(4, myDiscriminator);
  view.setUint32(8, yourDiscriminator);
  view.setUint32(12, packet.desiredMinTransmit);
  view.setUint32(16, packet.requiredMinReceive);
  view.setUint32(20, packet.requiredMinEchoReceive);
  return bytes;
}
