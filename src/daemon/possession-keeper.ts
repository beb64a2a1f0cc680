/**
 * Keeps in the kernel what every holder is entitled to: its addresses, routes and rules, and the packet filter in front of
 * addresses that are not answered for. Taking over, giving up, start, reload, repair and stop are the same call; one after
 * another, so that what moves from one instance to another is released before it is taken.
 *
 * The order is keepalived's: filter, addresses, routes, rules; and the other way when they go.
 */
import type { NetlinkRequest } from '../io/netlink-socket.ts';
import type { AddressKey, InterfaceAddress } from '../io/route-addresses.ts';
import type { RouteNetlink } from '../io/route-netlink.ts';
import type { FirewallSettings, VirtualMacInterface } from '../vrrp/firewall.ts';
import type { VirtualAddress, VrrpInstance } from '../vrrp/instance.ts';
import { NO_POSSESSIONS } from '../vrrp/possessions.ts';
import { AddressKeeper } from './address-keeper.ts';
import { FirewallKeeper } from './firewall-keeper.ts';
import { DEFAULT_FIREWALL } from './firewall-settings.ts';
import type { Holder, ThingKind } from './holder.ts';
import type { Interfaces } from './interfaces.ts';
import { Losses } from './losses.ts';
import type { LogLevel } from './messages.ts';
import { Promotion } from './promotion.ts';
import { addressKey } from './router.ts';
import { RoutingKeeper } from './routing-keeper.ts';

/** What each of the keepers is given. */
export interface KeeperWorld {
  readonly interfaces: Interfaces;
  /** All of them: what another one is entitled to is not removed. */
  holders(): Iterable<Holder>;
  /** Something could not be added or removed, or what is there could not be read. */
  failed(holder: Holder, what: 'take-addresses' | 'release-addresses', error: unknown): void;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number | undefined>): void;
}

/** What would have to be taken away if we were gone, and what the kernel would take with it. */
export interface Holdings {
  readonly addresses: readonly AddressKey[];
  readonly endangered: readonly InterfaceAddress[];
  /** Requests that remove routes and rules. */
  readonly removals: readonly Required<Omit<NetlinkRequest, 'purpose'>>[];
}

export interface PossessionKeeperWorld extends KeeperWorld {
  readonly route: RouteNetlink;
  readonly kernelKeepsProtocol: boolean;
  /** Before it is there; undefined: it holds nothing. */
  held(holder: Holder, holdings: Holdings | undefined): unknown;
  /** What it is entitled to has been asked for; what could not be had is among its problems. */
  settled(holder: Holder): unknown;
  /** Whether the guard acted while we did not run; to be asked before anything is believed to be somebody else's doing. */
  look(): void;
  /** Somebody has removed something, and it is to be put back now; the holder may be gone by then. */
  putBack(holder: Holder, kind: ThingKind): void;
}

/** See the file's head. */
export class PossessionKeeper {
  readonly #world: PossessionKeeperWorld;
  readonly #addresses: AddressKeeper;
  readonly #routing: RoutingKeeper;
  readonly firewall: FirewallKeeper;
  #queue: Promise<void> = Promise.resolve();
  /** Who is still to be looked at without any reason. */
  #round: Holder[] = [];
  readonly #losses: Losses;
  readonly #promotion: Promotion;
  /** To be looked at when their turn comes: something may be gone, or there may be another interface. */
  readonly #suspected = new Set<Holder>();
  readonly #unsettled = new Set<Holder>();

