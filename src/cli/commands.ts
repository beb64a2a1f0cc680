/** The commands a person types, with their `--help`: `holdfast status`, `holdfast check`. */
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { VERSION } from '../daemon/version.ts';
import { type Override, WEIGHT_MAX } from '../ipvs/overrides.ts';
import { defaultRunDirectory } from './agent-options.ts';
import { checkFiles } from './check-files.ts';
import { cleanUp } from './cleanup.ts';
import type { Environment } from './command-line.ts';
import { SHELLS } from './completion.ts';
import { dumpConfig, showConfig } from './config-show.ts';
import { examineHost } from './doctor.ts';
import { explain } from './explain.ts';
import { handOver } from './handover.ts';
import { showIpvs } from './ipvs.ts';
import { overrideServer } from './override.ts';
import { type RealServerOptions, realServer } from './realserver.ts';
import { restartAgent } from './restart.ts';
import { showStatus } from './status.ts';

interface IpvsFlags {
  readonly stats?: true;
  readonly rate?: true;
  readonly connections?: true;
  readonly timeout?: true;
  readonly exact?: true;
  readonly json?: true;
}

interface RealServerFlags {
  readonly vip: readonly string[];
  readonly mode: RealServerOptions['mode'];
  readonly runDir: string;
  readonly dryRun?: true;
  readonly json?: true;
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** Runs one command; resolves with the exit status. */
export async function runCommand(words: readonly string[], environment: Environment): Promise<number> {
  let status = 0;
  const program = makeProgram(environment, (result) => {
    status = result;
  });
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    throw error;
  }
  return status;
}

/** All commands with their options. @param end is told the exit status of the one that ran */
export function makeProgram(environment: Environment, end: (status: number) => void): Command {
  const program = new Command('holdfast')
    .description('High-availability agent for Linux directors. Without a command: run the agent, see holdfast --help.')
    .version(`holdfast ${VERSION}`)
    .exitOverride()
    .showHelpAfterError('(holdfast help COMMAND tells more)');
  program
    .command('status')
    .description('what the running agent does and why: instances, addresses, virtual and real servers')
    .option('--json', 'as JSON, for programs')
    .option('--run-dir <dir>', 'where the agent keeps its control socket', defaultRunDirectory(environment))
    .action(async (options: { json?: boolean; runDir: string }) => {
      end(await showStatus({ format: options.json === true ? 'json' : 'text', runDirectory: options.runDir }));
    });
  program
    .command('metrics')
    .description('the same as numbers, in the text format of Prometheus')
    .option('--run-dir <dir>', 'where the agent keeps its control socket', defaultRunDirectory(environment))
    .action(async (options: { runDir: string }) => {
      end(await showStatus({ format: 'metrics', runDirectory: options.runDir }));
    });
  program
    .command('check')
    .description(
      'check configuration files, and two or more as the nodes of one cluster: what would happen between them',
    )
    .argument('<files...>', 'configuration files; FILE@ID reads the @ID lines of one node')
    .option('--json', 'as JSON, for programs')
    .option('--strict', 'fail on notes too, and on warnings that keepalived does not give')
    .option('--separate', 'each file by itself, also when there are several')
    .action((files: string[], options: { json?: boolean; strict?: boolean; separate?: boolean }) => {
      const { json = false, strict = false, separate = false } = options;
      end(checkFiles(files, { json, strict, separate }));
    });
  const config = program.command('config').description('what a configuration means, and what its keywords are');
  config
    .command('show')
    .description('the configuration as understood: defaults filled in, and where each value comes from')
    .argument('[file]', 'configuration file; default as of the agent')
    .addOption(new Option('--json', 'as JSON, for programs').conflicts('format'))
    .addOption(
      new Option('--format <format>', 'in the layout of keepalived.data, which keepalived writes on SIGUSR1').choices([
        'keepalived',
      ]),
    )
    .action((file: string | undefined, options: { json?: boolean; format?: 'keepalived' }) => {
      end(options.format === undefined ? showConfig(file, { json: options.json === true }) : dumpConfig(file));
    });
  config
    .command('explain')
    .description('a keyword: where it belongs, its type, range, unit and default, and what it does')
    .argument('<keyword...>', 'as it stands in the file; after its block, if several have it: real_server weight')
    .option('--json', 'as JSON, for programs')
    .action((keyword: string[], options: { json?: boolean }) => {
      end(explain(keyword, { json: options.json === true }));
    });
  program
    .command('ipvs')
    .description("the kernel's IPVS table, column for column as ipvsadm -L -n prints it")
    .addOption(new Option('--stats', 'counters since the start').conflicts(['rate', 'connections', 'timeout']))
    .addOption(new Option('--rate', 'rates per second').conflicts(['connections', 'timeout']))
    .addOption(new Option('-c, --connections', 'the connections themselves').conflicts(['timeout']))
    .option('--timeout', 'the timeouts of connections')
    .option('--exact', 'counters in full, not in K, M, G')
    .option('--json', 'as JSON, for programs')
    .action(async (options: IpvsFlags) => {
      const { stats, rate, connections, timeout, exact = false, json = false } = options;
      const show = timeout
        ? 'timeouts'
        : connections
          ? 'clients'
          : rate
            ? 'rates'
            : stats
              ? 'statistics'
              : 'connections';
      end(await showIpvs({ show, exact, json }));
    });
  program
    .command('realserver')
    .description('make this host a real server behind DR or TUN, and back: the virtual IP, and no ARP for it')
    .addArgument(new Argument('<action>', 'what to do').choices(['up', 'down', 'status']))
    .requiredOption('--vip <address>', 'virtual IP; may be repeated', collect)
    .addOption(new Option('--mode <mode>', 'how the director forwards').choices(['dr', 'tun']).default('dr'))
    .option('--run-dir <dir>', 'where the values are kept that `down` puts back', defaultRunDirectory(environment))
    .option('--dry-run', 'only say what would be done')
    .option('--json', 'as JSON, for programs')
    .action(async (action: RealServerOptions['action'], flags: RealServerFlags) => {
      const { vip: virtualAddresses, mode, runDir: runDirectory, dryRun = false, json = false } = flags;
      end(await realServer({ action, mode, virtualAddresses, runDirectory, dryRun, json }));
    });
  program
    .command('doctor')
    .description(
      'is this host fit to be a director? Interfaces, kernel, packet filter, other agents, with a remedy for each',
    )
    .argument('[file]', 'configuration file; default as of the agent')
    .option('--run-dir <dir>', 'where the agent keeps its pid file', defaultRunDirectory(environment))
    .option('--json', 'as JSON, for programs')
    .action(async (file: string | undefined, options: { runDir: string; json?: true }) => {
      end(await examineHost(file, { runDirectory: options.runDir, json: options.json ?? false }));
    });
  addOverrides(program, environment, end);
  program
    .command('handover')
    .description('give mastership to the other node without a gap, and stand back until --back')
    .argument('[names...]', 'instances and sync groups; default all')
    .option('--back', 'take part as configured again')
    .option('--json', 'as JSON, for programs')
    .option('--run-dir <dir>', 'where the agent keeps its control socket', defaultRunDirectory(environment))
    .action(async (names: string[], flags: { back?: true; json?: true; runDir: string }) => {
      const { back = false, json = false, runDir: runDirectory } = flags;
      end(await handOver({ names, back, json, runDirectory }));
    });
  program
    .command('restart')
    .description('start the running agent anew, after an upgrade say: addresses, states and the IPVS table stay')
    .option('--run-dir <dir>', 'where the agent keeps its control socket', defaultRunDirectory(environment))
    .action(async ({ runDir: runDirectory }: { runDir: string }) => {
      end(await restartAgent({ runDirectory }));
    });
  program
    .command('cleanup')
    .description('remove addresses, routes, rules and interfaces that an agent left behind; refuses while one runs')
    .argument('[file]', 'configuration file; default as of the agent')
    .option('--run-dir <dir>', 'where the agent keeps its pid file', defaultRunDirectory(environment))
    .option('--dry-run', 'only say what would be removed')
    .action(async (file: string | undefined, options: { runDir: string; dryRun?: boolean }) => {
      const { runDir: runDirectory, dryRun = false } = options;
      end(await cleanUp(file, { runDirectory, dryRun }));
    });
  program
    .command('completion')
    .description('a script that completes commands, options and keywords: source <(holdfast completion bash)')
    .addArgument(new Argument('<shell>', 'the shell it is for').choices(Object.keys(SHELLS)))
    .action((shell: keyof typeof SHELLS) => {
      process.stdout.write(SHELLS[shell](program));
    });
  return program;
}

