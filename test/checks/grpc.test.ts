import { readFileSync } from 'node:fs';
import { createSecureServer, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import type { CheckResult } from '../../src/checks/checker.ts';
import type { GrpcChecker } from '../../src/checks/checker-config.ts';
import { grpcCheck } from '../../src/checks/grpc.ts';
import { checkIo } from '../../src/daemon/check-io.ts';
import { checkerConformance, realIo, withServer } from '../support/checker-conformance.ts';
import { common, HEALTHY, never } from './example.ts';

const LOOPBACK = '127.0.0.1' as IpAddress;
const file = (name: string) => join(import.meta.dirname, '../support/tls', name);
const configure = (address: IpAddress, port: number, different: Partial<GrpcChecker> = {}): GrpcChecker => ({
  kind: 'GRPC_CHECK',
  ...common(address, port),
  service: '',
  tls: false,
  tlsVerify: false,
  ...different,
});

/** A message of gRPC in hex digits, with its frame. */
const framed = (hex: string): Buffer => {
  const body = Buffer.from(hex, 'hex');
  return Buffer.concat([Buffer.of(0, 0, 0, 0, body.length), body]);
};
const SERVING = '0801';

interface Answer {
  readonly message?: string;
  readonly status?: number;
  readonly httpStatus?: number;
}

/** What a server does with a stream. @param seen gets the headers and the message */
const answering =
  ({ message = SERVING, status = 0, httpStatus = 200 }: Answer, seen: object[] = []) =>
  (stream: ServerHttp2Stream, headers: object) => {
    const pieces: Buffer[] = [];
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('error', () => {});
    stream.on('end', () => {
      seen.push({ ...headers, body: Buffer.concat(pieces).toString('hex') });
      stream.respond({ ':status': httpStatus, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(status), 'grpc-message': 'why' }));
      stream.end(message === '' ? undefined : framed(message));
    });
  };

/** A connection that an HTTP/2 server takes over, so that what it writes goes through `socket.write`. */
const speaking =
  (answer: Answer, seen: object[] = [], make: () => Http2Server = createServer) =>
  (socket: Socket) => {
    const server = make();
    server.on('stream', answering(answer, seen));
    server.on('sessionError', () => {});
    const stream = new Duplex({
      read: () => {},
      write: (bytes, _encoding, done) => {
        socket.write(bytes);
        done();
      },
      final: (done) => {
        socket.end();
        done();
      },
    });
    stream.on('error', () => {});
    socket.on('data', (bytes) => stream.push(bytes));
    socket.on('close', () => stream.destroy());
    server.emit('connection', stream);
  };

const check = (answer: Answer, different: Partial<GrpcChecker> = {}, seen: object[] = []): Promise<CheckResult> =>
  withServer(LOOPBACK, speaking(answer, seen), (port) =>
    grpcCheck.check(configure(LOOPBACK, port, different), realIo, never, 0),
  );

describe('GRPC_CHECK', () => {
  checkerConformance(grpcCheck, { serve: speaking({}), configure, needsAnswer: true });

  it('asks grpc.health.v1 for the server, or for a service of it', async () => {
    const seen: object[] = [];
    await check({}, {}, seen);
    await check({}, { service: 'shop.Cart', virtualHost: 'shop.example.org' }, seen);
    expect(seen).toMatchObject([
      { ':method': 'POST', ':path': '/grpc.health.v1.Health/Check', te: 'trailers', body: '0000000000' },
      {
        'content-type': 'application/grpc',
        ':authority': 'shop.example.org',
        body: `000000000b0a09${Buffer.from('shop.Cart').toString('hex')}`,
      },
    ]);
  });

  it.each([
    [{ message: SERVING }, HEALTHY],
    [{ message: '0802' }, { outcome: 'unhealthy', reason: 'NOT_SERVING' }],
    [{ message: '0803' }, { outcome: 'unhealthy', reason: 'SERVICE_UNKNOWN' }],
    [{ message: '0800' }, { outcome: 'unhealthy', reason: 'UNKNOWN' }],
    [{ message: '' }, { outcome: 'unhealthy', reason: 'UNKNOWN' }],
    [{ message: '0809' }, { outcome: 'unhealthy', reason: 'an answer that is none' }],
    [{ status: 5 }, { outcome: 'unhealthy', reason: 'the server does not know the service' }],
    [{ status: 12 }, { outcome: 'unhealthy', reason: 'the server does not tell its health' }],
    [{ status: 14 }, { outcome: 'unhealthy', reason: 'gRPC status 14: why' }],
    [{ httpStatus: 503 }, { outcome: 'unhealthy', reason: 'HTTP status 503' }],
  ] as const)('an answer %j is %j', async (answer, expected) => {
    expect(await check(answer)).toEqual(expected);
  });

  it.each([
    ['nobody looks at it', {}, false, 'healthy'],
    ['it is verified', { tlsVerify: true, virtualHost: 'www.example.org' }, true, 'healthy'],
    ['it is for another host', { tlsVerify: true, virtualHost: 'www.example.com' }, true, 'unhealthy'],
    ['nobody here trusts its authority', { tlsVerify: true }, false, 'unhealthy'],
  ] as const)('speaks TLS; a certificate where %s', async (_where, different, trusted, outcome) => {
    const server = createSecureServer({
      key: readFileSync(file('server.key')),
      cert: readFileSync(file('server.pem')),
    });
    server.on('stream', answering({}));
    server.on('sessionError', () => {});
    await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
    const place = server.address();
    const port = typeof place === 'object' && place ? place.port : 0;
    const io = checkIo(async () => ({ how: 'aborted' }), trusted ? { authority: file('authority.pem') } : {});
    const result = await grpcCheck.check(configure(LOOPBACK, port, { tls: true, ...different }), io, never, 0);
    await new Promise((resolve) => server.close(resolve));
    expect(result.outcome).toBe(outcome);
  });
});
