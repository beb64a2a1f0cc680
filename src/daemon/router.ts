/**
 * One VRRP instance at run time: its configuration, the state that `transition` gave, and what `status` tells about it.
 */
import type { IpAddress } from '../base/address.ts';
import { type Instant, inSeconds, ZERO } from '../base/time.ts';
import { hmacMd5 } from '../io/keyed-digest.ts';
import type { InstanceReport } from '../status/report.ts';
import type { VirtualAddress, VrrpInstance } from '../vrrp/instance.ts';
import type { NotifiedState } from '../vrrp/notice.ts';
import { placeOf } from '../vrrp/own-interfaces.ts';
import { NO_POSSESSIONS, type Possessions } from '../vrrp/possessions.ts';
import { routeText, ruleText } from '../vrrp/routing-text.ts';
import { FIRST_COUNTER } from '../vrrp/sequence-number.ts';
import type { State, VirtualRouterConfig } from '../vrrp/virtual-router.ts';
import type { KeyedDigest } from '../wire/authentication-header.ts';
import { type ChecksumReading, passwordData } from '../wire/vrrp.ts';
import { speaksOn } from './ears.ts';
import { emptyHands, type Holder } from './holder.ts';

/** A sync group at run time. */
export interface RouterGroup {
  readonly name: string;
  readonly members: readonly Router[];
  /** The state that was last told of it: the last one that all members were in. */
  told: State['name'];
}

export interface Router extends Holder {
  instance: VrrpInstance;
  /** keepalived.conf(5) "vrrp_sync_group"; undefined: in none. */
  group: RouterGroup | undefined;
  config: VirtualRouterConfig;
  state: State;
  /** When and why the state was entered; wall-clock time, for people. */
  since: Date;
  cause: string;
  detail: string;
  transitions: number;
  /** Identification of the next IPv4 packet; 1-65535, never 0. */
  packetId: number;
  readonly counters: Record<string, number>;
  /** It has had its startup event; before, it waits for what it tracks. */
  isStarted: boolean;
  /** That it waits has been said. */
  isWaiting: boolean;
  /** When it was last told that a lower priority has been heard. */
  lowerToldAt: Instant | undefined;
  /** It has given its mastership away on purpose: until it is told otherwise, or is MASTER again. */
  standsBack: boolean;
  /** A reload removed it; it may still wait for its successor. */
  isRemoved: boolean;
  /** What our version 3 checksums are computed over; may be learned from a unicast peer. */
  checksumReading: ChecksumReading;
  /** With auth_type AH: the digest that the password makes. */
  digest: KeyedDigest | undefined;
  /** Of the last packet with an Authentication Header that was sent or accepted. */
  sequenceNumber: number;
}

/** A router before its first event. */
export function newRouter(instance: VrrpInstance, localAddress: IpAddress): Router {
  return {
    instance,
    group: undefined,
    config: routerConfig(instance, localAddress),
    state: { name: 'Initialize' },
    since: new Date(),
    cause: 'startup',
    detail: '',
    transitions: 0,
    packetId: 1,
    counters: {},
    isStarted: false,
    isWaiting: false,
    lowerToldAt: undefined,
    standsBack: false,
    isRemoved: false,
    ...emptyHands(),
    retired: NO_POSSESSIONS,
    checksumReading: checksumReadingOf(instance),
    digest: digestOf(instance),
    sequenceNumber: FIRST_COUNTER,
    get title() {
      return this.instance.name;
    },
    get fields() {
      return { instance: this.instance.name, vrid: this.instance.vrid };
    },
    get all() {
      return possessionsOf(this.instance);
    },
    get isEntitled() {
      return this.state.name === 'Master';
    },
    get refusesPackets() {
      return !this.instance.acceptMode;
    },
    countLoss(kind) {
      count(this, kind === 'address' ? 'addresses lost' : `${kind}s lost`);
    },
  };
}

export const isRouter = (holder: Holder): holder is Router => 'instance' in holder;

/** What the state machine must know of an instance. */
export const routerConfig = (
  instance: VrrpInstance,
  localAddress: IpAddress,
  delayedUntil?: Instant,
): VirtualRouterConfig => ({
  vrid: instance.vrid,
  version: instance.version,
  priority: instance.priority,
  ownerAtOnce: instance.state === 'MASTER',
  delayedUntil,
  advertisementInterval: instance.advertisementInterval,
  preemptMode: instance.preemptMode,
  preemptDelay: instance.preemptDelay,
  downTimerAdverts: instance.downTimerAdverts,
  ...(instance.timerExpiredPriority === undefined ? {} : { expiryPriority: instance.timerExpiredPriority }),
  localAddress,
  lowerPriorityNoAdvert: instance.lowerPriorityNoAdvert,
  higherPrioritySendAdvert: instance.higherPrioritySendAdvert,
  garp: {
    masterDelay: instance.garpMasterDelay,
    masterRepeat: instance.garpMasterRepeat,
    refresh: instance.garpMasterRefresh,
    refreshRepeat: instance.garpMasterRefreshRepeat,
    lowerPriorityDelay: instance.garpLowerPriorityDelay,
    lowerPriorityRepeat: instance.garpLowerPriorityRepeat,
    ...elsewhere(instance),
  },
});

const elsewhere = ({ garpExtraInterface: extra }: VrrpInstance) =>
  extra === undefined || extra.interval === ZERO ? {} : { elsewhere: extra.interval };

/** keepalived.conf(5) "auth_type"; undefined without AH, and where this host's policy forbids MD5. */
export function digestOf({ authentication }: VrrpInstance): KeyedDigest | undefined {
  if (authentication?.type !== 'AH') return undefined;
  try {
    return hmacMd5(passwordData(authentication.password));
  } catch {
    return undefined;
  }
}

