/** The words of BFD_CHECK { }, and what they come to. keepalived.conf(5) "BFD_CHECK". */
import type { Report } from '../config/diagnostics.ts';
import { type Reading, table, value, variant } from '../config/table.ts';
import { boolean } from '../config/values.ts';
import type { UnplacedChecker } from './checker-config.ts';
import { anyWord, type GivenChecker, type Inherited } from './keywords.ts';

const bfdKeywords = table({
  session: value('name', { ...anyWord('the name of a bfd_instance'), strict: true }, 'The session that must be up.', {
    missingIs: 5,
    once: true,
  }),
  alpha: value('alpha', boolean(), 'Down until the session is up.'),
});

type BfdReading = Reading<(typeof bfdKeywords)['entries']>;

/** BFD_CHECK as one of the checkers of a real server. */
export const bfdChecker = variant(
  'BFD_CHECK',
  bfdKeywords,
  'Healthy while a BFD session is up.',
  (reading): GivenChecker => ({
    keyword: reading.keyword,
    configure: (inherited, report, earlier) => configure(reading, inherited, report, earlier),
  }),
);

function configure(
  { values, keyword, at }: BfdReading,
  inherited: Inherited,
  report: Report,
  earlier: readonly UnplacedChecker[],
): UnplacedChecker[] {
  const { session } = values;
  const place = at('session')?.args[0] ?? keyword;
  if (session === undefined) {
    report.error(keyword, 'BFD_CHECK has no name; the check is left out');
  } else if (!inherited.hasBfd(session)) {
    report.error(place, `there is no bfd_instance ${session} before this line; the check is left out`);
  } else if (earlier.some((one) => one.kind === 'BFD_CHECK' && one.session === session)) {
    report.error(place, `the real server watches ${session} already; the check is left out`);
  } else return [{ kind: 'BFD_CHECK', session, alpha: values.alpha ?? inherited.alpha }];
  return [];
}
