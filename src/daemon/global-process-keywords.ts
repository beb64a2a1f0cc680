/** global_defs: the processes of the agent, its own scripts, reloading, and what it writes. keepalived.conf(5). */
import { microseconds, seconds, ZERO } from '../base/time.ts';
import { includeCheckWords } from '../config/include-check.ts';
import { flag, LATER, optional, value } from '../config/table.ts';
import {
  boolean,
  integer,
  oneOf,
  onlyWord,
  orNothing,
  text,
  UINT32_MAX,
  type ValueType,
  wholeMicroseconds,
  wholeSeconds,
  words,
} from '../config/values.ts';
import { anyWord, ownScript, processName, processors, umask } from './global-values.ts';

const realTimePriority = () => integer(1, 99, { clamp: true, leading: true });
const nice = () => integer(-20, 19, { leading: true });
const realTimeLimit = () => wholeMicroseconds(1, UINT32_MAX, { leading: true });
/** What RLIMIT_RTTIME is unless said otherwise, once there is a real-time priority. */
const REAL_TIME_LIMIT = microseconds(10_000);
const SCRIPT_TIME = seconds(10);
const COMPLAINS = { missingIs: 5 } as const;

/** Raised to the highest when it stands alone. */
const autoPriority: ValueType<number> = {
  ...integer(-1, 99, { leading: true }),
  minWords: 0,
  read: (given, complaints) => (given.length === 0 ? 99 : integer(-1, 99, { leading: true }).read(given, complaints)),
};

const nameKeywords = {
  processNames: flag('process_names', 'Show the parts of the agent under names of their own in ps(1).', LATER),
  processName: value('process_name', processName, 'Name of the main process in ps(1).', LATER),
  vrrpProcessName: value('vrrp_process_name', processName, 'Name of the election process in ps(1).', LATER),
  checkerProcessName: value('checker_process_name', processName, 'Name of the health process in ps(1).', {
    ...LATER,
    aliases: [
      { word: 'lvs_process_name', message: 'lvs_process_name is now called checker_process_name', silent: true },
    ],
  }),
  bfdProcessName: value('bfd_process_name', processName, 'Name of the BFD process in ps(1).', LATER),
};

const ownScriptKeywords = {
  startupScript: value('startup_script', ownScript, 'Command to run before anything else, and to wait for.', {
    ...COMPLAINS,
    once: true,
  }),
  startupScriptTimeout: optional(
    'startup_script_timeout',
    wholeSeconds(1, 1000),
    SCRIPT_TIME,
    'How long it may take.',
    {
      ...COMPLAINS,
    },
  ),
  shutdownScript: value('shutdown_script', ownScript, 'Command to run at the very end.', {
    ...COMPLAINS,
    once: true,
  }),
  shutdownScriptTimeout: optional(
    'shutdown_script_timeout',
    wholeSeconds(1, 1000),
    SCRIPT_TIME,
    'How long it may take.',
    COMPLAINS,
  ),
  useSymlinkPaths: value(
    'use_symlink_paths',
    boolean(),
    'Run scripts by the path as it is written, with its links; always so here.',
    { since: '2.3' },
  ),
  setSupplementaryGroups: value(
    'set_supplementary_groups',
    boolean(),
    'Run scripts with all groups of their user, not only the first.',
    { ...LATER, since: '2.3' },
  ),
};

