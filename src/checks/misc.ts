/**
 * MISC_CHECK: healthy when a command says so. keepalived.conf(5) "MISC_CHECK". Main runs it; it is never run twice at once,
 * because the next probe waits for this one.
 */
import { ZERO } from '../base/time.ts';
import { type CheckerKind, HEALTHY, unhealthy } from './checker.ts';
import type { MiscChecker } from './checker-config.ts';

/** Exit statuses from here on set the weight, to that less this. */
const FIRST_WEIGHT = 2;

export const miscCheck: CheckerKind<MiscChecker> = {
  keyword: 'MISC_CHECK',
  async check(config, io, signal) {
    const timeout = config.timeout === ZERO ? config.fallbackTimeout : config.timeout;
    const outcome = await io.run(config.script, timeout, signal);
    if (outcome.how === 'aborted') return { outcome: 'inconclusive', reason: 'aborted' };
    if (outcome.how === 'failed') return unhealthy(outcome.reason);
    const { status } = outcome;
    if (status === 0) return HEALTHY;
    if (config.isDynamic && status >= FIRST_WEIGHT) {
      return { outcome: 'healthy', weight: { becomes: status - FIRST_WEIGHT } };
    }
    return unhealthy(`exited with status ${status}`);
  },
};
