/** A virtual router to test with, and its neighbours. Each test names only what it is about. */

import type { IpAddress } from '../../src/base/address.ts';
import { type Duration, type Instant, instant, later, seconds, ZERO } from '../../src/base/time.ts';
import type { GarpConfig } from '../../src/vrrp/announcements.ts';
import type { AdvertisementEvent, Backup, Effect, Master, VirtualRouterConfig } from '../../src/vrrp/virtual-router.ts';

/** Our primary address. As text it sorts before OTHER, as a number after it: 10 > 9. */
export const US = '192.0.2.10' as IpAddress;
export const OTHER = '192.0.2.9' as IpAddress;
/** A neighbour with a higher address than ours. */
export const HIGH_ADDRESS = '192.0.2.11' as IpAddress;

/** Some reading of the monotonic clock. */
export const T0 = instant(1_000_000_000);

/** The instant so many microseconds after T0. */
export const at = (us: number): Instant => instant(1_000_000_000 + us);

/** keepalived's defaults. */
export const garp: GarpConfig = {
  masterDelay: seconds(5),
  masterRepeat: 5,
  refresh: ZERO,
  refreshRepeat: 1,
  lowerPriorityDelay: seconds(5),
  lowerPriorityRepeat: 5,
};

/** Version 2, priority 100, every second: Skew_Time 609,375 µs, Master_Down_Interval 3,609,375 µs. */
export const config = (different: Partial<VirtualRouterConfig> = {}): VirtualRouterConfig => ({
  vrid: 51,
  version: 2,
  priority: 100,
  ownerAtOnce: true,
  advertisementInterval: seconds(1),
  preemptMode: true,
  preemptDelay: ZERO,
  downTimerAdverts: 3,
  localAddress: US,
  lowerPriorityNoAdvert: false,
  higherPrioritySendAdvert: false,
  garp,
  ...different,
});

/** An advertisement from OTHER, every second, as admitted. */
export const advertisement = (
  priority: number,
  different: { source?: IpAddress; advertisementInterval?: Duration } = {},
): AdvertisementEvent => ({
  type: 'advertisement',
  priority,
  source: OTHER,
  advertisementInterval: seconds(1),
  ...different,
});

/** Backup of `config()` that last heard OTHER with priority 150, at T0. */
export const backup = (different: Partial<Backup> = {}): Backup => ({
  name: 'Backup',
  masterAdverInterval: seconds(1),
  masterDownSetAt: T0,
  masterDownAt: at(3_609_375),
  master: { address: OTHER, priority: 150 },
  ...different,
});

/** Master of `config()` that owes no announcement and next advertises one second after T0. */
export const master = (different: Partial<Master> = {}): Master => ({
  name: 'Master',
  adverAt: at(1_000_000),
  announcements: { secondBurstAt: undefined, lowerPriorityBurstAt: undefined, refreshAt: undefined },
  ...different,
});

/** Master of `config()` that took over at `entered`: the second burst of announcements is still to come. */
export const newMaster = (entered: Instant): Master => ({
  name: 'Master',
  adverAt: later(entered, seconds(1)),
  announcements: {
    secondBurstAt: later(entered, seconds(5)),
    lowerPriorityBurstAt: undefined,
    refreshAt: undefined,
  },
});

/** What taking over does before it says so, in this order. */
export const takingOver = (priority: number): readonly Effect[] => [
  { type: 'send-advertisement', priority },
  { type: 'take-addresses' },
  { type: 'announce-addresses', rounds: 5 },
];
