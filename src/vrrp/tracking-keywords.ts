/**
 * What virtual routers can track, and the lines that track it: vrrp_script, track_file, vrrp_track_process,
 * bfd_instance, and track_interface to track_bfd. keepalived.conf(5). Words only: nothing of it is acted on yet.
 */
import type { Duration } from '../base/time.ts';
import type { Report } from '../config/diagnostics.ts';
import type { Word } from '../config/lexer.ts';
import { flag, type LineType, list, type Reading, table, value } from '../config/table.ts';
import {
  boolean,
  type Complaints,
  decimalSeconds,
  INT32_MAX,
  integer,
  ipAddress,
  oneWord,
  orNothing,
  SILENT,
  text,
  type ValueType,
  wholeSeconds,
  wordOf,
  words,
} from '../config/values.ts';
import { trackOptions } from './line-options.ts';

/** How a result changes the priority. */
export interface Weight {
  /** -254 to 254 at most; 0: a failure is a fault. */
  readonly weight: number;
  readonly reverse: boolean;
}

/** One line of a track_… block. */
export interface TrackedLine {
  /** The name, and where it stands. */
  readonly word: Word;
  /** Absent: as the tracked thing says itself. */
  readonly weight?: LineWeight;
}

/** The weight of a line. */
export interface LineWeight {
  readonly weight: number;
  /** Absent: as the tracked thing says itself. */
  readonly reverse?: boolean;
}

/** As keepalived runs with them. */
const LEADING = { leading: true } as const;

/** Weights of scripts, interfaces and BFD sessions; files and processes may have one more. */
const WEIGHT_MAX = 253;
export const FILE_WEIGHT_MAX = 254;

/** What the lines of a track_… block may say about weights. */
interface WeightRules {
  readonly max: number;
  /** One more than `max` is taken as that. */
  readonly clamped?: true;
  /** keepalived 2.2.7 does not know noreverse there. */
  readonly onlyReverse?: true;
}

/** `WEIGHT [reverse|noreverse]`. @param kept keepalived complains about a weight out of range, and takes it */
export function weightType(max: number, kept?: 'kept'): ValueType<Weight> {
  const number = integer(-max, max, LEADING);
  return {
    ...words(`a weight from -${max} to ${max}, then reverse if wanted`, 1, 2),
    strict: true,
    read([first, option], complaints) {
      if (first === undefined) return undefined;
      const reverse = readReverse(option, complaints);
      const weight = kept === undefined ? number.read([first], complaints) : keptNumber(first, max, complaints);
      return weight === undefined ? undefined : { weight, reverse };
    },
    show: ({ weight, reverse }) => `${weight}${reverse ? ' reverse' : ''}`,
  };
}

function keptNumber(word: Word, max: number, complaints: Complaints): number | undefined {
  const value = integer(-INT32_MAX, INT32_MAX, LEADING).read([word], complaints);
  if (value === undefined || Math.abs(value) <= max) return value;
  complaints.correct(word, `${value} is outside -${max} to ${max}; keepalived takes it all the same`);
  return value;
}

function readReverse(option: Word | undefined, complaints: Complaints): boolean {
  if (option === undefined || option.text === 'noreverse') return false;
  if (option.text === 'reverse') return true;
  complaints.correct(option, `expected reverse or noreverse, got '${option.text}'; it is ignored`);
  return false;
}

/** `NAME [weight N [reverse|noreverse]]`. */
function trackLine(what: string, rules: WeightRules): LineType<TrackedLine> {
  return {
    expected: `the name of ${what}, then weight and a number if wanted`,
    options: trackOptions(rules.max),
    strict: true,
    read([word, option, ...rest], report) {
      if (word === undefined) return [];
      if (option === undefined) return [{ word }];
      if (option.text !== 'weight') {
        const problem = `unknown option '${option.text}' of ${word.text}; the line is ignored, and ${word.text} is not tracked`;
        report.warning(option, problem, {
          suggestion: 'write weight and a number after the name, or each name on a line of its own',
        });
        return [];
      }
      if (rest.length === 0) {
        report.error(option, `weight of ${word.text} has no value; the line is ignored`);
        return [];
      }
      const weight = readWeight(rest, rules, report);
      return [weight === undefined ? { word } : { word, weight }];
    },
  };
}

