/** Where the checks and the IPVS table begin, a process of their own. */
import { runHealth } from './daemon/health.ts';

runHealth();
