/** The words of PING_CHECK { }, and what they come to. keepalived.conf(5) "PING_CHECK". */
import { table, variant } from '../config/table.ts';
import { connectionKeywords, connectionOf, type GivenChecker, timingKeywords, timingOf } from './keywords.ts';

/** PING_CHECK as one of the checkers of a real server. */
export const pingChecker = variant(
  'PING_CHECK',
  table({ ...timingKeywords, ...connectionKeywords }),
  'Healthy when an echo request is answered.',
  (reading): GivenChecker => ({
    keyword: reading.keyword,
    configure: (inherited, report) => {
      const connection = connectionOf(reading, inherited, report);
      return connection === undefined ? [] : [{ kind: 'PING_CHECK', ...connection, ...timingOf(reading, inherited) }];
    },
  }),
);
