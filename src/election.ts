/** Where the election begins, a process of its own. */
import { runElection } from './daemon/election-process.ts';

runElection();
