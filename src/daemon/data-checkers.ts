/** The section `Health checkers` of keepalived.data: the checkers of all real servers, as keepalived 2.2.7 shows them. */
import { assertNever } from '../base/assert.ts';
import { type Duration, inMicroseconds, inSeconds, seconds, ZERO } from '../base/time.ts';
import type {
  CheckerConfig,
  Connection,
  DnsChecker,
  MiscChecker,
  Page,
  Timing,
  UdpChecker,
  WebChecker,
} from '../checks/checker-config.ts';
import type { RealServer, VirtualServer } from '../ipvs/virtual-server.ts';
import { endpointText, serverText } from './data-services.ts';
import { type DumpHost, decimal, entry, entryIf, type Lines, yesNo } from './data-text.ts';
import { checkersOf } from './real-server-checkers.ts';

const INSIDE = '     ';

/** A checker and the servers that it stands in. */
export interface PlacedChecker {
  readonly server: VirtualServer;
  readonly real: RealServer;
  readonly checker: CheckerConfig;
  /** The how manieth of the real server it is, from 0. */
  readonly index: number;
}

/** What a checker is doing. */
export interface CheckerState {
  readonly isEnabled: boolean;
  readonly isUp: boolean;
  readonly hasRun: boolean;
}

/** All checkers in the order of keepalived: those of files stand last. */
export function placedCheckers(servers: readonly VirtualServer[]): PlacedChecker[] {
  const all = servers.flatMap((server) =>
    server.realServers.flatMap((real) => checkersOf(real).map((checker, index) => ({ server, real, checker, index }))),
  );
  const isOfFile = ({ checker }: PlacedChecker) => checker.kind === 'FILE_CHECK';
  return [...all.filter((one) => !isOfFile(one)), ...all.filter(isOfFile)];
}

/** `[10.0.0.1]:tcp:80 -> [10.0.0.2]:tcp:80` */
export const placeText = ({ server, real }: Omit<PlacedChecker, 'checker'>): string =>
  `${serverText(server)} -> ${endpointText(real, server.protocol)}`;

/** What a checker is shown with. */
export interface CheckerContext {
  readonly host: DumpHost;
  /** Absent: it does not run. */
  readonly state?: CheckerState | undefined;
  /** keepalived.conf(5) "checker_log_all_failures", of which keepalived tells in the global definitions only. */
  readonly logsAllFailures: boolean;
}

/** The lines of one checker. */
export function checkerLines(placed: PlacedChecker, context: CheckerContext): Lines {
  const { host, state, logsAllFailures } = context;
  const checker =
    logsAllFailures && 'logAllFailures' in placed.checker
      ? { ...placed.checker, logAllFailures: false }
      : placed.checker;
  const head = [
    ` ${placeText(placed)}`,
    ...(state === undefined
      ? []
      : [
          entry('Enabled', yesNo(state.isEnabled)),
          entry('Up', yesNo(state.isUp)),
          entry('Has run', yesNo(state.hasRun)),
          entry('Current weight', 0),
        ]),
  ];
  switch (checker.kind) {
    case 'FILE_CHECK':
      return [
        ...head,
        entry('Log all failures', 'no'),
        entry('Keepalive method', checker.kind),
        entry('Tracked file', checker.trackFile, INSIDE),
      ];
    case 'BFD_CHECK':
      return [
        ...head,
        ...timingLines({ ...NO_TIMING, alpha: checker.alpha }, seconds(1)),
        entry('Keepalive method', checker.kind),
        entry('Name', checker.session),
        `   Alpha is ${checker.alpha ? 'ON' : 'OFF'}`,
      ];
    case 'MISC_CHECK':
      return [
        ...head,
        ...timingLines(checker, seconds(1)),
        entry('Keepalive method', checker.kind),
        ...miscLines(checker, host),
      ];
    case 'HTTP_GET':
    case 'SSL_GET':
      return [...head, ...timingLines(checker, seconds(3)), ...connectionLines(checker), ...webLines(checker)];
    case 'DNS_CHECK':
      return [...head, ...connecting(checker, ZERO), ...dnsLines(checker)];
    case 'SMTP_CHECK':
      return [...head, ...connecting(checker), entry('helo', checker.heloName)];
    case 'UDP_CHECK':
      return [...head, ...connecting(checker), ...udpLines(checker)];
    case 'TCP_CHECK':
    case 'PING_CHECK':
    // of which keepalived knows nothing
    case 'GRPC_CHECK':
    case 'REDIS_CHECK':
    case 'PGSQL_CHECK':
    case 'MYSQL_CHECK':
    case 'LDAP_CHECK':
      return [...head, ...connecting(checker)];
    default:
      return assertNever(checker);
  }
}

