/** SSL { } of the top level: what SSL_GET shows and trusts. keepalived.conf(5) "SSL". */
import type { Report } from '../config/diagnostics.ts';
import { blocks, type Header, type Reading, table, value } from '../config/table.ts';
import { anyWord } from './keywords.ts';

const option = (word: string, expected: string, doc: string) => value(word, anyWord(expected), doc, { missingIs: 5 });

const sslKeywords = table({
  password: option('password', 'a pass phrase', 'Opens the key.'),
  authority: option('ca', 'a file', 'Certificates of authorities, for tls_verify; those that the host trusts.'),
  certificate: option('certificate', 'a file', 'Certificate to show, with its chain.'),
  key: option('key', 'a file', 'Key of the certificate.'),
});

const NO_HEADER: Header = { min: 0, max: 0, expected: 'nothing', missingIs: 5 };

/** SSL of the top level; the last one counts. */
export const ssl = blocks('SSL', NO_HEADER, sslKeywords, 'Certificates for SSL_GET.');

type SslReading = Reading<(typeof sslKeywords)['entries']>;

/** What SSL_GET shows and trusts. */
export interface TlsSettings {
  readonly password?: string;
  readonly authority?: string;
  readonly certificate?: string;
  readonly key?: string;
}

/** The settings; undefined: the defaults of the TLS library. */
export function buildTlsSettings(readings: readonly SslReading[], report: Report): TlsSettings | undefined {
  for (const { keyword } of readings.slice(1)) report.warning(keyword, 'SSL again; this one counts, whole');
  for (const { given } of readings) {
    const seen = new Set<string>();
    for (const { key, statement } of given) {
      const { keyword } = statement;
      if (seen.has(key)) report.warning(keyword, `${keyword.text} again; this one counts`);
      seen.add(key);
    }
  }
  const { values = {} } = readings.at(-1) ?? {};
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}
