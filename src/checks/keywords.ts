/**
 * The words that the checkers of a real server share, and what a checker is made from. keepalived.conf(5) "HEALTH CHECKERS".
 * Each kind has its own words in a file of its own.
 */
import { familyOf, type IpAddress, isLinkLocal } from '../base/address.ts';
import { type Duration, seconds } from '../base/time.ts';
import type { Writable } from '../base/writable.ts';
import type { Report } from '../config/diagnostics.ts';
import type { Statement } from '../config/statement.ts';
import { type Reading, value } from '../config/table.ts';
import type { Word } from '../config/tape.ts';
import {
  boolean,
  decimalSeconds,
  hostAddress,
  isInterfaceName,
  oneWord,
  port,
  SILENT,
  UINT32_MAX,
  unsigned,
  type ValueType,
} from '../config/values.ts';
import type { Connection, Timing, Unplaced, UnplacedChecker } from './checker-config.ts';

/** A track_file, as a checker wants to know it. */
export interface TrackFileDefaults {
  readonly weight: number;
  readonly reverse: boolean;
}

/** What a checker takes from its real server and virtual server where it says nothing itself. */
export interface Inherited {
  readonly address: IpAddress;
  /** As it is written, which is where checkers connect to. */
  readonly port: number;
  /** As connections of clients have it. */
  readonly servicePort: number;
  readonly connectTimeout: Duration | undefined;
  readonly retry: number | undefined;
  readonly delayBeforeRetry: Duration | undefined;
  readonly delayLoop: Duration;
  /** Of the virtual server itself. */
  readonly outerDelayLoop: Duration;
  readonly warmup: Duration | undefined;
  readonly alpha: boolean;
  readonly virtualHost: string | undefined;
  /** keepalived.conf(5) "checker_log_all_failures". */
  readonly logAllFailures: boolean;
  /** Of the track_files that stand before the virtual server. */
  trackFile(name: string): TrackFileDefaults | undefined;
  /** Whether a bfd_instance of that name stands before the virtual server and serves checkers. */
  hasBfd(name: string): boolean;
}

/** A checker as it stands in the file. */
export interface GivenChecker {
  readonly keyword: Word;
  /** The checkers that it comes to; none when something is missing, which is said. @param earlier of the same server */
  configure(inherited: Inherited, report: Report, earlier: readonly UnplacedChecker[]): readonly UnplacedChecker[];
  /** The command that it runs, and who runs it. */
  readonly command?: { readonly script: Statement | undefined; readonly user: Statement | undefined };
}

/** Longest time keepalived takes for a timeout. */
const TIMEOUT_MAX = 4294.967295;
/** IFNAMSIZ without its NUL. */
const INTERFACE_NAME_MAX = 15;
/** The resolution of its times. */
const MICROSECOND = 0.000001;

/** keepalived.conf(5) "connect_timeout", in a checker and outside. */
export const connectTimeoutType = () => decimalSeconds(MICROSECOND, TIMEOUT_MAX);
/** keepalived.conf(5) "delay_loop", in a checker and outside. */
export const delayLoopType = () => decimalSeconds(MICROSECOND, Infinity);
/** keepalived.conf(5) "delay_before_retry" and "warmup", in a checker and outside. */
export const delayType = () => decimalSeconds(0, Infinity);

/** One word of whatever kind; an empty one between quotation marks is one too. */
export const anyWord = (expected: string): ValueType<string> => ({
  ...oneWord(expected, (text) => text),
  slashes: true,
});

/** When and how often: all checkers but BFD_CHECK and FILE_CHECK. */
export const timingKeywords = {
  retry: value(
    'retry',
    unsigned(0, UINT32_MAX, { leading: true }),
    'Further attempts after a failure before the server counts as down, where that differs from the real server.',
  ),
  delayBeforeRetry: value('delay_before_retry', delayType(), 'Wait between a failure and the next attempt.'),
  delayLoop: value('delay_loop', delayLoopType(), 'Wait from one check to the next.'),
  warmup: value('warmup', delayType(), 'The first check comes at a random time within this.'),
  alpha: value('alpha', boolean(), 'Down until the first success.'),
  logAllFailures: value('log_all_failures', boolean(), 'Log every failed attempt, not only the last.'),
};

/** `timingKeywords` where the old spelling of `retry` is met. @param message what to say about it */
export const timingKeywordsWithAlias = (message: string, unknown?: { unknown: true }) => ({
  ...timingKeywords,
  retry: { ...timingKeywords.retry, aliases: [{ word: 'nb_get_retry', message, ...unknown }] },
});

/** An interface, the loopback too. keepalived takes any word that is short enough. */
const bindInterface: ValueType<string> = {
  ...oneWord('an interface name of at most 15 characters', (name, word, complaints) => {
    if (new TextEncoder().encode(name).length > INTERFACE_NAME_MAX) return undefined;
    return isInterfaceName(name)
      ? name
      : complaints.refuse(word, `'${name}' cannot be the name of an interface`, undefined, SILENT);
  }),
  slashes: true,
};

