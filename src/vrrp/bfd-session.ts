/**
 * One BFD session as a pure function: asynchronous mode of RFC 5880 §6.8, without authentication and without echo.
 *
 *     Down ── Down heard ──▶ Init ── Init or Up heard ──▶ Up      (RFC 5880 §6.2)
 *     Down ── Init heard ─────────────────────────────▶ Up
 *     Init, Up ── Down heard, or nothing heard for Detection Time ──▶ Down
 *
 * Packets arrive here decoded and admitted (daemon/bfd-sessions.ts has their TTL and finds the session). Time comes in as
 * `now`, a state holds its own deadlines, and `random` gives the jitter.
 */
import { assertNever } from '../base/assert.ts';
import { type Duration, earliest, type Instant, later, scale, seconds } from '../base/time.ts';
import type { BfdPacket, BfdSessionState } from '../wire/bfd.ts';

export interface BfdSessionConfig {
  /** How often we want to send while the session is up. */
  readonly minTransmit: Duration;
  /** How often the other end may send. */
  readonly minReceive: Duration;
  /** How often we send while it is not up; at least a second (RFC 5880 §6.8.3). */
  readonly idleTransmit: Duration;
  /** 1-255 */
  readonly multiplier: number;
  /** Say nothing before the other end has spoken. */
  readonly passive: boolean;
}

/** RFC 5880 §4.1, "Diagnostic". */
export const DIAGNOSTICS = {
  none: 0,
  detectionTimeExpired: 1,
  neighborSignaledDown: 3,
  administrativelyDown: 7,
} as const;

/** RFC 5880 §6.8.1 by its names, and the deadlines. */
export interface BfdSession {
  readonly sessionState: BfdSessionState;
  readonly remoteState: BfdSessionState;
  /** 1 to 2^32 - 1, another one for each session of the host. */
  readonly localDiscriminator: number;
  /** 0: not known. */
  readonly remoteDiscriminator: number;
  readonly localDiagnostic: number;
  readonly remoteDiagnostic: number;
  readonly remoteMinReceive: Duration;
  readonly remoteDesiredMinTransmit: Duration;
  readonly remoteMultiplier: number;
  readonly remoteDemand: boolean;
  /** A Poll Sequence is under way. */
  readonly isPolling: boolean;
  /** What the detection of the other end is computed with, until the Poll Sequence has ended: RFC 5880 §6.8.3. */
  readonly receiveInForce: Duration;
  /** The interval that we send at while an increase waits for the end of the Poll Sequence; absent: nothing waits. */
  readonly transmitInForce?: Duration;
  /** When we send next; absent: not by ourselves. */
  readonly sendAt?: Instant;
  /** When we sent last, in turn. */
  readonly sentAt?: Instant;
  /** 0-1: how much of the jitter the interval since then has. */
  readonly jitter: number;
  /** When the other end counts as gone; absent: nothing has been heard. */
  readonly goneAt?: Instant;
}

export type BfdEvent =
  | { readonly type: 'start' }
  | { readonly type: 'packet'; readonly packet: BfdPacket }
  | { readonly type: 'clock' }
  /** Another process had the session, which is ours from now on: the other end gets Detection Time to be heard. */
  | { readonly type: 'resumed' }
  /** `config` is a new one from now on; `before` was the old one. */
  | { readonly type: 'configured'; readonly before: BfdSessionConfig }
  /** The session ends, and it is said once more. */
  | { readonly type: 'stop' };

export type BfdEffect =
  | { readonly type: 'send'; readonly packet: BfdPacket }
  | {
      readonly type: 'changed';
      readonly from: BfdSessionState;
      readonly to: BfdSessionState;
      readonly diagnostic: number;
    };

export interface BfdTransition {
  readonly session: BfdSession;
  readonly effects: readonly BfdEffect[];
}

const IDLE_MIN = seconds(1);
const ONE_MICROSECOND = 1 as Duration;
const NEVER = 0 as Duration;

/** RFC 5880 §6.8.1 */
export const newBfdSession = (config: BfdSessionConfig, localDiscriminator: number): BfdSession => ({
  sessionState: 'Down',
  remoteState: 'Down',
  localDiscriminator,
  remoteDiscriminator: 0,
  localDiagnostic: DIAGNOSTICS.none,
  remoteDiagnostic: DIAGNOSTICS.none,
  remoteMinReceive: ONE_MICROSECOND,
  remoteDesiredMinTransmit: NEVER,
  remoteMultiplier: 0,
  remoteDemand: false,
  isPolling: false,
  receiveInForce: config.minReceive,
  jitter: 0,
});

/** When `bfdTransition` next wants a clock event. */
export const nextBfdDeadline = ({ sendAt, goneAt }: BfdSession): Instant | undefined => earliest(sendAt, goneAt);

