/** The words of TCP_CHECK { }, and what they come to. keepalived.conf(5) "TCP_CHECK". */
import { familyOf, type IpAddress } from '../base/address.ts';
import { seconds } from '../base/time.ts';
import type { Report } from '../config/diagnostics.ts';
import { type Reading, table, variant } from '../config/table.ts';
import {
  type CheckerConfig,
  connectionKeywords,
  type GivenChecker,
  type Inherited,
  retryKeywordOnceCalled,
  timingKeywords,
} from './keywords.ts';

const DEFAULT_CONNECT_TIMEOUT = seconds(5);
const DEFAULT_RETRY = 1;
const DEFAULT_DELAY_BEFORE_RETRY = seconds(1);

/** The words of TCP_CHECK. */
export const tcpCheckKeywords = table({
  ...timingKeywords,
  // keepalived does not know the word here and goes on with one retry. Taking it as meant is safer: people count on it.
  ...retryKeywordOnceCalled('in TCP_CHECK keepalived ignores nb_get_retry; write retry'),
  ...connectionKeywords,
});

/** TCP_CHECK as one of the checkers of a real server. */
export const tcpChecker = variant(
  'TCP_CHECK',
  tcpCheckKeywords,
  'Healthy when a TCP connection can be made.',
  (reading): GivenChecker => ({
    keyword: reading.keyword,
    configure: (inherited, report) => configure(reading, inherited, report),
  }),
);

function configure(
  reading: Reading<(typeof tcpCheckKeywords)['entries']>,
  inherited: Inherited,
  report: Report,
): CheckerConfig {
  const { values } = reading;
  const connectAddress = values.connectAddress ?? inherited.address;
  const connectPort = values.connectPort ?? inherited.port;
  const bindAddress = usableSource(reading, connectAddress, report);
  const delayLoop = values.delayLoop ?? inherited.delayLoop;
  if (connectPort === 0) {
    report.warning(reading.keyword, 'the real server has no port to connect to, so the check will fail', {
      suggestion: 'add connect_port',
      exitCode: 0,
    });
  }
  return {
    kind: 'TCP_CHECK',
    connectAddress,
    connectPort,
    ...(bindAddress === undefined ? {} : { bindAddress }),
    ...(values.bindPort === undefined ? {} : { bindPort: values.bindPort }),
    connectTimeout: values.connectTimeout ?? inherited.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT,
    retry: values.retry ?? inherited.retry ?? DEFAULT_RETRY,
    delayBeforeRetry: values.delayBeforeRetry ?? inherited.delayBeforeRetry ?? DEFAULT_DELAY_BEFORE_RETRY,
    delayLoop,
    warmup: values.warmup ?? inherited.warmup ?? delayLoop,
    alpha: values.alpha ?? inherited.alpha,
  };
}

function usableSource(
  { values, at, keyword }: Reading<(typeof tcpCheckKeywords)['entries']>,
  target: IpAddress,
  report: Report,
): IpAddress | undefined {
  const { bindAddress } = values;
  if (bindAddress === undefined || familyOf(bindAddress) === familyOf(target)) return bindAddress;
  report.error(
    at('bindAddress')?.args[0] ?? keyword,
    `bindto: ${bindAddress} is not of the family of ${target}; it is ignored`,
  );
  return undefined;
}
