import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import type { PostgresqlChecker } from '../../src/checks/checker-config.ts';
import { postgresqlCheck } from '../../src/checks/postgresql.ts';
import { checkerConformance, realIo, withServer } from '../support/checker-conformance.ts';
import { common, HEALTHY, never, worldWith } from './example.ts';

const LOOPBACK = '127.0.0.1' as IpAddress;
const configure = (address: IpAddress, port: number): PostgresqlChecker => ({
  kind: 'PGSQL_CHECK',
  ...common(address, port),
  user: 'holdfast',
  database: 'stock',
});

/** A message: its letter, its length, its body. */
function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
/** AuthenticationSASL */
const WHO_ARE_YOU = message('R', Buffer.from('0000000a534352414d2d5348412d3235360000', 'hex'));
const refusal = (code: string, text: string) => message('E', Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${text}\0\0`));

const answering =
  (answer: Buffer, heard: Buffer[] = []) =>
  (socket: Socket) => {
    socket.once('data', () => socket.write(answer));
    socket.on('data', (bytes) => heard.push(Buffer.from(bytes)));
  };
const check = (answer: Buffer, heard: Buffer[] = []) =>
  withServer(LOOPBACK, answering(answer, heard), (port) =>
    postgresqlCheck.check(configure(LOOPBACK, port), realIo, never, 0),
  );

describe('PGSQL_CHECK', () => {
  checkerConformance(postgresqlCheck, { serve: answering(WHO_ARE_YOU), configure, needsAnswer: true });

  it('begins a session of protocol 3.0', async () => {
    const heard: Buffer[] = [];
    expect(await check(WHO_ARE_YOU, heard)).toEqual(HEALTHY);
    const parameters = 'user\0holdfast\0database\0stock\0application_name\0holdfast\0\0';
    expect(heard[0]?.toString('latin1')).toBe(`\0\0\0\x40\0\x03\0\0${parameters}`);
  });

  it('says goodbye where it is let in', async () => {
    const written: Uint8Array[] = [];
    const letIn = message('R', Buffer.alloc(4));
    const pieces = [letIn.subarray(0, 5), letIn.subarray(5)];
    const server = {
      hear: async () => '',
      say: () => {},
      read: async () => pieces.shift() ?? new Uint8Array(),
      write: (bytes: Uint8Array) => void written.push(bytes),
    };
    const io = worldWith({ converse: async (_target, _signal, talk) => ({ ok: true, value: await talk(server) }) });
    expect(await postgresqlCheck.check(configure(LOOPBACK, 9), io, never, 0)).toEqual(HEALTHY);
    expect(written.at(-1)).toEqual(Uint8Array.of(0x58, 0, 0, 0, 4));
  });

  it.each([
    ['28000', 'no pg_hba.conf entry for host', true],
    ['3D000', 'database "stock" does not exist', true],
    ['57P03', 'the database system is starting up', false],
    ['57P01', 'terminating connection due to administrator command', false],
    ['53300', 'sorry, too many clients already', false],
  ])('an error %s (%s): %s', async (code, text, isHealthy) => {
    const expected = isHealthy ? HEALTHY : { outcome: 'unhealthy', reason: `${text} (${code})` };
    expect(await check(refusal(code, text))).toEqual(expected);
  });

  it.each([
    ['another letter', message('Q', Buffer.from('x'))],
    ['a message that is too long', Buffer.from('520000ffff', 'hex')],
    ['a message that is too short', Buffer.from('5200000003', 'hex')],
    ['an error without a code', message('E', Buffer.from('Mno\0\0'))],
  ])('%s is unhealthy', async (_what, answer) => {
    expect((await check(answer)).outcome).toBe('unhealthy');
  });
});