function readWeight([first, option]: readonly Word[], rules: WeightRules, report: Report): LineWeight | undefined {
  const { max, clamped, onlyReverse } = rules;
  const complaints: Complaints = {
    refuse: (at, problem) => void report.error(at, `weight: ${problem}; it is ignored`),
    correct: (at, message) => report.warning(at, `weight: ${message}`),
  };
  const most = clamped ? max + 1 : max;
  const value = first && integer(-most, most, LEADING).read([first], complaints);
  if (first === undefined || value === undefined) return undefined;
  const weight = Math.max(-max, Math.min(max, value));
  if (weight !== value) complaints.correct(first, `${value} is outside -${max} to ${max}, it becomes ${weight}`);
  if (option === undefined) return { weight };
  if (option.text === 'noreverse' && onlyReverse) {
    complaints.correct(option, 'noreverse is not possible here; it is ignored');
    return { weight };
  }
  return { weight, reverse: readReverse(option, complaints) };
}

/** The track_… blocks of vrrp_instance and vrrp_sync_group. */
export const trackKeywords = {
  trackInterface: list(
    'track_interface',
    trackLine('an interface', { max: WEIGHT_MAX, clamped: true, onlyReverse: true }),
    'Interfaces that must be up, or that change the priority.',
  ),
  trackScript: list(
    'track_script',
    trackLine('a vrrp_script', { max: WEIGHT_MAX, clamped: true }),
    'Scripts whose result counts.',
  ),
  trackFile: list('track_file', trackLine('a track_file', { max: FILE_WEIGHT_MAX }), 'Files whose number counts.'),
  trackProcess: list(
    'track_process',
    trackLine('a vrrp_track_process', { max: FILE_WEIGHT_MAX }),
    'Processes that must run.',
  ),
  trackBfd: list('track_bfd', trackLine('a bfd_instance', { max: WEIGHT_MAX }), 'BFD sessions that must be up.'),
};

/** Seconds where keepalived makes 1 of 0. */
const secondsNotZero = (): ValueType<Duration> => wholeSeconds(0, 4294, { zeroBecomes: 1, leading: true });

/** A command without a user. An empty one is none; what there is then to say is said of the block. */
const command: ValueType<string[]> = {
  ...words('a command'),
  isCommand: true,
  read: (given, complaints) => {
    const [first] = given;
    if (first === undefined || first.text === '')
      return first && complaints.refuse(first, 'the word is empty', undefined, SILENT);
    return given.map(({ text }) => text);
  },
};

/** The words of vrrp_script NAME { }. */
export const vrrpScriptKeywords = table({
  script: value('script', command, 'The command to run.', { missingIs: 0 }),
  interval: value('interval', secondsNotZero(), 'Time from one run to the next.'),
  timeout: value('timeout', secondsNotZero(), 'Time after which a run is a failure.'),
  weight: value('weight', weightType(WEIGHT_MAX, 'kept'), 'How the result changes the priority.'),
  rise: value('rise', integer(1, INT32_MAX, LEADING), 'Successes in a row that make it up.', { otherwise: 1 }),
  fall: value('fall', integer(1, INT32_MAX, LEADING), 'Failures in a row that make it down.', { otherwise: 1 }),
  user: value('user', words('a user, then a group if wanted', 1, 2), 'Who runs it.'),
  initFail: flag('init_fail', 'Counts as failed until the first result.'),
});

const initialValue: ValueType<string[]> = {
  ...words('a number, then overwrite if wanted', 0, 2),
  strict: true,
  read(given, complaints) {
    for (const word of given) {
      if (word.text === 'overwrite') continue;
      const value = /^-?[0-9]+$/.test(word.text) ? Number(word.text) : Number.NaN;
      if (!(value >= -INT32_MAX - 1 && value <= INT32_MAX)) {
        return complaints.refuse(word, `expected a number or overwrite, got '${word.text}'`);
      }
      if (Math.abs(value) > FILE_WEIGHT_MAX) {
        complaints.correct(
          word,
          `${value} is outside -${FILE_WEIGHT_MAX} to ${FILE_WEIGHT_MAX}, where numbers make sense`,
        );
      }
    }
    return given.map((word) => word.text);
  },
};

