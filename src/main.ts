/**
 * Where the agent and the commands that a person types begin; its children begin in election.ts and health.ts. The only place
 * that ends a process.
 */
import { runCommandLine } from './cli/command-line.ts';

async function main(): Promise<never> {
  // A pipe whose reader has had enough, `| head`, is no mistake.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const status = await runCommandLine(process.argv.slice(2), process.env);
  // What is on its way into a pipe would be lost.
  for (const stream of [process.stdout, process.stderr]) await new Promise((done) => stream.write('', done));
  process.exit(status);
}

void main();
