/** The commands a person types, with their `--help`: `holdfast status`, `holdfast check`. */
import { Command, CommanderError } from 'commander';
import { VERSION } from '../daemon/version.ts';
import { defaultRunDirectory } from './agent-options.ts';
import type { Environment } from './command-line.ts';
import { checkFiles } from './config-test.ts';
import { showStatus } from './status.ts';

/** Runs one command; resolves with the exit status. */
export async function runCommand(words: readonly string[], environment: Environment): Promise<number> {
  let status = 0;
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
      status = await showStatus({ json: options.json === true, runDirectory: options.runDir });
    });
  program
    .command('check')
    .description(
      'check configuration files, and two or more as the nodes of one cluster: what would happen between them',
    )
    .argument('<files...>', 'configuration files')
    .option('--json', 'as JSON, for programs')
    .option('--strict', 'fail on warnings and notes too')
    .option('--separate', 'each file by itself, also when there are several')
    .action((files: string[], options: { json?: boolean; strict?: boolean; separate?: boolean }) => {
      const { json = false, strict = false, separate = false } = options;
      status = checkFiles(files, { json, strict, separate });
    });
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    throw error;
  }
  return status;
}
