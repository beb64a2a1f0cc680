/** The words of SMTP_CHECK { }, and what they come to. keepalived.conf(5) "SMTP_CHECK". */

import type { Report } from '../config/diagnostics.ts';
import { blocks, type Header, type Reading, table, value, variant } from '../config/table.ts';
import { SILENT } from '../config/values.ts';
import type { UnplacedChecker } from './checker-config.ts';
import {
  anyWord,
  type ConnectionReading,
  connectionKeywords,
  connectionOf,
  type GivenChecker,
  type Inherited,
  type TimingReading,
  timingKeywords,
  timingOf,
} from './keywords.ts';

const DEFAULT_HELO_NAME = 'smtpchecker.keepalived.org';

const HOST: Header = { min: 0, max: 0, expected: 'nothing', missingIs: 5 };

const smtpKeywords = table({
  ...timingKeywords,
  ...connectionKeywords,
  heloName: value('helo_name', anyWord('a host name'), `How the checker introduces itself; ${DEFAULT_HELO_NAME}.`, {
    missingIs: 5,
  }),
  hosts: blocks(
    'host',
    HOST,
    table({ ...timingKeywords, ...connectionKeywords }),
    'Old way to say where to connect to: a checker for each. What it says of times and retries is for all of them.',
  ),
});

type SmtpReading = Reading<(typeof smtpKeywords)['entries']>;

/** SMTP_CHECK as one of the checkers of a real server. */
export const smtpChecker = variant(
  'SMTP_CHECK',
  smtpKeywords,
  'Healthy when a mail server greets.',
  (reading): GivenChecker => ({
    keyword: reading.keyword,
    configure: (inherited, report) => configure(reading, inherited, report),
  }),
);

const ownPlace = Object.keys(connectionKeywords) as (keyof typeof connectionKeywords)[];

function configure(reading: SmtpReading, inherited: Inherited, report: Report): UnplacedChecker[] {
  const { values, at } = reading;
  const { hosts, heloName = DEFAULT_HELO_NAME } = values;
  const [host] = hosts;
  if (host !== undefined) {
    report.warning(host.keyword, 'host is deprecated: write a checker for each', SILENT);
  }
  const timing = timingOf(
    { values: Object.assign({}, ...hosts.map((one) => given(one.values)), given(values)) },
    inherited,
  );
  const checkerOf = (place: ConnectionReading, anySource = false): UnplacedChecker[] => {
    const connection = connectionOf(place, inherited, report, { anySource });
    return connection === undefined ? [] : [{ kind: 'SMTP_CHECK', ...connection, ...timing, heloName }];
  };
  const elsewhere = hosts.flatMap((one) => checkerOf(one));
  const isHereToo = elsewhere.length === 0 || ownPlace.some((key) => at(key) !== undefined);
  return isHereToo ? [...checkerOf(reading, true), ...elsewhere] : elsewhere;
}

/** Without the keys that only stand for nothing. */
const given = (values: TimingReading['values']): TimingReading['values'] => {
  const entries = Object.keys(timingKeywords).map((key) => [key, values[key as keyof typeof timingKeywords]]);
  return Object.fromEntries(entries.filter(([, one]) => one !== undefined));
};
