/**
 * The election process: VRRP and nothing else. Real-time priority, locked memory, no text, no files, no waiting.
 */
import { type IpAddress, parseAddress } from '../base/address.ts';
import { now } from '../io/clock.ts';
import { DeadlineTimer } from '../io/deadline-timer.ts';
import { RouteNetlink } from '../io/route-netlink.ts';
import { lockMemory, useRealTime } from '../io/scheduling.ts';
import type { VirtualAddress, VrrpInstance } from '../vrrp/keywords.ts';
import { Admission, type AdmissionNotice, explainNotice } from './admit.ts';
import { type Channel, openChannel } from './channel.ts';
import { type InterfaceChange, Interfaces } from './interfaces.ts';
import { ElectionLoop } from './loop.ts';
import type { ElectionConfiguration, FromElection, RuntimeSettings, ToElection } from './messages.ts';
import { Performer } from './perform.ts';
import { RepairPace } from './repair-pace.ts';
import { addressKey, allAddresses, count, newRouter, type Router, reportRouter, routerConfig } from './router.ts';
import { Sockets } from './sockets.ts';

const UNSPECIFIED = parseAddress('0.0.0.0') as IpAddress;

/** Runs the process until main says stop or is gone. */
export function runElection(): void {
  let election: Election | undefined;
  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    await election?.stop();
    channel.send({ type: 'stopped' });
    channel.close();
  };
  const fail = (error: unknown) => {
    channel.log('error', 'election-failed', `the election cannot run: ${(error as Error).message}`);
    void end();
  };
  const channel: Channel<FromElection> = openChannel<ToElection, FromElection>(
    (message) => {
      switch (message.type) {
        case 'start':
          prepare(message.runtime, channel);
          Election.start(message.configuration, channel).then((started) => {
            election = started;
            channel.send({ type: 'started' });
          }, fail);
          return;
        case 'configure':
          election?.configure(message.configuration);
          channel.send({ type: 'configured' });
          return;
        case 'status':
          channel.send({
            type: 'status',
            id: message.id,
            ...(election?.report() ?? { instances: [], strayPackets: {} }),
          });
          return;
        case 'ping':
          channel.send({ type: 'pong' });
          return;
        case 'stop':
          void end();
      }
    },
    () => void end(),
  );
}

/** Scheduling and memory; what is refused is said and does without. */
function prepare(runtime: RuntimeSettings, channel: Channel<FromElection>): void {
  const scheduling = useRealTime(runtime.realTimePriority);
  if (!scheduling.ok) channel.log('notice', 'no-real-time', `no real-time scheduling: ${scheduling.reason}`);
  if (!runtime.lockMemory) return;
  const locked = lockMemory();
  if (!locked.ok) channel.log('notice', 'no-memory-lock', `memory is not locked: ${locked.reason}`);
}

class Election {
  readonly #channel: Channel<FromElection>;
  readonly #route: RouteNetlink;
  readonly #interfaces: Interfaces;
  readonly #sockets: Sockets;
  readonly #performer: Performer;
  readonly #timer: DeadlineTimer;
  readonly #loop: ElectionLoop;
  readonly #admission = new Admission((notice) => this.#notice(notice));
  readonly #repairs = new RepairPace();

  static async start(configuration: ElectionConfiguration, channel: Channel<FromElection>): Promise<Election> {
    const route = RouteNetlink.open();
    const election = new Election(configuration, channel, route, await Interfaces.open(route));
    election.configure(configuration);
    return election;
  }