/** The next state and what is to be done. @param random from 0 to 1, anew for each call */
export function bfdTransition(
  config: BfdSessionConfig,
  session: BfdSession,
  event: BfdEvent,
  now: Instant,
  random: () => number,
): BfdTransition {
  switch (event.type) {
    case 'start':
      return withTransmission(config, session, [], now, random);
    case 'packet':
      return received(config, session, event.packet, now, random);
    case 'resumed':
      return resumed(config, session, now, random);
    case 'clock':
      return clock(config, session, now, random);
    case 'configured':
      return configured(config, session, event.before, now, random);
    case 'stop':
      return stop(config, session);
    default:
      return assertNever(event);
  }
}

/** RFC 5880 §6.8.6, from where the session is known. */
function received(
  config: BfdSessionConfig,
  before: BfdSession,
  packet: BfdPacket,
  now: Instant,
  random: () => number,
): BfdTransition {
  if (before.sessionState === 'AdminDown') return { session: before, effects: [] };
  const { transmitInForce: _waiting, ...settled } = before;
  const pollEnds = before.isPolling && packet.final;
  const heard: BfdSession = {
    ...(pollEnds ? { ...settled, isPolling: false, receiveInForce: config.minReceive } : before),
    remoteDiscriminator: packet.myDiscriminator,
    remoteState: packet.state,
    remoteDiagnostic: packet.diagnostic,
    remoteDemand: packet.demand,
    remoteMinReceive: packet.requiredMinReceive,
    remoteDesiredMinTransmit: packet.desiredMinTransmit,
    remoteMultiplier: packet.detectMultiplier,
  };
  const [state, diagnostic] = answered(heard, packet);
  const moved = state === before.sessionState ? heard : entered(config, heard, state, diagnostic);
  const listening = { ...moved, goneAt: later(now, detectionTime(moved)) };
  const next = withTransmission(config, listening, changes(before, listening), now, random);
  if (!packet.poll) return next;
  return {
    session: next.session,
    effects: [...next.effects, { type: 'send', packet: packetOf(config, next.session, true) }],
  };
}

/** RFC 5880 §6.8.6: the state that follows from the other end's. */
function answered({ sessionState, localDiagnostic }: BfdSession, { state }: BfdPacket): [BfdSessionState, number] {
  if (state === 'AdminDown' || (state === 'Down' && sessionState === 'Up')) {
    return sessionState === 'Down' ? ['Down', localDiagnostic] : ['Down', DIAGNOSTICS.neighborSignaledDown];
  }
  if (sessionState === 'Down' && state === 'Down') return ['Init', localDiagnostic];
  if (sessionState === 'Down' && state === 'Init') return ['Up', DIAGNOSTICS.none];
  if (sessionState === 'Init' && (state === 'Init' || state === 'Up')) return ['Up', DIAGNOSTICS.none];
  return [sessionState, localDiagnostic];
}

function clock(config: BfdSessionConfig, session: BfdSession, now: Instant, random: () => number): BfdTransition {
  if (session.goneAt !== undefined && now >= session.goneAt) return gone(config, session, now, random);
  if (session.sendAt === undefined || now < session.sendAt) return { session, effects: [] };
  return sendNow(config, session, [], now, random);
}

function resumed(config: BfdSessionConfig, before: BfdSession, now: Instant, random: () => number): BfdTransition {
  const { goneAt, ...rest } = before;
  const session = goneAt === undefined ? rest : { ...rest, goneAt: later(now, detectionTime(before)) };
  return transmits(config, session) ? sendNow(config, session, [], now, random) : { session, effects: [] };
}

/** RFC 5880 §6.8.4, and §6.8.1 "bfd.RemoteDiscr": who has not been heard for so long is a stranger again. */
function gone(config: BfdSessionConfig, before: BfdSession, now: Instant, random: () => number): BfdTransition {
  const { goneAt: _past, ...rest } = before;
  const forgotten: BfdSession = { ...rest, remoteDiscriminator: 0, remoteState: 'Down' };
  const wasThere = before.sessionState === 'Init' || before.sessionState === 'Up';
  const session = wasThere ? entered(config, forgotten, 'Down', DIAGNOSTICS.detectionTimeExpired) : forgotten;
  return withTransmission(config, session, changes(before, session), now, random);
}

/** RFC 5880 §6.8.3: what we want has changed, and the other end is asked to say that it knows. */
function configured(
  config: BfdSessionConfig,
  session: BfdSession,
  before: BfdSessionConfig,
  now: Instant,
  random: () => number,
): BfdTransition {
  if (session.sessionState !== 'Up') {
    return withTransmission(config, { ...session, receiveInForce: config.minReceive }, [], now, random);
  }
  const isSame = config.minTransmit === before.minTransmit && config.minReceive === before.minReceive;
  if (isSame) return withTransmission(config, session, [], now, random);
  const inForce = session.transmitInForce ?? before.minTransmit;
  const polling: BfdSession = {
    ...session,
    isPolling: true,
    // less is expected of the other end at once, more only when it knows
    receiveInForce: Math.max(session.receiveInForce, config.minReceive) as Duration,
    ...(config.minTransmit > inForce ? { transmitInForce: inForce } : {}),
  };
  return transmits(config, polling) ? sendNow(config, polling, [], now, random) : { session: polling, effects: [] };
}

