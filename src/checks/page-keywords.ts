/** The words of url { } in HTTP_GET and SSL_GET, and the page that they come to. keepalived.conf(5) "HTTP_GET". */
import type { Report } from '../config/diagnostics.ts';
import { flag, type Options, type Reading, table, value } from '../config/table.ts';
import type { Word } from '../config/tape.ts';
import { boolean, type Complaints, oneWord, SILENT, type ValueType, words } from '../config/values.ts';
import type { AnswerPattern, Page, StatusRange } from './checker-config.ts';
import { anyWord } from './keywords.ts';
import { translatePattern } from './pcre.ts';

/** keepalived reads the digits in pairs, and takes a blank or a plus for a zero where a pair begins. */
const digest: ValueType<string> = oneWord('an MD5 sum of 32 hex digits', (text) =>
  /^([0-9a-f]{2}|[ +][0-9a-f]){16}$/i.test(text) ? text.replace(/[ +]/g, '0').toLowerCase() : undefined,
);

const STATUS_MIN = 100;
const STATUS_MAX = 599;
/** Any 2xx. */
const DEFAULT_STATUS: readonly StatusRange[] = [[200, 299]];

const statusCodes: ValueType<readonly StatusRange[]> = {
  ...words(`codes from ${STATUS_MIN} to ${STATUS_MAX} or ranges of them`, 0),
  read(given, complaints) {
    const ranges = given.flatMap((word) => {
      const [, first = '', last = first] = /^\+?([0-9]{3})(?:-([0-9]{3}))?$/.exec(word.text) ?? [];
      const range = [Number(first), Number(last)] as const;
      if (range[0] >= STATUS_MIN && range[1] <= STATUS_MAX && range[0] <= range[1] && first !== '') return [range];
      const problem = `'${word.text}' is no code from ${STATUS_MIN} to ${STATUS_MAX} and no range of them`;
      const suggestion = word.text.includes(',') ? 'put blanks between codes' : undefined;
      complaints.correct(word, `${problem}; it is ignored${suggestion === undefined ? '' : `; ${suggestion}`}`);
      return [];
    });
    if (given.length === 0) return undefined;
    return ranges.length === 0 ? undefined : merged(ranges);
  },
  show: (ranges) => ranges.map(rangeText).join(' '),
  writeWords: (ranges) => ranges.map(rangeText),
};

/** `200-299`, `404`. */
export const rangeText = ([first, last]: StatusRange): string => (first === last ? `${first}` : `${first}-${last}`);

/** In order, and none touches another. */
function merged(ranges: readonly StatusRange[]): readonly StatusRange[] {
  const all: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = all.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else all.push([first, last]);
  }
  return all;
}

/** What keepalived only notices when it is too late to say so. */
function silently(word: Word, message: string, complaints: Complaints): undefined {
  complaints.correct(word, message, SILENT);
}

const stack: ValueType<{ readonly start: number; readonly max: number }> = {
  ...words('the first and the largest size in bytes', 0, 2),
  read([first, second], complaints) {
    if (first === undefined) return undefined;
    const [start, max] = [Number(first.text), Number(second?.text ?? '')];
    const areNumbers = [first, second].every((word) => word !== undefined && /^[0-9]{1,18}$/.test(word.text));
    if (areNumbers && start > 0 && start <= max) return { start, max };
    return silently(first, 'expected the first and the largest size in bytes; the line is ignored', complaints);
  },
  show: ({ start, max }) => `${start} ${max}`,
};

const offset: ValueType<number> = {
  ...words('a number of bytes', 0, 1),
  read([word], complaints) {
    if (word === undefined) return undefined;
    if (/^\s*\+?[0-9]{1,18}$/.test(word.text)) return Number(word.text);
    return silently(word, `expected a number of bytes, got '${word.text}'; the line is ignored`, complaints);
  },
  show: String,
};

const regularExpression: ValueType<string[]> = {
  ...words('a regular expression of PCRE2, between quotation marks', 0),
  isCommand: true,
};
const expressionOptions: ValueType<string[]> = words('options of PCRE2: caseless, dotall, multiline, …', 0);

