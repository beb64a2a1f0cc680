/** The single questions behind the checkers, asked of real sockets on loopback. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { milliseconds, seconds } from '../../src/base/time.ts';
import { type HttpGet, httpGet } from '../../src/io/http-get.ts';
import { ping } from '../../src/io/ping.ts';
import { TlsClient } from '../../src/io/tls-connection.ts';
import { udpExchange } from '../../src/io/udp-exchange.ts';
import { withBlackhole } from '../support/blackhole.ts';
import { withRefusingPort, withServer } from '../support/checker-conformance.ts';

const LOOPBACK = '127.0.0.1' as IpAddress;
const never = new AbortController().signal;
/** Short enough to be waited for. */
const HURRIED = milliseconds(100);

const tls = new TlsClient();
const request = (port: number): HttpGet => ({
  address: LOOPBACK,
  port,
  path: '/',
  host: 'www.example.org',
  protocol: '1.1',
  timeout: seconds(5),
  onBody: () => true,
});

describe('httpGet', () => {
  const get = (port: number, more: Partial<HttpGet> = {}) => httpGet({ ...request(port), ...more }, never, tls);
  const answering = (answer: string) => (socket: Socket) => {
    socket.on('data', () => socket.end(answer));
  };

  it('asks as keepalived does, and hands over the status and the body', async () => {
    const asked: string[] = [];
    const serve = (socket: Socket) => {
      socket.on('data', (text) => {
        asked.push(String(text));
        socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello');
      });
    };
    let body = '';
    const outcome = await withServer(LOOPBACK, serve, (port) =>
      get(port, {
        path: '/status?x=1',
        onBody: (piece) => {
          body += Buffer.from(piece);
          return true;
        },
      }),
    );
    expect(outcome).toEqual({ ok: true, status: 404 });
    expect(body).toBe('hello');
    expect(asked).toEqual([
      'GET /status?x=1 HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: www.example.org\r\n\r\n',
    ]);
  });

  it.each([
    ['1.0', 'GET / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: www.example.org\r\n\r\n'],
    ['1.0C', 'GET / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: www.example.org\r\n\r\n'],
  ] as const)(
    'says HTTP %s as it is told, to the byte (keepalived.conf(5) "http_protocol")',
    async (protocol, wanted) => {
      let asked = '';
      const serve = (socket: Socket) => {
        socket.on('data', (text) => {
          asked += text;
          socket.end('HTTP/1.0 200 OK\r\n\r\nok');
        });
      };
      const outcome = await withServer(LOOPBACK, serve, (port) => get(port, { protocol }));
      expect([outcome, asked]).toEqual([{ ok: true, status: 200 }, wanted]);
    },
  );

  it('takes an answer of HTTP/1.0 that ends with the connection, and chunks', async () => {
    for (const answer of [
      'HTTP/1.0 200 OK\r\n\r\nall of it',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall\r\n6\r\n of it\r\n0\r\n\r\n',
    ]) {
      let body = '';
      const onBody = (piece: Uint8Array) => {
        body += Buffer.from(piece);
        return true;
      };
      const outcome = await withServer(LOOPBACK, answering(answer), (port) => get(port, { onBody }));
      expect([outcome, body]).toEqual([{ ok: true, status: 200 }, 'all of it']);
    }
  });

  it('follows no redirect', async () => {
    const answer = 'HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n';
    expect(await withServer(LOOPBACK, answering(answer), (port) => get(port))).toEqual({ ok: true, status: 302 });
  });

  it.each([
    ['garbage', 'SSH-2.0-OpenSSH_9.2p1\r\n'],
    ['nothing at all', ''],
    ['half an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'],
  ])('%s is no answer', async (_what, answer) => {
    const outcome = await withServer(LOOPBACK, answering(answer), (port) => get(port));
    expect(outcome).toMatchObject({ ok: false, stage: 'answer', local: false });
  });

  it('an answer that drips for longer than the time is none', async () => {
    const drip = (socket: Socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n');
      const timer = setInterval(() => socket.write('x'), 10);
      socket.on('close', () => clearInterval(timer));
    };
    expect(await withServer(LOOPBACK, drip, (port) => get(port, { timeout: HURRIED }))).toEqual({
      ok: false,
      stage: 'answer',
      reason: 'no answer within 0.1 s',
      local: false,
    });
  });

  it('reads no more of a hundred megabytes than is wanted', async () => {
    let sent = 0;
    const server = createServer((_request, response) => {
      const piece = Buffer.alloc(65_536);
      const more = () => {
        while (sent < 100_000_000 && !response.destroyed) {
          sent += piece.length;
          if (!response.write(piece)) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
    const place = server.address();
    const port = typeof place === 'object' && place ? place.port : 0;
    let read = 0;
    const outcome = await get(port, {
      onBody: (piece) => {
        read += piece.length;
        return read < 1_000_000;
      },
    });
    await new Promise((resolve) => server.close(resolve));
    expect(outcome).toEqual({ ok: true, status: 200 });
    expect(sent).toBeLessThan(50_000_000);
  });

  it('tells a refusal and a timeout of the connection from an answer', async () => {
    expect(await withRefusingPort(LOOPBACK, (port) => get(port))).toEqual({
      ok: false,
      stage: 'connect',
      reason: 'ECONNREFUSED',
      local: false,
    });
    await withBlackhole(async (port) => {
      expect(await get(port, { timeout: HURRIED })).toEqual({
        ok: false,
        stage: 'connect',
        reason: 'timeout after 0.1 s',
        local: false,
      });
    });
  });

  it('over TLS with a server that speaks none is no connection', async () => {
    const outcome = await withServer(LOOPBACK, answering('HTTP/1.1 200 OK\r\n\r\n'), (port) => get(port, { tls: {} }));
    expect(outcome).toMatchObject({ ok: false, stage: 'connect', local: false });
  });

  it('an abort is a fault of ours', async () => {
    const outcome = await withServer(
      LOOPBACK,
      () => {},
      (port) => httpGet(request(port), AbortSignal.timeout(20), tls),
    );
    expect(outcome).toMatchObject({ ok: false, reason: 'aborted', local: true });
  });
});

describe('udpExchange', () => {
  const ask = (port: number, address = LOOPBACK, isReply?: (bytes: Uint8Array) => boolean) =>
    udpExchange({ address, port, timeout: HURRIED }, Buffer.from('ping'), never, isReply);

  for (const address of ['127.0.0.1', '::1'] as IpAddress[]) {
    it(`hands over the reply of a server on ${address}, and passes over what is none`, async () => {
      const server = createSocket(address === '::1' ? 'udp6' : 'udp4');
      server.on('message', (bytes, from) => {
        server.send('stray', from.port, from.address);
        server.send(`pong ${bytes}`, from.port, from.address);
      });
      await new Promise<void>((resolve) => server.bind(0, address, resolve));
      const outcome = await ask(server.address().port, address, (bytes) => String(Buffer.from(bytes)) !== 'stray');
      server.close();
      expect(outcome).toEqual({ type: 'reply', bytes: new Uint8Array(Buffer.from('pong ping')) });
    });
  }

  it('hears that a port is closed', async () => {
    const probe = createSocket('udp4');
    await new Promise<void>((resolve) => probe.bind(0, LOOPBACK, resolve));
    const { port } = probe.address();
    // connected to itself: its port answers to nobody else
    await new Promise<void>((resolve) => probe.connect(port, LOOPBACK, resolve));
    const outcome = await ask(port);
    probe.close();
    expect(outcome).toEqual({ type: 'fault', reason: 'ECONNREFUSED', local: false });
  });

  it('an address to send from that is not ours is a fault of this host', async () => {
    const bound = { address: LOOPBACK, port: 9, timeout: HURRIED, bindAddress: '192.0.2.77' as IpAddress };
    expect(await udpExchange(bound, Buffer.from('x'), never)).toEqual({
      type: 'fault',
      reason: 'EADDRNOTAVAIL',
      local: true,
    });
  });
});

const whyNoPing = process.getuid?.() === 0 ? undefined : 'not root';
describe.skipIf(whyNoPing !== undefined)(`ping${whyNoPing === undefined ? '' : ` (skipped: ${whyNoPing})`}`, () => {
  it.each(['127.0.0.1', '::1'] as IpAddress[])('%s answers', async (address) => {
    expect(await ping({ address, port: 0, timeout: seconds(5) }, never)).toMatchObject({ type: 'reply' });
  });

  it('many at once get each its own reply', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () => ping({ address: LOOPBACK, port: 0, timeout: seconds(5) }, never)),
    );
    expect(outcomes.filter(({ type }) => type === 'reply')).toHaveLength(50);
  });
});
