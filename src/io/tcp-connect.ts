/** One TCP connection attempt, made and closed again: what TCP_CHECK asks the kernel for. */
import { createConnection } from 'node:net';
import { type Duration, inMilliseconds, inSeconds } from '../base/time.ts';

/** What to connect to, and from where. */
export interface ConnectRequest {
  readonly address: string;
  readonly port: number;
  readonly timeout: Duration;
  readonly bindAddress?: string | undefined;
  readonly bindPort?: number | undefined;
}

/** See `tcpConnect`. `local`: the fault is on this host. */
export type TcpOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string; readonly local: boolean };

/** Errors that say nothing about the other side. */
const LOCAL = new Set([
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EPERM',
  'EACCES',
  'EINVAL',
]);

/** Whether an error of that code says nothing about the other side. */
export const isLocalFault = (code: string): boolean => LOCAL.has(code);

/**
 * Connects, and closes at once with a reset, so that thousands of checks leave no TIME_WAIT behind. Never rejects: a
 * refusal, a timeout and an abort are outcomes.
 */
export function tcpConnect(request: ConnectRequest, signal: AbortSignal): Promise<TcpOutcome> {
  return new Promise((resolve) => {
    const { address, port, timeout, bindAddress, bindPort } = request;
    const socket = createConnection({
      host: address,
      port,
      ...(bindAddress === undefined ? {} : { localAddress: bindAddress }),
      ...(bindPort === undefined ? {} : { localPort: bindPort }),
    });
    const settle = (outcome: TcpOutcome) => {
      clearTimeout(late);
      signal.removeEventListener('abort', abort);
      if (outcome.ok) socket.resetAndDestroy();
      else socket.destroy();
      resolve(outcome);
    };
    const late = setTimeout(
      () => settle({ ok: false, reason: `timeout after ${inSeconds(timeout)} s`, local: false }),
      inMilliseconds(timeout),
    );
    const abort = () => settle({ ok: false, reason: 'aborted', local: true });
    socket.once('connect', () => {
      // TCP lets a socket be its own peer (RFC 9293 §3.5, simultaneous open): nobody listens there
      const itself = socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress;
      settle(itself ? { ok: false, reason: 'ECONNREFUSED', local: false } : { ok: true });
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.message;
      settle({ ok: false, reason: code, local: isLocalFault(code) });
    });
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}