/** RFC 5798 §5.2.8 as the configuration wants it read. */
export function checksumReadingOf(instance: VrrpInstance): ChecksumReading {
  if (instance.version === 2 || instance.checksumAsVersion2) return 'message';
  const isUnicast = instance.unicastPeers.length > 0;
  return isUnicast && instance.family === 'inet' && instance.oldUnicastChecksum === 'always'
    ? 'group-pseudo-header'
    : 'pseudo-header';
}

/**
 * Identity of a virtual router on this host: an instance may be renamed without any consequence. Of unicast the source
 * belongs to it, of multicast the group, and where the advertisements leave. keepalived matches the same at a reload.
 */
export const routerId = (instance: VrrpInstance): string => {
  const { family, interface: name, vrid, unicastPeers, sourceAddress = '', multicastGroup } = instance;
  const transport = unicastPeers.length > 0 ? `unicast ${sourceAddress}` : multicastGroup;
  return `${family} ${name} ${vrid} ${transport} ${speaksOn(instance)}`;
};

/** Advertised and excluded addresses, each once, with the interface that they are held on: everything that moves with the state. */
export const allAddresses = (instance: VrrpInstance): readonly VirtualAddress[] => {
  const known = placed.get(instance);
  if (known !== undefined) return known;
  const all = [...instance.virtualAddresses, ...instance.excludedAddresses].map((entry) => {
    const { virtualMac: _, ...rest } = entry;
    return { ...rest, interface: placeOf(entry) };
  });
  const first = new Map(all.map((entry) => [addressKey(entry), entry] as const).reverse());
  const once = all.filter((entry) => first.get(addressKey(entry)) === entry);
  placed.set(instance, once);
  return once;
};

const placed = new WeakMap<VrrpInstance, readonly VirtualAddress[]>();
/** Everything that moves with the state. */
export const possessionsOf = (instance: VrrpInstance): Possessions => ({
  addresses: allAddresses(instance),
  routes: instance.virtualRoutes,
  rules: instance.virtualRules,
});

/** Identity of an address within the host. */
export const addressKey = (entry: {
  readonly interface: string;
  readonly address: IpAddress;
  readonly prefixLength: number;
}): string => `${entry.address}/${entry.prefixLength} dev ${entry.interface}`;

export const count = (router: Router, name: string): void => {
  router.counters[name] = (router.counters[name] ?? 0) + 1;
};

/** keepalived's words for the states of the RFC. */
export const stateWord = (name: State['name']): InstanceReport['state'] =>
  ({ Initialize: 'INIT', Backup: 'BACKUP', Master: 'MASTER', Fault: 'FAULT' })[name] as InstanceReport['state'];

/** What is told of a new state. keepalived.conf(5) "notify_deleted": without it a removed instance is told as FAULT. */
export function notifiedState({ instance, isRemoved }: Router, state: State['name']): NotifiedState {
  if (state === 'Initialize') return !isRemoved ? 'STOP' : instance.notifyDeleted ? 'DELETED' : 'FAULT';
  return ({ Backup: 'BACKUP', Master: 'MASTER', Fault: 'FAULT' } as const)[state];
}

/** The router as `status` shows it. */
export function reportRouter(router: Router): InstanceReport {
  const { instance, state } = router;
  const master = state.name === 'Backup' ? state.master : undefined;
  return {
    name: instance.name,
    ...(router.group === undefined ? {} : { syncGroup: router.group.name }),
    vrid: instance.vrid,
    interface: instance.interface,
    version: instance.version,
    state: stateWord(state.name),
    since: router.since.toISOString(),
    cause: router.cause,
    detail: state.name === 'Fault' ? state.reasons.join(', ') : router.detail,
    ...(router.standsBack ? { standsBack: true as const } : {}),
    priority: instance.priority,
    effectivePriority: router.config.priority,
    advertisementInterval_s: inSeconds(instance.advertisementInterval),
    ...(master ? { master: { address: master.address, priority: master.priority } } : {}),
    virtualAddresses: allAddresses(instance).map((entry) => {
      const key = addressKey(entry);
      const problem = router.problems.get(key);
      return {
        address: `${entry.address}/${entry.prefixLength}`,
        interface: entry.interface,
        held: router.held.has(key),
        ...(problem === undefined ? {} : { problem }),
      };
    }),
    ...routingOf(router),
    ...otherProblemsOf(router),
    ...(instance.acceptMode ? {} : { dropsPackets: instance.strictMode ? 'strict mode' : 'no_accept' }),
    counters: { ...router.counters },
    transitions: router.transitions,
  };
}

/** Routes and rules; no key without any. */
function routingOf({ all, heldRouting, problems }: Holder): Pick<InstanceReport, 'virtualRoutes' | 'virtualRules'> {
  const shown = (text: string) => {
    const problem = problems.get(text);
    return { text, held: heldRouting.has(text), ...(problem === undefined ? {} : { problem }) };
  };
  return {
    ...(all.routes.length === 0 ? {} : { virtualRoutes: all.routes.map((route) => shown(routeText(route))) }),
    ...(all.rules.length === 0 ? {} : { virtualRules: all.rules.map((rule) => shown(ruleText(rule))) }),
  };
}

/** Problems that belong to none of what is shown by itself; no key without any. */
function otherProblemsOf({ all, problems }: Holder): Pick<InstanceReport, 'problems'> {
  const shown = new Set([...all.addresses.map(addressKey), ...all.routes.map(routeText), ...all.rules.map(ruleText)]);
  const others = [...problems].filter(([key]) => !shown.has(key)).map(([, sentence]) => sentence);
  return others.length === 0 ? {} : { problems: others };
}
