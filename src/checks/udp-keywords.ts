/** The words of UDP_CHECK { }, and what they come to. keepalived.conf(5) "UDP_CHECK". */
import type { Report } from '../config/diagnostics.ts';
import { optional, type Reading, table, value, variant } from '../config/table.ts';
import type { Word } from '../config/tape.ts';
import { type Complaints, orNothing, unsigned, type ValueType, words } from '../config/values.ts';
import type { ReplyPattern, UnplacedChecker } from './checker-config.ts';
import {
  connectionKeywords,
  connectionOf,
  type GivenChecker,
  type Inherited,
  timingKeywords,
  timingOf,
} from './keywords.ts';

const LENGTH_MAX = 65535;
const DEFAULT_MAX_REPLY_LENGTH = 255;

/** The bytes of words, two digits each, the last of a word perhaps one; undefined when there is something else. */
function digitPairs(given: readonly Word[], digit: RegExp): string[] | undefined {
  const pairs = given.flatMap(({ text }) => text.split(/\s+/).flatMap((word) => word.match(/..?/g) ?? []));
  return pairs.length > 0 && pairs.every((pair) => digit.test(pair)) ? pairs : undefined;
}

function reportFf(pairs: readonly string[], given: readonly Word[], complaints: Complaints): void {
  if (!/^ff$/i.test(pairs.at(-1) ?? '')) return;
  complaints.correct(given[0] as Word, 'keepalived 2.2.7 takes ff at the end for a mistake, and leaves the line out');
}

const pairsText = (bytes: string): string => (bytes.match(/../g) ?? []).join(' ');

const payload: ValueType<string> = {
  ...words('bytes as hex digits'),
  read: (given, complaints) => {
    const pairs = digitPairs(given, /^[0-9a-f]{1,2}$/i);
    if (pairs !== undefined) reportFf(pairs, given, complaints);
    if (pairs !== undefined) return pairs.map((pair) => pair.padStart(2, '0').toLowerCase()).join('');
    return complaints.refuse(given[0] as Word, 'expected hex digits, two for each byte');
  },
  show: pairsText,
};

/** One byte of a pattern: a digit where it must be that, x where it may be anything. */
const mask = (pair: string): string => pair.replace(/[^x]/gi, 'f').replace(/x/gi, '0').padStart(2, 'f');

const replyPattern: ValueType<ReplyPattern> = {
  ...words('bytes as hex digits, with x for a digit that may be anything'),
  read: (given, complaints) => {
    const pairs = digitPairs(given, /^[0-9a-fx]{1,2}$/i);
    if (pairs === undefined) {
      return complaints.refuse(given[0] as Word, 'expected hex digits or x, two for each byte; any reply will do');
    }
    reportFf(pairs, given, complaints);
    const bytes = pairs.map((pair) => pair.replace(/x/gi, '0').padStart(2, '0').toLowerCase()).join('');
    return { bytes, mask: pairs.map(mask).join('') };
  },
  show: ({ bytes, mask: bits }) => pairsText([...bytes].map((digit, i) => (bits[i] === '0' ? 'x' : digit)).join('')),
};

const udpKeywords = table({
  ...timingKeywords,
  ...connectionKeywords,
  payload: value('payload', payload, 'What to send; a text of 32 bytes.', { missingIs: 5 }),
  requireReply: value('require_reply', orNothing(replyPattern), 'Silence is a failure, and so is another reply.', {
    otherwise: true,
    instead: 'any reply will do',
  }),
  minReplyLength: optional('min_reply_length', unsigned(0, LENGTH_MAX), 0, 'Shortest right reply, in bytes.'),
  maxReplyLength: optional(
    'max_reply_length',
    unsigned(0, LENGTH_MAX),
    DEFAULT_MAX_REPLY_LENGTH,
    'Longest right reply, in bytes.',
  ),
});

type UdpReading = Reading<(typeof udpKeywords)['entries']>;

/** UDP_CHECK as one of the checkers of a real server. */
export const udpChecker = variant(
  'UDP_CHECK',
  udpKeywords,
  'Healthy when a datagram is not refused, or answered as it should be.',
  (reading): GivenChecker => ({
    keyword: reading.keyword,
    configure: (inherited, report) => configure(reading, inherited, report),
  }),
);

function configure(reading: UdpReading, inherited: Inherited, report: Report): UnplacedChecker[] {
  const connection = connectionOf(reading, inherited, report);
  if (connection === undefined) return [];
  const { payload: bytes, requireReply, minReplyLength, maxReplyLength } = reading.values;
  if (minReplyLength > maxReplyLength) {
    const message = `min_reply_length ${minReplyLength} is more than max_reply_length ${maxReplyLength}: no reply is right`;
    report.warning(
      reading.at('minReplyLength')?.keyword ?? reading.at('maxReplyLength')?.keyword ?? reading.keyword,
      message,
    );
  }
  return [
    {
      kind: 'UDP_CHECK',
      ...connection,
      ...timingOf(reading, inherited),
      ...(bytes === undefined ? {} : { payload: bytes }),
      requireReply: requireReply !== undefined,
      ...(requireReply === undefined || requireReply === true ? {} : { reply: requireReply }),
      minReplyLength,
      maxReplyLength,
    },
  ];
}
