/** The command line of the agent itself: keepalived's flags with keepalived's meaning, and `--run-dir` of our own. */
import { type Duration, seconds } from '../base/time.ts';
import type { LogFormat } from '../daemon/log.ts';
import { type OptionSpec, parseOptions } from './getopt.ts';

/** What the agent is asked to be. */
export interface AgentOptions {
  readonly configurationFile: string | undefined;
  /** What `@id` lines ask for; undefined: the first label of the host name. */
  readonly configId: string | undefined;
  readonly foreground: boolean;
  readonly logToConsole: boolean;
  /** 0: notices and worse; 1: also what was done; 2: also packets and commands. */
  readonly logDetail: number;
  readonly logFormat: LogFormat | undefined;
  /** Number of the syslog facility local0-local7 (0-7), or a name; undefined: daemon. */
  readonly logFacility: string | undefined;
  readonly noSyslog: boolean;
  readonly pidFile: string | undefined;
  readonly vrrpPidFile: string | undefined;
  readonly checkersPidFile: string | undefined;
  readonly bfdPidFile: string | undefined;
  readonly runDirectory: string;
  readonly runElection: boolean;
  readonly runHealth: boolean;
  readonly runBfd: boolean;
  readonly respawn: boolean;
  /** How long the election may be silent before the guard acts; 'off': no guard; undefined: the default. */
  readonly guardLimit: Duration | 'off' | undefined;
  readonly configTest: { readonly logFile: string | undefined } | undefined;
  /** What the configuration test finds, as JSON on standard output. */
  readonly json: boolean;
  /** The agent does not start, and the test fails, with anything to say about the configuration. */
  readonly strict: boolean;
  /** The name of a signal whose number is asked for. */
  readonly signum: string | undefined;
  readonly show: 'help' | 'version' | undefined;
  /** Long names of options that are accepted and have no effect yet. */
  readonly notActedOn: readonly string[];
  /** Words that are no options: said and ignored, as keepalived does. */
  readonly ignored: readonly string[];
}

const flag = (short: string | undefined, long: string, help: string): OptionSpec => ({
  ...(short === undefined ? {} : { short }),
  long,
  value: 'none',
  help,
});
const valued = (
  short: string | undefined,
  long: string,
  valueName: string,
  help: string,
  value: 'required' | 'optional' = 'required',
): OptionSpec => ({ ...(short === undefined ? {} : { short }), long, value, valueName, help });

/** Options that do something. The words are keepalived's, see keepalived(8). */
const ACTED_ON: readonly OptionSpec[] = [
  valued('f', 'use-file', 'FILE', 'configuration file; default /etc/holdfast/holdfast.conf, else keepalived’s own'),
  valued('t', 'config-test', 'LOG', 'check the configuration, print what is wrong, and exit', 'optional'),
  flag(undefined, 'json', 'with -t: what is wrong as JSON on standard output'),
  flag(undefined, 'strict', 'do not start with anything to say about the configuration, and let -t fail on notes too'),
  valued('i', 'config-id', 'ID', 'what @ID lines of the configuration ask for; default: the short host name'),
  flag('n', 'dont-fork', 'stay in the foreground'),
  flag('l', 'log-console', 'log to standard error also when in the background'),
  flag('D', 'log-detail', 'log what is done; twice: packets and commands too'),
  valued('S', 'log-facility', 'FACILITY', 'syslog facility: 0-7 for local0-local7, or user, daemon'),
  flag('G', 'no-syslog', 'do not log to syslog'),
  valued(undefined, 'log-format', 'FORMAT', 'text, json or journal'),
  valued('p', 'pid', 'FILE', 'pid file; default RUN-DIR/holdfast.pid'),
  valued('r', 'vrrp_pid', 'FILE', 'pid file of the election process; default RUN-DIR/vrrp.pid'),
  valued('c', 'checkers_pid', 'FILE', 'pid file of the health process; default RUN-DIR/checkers.pid'),
  valued('b', 'bfd_pid', 'FILE', 'another pid file of the election process, which has the BFD sessions'),
  valued(undefined, 'run-dir', 'DIR', 'where the control socket and the pid file are; default /run/holdfast'),
  flag('P', 'vrrp', 'run the election only, no health checks and no IPVS'),
  flag('C', 'check', 'run health checks and IPVS only, no election'),
  flag('B', 'no_bfd', 'have no BFD sessions; what tracks them counts for nothing'),
  flag('R', 'dont-respawn', 'end when a process of the agent dies'),
  valued(
    undefined,
    'guard-limit',
    'SECONDS',
    'silence after which the guard withdraws the addresses: default two advertisement intervals, 0: never, off: no guard',
  ),
  valued(undefined, 'signum', 'SIGNAL', 'print the number of STOP, RELOAD, DATA, STATS, STATS_CLEAR, JSON or TDUMP'),
  flag('v', 'version', 'print the version'),
  flag('h', 'help', 'print this text'),
];

