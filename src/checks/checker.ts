/**
 * What a kind of checker is: one probe of one real server through an injected world. When to probe, how often to
 * retry and what follows is the health machine's (health.ts), the same for every kind.
 */

import type { IpAddress } from '../base/address.ts';
import type { Cancellation } from '../base/cancellation.ts';
import type { Duration } from '../base/time.ts';
import type { Script } from '../config/script.ts';
import type { CheckerConfig, Connection, TimedChecker } from './checker-config.ts';

/** Where a probe goes to, and from where. */
export interface ConnectTarget {
  readonly address: IpAddress;
  readonly port: number;
  /** For the connection, and again for each answer. */
  readonly timeout: Duration;
  /** keepalived.conf(5) "bindto". */
  readonly bindAddress?: IpAddress | undefined;
  /** keepalived.conf(5) "bind_port". */
  readonly bindPort?: number | undefined;
  /** keepalived.conf(5) "bind_if". */
  readonly bindInterface?: string | undefined;
  /** keepalived.conf(5) "fwmark"; 0: none. */
  readonly fwmark?: number | undefined;
}

/** The target that a checker is configured with. */
export const targetOf = (config: Connection): ConnectTarget => ({
  address: config.connectAddress,
  port: config.connectPort,
  timeout: config.connectTimeout,
  bindAddress: config.bindAddress,
  bindPort: config.bindPort,
  bindInterface: config.bindInterface,
  fwmark: config.fwmark,
});

/**
 * Why a connection attempt failed. `local`: the fault is on this host (no port, no descriptor, an address that is not
 * ours) and says nothing about the server.
 */
export interface ConnectFault {
  readonly ok: false;
  readonly reason: string;
  readonly local: boolean;
}
export type ConnectOutcome = { readonly ok: true } | ConnectFault;

/** The same of what follows the connection. */
export interface AnswerFault extends ConnectFault {
  readonly stage: 'connect' | 'answer';
}

/** A server with which one talks. */
export interface Speaker {
  /** The next line without its end. Rejects when the connection ends, after the timeout, and for a line that does not end. */
  hear(): Promise<string>;
  /** As many bytes, at most 64 KiB. Rejects as `hear`. */
  read(length: number): Promise<Uint8Array>;
  /** Sends a line. */
  say(line: string): void;
  write(bytes: Uint8Array): void;
}

/** How TLS is to be spoken. */
export interface TlsRequest {
  /** For SNI; absent: no name is sent. */
  readonly serverName?: string | undefined;
  /** The name that the certificate must be for; absent: nobody looks at it. */
  readonly verifiedName?: string | undefined;
  /** Say goodbye as TLS wants. keepalived.conf(5) "tls_compliant" */
  readonly goodbye?: boolean | undefined;
}

/** One page to ask for. */
export interface PageRequest extends ConnectTarget {
  readonly path: string;
  /** The Host header, as it is. */
  readonly host: string;
  readonly protocol: '1.0' | '1.0C' | '1.1';
  readonly tls?: TlsRequest | undefined;
  /** Gets the status line and the headers as they were sent, up to the empty line; a character is a byte. */
  readonly onHead: (head: string) => void;
  /** Gets the body in pieces; the answer ends early when it returns false. */
  readonly onBody: (piece: Uint8Array) => boolean;
}
export type PageOutcome =
  | { readonly ok: true; readonly status: number; readonly certificateEnd?: string | undefined }
  | AnswerFault;

/** One call over HTTP/2, as gRPC makes it. */
export interface CallRequest extends ConnectTarget {
  readonly path: string;
  readonly authority: string;
  readonly message: Uint8Array;
  readonly tls?: TlsRequest | undefined;
}
export type CallOutcome =
  | {
      readonly ok: true;
      readonly httpStatus: number;
      /** `grpc-status`; absent: there was none. */
      readonly status?: number | undefined;
      readonly statusMessage?: string | undefined;
      /** The frame of the answer, at most 64 KiB. */
      readonly message: Uint8Array;
      readonly certificateEnd?: string | undefined;
    }
  | AnswerFault;

