/**
 * What a kind of checker is: one probe of one real server through an injected world. When to probe, how often to
 * retry and what follows is the health machine's (health.ts), the same for every kind.
 */
import type { IpAddress } from '../base/address.ts';
import type { Duration } from '../base/time.ts';
import type { TimedChecker } from './checker-config.ts';

/** A TCP connection to make. */
export interface ConnectTarget {
  readonly address: IpAddress;
  readonly port: number;
  readonly timeout: Duration;
  /** keepalived.conf(5) "bindto". */
  readonly bindAddress?: IpAddress | undefined;
  /** keepalived.conf(5) "bind_port". */
  readonly bindPort?: number | undefined;
}

/**
 * How a connection attempt ended. `local`: the fault is on this host (no port, no descriptor, an address that is not
 * ours) and says nothing about the server.
 */
export type ConnectOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string; readonly local: boolean };

/** The world as checkers see it. */
export interface CheckIo {
  /** Connects and closes again. Never rejects; an abort through the signal is an outcome too. */
  connect(target: ConnectTarget, signal: AbortSignal): Promise<ConnectOutcome>;
}

/** What one probe found. `inconclusive`: nothing about the server, because this host could not ask. */
export type CheckResult =
  | { readonly outcome: 'healthy' }
  | { readonly outcome: 'unhealthy' | 'inconclusive'; readonly reason: string };

/** See the file's head. */
export interface CheckerKind<C extends TimedChecker = TimedChecker> {
  /** keepalived's word for it: `TCP_CHECK`. */
  readonly keyword: C['kind'];
  /** Never rejects; ends soon after the signal aborts. */
  check(config: C, io: CheckIo, signal: AbortSignal): Promise<CheckResult>;
}
