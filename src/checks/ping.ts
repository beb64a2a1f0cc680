/** PING_CHECK: healthy when an echo request is answered. keepalived.conf(5) "PING_CHECK". */
import { type CheckerKind, HEALTHY, targetOf } from './checker.ts';
import type { PingChecker } from './checker-config.ts';
import { datagramResult } from './udp.ts';

export const pingCheck: CheckerKind<PingChecker> = {
  keyword: 'PING_CHECK',
  async check(config, io, signal) {
    const outcome = await io.ping(targetOf(config), signal);
    return outcome.type === 'reply' ? HEALTHY : datagramResult(outcome, config);
  },
};
