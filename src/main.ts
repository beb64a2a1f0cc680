/**
 * Where every process of holdfast begins: the agent, its children, and the commands a person types. The only place
 * that ends a process.
 */
import { runCommandLine } from './cli/command-line.ts';

const [role] = process.argv.slice(2);

switch (role) {
  case '@election':
    (await import('./daemon/election-process.ts')).runElection();
    break;
  case '@health':
    (await import('./daemon/health.ts')).runHealth();
    break;
  default: {
    // A pipe whose reader has had enough, `| head`, is no mistake.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
    const status = await runCommandLine(process.argv.slice(2), process.env);
    // What is on its way into a pipe would be lost.
    for (const stream of [process.stdout, process.stderr]) await new Promise((done) => stream.write('', done));
    process.exit(status);
  }
}
