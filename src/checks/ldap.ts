/** LDAP_CHECK, of holdfast alone: healthy when a directory takes a simple bind. RFC 4511 §4.2, RFC 4513 §5.1. */
import { table, value, variant } from '../config/table.ts';
import { type CheckerKind, HEALTHY, resultOf, type Speaker, targetOf } from './checker.ts';
import type { LdapChecker } from './checker-config.ts';
import { anyWord, connectionKeywords, connectionOf, type GivenChecker, timingKeywords, timingOf } from './keywords.ts';
import { shown } from './smtp.ts';

/** LDAP_CHECK as one of the checkers of a real server. */
export const ldapChecker = variant(
  'LDAP_CHECK',
  table({
    ...timingKeywords,
    ...connectionKeywords,
    bindDn: value('bind_dn', anyWord('a distinguished name'), 'Who binds; anonymous.', { missingIs: 5 }),
    password: value('password', anyWord('a password'), 'Password of bind_dn.', { missingIs: 5 }),
  }),
  'Healthy when a directory takes a bind. Of holdfast alone.',
  (reading): GivenChecker => ({
    keyword: reading.keyword,
    configure: (inherited, report) => {
      const connection = connectionOf(reading, inherited, report);
      if (connection === undefined) return [];
      const { bindDn = '', password = '' } = reading.values;
      return [{ kind: 'LDAP_CHECK', ...connection, ...timingOf(reading, inherited), bindDn, password }];
    },
  }),
);

export const ldapCheck: CheckerKind<LdapChecker> = {
  keyword: 'LDAP_CHECK',
  async check(config, io, signal) {
    const outcome = await io.converse(targetOf(config), signal, (server) => bind(server, config));
    return outcome.ok ? HEALTHY : resultOf(outcome);
  },
};

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const ENUMERATED = 0x0a;
/** [APPLICATION 0], [APPLICATION 1], [CONTEXT 0] */
const BIND_REQUEST = 0x60;
const BIND_RESPONSE = 0x61;
const SIMPLE = 0x80;
const VERSION = 3;
const MESSAGE_MAX = 16_384;
/** LDAPMessage 2 with an UnbindRequest (§4.3). */
const UNBIND = Uint8Array.of(SEQUENCE, 5, INTEGER, 1, 2, 0x42, 0);

/** Result codes of a directory that is there, by RFC 4511 appendix A, for the log. */
const CODES: Readonly<Record<number, string>> = {
  1: 'operationsError',
  2: 'protocolError',
  8: 'strongerAuthRequired',
  48: 'inappropriateAuthentication',
  49: 'invalidCredentials',
  51: 'busy',
  52: 'unavailable',
  53: 'unwillingToPerform',
};

async function bind(server: Speaker, { bindDn, password }: LdapChecker): Promise<void> {
  const request = element(
    BIND_REQUEST,
    element(INTEGER, Buffer.of(VERSION)),
    element(OCTET_STRING, Buffer.from(bindDn)),
    element(SIMPLE, Buffer.from(password)),
  );
  server.write(element(SEQUENCE, element(INTEGER, Buffer.of(1)), request));
  const code = await bindResult(server);
  if (code !== 0) throw new Error(`bind: result ${code}${CODES[code] === undefined ? '' : ` (${CODES[code]})`}`);
  server.write(UNBIND);
}

/** The resultCode of the answer. */
async function bindResult(server: Speaker): Promise<number> {
  const head = Buffer.from(await server.read(2));
  if (head[0] !== SEQUENCE) throw new Error(`no answer of LDAP: '${shown(head.toString('latin1'))}'`);
  let length = head[1] as number;
  // X.690 §8.1.3.5: the bytes that the length is long
  if (length > 0x84) throw new Error('no answer of LDAP: its length cannot be read');
  if (length > 0x80) length = Buffer.from(await server.read(length - 0x80)).readUIntBE(0, length - 0x80);
  if (length > MESSAGE_MAX) throw new Error(`an answer of ${length} bytes`);
  const message = new Elements(Buffer.from(await server.read(length)));
  if (message.take(INTEGER).readUIntBE(0, 1) !== 1) throw new Error('an answer to another question');
  const code = new Elements(message.take(BIND_RESPONSE)).take(ENUMERATED);
  return code.readUIntBE(0, 1);
}

/** BER elements one after the other, lengths of up to four bytes. */
class Elements {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The content of the next one, which must have this tag and be longer than nothing. */
  take(tag: number): Buffer {
    const bytes = this.#bytes;
    const first = bytes[this.#at + 1];
    if (bytes[this.#at] !== tag || first === undefined) throw new Error('an answer that is no bindResponse');
    const extra = first > 0x80 && first <= 0x84 ? first - 0x80 : 0;
    const start = this.#at + 2 + extra;
    if (start > bytes.length) throw new Error('an answer that ends too early');
    const length = extra === 0 ? first : bytes.readUIntBE(this.#at + 2, extra);
    this.#at = start + length;
    if (length === 0 || this.#at > bytes.length) throw new Error('an answer that ends too early');
    return bytes.subarray(start, this.#at);
  }
}

/** Tag, length and content, of up to 64 KiB. */
function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const length = body.length < 0x80 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...length), body]);
}
