/** Starts the agent in the foreground or in the background. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Log, type LogFormat, openLog } from '../daemon/log.ts';
import type { LogLevel } from '../daemon/messages.ts';
import { runningAgent } from '../daemon/pid-file.ts';
import type { ReadOutcome } from '../daemon/root.ts';
import { Supervisor } from '../daemon/supervisor.ts';
import { makeDirectory } from '../io/make-directory.ts';
import { openSyslog } from '../io/syslog.ts';
import type { AgentOptions } from './agent-options.ts';
import type { Environment } from './command-line.ts';
import { readConfigurationFile, runConfigTest, statusOf } from './config-test.ts';

/** keepalived's exit status for a configuration that cannot be read. */
const EXIT_NO_CONFIGURATION = 6;

/** Options without effect so far that somebody counts on when the agent stops. */
const WANTS_ANOTHER_STOP: ReadonlySet<string> = new Set(['release-vips', 'dont-release-vrrp', 'dont-release-ipvs']);

/** How long an agent in the background may take to be ready. */
const START_TIME_MS = 60_000;

/**
 * Runs the agent with a configuration file; resolves with the exit status.
 * @param words the command line, for the process in the background
 */
export async function startAgent(
  words: readonly string[],
  options: AgentOptions,
  file: string,
  environment: Environment,
): Promise<number> {
  const pidFile = options.pidFile ?? join(options.runDirectory, 'holdfast.pid');
  const running = runningAgent(pidFile);
  if (running !== undefined) {
    process.stderr.write(`holdfast: already running as process ${running} (${pidFile})\n`);
    return 0; // as keepalived
  }
  if (!options.foreground) return goToBackground(words, options);

  const directory = process.cwd();
  if (environment.HOLDFAST_BACKGROUND !== undefined) process.chdir('/'); // no file system is kept busy

  let outcome: ReadOutcome;
  try {
    outcome = readConfigurationFile(file, options.configId);
  } catch (error) {
    process.stderr.write(`holdfast: ${(error as Error).message}\n`);
    return EXIT_NO_CONFIGURATION;
  }
  if (options.strict && statusOf(outcome, true) !== 0) {
    runConfigTest(file, { configId: options.configId });
    process.stderr.write(`holdfast: not started: --strict, and there is something to say about ${file}\n`);
    return statusOf(outcome, true);
  }
  const log = openAgentLog(options, environment);
  const supervisor = new Supervisor(
    {
      configurationFile: file,
      readConfiguration: () => readConfigurationFile(file, options.configId),
      runDirectory: options.runDirectory,
      directory,
      pidFile,
      childPidFiles: {
        vrrp: options.vrrpPidFile ?? join(options.runDirectory, 'vrrp.pid'),
        checkers: options.checkersPidFile ?? join(options.runDirectory, 'checkers.pid'),
        bfd: options.bfdPidFile,
      },
      runElection: options.runElection,
      runHealth: options.runHealth,
      respawn: options.respawn,
      guardLimit: options.guardLimit,
      log,
      environment,
    },
    outcome,
  );
  for (const name of options.notActedOn) {
    const level = WANTS_ANOTHER_STOP.has(name) ? 'warning' : 'info';
    log.write({ level, event: 'option', message: `--${name} is accepted, not acted on yet`, fields: {} });
  }
  try {
    return await supervisor.run();
  } catch (error) {
    log.write({ level: 'error', event: 'cannot-start', message: (error as Error).message, fields: {} });
    return 1;
  } finally {
    await log.flush();
  }
}

/** Where the log goes: the console in the foreground and with -l, syslog in the background. */
function openAgentLog(options: AgentOptions, environment: Environment): Log {
  const level: LogLevel = options.logDetail === 0 ? 'notice' : options.logDetail === 1 ? 'info' : 'debug';
  const inBackground = environment.HOLDFAST_BACKGROUND !== undefined;
  if (inBackground && !options.logToConsole) {
    if (options.noSyslog) return openLog({ level, format: 'text', destination: () => {} });
    const syslog = openSyslog({ ident: 'holdfast', facility: options.logFacility ?? 'daemon' });
    return openLog({ level, format: 'text', destination: (severity, line) => syslog.write(severity, line) });
  }
  const format: LogFormat = options.logFormat ?? (environment.JOURNAL_STREAM === undefined ? 'text' : 'journal');
  return openLog({ level, format, destination: 2 });
}

/** Starts the agent as a process of its own and waits until it is ready, or has said why it is not. */
async function goToBackground(words: readonly string[], options: AgentOptions): Promise<number> {
  const program = process.argv[1];
  if (program === undefined) throw new Error('assertion failed: no program to start');
  try {
    makeDirectory(options.runDirectory);
  } catch (error) {
    process.stderr.write(`holdfast: ${(error as Error).message}\n`);
    return 1;
  }
  const child: ChildProcess = spawn(process.execPath, [program, '-n', ...words], {
    detached: true,
    // what it says before it is ready reaches the terminal; afterwards the terminal is let go, but for -l
    stdio: ['ignore', 'ignore', options.logToConsole ? 'inherit' : 'pipe', 'ipc'],
    env: { ...process.env, HOLDFAST_BACKGROUND: '1' },
  });
  child.stderr?.pipe(process.stderr);
  return new Promise((resolve) => {
    const late = setTimeout(() => {
      process.stderr.write(`holdfast: not ready within ${START_TIME_MS / 1000} s, giving up\n`);
      child.kill('SIGTERM');
    }, START_TIME_MS);
    late.unref();
    child.once('message', () => {
      child.stderr?.destroy();
      child.disconnect();
      child.unref();
      resolve(0);
    });
    child.once('exit', (status) => resolve(status ?? 1));
    child.once('error', (error) => {
      process.stderr.write(`holdfast: cannot start: ${error.message}\n`);
      resolve(1);
    });
  });
}
