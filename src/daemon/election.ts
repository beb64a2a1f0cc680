/**
 * VRRP and nothing else: the routers, the events that reach them, and the order of start, reload and stop. Lives in the
 * election process (election-process.ts): no text, no files, no waiting.
 */
import { elapsed, inMilliseconds, later, seconds } from '../base/time.ts';
import { now } from '../io/clock.ts';
import { DeadlineTimer } from '../io/deadline-timer.ts';
import { kernelIsAtLeast } from '../io/kernel-version.ts';
import { RouteNetlink } from '../io/route-netlink.ts';
import type { ReceivedPacket } from '../io/vrrp-socket.ts';
import type { BfdInstance } from '../vrrp/bfd-instance.ts';
import type { TrackResult } from '../vrrp/track-result.ts';
import type { LastAct } from '../wire/will.ts';
import { Admission } from './admit.ts';
import { advertisementPackets } from './advertisement.ts';
import { Announcer } from './announcer.ts';
import type { BfdSessions } from './bfd-sessions.ts';
import type { Channel } from './channel.ts';
import { speaksOn } from './ears.ts';
import { ElectionLog } from './election-log.ts';
import { type ElectionEstate, ESTATE_FORMAT, estateOf, inherit } from './estate.ts';
import { Follower } from './follower.ts';
import { giveAway } from './give-away.ts';
import { Handover } from './handover.ts';
import { Hearers } from './hearers.ts';
import type { Holder, ThingKind } from './holder.ts';
import { InterfaceKeeper } from './interface-keeper.ts';
import { type InterfaceChange, Interfaces } from './interfaces.ts';
import { LastWill } from './last-will.ts';
import { Lateness } from './lateness.ts';
import { ElectionLoop } from './loop.ts';
import type { ElectionConfiguration, FromElection, GiveAway, GivenAway, RuntimeSettings } from './messages.ts';
import { openBfdSessions } from './open-bfd.ts';
import { Performer } from './perform.ts';
import { PossessionKeeper } from './possession-keeper.ts';
import { Roster } from './roster.ts';
import { count, isRouter, type Router, reportRouter } from './router.ts';
import { clearCounters, type RouterSnapshot, snapshotOf } from './router-snapshot.ts';
import { Sockets } from './sockets.ts';
import { StaticHolder } from './static-holder.ts';
import { TrackedThings } from './tracked-things.ts';
import { Yielding } from './yielding.ts';

/** How often addresses and sockets are looked at without any reason. */
const LOOK_AGAIN_EVERY = seconds(10);

/** keepalived.conf(5) "disable_local_igmp" */
const LOCAL_IGMP = 'net/ipv4/igmp_link_local_mcast_reports';

/** Packets with an Authentication Header that may go out before the guard gets another farewell. */
const FAREWELL_AHEAD = 1_000;

/** Cause of a MASTER's end while its process did not run. */
const SILENT = 'this process did not run for a while, and the guard withdrew the addresses';

/** See the file's head. */
export class Election {
  readonly #channel: Channel<FromElection>;
  readonly #log: ElectionLog;
  readonly #route: RouteNetlink;
  readonly #interfaces: Interfaces;
  readonly #tracked: TrackedThings;
  readonly #sockets: Sockets;
  readonly #possessions: PossessionKeeper;
  readonly #own: InterfaceKeeper;
  readonly #announcer: Announcer;
  readonly #timer: DeadlineTimer;
  readonly #lateness = new Lateness();
  readonly #loop: ElectionLoop;
  readonly #hearers = new Hearers();
  readonly #admission = new Admission((notice) => this.#log.admission(notice));
  readonly #follower: Follower;
  readonly #roster: Roster;
  readonly #statics = new StaticHolder();
  readonly #will: LastWill;
  readonly #handover: Handover;
  readonly #yielding: Yielding;
  readonly #lookAgain: NodeJS.Timeout;
  readonly #bfd: BfdSessions;
  #bfdInstances: readonly BfdInstance[] = [];
  /** What has arrived while the estate of another process is waited for; undefined: it is not. */
  #early: { readonly ear: string; readonly packet: ReceivedPacket }[] | undefined;