/** RFC 5880 §6.8.16 */
function stop(config: BfdSessionConfig, before: BfdSession): BfdTransition {
  const { sendAt: _sendAt, goneAt: _goneAt, ...rest } = before;
  const session: BfdSession = {
    ...rest,
    sessionState: 'AdminDown',
    localDiagnostic: DIAGNOSTICS.administrativelyDown,
    isPolling: false,
  };
  const speaks = !config.passive || before.remoteDiscriminator !== 0;
  return {
    session,
    effects: [
      ...changes(before, session),
      ...(speaks ? [{ type: 'send', packet: packetOf(config, session, false) } as const] : []),
    ],
  };
}

/** Another state. What we want changes with it: a session that comes up asks whether the other end has heard so. */
function entered(config: BfdSessionConfig, before: BfdSession, state: BfdSessionState, diagnostic: number): BfdSession {
  const { transmitInForce: _waiting, ...session } = before;
  const isPolling = state === 'Up';
  return { ...session, sessionState: state, localDiagnostic: diagnostic, isPolling, receiveInForce: config.minReceive };
}

function changes(before: BfdSession, { sessionState, localDiagnostic }: BfdSession): BfdEffect[] {
  if (before.sessionState === sessionState) return [];
  return [{ type: 'changed', from: before.sessionState, to: sessionState, diagnostic: localDiagnostic }];
}

/**
 * RFC 5880 §6.8.7: when to send next. At once when our state has changed, so that the other end knows soon; else an interval
 * after the last time, as both ends want it now.
 */
function withTransmission(
  config: BfdSessionConfig,
  given: BfdSession,
  effects: readonly BfdEffect[],
  now: Instant,
  random: () => number,
): BfdTransition {
  const { sendAt: _before, ...session } = given;
  if (!transmits(config, session)) return { session, effects };
  if (effects.length > 0) return sendNow(config, session, effects, now, random);
  if (session.sentAt === undefined) return { session: { ...session, sendAt: now }, effects };
  return { session: { ...session, sendAt: later(session.sentAt, interval(config, session)) }, effects };
}

/** One packet now, and the next one in its time. */
function sendNow(
  config: BfdSessionConfig,
  session: BfdSession,
  effects: readonly BfdEffect[],
  now: Instant,
  random: () => number,
): BfdTransition {
  const sent: BfdSession = { ...session, sentAt: now, jitter: random() };
  return {
    session: { ...sent, sendAt: later(now, interval(config, sent)) },
    effects: [...effects, { type: 'send', packet: packetOf(config, sent, false) }],
  };
}

/** RFC 5880 §6.8.7: who waits to be spoken to, does not want to hear, or has asked for silence, gets no periodic packets. */
function transmits({ passive }: BfdSessionConfig, session: BfdSession): boolean {
  const { sessionState, remoteState, remoteDiscriminator, remoteMinReceive, remoteDemand, isPolling } = session;
  if (sessionState === 'AdminDown' || remoteMinReceive === 0) return false;
  if (passive && remoteDiscriminator === 0) return false;
  return !(remoteDemand && sessionState === 'Up' && remoteState === 'Up' && !isPolling);
}

/** What we say that we want to send at, now: slowly until the session is up (RFC 5880 §6.8.3). */
const desiredTransmit = ({ minTransmit, idleTransmit }: BfdSessionConfig, { sessionState }: BfdSession): Duration =>
  sessionState === 'Up' ? minTransmit : (Math.max(minTransmit, idleTransmit, IDLE_MIN) as Duration);

/** RFC 5880 §6.8.2, less 0 to 25 %, and 10 % at least where one lost packet is one too many (§6.8.7). */
function interval(config: BfdSessionConfig, session: BfdSession): Duration {
  const { transmitInForce, remoteMinReceive, jitter } = session;
  const longest = Math.max(transmitInForce ?? desiredTransmit(config, session), remoteMinReceive) as Duration;
  const most = config.multiplier === 1 ? 900 : 1000;
  return scale(longest, 750 + Math.round(jitter * (most - 750)), 1000);
}

/** RFC 5880 §6.8.4 */
const detectionTime = (session: BfdSession): Duration =>
  scale(Math.max(session.receiveInForce, session.remoteDesiredMinTransmit) as Duration, session.remoteMultiplier);

/** RFC 5880 §6.8.7 */
const packetOf = (config: BfdSessionConfig, session: BfdSession, final: boolean): BfdPacket => ({
  diagnostic: session.localDiagnostic,
  state: session.sessionState,
  poll: session.isPolling && !final,
  final,
  controlPlaneIndependent: false,
  demand: false,
  detectMultiplier: config.multiplier,
  myDiscriminator: session.localDiscriminator,
  yourDiscriminator: session.remoteDiscriminator,
  desiredMinTransmit: desiredTransmit(config, session),
  requiredMinReceive: config.minReceive,
  requiredMinEchoReceive: NEVER,
});
