/**
 * The kernel's connection synchronisation: which daemons of it should run, and the way there. keepalived.conf(5)
 * "lvs_sync_daemon".
 */
import type { DaemonCommand } from '../wire/ipvs-control.ts';

/** Plain data. */
export interface SyncDaemon extends Omit<DaemonCommand, 'command' | 'state'> {
  readonly interface: string;
  /** The vrrp_instance that decides which daemon runs; absent: both do. */
  readonly instance?: string;
}

export type DaemonState = DaemonCommand['state'];

/** One daemon that should run, or runs. */
export type RunningDaemon = Omit<DaemonCommand, 'command'>;

/**
 * The daemons that should run: a MASTER sends, whoever is not MASTER receives, and without an instance both is done.
 * @param isMaster of the instance; false while nothing is known of it
 */
export function wantedDaemons(config: SyncDaemon | undefined, isMaster: boolean): readonly RunningDaemon[] {
  if (config === undefined) return [];
  const { instance, ...options } = config;
  const states: readonly DaemonState[] =
    instance === undefined ? ['master', 'backup'] : [isMaster ? 'master' : 'backup'];
  return states.map((state) => ({ state, ...options }));
}

/** From the daemons that run to those that should: one that is to be another is stopped first. */
export function planDaemons(running: readonly RunningDaemon[], wanted: readonly RunningDaemon[]): DaemonCommand[] {
  const isIn = (list: readonly RunningDaemon[], one: RunningDaemon) =>
    list.some((other) => textOf(other) === textOf(one));
  return [
    ...running
      .filter((one) => !isIn(wanted, one))
      .map(({ state, syncId }) => ({ command: 'delete-daemon' as const, state, syncId })),
    ...wanted.filter((one) => !isIn(running, one)).map((one) => ({ command: 'new-daemon' as const, ...one })),
  ];
}

const textOf = ({ state, interface: name, syncId, maxLength, group, port, ttl }: RunningDaemon): string =>
  JSON.stringify([state, name, syncId, maxLength, group, port, ttl]);
