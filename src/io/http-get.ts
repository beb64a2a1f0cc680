/**
 * One GET request over a connection of its own, for HTTP_GET and SSL_GET: Node's own client, without a pool, a redirect or a
 * cache. The body is handed over piece by piece and never kept.
 */

import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Cancellation } from '../base/cancellation.ts';
import { inMilliseconds, inSeconds } from '../base/time.ts';
import type { AnswerFault } from './conversation.ts';
import { type ConnectRequest, openConnection } from './tcp-connect.ts';
import { certificateEnd, type TlsClient, type TlsRequest } from './tls-connection.ts';

/** What to ask, and where. The timeout holds for the connection, the handshake, and again for the whole answer. */
export interface HttpGet extends ConnectRequest {
  readonly path: string;
  /** The Host header, as it is. */
  readonly host: string;
  /** 1.0C asks for the connection to be closed, and so does 1.1. */
  readonly protocol: '1.0' | '1.0C' | '1.1';
  readonly tls?: TlsRequest | undefined;
  /** Gets the status line and the headers as they were sent, up to the empty line; a character is a byte. */
  readonly onHead?: ((head: string) => void) | undefined;
  /** Gets the body in pieces; the answer ends early when it returns false. */
  readonly onBody: (piece: Uint8Array) => boolean;
}

export type HttpOutcome =
  | { readonly ok: true; readonly status: number; readonly certificateEnd?: string | undefined }
  | AnswerFault;

/** Servers with many cookies are servers too. */
const HEADER_MAX = 65_536;

/** Asks once. Never rejects: a refusal, a timeout, nonsense and an abort are outcomes. */
export async function httpGet(wanted: HttpGet, signal: Cancellation, tls: TlsClient): Promise<HttpOutcome> {
  const connection = await openConnection(wanted, signal);
  if (!connection.ok) return { ...connection, stage: 'connect' };
  const { socket } = connection;
  if (wanted.tls === undefined) return ask(wanted, socket, signal);
  const secured = await tls.start(socket, wanted.tls, wanted.timeout, signal);
  if (!secured.ok) return secured;
  const end = certificateEnd(secured.socket);
  const outcome = await ask(wanted, secured.socket, signal);
  return outcome.ok && end !== undefined ? { ...outcome, certificateEnd: end } : outcome;
}

function ask(wanted: HttpGet, socket: Socket | TLSSocket, signal: Cancellation): Promise<HttpOutcome> {
  return new Promise((resolve) => {
    let isSettled = false;
    const settle = (outcome: HttpOutcome) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(late);
      signal.removeEventListener('abort', abort);
      if (wanted.tls?.goodbye && outcome.ok) socket.end(() => socket.destroy());
      else socket.destroy();
      resolve(outcome);
    };
    const fail = (reason: string, local = false) => settle({ ok: false, stage: 'answer', reason, local });
    const abort = () => fail('aborted', true);
    const { timeout } = wanted;
    const late = setTimeout(() => fail(`no answer within ${inSeconds(timeout)} s`), inMilliseconds(timeout));
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    let request: ClientRequest;
    try {
      request = open(wanted, socket);
    } catch (error) {
      // what no server could be asked, as a path with a line break
      fail((error as Error).message);
      return;
    }
    request.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    request.once('response', (answer: IncomingMessage) => {
      const done = () => settle({ ok: true, status: answer.statusCode ?? 0 });
      wanted.onHead?.(headOf(answer));
      answer.on('data', (piece: Buffer) => {
        if (!isSettled && !wanted.onBody(piece)) done();
      });
      answer.once('end', done);
      answer.once('aborted', () => fail('the connection was closed before the answer was complete'));
      answer.once('error', (error) => fail(error.message));
    });
    request.end();
  });
}

/** Of headers with a blank behind their colons, as nearly all servers send them, to the byte. */
function headOf({ httpVersion, statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/${httpVersion} ${statusCode} ${statusMessage}`];
  for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** A request with the headers of keepalived's, so that rules of servers and lines of their logs go on working. */
function open({ path, host, protocol }: HttpGet, socket: Socket): ClientRequest {
  if (protocol !== '1.1') sayVersion10(socket);
  const closes = protocol !== '1.0';
  // loaded with the first request
  const request = process.getBuiltinModule('node:http').request({
    createConnection: () => socket,
    path,
    setHost: false,
    headers: { 'User-Agent': 'KeepAliveClient', ...(closes ? { Connection: 'close' } : {}), Host: host },
    // a server with a header that is not quite right serves all the same
    insecureHTTPParser: true,
    maxHeaderSize: HEADER_MAX,
  });
  if (!closes) request.removeHeader('Connection');
  return request;
}

const VERSION = ' HTTP/1.1\r\n';

/** Node's client says HTTP/1.1 whatever it is told: the first line is put right on its way out. */
function sayVersion10(socket: Socket): void {
  const write = socket.write;
  socket.write = (bytes: Uint8Array | string, ...rest: unknown[]): boolean => {
    socket.write = write;
    const text = String(bytes);
    if (!text.includes(VERSION)) throw new Error('assertion failed: the request has no version');
    return Reflect.apply(write, socket, [text.replace(VERSION, ' HTTP/1.0\r\n'), ...rest]);
  };
}