/** What keepalived shows where a checker has no times: all bits of the number. */
const NO_TIME = '18446744073709551615';
const NO_COUNT = '4294967295';
const NO_TIMING = {
  retry: NO_COUNT,
  delayBeforeRetry: NO_TIME,
  delayLoop: NO_TIME,
  warmup: NO_TIME,
  logAllFailures: false,
} as const;

type ShownTiming = { readonly [K in keyof Timing]: Timing[K] | string };

const microsecondsText = (time: Duration | string): string =>
  `${typeof time === 'string' ? time : inMicroseconds(time)} us`;

/** @param delayBeforeRetry what the kind of checker has by itself */
function timingLines(timing: ShownTiming, delayBeforeRetry: Duration): Lines {
  return [
    entry('Alpha', yesNo(timing.alpha === true)),
    entry('Delay loop', microsecondsText(timing.delayLoop)),
    entry('Warmup', microsecondsText(timing.warmup)),
    entry('Retries', timing.retry),
    timing.retry !== 0 && entry('Delay before retry', microsecondsText(timing.delayBeforeRetry)),
    entry('Default delay before retry', microsecondsText(delayBeforeRetry)),
    entry('Log all failures', yesNo(timing.logAllFailures === true)),
  ];
}

const connecting = (checker: CheckerConfig & Timing & Connection, delayBeforeRetry: Duration = seconds(1)): Lines => [
  ...timingLines(checker, delayBeforeRetry),
  ...connectionLines(checker),
  entry('Keepalive method', checker.kind),
];

function connectionLines(connection: Connection): Lines {
  const { connectAddress, connectPort, bindAddress, bindPort, bindInterface, fwmark, connectTimeout } = connection;
  return [
    '   Connection',
    entry('Dest', `[${connectAddress}]:${connectPort}`, INSIDE),
    bindAddress !== undefined && entry('Bind to', `[${bindAddress}]:${bindPort ?? 0}`, INSIDE),
    entryIf('Bind i/f', bindInterface, INSIDE),
    fwmark !== 0 && entry('Mark', fwmark, INSIDE),
    entry('Timeout', decimal(inSeconds(connectTimeout)), INSIDE),
  ];
}

const webLines = (checker: WebChecker): Lines => [
  entry('Keepalive method', `${checker.kind}, http protocol ${checker.httpProtocol}`),
  entryIf('Virtualhost', checker.virtualHost),
  `   Enable SNI ${setOrNot(checker.enableSni)}`,
  `   Fast recovery ${setOrNot(checker.fastRecovery)}`,
  ...checker.pages.flatMap(pageLines),
];

const setOrNot = (value: boolean): string => (value ? 'set' : 'unset');

function pageLines({ path, digest, statusCodes, virtualHost, pattern }: Page): Lines {
  return [
    entry('Checked url', path),
    entryIf('digest', digest, INSIDE),
    `${INSIDE}HTTP Status Code(s)`,
    ...statusCodes.map(([first, last]) => `${INSIDE}  ${first === last ? first : `${first}-${last}`}`),
    entryIf('Virtual host', virtualHost, INSIDE),
    ...(pattern === undefined ? [] : patternLines(pattern)),
  ];
}

function patternLines({
  expression,
  isUnwanted,
  options,
  minOffset,
  maxOffset,
  stack,
}: NonNullable<Page['pattern']>): Lines {
  return [
    entry('Regex', `"${expression}"`, INSIDE),
    isUnwanted && `${INSIDE}Regex no match`,
    (minOffset > 0 || maxOffset > 0) && entry('Regex min offset', `${minOffset}, max_offset = ${maxOffset}`, INSIDE),
    `${INSIDE}Regex options:${options.map((one) => ` ${one}`).join('')}`,
    stack !== undefined && `${INSIDE}Regex stack start ${stack.start}, max ${stack.max}`,
  ];
}

const dnsLines = ({ recordType, name }: DnsChecker): Lines => [entry('Type', recordType), entry('Name', name)];

function miscLines({ script, timeout, isDynamic }: MiscChecker, host: DumpHost): Lines {
  const account = host.accountOf(script);
  return [
    entry('script', host.commandText(script)),
    entry('timeout', inSeconds(timeout)),
    entry('dynamic', isDynamic ? 'YES' : 'NO'),
    account !== undefined && entry('uid:gid', `${account.uid}:${account.gid}`),
  ];
}

function udpLines({ payload, requireReply, reply, minReplyLength, maxReplyLength }: UdpChecker): Lines {
  return [
    payload === undefined ? entry('Payload specified', 'no') : entry('Payload len', payload.length / 2),
    entry('Require reply', yesNo(requireReply)),
    ...(requireReply
      ? [
          entry('Min reply length', minReplyLength, INSIDE),
          entry('Max reply length', maxReplyLength, INSIDE),
          entry('Reply data len', (reply?.bytes.length ?? 0) / 2, INSIDE),
          reply !== undefined && /[^f]/.test(reply.mask) && entry('Reply data mask', 'yes', INSIDE),
        ]
      : []),
  ];
}
