/** What the health process gets of a configuration. */
import type { MarkSettings } from '../ipvs/firewall-marks.ts';
import type { SyncDaemon } from '../ipvs/sync-daemon.ts';
import type { VrrpInstance } from '../vrrp/instance.ts';
import type { GlobalDefinitions } from './global-keywords.ts';
import type { LvsSettings } from './ipvs-settings.ts';
import type { HealthConfiguration } from './messages.ts';
import type { Configuration } from './root.ts';

export function healthConfiguration({ global, instances, ssl }: Configuration): HealthConfiguration {
  return {
    lvs: lvsSettings(global, instances),
    ...(global.nftablesIpvs === undefined ? {} : { marks: markSettings(global.nftablesIpvs, global) }),
    tellsAll: global.rsInitNotifies ?? false,
    ...(ssl === undefined ? {} : { ssl }),
    mergesChecks: global.mergeChecks ?? true,
    scheduling: {
      niceness: global.checkerPriority,
      ...(global.checkerRealTimePriority === undefined ? {} : { realTimePriority: global.checkerRealTimePriority }),
      lockMemory: global.checkerNoSwap ?? false,
    },
  };
}

const markSettings = (
  table: string,
  { nftablesIpvsPriority: priority, nftablesIpvsStartFwmark: firstMark }: GlobalDefinitions,
): MarkSettings => ({ table, priority, firstMark });

function lvsSettings(global: GlobalDefinitions, instances: readonly VrrpInstance[]): LvsSettings {
  const { lvsTimeouts: timeouts, lvsFlush: flush, lvsFlushOnStop } = global;
  const syncDaemon = syncDaemonOf(global, instances);
  return {
    flush,
    ...(syncDaemon === undefined ? {} : { syncDaemon }),
    ...(timeouts === undefined ? {} : { timeouts: { ...rename(timeouts) } }),
    ...(lvsFlushOnStop === undefined ? {} : { flushOnStop: lvsFlushOnStop === 'VS' ? 'services' : 'all' }),
  };
}

/** Of an instance that is not there nothing comes; its absence was said when the file was read. */
function syncDaemonOf(
  { lvsSyncDaemon: given }: GlobalDefinitions,
  instances: readonly VrrpInstance[],
): SyncDaemon | undefined {
  if (given === undefined) return undefined;
  const { interface: name, inst, id, maxlen: maxLength, port, ttl, group } = given;
  const instance = instances.find((one) => one.name === inst);
  if (inst !== undefined && instance === undefined) return undefined;
  return {
    interface: name,
    syncId: id ?? instance?.vrid ?? 0,
    ...(inst === undefined ? {} : { instance: inst }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(port === undefined ? {} : { port }),
    ...(ttl === undefined ? {} : { ttl }),
    ...(group === undefined ? {} : { group }),
  };
}

const rename = ({ tcp, tcpfin, udp }: NonNullable<GlobalDefinitions['lvsTimeouts']>) => ({
  ...(tcp === undefined ? {} : { tcp }),
  ...(tcpfin === undefined ? {} : { tcpFin: tcpfin }),
  ...(udp === undefined ? {} : { udp }),
});
