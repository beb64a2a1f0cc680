/** TCP_CHECK: healthy when a connection can be made in time. keepalived.conf(5) "TCP_CHECK". */
import { type CheckerKind, HEALTHY, targetOf } from './checker.ts';
import type { TcpChecker } from './checker-config.ts';

export const tcpCheck: CheckerKind<TcpChecker> = {
  keyword: 'TCP_CHECK',
  async check(config, io, signal) {
    const outcome = await io.connect(targetOf(config), signal);
    if (outcome.ok) return HEALTHY;
    return { outcome: outcome.local ? 'inconclusive' : 'unhealthy', reason: `connect: ${outcome.reason}` };
  },
};
