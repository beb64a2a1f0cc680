import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import type { CheckResult, PageRequest } from '../../src/checks/checker.ts';
import type { AnswerPattern, Page, WebChecker } from '../../src/checks/checker-config.ts';
import { httpCheck, sslCheck } from '../../src/checks/http.ts';
import { SEARCHED_BYTES } from '../../src/checks/http-answer.ts';
import { checkIo } from '../../src/daemon/check-io.ts';
import { checkerConformance, realIo, withServer } from '../support/checker-conformance.ts';
import { HEALTHY, never, page, webChecker, worldWith } from './example.ts';

const LOOPBACK = '127.0.0.1' as IpAddress;
const file = (name: string) => join(import.meta.dirname, '../support/tls', name);
const read = (name: string) => readFileSync(file(name));

const answer = (body: string, status = '200 OK') =>
  `HTTP/1.0 ${status}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const answering = (text: string) => (socket: Socket) => {
  socket.once('data', () => socket.end(text));
};
const check = (config: WebChecker, step = 0): Promise<CheckResult> =>
  (config.kind === 'SSL_GET' ? sslCheck : httpCheck).check(config, realIo, never, step);
/** What HTTP_GET says of an answer. */
const verdict = (text: string, different: Partial<Page>): Promise<CheckResult> =>
  withServer(LOOPBACK, answering(text), (port) =>
    check(webChecker('HTTP_GET', LOOPBACK, port, { pages: [page(different)] })),
  );

/** The pages that a checker asks for, and how. */
async function requestsOf(config: WebChecker): Promise<PageRequest[]> {
  const seen: PageRequest[] = [];
  const io = worldWith({
    get: async (request) => {
      seen.push(request);
      return { ok: true, status: 200 };
    },
  });
  for (const step of config.pages.keys()) await httpCheck.check(config, io, never, step);
  return seen;
}

describe('HTTP_GET', () => {
  checkerConformance(httpCheck, {
    serve: answering(answer('hello')),
    configure: (address, port) => webChecker('HTTP_GET', address, port),
    needsAnswer: true,
  });

  it('asks for the page of its step', async () => {
    const config = webChecker('HTTP_GET', LOOPBACK, 80, { pages: [page({ path: '/a' }), page({ path: '/b' })] });
    expect((await requestsOf(config)).map(({ path }) => path)).toEqual(['/a', '/b']);
  });

  it('asks for the nearest virtual host as it is, else for the address with its port', async () => {
    const pages = [page({ virtualHost: 'page.example.org:8080' }), page()];
    const hosts = async (different: Partial<WebChecker>, address = LOOPBACK) =>
      (await requestsOf(webChecker('HTTP_GET', address, 80, { pages, ...different }))).map(({ host }) => host);
    const inheritedVirtualHost = 'server.example.org';
    expect(await hosts({ virtualHost: 'checker.example.org', inheritedVirtualHost })).toEqual([
      'page.example.org:8080',
      'checker.example.org',
    ]);
    expect(await hosts({ inheritedVirtualHost })).toEqual(['page.example.org:8080', 'server.example.org']);
    expect(await hosts({})).toEqual(['page.example.org:8080', '127.0.0.1:80']);
    expect(await hosts({}, '2001:db8::1' as IpAddress)).toEqual(['page.example.org:8080', '[2001:db8::1]:80']);
  });

  it.each([
    ['204 No Content', [[200, 299]], HEALTHY],
    ['302 Found', [[200, 299]], { outcome: 'unhealthy', reason: '/: status 302' }],
    ['404 Not Found', [[404, 404]], HEALTHY],
    [
      '405 No',
      [
        [200, 200],
        [404, 404],
      ],
      { outcome: 'unhealthy', reason: '/: status 405' },
    ],
    [
      '503 No',
      [
        [200, 299],
        [500, 503],
      ],
      HEALTHY,
    ],
    [
      '504 No',
      [
        [200, 299],
        [500, 503],
      ],
      { outcome: 'unhealthy', reason: '/: status 504' },
    ],
  ] as const)('status %s where %j is right', async (status, statusCodes, expected) => {
    expect(await verdict(answer('', status), { statusCodes })).toEqual(expected);
  });

  it('compares the MD5 of the body, whatever the length of the body', async () => {
    for (const body of ['', 'hello', 'x'.repeat(3_000_000)]) {
      const digest = createHash('md5').update(body).digest('hex');
      expect(await verdict(answer(body), { digest })).toEqual(HEALTHY);
      expect(await verdict(answer(`${body}!`), { digest })).toMatchObject({ outcome: 'unhealthy' });
    }
  });

  const pattern = (expression: string, different: Partial<AnswerPattern> = {}): Partial<Page> => ({
    pattern: { expression, isUnwanted: false, options: [], minOffset: 0, maxOffset: 0, ...different },
  });

  /** The headers of an answer with a body of that length. */
  const headLength = (length: number) => answer('x'.repeat(length)).length - length;
  const AT = headLength(11);

  it.each([
    ['^HTTP/1\\.0 200 OK\\r\\nContent-Length: 11\\r\\n\\r\\nhello', {}, true],
    ['world', {}, true],
    ['World', {}, false],
    ['World', { options: ['caseless'] }, true],
    ['world', { isUnwanted: true }, false],
    ['moon', { isUnwanted: true }, true],
    ['o', { minOffset: AT + 8 }, false],
    ['o', { minOffset: AT + 7 }, true],
    ['hello', { maxOffset: AT - 1 }, false],
    ['hello', { maxOffset: AT }, true],
    ['wo', { minOffset: AT + 6, maxOffset: AT + 6 }, true],
  ] as const)('looks for %s with %j in "hello world": %s', async (expression, different, isHealthy) => {
    const { outcome } = await verdict(answer('hello world'), pattern(expression, different));
    expect(outcome).toBe(isHealthy ? 'healthy' : 'unhealthy');
  });

  it('offsets are bytes, of UTF-8 too', async () => {
    const options = ['utf'];
    const at = headLength(4) + 2;
    expect(await verdict(answer('äö'), pattern('ö', { options, minOffset: at, maxOffset: at }))).toEqual(HEALTHY);
    const early = pattern('ö', { options, maxOffset: at - 1 });
    expect(await verdict(answer('äö'), early)).toMatchObject({ outcome: 'unhealthy' });
  });

  it('finds what lies across pieces of the answer', async () => {
    const serve = (socket: Socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.0 200 OK\r\n\r\nhel', () => setImmediate(() => socket.end('lo')));
      });
    };
    const config = (port: number) => webChecker('HTTP_GET', LOOPBACK, port, { pages: [page(pattern('hello'))] });
    expect(await withServer(LOOPBACK, serve, (port) => check(config(port)))).toEqual(HEALTHY);
  });

  it('looks through the first megabyte and no further', async () => {
    const filler = 'x'.repeat(SEARCHED_BYTES - 3 - headLength(SEARCHED_BYTES));
    expect(await verdict(answer(`${filler}end`), pattern('end'))).toEqual(HEALTHY);
    expect(await verdict(answer(`${filler}xend`), pattern('end'))).toMatchObject({ outcome: 'unhealthy' });
  });

  it('gives up a search that would never end', async () => {
    expect(await verdict(answer(`${'a'.repeat(40)}!`), pattern('\\n(a|a)*$'))).toEqual({
      outcome: 'unhealthy',
      reason: "/: the search for '\\n(a|a)*$' takes too long",
    });
  });

  it('an expression that cannot be read says nothing about the server', async () => {
    expect(await verdict(answer('a'), pattern('(?R)'))).toEqual({
      outcome: 'inconclusive',
      reason: 'regex of /: (?R is not known here',
    });
  });

  it('takes an answer with headers that are not quite right', async () => {
    expect(await verdict('HTTP/1.1 200 OK\nX-Bad: a\x01b\r\nContent-Length: 2\r\n\r\nok', {})).toEqual(HEALTHY);
  });
});

/** A server that speaks TLS through `socket.write`, so that what it writes can be held up. */
const secured =
  (serve: (socket: TLSSocket) => void, options: object = {}) =>
  (socket: Socket): void => {
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
    socket.on('data', (bytes) => stream.push(bytes));
    socket.on('close', () => stream.destroy());
    const secure = new TLSSocket(stream, {
      isServer: true,
      key: read('server.key'),
      cert: read('server.pem'),
      ...options,
    });
    secure.on('error', () => {});
    serve(secure);
  };

describe('SSL_GET', () => {
  const CERTIFICATE_END = '2126-11-06T';
  const serve = secured((secure) => secure.once('data', () => secure.end(answer('hello'))));

  checkerConformance(sslCheck, {
    serve,
    configure: (address, port) => webChecker('SSL_GET', address, port),
    needsAnswer: true,
  });

  /** What it says of the server of these tests. */
  const against = (different: Partial<WebChecker>, trusted = true, world = serve): Promise<CheckResult> =>
    withServer(LOOPBACK, world, (port) => {
      const io = checkIo(async () => ({ how: 'aborted' }), trusted ? { authority: file('authority.pem') } : {});
      return sslCheck.check(webChecker('SSL_GET', LOOPBACK, port, different), io, never, 0);
    });

  it('tells when the certificate ends', async () => {
    const result = await against({});
    expect(result.outcome === 'healthy' && result.certificateEnd?.startsWith(CERTIFICATE_END)).toBe(true);
  });

  it.each([
    ['nobody looks at it', {}, false, 'healthy'],
    ['it is verified by its authority', { tlsVerify: true }, true, 'healthy'],
    ['it is for the virtual host', { tlsVerify: true, virtualHost: 'www.example.org:443' }, true, 'healthy'],
    ['nobody here trusts its authority', { tlsVerify: true }, false, 'unhealthy'],
    ['it is for another host', { tlsVerify: true, virtualHost: 'www.example.com' }, true, 'unhealthy'],
    ['it is for another SNI name', { tlsVerify: true, sniName: 'mail.example.org' }, true, 'unhealthy'],
  ] as const)('a certificate where %s', async (_where, different, trusted, outcome) => {
    expect((await against(different, trusted)).outcome).toBe(outcome);
  });

  it.each([
    [{}, false],
    [{ virtualHost: 'www.example.org' }, false],
    [{ virtualHost: 'www.example.org', enableSni: true }, 'www.example.org'],
    [{ virtualHost: 'www.example.org:8443', enableSni: true }, 'www.example.org'],
    [{ virtualHost: 'www.example.org', enableSni: true, sniName: 'sni.example.org' }, 'sni.example.org'],
    [{ inheritedVirtualHost: 'rs.example.org', enableSni: true }, 'rs.example.org'],
    [{ enableSni: true }, false],
  ] as const)('names with %j in the handshake: %s', async (different, name) => {
    let seen: unknown;
    const world = secured((secure) => {
      secure.once('secure', () => {
        seen = secure.servername;
      });
      secure.once('data', () => secure.end(answer('hello')));
    });
    expect((await against(different, true, world)).outcome).toBe('healthy');
    expect(seen).toBe(name);
  });

  it.each([
    [{ tlsCompliant: true }, true],
    [{}, false],
    [{ tlsCompliant: true, pages: [page({ tlsCompliant: false })] }, false],
  ] as const)('with %j says goodbye: %s (keepalived.conf(5) "tls_compliant")', async (different, says) => {
    let goodbye = false;
    let over = () => {};
    const closed = new Promise<void>((resolve) => {
      over = resolve;
    });
    const world = (socket: Socket) => {
      socket.once('close', over);
      secured((secure) => {
        secure.once('end', () => {
          goodbye = true;
        });
        secure.on('data', () => secure.write(answer('hello')));
      })(socket);
    };
    const result = await withServer(LOOPBACK, world, async (port) => {
      const outcome = await check(webChecker('SSL_GET', LOOPBACK, port, different));
      await closed;
      return outcome;
    });
    expect([result.outcome, goodbye]).toEqual(['healthy', says]);
  });

  it('shows the certificate that SSL names (keepalived.conf(5) "certificate")', async () => {
    const options = { requestCert: true, rejectUnauthorized: true, ca: [read('authority.pem')] };
    const world = secured((secure) => secure.once('data', () => secure.end(answer('hello'))), options);
    const shown = { certificate: file('server.pem'), key: file('server.key') };
    const outcomes = [shown, {}].map((files) =>
      withServer(LOOPBACK, world, async (port) => {
        const io = checkIo(async () => ({ how: 'aborted' }), files);
        return (await sslCheck.check(webChecker('SSL_GET', LOOPBACK, port), io, never, 0)).outcome;
      }),
    );
    expect(await Promise.all(outcomes)).toEqual(['healthy', 'unhealthy']);
  });

  it('a file of SSL that is not there says nothing about the server', async () => {
    const result = await withServer(LOOPBACK, serve, (port) => {
      const io = checkIo(async () => ({ how: 'aborted' }), { certificate: '/nosuch.pem' });
      return sslCheck.check(webChecker('SSL_GET', LOOPBACK, port), io, never, 0);
    });
    expect(result).toMatchObject({ outcome: 'inconclusive', reason: expect.stringContaining('/nosuch.pem') });
  });
});
