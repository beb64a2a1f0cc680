/** `holdfast` with flags: the configuration test, help and version; the agent itself is loaded when it is to run. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { SIGNAL_NUMBERS } from '../daemon/signals.ts';
import { VERSION } from '../daemon/version.ts';
import { type AgentOptions, readAgentOptions, shownOptions } from './agent-options.ts';
import type { Environment } from './command-line.ts';
import { configurationFile } from './default-file.ts';
import { describeOptions } from './getopt.ts';

/** Runs the agent as the words say; resolves with the exit status. */
export async function runAgent(words: readonly string[], environment: Environment): Promise<number> {
  const { options: given, problems } = readAgentOptions(words, environment);
  const options = withAbsolutePaths(given);
  for (const problem of problems) process.stderr.write(`holdfast: ${problem}\n`);
  for (const word of options.ignored) process.stderr.write(`holdfast: unexpected argument '${word}', ignored\n`);
  if (problems.length > 0) {
    process.stderr.write('holdfast: see `holdfast --help`\n');
    return 1;
  }
  if (options.show === 'help') return print(help());
  if (options.show === 'version') return print(`holdfast ${VERSION}\n`);

  if (options.signum !== undefined) return printSignal(options.signum);

  const file = options.configurationFile ?? configurationFile(existsSync);
  if (options.configTest) {
    // the name as it was typed stands in the messages
    const { runConfigTest } = await import('./config-test.ts');
    return runConfigTest(given.configurationFile ?? file, { ...options, logFile: options.configTest.logFile });
  }
  return (await import('./start-agent.ts')).startAgent(words, options, file, environment);
}

/** Paths that mean the same wherever the agent goes. */
const withAbsolutePaths = (options: AgentOptions): AgentOptions => ({
  ...options,
  configurationFile: options.configurationFile === undefined ? undefined : resolve(options.configurationFile),
  pidFile: options.pidFile === undefined ? undefined : resolve(options.pidFile),
  runDirectory: resolve(options.runDirectory),
});

const help = (): string => `Usage: holdfast [OPTION…]         run the agent (in the background without -n)
       holdfast -t [-f FILE]       check a configuration of this host and exit
       holdfast status [--json]    what the running agent does and why
       holdfast check FILE…        check configurations, several as the nodes of a cluster
       holdfast config show        the configuration as understood, and where each value comes from
       holdfast config explain     what a keyword means
       holdfast ipvs               the kernel's IPVS table, as ipvsadm shows it
       holdfast realserver         make this host a real server behind DR or TUN
       holdfast handover           give mastership to the other node, without a gap
       holdfast restart            the running agent anew, without anybody noticing
       holdfast cleanup            remove addresses that a killed agent left behind
       holdfast completion bash    completion for the shell
       holdfast help [COMMAND]

A high-availability agent for Linux directors: VRRP, virtual IPs, IPVS and health checks from a keepalived.conf(5).

${describeOptions(shownOptions)}

Other options of keepalived(8) are accepted and have no effect yet.
`;

function printSignal(name: string): number {
  const number = SIGNAL_NUMBERS[name];
  if (number !== undefined) return print(`${number}\n`);
  process.stderr.write(`holdfast: unknown signal '${name}': known are ${Object.keys(SIGNAL_NUMBERS).join(', ')}\n`);
  return 1;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
