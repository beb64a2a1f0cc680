/** Mails and webhooks over real connections of this host. */
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { milliseconds, seconds } from '../../src/base/time.ts';
import { HttpRefusal, postJson } from '../../src/io/post-json.ts';
import { isRefusal, sendMail } from '../../src/io/smtp-mail.ts';

const open: { close(): void }[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  for (const one of open.splice(0)) one.close();
  for (const socket of sockets) socket.destroy();
});

async function listening<S extends Server | HttpServer>(server: S): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.on('connection', (socket) => sockets.add(socket as Socket));
  open.push(server);
  return (server.address() as AddressInfo).port;
}

/** A mail server: what it was told, line by line. @param answer of a command; undefined: the usual one */
async function mailServer(answer: (command: string) => string | undefined = () => undefined) {
  const lines: string[] = [];
  let isData = false;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    const say = (text: string) => socket.write(`${text}\r\n`);
    say(answer('CONNECT') ?? '220 mx.example.com');
    createInterface({ input: socket }).on('line', (line) => {
      lines.push(line);
      const [word = ''] = line.toUpperCase().split(' ');
      if (isData && line !== '.') return;
      const own = isData ? undefined : answer(word);
      if (own !== undefined) return say(own);
      if (isData) {
        isData = false;
        return say('250 taken');
      }
      if (word === 'DATA') isData = true;
      if (word === 'QUIT') return socket.end('221 bye\r\n');
      return say(word === 'DATA' ? '354 go on' : '250 fine');
    });
  });
  return { port: await listening(server), lines };
}

const mail = {
  from: 'ha@example.com',
  to: ['a@example.com', 'Joe Doe <joe@example.com>'],
  subject: '[R1] VRRP Instance VI_1 - Entering MASTER state',
  text: '=> VRRP Instance is now owning VRRP VIPs <=\n\n',
  date: new Date('2026-03-01T12:00:00Z'),
};
const to = (port: number) => ({ host: '127.0.0.1', port, heloName: 'lb1', timeout: seconds(10) });

describe('sendMail', () => {
  it('says what keepalived says: envelope, headers, body', async () => {
    const server = await mailServer();
    await sendMail(mail, to(server.port));
    const [hello, ...rest] = server.lines;
    expect(hello).toMatch(/^(EHLO|HELO) lb1$/);
    expect(rest.filter((line) => /^(MAIL|RCPT)/.test(line))).toEqual([
      'MAIL FROM:<ha@example.com>',
      'RCPT TO:<a@example.com>',
      'RCPT TO:<joe@example.com>',
    ]);
    for (const line of [
      'From: ha@example.com',
      'To: a@example.com, Joe Doe <joe@example.com>',
      'Subject: [R1] VRRP Instance VI_1 - Entering MASTER state',
      'X-Mailer: holdfast',
      'Date: Sun, 01 Mar 2026 12:00:00 +0000',
      '=> VRRP Instance is now owning VRRP VIPs <=',
    ]) {
      expect(rest).toContain(line);
    }
  });

  it('a server that knows no EHLO gets HELO', async () => {
    const server = await mailServer((word) => (word === 'EHLO' ? '502 what?' : undefined));
    await sendMail(mail, to(server.port));
    expect(server.lines.slice(0, 2)).toEqual(['EHLO lb1', 'HELO lb1']);
  });

  it('a refusal for good is told from one for now', async () => {
    const never = await mailServer((word) => (word === 'MAIL' ? '550 not from you' : undefined));
    const later = await mailServer((word) => (word === 'MAIL' ? '451 not now' : undefined));
    const failure = (port: number) =>
      sendMail(mail, to(port)).then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(isRefusal(await failure(never.port))).toBe(true);
    expect(isRefusal(await failure(later.port))).toBe(false);
  });

  it('a server that says nothing, and one that is not there, are failures in time', async () => {
    const silent = await listening(createServer(() => {}));
    const server = { ...to(silent), timeout: milliseconds(200) };
    await expect(sendMail(mail, server)).rejects.toThrow(/Greeting never received|Timeout/);
    await expect(sendMail(mail, { ...server, port: 1 })).rejects.toThrow(/ECONNREFUSED/);
  });
});

describe('postJson', () => {
  async function webServer(status: number, hang = false) {
    const got: { method: string | undefined; type: string | undefined; body: string }[] = [];
    const server = createHttpServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        got.push({ method: request.method, type: request.headers['content-type'], body });
        if (!hang) response.writeHead(status, { location: '/elsewhere' }).end('x'.repeat(100_000));
      });
    });
    return { url: new URL(`http://127.0.0.1:${await listening(server)}/hook`), got };
  }

  it('posts the body as JSON', async () => {
    const { url, got } = await webServer(204);
    await postJson(url, '{"ä":1}', seconds(10));
    expect(got).toEqual([{ method: 'POST', type: 'application/json', body: '{"ä":1}' }]);
  });

  it.each([
    [302, true],
    [404, true],
    [408, false],
    [429, false],
    [500, false],
    [503, false],
  ])('an answer of %i is a refusal, for good: %s', async (status, isPermanent) => {
    const { url, got } = await webServer(status);
    const refusal = await postJson(url, '{}', seconds(10)).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(HttpRefusal);
    expect(refusal).toMatchObject({ status, isPermanent });
    expect(got).toHaveLength(1); // a redirection is not followed
  });

  it('a server that does not answer is a failure in time', async () => {
    const { url } = await webServer(200, true);
    await expect(postJson(url, '{}', milliseconds(200))).rejects.toThrow('no answer within 0.2 s');
    await expect(postJson(new URL('http://127.0.0.1:1/'), '{}', seconds(1))).rejects.toThrow(/ECONNREFUSED/);
  });
});
