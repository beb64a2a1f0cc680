import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import type { MysqlChecker } from '../../src/checks/checker-config.ts';
import { mysqlCheck } from '../../src/checks/mysql.ts';
import { checkerConformance, realIo, withServer } from '../support/checker-conformance.ts';
import { common, HEALTHY, never } from './example.ts';

const LOOPBACK = '127.0.0.1' as IpAddress;
const configure = (address: IpAddress, port: number): MysqlChecker => ({
  kind: 'MYSQL_CHECK',
  ...common(address, port),
  user: 'holdfast',
});

function packet(sequence: number, body: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(body.length, 0, 3);
  head[3] = sequence;
  return Buffer.concat([head, body]);
}
/** HandshakeV10 of a MariaDB 10.11, cut behind its first part: nobody looks further. */
const GREETING = packet(0, Buffer.from('\x0a5.5.5-10.11.6-MariaDB\0\x01\0\0\0abcdefgh\0', 'latin1'));
const error = (sequence: number, code: number, text: string) =>
  packet(sequence, Buffer.concat([Buffer.of(0xff, code & 0xff, code >> 8), Buffer.from(text)]));
const OK = packet(2, Buffer.of(0, 0, 0, 2, 0, 0, 0));

/** A server that says these packets, one for each it hears after the first. */
const saying =
  (packets: readonly Buffer[], heard: Buffer[] = []) =>
  (socket: Socket) => {
    const left = [...packets];
    const next = () => socket.write(left.shift() ?? '');
    next();
    socket.on('data', (bytes) => {
      heard.push(Buffer.from(bytes));
      next();
    });
  };
const check = (packets: readonly Buffer[], heard: Buffer[] = []) =>
  withServer(LOOPBACK, saying(packets, heard), (port) => mysqlCheck.check(configure(LOOPBACK, port), realIo, never, 0));

describe('MYSQL_CHECK', () => {
  checkerConformance(mysqlCheck, {
    serve: saying([GREETING, error(2, 1045, '#28000Access denied')]),
    configure,
    needsAnswer: true,
  });

  it('names its user, with protocol 4.1 and no password', async () => {
    const heard: Buffer[] = [];
    expect(await check([GREETING, OK], heard)).toEqual(HEALTHY);
    const [answer = Buffer.alloc(0)] = heard;
    expect(answer.subarray(0, 8).toString('hex')).toBe('4000000101820800');
    expect(answer.subarray(36).toString('latin1')).toBe('holdfast\0\0mysql_native_password\0');
  });

  it('answers a change of the method with no password', async () => {
    const heard: Buffer[] = [];
    const change = packet(2, Buffer.from('\xfecaching_sha2_password\x000123456789\0', 'latin1'));
    expect(await check([GREETING, change, error(4, 1045, '#28000Access denied')], heard)).toEqual(HEALTHY);
    expect(heard[1]?.toString('hex')).toBe('00000003');
  });

  it.each([
    ['too many connections, at once', [error(0, 1040, '#08004Too many connections')], 'Too many connections (1040)'],
    ['this host is blocked', [error(0, 1129, "Host 'a' is blocked")], "Host 'a' is blocked (1129)"],
    [
      'too many connections, later',
      [GREETING, error(2, 1040, '#08004Too many connections')],
      'Too many connections (1040)',
    ],
    ['another protocol', [packet(0, Buffer.of(9, 65))], "no greeting of MySQL: '?A'"],
    ['an error without a number', [GREETING, packet(2, Buffer.of(0xff))], 'an error without a number'],
    ['an empty packet', [Buffer.alloc(4)], "no packet of MySQL: '????'"],
  ])('%s is unhealthy', async (_what, packets, reason) => {
    expect(await check(packets)).toEqual({ outcome: 'unhealthy', reason });
  });
});
