/** REDIS_CHECK, of holdfast alone: healthy when a Redis server answers PING. Redis Protocol specification (RESP). */
import { table, value, variant } from '../config/table.ts';
import { type CheckerKind, HEALTHY, resultOf, type Speaker, targetOf } from './checker.ts';
import type { RedisChecker } from './checker-config.ts';
import { anyWord, connectionKeywords, connectionOf, type GivenChecker, timingKeywords, timingOf } from './keywords.ts';
import { shown } from './smtp.ts';

/** REDIS_CHECK as one of the checkers of a real server. */
export const redisChecker = variant(
  'REDIS_CHECK',
  table({
    ...timingKeywords,
    ...connectionKeywords,
    user: value('user', anyWord('a user'), 'User of an access control list; with password.', { missingIs: 5 }),
    password: value('password', anyWord('a password'), 'Password to say first.', { missingIs: 5 }),
  }),
  'Healthy when a Redis server answers PING. Of holdfast alone.',
  (reading): GivenChecker => ({
    keyword: reading.keyword,
    configure: (inherited, report) => {
      const connection = connectionOf(reading, inherited, report);
      const { user, password } = reading.values;
      const account = { ...(user === undefined ? {} : { user }), ...(password === undefined ? {} : { password }) };
      if (connection === undefined) return [];
      return [{ kind: 'REDIS_CHECK', ...connection, ...timingOf(reading, inherited), ...account }];
    },
  }),
);

export const redisCheck: CheckerKind<RedisChecker> = {
  keyword: 'REDIS_CHECK',
  async check(config, io, signal) {
    const outcome = await io.converse(targetOf(config), signal, (server) => ping(server, config));
    return outcome.ok ? HEALTHY : resultOf(outcome);
  },
};

async function ping(server: Speaker, { user, password }: RedisChecker): Promise<void> {
  if (password !== undefined) {
    await ask(server, ['AUTH', ...(user === undefined ? [] : [user]), password], '+OK');
  }
  await ask(server, ['PING'], '+PONG');
  server.write(command(['QUIT']));
}

async function ask(server: Speaker, words: readonly string[], wanted: string): Promise<void> {
  server.write(command(words));
  const reply = await server.hear();
  if (reply !== wanted) throw new Error(`${words[0]}: '${shown(reply)}', expected ${wanted}`);
}

/** An array of bulk strings, as clients send their commands. */
const command = (words: readonly string[]): Uint8Array =>
  Buffer.from(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`);
