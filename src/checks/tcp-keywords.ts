/** The words of TCP_CHECK { }, and what they come to. keepalived.conf(5) "TCP_CHECK". */
import { table, variant } from '../config/table.ts';
import { connectionKeywords, connectionOf, type GivenChecker, timingKeywordsWithAlias, timingOf } from './keywords.ts';

/** TCP_CHECK as one of the checkers of a real server. */
export const tcpChecker = variant(
  'TCP_CHECK',
  table({
    // keepalived does not know the word here and goes on with one retry. Taking it as meant is safer: people count on it.
    ...timingKeywordsWithAlias('in TCP_CHECK keepalived ignores nb_get_retry; write retry', { unknown: true }),
    ...connectionKeywords,
  }),
  'Healthy when a TCP connection can be made.',
  (reading): GivenChecker => ({
    keyword: reading.keyword,
    configure: (inherited, report) => {
      const connection = connectionOf(reading, inherited, report);
      return connection === undefined ? [] : [{ kind: 'TCP_CHECK', ...connection, ...timingOf(reading, inherited) }];
    },
  }),
);
