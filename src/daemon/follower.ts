/**
 * Follows what a router depends on (its interfaces, its socket, what it tracks) and tells the router: its effective
 * priority, its source address, and an event for each fault that came or went. A router begins when it first can.
 */
import type { Family, IpAddress } from '../base/address.ts';
import type { VrrpInstance } from '../vrrp/instance.ts';
import type { VrrpNotice } from '../vrrp/notice.ts';
import { givenSource } from '../vrrp/own-interfaces.ts';
import { faultsOfMates } from '../vrrp/sync-group.ts';
import { judge } from '../vrrp/tracking.ts';
import type { Event, State } from '../vrrp/virtual-router.ts';
import type { InterfaceKeeper } from './interface-keeper.ts';
import type { Interfaces } from './interfaces.ts';
import type { LogLevel } from './messages.ts';
import { allAddresses, type Router } from './router.ts';
import type { Sockets } from './sockets.ts';
import type { TrackedThings } from './tracked-things.ts';

export interface FollowerWorld {
  readonly interfaces: Pick<Interfaces, 'primaryAddress' | 'faultsOf'>;
  /** Interfaces of the routers' own. */
  readonly own: Pick<InterfaceKeeper, 'problemsOf'>;
  readonly sockets: Pick<Sockets, 'open'>;
  readonly tracked: TrackedThings;
  dispatch(router: Router, event: Event): void;
  /** For scripts, FIFOs and mails. */
  tell(notice: VrrpNotice): void;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number | undefined>): void;
}

/** What keeps a router out, or is not known yet, without regard to its mates. */
interface Own {
  readonly faults: readonly string[];
  readonly waits: readonly string[];
  /** What is about to be there: no reason to give up, but one not to begin. */
  readonly coming: readonly string[];
}

const OWNER_PRIORITY = 255;
const UNSPECIFIED = { inet: '0.0.0.0', inet6: '::' } as Readonly<Record<Family, IpAddress>>;

/** See the file's head. */
export class Follower {
  readonly #world: FollowerWorld;

  constructor(world: FollowerWorld) {
    this.#world = world;
  }

  /** The source of the instance's advertisements: configured, or as its interface has it now; unspecified when it has none. */
  localAddress(instance: VrrpInstance): IpAddress {
    const given = givenSource(instance);
    if (given !== undefined) return given;
    const virtual = new Set(allAddresses(instance).map((entry) => entry.address));
    const isOwner = instance.priority === OWNER_PRIORITY;
    const { interface: name, family } = instance;
    return this.#world.interfaces.primaryAddress(name, family, virtual, isOwner) ?? UNSPECIFIED[family];
  }

