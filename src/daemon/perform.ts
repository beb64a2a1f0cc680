/**
 * Carries out what `transition` decided: advertisements, addresses, announcements.
 *
 * An advertisement goes out at once and never waits for anything. Addresses and announcements of one instance are done
 * in order, one after another: each time the kernel's addresses are read, compared with what the state wants, and only
 * the difference is asked for.
 */
import type { IpAddress } from '../base/address.ts';
import { assertNever } from '../base/assert.ts';
import type { RouteNetlink } from '../io/route-netlink.ts';
import { HOLDFAST_PROTOCOL, type InterfaceAddress, planAddresses } from '../vrrp/addresses.ts';
import type { VirtualAddress } from '../vrrp/keywords.ts';
import type { Effect } from '../vrrp/virtual-router.ts';
import { encodeArp, gratuitousArp } from '../wire/arp.ts';
import { advertisementPackets } from './advertisement.ts';
import type { Interfaces } from './interfaces.ts';
import type { LogLevel } from './messages.ts';
import { addressKey, allAddresses, count, type Router } from './router.ts';
import type { Sockets } from './sockets.ts';

export interface PerformWorld {
  readonly route: RouteNetlink;
  readonly interfaces: Interfaces;
  readonly sockets: Sockets;
  readonly multicastGroup: IpAddress;
  /** An effect could not be carried out. */
  failed(router: Router, effect: Effect['type'], error: unknown): void;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number | undefined>): void;
}

/** See the file's head. */
export class Performer {
  readonly #world: PerformWorld;
  /** Per instance: what is still to be done with its addresses. */
  readonly #queues = new Map<Router, Promise<void>>();

  constructor(world: PerformWorld) {
    this.#world = world;
  }

  perform(router: Router, effect: Effect): void {
    switch (effect.type) {
      case 'send-advertisement':
        this.#advertise(router, effect.priority);
        break;
      case 'take-addresses':
        this.#enqueue(router, effect.type, () => this.#settleAddresses(router, allAddresses(router.instance)));
        break;
      case 'release-addresses':
        this.#enqueue(router, effect.type, () => this.#settleAddresses(router, []));
        break;
      case 'announce-addresses':
        this.#enqueue(router, effect.type, async () => this.#announce(router, effect.rounds));
        break;
      case 'state-changed':
      case 'discard':
        break;
      default:
        assertNever(effect);
    }
  }

  /** Removes what an earlier life of the agent left behind, and what the configuration no longer has. */
  clear(router: Router, addresses: readonly VirtualAddress[]): void {
    this.#enqueue(router, 'release-addresses', () => this.#settleAddresses(router, [], addresses));
  }

  /** Resolves when everything that was asked for so far has been done. */
  async settled(): Promise<void> {
    await Promise.all(this.#queues.values());
  }

  #advertise(router: Router, priority: number): void {
    const socket = this.#world.sockets.of(router.instance.interface);
    if (!socket) {
      count(router, 'send errors');
      return;
    }
    const identification = router.packetId;
    router.packetId = identification === 0xffff ? 1 : identification + 1;
    try {
      const { instance, config } = router;
      const group = this.#world.multicastGroup;
      for (const { packet, destination } of advertisementPackets(
        instance,
        config.localAddress,
        identification,
        priority,
        group,
      )) {
        socket.send(packet, destination);
      }
      count(router, 'advertisements sent');
      if (priority === 0) count(router, 'priority zero sent');
    } catch (error) {
      count(router, 'send errors');
      this.#world.failed(router, 'send-advertisement', error);
    }
  }

  #enqueue(router: Router, type: Effect['type'], work: () => Promise<void>): void {
    const before = this.#queues.get(router) ?? Promise.resolve();
    this.#queues.set(
      router,
      before.then(work).catch((error: unknown) => this.#world.failed(router, type, error)),
    );
  }

  /** Makes the kernel's addresses of this instance equal to `wanted`; `known` are the ones to look at. */
  async #settleAddresses(
    router: Router,
    wanted: readonly VirtualAddress[],
    known: readonly VirtualAddress[] = allAddresses(router.instance),
  ): Promise<void> {
    const { route, interfaces, log } = this.#world;
    const actual = (await route.addresses()).map((entry) => ({
      interface: interfaces.nameOf(entry.interfaceIndex) ?? '',
      address: entry.address,
      prefixLength: entry.prefixLength,
      protocol: entry.protocol,
    }));
    const { removeFirst, add, remove, foreign } = planAddresses({ actual, desired: wanted, known });
    const { name, vrid } = router.instance;
    router.problems.clear();
    for (const entry of foreign) {
      const sentence = `${addressKey(entry)} is there already and was not added by holdfast: it is left alone`;
      router.problems.set(addressKey(entry), sentence);
      log('warning', 'address-foreign', `(${name}) ${sentence}`, { instance: name, vrid, address: entry.address });
    }
    for (const entry of removeFirst) await this.#remove(router, entry);
    for (const entry of add) {
      const index = interfaces.link(entry.interface)?.index;
      if (index === undefined) continue; // a fault of its own
      await this.#one(router, 'take-addresses', entry, () =>
        route.addAddress({
          interfaceIndex: index,
          address: entry.address,
          prefixLength: entry.prefixLength,
          scope: entry.scope,
          protocol: HOLDFAST_PROTOCOL,
          ...(entry.label === undefined ? {} : { label: entry.label }),
          ...(entry.broadcast === undefined ? {} : { broadcast: entry.broadcast }),
        }),
      );
    }
    for (const entry of remove) await this.#remove(router, entry);
    router.held.clear();
    for (const entry of wanted) if (!router.problems.has(addressKey(entry))) router.held.add(addressKey(entry));
    for (const entry of foreign) router.held.add(addressKey(entry));
  }

  async #remove(router: Router, entry: InterfaceAddress): Promise<void> {
    const { route, interfaces } = this.#world;
    const index = interfaces.link(entry.interface)?.index;
    if (index === undefined) return;
    const { address, prefixLength } = entry;
    await this.#one(router, 'release-addresses', entry, () =>
      route.deleteAddress({ interfaceIndex: index, address, prefixLength }),
    );
  }

  /** One change of one address; a refusal is noted and the others go on. */
  async #one(
    router: Router,
    effect: Effect['type'],
    entry: InterfaceAddress,
    change: () => Promise<void>,
  ): Promise<void> {
    const { name, vrid } = router.instance;
    const verb = effect === 'take-addresses' ? 'added' : 'removed';
    try {
      await change();
      this.#world.log('info', `address-${verb}`, `(${name}) ${verb} ${addressKey(entry)}`, {
        instance: name,
        vrid,
        address: entry.address,
      });
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (code === 'EEXIST' || code === 'EADDRNOTAVAIL') return; // already as wanted
      router.problems.set(addressKey(entry), `${addressKey(entry)} could not be ${verb}: ${(error as Error).message}`);
      this.#world.failed(router, effect, error);
    }
  }

  /** Gratuitous ARP, `rounds` times over all addresses, back to back: keepalived.conf(5) "garp_master_repeat". */
  #announce(router: Router, rounds: number): void {
    for (let round = 0; round < rounds; round++) {
      for (const entry of allAddresses(router.instance)) {
        if (!router.held.has(addressKey(entry))) continue;
        const link = this.#world.interfaces.link(entry.interface);
        if (!link?.mac || link.flags.noArp || entry.address.includes(':')) continue;
        this.#world.sockets.packetSocket(link.index).send(encodeArp(gratuitousArp(link.mac, entry.address)));
        count(router, 'gratuitous ARPs sent');
      }
    }
  }
}
