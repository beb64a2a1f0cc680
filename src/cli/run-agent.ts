/** The agent in this process: reads the configuration, opens the log, and runs the supervisor to its end. */
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { sayEarly } from '../daemon/early-news.ts';
import type { Role } from '../daemon/fork-role.ts';
import type { ReadOutcome } from '../daemon/root.ts';
import type { AgentOptions } from './agent-options.ts';
import type { Environment } from './command-line.ts';
import { readConfigurationFile, runConfigTest, statusOf } from './config-test.ts';

/** keepalived's exit status for a configuration that cannot be read. */
const EXIT_NO_CONFIGURATION = 6;

/** Options without effect so far that somebody counts on when the agent stops. */
const WANTS_ANOTHER_STOP: ReadonlySet<string> = new Set(['release-vips', 'dont-release-vrrp', 'dont-release-ipvs']);

/**
 * Resolves with the exit status.
 * @param early processes that have been started for a role already; one that is taken out is the agent's
 */
export async function runAgentHere(
  options: AgentOptions,
  file: string,
  environment: Environment,
  pidFile: string,
  early: Map<Role, ChildProcess | undefined>,
): Promise<number> {
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
  const earlyNews = sayEarly(early.get('health'), outcome.configuration.virtualServers);
  // loaded while those are read, and sent: a pipe takes a part of them only
  const sendOn = () => earlyNews && new Promise(setImmediate);
  const { openAgentLog } = await import('./agent-log.ts');
  await sendOn();
  const { Supervisor } = await import('../daemon/supervisor.ts');
  await sendOn();
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
      runBfd: options.runBfd,
      respawn: options.respawn,
      guardLimit: options.guardLimit,
      log,
      environment,
      early,
      earlyNews,
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
