/** The single questions behind the checkers, asked of real sockets on loopback. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { milliseconds, seconds } from '../../src/base/time.ts';
import { greet } from '../../src/checks/smtp-dialogue.ts';
import { converse } from '../../src/io/conversation.ts';
import { type HttpGet, httpGet } from '../../src/io/http-get.ts';
import { ping } from '../../src/io/ping.ts';
import { udpExchange } from '../../src/io/udp-exchange.ts';
import { withBlackhole } from '../support/blackhole.ts';
import { withRefusingPort, withServer } from '../support/checker-conformance.ts';

const LOOPBACK = '127.0.0.1' as IpAddress;
const never = new AbortController().signal;
/** Short enough to be waited for. */
const HURRIED = milliseconds(100);

describe('httpGet', () => {
  const get = (port: number, more: Partial<HttpGet> = {}) =>
    httpGet({ address: LOOPBACK, port, path: '/', host: 'www.example.org', timeout: seconds(5), ...more }, never);
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
      reason: 'timeout after 0.1 s',
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
      (port) =>
        httpGet({ address: LOOPBACK, port, path: '/', host: 'a', timeout: seconds(5) }, AbortSignal.timeout(20)),
    );
    expect(outcome).toMatchObject({ ok: false, reason: 'aborted', local: true });
  });
});

describe('a conversation by SMTP', () => {
  const talk = (port: number, timeout = seconds(5)) =>
    converse({ address: LOOPBACK, port, timeout }, never, (other) => greet(other, 'checker.example.org'));
  /** A server that says these replies, one for each line it hears after the first. */
  const saying =
    (...replies: string[]) =>
    (socket: Socket) => {
      const next = () => socket.write(replies.shift() ?? '');
      next();
      socket.on('data', next);
    };

  it('ends well with 220, 250 and 221, in one line or many', async () => {
    const serve = saying(
      '220-mail.example.org\r\n220 ESMTP\r\n',
      '250-mail.example.org\r\n250-SIZE\r\n250 OK\r\n',
      '221 bye\r\n',
    );
    expect(await withServer(LOOPBACK, serve, (port) => talk(port))).toEqual({ ok: true, value: undefined });
  });

  it.each([
    [['554 no service\r\n'], "greeting: '554 no service', expected 220"],
    [['220 hi\r\n', '550 who are you\r\n'], "HELO: '550 who are you', expected 250"],
    [['220 hi\r\n', '250 ok\r\n', '500 what\r\n'], "QUIT: '500 what', expected 221"],
    [['SSH-2.0-x\x07\r\n'], "greeting: no reply of SMTP: 'SSH-2.0-x?'"],
    [[`${'220-x\r\n'.repeat(100)}`], 'greeting: a reply of more than 100 lines'],
    [['x'.repeat(5000)], 'a line without an end'],
  ])('%j is a failure with a reason', async (replies, reason) => {
    expect(await withServer(LOOPBACK, saying(...replies), (port) => talk(port))).toEqual({
      ok: false,
      stage: 'answer',
      reason,
      local: false,
    });
  });

  it('a server that says nothing is waited for, and not longer', async () => {
    const outcome = await withServer(
      LOOPBACK,
      () => {},
      (port) => talk(port, HURRIED),
    );
    expect(outcome).toEqual({ ok: false, stage: 'answer', reason: 'no answer within 0.1 s', local: false });
  });

  it('a server that hangs up is a failure', async () => {
    const hangUp = (socket: Socket) => socket.end('220 hi\r\n');
    expect(await withServer(LOOPBACK, hangUp, (port) => talk(port))).toMatchObject({ ok: false, stage: 'answer' });
  });
});

describe('udpExchange', () => {
  const ask = (port: number, address = LOOPBACK, isReply?: (bytes: Uint8Array) => boolean) =>
    udpExchange({ address, port, payload: Buffer.from('ping'), timeout: HURRIED }, never, isReply);

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
      expect(outcome).toEqual({ type: 'reply', bytes: Buffer.from('pong ping') });
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
    const request = {
      address: LOOPBACK,
      port: 9,
      payload: Buffer.from('x'),
      timeout: HURRIED,
      bindAddress: '192.0.2.77',
    };
    expect(await udpExchange(request, never)).toEqual({ type: 'fault', reason: 'EADDRNOTAVAIL', local: true });
  });
});

const whyNoPing = process.getuid?.() === 0 ? undefined : 'not root';
describe.skipIf(whyNoPing !== undefined)(`ping${whyNoPing === undefined ? '' : ` (skipped: ${whyNoPing})`}`, () => {
  it.each(['127.0.0.1', '::1'] as IpAddress[])('%s answers', async (address) => {
    expect(await ping({ address, timeout: seconds(5) }, never)).toMatchObject({ type: 'reply' });
  });

  it('many at once get each its own reply', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () => ping({ address: LOOPBACK, timeout: seconds(5) }, never)),
    );
    expect(outcomes.filter(({ type }) => type === 'reply')).toHaveLength(50);
  });
});
