import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import type { RedisChecker } from '../../src/checks/checker-config.ts';
import { redisCheck } from '../../src/checks/redis.ts';
import { checkerConformance, realIo, withServer } from '../support/checker-conformance.ts';
import { common, HEALTHY, never } from './example.ts';

const LOOPBACK = '127.0.0.1' as IpAddress;
const configure = (address: IpAddress, port: number, different: Partial<RedisChecker> = {}): RedisChecker => ({
  kind: 'REDIS_CHECK',
  ...common(address, port),
  ...different,
});

const PING = '*1\r\n$4\r\nPING\r\n';
/** A server with one reply for each command. */
const answering = (replies: Readonly<Record<string, string>>) => (socket: Socket) => {
  socket.on('data', (text) => socket.write(replies[String(text)] ?? ''));
};
const check = (replies: Readonly<Record<string, string>>, different: Partial<RedisChecker> = {}) =>
  withServer(LOOPBACK, answering(replies), (port) =>
    redisCheck.check(configure(LOOPBACK, port, different), realIo, never, 0),
  );

describe('REDIS_CHECK', () => {
  checkerConformance(redisCheck, { serve: answering({ [PING]: '+PONG\r\n' }), configure, needsAnswer: true });

  it.each([
    [{ password: 'secret' }, '*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n'],
    [{ user: 'watch', password: 'secret' }, '*3\r\n$4\r\nAUTH\r\n$5\r\nwatch\r\n$6\r\nsecret\r\n'],
  ])('says its password first: %j', async (account, auth) => {
    expect(await check({ [auth]: '+OK\r\n', [PING]: '+PONG\r\n' }, account)).toEqual(HEALTHY);
    expect(await check({ [auth]: '-WRONGPASS no\r\n', [PING]: '+PONG\r\n' }, account)).toEqual({
      outcome: 'unhealthy',
      reason: "AUTH: '-WRONGPASS no', expected +OK",
    });
  });

  it.each(['-NOAUTH Authentication required.', '-LOADING Redis is loading the dataset in memory', '+OK', '$4'])(
    'an answer %s to PING is unhealthy',
    async (reply) => {
      expect(await check({ [PING]: `${reply}\r\n` })).toEqual({
        outcome: 'unhealthy',
        reason: `PING: '${reply}', expected +PONG`,
      });
    },
  );
});