  constructor(world: PossessionKeeperWorld) {
    this.#world = world;
    this.#addresses = new AddressKeeper({
      ...world,
      held: (holder, addresses, endangered) => this.#tellHeld(holder, addresses, endangered),
    });
    this.#routing = new RoutingKeeper({ ...world, suspect: (holder) => this.#suspect(holder) });
    this.firewall = new FirewallKeeper(world);
    this.#losses = new Losses(world);
    this.#promotion = new Promotion(world.route, world.interfaces, world.log);
  }

  /** Start and reload. */
  configure(instances: readonly VrrpInstance[], firewall: FirewallSettings = DEFAULT_FIREWALL): void {
    this.#queue = this.#queue
      .then(() => this.firewall.configure(firewall))
      .then(() => this.#promotion.configure(instances));
  }

  /** Interfaces with a virtual MAC, for the packet filter. */
  useVirtualMacs(found: readonly VirtualMacInterface[]): Promise<void> {
    this.#queue = this.#queue.then(() => this.firewall.useVirtualMacs(found));
    return this.#queue;
  }

  /** Makes the kernel as the holder is entitled to it when its turn comes. */
  settle(holder: Holder): void {
    this.afterwards(holder, () => this.#settle(holder));
  }

  /** Looks at everything without any reason, one holder after another: whatever else there is to do comes in between. */
  settleAll(): void {
    this.#routing.forget();
    this.#addresses.dropRows();
    const isUnderWay = this.#round.length > 0;
    this.#round = [...this.#world.holders()].filter(isNotEmpty);
    if (!isUnderWay) this.#settleNext();
  }

  #settleNext(): void {
    const holder = this.#round[0];
    if (holder === undefined) return;
    this.afterwards(holder, async () => {
      this.#addresses.keepRows(true);
      try {
        await this.#settle(holder);
      } finally {
        this.#addresses.keepRows(false);
      }
    });
    void this.#queue.then(() => {
      if (this.#round[0] === holder) this.#round.shift();
      setImmediate(() => this.#settleNext());
    });
  }

  /** Takes away addresses that are to be there with other attributes; the next `settle` adds them again. */
  remake(holder: Holder, addresses: readonly VirtualAddress[]): void {
    this.afterwards(holder, () => this.#addresses.remake(holder, addresses));
  }

  /** Does something about the holder's addresses once everything asked for so far is done. */
  afterwards(holder: Holder, work: () => Promise<void> | void): void {
    this.#queue = this.#queue.then(work).catch((error: unknown) => this.#world.failed(holder, 'take-addresses', error));
  }

  /** Resolves when everything that was asked for so far has been done. */
  settled(): Promise<void> {
    return this.#queue;
  }

  /** The kernel tells that an address is gone: if it was not us, it is put back where it is held. */
  addressRemoved(interfaceName: string, { address, prefixLength }: InterfaceAddress): void {
    const key = addressKey({ interface: interfaceName, address, prefixLength });
    this.#routing.forget();
    this.#addresses.dropRows();
    if (this.#addresses.wasOurs(key)) return;
    for (const holder of this.#world.holders()) {
      if (!holder.isEntitled || !holder.all.addresses.some((entry) => addressKey(entry) === key)) continue;
      this.#losses.note(holder, 'address', key);
    }
  }

  /** An interface came, went or changed: what depends on it may be gone without a word, or be possible now. */
  interfaceChanged(name: string): void {
    this.#routing.forget();
    void this.#promotion.interfaceChanged(name);
    for (const holder of this.#world.holders()) {
      if (!dependsOn(holder, name) || this.#unsettled.has(holder)) continue;
      this.#unsettled.add(holder);
      this.afterwards(holder, () => {
        this.#unsettled.delete(holder);
        return this.#settle(holder);
      });
    }
  }

  /**
   * Settings of the kernel as they were, and the sockets closed; the tables of the packet filter go with theirs.
   * @param host `as it is`: another process goes on with it
   */
  async close(host: 'as it was' | 'as it is' = 'as it was'): Promise<void> {
    this.#round = [];
    if (host === 'as it was') await this.#promotion.restore();
    this.#routing.close();
    this.firewall.close();
  }

  async #settle(holder: Holder): Promise<void> {
    const before = new Set(holder.problems.values());
    holder.problems.clear();
    await this.firewall.widen(holder);
    const { problem } = this.firewall;
    if (problem !== undefined && holder.isEntitled && holder.refusesPackets) holder.problems.set('packets', problem);
    await this.#routing.release(holder);
    if (await this.#addresses.settle(holder, before)) this.#routing.forget();
    await this.#routing.take(holder, before);
    await this.firewall.narrow(holder);
    holder.retired = NO_POSSESSIONS;
    this.#world.settled(holder);
  }

  #suspect(holder: Holder): void {
    this.#world.look();
    if (this.#suspected.has(holder)) return;
    this.#suspected.add(holder);
    this.afterwards(holder, async () => {
      this.#suspected.delete(holder);
      for (const { kind, key } of await this.#routing.lost(holder)) this.#losses.note(holder, kind, key);
    });
  }

  #tellHeld(holder: Holder, addresses: readonly AddressKey[], endangered: readonly InterfaceAddress[]): void {
    const removals = this.#routing.removalsOf(holder);
    const isNothing = addresses.length === 0 && removals.length === 0;
    this.#world.held(holder, isNothing ? undefined : { addresses, endangered, removals });
  }
}

/** Whether there is something on the interface that its going does not end the holder's right to. */
const dependsOn = ({ all, isEntitled }: Holder, name: string): boolean =>
  isEntitled &&
  (all.routes.length > 0 ||
    all.rules.length > 0 ||
    all.addresses.some((entry) => entry.interface === name || entry.noTrack === true));

const isNotEmpty = ({ all, retired }: Holder): boolean =>
  [all, retired].some(({ addresses, routes, rules }) => addresses.length + routes.length + rules.length > 0);