/** The words of track_file NAME { }. */
export const trackFileKeywords = table({
  file: value('file', text('a path'), 'The file that holds a number.', { once: true, missingIs: 5 }),
  weight: value('weight', weightType(FILE_WEIGHT_MAX), 'What its number is multiplied with.', {
    prefer: (earlier, now) => (earlier.weight === 1 ? now : earlier),
    missingIs: 5,
  }),
  initialValue: value('init_file', initialValue, 'Makes the file at the start.'),
});

const processDelay = () => decimalSeconds(0.000001, 3600);

/** The words of vrrp_track_process NAME { }. */
export const trackProcessKeywords = table({
  process: value('process', words('a process name'), 'The process that must run.', { once: true }),
  weight: value('weight', weightType(FILE_WEIGHT_MAX), 'How it changes the priority.', {
    prefer: (earlier, now) => (earlier.weight === 0 ? now : earlier),
    missingIs: 5,
  }),
  parameterMatch: value('param_match', orNothing(wordOf('initial', 'partial')), 'How the parameters are compared.'),
  quorum: value('quorum', integer(1, 65535, LEADING), 'How many of it must run.'),
  quorumMax: value('quorum_max', integer(0, 65535, LEADING), 'How many of it may run.'),
  delay: value('delay', processDelay(), 'Wait before a change counts.'),
  forkDelay: value('fork_delay', processDelay(), 'Wait before a new process counts.'),
  terminateDelay: value('terminate_delay', processDelay(), 'Wait before an ended process counts.'),
  fullCommand: flag('full_command', 'Compare the whole command line.'),
});

const MILLISECONDS_MAX = 4294967;

/** Milliseconds with up to three decimals. */
const milliseconds = (min: number): ValueType<number> =>
  oneWord(`milliseconds from ${min} to ${MILLISECONDS_MAX}`, (given) => {
    const number = /^\+?[0-9]{1,7}(\.[0-9]{1,3})?$/.test(given) ? Number(given) : Number.NaN;
    return number >= min && number <= MILLISECONDS_MAX ? number : undefined;
  });

/** The words of bfd_instance NAME { }. */
export const bfdKeywords = table({
  neighbour: value('neighbor_ip', ipAddress({ prefix: 'ignored' }), 'The other end.', { aliases: ['neighbour_ip'] }),
  source: value('source_ip', ipAddress({ prefix: 'ignored' }), 'Our end.'),
  minReceive: value('min_rx', milliseconds(1), 'How often it may send, at most.'),
  minTransmit: value('min_tx', milliseconds(1), 'How often we send, at most.'),
  idleTransmit: value('idle_tx', milliseconds(1000), 'How often we send while it is down.'),
  multiplier: value('multiplier', integer(1, 255), 'Missed packets after which it is down.'),
  passive: flag('passive', 'Wait for the other end to begin.'),
  ttl: value('ttl', integer(1, 255), 'TTL of what we send.', { aliases: ['hoplimit'] }),
  maxHops: value('max_hops', integer(-1, 255), 'How far away the other end may be.'),
  multihop: value('multihop', boolean(), 'Use the port for several hops; newer than keepalived 2.2.7.', {
    since: '2.3',
  }),
  weight: value('weight', weightType(WEIGHT_MAX), 'How its state changes the priority.'),
  vrrp: flag('vrrp', 'Tell the virtual routers only.'),
  checker: flag('checker', 'Tell the checkers only.'),
});

export type ScriptReading = Reading<(typeof vrrpScriptKeywords)['entries']>;
export type TrackFileReading = Reading<(typeof trackFileKeywords)['entries']>;
export type TrackProcessReading = Reading<(typeof trackProcessKeywords)['entries']>;
export type BfdReading = Reading<(typeof bfdKeywords)['entries']>;