  private constructor(
    configuration: ElectionConfiguration,
    channel: Channel<FromElection>,
    route: RouteNetlink,
    interfaces: Interfaces,
  ) {
    const multicastGroup = parseAddress(configuration.multicastGroup) as IpAddress;
    this.#channel = channel;
    this.#route = route;
    this.#interfaces = interfaces;
    this.#timer = new DeadlineTimer(() => this.#loop.wake());
    this.#sockets = new Sockets(multicastGroup, () => this.#loop.wake());
    this.#performer = new Performer({
      route,
      interfaces,
      sockets: this.#sockets,
      multicastGroup,
      failed: (router, effect, error) => this.#failed(router, effect, error),
      log: channel.log,
    });
    this.#loop = new ElectionLoop({
      now,
      wakeAt: (at) => this.#timer.set(at),
      drain: () =>
        this.#sockets.drain((name, packet) => {
          const admitted = this.#admission.receive(packet, name, this.#loop.routers.values());
          if (admitted) this.#loop.handle(admitted.router, admitted.event, packet.receivedAt);
        }),
      perform: (router, effect) => this.#performer.perform(router, effect),
      log: channel.log,
    });
    interfaces.onChange((change) => this.#changed(change));
  }

  /** Start and reload: instances are paired by name; an equal one is not touched at all. */
  configure(configuration: ElectionConfiguration): void {
    const wanted = new Map(configuration.instances.map((instance) => [instance.name, instance]));
    for (const [name, router] of this.#loop.routers) {
      const instance = wanted.get(name);
      if (instance && sameVirtualRouter(instance, router.instance)) continue;
      this.#loop.dispatch(router, { type: 'shutdown' });
      this.#loop.routers.delete(name);
      this.#log(router, 'instance-removed', `(${name}) removed`);
    }
    for (const instance of configuration.instances) {
      const router = this.#loop.routers.get(instance.name);
      if (!router) this.#begin(instance);
      else if (JSON.stringify(router.instance) !== JSON.stringify(instance)) this.#change(router, instance);
    }
    this.#loop.arm();
  }

  report() {
    const instances = [...this.#loop.routers.values()].map(reportRouter);
    return { instances, strayPackets: { ...this.#admission.strays } };
  }

  /** Leaves in order: priority zero where we are MASTER, addresses away, everything closed. */
  async stop(): Promise<void> {
    for (const router of this.#loop.routers.values()) this.#loop.dispatch(router, { type: 'shutdown' });
    await this.#performer.settled();
    this.#timer.close();
    this.#sockets.closeAll();
    this.#route.close();
  }

  #begin(instance: VrrpInstance): void {
    const router = newRouter(instance, this.#localAddress(instance));
    this.#loop.routers.set(instance.name, router);
    this.#openSocket(router);
    this.#performer.clear(router, allAddresses(instance)); // left by an earlier life that was killed
    this.#loop.dispatch(router, { type: 'startup', faults: this.#interfaces.faultsOf(instance) });
  }

  #change(router: Router, instance: VrrpInstance): void {
    const kept = new Set(allAddresses(instance).map(addressKey));
    const dropped: readonly VirtualAddress[] = allAddresses(router.instance).filter(
      (entry) => !kept.has(addressKey(entry)),
    );
    router.instance = instance;
    router.config = routerConfig(instance, this.#localAddress(instance));
    if (dropped.length > 0) this.#performer.clear(router, dropped);
    this.#loop.dispatch(router, { type: 'configured' });
    this.#followInterfaces(router);
    this.#log(router, 'instance-changed', `(${instance.name}) configuration changed`);
  }

  #localAddress(instance: VrrpInstance): IpAddress {
    const virtual = new Set(allAddresses(instance).map((entry) => entry.address));
    return this.#interfaces.primaryAddress(instance.interface, virtual) ?? UNSPECIFIED;
  }

  #openSocket(router: Router): void {
    const name = router.instance.interface;
    const link = this.#interfaces.link(name);
    try {
      if (link) this.#sockets.open(name, link.index);
      else this.#sockets.close(name);
    } catch (error) {
      this.#failed(router, 'open-socket', error);
    }
  }

  #changed(change: InterfaceChange): void {
    for (const router of this.#loop.routers.values()) {
      if (change.type === 'address-removed') this.#restore(router, change);
      this.#followInterfaces(router);
    }
  }

  /** The router's faults as the interfaces are now; one event for each that came or went. */
  #followInterfaces(router: Router): void {
    this.#openSocket(router);
    const address = this.#localAddress(router.instance);
    if (
      address !== UNSPECIFIED &&
      router.instance.sourceAddress === undefined &&
      router.config.localAddress !== address
    ) {
      router.config = { ...router.config, localAddress: address };
    }
    const faults = this.#interfaces.faultsOf(router.instance);
    const before = router.state.name === 'Fault' ? router.state.reasons : [];
    for (const reason of faults) {
      if (!before.includes(reason)) this.#loop.dispatch(router, { type: 'fault', reason });
    }
    for (const reason of before) {
      if (!faults.includes(reason)) this.#loop.dispatch(router, { type: 'fault-cleared', reason });
    }
  }

  /** One of our addresses was removed by somebody: it is put back, at a pace that does not feed a fight. */
  #restore(router: Router, change: Extract<InterfaceChange, { type: 'address-removed' }>): void {
    const { address, prefixLength } = change.address;
    const key = addressKey({ interface: change.interface, address, prefixLength });
    if (router.state.name !== 'Master') return;
    if (!allAddresses(router.instance).some((entry) => addressKey(entry) === key)) return;
    const { name, vrid } = router.instance;
    const wait = this.#repairs.next(key, now());
    const hint = wait > 0 ? `; it goes again and again: putting it back in ${wait / 1_000_000} s` : '; putting it back';
    this.#channel.log('warning', 'address-lost', `(${name}) somebody removed ${key}${hint}`, {
      instance: name,
      vrid,
      address,
    });
    count(router, 'addresses lost');
    const restore = () => {
      if (this.#loop.routers.get(name) === router) this.#loop.dispatch(router, { type: 'addresses-lost' });
    };
    if (wait === 0) restore();
    else setTimeout(restore, wait / 1_000).unref();
  }

  #notice(notice: AdmissionNotice): void {
    const { router, reason, accepted, source } = notice;
    const { name, vrid } = router.instance;
    const event = accepted ? 'advertisement-suspicious' : 'advertisement-refused';
    const fields = { instance: name, vrid, source, reason, count: notice.count };
    this.#channel.log('warning', event, `(${name}) ${explainNotice(notice)}`, fields);
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
    if (effect !== 'open-socket') {
      this.#loop.dispatch(router, { type: 'effect-failed', effect, code: failure.code ?? '' });
    }
  }

  #log(router: Router, event: string, message: string): void {
    this.#channel.log('info', event, message, { instance: router.instance.name, vrid: router.instance.vrid });
  }
}

/** What cannot be changed in place: another VRID, interface or version is another virtual router. */
const sameVirtualRouter = (a: VrrpInstance, b: VrrpInstance): boolean =>
  a.vrid === b.vrid && a.interface === b.interface && a.version === b.version;
