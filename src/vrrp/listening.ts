/**
 * What a Backup knows and waits for: Master_Down_Timer in its states, what is learned from the Master, why it takes over.
 * RFC 3768 §6.4.2, RFC 5798 §6.4.2. The events that set the timer are virtual-router.ts's.
 */

import { type Duration, earliest, elapsed, type Instant, inSeconds, later, scale, sum, ZERO } from '../base/time.ts';
import { masterDownInterval, skewTime } from './timers.ts';
import type { AdvertisementEvent, Backup, Cause, NeighbourLostEvent, VirtualRouterConfig } from './vocabulary.ts';

/** Backup with Master_Down_Timer set to Master_Down_Interval, from the end of a delay on. */
export function listen(config: VirtualRouterConfig, masterAdverInterval: Duration, now: Instant): Backup {
  const { delayedUntil } = config;
  const from = delayedUntil !== undefined && delayedUntil > now ? delayedUntil : now;
  const timer = isOwnerAtOnce(config) && from !== now ? ZERO : downInterval(config, masterAdverInterval);
  return { name: 'Backup', masterAdverInterval, masterDownSetAt: from, masterDownAt: later(from, timer) };
}

/** Backup of the router that sent this advertisement. Version 3 learns its interval (RFC 5798 §6.4.2). */
export function listenTo(
  config: VirtualRouterConfig,
  event: AdvertisementEvent,
  preemptAt: Instant | undefined,
  now: Instant,
): Backup {
  const interval = config.version === 2 ? config.advertisementInterval : event.advertisementInterval;
  return { ...listen(config, interval, now), master: { address: event.source, priority: event.priority }, preemptAt };
}

/** A timer that fires later than this part of the Master's interval did so because of this host: they are punctual to less. */
const STALL_SHARE = 10;

/**
 * Master_Down_Timer fired so late that this host stood still (a paused virtual machine, an overload): whoever advertised
 * meanwhile may not have been heard. The Master gets one more interval to be heard, once; undefined: there is no reason.
 */
export function afterStall(config: VirtualRouterConfig, state: Backup, now: Instant): Backup | undefined {
  const { masterAdverInterval } = state;
  const stalledFor = elapsed(state.masterDownAt, now);
  if (state.stalledFor !== undefined || state.releasedBy !== undefined) return undefined;
  if (stalledFor <= scale(masterAdverInterval, 1, STALL_SHARE)) return undefined;
  const skew = skewTime(config.version, config.priority, masterAdverInterval);
  return { ...state, stalledFor, masterDownAt: later(now, sum(masterAdverInterval, skew)) };
}

/**
 * The Master is gone, BFD says, which asks many times a second: there is nothing to wait for but who of several Backups is the first.
 * Skew_Time of BFD's interval tells that. An advertisement of the Master sets the timer anew, as ever. Not in any RFC.
 */
export function withoutMaster(
  config: VirtualRouterConfig,
  state: Backup,
  { address, interval }: NeighbourLostEvent,
  now: Instant,
): Backup {
  const { master, releasedBy, masterDownAt } = state;
  if (master?.address !== address || releasedBy !== undefined) return state;
  const soon = later(now, skewTime(3, config.priority, interval));
  return soon < masterDownAt ? { ...state, isMasterLost: true, masterDownAt: soon } : state;
}

/** The running timer, as if it had been set under the new configuration. What is learned from the Master is kept. */
export function reconfigureBackup(config: VirtualRouterConfig, state: Backup, now: Instant): Backup {
  const learned = config.version === 3 && state.master !== undefined;
  const masterAdverInterval = learned ? state.masterAdverInterval : config.advertisementInterval;
  const timer =
    state.releasedBy === undefined
      ? downInterval(config, masterAdverInterval)
      : skewTime(config.version, config.priority, masterAdverInterval);
  // A delay that has begun may become shorter, but does not begin again with every change of a tracked priority.
  const preemptAt =
    state.preemptAt === undefined ? undefined : earliest(state.preemptAt, later(now, config.preemptDelay));
  // one that would have run out already runs out now: that is not late
  const runsOutAt = later(state.masterDownSetAt, timer);
  const masterDownAt = state.isMasterLost ? state.masterDownAt : runsOutAt > now ? runsOutAt : now;
  return { ...state, masterAdverInterval, masterDownAt, preemptAt };
}

/** Master_Down_Interval with this interval of the Master. */
export const downInterval = (config: VirtualRouterConfig, masterAdverInterval: Duration): Duration =>
  masterDownInterval(config.version, config.priority, masterAdverInterval, config.downTimerAdverts);

/** RFC 3768 §6.1: the owner of the addresses preempts whatever Preempt_Mode says. */
export const preempts = ({ preemptMode, priority, standsBack = false }: VirtualRouterConfig): boolean =>
  !standsBack && (preemptMode || priority === 255);

export function takeoverCause(config: VirtualRouterConfig, state: Backup): Cause {
  if (state.releasedBy !== undefined) return 'master-released';
  if (state.isMasterLost) return 'neighbour-lost';
  if (state.outranked !== undefined) return 'preemption';
  return isOwnerAtOnce(config) && state.master === undefined ? 'address-owner' : 'master-down-timer';
}

/** Who was heard last and for how long nobody has been. */
export function takeoverDetail(config: VirtualRouterConfig, state: Backup, now: Instant): string {
  if (takeoverCause(config, state) === 'address-owner') return 'priority 255';
  const waited = inWords(elapsed(state.masterDownSetAt, now));
  const { releasedBy, outranked, master, isMasterLost } = state;
  if (releasedBy !== undefined) return `${releasedBy} gave up with priority 0 ${waited} ago`;
  if (isMasterLost) return `BFD has lost ${master?.address}, which advertised ${waited} ago`;
  if (outranked !== undefined) {
    return `${outranked.address} has priority ${outranked.priority}, ours is ${config.priority}`;
  }
  const silent = master === undefined ? 'anybody' : `${master.address} (priority ${master.priority})`;
  const stalled =
    state.stalledFor === undefined ? '' : `, of which this host stood still for ${inWords(state.stalledFor)}`;
  return `no advertisement from ${silent} for ${waited}${stalled}`;
}

/** Whether keepalived.conf(5) "vrrp_startup_delay" is not over. */
export const isDelayed = ({ delayedUntil }: VirtualRouterConfig, now: Instant): boolean =>
  delayedUntil !== undefined && now < delayedUntil;

/** RFC 3768 §6.4.1: priority 255 waits for nobody, unless it is told to. */
export const isOwnerAtOnce = (config: VirtualRouterConfig): boolean => config.priority === 255 && config.ownerAtOnce;

/** A span for people: seconds with three decimals. */
export const inWords = (duration: Duration): string => `${inSeconds(duration).toFixed(3)} s`;
