/**
 * What the dumps tell of a virtual router while it runs: everything that its configuration does not say. Plain data, sent
 * from the election to main when somebody asks; of both, dump-stats.ts and vrrp-json.ts make what keepalived writes.
 */
import { type Duration, elapsed, type Instant } from '../base/time.ts';
import { masterDownInterval } from '../vrrp/timers.ts';
import type { State } from '../vrrp/virtual-router.ts';
import { addressKey, allAddresses, type Router } from './router.ts';

export interface RouterSnapshot {
  /** Of the instance. */
  readonly name: string;
  readonly state: State['name'];
  /** Why it cannot take part. */
  readonly faults: readonly string[];
  /** When the state was entered: milliseconds since 1970. */
  readonly enteredAt_ms: number;
  /** 1-255 */
  readonly effectivePriority: number;
  /** Of the Master that a Backup hears; 0: none. */
  readonly masterPriority: number;
  /** Version 3: as the Master has it. */
  readonly masterAdverInterval: Duration;
  readonly masterDownInterval: Duration;
  /** Until Master_Down_Timer or Adver_Timer fires; absent: no timer runs. */
  readonly timerLeft?: Duration;
  /** Source of its advertisements. */
  readonly source: string;
  /** The addresses that the kernel has for it, by `addressKey`. */
  readonly held: readonly string[];
  readonly counters: Readonly<Record<string, number>>;
}

/** The router as it is at `now`. */
export function snapshotOf(router: Router, now: Instant): RouterSnapshot {
  const { instance, config, state, held } = router;
  const interval = state.name === 'Backup' ? state.masterAdverInterval : instance.advertisementInterval;
  const timerAt = state.name === 'Backup' ? state.masterDownAt : state.name === 'Master' ? state.adverAt : undefined;
  return {
    name: instance.name,
    state: state.name,
    faults: state.name === 'Fault' ? state.reasons : [],
    enteredAt_ms: router.since.getTime(),
    effectivePriority: config.priority,
    masterPriority: (state.name === 'Backup' && state.master?.priority) || 0,
    masterAdverInterval: interval,
    masterDownInterval: masterDownInterval(config.version, config.priority, interval, config.downTimerAdverts),
    ...(timerAt === undefined ? {} : { timerLeft: elapsed(now, timerAt) }),
    source: config.localAddress,
    held: allAddresses(instance)
      .map(addressKey)
      .filter((key) => held.has(key)),
    counters: { ...router.counters },
  };
}

/** Of an instance that no election has told of. */
export const noCounters: RouterSnapshot['counters'] = {};

/** keepalived's STATS_CLEAR. */
export function clearCounters({ counters }: Router): void {
  for (const name of Object.keys(counters)) delete counters[name];
}
