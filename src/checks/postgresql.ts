/**
 * PGSQL_CHECK, of holdfast alone: healthy when a PostgreSQL server takes connections. It begins a session and goes when the
 * server asks who it is, as pg_isready(1) does. PostgreSQL documentation, "Message Formats" (protocol 3.0).
 */
import { table, value, variant } from '../config/table.ts';
import { type CheckerKind, HEALTHY, resultOf, type Speaker, targetOf } from './checker.ts';
import type { PostgresqlChecker } from './checker-config.ts';
import { anyWord, connectionKeywords, connectionOf, type GivenChecker, timingKeywords, timingOf } from './keywords.ts';
import { shown } from './smtp.ts';

const DEFAULT_USER = 'holdfast';

/** PGSQL_CHECK as one of the checkers of a real server. */
export const postgresqlChecker = variant(
  'PGSQL_CHECK',
  table({
    ...timingKeywords,
    ...connectionKeywords,
    user: value('user', anyWord('a user'), `User to name; need not exist; ${DEFAULT_USER}.`, { missingIs: 5 }),
    database: value('database', anyWord('a database'), 'Database to name; need not exist; as the user.', {
      missingIs: 5,
    }),
  }),
  'Healthy when a PostgreSQL server takes connections. Of holdfast alone.',
  (reading): GivenChecker => ({
    keyword: reading.keyword,
    configure: (inherited, report) => {
      const connection = connectionOf(reading, inherited, report);
      if (connection === undefined) return [];
      const { user = DEFAULT_USER, database = user } = reading.values;
      return [{ kind: 'PGSQL_CHECK', ...connection, ...timingOf(reading, inherited), user, database }];
    },
  }),
);

export const postgresqlCheck: CheckerKind<PostgresqlChecker> = {
  keyword: 'PGSQL_CHECK',
  async check(config, io, signal) {
    const outcome = await io.converse(targetOf(config), signal, (server) => greet(server, config));
    return outcome.ok ? HEALTHY : resultOf(outcome);
  },
};

const PROTOCOL = 0x0003_0000;
const MESSAGE_MAX = 4096;
/** Terminate */
const GOODBYE = Uint8Array.of(0x58, 0, 0, 0, 4);
/** SQLSTATEs of a server that is there and takes nobody: starting or stopping, full. */
const NOT_NOW = new Set(['57P01', '57P02', '57P03', '53300']);

async function greet(server: Speaker, { user, database }: PostgresqlChecker): Promise<void> {
  server.write(startup({ user, database, application_name: 'holdfast' }));
  const head = Buffer.from(await server.read(5));
  const type = String.fromCharCode(head[0] as number);
  const length = head.readUInt32BE(1) - 4;
  // NegotiateProtocolVersion would be a third one; nothing else may come first
  if (!'REv'.includes(type) || length < 0 || length > MESSAGE_MAX) {
    throw new Error(`no answer of PostgreSQL: '${shown(head.toString('latin1'))}'`);
  }
  const bytes = Buffer.from(await server.read(length));
  if (type === 'E') {
    const body = bytes.toString('utf8');
    // fields: a letter, a text, NUL; C is the SQLSTATE, M the sentence
    const fields = new Map(body.split('\0').map((field) => [field[0], field.slice(1)]));
    const code = fields.get('C') ?? '';
    if (!/^[0-9A-Z]{5}$/.test(code)) throw new Error(`no error of PostgreSQL: '${shown(body)}'`);
    if (NOT_NOW.has(code)) throw new Error(`${shown(fields.get('M') ?? '')} (${code})`);
    return; // it does not know us: it is there
  }
  // AuthenticationOk; who is asked for a password leaves without a word, which is no error to the server
  if (type === 'R' && length === 4 && bytes.readUInt32BE(0) === 0) server.write(GOODBYE);
}

/** StartupMessage */
function startup(parameters: Readonly<Record<string, string>>): Buffer {
  const text = Object.entries(parameters).map(([name, setting]) => `${name}\0${setting}\0`);
  const body = Buffer.from(`${text.join('')}\0`);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(head.length + body.length, 0);
  head.writeUInt32BE(PROTOCOL, 4);
  return Buffer.concat([head, body]);
}
