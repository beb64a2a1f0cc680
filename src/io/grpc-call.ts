/** One call of gRPC over a connection of its own: Node's client of HTTP/2, and the frame around a message. */

import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Cancellation } from '../base/cancellation.ts';
import { inMilliseconds, inSeconds } from '../base/time.ts';
import type { AnswerFault } from './conversation.ts';
import { type ConnectRequest, openConnection } from './tcp-connect.ts';
import { certificateEnd, type TlsClient, type TlsRequest } from './tls-connection.ts';

/** What to ask, and where. The timeout holds for the connection, the handshake, and again for the whole answer. */
export interface GrpcCall extends ConnectRequest {
  readonly path: string;
  readonly authority: string;
  readonly message: Uint8Array;
  readonly tls?: TlsRequest | undefined;
}

export type GrpcOutcome =
  | {
      readonly ok: true;
      readonly httpStatus: number;
      /** `grpc-status`; absent: there was none. */
      readonly status?: number | undefined;
      readonly statusMessage?: string | undefined;
      /** The first message of the answer; empty: there was none. */
      readonly message: Uint8Array;
      readonly certificateEnd?: string | undefined;
    }
  | AnswerFault;

/** An answer is no longer than this. */
const ANSWER_MAX = 65_536;
/** Before each message: whether it is compressed, and its length (gRPC over HTTP/2, Length-Prefixed-Message). */
const FRAME_LENGTH = 5;

/** Calls once. Never rejects. */
export async function grpcCall(wanted: GrpcCall, signal: Cancellation, tls: TlsClient): Promise<GrpcOutcome> {
  const connection = await openConnection(wanted, signal);
  if (!connection.ok) return { ...connection, stage: 'connect' };
  if (wanted.tls === undefined) return call(wanted, connection.socket, signal);
  const secured = await tls.start(connection.socket, wanted.tls, wanted.timeout, signal, ['h2']);
  if (!secured.ok) return secured;
  const end = certificateEnd(secured.socket);
  const outcome = await call(wanted, secured.socket, signal);
  return outcome.ok && end !== undefined ? { ...outcome, certificateEnd: end } : outcome;
}

function call(wanted: GrpcCall, socket: Socket | TLSSocket, signal: Cancellation): Promise<GrpcOutcome> {
  return new Promise((resolve) => {
    let session: ClientHttp2Session | undefined;
    let isSettled = false;
    const settle = (outcome: GrpcOutcome) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(late);
      signal.removeEventListener('abort', abort);
      session?.destroy();
      socket.destroy();
      resolve(outcome);
    };
    const fail = (reason: string, local = false) => settle({ ok: false, stage: 'answer', reason, local });
    const failWith = (error: NodeJS.ErrnoException) => fail(error.code ?? error.message);
    const abort = () => fail('aborted', true);
    const { timeout } = wanted;
    const late = setTimeout(() => fail(`no answer within ${inSeconds(timeout)} s`), inMilliseconds(timeout));
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    const scheme = wanted.tls === undefined ? 'http' : 'https';
    // loaded with the first call: few have any
    const { connect, constants } = process.getBuiltinModule('node:http2');
    session = connect(`${scheme}://localhost`, { createConnection: () => socket });
    session.on('error', failWith);
    session.once('close', () => fail('the connection was closed before the answer was complete'));
    const request = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: wanted.path,
      [constants.HTTP2_HEADER_SCHEME]: scheme,
      [constants.HTTP2_HEADER_AUTHORITY]: wanted.authority,
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'grpc-node-holdfast',
    });
    let headers: IncomingHttpHeaders = {};
    let received = Buffer.alloc(0);
    request.on('error', failWith);
    request.on('response', (given) => {
      headers = { ...headers, ...given };
    });
    request.on('trailers', (given) => {
      headers = { ...headers, ...given };
    });
    request.on('data', (piece: Buffer) => {
      received = Buffer.concat([received, piece]);
      if (received.length > ANSWER_MAX) fail(`an answer of more than ${ANSWER_MAX} bytes`);
    });
    request.once('end', () => {
      const status = headers['grpc-status'];
      settle({
        ok: true,
        httpStatus: Number(headers[':status'] ?? 0),
        status: status === undefined ? undefined : Number(status),
        statusMessage: headers['grpc-message'] as string | undefined,
        message: messageIn(received),
      });
    });
    request.end(framed(wanted.message));
  });
}

function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(FRAME_LENGTH);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** The first whole message that is not compressed. */
function messageIn(bytes: Buffer): Uint8Array {
  if (bytes.length < FRAME_LENGTH || bytes[0] !== 0) return new Uint8Array();
  const end = FRAME_LENGTH + bytes.readUInt32BE(1);
  return bytes.length < end ? new Uint8Array() : bytes.subarray(FRAME_LENGTH, end);
}
