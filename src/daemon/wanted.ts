/** Which of the agent's processes a configuration has something to do for: keepalived starts no others either. */
import type { Role } from './fork-role.ts';
import type { Configuration } from './root.ts';

/** @param runsBfd false: what the file says of BFD is for nobody */
export function isWanted(role: Role, configuration: Configuration, runsBfd: boolean): boolean {
  const { instances, statics, bfdInstances, virtualServers, global } = configuration;
  if (role === 'election') {
    const { addresses, routes, rules } = statics;
    return [instances, addresses, routes, rules, runsBfd ? bfdInstances : []].some(({ length }) => length > 0);
  }
  const { lvsTimeouts, lvsSyncDaemon, lvsFlush, lvsFlushOnStop } = global;
  return virtualServers.length > 0 || lvsFlush || [lvsTimeouts, lvsSyncDaemon, lvsFlushOnStop].some(Boolean);
}
