/**
 * Where every process of holdfast begins: the agent, its children, and the commands a person types. The only place
 * that ends a process.
 */
import { runCommandLine } from './cli/command-line.ts';

const [role] = process.argv.slice(2);

switch (role) {
  case '@election':
    (await import('./daemon/election.ts')).runElection();
    break;
  case '@health':
    (await import('./daemon/health.ts')).runHealth();
    break;
  default: {
    const status = await runCommandLine(process.argv.slice(2), process.env);
    process.exit(status);
  }
}