/** keepalived's other options: accepted so that its service files work, and named in the log. */
const ACCEPTED: readonly OptionSpec[] = [
  flag(undefined, 'all', ''),
  valued('g', 'log-file', 'FILE', '', 'optional'),
  flag(undefined, 'flush-log-file', ''),
  flag('X', 'release-vips', ''),
  flag('V', 'dont-release-vrrp', ''),
  flag('I', 'dont-release-ipvs', ''),
  flag('d', 'dump-conf', ''),
  flag('a', 'address-monitoring', ''),
  valued('s', 'namespace', 'NAME', ''),
  flag('e', 'all-config', ''),
  flag('x', 'snmp', ''),
  valued('A', 'snmp-agent-socket', 'SOCKET', ''),
  valued('u', 'umask', 'MASK', ''),
  flag('m', 'core-dump', ''),
  valued('M', 'core-dump-pattern', 'PATTERN', '', 'optional'),
  flag(undefined, 'no-mem-check', ''),
  flag(undefined, 'ignore-sigint', ''),
];

const ALL = [...ACTED_ON, ...ACCEPTED];

/** The options for `--help`. */
export const shownOptions: readonly OptionSpec[] = ACTED_ON;

/** Where the agent and its commands meet: systemd's RUNTIME_DIRECTORY where it is set. */
export const defaultRunDirectory = (environment: Readonly<Record<string, string | undefined>>): string =>
  environment.RUNTIME_DIRECTORY?.split(':')[0] ?? '/run/holdfast';

/** Reads the agent's command line. With problems the options are still what could be understood. */
export function readAgentOptions(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): { readonly options: AgentOptions; readonly problems: readonly string[] } {
  const parsed = parseOptions(words, ALL);
  const given = (name: string) => parsed.options.filter((option) => option.name === name);
  const has = (name: string) => given(name).length > 0;
  const last = (name: string) => given(name).at(-1)?.value;
  const problems = [...parsed.problems];
  const format = last('log-format');
  if (format !== undefined && !isLogFormat(format))
    problems.push(`--log-format is text, json or journal, not '${format}'`);
  const guardText = last('guard-limit');
  const guardLimit = guardText === undefined ? undefined : readGuardLimit(guardText);
  if (guardText !== undefined && guardLimit === undefined)
    problems.push(`--guard-limit is 0 to ${GUARD_LIMIT_MAX} seconds or off, not '${guardText}'`);
  const facility = last('log-facility');
  if (facility !== undefined && !isFacility(facility))
    problems.push(`--log-facility is 0-7 for local0-local7, user or daemon, not '${facility}'`);
  if (has('namespace')) problems.push('--namespace is not supported yet: start holdfast in it with ip netns exec');
  return {
    problems,
    options: {
      configurationFile: last('use-file'),
      configId: last('config-id'),
      foreground: has('dont-fork'),
      logToConsole: has('log-console'),
      logDetail: given('log-detail').length,
      logFormat: format !== undefined && isLogFormat(format) ? format : undefined,
      logFacility: facility,
      noSyslog: has('no-syslog'),
      pidFile: last('pid'),
      vrrpPidFile: last('vrrp_pid'),
      checkersPidFile: last('checkers_pid'),
      bfdPidFile: last('bfd_pid'),
      runDirectory: last('run-dir') ?? defaultRunDirectory(environment),
      runElection: !has('check'),
      runHealth: !has('vrrp'),
      runBfd: !has('no_bfd'),
      respawn: !has('dont-respawn'),
      guardLimit,
      configTest: has('config-test') ? { logFile: last('config-test') } : undefined,
      json: has('json'),
      strict: has('strict'),
      signum: last('signum'),
      show: has('help') ? 'help' : has('version') ? 'version' : undefined,
      notActedOn: [...new Set(parsed.options.map((option) => option.name))].filter((name) =>
        ACCEPTED.some((spec) => spec.long === name),
      ),
      ignored: parsed.operands,
    },
  };
}

/** Longer than any Master_Down_Interval of version 2. */
const GUARD_LIMIT_MAX = 1000;

function readGuardLimit(text: string): Duration | 'off' | undefined {
  if (text === 'off') return text;
  if (!/^\d+(\.\d+)?$/.test(text) || Number(text) > GUARD_LIMIT_MAX) return undefined;
  return seconds(Number(text));
}

const isFacility = (text: string): boolean => /^([0-7]|user|daemon)$/.test(text);

const isLogFormat = (text: string): text is LogFormat => text === 'text' || text === 'json' || text === 'journal';