const priorityKeywords = {
  maxAutoPriority: optional(
    'max_auto_priority',
    autoPriority,
    0,
    'Raise the real-time priority up to this when timers fire late; 0 and -1: never; alone: up to 99.',
    LATER,
  ),
  minAutoPriorityDelay: optional(
    'min_auto_priority_delay',
    wholeMicroseconds(1, 10_000_000, { leading: true }),
    seconds(1),
    'How late a timer must be for that.',
    { ...LATER, ...COMPLAINS },
  ),
  vrrpPriority: optional(
    'vrrp_priority',
    nice(),
    0,
    'Niceness of the election where it gets no real-time priority; less is more urgent.',
    COMPLAINS,
  ),
  checkerPriority: optional('checker_priority', nice(), 0, 'Niceness of the checks; less is more urgent.', COMPLAINS),
  bfdPriority: optional('bfd_priority', nice(), 0, 'Niceness of BFD; less is more urgent.', { ...LATER, ...COMPLAINS }),
  vrrpRealTimePriority: value('vrrp_rt_priority', realTimePriority(), 'Real-time priority of the election, 1 to 99.', {
    ...COMPLAINS,
  }),
  checkerRealTimePriority: value('checker_rt_priority', realTimePriority(), 'Real-time priority of the checks.', {
    ...COMPLAINS,
  }),
  bfdRealTimePriority: value('bfd_rt_priority', realTimePriority(), 'Real-time priority of BFD.', {
    ...LATER,
    ...COMPLAINS,
  }),
  vrrpNoSwap: flag('vrrp_no_swap', 'Keep the election in memory; always so here.'),
  checkerNoSwap: flag('checker_no_swap', 'Keep the checks in memory.'),
  bfdNoSwap: flag('bfd_no_swap', 'Keep BFD in memory.', LATER),
  vrrpCpuAffinity: value('vrrp_cpu_affinity', processors, 'Processors that the election may run on.', {
    ...LATER,
    ...COMPLAINS,
  }),
  checkerCpuAffinity: value('checker_cpu_affinity', processors, 'Processors that the checks may run on.', {
    ...LATER,
    ...COMPLAINS,
  }),
  bfdCpuAffinity: value('bfd_cpu_affinity', processors, 'Processors that BFD may run on.', { ...LATER, ...COMPLAINS }),
  vrrpRealTimeLimit: optional(
    'vrrp_rlimit_rttime',
    realTimeLimit(),
    REAL_TIME_LIMIT,
    'How long the election may run without waiting, with a real-time priority (RLIMIT_RTTIME).',
    { ...LATER, otherwise: ZERO, aliases: [oldSpelling('vrrp')] },
  ),
  checkerRealTimeLimit: optional(
    'checker_rlimit_rttime',
    realTimeLimit(),
    REAL_TIME_LIMIT,
    'The same for the checks.',
    { ...LATER, otherwise: ZERO, aliases: [oldSpelling('checker')] },
  ),
  bfdRealTimeLimit: optional('bfd_rlimit_rttime', realTimeLimit(), REAL_TIME_LIMIT, 'The same for BFD.', {
    ...LATER,
    otherwise: ZERO,
    aliases: [oldSpelling('bfd')],
  }),
};

function oldSpelling(part: string) {
  const word = `${part}_rlimit_rtime`;
  return { word, message: `${word} is now called ${part}_rlimit_rttime`, silent: true } as const;
}

const reloadKeywords = {
  reloadCheckConfig: value(
    'reload_check_config',
    words('a log file', 0, 1),
    'Check a new configuration before it is taken; always so here.',
  ),
  reloadTimeFile: value('reload_time_file', onlyWord('a path'), 'File that says when to reload.', {
    ...LATER,
    ...COMPLAINS,
  }),
  reloadRepeat: flag('reload_repeat', 'Keep that file after the reload.', LATER),
  reloadFile: value(
    'reload_file',
    orNothing(anyWord('a path')),
    'File that is there while a configuration is being read; alone: keepalived.reload in the run directory.',
    LATER,
  ),
  includeCheck: value('include_check', includeCheckWords, 'Which missing includes are errors.'),
  temporaryConfigurationDirectory: value(
    'tmp_config_directory',
    anyWord('a directory'),
    'Where keepalived keeps a copy of what it has read; holdfast needs none.',
    { ...LATER, ...COMPLAINS, once: true },
  ),
  configurationSaveDirectory: value(
    'config_save_dir',
    text('a directory'),
    'Where the configuration is saved before each reload.',
    LATER,
  ),
};

const fileKeywords = {
  umask: value('umask', umask, 'Permissions that files do not get when they are written; 0177 unless given.'),
  randomSeed: value('random_seed', integer(0, UINT32_MAX), 'Seed of what is random in the configuration.', LATER),
  dataUseInstance: value('data_use_instance', boolean(), 'Put the name of the instance into the names of dumps.'),
  stateDumpFile: value('state_dump_file', text('a path'), 'Where SIGUSR1 writes the state.', { since: '2.3' }),
  statsDumpFile: value('stats_dump_file', text('a path'), 'Where SIGUSR2 writes the counters.', { since: '2.3' }),
  jsonDumpFile: value('json_dump_file', text('a path'), 'Where the JSON dump is written.', { since: '2.3' }),
  jsonVersion: value('json_version', oneOf({ 1: 1, 2: 2 }), 'Form of the JSON dump.', { since: '2.3' }),
  iprouteUsrDirectory: value(
    'iproute_usr_dir',
    text('a directory'),
    'Where the distribution names routing tables, scopes and protocols.',
    { ...LATER, since: '2.3' },
  ),
  iprouteEtcDirectory: value(
    'iproute_etc_dir',
    text('a directory'),
    'Where the administrator names routing tables, scopes and protocols.',
    { ...LATER, since: '2.3' },
  ),
};

/** Words about processes and files. */
export const processKeywords = {
  ...nameKeywords,
  ...priorityKeywords,
  ...fileKeywords,
  ...ownScriptKeywords,
  ...reloadKeywords,
};
