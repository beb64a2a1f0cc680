/** The words of FILE_CHECK { }, and what they come to. keepalived.conf(5) "FILE_CHECK". */
import type { Report } from '../config/diagnostics.ts';
import { type Reading, table, value, variant } from '../config/table.ts';
import { INT32_MAX, integer, type ValueType, words } from '../config/values.ts';
import type { UnplacedChecker } from './checker-config.ts';
import { anyWord, type GivenChecker, type Inherited, type TrackFileDefaults } from './keywords.ts';

const weight: ValueType<TrackFileDefaults> = {
  ...words(`a weight from -${INT32_MAX} to ${INT32_MAX}, then reverse or noreverse if wanted`, 1, 2),
  read([number, option], complaints) {
    const given = number && integer(-INT32_MAX, INT32_MAX).read([number], complaints);
    if (given === undefined) return undefined;
    if (option !== undefined && option.text !== 'reverse' && option.text !== 'noreverse') {
      return complaints.refuse(option, `expected reverse or noreverse, got '${option.text}'`);
    }
    return { weight: given, reverse: option?.text === 'reverse' };
  },
  show: (given) => `${given.weight}${given.reverse ? ' reverse' : ''}`,
};

const fileKeywords = table({
  trackFile: value('track_file', anyWord('the name of a track_file'), 'The file whose number counts.'),
  weight: value('weight', weight, 'What its number is multiplied with; as the track_file says.', { missingIs: 5 }),
});

type FileReading = Reading<(typeof fileKeywords)['entries']>;

/** FILE_CHECK as one of the checkers of a real server. */
export const fileChecker = variant(
  'FILE_CHECK',
  fileKeywords,
  'Healthy while the number in a file says so.',
  (reading): GivenChecker => ({
    keyword: reading.keyword,
    configure: (inherited, report) => configure(reading, inherited, report),
  }),
);

function configure({ values, keyword, at }: FileReading, inherited: Inherited, report: Report): UnplacedChecker[] {
  const { trackFile } = values;
  if (trackFile === undefined) {
    report.error(keyword, 'FILE_CHECK has no track_file; the check is left out');
    return [];
  }
  const file = inherited.trackFile(trackFile);
  if (file === undefined) {
    report.error(
      at('trackFile')?.args[0] ?? keyword,
      `there is no track_file ${trackFile} before this line; the check is left out`,
    );
    return [];
  }
  return [{ kind: 'FILE_CHECK', trackFile, ...(values.weight ?? file) }];
}
