/** What runs, as keepalived.data shows it: from what the election and the health process have said. */
import { isActedOn } from '../checks/index.ts';
import type { RealServer, VirtualServer } from '../ipvs/virtual-server.ts';
import type { RealServerReport, VirtualServerReport } from '../status/report.ts';
import type { SyncGroup } from '../vrrp/sync-groups.ts';
import type { InstanceState } from './data-instances.ts';
import type { DumpState } from './keepalived-dump.ts';
import { stateWord } from './router.ts';
import type { RouterSnapshot } from './router-snapshot.ts';

export interface DumpStateSource {
  readonly snapshots: readonly RouterSnapshot[];
  readonly virtualServers: readonly VirtualServerReport[];
  readonly syncGroups: readonly SyncGroup[];
}

export function dumpState({ snapshots, virtualServers, syncGroups }: DumpStateSource): DumpState {
  const routers = new Map(snapshots.map((one) => [one.name, instanceState(one)]));
  const reports = new Map(virtualServers.map((one) => [one.id, one]));
  const reportOf = (server: VirtualServer, real: RealServer): RealServerReport | undefined =>
    reports.get(server.id)?.realServers[server.realServers.indexOf(real)];
  return {
    instance: ({ name }) => routers.get(name),
    group: (name) => groupWord(syncGroups.find((group) => group.name === name)?.members ?? [], routers),
    services: {
      hasQuorum: ({ id }) => reports.get(id)?.quorum.isUp ?? false,
      stateOf: (server, real) => {
        const report = reportOf(server, real);
        const checks = report?.checks ?? [];
        return {
          effectiveWeight: report?.effectiveWeight ?? 0,
          isAlive: report?.healthy ?? false,
          failedCheckers: checks.filter(({ healthy }) => healthy === false).length,
          isSet: report?.inTable ?? false,
        };
      },
    },
    checker: ({ server, real, checker, index }) => {
      const i = isActedOn(checker) ? real.settings.checkers.slice(0, index).filter(isActedOn).length : -1;
      const check = i < 0 ? undefined : reportOf(server, real)?.checks[i];
      return { isEnabled: i >= 0, isUp: check?.healthy !== false, hasRun: typeof check?.healthy === 'boolean' };
    },
  };
}

const instanceState = (snapshot: RouterSnapshot): InstanceState => ({
  name: stateWord(snapshot.state),
  faults: snapshot.faults.length,
  enteredAt_s: snapshot.enteredAt_ms / 1000,
  masterDownTimer_us: snapshot.masterDownInterval,
  effectivePriority: snapshot.effectivePriority,
  source: snapshot.source,
  isSet: snapshot.held.length > 0,
});

/** A group is what all of its members are; while they differ, in FAULT if one is. */
function groupWord(members: readonly string[], routers: ReadonlyMap<string, InstanceState>): string {
  const words = new Set(members.map((name) => routers.get(name)?.name ?? 'INIT'));
  const [only = 'INIT'] = words;
  return words.size === 1 ? only : words.has('FAULT') ? 'FAULT' : 'BACKUP';
}
