/** The words of DNS_CHECK { }, and what they come to. keepalived.conf(5) "DNS_CHECK". */
import { table, value, variant } from '../config/table.ts';
import { oneWord, type ValueType } from '../config/values.ts';
import { RECORD_TYPES, type RecordType } from '../wire/dns.ts';
import { connectionKeywords, connectionOf, type GivenChecker, timingKeywords, timingOf } from './keywords.ts';

const names = Object.keys(RECORD_TYPES);

const recordType: ValueType<RecordType> = {
  ...oneWord(`a record type (${names.join(', ')}), in any case`, (given) => {
    const upper = given.toUpperCase();
    return Object.hasOwn(RECORD_TYPES, upper) ? (upper as RecordType) : undefined;
  }),
  facts: { kind: 'word', words: names },
};

/** Labels of letters. keepalived takes a first label of one letter for an empty one, and asks for the root instead. */
const domainName: ValueType<string> = oneWord('a domain name', (name, word, complaints) => {
  const suggestion = 'the root, which is asked for now, is written as a dot alone';
  if (/^\.|\.\./.test(name) && name !== '.') return complaints.refuse(word, `'${name}' has an empty label`, suggestion);
  if (name[1] === '.') {
    return complaints.refuse(word, `keepalived takes the first label of '${name}' for an empty one`, suggestion);
  }
  return name;
});

const dnsKeywords = table({
  ...timingKeywords,
  ...connectionKeywords,
  recordType: value('type', recordType, 'Type of record to ask for; SOA.'),
  name: value('name', { ...domainName, slashes: true }, 'Name to ask for; the root.', { once: true }),
});

const DEFAULT_RETRY = 3;

/** DNS_CHECK as one of the checkers of a real server. */
export const dnsChecker = variant(
  'DNS_CHECK',
  dnsKeywords,
  'Healthy when a name server answers.',
  (reading): GivenChecker => ({
    keyword: reading.keyword,
    configure: (inherited, report) => {
      const connection = connectionOf(reading, inherited, report);
      if (connection === undefined) return [];
      const timing = timingOf(reading, inherited, { retry: DEFAULT_RETRY, delayBeforeRetry: 'delay_loop' });
      const { recordType: type = 'SOA', name = '' } = reading.values;
      return [{ kind: 'DNS_CHECK', ...connection, ...timing, recordType: type, name }];
    },
  }),
);
