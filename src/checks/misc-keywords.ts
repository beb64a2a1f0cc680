/** The words of MISC_CHECK { }, and what they come to. keepalived.conf(5) "MISC_CHECK". */
import { seconds, ZERO } from '../base/time.ts';
import { script } from '../config/script.ts';
import { flag, table, value, variant } from '../config/table.ts';
import { GIVES_UP, type ValueType, wholeSeconds, words } from '../config/values.ts';
import { type GivenChecker, timingKeywords, timingOf } from './keywords.ts';

/** Longest time that keepalived waits for a command. */
const TIMEOUT_MAX = 4294;

const account: ValueType<string[]> = words('a user, then a group if wanted', 1, 2);

const miscKeywords = table({
  ...timingKeywords,
  script: value('misc_path', script(), 'The command to run, with its arguments between quotation marks.', {
    missingIs: 5,
  }),
  timeout: value(
    'misc_timeout',
    wholeSeconds(0, TIMEOUT_MAX, { leading: true }),
    'How long it may run; as long as delay_loop.',
  ),
  isDynamic: flag('misc_dynamic', 'Its exit status, 2 to 255, sets the weight to that less 2.'),
  user: value('user', account, 'Who runs it; script_user.', { missingIs: 5 }),
});

/** MISC_CHECK as one of the checkers of a real server. */
export const miscChecker = variant(
  'MISC_CHECK',
  miscKeywords,
  'Healthy when a command says so.',
  (reading): GivenChecker => ({
    keyword: reading.keyword,
    command: { script: reading.at('script'), user: reading.at('user') },
    configure: (inherited, report) => {
      const { script: given, timeout = ZERO, isDynamic, user } = reading.values;
      const open = reading.at('script')?.args.find((word) => word.open);
      if (open !== undefined)
        report.error(open, 'misc_path: keepalived crashes over the open quotation mark', GIVES_UP);
      if (given === undefined) {
        report.error(reading.keyword, 'MISC_CHECK has no misc_path; the check is left out');
        return [];
      }
      const [name, group] = user ?? [];
      const as = { ...(name === undefined ? {} : { user: name }), ...(group === undefined ? {} : { group }) };
      const timing = timingOf(reading, inherited, { retry: 0, delayBeforeRetry: seconds(1) });
      return [
        {
          kind: 'MISC_CHECK',
          ...timing,
          script: { command: given.command, ...as },
          timeout,
          fallbackTimeout: inherited.outerDelayLoop,
          isDynamic,
        },
      ];
    },
  }),
);