  /** Throws SystemError, with nothing left open. As an heir it does nothing but listen until `inherit`. */
  static async start(
    configuration: ElectionConfiguration,
    channel: Channel<FromElection>,
    runtime: RuntimeSettings,
  ): Promise<Election> {
    const route = RouteNetlink.open({ aside: true, ...configuration.netlinkBuffers });
    try {
      const election = new Election(configuration, channel, runtime, route, await Interfaces.open(route));
      // before any socket joins a group
      if (configuration.disableLocalIgmp) await election.#own.hold([LOCAL_IGMP, 0]);
      await election.#holdStatics(configuration);
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
    this.#early = runtime.isHeir ? [] : undefined;
    this.#channel = channel;
    this.#log = new ElectionLog(channel);
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
    const failed = (holder: Holder, effect: string, error: unknown) => this.#failed(holder, effect, error);
    this.#possessions = new PossessionKeeper({
      route,
      interfaces,
      kernelKeepsProtocol: kernelIsAtLeast(5, 18),
      holders: () => [this.#statics, ...this.#loop.routers.values()],
      failed,
      log: channel.log,
      held: (holder, holdings) => isRouter(holder) && this.#will.hold(holder, holdings),
      settled: (holder) => holder === this.#statics && this.#follower.followAll(this.#loop.routers.values()),
      look: () => this.#will.look(),
      putBack: (holder, kind) => this.#putBack(holder, kind),
    });
    this.#own = new InterfaceKeeper({
      route,
      interfaces,
      instances: () => Array.from(this.#loop.routers.values(), ({ instance }) => instance),
      virtualMacs: (found) => this.#possessions.useVirtualMacs(found),
      addressesSettled: () => this.#possessions.settled(),
      appeared: (names) => this.#appeared(names),
      log: channel.log,
    });
    this.#announcer = new Announcer({
      interfaces,
      sockets: this.#sockets,
      failed: (router, error) => failed(router, 'announce-addresses', error),
    });
    this.#yielding = new Yielding({ interfaces, settle: (router) => this.#possessions.settle(router) });
    const performer = new Performer({
      possessions: this.#possessions,
      announcer: this.#announcer,
      sockets: this.#sockets,
      yielding: this.#yielding,
      failed,
    });
    this.#loop = new ElectionLoop({
      now,
      wakeAt: (at) => this.#timer.set(at),
      drain: () => {
        this.#will.look();
        return this.#sockets.drain((ear, packet) => {
          if (this.#early === undefined) this.#receive(ear, packet);
          else this.#early.push({ ear, packet });
        });
      },
      perform: (router, effect) => performer.perform(router, effect),
      tell: (notice) => channel.send({ type: 'notice', notice }),
      log: channel.log,
    });
    this.#bfd = openBfdSessions({
      report: (...what) => this.#noteSession(...what),
      lost: (address, interval) => this.#loop.dispatchAll({ type: 'neighbour-lost', address, interval }),
      log: channel.log,
    });
    this.#handover = new Handover(this.#loop, interfaces);
    this.#follower = new Follower({
      interfaces: {
        primaryAddress: (...of) => interfaces.primaryAddress(...of),
        faultsOf: (one) => [...interfaces.faultsOf(one), ...this.#statics.faultsOf(one.name, interfaces)],
      },
      own: this.#own,
      sockets: this.#sockets,
      tracked: this.#tracked,
      dispatch: (router, event) => this.#loop.dispatch(router, event),
      tell: (notice) => channel.send({ type: 'notice', notice }),
      log: channel.log,
    });
    this.#roster = new Roster({
      loop: this.#loop,
      follower: this.#follower,
      handover: this.#handover,
      possessions: this.#possessions,
      own: this.#own,
      sockets: this.#sockets,
      hearers: this.#hearers,
      log: this.#log,
      delayedUntil: startupDelay === undefined || runtime.isHeir ? undefined : later(now(), startupDelay),
    });
    interfaces.onChange((change) => this.#changed(change));
    this.#lookAgain = setInterval(() => this.#settleAll(), inMilliseconds(LOOK_AGAIN_EVERY));
  }

  /** Start and reload. */
  configure(configuration: ElectionConfiguration): void {
    this.#tracked.watch(configuration.watched ?? []);
    this.#bfdInstances = configuration.bfdInstances ?? [];
    if (this.#early === undefined) this.#bfd.configure(this.#bfdInstances);
    void this.#holdStatics(configuration);
    this.#admission.onUnknown = configuration.logUnknownVrids ? (...what) => this.#log.unknownVrid(...what) : undefined;
    this.#announcer.space(configuration.spacing);
    this.#interfaces.delay(configuration.interfaceDelays);
    this.#interfaces.poll(configuration.polledLinks);
    this.#roster.configure(configuration, this.#early === undefined);
  }

  /** What instances stand on comes before them. */
  #holdStatics({ instances, statics, firewall }: ElectionConfiguration): Promise<void> {
    this.#possessions.configure(instances, firewall);
    const isChanged = this.#statics.configure(statics);
    this.#interfaces.staticAddresses = new Set(this.#statics.all.addresses.map(({ address }) => address));
    if (isChanged) this.#possessions.settle(this.#statics);
    return this.#possessions.settled();
  }

  /** What this process would leave to another one now: everything that has arrived is in it. */
  estate(): ElectionEstate {
    this.#wake();
    const { settings } = this.#own;
    const { results } = this.#tracked;
    const bfd = this.#bfd.estate;
    return { ...estateOf(this.#loop.routers.values(), now()), results, bfd, settings, statics: this.#statics.all };
  }

  /**
   * Goes on where another process is, which goes on too until it is retired; undefined: it left nothing. Resolves with the
   * identities of what was inherited, when it is all there.
   */
  async inherit(estate: ElectionEstate | undefined): Promise<readonly string[]> {
    const left = new Map(estate?.format === ESTATE_FORMAT ? estate.routers.map((one) => [one.id, one]) : []);
    for (const result of estate?.results ?? []) this.#tracked.note(result);
    this.#own.adopt(estate?.settings ?? []);
    const statics = this.#statics.all;
    this.#statics.configure(estate?.statics ?? statics);
    if (this.#statics.configure(statics)) this.#possessions.settle(this.#statics);
    for (const [id, router] of this.#loop.routers) {
      const { instance } = router;
      const one = left.get(id);
      if (one === undefined || one.instance.version !== instance.version) {
        this.#roster.begin(router);
        left.delete(id);
        continue;
      }
      inherit(router, one);
      if (JSON.stringify(one.instance) !== JSON.stringify(instance)) this.#roster.change(router, instance);
      else this.#roster.begin(router);
    }
    for (const { group } of this.#loop.routers.values()) {
      const told = estate?.groups.find(({ name }) => name === group?.name)?.told;
      if (group !== undefined && told !== undefined) group.told = told;
    }
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#bfd.adopt(estate?.bfd ?? []);
    this.#bfd.configure(this.#bfdInstances);
    for (const { ear, packet } of early) {
      if (packet.receivedAt > (estate?.takenAt ?? 0)) this.#receive(ear, packet);
    }
    this.#follower.followAll(this.#loop.routers.values());
    this.#loop.arm();
    await this.#possessions.settled();
    return [...left.keys()].filter((id) => this.#loop.routers.has(id));
  }

  /** Another process goes on with these routers: they are let go as they are. The others are left in order. */
  async retire(inherited: readonly string[]): Promise<void> {
    const kept = new Set(inherited);
    const rest = [...this.#loop.routers].filter(([id]) => !kept.has(id));
    await Promise.all(rest.map(([id, router]) => this.#roster.leave(id, router)));
    await this.#possessions.settled();
    await this.#own.abandon();
    await this.#close('as it is');
  }

  /** Something of ours may have been hidden by the process before us, which is gone. */
  lookAgain(): void {
    this.#settleAll();
  }

  /** What main has found out of a tracked thing. */
  learn(result: TrackResult): void {
    if (!this.#tracked.note(result)) return;
    this.#follower.followAll(this.#loop.routers.values());
    this.#handover.sweep();
  }

  /** keepalived.conf(5) "bfd_instance": virtual routers hear of a session at once, checkers by way of main. */
  #noteSession({ name, tellsVrrp, tellsCheckers }: BfdInstance, isUp: boolean): void {
    const result: TrackResult = { kind: 'bfd', name, isUp };
    if (tellsCheckers) this.#channel.send({ type: 'session', result });
    if (tellsVrrp) this.learn(result);
  }

  /** Leaves the will with a guard; without one nothing else changes. */
  useGuard(name: string): void {
    try {
      this.#will.connect(name);
    } catch (error) {
      this.#channel.log('warning', 'no-guard', `the guard cannot be reached: ${(error as Error).message}`);
    }
  }

  giveAway(wish: GiveAway): Promise<readonly GivenAway[]> {
    return giveAway(wish, this.#loop, this.#handover);
  }

  report() {
    const instances = [...this.#loop.routers.values()].map(reportRouter);
    return {
      instances,
      strayPackets: { ...this.#admission.strays },
      lateness: this.#lateness.report(),
      bfd: this.#bfd.reports,
    };
  }

  /** For the dumps, in the order of the configuration. @param clear count from zero afterwards */
  snapshots(clear: boolean): RouterSnapshot[] {
    const routers = [...this.#loop.routers.values()];
    const snapshots = routers.map((router) => snapshotOf(router, now()));
    if (clear) routers.forEach(clearCounters);
    return snapshots;
  }

  /**
   * Leaves in order: priority zero where we are MASTER, addresses away when the successors are there, everything closed.
   */
  async stop(): Promise<void> {
    await Promise.all([...this.#loop.routers.values()].map((router) => this.#handover.leave(router)));
    for (const router of this.#loop.routers.values()) {
      this.#loop.dispatch(router, { type: 'shutdown' });
      this.#possessions.settle(router);
    }
    this.#statics.isEntitled = false;
    if (this.#statics.isBusy) this.#possessions.settle(this.#statics);
    await this.#possessions.settled();
    await this.#own.release();
    await this.#close('as it was');
  }

  async #close(host: 'as it was' | 'as it is'): Promise<void> {
    clearInterval(this.#lookAgain);
    if (host === 'as it was') this.#bfd.close();
    else this.#bfd.abandon();
    this.#will.dismiss();
    this.#timer.close();
    this.#yielding.close();
    this.#announcer.close();
    this.#interfaces.close();
    this.#sockets.closeAll();
    await this.#possessions.close(host);
    this.#route.close();
  }

  #receive(ear: string, packet: ReceivedPacket): void {
    const admitted = this.#admission.receive(packet, ear, this.#hearers);
    if (admitted) this.#loop.handle(admitted.router, admitted.event, packet.receivedAt);
  }

  /** The timer fired, or something has arrived. */
  #wake(): void {
    this.#loop.wake();
    this.#handover.sweep();
  }

  /** Ends what a stop waits for: the addresses go although no successor is there. */
  hurry(): void {
    for (const router of this.#loop.routers.values()) this.#loop.dispatch(router, { type: 'shutdown' });
    this.#handover.sweep();
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
    for (const { held, heldRouting } of masters) for (const keys of [held, heldRouting]) keys.clear();
    for (const router of masters) this.#loop.dispatch(router, { type: 'fault', reason: SILENT });
    for (const router of masters) this.#loop.dispatch(router, { type: 'fault-cleared', reason: SILENT });
  }

  #changed(change: InterfaceChange): void {
    if (this.#early !== undefined) return; // everything is looked at when the estate is there
    this.#will.look();
    if (change.type === 'link' && !this.#interfaces.link(change.name)) this.#sockets.forget(change.index);
    this.#own.note(change);
    if (change.type === 'address-removed') this.#possessions.addressRemoved(change.interface, change.address);
    if (change.type === 'resynchronised') this.#possessions.settleAll();
    this.#follower.followAll(this.#loop.routers.values());
    this.#handover.sweep();
    if (change.type === 'link') this.#possessions.interfaceChanged(change.name);
  }

  /** Interfaces of our own are there, or cannot be had: what is held on them is put there. */
  #appeared(names: ReadonlySet<string>): void {
    this.#follower.followAll(this.#loop.routers.values());
    for (const router of this.#loop.routers.values()) {
      const isOn = router.all.addresses.some((entry) => names.has(entry.interface));
      if (isOn && router.isEntitled) this.#loop.dispatch(router, { type: 'addresses-lost' });
    }
  }

  /** From time to time everything is looked at without any reason: a lost event or a refusal is made good. */
  #settleAll(): void {
    if (this.#early !== undefined) return;
    this.#own.settle();
    this.#follower.followAll(this.#loop.routers.values());
    this.#possessions.settleAll();
  }

  #putBack(holder: Holder, kind: ThingKind): void {
    const router = this.#routerOf(holder);
    if (router !== undefined && kind === 'address') this.#loop.dispatch(router, { type: 'addresses-lost' });
    else if (router !== undefined || holder === this.#statics) this.#possessions.settle(holder);
  }

  /** Undefined: it is none, or none any more. */
  #routerOf(holder: Holder): Router | undefined {
    for (const router of this.#loop.routers.values()) if (router === holder) return router;
    return undefined;
  }

  #failed(holder: Holder, effect: string, error: unknown): void {
    const failure = error as NodeJS.ErrnoException;
    const router = this.#routerOf(holder);
    // a send that fails does so with every advertisement: the counter has them all, the log the first of each kind
    const repeated = `failed ${effect} ${failure.code}`;
    if (router !== undefined) count(router, repeated);
    if (router?.counters[repeated] === 1 || effect !== 'send-advertisement') {
      this.#log.effectFailed(holder, effect, failure);
    }
    if (router !== undefined) this.#loop.dispatch(router, { type: 'effect-failed', effect, code: failure.code ?? '' });
  }
}