const addUp: Options<readonly StatusRange[]>['addUp'] = (earlier, now) => merged([...earlier, ...now]);

const pageKeywords = {
  path: value('path', anyWord('a path'), 'What to ask for.'),
  digest: value('digest', digest, 'MD5 sum of the body of the right answer.', { once: true }),
  statusCodes: value('status_code', statusCodes, 'Codes that mean success; 200-299. Several lines add up.', {
    addUp,
  }),
  virtualHost: value('virtualhost', anyWord('a host name'), 'Host to ask for, before that of the checker.', {
    missingIs: 5,
  }),
  expression: value(
    'regex',
    regularExpression,
    'What the answer must contain, its headers included; backslashes are doubled.',
  ),
  isUnwanted: flag('regex_no_match', 'The answer must not contain it.'),
  expressionOptions: value('regex_options', expressionOptions, 'How the regular expression is read.'),
  stack: value('regex_stack', stack, 'Memory of the just-in-time compiler.'),
  minOffset: value(
    'regex_min_offset',
    offset,
    'Where a match may begin at the earliest, from the beginning of the headers.',
  ),
  maxOffset: value('regex_max_offset', offset, 'Where a match may begin at the latest.'),
  tlsCompliant: value('tls_compliant', boolean(), 'Say goodbye as TLS wants, for this page.', { since: '2.3' }),
};

/** The words of url { }. */
export const pageTable = table(pageKeywords);
export type PageReading = Reading<typeof pageKeywords>;

/** The page; undefined without a path, which is said. */
export function pageOf(reading: PageReading, report: Report): Page | undefined {
  const { values, keyword } = reading;
  const { path, digest: sum, virtualHost, tlsCompliant } = values;
  if (path === undefined) {
    report.error(keyword, 'url has no path; it is left out');
    return undefined;
  }
  const pattern = patternOf(reading, report);
  return {
    path,
    statusCodes: values.statusCodes ?? DEFAULT_STATUS,
    ...(sum === undefined ? {} : { digest: sum }),
    ...(virtualHost === undefined ? {} : { virtualHost }),
    ...(pattern === undefined ? {} : { pattern }),
    ...(tlsCompliant === undefined ? {} : { tlsCompliant }),
  };
}

/** keepalived complains about none of this. */
function patternOf({ values, at, keyword }: PageReading, report: Report): AnswerPattern | undefined {
  const { isUnwanted, expressionOptions: options = [], stack: memory, minOffset = 0, maxOffset = 0 } = values;
  const say = (place: Word | undefined, message: string) => report.warning(place ?? keyword, message, SILENT);
  const [expression, surplus] = values.expression ?? [];
  if (expression === undefined || surplus !== undefined) {
    const place = at('expression')?.keyword;
    if (place !== undefined) {
      say(place, 'regex: expected one regular expression, between quotation marks if it has blanks; it is ignored');
      return undefined;
    }
    const alone = (['isUnwanted', 'expressionOptions', 'stack', 'minOffset', 'maxOffset'] as const).find(at);
    if (alone !== undefined) {
      const word = at(alone)?.keyword;
      say(word, `${word?.text} without regex has no effect`);
    }
    return undefined;
  }
  const translated = translatePattern(expression, options);
  if (!translated.ok) {
    const message = `regex: ${translated.reason}: the answer cannot be judged by it, and says nothing about the server`;
    say(at('expression')?.args[0], message);
  }
  const fits = maxOffset === 0 || minOffset <= maxOffset;
  if (!fits) {
    const place = at('maxOffset')?.keyword;
    say(place, `regex_max_offset is less than regex_min_offset ${minOffset}; both are ignored`);
  }
  return {
    expression,
    isUnwanted,
    options,
    minOffset: fits ? minOffset : 0,
    maxOffset: fits ? maxOffset : 0,
    ...(memory === undefined ? {} : { stack: memory }),
  };
}
