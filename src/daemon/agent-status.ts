/** What `holdfast status` shows, put together from what each process has said of itself. */
import type { Diagnostic } from '../config/diagnostics.ts';
import type { NotificationReport, StatusReport } from '../status/report.ts';
import type { FromElection, FromHealth } from './messages.ts';
import { VERSION } from './version.ts';
import { warningsOf } from './warnings.ts';

/** A process that has not answered, or does not run because nobody wants it. */
type Silence = 'silent' | 'not run';

export interface AgentStatusSource {
  readonly startedAt: Date;
  readonly configurationFile: string;
  readonly diagnostics: readonly Diagnostic[];
  /** What the agent itself has found; undefined ones are left out. */
  readonly standing: readonly (string | undefined)[];
  readonly election: Extract<FromElection, { type: 'status' }> | Silence;
  readonly health: Extract<FromHealth, { type: 'status' }> | Silence;
  readonly wantsIpvs: boolean;
  readonly notifications: readonly NotificationReport[];
}

export function agentStatus(source: AgentStatusSource): StatusReport {
  const { startedAt, configurationFile, diagnostics, notifications } = source;
  const election = typeof source.election === 'string' ? undefined : source.election;
  const health = typeof source.health === 'string' ? undefined : source.health;
  const instances = election?.instances ?? [];
  const silent = [
    source.election === 'silent' ? 'the election process does not answer' : undefined,
    source.health === 'silent' ? 'the health process does not answer' : undefined,
  ];
  const ipvs = source.wantsIpvs ? health?.ipvs : undefined;
  const standing = [...source.standing, ...silent];
  return {
    version: 1,
    agent: {
      version: VERSION,
      pid: process.pid,
      startedAt: startedAt.toISOString(),
      configurationFile,
      configurationProblems: diagnostics.filter((entry) => entry.severity !== 'note').length,
      warnings: warningsOf({ diagnostics, standing, instances, ipvs, notifications }),
    },
    instances,
    strayPackets: election?.strayPackets ?? {},
    ...(election?.lateness ? { lateness: election.lateness } : {}),
    ...(election?.bfd?.length ? { bfd: election.bfd } : {}),
    ipvs: health?.ipvs ?? {
      available: false,
      reason: source.health === 'silent' ? 'the health process does not answer' : 'not run',
    },
    virtualServers: health?.virtualServers ?? [],
    notifications,
  };
}
