import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { milliseconds } from '../../src/base/time.ts';
import type { SmtpChecker } from '../../src/checks/checker-config.ts';
import { smtpCheck } from '../../src/checks/smtp.ts';
import { checkerConformance, realIo, withServer } from '../support/checker-conformance.ts';
import { common, HEALTHY, never } from './example.ts';

const LOOPBACK = '127.0.0.1' as IpAddress;
const configure = (address: IpAddress, port: number): SmtpChecker => ({
  kind: 'SMTP_CHECK',
  ...common(address, port),
  heloName: 'checker.example.org',
});

/** A server that says these replies, one for each line it hears after the first. @param heard gets the lines */
const saying =
  (replies: readonly string[], heard: string[] = []) =>
  (socket: Socket) => {
    const left = [...replies];
    const next = () => socket.write(left.shift() ?? '');
    next();
    socket.on('data', (text) => {
      heard.push(String(text));
      next();
    });
  };

describe('SMTP_CHECK', () => {
  checkerConformance(smtpCheck, {
    serve: saying(['220 mail.example.org ESMTP\r\n', '250 mail.example.org\r\n', '221 bye\r\n']),
    configure,
    needsAnswer: true,
  });

  const check = (replies: readonly string[], heard: string[] = []) =>
    withServer(LOOPBACK, saying(replies, heard), (port) =>
      smtpCheck.check(configure(LOOPBACK, port), realIo, never, 0),
    );

  it('introduces itself and takes its leave, after replies of one line or many', async () => {
    const heard: string[] = [];
    const replies = ['220-mail\r\n220 ESMTP\r\n', '250-mail\r\n250-SIZE\r\n250 OK\r\n', '221 bye\r\n'];
    expect(await check(replies, heard)).toEqual(HEALTHY);
    expect(heard).toEqual(['HELO checker.example.org\r\n', 'QUIT\r\n']);
  });

  it.each([
    [['554 no service\r\n'], "greeting: '554 no service', expected 220"],
    [['220 hi\r\n', '550 who are you\r\n'], "HELO: '550 who are you', expected 250"],
    [['220 hi\r\n', '250 ok\r\n', '500 what\r\n'], "QUIT: '500 what', expected 221"],
    [['SSH-2.0-x\x07\r\n'], "greeting: no reply of SMTP: 'SSH-2.0-x?'"],
    [['220-x\r\n'.repeat(100)], 'greeting: a reply of more than 100 lines'],
    [['x'.repeat(5000)], 'a line without an end'],
  ])('%j is a failure with a reason', async (replies, reason) => {
    expect(await check(replies)).toEqual({ outcome: 'unhealthy', reason });
  });

  it('waits for each reply as long as connect_timeout says', async () => {
    const config = (port: number) => ({ ...configure(LOOPBACK, port), connectTimeout: milliseconds(100) });
    const result = await withServer(LOOPBACK, saying(['220 hi\r\n']), (port) =>
      smtpCheck.check(config(port), realIo, never, 0),
    );
    expect(result).toEqual({ outcome: 'unhealthy', reason: 'no answer within 0.1 s' });
  });
});