/** Where to connect to, and from where. */
export const connectionKeywords = {
  connectAddress: value('connect_ip', hostAddress(), 'Address to connect to instead of the one of the real server.'),
  connectPort: value(
    'connect_port',
    port(1, { leading: true }),
    'Port to connect to instead of the one of the real server.',
  ),
  bindAddress: value('bindto', hostAddress(), 'Address to connect from.'),
  bindPort: value('bind_port', port(1, { leading: true }), 'Port to connect from.'),
  bindInterface: value('bind_if', bindInterface, 'Interface to connect through; link-local addresses need it.'),
  connectTimeout: value('connect_timeout', connectTimeoutType(), 'How long an attempt may take.'),
  fwmark: value('fwmark', unsigned(0, UINT32_MAX, { leading: true }), 'Firewall mark on the packets of the check.'),
};

/** A block with the words of `timingKeywords`, and others. */
export type TimingReading = Pick<Reading<typeof timingKeywords>, 'values'>;
/** A block with the words of `connectionKeywords`, and others. */
export type ConnectionReading = Pick<Reading<typeof connectionKeywords>, 'owner' | 'keyword' | 'values' | 'at'>;

const DEFAULT_RETRY = 1;
const DEFAULT_DELAY_BEFORE_RETRY = seconds(1);
const DEFAULT_CONNECT_TIMEOUT = seconds(5);

/** What holds for a kind of checker where nobody says anything. */
export interface TimingDefaults {
  readonly retry?: number;
  /** 'delay_loop': as long as that. */
  readonly delayBeforeRetry?: Duration | 'delay_loop';
}

/** When a checker probes. */
export function timingOf(
  { values }: TimingReading,
  inherited: Inherited,
  { retry = DEFAULT_RETRY, delayBeforeRetry = DEFAULT_DELAY_BEFORE_RETRY }: TimingDefaults = {},
): Timing {
  const delayLoop = values.delayLoop ?? inherited.delayLoop;
  return {
    retry: values.retry ?? inherited.retry ?? retry,
    delayBeforeRetry:
      values.delayBeforeRetry ??
      inherited.delayBeforeRetry ??
      (delayBeforeRetry === 'delay_loop' ? delayLoop : delayBeforeRetry),
    delayLoop,
    warmup: values.warmup ?? inherited.warmup ?? delayLoop,
    alpha: values.alpha ?? inherited.alpha,
    logAllFailures: values.logAllFailures ?? inherited.logAllFailures,
  };
}

/** Whether the statement of the one key stands before that of the other. */
const isBefore = (reading: ConnectionReading, one: Statement, other: Statement): boolean => {
  const all = reading.owner.block ?? [];
  return all.indexOf(one) < all.indexOf(other);
};

/** Options of a connection. */
export interface ConnectionOptions {
  /** bindto alone is not compared with the address of the real server. */
  readonly anySource?: boolean;
}

/** Where a checker connects to; undefined when it cannot, which is said. */
export function connectionOf(
  reading: ConnectionReading,
  inherited: Inherited,
  report: Report,
  options: ConnectionOptions = {},
): Unplaced<Connection> | undefined {
  const { values } = reading;
  const [connectAddress, bindAddress] = addressesOf(reading, inherited, report, options);
  const address = connectAddress ?? inherited.address;
  const connectPort = values.connectPort ?? inherited.port;
  if (connectPort === 0) {
    report.warning(reading.keyword, 'the real server has no port to connect to, so the check will fail', {
      suggestion: 'add connect_port',
      exitCode: 0,
    });
  }
  if (isLinkLocal(address) && values.bindInterface === undefined) {
    report.error(
      reading.at('connectAddress')?.args[0] ?? reading.keyword,
      `${address} is reached through one interface only; the check is left out`,
      { suggestion: 'add bind_if' },
    );
    return undefined;
  }
  const { bindPort, bindInterface, fwmark = 0 } = values;
  const connectTimeout = values.connectTimeout ?? inherited.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT;
  const connection: Writable<Unplaced<Connection>> = { fwmark, connectTimeout };
  if (connectAddress !== undefined) connection.connectAddress = connectAddress;
  if (connectPort !== inherited.servicePort) connection.connectPort = connectPort;
  if (bindAddress !== undefined) connection.bindAddress = bindAddress;
  if (bindPort !== undefined) connection.bindPort = bindPort;
  if (bindInterface !== undefined) connection.bindInterface = bindInterface;
  return connection;
}

/** The two must be of one family; the one that stands there first counts. */
function addressesOf(
  reading: ConnectionReading,
  { address }: Inherited,
  report: Report,
  { anySource }: ConnectionOptions,
): readonly [connect: IpAddress | undefined, bind: IpAddress | undefined] {
  const { connectAddress, bindAddress } = reading.values;
  if (bindAddress === undefined) return [connectAddress, undefined];
  const source = reading.at('bindAddress');
  const target = reading.at('connectAddress');
  if (source === undefined) return [connectAddress, undefined];
  const isFirst = target === undefined || isBefore(reading, source, target);
  const refuse = (refused: Statement, than: IpAddress): void => {
    const [word = refused.keyword] = refused.args;
    report.error(word, `${refused.keyword.text}: ${word.text} is not of the family of ${than}; it is ignored`);
  };
  const compared = isFirst ? address : (connectAddress ?? address);
  if (familyOf(bindAddress) !== familyOf(compared) && !(anySource && isFirst)) {
    refuse(source, compared);
    return [connectAddress, undefined];
  }
  if (target === undefined || connectAddress === undefined) return [undefined, bindAddress];
  if (familyOf(connectAddress) === familyOf(bindAddress)) return [connectAddress, bindAddress];
  refuse(target, bindAddress);
  return [undefined, bindAddress];
}
