/**
 * MYSQL_CHECK, of holdfast alone: healthy when a MySQL or MariaDB server greets. It goes on as far as the server's answer to a
 * user name: servers count connections that end before that as errors, and shut out who makes too many of them
 * (max_connect_errors). MySQL documentation, "Connection Phase Packets".
 */
import { table, value, variant } from '../config/table.ts';
import { type CheckerKind, HEALTHY, resultOf, type Speaker, targetOf } from './checker.ts';
import type { MysqlChecker } from './checker-config.ts';
import { anyWord, connectionKeywords, connectionOf, type GivenChecker, timingKeywords, timingOf } from './keywords.ts';
import { shown } from './smtp.ts';

const DEFAULT_USER = 'holdfast';

/** MYSQL_CHECK as one of the checkers of a real server. */
export const mysqlChecker = variant(
  'MYSQL_CHECK',
  table({
    ...timingKeywords,
    ...connectionKeywords,
    user: value('user', anyWord('a user'), `User to name, without a password; need not exist; ${DEFAULT_USER}.`, {
      missingIs: 5,
    }),
  }),
  'Healthy when a MySQL or MariaDB server takes connections. Of holdfast alone.',
  (reading): GivenChecker => ({
    keyword: reading.keyword,
    configure: (inherited, report) => {
      const connection = connectionOf(reading, inherited, report);
      if (connection === undefined) return [];
      const { user = DEFAULT_USER } = reading.values;
      return [{ kind: 'MYSQL_CHECK', ...connection, ...timingOf(reading, inherited), user }];
    },
  }),
);

export const mysqlCheck: CheckerKind<MysqlChecker> = {
  keyword: 'MYSQL_CHECK',
  async check(config, io, signal) {
    const outcome = await io.converse(targetOf(config), signal, (server) => greet(server, config.user));
    return outcome.ok ? HEALTHY : resultOf(outcome);
  },
};

const PROTOCOL = 10;
const OK = 0x00;
const ERROR = 0xff;
const AUTH_SWITCH = 0xfe;
/** CLIENT_LONG_PASSWORD, CLIENT_PROTOCOL_41, CLIENT_SECURE_CONNECTION, CLIENT_PLUGIN_AUTH */
const CAPABILITIES = 0x0000_0001 | 0x0000_0200 | 0x0000_8000 | 0x0008_0000;
const PACKET_MAX = 16_384;
/** utf8mb4_general_ci */
const CHARACTER_SET = 45;
/** ER_DBACCESS_DENIED_ERROR, ER_ACCESS_DENIED_ERROR, ER_ACCESS_DENIED_NO_PASSWORD_ERROR: it is there, and does not know us. */
const DENIED = new Set([1044, 1045, 1698]);
/** COM_QUIT */
const QUIT = Uint8Array.of(1, 0, 0, 0, 1);

async function greet(server: Speaker, user: string): Promise<void> {
  const greeting = await packet(server);
  if (greeting.body[0] === ERROR) throw new Error(errorText(greeting.body));
  if (greeting.body[0] !== PROTOCOL)
    throw new Error(`no greeting of MySQL: '${shown(greeting.body.toString('latin1'))}'`);
  server.write(framed(greeting.sequence + 1, handshakeResponse(user)));
  let answer = await packet(server);
  if (answer.body[0] === AUTH_SWITCH) {
    // no password, whatever the method
    server.write(framed(answer.sequence + 1, Buffer.alloc(0)));
    answer = await packet(server);
  }
  switch (answer.body[0]) {
    case OK:
      server.write(QUIT);
      return;
    case ERROR:
      if (!DENIED.has(answer.body.length < 3 ? 0 : answer.body.readUInt16LE(1)))
        throw new Error(errorText(answer.body));
      return;
    case 1: // AuthMoreData: it wants to hear more of a password
      return;
    default:
      throw new Error(`no answer of MySQL: '${shown(answer.body.toString('latin1'))}'`);
  }
}

/** Three bytes of length, one of sequence, and the body. */
async function packet(server: Speaker): Promise<{ readonly sequence: number; readonly body: Buffer }> {
  const head = Buffer.from(await server.read(4));
  const length = head.readUIntLE(0, 3);
  if (length === 0 || length > PACKET_MAX) throw new Error(`no packet of MySQL: '${shown(head.toString('latin1'))}'`);
  return { sequence: head[3] as number, body: Buffer.from(await server.read(length)) };
}

function framed(sequence: number, body: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(body.length, 0, 3);
  head[3] = sequence & 0xff;
  return Buffer.concat([head, body]);
}

/** HandshakeResponse41 with an empty password. */
function handshakeResponse(user: string): Buffer {
  const head = Buffer.alloc(32);
  head.writeUInt32LE(CAPABILITIES, 0);
  head.writeUInt32LE(PACKET_MAX, 4);
  head[8] = CHARACTER_SET;
  return Buffer.concat([head, Buffer.from(`${user}\0\0mysql_native_password\0`)]);
}

/** ERR_Packet: the code, then perhaps # and a state of five letters, then a sentence. */
function errorText(body: Buffer): string {
  if (body.length < 3) return 'an error without a number';
  const sentence = body
    .subarray(3)
    .toString('utf8')
    .replace(/^#.{5}/, '');
  return `${shown(sentence)} (${body.readUInt16LE(1)})`;
}