  /** The effective priority of an instance as things are. */
  priorityOf = (instance: VrrpInstance): number =>
    judge(instance.tracking, instance.priority, this.#world.tracked).priority;

  /** Opens the sockets of routers that have not begun, where that can be done; why not is said when they begin. */
  listen(routers: Iterable<Router>): void {
    for (const router of routers) this.#faultsOf(router);
  }

  /** Looks at everything that the router depends on, its mates in a sync group included. */
  follow(router: Router): void {
    this.followAll(router.group?.members ?? [router]);
  }

  /** Looks at everything that these routers depend on: all members of a group, or none of them. */
  followAll(routers: Iterable<Router>): void {
    const own = new Map<Router, Own>();
    for (const router of routers) own.set(router, this.#ownOf(router));
    for (const [router, { faults, waits, coming }] of own) {
      const mates = (router.group?.members ?? []).filter((mate) => mate !== router);
      const withMates = (pick: (own: Own) => readonly string[]) =>
        faultsOfMates(mates.flatMap((mate) => named(mate, own.get(mate), pick)));
      const allFaults = [...faults, ...withMates((one) => one.faults)];
      const allWaits = [...waits, ...withMates((one) => one.waits)];
      const allComing = [...coming, ...withMates((one) => one.coming)];
      if (!router.isStarted) this.#start(router, allFaults, [...allWaits, ...allComing]);
      else {
        const open = allWaits.filter((reason) => faultsOf(router).includes(reason));
        this.#compare(router, [...allFaults, ...open, ...(router.state.name === 'Fault' ? allComing : [])]);
      }
    }
  }

  /** What the router depends on by itself; its priority and source address follow at once. */
  #ownOf(router: Router): Own {
    const { instance } = router;
    const address = this.localAddress(instance);
    // without any address the old one is still right when it comes back
    if (address !== UNSPECIFIED[instance.family] && router.config.localAddress !== address) {
      router.config = { ...router.config, localAddress: address };
    }
    const { priority, faults, awaited } = judge(instance.tracking, instance.priority, this.#world.tracked);
    this.#setPriority(router, priority);
    const waits = awaited.map((what) => `${what} has no result yet`);
    const own = this.#world.own.problemsOf(instance);
    return { faults: [...this.#faultsOf(router), ...own.faults, ...faults], waits, coming: own.waits };
  }

  /** keepalived.conf(5) "vrrp_script": before the first result of something that could keep it out, a router is not started. */
  #start(router: Router, faults: readonly string[], waits: readonly string[]): void {
    const { name, vrid } = router.instance;
    if (faults.length > 0 || waits.length === 0) {
      router.isStarted = true;
      // as keepalived, which begins with the configured priority
      if (faults.length === 0 && router.config.priority !== router.instance.priority)
        this.#tellPriority(router, 'Backup');
      this.#world.dispatch(router, { type: 'startup', faults: [...faults, ...waits] });
    } else if (!router.isWaiting) {
      router.isWaiting = true;
      this.#world.log('info', 'instance-waits', `(${name}) waits: ${waits.join(', ')}`, { instance: name, vrid });
    }
  }

  #compare(router: Router, faults: readonly string[]): void {
    const before = faultsOf(router);
    for (const reason of faults) {
      if (!before.includes(reason)) this.#world.dispatch(router, { type: 'fault', reason });
    }
    for (const reason of before) {
      if (!faults.includes(reason)) this.#world.dispatch(router, { type: 'fault-cleared', reason });
    }
  }

  /** Why the router cannot take part now: its interfaces, and the socket that it must hear and speak with. */
  #faultsOf({ instance, digest }: Router): readonly string[] {
    const { interfaces, sockets } = this.#world;
    const faults = [...interfaces.faultsOf(instance)];
    if (instance.authentication?.type === 'AH' && digest === undefined) {
      faults.push('auth_type AH needs MD5, which the cryptographic policy of this host forbids');
    }
    try {
      sockets.open(instance);
    } catch (error) {
      faults.push(`no VRRP socket on ${instance.interface}: ${(error as Error).message}`);
    }
    return faults;
  }

  #setPriority(router: Router, priority: number): void {
    const before = router.config.priority;
    if (before === priority) return;
    router.config = { ...router.config, priority };
    const { name, vrid } = router.instance;
    const sentence = `(${name}) Changing effective priority from ${before} to ${priority}`;
    this.#world.log('info', 'priority-change', sentence, { instance: name, vrid, from: before, to: priority });
    this.#world.dispatch(router, { type: 'configured', onlyPriority: true });
    this.#tellPriority(router, router.state.name);
  }

  /** keepalived.conf(5) "notify_priority_changes"; what is in FAULT counts as a BACKUP. */
  #tellPriority({ instance, config }: Router, state: State['name']): void {
    if (!instance.notifyPriorityChanges || state === 'Initialize') return;
    const event = state === 'Master' ? 'MASTER_PRIORITY' : 'BACKUP_PRIORITY';
    this.#world.tell({ subject: 'INSTANCE', name: instance.name, event, priority: config.priority });
  }
}

const named = (mate: Router, own: Own | undefined, pick: (own: Own) => readonly string[]) =>
  own === undefined ? [] : [{ name: mate.instance.name, faults: pick(own) }];

const faultsOf = ({ state }: Router): readonly string[] => (state.name === 'Fault' ? state.reasons : []);
