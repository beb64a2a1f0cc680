/**
 * One GET request over a connection of its own, for HTTP_GET and SSL_GET: Node's own client, without a pool, a redirect or a
 * cache. The body is handed over piece by piece and never kept.
 */
import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { type Duration, inMilliseconds, inSeconds } from '../base/time.ts';
import { isLocalFault } from './tcp-connect.ts';

/** What to ask, and where. */
export interface HttpGet {
  readonly address: string;
  readonly port: number;
  readonly path: string;
  /** The Host header, as it is. */
  readonly host: string;
  /** TLS, without looking at the certificate; the name for SNI, where one is to be sent. */
  readonly tls?: { readonly serverName?: string | undefined };
  /** For the connection, and again for the whole answer. */
  readonly timeout: Duration;
  readonly bindAddress?: string | undefined;
  readonly bindPort?: number | undefined;
  /** Gets the body in pieces; the answer ends early when it returns false. */
  readonly onBody?: (piece: Uint8Array) => boolean;
}

/** `local`: the fault is on this host and says nothing about the server. */
export type HttpOutcome =
  | { readonly ok: true; readonly status: number }
  | { readonly ok: false; readonly stage: 'connect' | 'answer'; readonly reason: string; readonly local: boolean };

/** One for all: making it costs more than a handshake. */
let context: SecureContext | undefined;

/** Asks once. Never rejects: a refusal, a timeout, nonsense and an abort are outcomes. */
export function httpGet(wanted: HttpGet, signal: AbortSignal): Promise<HttpOutcome> {
  return new Promise((resolve) => {
    const { timeout } = wanted;
    let stage: 'connect' | 'answer' = 'connect';
    let isSettled = false;
    let asked: ClientRequest | undefined;
    const settle = (outcome: HttpOutcome) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(late);
      signal.removeEventListener('abort', abort);
      asked?.destroy();
      resolve(outcome);
    };
    const fail = (reason: string, local = false) => settle({ ok: false, stage, reason, local });
    const overdue = () => fail(`timeout after ${inSeconds(timeout)} s`);
    const abort = () => fail('aborted', true);
    let late = setTimeout(overdue, inMilliseconds(timeout));
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    try {
      asked = open(wanted);
    } catch (error) {
      // what no server could be asked, as a path with a line break
      fail((error as Error).message);
      return;
    }
    const connected = () => {
      stage = 'answer';
      clearTimeout(late);
      if (!isSettled) late = setTimeout(overdue, inMilliseconds(timeout));
    };
    asked.once('socket', (socket: Socket) => socket.once(wanted.tls ? 'secureConnect' : 'connect', connected));
    asked.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.message;
      fail(code, stage === 'connect' && isLocalFault(code));
    });
    asked.once('response', (answer: IncomingMessage) => {
      const done = () => settle({ ok: true, status: answer.statusCode ?? 0 });
      answer.on('data', (piece: Buffer) => {
        if (wanted.onBody?.(piece) === false) done();
      });
      answer.once('end', done);
      answer.once('aborted', () => fail('the connection was closed before the answer was complete'));
      answer.once('error', (error) => fail(error.message));
    });
    asked.end();
  });
}

function open({ address, port, path, host, tls, bindAddress, bindPort }: HttpGet): ClientRequest {
  const common = {
    host: address,
    port,
    path,
    agent: false as const,
    setHost: false,
    // what keepalived says, so that rules of servers and lines of their logs go on working
    headers: { 'User-Agent': 'KeepAliveClient', Connection: 'close', Host: host },
    ...(bindAddress === undefined ? {} : { localAddress: bindAddress }),
    ...(bindPort === undefined ? {} : { localPort: bindPort }),
  };
  if (tls === undefined) return plainRequest(common);
  context ??= createSecureContext();
  // an empty name: none is sent
  const options = {
    ...common,
    secureContext: context,
    rejectUnauthorized: false,
    servername: tls.serverName ?? '',
  };
  return tlsRequest(options);
}