/** `silence`: nothing came in time. */
export type DatagramOutcome =
  | { readonly type: 'reply'; readonly bytes: Uint8Array }
  | { readonly type: 'silence' }
  | { readonly type: 'fault'; readonly reason: string; readonly local: boolean };

/** How a command ended. */
export type CommandOutcome =
  | { readonly how: 'exited'; readonly status: number }
  /** Killed, out of time, or never started. */
  | { readonly how: 'failed'; readonly reason: string }
  /** Nobody waited for it. */
  | { readonly how: 'aborted' };

/** A sum over the pieces of a body. */
export interface BodyDigest {
  update(piece: Uint8Array): void;
  /** Hexadecimal, in lower case. */
  hex(): string;
}

/** The world as checkers see it. Nothing here rejects; an abort through the signal is an outcome too. */
export interface CheckIo {
  /** Connects and closes again. */
  connect(target: ConnectTarget, signal: Cancellation): Promise<ConnectOutcome>;
  /** Connects and talks; what `talk` rejects with is the reason of a fault. */
  converse<T>(
    target: ConnectTarget,
    signal: Cancellation,
    talk: (other: Speaker) => Promise<T>,
  ): Promise<{ readonly ok: true; readonly value: T } | AnswerFault>;
  get(request: PageRequest, signal: Cancellation): Promise<PageOutcome>;
  call(request: CallRequest, signal: Cancellation): Promise<CallOutcome>;
  /** Sends a datagram. @param isReply whether a datagram is the one that is waited for; others are passed over */
  exchange(
    target: ConnectTarget,
    payload: Uint8Array,
    signal: Cancellation,
    isReply?: (bytes: Uint8Array) => boolean,
  ): Promise<DatagramOutcome>;
  ping(target: ConnectTarget, signal: Cancellation): Promise<DatagramOutcome>;
  /** Runs a command, as the user that it names. */
  run(script: Script, timeout: Duration, signal: Cancellation): Promise<CommandOutcome>;
  md5(): BodyDigest;
  /** Where the expression is found at or behind an offset; undefined: nowhere; 'endless': it took too long. */
  search(expression: RegExp, text: string, from: number): number | undefined | 'endless';
  /** 0-65535 */
  randomId(): number;
}

/** What one probe found. `inconclusive`: nothing about the server, because this host could not ask. */
export type CheckResult =
  | {
      readonly outcome: 'healthy';
      /** The weight that the server is to have by this, or what is to be added to it. */
      readonly weight?: { readonly becomes: number } | { readonly adds: number };
      /** When the certificate of the server ends. ISO 8601 */
      readonly certificateEnd?: string | undefined;
    }
  | { readonly outcome: 'unhealthy' | 'inconclusive'; readonly reason: string };

export const HEALTHY: CheckResult = { outcome: 'healthy' };
export const unhealthy = (reason: string): CheckResult => ({ outcome: 'unhealthy', reason });

/** What follows from a fault. */
export const resultOf = ({ stage, reason, local }: AnswerFault): CheckResult => ({
  outcome: local ? 'inconclusive' : 'unhealthy',
  reason: stage === 'connect' ? `connect: ${reason}` : reason,
});

/** See the file's head. */
export interface CheckerKind<C extends TimedChecker = TimedChecker> {
  /** keepalived's word for it: `TCP_CHECK`. */
  readonly keyword: C['kind'];
  /**
   * Never rejects; ends soon after the signal aborts.
   * @param step which of several questions, from 0: a page of HTTP_GET
   */
  check(config: C, io: CheckIo, signal: Cancellation, step: number): Promise<CheckResult>;
}

/** A kind that asks nothing: somebody else tells what there is to know. */
export interface ToldCheckerKind<C extends CheckerConfig = CheckerConfig> {
  readonly keyword: C['kind'];
  /** What is to be told about: the name of a track_file or of a BFD session. */
  subject(config: C): Subject;
  judge(config: C, fact: Fact): CheckResult;
}

/** Something that main or the election know of. */
export interface Subject {
  readonly kind: 'file' | 'bfd';
  readonly name: string;
}

/** What is known: the number in a file; whether a session is up. */
export interface Fact extends Subject {
  /** A session that is up has 1, one that is down 0. */
  readonly value: number;
}
