/**
 * VRRP and nothing else: the routers, the events that reach them, and the order of start, reload and stop. Lives in the
 * election process (election-process.ts): no text, no files, no waiting.
 */
import type { IpAddress } from '../base/address.ts';
import { elapsed, type Instant, inMilliseconds, later, seconds } from '../base/time.ts';
import { now } from '../io/clock.ts';
import { DeadlineTimer } from '../io/deadline-timer.ts';
import { kernelIsAtLeast } from '../io/kernel-version.ts';
import { RouteNetlink } from '../io/route-netlink.ts';
import type { VrrpInstance } from '../vrrp/instance.ts';
import { groupState } from '../vrrp/sync-group.ts';
import type { TrackResult } from '../vrrp/track-result.ts';
import type { VirtualRouterConfig } from '../vrrp/virtual-router.ts';
import type { LastAct } from '../wire/will.ts';
import { AddressKeeper } from './address-keeper.ts';
import { Admission, type AdmissionNotice, explainNotice } from './admit.ts';
import { advertisementPackets } from './advertisement.ts';
import type { Channel } from './channel.ts';
import { speaksOn } from './ears.ts';
import { Follower } from './follower.ts';
import { Handover } from './handover.ts';
import { Hearers } from './hearers.ts';
import { InterfaceKeeper } from './interface-keeper.ts';
import { type InterfaceChange, Interfaces } from './interfaces.ts';
import { LastWill } from './last-will.ts';
import { Lateness } from './lateness.ts';
import { ElectionLoop } from './loop.ts';
import { keyOfRemoval, LostAddresses } from './lost-addresses.ts';
import type { ElectionConfiguration, FromElection, RuntimeSettings } from './messages.ts';
import { Performer } from './perform.ts';
import {
  addressKey,
  allAddresses,
  checksumReadingOf,
  count,
  digestOf,
  newRouter,
  type Router,
  reportRouter,
  routerConfig,
  routerId,
} from './router.ts';
import { Sockets } from './sockets.ts';
import { TrackedThings } from './tracked-things.ts';

/** How often addresses and sockets are looked at without any reason. */
const LOOK_AGAIN_EVERY = seconds(10);

/** Packets with an Authentication Header that may go out before the guard gets another farewell. */
const FAREWELL_AHEAD = 1_000;

/** Cause of a MASTER's end while its process did not run. */
const SILENT = 'this process did not run for a while, and the guard withdrew the addresses';

/** See the file's head. */
export class Election {
  readonly #channel: Channel<FromElection>;
  readonly #route: RouteNetlink;
  readonly #interfaces: Interfaces;
  readonly #tracked: TrackedThings;
  readonly #sockets: Sockets;
  readonly #addresses: AddressKeeper;
  readonly #own: InterfaceKeeper;
  readonly #timer: DeadlineTimer;
  readonly #lateness = new Lateness();
  readonly #loop: ElectionLoop;
  readonly #hearers = new Hearers();
  readonly #admission = new Admission((notice) => this.#notice(notice));
  readonly #lost: LostAddresses;
  readonly #follower: Follower;
  readonly #will: LastWill;
  readonly #handover: Handover;
  readonly #lookAgain: NodeJS.Timeout;
  readonly #delayedUntil: Instant | undefined;

  /** Throws SystemError, with nothing left open. */
  static async start(
    configuration: ElectionConfiguration,
    channel: Channel<FromElection>,
    runtime: RuntimeSettings,
  ): Promise<Election> {
    const route = RouteNetlink.open();
    try {
      const election = new Election(configuration, channel, runtime, route, await Interfaces.open(route));
      election.configure(configuration);
      return election;
    } catch (error) {
      route.close();
      throw error;
    }
  }

