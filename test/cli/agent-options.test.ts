import { describe, expect, it } from 'vitest';
import { readAgentOptions } from '../../src/cli/agent-options.ts';
import { describeOptions, type OptionSpec, parseOptions } from '../../src/cli/getopt.ts';

const specs: readonly OptionSpec[] = [
  { short: 'f', long: 'use-file', value: 'required', valueName: 'FILE', help: 'configuration' },
  { short: 'n', long: 'dont-fork', value: 'none', help: 'foreground' },
  { short: 't', long: 'config-test', value: 'optional', valueName: 'LOG', help: 'test' },
  { long: 'log-format', value: 'required', help: 'format' },
  { long: 'log-file', value: 'required', help: 'file' },
];

describe('parseOptions', () => {
  it('reads bundled, attached and separate values (getopt_long(3))', () => {
    expect(parseOptions(['-nf', 'a.conf', '-fb.conf', '--use-file=c.conf', '--use-file', 'd.conf'], specs)).toEqual({
      options: [
        { name: 'dont-fork', value: undefined },
        { name: 'use-file', value: 'a.conf' },
        { name: 'use-file', value: 'b.conf' },
        { name: 'use-file', value: 'c.conf' },
        { name: 'use-file', value: 'd.conf' },
      ],
      operands: [],
      problems: [],
    });
  });

  it('an optional value is taken only when it is attached', () => {
    expect(parseOptions(['-t', 'x', '-tlog', '--config-test=log', '--config-test', 'y'], specs)).toEqual({
      options: [
        { name: 'config-test', value: undefined },
        { name: 'config-test', value: 'log' },
        { name: 'config-test', value: 'log' },
        { name: 'config-test', value: undefined },
      ],
      operands: ['x', 'y'],
      problems: [],
    });
  });

  it('long options may be abbreviated as long as they are unique', () => {
    expect(parseOptions(['--dont'], specs).options).toEqual([{ name: 'dont-fork', value: undefined }]);
    expect(parseOptions(['--log-f=x'], specs).problems).toEqual([
      "option '--log-f' is ambiguous: --log-format, --log-file",
    ]);
  });

  it('names every unknown option and every missing or surplus value', () => {
    expect(parseOptions(['-z', '--zzz', '--dont-fork=1', '-f'], specs)).toEqual({
      options: [],
      operands: [],
      problems: [
        "unknown option '-z'",
        "unknown option '--zzz'",
        "option '--dont-fork' takes no value",
        "option '-f' needs a value",
      ],
    });
  });

  it('everything after -- is an operand', () => {
    expect(parseOptions(['--', '-n'], specs)).toEqual({ options: [], operands: ['-n'], problems: [] });
  });

  it('describes options in two columns', () => {
    expect(describeOptions(specs.slice(0, 3))).toBe(
      [
        '  -f, --use-file=FILE      configuration',
        '  -n, --dont-fork          foreground',
        '  -t, --config-test[=LOG]  test',
      ].join('\n'),
    );
  });
});

describe('readAgentOptions', () => {
  it.each(['8', 'local0', '-1', ''])('refuses the syslog facility %j', (facility) => {
    expect(readAgentOptions(['-S', facility], {}).problems).toEqual([
      `--log-facility is 0-7 for local0-local7, user or daemon, not '${facility}'`,
    ]);
    for (const good of ['0', '7', 'user', 'daemon']) expect(readAgentOptions(['-S', good], {}).problems).toEqual([]);
  });

  it('takes the limit of the guard in seconds, or off', () => {
    const limitOf = (text: string) => readAgentOptions(['--guard-limit', text], {}).options.guardLimit;
    expect(['0.05', '0', '1000', 'off'].map(limitOf)).toEqual([50_000, 0, 1_000_000_000, 'off']);
    for (const text of ['-1', '1001', 'on', '1e3', '']) {
      expect(readAgentOptions(['--guard-limit', text], {}).problems).toEqual([
        `--guard-limit is 0 to 1000 seconds or off, not '${text}'`,
      ]);
    }
  });

  it("takes keepalived's usual command line", () => {
    const { options, problems } = readAgentOptions(
      ['-n', '-l', '-D', '-f', '/etc/x.conf', '-p', '/run/a.pid', '-r', '/run/b.pid', '-c', '/run/c.pid'],
      {},
    );
    expect(problems).toEqual([]);
    expect(options).toEqual({
      configurationFile: '/etc/x.conf',
      foreground: true,
      logToConsole: true,
      logDetail: 1,
      logFormat: undefined,
      logFacility: undefined,
      noSyslog: false,
      pidFile: '/run/a.pid',
      runDirectory: '/run/holdfast',
      runElection: true,
      runHealth: true,
      runBfd: true,
      respawn: true,
      guardLimit: undefined,
      configTest: undefined,
      json: false,
      strict: false,
      signum: undefined,
      show: undefined,
      vrrpPidFile: '/run/b.pid',
      checkersPidFile: '/run/c.pid',
      bfdPidFile: undefined,
      notActedOn: [],
      ignored: [],
    });
  });

  it('takes the run directory from the service manager', () => {
    expect(readAgentOptions([], { RUNTIME_DIRECTORY: '/run/holdfast-a' }).options.runDirectory).toBe('/run/holdfast-a');
  });

  it('-t goes with an attached log file only', () => {
    expect(readAgentOptions(['-t'], {}).options.configTest).toEqual({ logFile: undefined });
    expect(readAgentOptions(['-t/tmp/log'], {}).options.configTest).toEqual({ logFile: '/tmp/log' });
  });

  it('refuses a log format that does not exist', () => {
    expect(readAgentOptions(['--log-format=xml'], {}).problems).toEqual([
      "--log-format is text, json or journal, not 'xml'",
    ]);
  });
});
