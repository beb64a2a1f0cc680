/** The words of HTTP_GET { } and SSL_GET { }, and what they come to. keepalived.conf(5) "HTTP_GET". */
import { seconds } from '../base/time.ts';
import type { Report } from '../config/diagnostics.ts';
import { blocks, type Header, type Reading, table, value, variant } from '../config/table.ts';
import { boolean, oneOf, orNothing } from '../config/values.ts';
import type { UnplacedChecker, WebChecker } from './checker-config.ts';
import {
  anyWord,
  connectionKeywords,
  connectionOf,
  type GivenChecker,
  type Inherited,
  timingKeywordsWithAlias,
  timingOf,
} from './keywords.ts';
import { pageOf, pageTable } from './page-keywords.ts';

const NO_HEADER: Header = { min: 0, max: 0, expected: 'nothing', missingIs: 5 };

const protocol = oneOf<WebChecker['httpProtocol']>({ '1.0': '1.0', '1.0C': '1.0C', '1.0c': '1.0C', '1.1': '1.1' });

const webKeywords = table({
  ...timingKeywordsWithAlias('nb_get_retry is the old spelling of retry'),
  ...connectionKeywords,
  pages: blocks('url', NO_HEADER, pageTable, 'What to ask for, and the right answer; each must be right.'),
  virtualHost: value('virtualhost', anyWord('a host name'), 'Host to ask for, before that of the real server.', {
    missingIs: 5,
  }),
  httpProtocol: value(
    'http_protocol',
    protocol,
    'Version of HTTP, 1.0 unless given; 1.0C asks for the connection to be closed.',
    { missingIs: 5 },
  ),
  enableSni: value('enable_sni', boolean(), 'Name the virtual host in the TLS handshake.'),
  sniName: value('sni_name', orNothing(anyWord('a host name')), 'Host to name in the TLS handshake.', { since: '2.3' }),
  fastRecovery: value('fast_recovery', boolean(), 'Do not wait between the pages while down.'),
  tlsCompliant: value('tls_compliant', boolean(), 'Say goodbye as TLS wants.', { since: '2.3' }),
  tlsVerify: value(
    'tls_verify',
    boolean(),
    'The certificate must be good, and for sni_name, the virtual host or the address. Of holdfast alone.',
  ),
});

type WebReading = Reading<(typeof webKeywords)['entries']>;

const DEFAULT_DELAY_BEFORE_RETRY = seconds(3);

const webChecker = (kind: WebChecker['kind'], doc: string) =>
  variant(
    kind,
    webKeywords,
    doc,
    (reading): GivenChecker => ({
      keyword: reading.keyword,
      configure: (inherited, report) => configure(kind, reading, inherited, report),
    }),
  );

/** HTTP_GET and SSL_GET as checkers of a real server. */
export const webCheckers = [
  webChecker('HTTP_GET', 'Healthy when web pages are as they should be.'),
  webChecker('SSL_GET', 'The same over TLS; the certificate is not looked at without tls_verify.'),
];

function configure(
  kind: WebChecker['kind'],
  reading: WebReading,
  inherited: Inherited,
  report: Report,
): UnplacedChecker[] {
  const { values, keyword } = reading;
  const pages = values.pages.flatMap((one) => pageOf(one, report) ?? []);
  const connection = connectionOf(reading, inherited, report);
  if (pages.length === 0) {
    report.error(keyword, `${kind} has no url; the check is left out`);
  }
  if (pages.length === 0 || connection === undefined) return [];
  const { virtualHost, sniName } = values;
  return [
    {
      kind,
      ...connection,
      ...timingOf(reading, inherited, { delayBeforeRetry: DEFAULT_DELAY_BEFORE_RETRY }),
      pages,
      ...(virtualHost === undefined ? {} : { virtualHost }),
      ...(inherited.virtualHost === undefined ? {} : { inheritedVirtualHost: inherited.virtualHost }),
      httpProtocol: values.httpProtocol ?? '1.0',
      enableSni: values.enableSni ?? sniName !== undefined,
      ...(typeof sniName === 'string' ? { sniName } : {}),
      fastRecovery: values.fastRecovery ?? false,
      tlsCompliant: values.tlsCompliant ?? false,
      tlsVerify: values.tlsVerify ?? false,
    },
  ];
}