interface OverrideFlags {
  readonly virtualServer?: string;
  readonly runDir: string;
  readonly json?: true;
  readonly wait?: number;
}

/** `drain`, `undrain` and `weight`. */
function addOverrides(program: Command, environment: Environment, end: (status: number) => void): void {
  const act = async (realServer: string, value: Override['value'], flags: OverrideFlags) => {
    const { virtualServer, runDir: runDirectory, json = false, wait } = flags;
    const override: Override = {
      realServer,
      ...(virtualServer === undefined ? {} : { virtualServer }),
      ...(value === undefined ? {} : { value }),
    };
    end(await overrideServer({ override, runDirectory, json, ...(wait === undefined ? {} : { wait }) }));
  };
  const command = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .argument('<real-server>', 'as status names it, 192.168.4.100:80; or its address: every port')
      .option('--virtual-server <id>', 'only in this one, as status names it: 192.168.4.15:80/TCP')
      .option('--run-dir <dir>', 'where the agent keeps its control socket', defaultRunDirectory(environment))
      .option('--json', 'as JSON, for programs');
  command('drain', 'send no new connections to a real server; those it has go on. Lasts until undrain, over reloads')
    .option('--wait <seconds>', 'show its connections until none is left, or for so long', integerFrom(0))
    .action((server: string, flags: OverrideFlags) => act(server, 'drained', flags));
  command('undrain', 'give a real server its weight of the configuration again').action(
    (server: string, flags: OverrideFlags) => act(server, undefined, flags),
  );
  command('weight', 'give a real server another weight. Lasts until undrain, over reloads')
    .argument('<weight>', `0 to ${WEIGHT_MAX}`, integerFrom(0))
    .action((server: string, weight: number, flags: OverrideFlags) => act(server, weight, flags));
}

const integerFrom = (least: number) => (text: string) => {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= WEIGHT_MAX) return value;
  throw new InvalidArgumentError(`expected an integer from ${least} to ${WEIGHT_MAX}, got '${text}'`);
};
