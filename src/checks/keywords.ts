/**
 * The words of the checkers, and what a checker is told. keepalived.conf(5) "HEALTH CHECKERS".
 * TCP_CHECK has its own file; of the others the words are known, and what they ask for is not done yet.
 */
import type { IpAddress } from '../base/address.ts';
import type { Duration } from '../base/time.ts';
import type { Report } from '../config/diagnostics.ts';
import type { Word } from '../config/lexer.ts';
import {
  block,
  blocks,
  type Entries,
  flag,
  type Header,
  type Reading,
  type Table,
  table,
  type Variant,
  value,
  variant,
} from '../config/table.ts';
import type { Statement } from '../config/tree.ts';
import {
  boolean,
  decimalSeconds,
  integer,
  interfaceName,
  ipAddress,
  port,
  text,
  UINT32_MAX,
  wholeSeconds,
  wordOf,
  words,
} from '../config/values.ts';

/** A checker of one real server, every default filled in. */
export interface CheckerConfig {
  readonly kind: 'TCP_CHECK';
  readonly connectAddress: IpAddress;
  /** 0-65535; 0 cannot be connected to, as in keepalived. */
  readonly connectPort: number;
  readonly bindAddress?: IpAddress;
  readonly bindPort?: number;
  readonly connectTimeout: Duration;
  /** Further attempts after a failure before the server counts as down. */
  readonly retry: number;
  readonly delayBeforeRetry: Duration;
  /** From the end of one check to the next. */
  readonly delayLoop: Duration;
  /** The first check comes at a random time within this. */
  readonly warmup: Duration;
  /** Down until the first success. */
  readonly alpha: boolean;
}

/** What a checker takes from its real server and virtual server where it says nothing itself. */
export interface Inherited {
  readonly address: IpAddress;
  readonly port: number;
  readonly connectTimeout: Duration | undefined;
  readonly retry: number | undefined;
  readonly delayBeforeRetry: Duration | undefined;
  readonly delayLoop: Duration;
  readonly warmup: Duration | undefined;
  readonly alpha: boolean;
}

/** A checker as it stands in the file. */
export interface GivenChecker {
  readonly keyword: Word;
  /** Undefined: this kind is not acted on yet. */
  readonly configure?: (inherited: Inherited, report: Report) => CheckerConfig;
  /** The command that it runs, and who runs it. */
  readonly command?: { readonly script: Statement | undefined; readonly user: Statement | undefined };
  /** What it cannot do without and lacks. */
  readonly lacks?: string;
}

/** Longest time keepalived takes for a timeout. */
const TIMEOUT_MAX = 4294.967295;
/** The resolution of its times. */
const MICROSECOND = 0.000001;

/** keepalived.conf(5) "connect_timeout", in a checker and outside. */
export const connectTimeoutType = () => decimalSeconds(MICROSECOND, TIMEOUT_MAX);
/** keepalived.conf(5) "delay_loop", in a checker and outside. */
export const delayLoopType = () => decimalSeconds(MICROSECOND, Infinity);
/** keepalived.conf(5) "delay_before_retry" and "warmup", in a checker and outside. */
export const delayType = () => decimalSeconds(0, Infinity);

/** When and how often: all checkers but BFD_CHECK and FILE_CHECK. */
export const timingKeywords = {
  delayBeforeRetry: value('delay_before_retry', delayType(), 'Wait between a failure and the next attempt.'),
  delayLoop: value('delay_loop', delayLoopType(), 'Wait from one check to the next.'),
  warmup: value('warmup', delayType(), 'The first check comes at a random time within this.'),
  alpha: value('alpha', boolean(), 'Down until the first success.'),
  logAllFailures: value('log_all_failures', boolean(), 'Log every failed attempt, not only the last.', { later: true }),
};

const retryType = () => integer(0, UINT32_MAX);
const RETRY = 'Further attempts after a failure before the server counts as down.';

/** keepalived.conf(5) "retry". */
export const retryKeyword = { retry: value('retry', retryType(), RETRY) };

/** keepalived.conf(5) "retry" where the spelling of old configurations is met too. @param message what to say about it */
export const retryKeywordOnceCalled = (message: string) => ({
  retry: value('retry', retryType(), RETRY, { aliases: [{ word: 'nb_get_retry', message }] }),
});

/** Where to connect to, and from where. */
export const connectionKeywords = {
  connectAddress: value('connect_ip', ipAddress(), 'Address to connect to instead of the real server.'),
  connectPort: value('connect_port', port(), 'Port to connect to instead of the port of the real server.'),
  bindAddress: value('bindto', ipAddress(), 'Address to connect from.'),
  bindPort: value('bind_port', port(), 'Port to connect from.'),
  bindInterface: value('bind_if', interfaceName(), 'Interface to connect through.', { later: true }),
  connectTimeout: value('connect_timeout', connectTimeoutType(), 'How long an attempt may take.'),
  fwmark: value('fwmark', integer(0, UINT32_MAX), 'Firewall mark on the packets of the check.', { later: true }),
};

const url = table({
  path: value('path', text('a path'), 'What to ask for.'),
  digest: value('digest', text('an MD5 sum'), 'MD5 sum of the right answer.'),
  statusCode: value('status_code', words('codes or ranges of codes'), 'Codes that mean success.'),
  virtualHost: value('virtualhost', text('a host name'), 'Host to ask for.'),
  regex: value('regex', words('a regular expression'), 'What the answer must contain.'),
  regexNoMatch: flag('regex_no_match', 'The answer must not contain it.'),
  regexOptions: value('regex_options', words('options'), 'Options of the regular expression.'),
  regexStack: value('regex_stack', words('start and largest size', 2, 2), 'Memory for the regular expression.'),
  regexMinOffset: value('regex_min_offset', integer(0, UINT32_MAX), 'Where the match may begin at the earliest.'),
  regexMaxOffset: value('regex_max_offset', integer(0, UINT32_MAX), 'Where the match may end at the latest.'),
  tlsCompliant: value('tls_compliant', boolean(), 'Say goodbye as TLS wants.'),
});