  private constructor(
    configuration: ElectionConfiguration,
    channel: Channel<FromElection>,
    runtime: RuntimeSettings,
    route: RouteNetlink,
    interfaces: Interfaces,
  ) {
    const { startupDelay } = configuration;
    this.#delayedUntil = startupDelay === undefined ? undefined : later(now(), startupDelay);
    this.#channel = channel;
    this.#route = route;
    this.#interfaces = interfaces;
    this.#tracked = new TrackedThings(interfaces);
    this.#timer = new DeadlineTimer((at) => {
      this.#lateness.record(elapsed(at, now()));
      this.#wake();
    });
    this.#sockets = new Sockets(
      (name) => interfaces.link(name)?.index,
      () => this.#wake(),
    );
    this.#will = new LastWill(
      {
        farewell: (router) => this.#farewell(router),
        onExecuted: () => this.#withdrawn(),
        onGone: () => {}, // main starts another one
      },
      runtime.guardLimit,
    );
    const failed = (router: Router, effect: string, error: unknown) => this.#failed(router, effect, error);
    this.#addresses = new AddressKeeper({
      route,
      interfaces,
      kernelKeepsProtocol: kernelIsAtLeast(5, 18),
      routers: () => this.#loop.routers.values(),
      failed,
      log: channel.log,
      held: (router, ours, endangered) => this.#will.hold(router, ours, endangered),
    });
    this.#own = new InterfaceKeeper({
      route,
      interfaces,
      instances: () => Array.from(this.#loop.routers.values(), ({ instance }) => instance),
      addressesSettled: () => this.#addresses.settled(),
      appeared: (names) => this.#appeared(names),
      log: channel.log,
    });
    const performer = new Performer({
      addresses: this.#addresses,
      interfaces,
      sockets: this.#sockets,
      failed,
    });
    this.#loop = new ElectionLoop({
      now,
      wakeAt: (at) => this.#timer.set(at),
      drain: () => {
        this.#will.look();
        return this.#sockets.drain((ear, packet) => {
          const admitted = this.#admission.receive(packet, ear, this.#hearers);
          if (admitted) this.#loop.handle(admitted.router, admitted.event, packet.receivedAt);
        });
      },
      perform: (router, effect) => performer.perform(router, effect),
      tell: (notice) => channel.send({ type: 'notice', notice }),
      log: channel.log,
    });
    this.#handover = new Handover(this.#loop, interfaces);
    this.#follower = new Follower({
      interfaces,
      own: this.#own,
      sockets: this.#sockets,
      tracked: this.#tracked,
      dispatch: (router, event) => this.#loop.dispatch(router, event),
      tell: (notice) => channel.send({ type: 'notice', notice }),
      log: channel.log,
    });
    this.#lost = new LostAddresses({ putBack: (router) => this.#putBack(router), log: channel.log });
    interfaces.onChange((change) => this.#changed(change));
    this.#lookAgain = setInterval(() => this.#settleAll(), inMilliseconds(LOOK_AGAIN_EVERY));
  }

  /** Start and reload: instances are paired by interface and VRID; an equal one is not touched at all. */
  configure(configuration: ElectionConfiguration): void {
    this.#tracked.watch(configuration.watched ?? []);
    this.#admission.onUnknown = configuration.logUnknownVrids ? (...what) => this.#noticeUnknown(...what) : undefined;
    const wanted = new Map(configuration.instances.map((instance) => [routerId(instance), instance]));
    for (const [id, router] of this.#loop.routers) {
      const instance = wanted.get(id);
      if (instance === undefined) void this.#leave(id, router);
      else if (instance.version !== router.instance.version || this.#handover.isLeaving(router)) this.#end(id, router);
    }
    const changed: Router[] = [];
    for (const [id, instance] of wanted) {
      const router = this.#loop.routers.get(id);
      if (!router) this.#loop.routers.set(id, newRouter(instance, this.#follower.localAddress(instance)));
      else if (JSON.stringify(router.instance) !== JSON.stringify(instance)) changed.push(router);
    }
    this.#own.settle();
    // groups are known before anything happens in them
    this.#formGroups(configuration);
    for (const [id, router] of this.#loop.routers) {
      const instance = wanted.get(id);
      if (instance === undefined) continue; // on its way out
      if (changed.includes(router)) this.#change(router, instance);
      else if (!router.isStarted) this.#begin(router);
    }
    this.#follower.followAll(this.#loop.routers.values());
    this.#closeUnused();
    this.#loop.arm();
  }

  /** What main has found out of a tracked thing. */
  learn(result: TrackResult): void {
    if (!this.#tracked.note(result)) return;
    this.#follower.followAll(this.#loop.routers.values());
    this.#handover.sweep();
  }

  /** Leaves the will with a guard; without one nothing else changes. */
  useGuard(name: string): void {
    try {
      this.#will.connect(name);
    } catch (error) {
      this.#channel.log('warning', 'no-guard', `the guard cannot be reached: ${(error as Error).message}`);
    }
  }

  report() {
    const instances = [...this.#loop.routers.values()].map(reportRouter);
    return { instances, strayPackets: { ...this.#admission.strays }, lateness: this.#lateness.report() };
  }

  /**
   * Leaves in order: priority zero where we are MASTER, addresses away when the successors are there, everything closed.
   */
  async stop(): Promise<void> {
    await Promise.all([...this.#loop.routers.values()].map((router) => this.#handover.leave(router)));
    clearInterval(this.#lookAgain);
    for (const router of this.#loop.routers.values()) {
      this.#loop.dispatch(router, { type: 'shutdown' });
      this.#addresses.settle(router);
    }
    await this.#addresses.settled();
    await this.#own.release();
    this.#will.dismiss();
    this.#timer.close();
    this.#sockets.closeAll();
    this.#route.close();
  }

  /** The timer fired, or something has arrived. */
  #wake(): void {
    this.#loop.wake();
    this.#handover.sweep();
  }

  /** Removed by a reload: a MASTER stays until its successor is there. */
  async #leave(id: string, router: Router): Promise<void> {
    router.isRemoved = true;
    await this.#handover.leave(router);
    if (this.#loop.routers.get(id) === router) this.#end(id, router);
    this.#closeUnused();
  }

  #end(id: string, router: Router): void {
    router.isRemoved = true;
    this.#loop.dispatch(router, { type: 'shutdown' });
    this.#handover.sweep();
    this.#addresses.settle(router);
    this.#loop.routers.delete(id);
    this.#own.settle();
    this.#log(router, 'instance-removed', `(${router.instance.name}) removed`);
  }

  #closeUnused(): void {
    const routers = [...this.#loop.routers.values()];
    this.#sockets.keepOnly(routers.map(({ instance }) => instance));
    this.#hearers.set(routers);
  }

  /** Ends what a stop waits for: the addresses go although no successor is there. */
  hurry(): void {
    for (const router of this.#loop.routers.values()) this.#loop.dispatch(router, { type: 'shutdown' });
    this.#handover.sweep();
  }

  /** keepalived.conf(5) "vrrp_sync_group": groups are made anew; one that goes on as it was is told nothing. */
  #formGroups({ syncGroups = [] }: ElectionConfiguration): void {
    const routers = [...this.#loop.routers.values()].filter(({ isRemoved }) => !isRemoved);
    for (const router of routers) router.group = undefined;
    for (const { name, members } of syncGroups) {
      const inGroup = routers.filter(({ instance }) => members.includes(instance.name));
      const group = { name, members: inGroup, told: groupState(inGroup.map(({ state }) => state)) ?? 'Initialize' };
      for (const router of inGroup) router.group = group;
    }
    for (const router of routers) {
      const { ownerAtOnce } = this.#configOf(router.instance, router);
      if (router.config.ownerAtOnce !== ownerAtOnce) router.config = { ...router.config, ownerAtOnce };
    }
  }

  #begin(router: Router): void {
    router.config = this.#configOf(router.instance, router);
    this.#addresses.settle(router); // what an earlier life that was killed left behind
  }

  /** What the state machine must know, as things are now. */
  #configOf(instance: VrrpInstance, { group }: Router): VirtualRouterConfig {
    const config = routerConfig(instance, this.#follower.localAddress(instance), this.#delayedUntil);
    const areOwners = (group?.members ?? []).every((mate) => mate.instance.priority === 255);
    const priority = this.#follower.priorityOf(instance);
    return { ...config, priority, ownerAtOnce: config.ownerAtOnce && areOwners };
  }

  #change(router: Router, instance: VrrpInstance): void {
    // an address whose label or scope changed is another one for the kernel
    const kept = new Set(allAddresses(instance).map((entry) => JSON.stringify(entry)));
    router.retired = allAddresses(router.instance).filter((entry) => !kept.has(JSON.stringify(entry)));
    const changed = new Set(allAddresses(instance).map(addressKey));
    const remade = router.retired.filter((entry) => changed.has(addressKey(entry)));
    router.instance = instance;
    router.config = this.#configOf(instance, router);
    router.checksumReading = checksumReadingOf(instance);
    router.digest = digestOf(instance);
    if (remade.length > 0) this.#addresses.remake(router, remade);
    this.#loop.dispatch(router, { type: 'configured' });
    this.#addresses.settle(router);
    this.#log(router, 'instance-changed', `(${instance.name}) configuration changed`);
  }

  /** What the guard sends for a MASTER that cannot. */
  #farewell(router: Router): readonly LastAct[] {
    const interfaceIndex = this.#interfaces.link(speaksOn(router.instance))?.index;
    if (interfaceIndex === undefined) return [];
    // it must be newer than what is sent until the will is left again
    const sequenceNumber = router.sequenceNumber + FAREWELL_AHEAD;
    return advertisementPackets({ ...router, sequenceNumber }, 0).map(({ packet, destination }) => ({
      type: 'send',
      packet,
      destination,
      interfaceIndex,
    }));
  }

  /** The guard took everything away while we did not run: nothing that we knew holds any more. */
  #withdrawn(): void {
    const masters = [...this.#loop.routers.values()].filter(({ state }) => state.name === 'Master');
    for (const router of masters) router.held.clear();
    for (const router of masters) this.#loop.dispatch(router, { type: 'fault', reason: SILENT });
    for (const router of masters) this.#loop.dispatch(router, { type: 'fault-cleared', reason: SILENT });
  }

  #changed(change: InterfaceChange): void {
    this.#will.look();
    if (change.type === 'link' && !this.#interfaces.link(change.name)) this.#sockets.forget(change.index);
    this.#own.note(change);
    const isForeign = change.type === 'address-removed' && !this.#addresses.wasOurs(keyOfRemoval(change));
    for (const router of this.#loop.routers.values()) {
      if (isForeign) this.#lost.note(router, change);
      if (change.type === 'resynchronised') this.#addresses.settle(router);
    }
    this.#follower.followAll(this.#loop.routers.values());
    this.#handover.sweep();
  }

  /** Interfaces of our own are there, or cannot be had: what is held on them is put there. */
  #appeared(names: ReadonlySet<string>): void {
    this.#follower.followAll(this.#loop.routers.values());
    for (const router of this.#loop.routers.values()) {
      const isOn = allAddresses(router.instance).some((entry) => names.has(entry.interface));
      if (isOn && router.state.name === 'Master') this.#loop.dispatch(router, { type: 'addresses-lost' });
    }
  }

  /** From time to time everything is looked at without any reason: a lost event or a refusal is made good. */
  #settleAll(): void {
    this.#own.settle();
    this.#follower.followAll(this.#loop.routers.values());
    for (const router of this.#loop.routers.values()) this.#addresses.settle(router);
  }

  #putBack(router: Router): void {
    const isThere = this.#loop.routers.get(routerId(router.instance)) === router;
    if (isThere) this.#loop.dispatch(router, { type: 'addresses-lost' });
  }

  #notice(notice: AdmissionNotice): void {
    const { router, reason, accepted, source } = notice;
    const { name, vrid } = router.instance;
    const event = accepted ? 'advertisement-suspicious' : 'advertisement-refused';
    const fields = { instance: name, vrid, source, reason, count: notice.count };
    this.#channel.log('warning', event, `(${name}) ${explainNotice(notice)}`, fields);
  }

  #noticeUnknown(vrid: number, source: IpAddress): void {
    const sentence = `${source} advertises VRID ${vrid}, which no instance here has`;
    this.#channel.log('info', 'vrid-unknown', sentence, { vrid, source });
  }

  #failed(router: Router, effect: string, error: unknown): void {
    const { name, vrid } = router.instance;
    const failure = error as NodeJS.ErrnoException;
    // a send that fails does so with every advertisement: the counter has them all, the log the first of each kind
    const repeated = `${effect} ${failure.code}`;
    count(router, `failed ${repeated}`);
    if (router.counters[`failed ${repeated}`] === 1 || effect !== 'send-advertisement') {
      this.#channel.log('error', 'effect-failed', `(${name}) ${effect}: ${failure.message}`, {
        instance: name,
        vrid,
        effect,
        code: failure.code,
      });
    }
    this.#loop.dispatch(router, { type: 'effect-failed', effect, code: failure.code ?? '' });
  }

  #log(router: Router, event: string, message: string): void {
    this.#channel.log('info', event, message, { instance: router.instance.name, vrid: router.instance.vrid });
  }
}