const NO_HEADER: Header = { min: 0, max: 0, expected: 'nothing', missingIs: 5 };

const httpKeywords = table({
  ...timingKeywords,
  ...retryKeywordOnceCalled('nb_get_retry is the old spelling of retry'),
  ...connectionKeywords,
  urls: blocks('url', NO_HEADER, url, 'What to ask for, and the right answer.'),
  virtualHost: value('virtualhost', text('a host name'), 'Host to ask for.'),
  httpProtocol: value('http_protocol', wordOf('1.0', '1.0C', '1.0c', '1.1'), 'Version of HTTP.'),
  enableSni: value('enable_sni', boolean(), 'Name the host in the TLS handshake.'),
  sniName: value('sni_name', words('a host name', 0, 1), 'Host to name in the TLS handshake.'),
  fastRecovery: value('fast_recovery', boolean(), 'Do not wait between URLs while down.'),
  tlsCompliant: value('tls_compliant', boolean(), 'Say goodbye as TLS wants.'),
});

const smtpKeywords = table({
  ...timingKeywords,
  ...retryKeyword,
  ...connectionKeywords,
  heloName: value('helo_name', text('a host name'), 'How the checker introduces itself.'),
  host: block('host', table(connectionKeywords), 'Old way to say where to connect to.'),
});

const DNS_TYPES = ['A', 'NS', 'CNAME', 'SOA', 'MX', 'TXT', 'AAAA', 'RRSIG', 'DNSKEY'];

const dnsKeywords = table({
  ...timingKeywords,
  ...retryKeyword,
  ...connectionKeywords,
  type: value('type', words(`a record type (${DNS_TYPES.join(', ')})`, 1, 1), 'Type of record to ask for.'),
  name: value('name', text('a domain name'), 'Name to ask for.'),
});

const miscKeywords = table({
  ...timingKeywords,
  ...retryKeyword,
  path: value('misc_path', words('a command'), 'The command to run.'),
  timeout: value('misc_timeout', wholeSeconds(0, 4294), 'How long it may run.'),
  isDynamic: flag('misc_dynamic', 'Its exit status sets the weight.'),
  user: value('user', words('a user, then a group if wanted', 1, 2), 'Who runs it.'),
});

const udpKeywords = table({
  ...timingKeywords,
  ...retryKeyword,
  ...connectionKeywords,
  payload: value('payload', words('hex digits'), 'What to send.'),
  requireReply: value('require_reply', words('hex digits', 0), 'Fails without an answer.'),
  minReplyLength: value('min_reply_length', integer(0, 65535), 'Shortest right answer.'),
  maxReplyLength: value('max_reply_length', integer(0, 65535), 'Longest right answer.'),
});

const pingKeywords = table({ ...timingKeywords, ...retryKeyword, ...connectionKeywords });

const fileKeywords = table({
  trackFile: value('track_file', text('the name of a track_file'), 'The file that counts.'),
  weight: value('weight', words('a weight, then reverse if wanted', 1, 2), 'How its number changes the weight.'),
});

const bfdKeywords = table({
  name: value('name', text('the name of a bfd_instance'), 'The session that must be up.'),
  alpha: value('alpha', boolean(), 'Down until the session is up.'),
});

/** @param lacks what a reading lacks that the check cannot do without */
const notYet = <E extends Entries>(
  word: string,
  content: Table<E>,
  doc: string,
  lacks: (reading: Reading<E>) => string | undefined = () => undefined,
): Variant<GivenChecker> =>
  variant(
    word,
    content,
    doc,
    (reading) => {
      const missing = lacks(reading);
      return { keyword: reading.keyword, ...(missing === undefined ? {} : { lacks: missing }) };
    },
    { later: true },
  );

const miscChecker = variant(
  'MISC_CHECK',
  miscKeywords,
  'Healthy when a command says so.',
  ({ keyword, values, at }): GivenChecker => ({
    keyword,
    command: { script: at('path'), user: at('user') },
    ...(values.path === undefined ? { lacks: 'misc_path' } : {}),
  }),
  { later: true },
);

/** Kinds of checkers whose words are known and nothing more. */
export const checkersNotActedOn: readonly Variant<GivenChecker>[] = [
  notYet('HTTP_GET', httpKeywords, 'Healthy when a web page is as it should be.', lacksUrl),
  notYet('SSL_GET', httpKeywords, 'The same over TLS.', lacksUrl),
  notYet('SMTP_CHECK', smtpKeywords, 'Healthy when a mail server greets.'),
  notYet('DNS_CHECK', dnsKeywords, 'Healthy when a name server answers.'),
  miscChecker,
  notYet('UDP_CHECK', udpKeywords, 'Healthy when a datagram is not refused.'),
  notYet('PING_CHECK', pingKeywords, 'Healthy when an echo request is answered.'),
  notYet('FILE_CHECK', fileKeywords, 'Healthy while the number in a file says so.', ({ values }) =>
    values.trackFile === undefined ? 'track_file' : undefined,
  ),
  notYet('BFD_CHECK', bfdKeywords, 'Healthy while a BFD session is up.', ({ values }) =>
    values.name === undefined ? 'name' : undefined,
  ),
];

function lacksUrl({ values }: Reading<(typeof httpKeywords)['entries']>): string | undefined {
  return values.urls.length === 0 ? 'url' : undefined;
}
