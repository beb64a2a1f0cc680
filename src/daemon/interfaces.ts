/**
 * The interfaces and addresses of this host as the election sees them: read once, kept up to date from rtnetlink's
 * events, read again when events were lost. Says what keeps an instance from taking part (its faults).
 */
import type { Family, IpAddress } from '../base/address.ts';
import { elapsed, type Instant, inMilliseconds, seconds } from '../base/time.ts';
import { now } from '../io/clock.ts';
import type { InterfaceAddress } from '../io/route-addresses.ts';
import type { Link } from '../io/route-links.ts';
import type { RouteEvent, RouteNetlink } from '../io/route-netlink.ts';
import { readSysctl } from '../io/sysctl.ts';
import type { VrrpInstance } from '../vrrp/instance.ts';
import { LinkDebounce, type LinkDelays } from '../vrrp/link-debounce.ts';
import { givenSource } from '../vrrp/own-interfaces.ts';
import { sourceAddress } from '../vrrp/source-address.ts';

/** What changed, as far as the election is concerned. */
export type InterfaceChange =
  | { readonly type: 'link'; readonly name: string; readonly index: number }
  | { readonly type: 'address-removed'; readonly address: InterfaceAddress; readonly interface: string }
  | { readonly type: 'address-added'; readonly address: InterfaceAddress; readonly interface: string }
  | { readonly type: 'resynchronised' }
  /** Nothing happened, but it has lasted long enough to count. */
  | { readonly type: 'delayed' };

/** Interfaces whose links are looked at although the kernel tells of changes. */
export type LinkPolling = readonly string[] | 'all';

const POLL_EVERY = seconds(1);
/** The owner of the addresses. */
const OWNER_PRIORITY = 255;
const NONE: ReadonlySet<IpAddress> = new Set();

const keyOf = (a: InterfaceAddress) => `${a.interfaceIndex} ${a.address}/${a.prefixLength}`;

/** See the file's head. */
export class Interfaces {
  readonly #route: RouteNetlink;
  readonly #links = new Map<number, Link>();
  readonly #addresses = new Map<string, InterfaceAddress>();
  readonly #debounce = new LinkDebounce();
  #waiting: NodeJS.Timeout | undefined;
  #waitsFor: Instant | undefined;
  #polling: NodeJS.Timeout | undefined;
  #onChange: (change: InterfaceChange) => void = () => {};
  /** Ours, but they stay on this host: an instance may send from them. */
  staticAddresses: ReadonlySet<IpAddress> = NONE;

  private constructor(route: RouteNetlink) {
    this.#route = route;
  }

  /** Reads everything and listens from then on. Throws SystemError. */
  static async open(route: RouteNetlink): Promise<Interfaces> {
    const interfaces = new Interfaces(route);
    route.onEvent((event) => interfaces.#note(event));
    await interfaces.#read();
    return interfaces;
  }

  onChange(callback: (change: InterfaceChange) => void): void {
    this.#onChange = callback;
  }

  link(name: string): Link | undefined {
    for (const link of this.#links.values()) if (link.name === name) return link;
    return undefined;
  }

  /** What an index means now, whatever its name. */
  at(index: number): Link | undefined {
    return this.#links.get(index);
  }

  nameOf(index: number): string | undefined {
    return this.#links.get(index)?.name;
  }

  /**
   * The address of an interface that advertisements are sent from: RFC 3768 §1.6 "Primary IP Address". Where there is no
   * other, that of an owner may be the virtual address itself.
   */
  primaryAddress(
    name: string,
    family: Family,
    virtual: ReadonlySet<IpAddress>,
    isOwner: boolean,
  ): IpAddress | undefined {
    const index = this.link(name)?.index;
    const candidates = [...this.#addresses.values()]
      .filter(({ interfaceIndex }) => interfaceIndex === index)
      .map((one) => (this.staticAddresses.has(one.address) ? { ...one, protocol: undefined } : one));
    const found = sourceAddress(family, candidates, virtual);
    return found ?? (isOwner ? sourceAddress(family, candidates, NONE) : undefined);
  }

  /** Whether neighbours may take us for a router. */
  forwardsIpv6(name: string): boolean {
    return readSysctl(`net.ipv6.conf.${name.replaceAll('.', '/')}.forwarding`) === '1';
  }

  /** Whether this host has the address, on whichever interface. */
  hasAddress(address: IpAddress): boolean {
    for (const entry of this.#addresses.values()) if (entry.address === address) return true;
    return false;
  }

  /** Why an interface is not up, as a sentence; undefined: it is. */
  problemOf(name: string): string | undefined {
    const link = this.link(name);
    const isUp = link === undefined ? undefined : link.flags.up && link.flags.running;
    const counts = this.#debounce.look(name, isUp, now());
    this.#lookAgain();
    if (!link) return `interface ${name} does not exist`;
    if (counts) return undefined;
    if (isUp) return `interface ${name} has not been up for long enough`;
    return `interface ${name} is ${link.flags.up ? 'without carrier' : 'down'}`;
  }

  /** What an interface counts as lasts longer than it is: keepalived.conf(5) "interface_up_down_delays". */
  delay(delays: readonly LinkDelays[] = []): void {
    this.#debounce.configure(delays);
  }

  /** Looks at the links of these interfaces once a second, too: keepalived.conf(5) "linkbeat_interfaces". */
  poll(names: LinkPolling = []): void {
    clearInterval(this.#polling);
    this.#polling = undefined;
    if (names.length === 0) return;
    this.#polling = setInterval(() => void this.#look(names), inMilliseconds(POLL_EVERY));
  }

  /** Nothing happens any more by itself. */
  close(): void {
    clearTimeout(this.#waiting);
    clearInterval(this.#polling);
  }

  async #look(names: LinkPolling): Promise<void> {
    const links = await this.#route.links().catch(() => []); // the socket is closed
    for (const link of links) {
      if (names !== 'all' && !names.includes(link.name)) continue;
      const known = this.#links.get(link.index)?.flags;
      if (JSON.stringify(known) !== JSON.stringify(link.flags)) this.#note({ type: 'link-changed', link });
    }
  }

  #lookAgain(): void {
    const at = this.#debounce.nextAt;
    if (at === this.#waitsFor) return;
    this.#waitsFor = at;
    clearTimeout(this.#waiting);
    if (at === undefined) return;
    this.#waiting = setTimeout(
      () => {
        this.#waitsFor = undefined;
        this.#onChange({ type: 'delayed' });
      },
      Math.ceil(inMilliseconds(elapsed(now(), at))),
    );
  }

  /** Sentences that say why the instance cannot take part; empty when it can. keepalived: FAULT. */
  faultsOf(instance: VrrpInstance): readonly string[] {
    const faults = new Set<string>();
    const addresses = [...instance.virtualAddresses, ...instance.excludedAddresses];
    const tracked = addresses.filter(({ noTrack }) => noTrack !== true);
    const names = [instance.interface, ...tracked.map((virtual) => virtual.interface), ...trackedByRouting(instance)];
    for (const name of new Set(names)) {
      const isTracked = instance.trackPrimary || name !== instance.interface || !this.link(name);
      const problem = isTracked ? this.problemOf(name) : undefined;
      if (problem !== undefined) faults.add(problem);
    }
    if (this.link(instance.interface) && givenSource(instance) === undefined) {
      const missing = this.#missingSource(instance, new Set(addresses.map((entry) => entry.address)));
      if (missing !== undefined) faults.add(missing);
    }
    const { sourceAddress: source, trackSourceAddress, unicastFaultNoPeer, unicastPeers } = instance;
    if (trackSourceAddress && source !== undefined && !this.hasAddress(source)) {
      faults.add(`the source address ${source} is missing`);
    }
    if (unicastFaultNoPeer && unicastPeers.length === 0)
      faults.add('unicast_fault_no_peer, and there is no unicast_peer');
    return [...faults];
  }

  #missingSource(instance: VrrpInstance, virtual: ReadonlySet<IpAddress>): string | undefined {
    const { interface: name, family, priority } = instance;
    const isOwner = priority === OWNER_PRIORITY;
    if (this.primaryAddress(name, family, virtual, isOwner) !== undefined) return undefined;
    const what = family === 'inet' ? 'IPv4 address' : 'link-local IPv6 address';
    const own = this.primaryAddress(name, family, NONE, false) === undefined ? '' : ' of its own';
    return `interface ${name} has no ${what}${own}`;
  }

  async #read(): Promise<void> {
    const [links, addresses] = [await this.#route.links(), await this.#route.addresses()];
    this.#links.clear();
    for (const link of links) this.#links.set(link.index, link);
    this.#addresses.clear();
    for (const address of addresses) this.#addresses.set(keyOf(address), address);
  }

  #note(event: RouteEvent): void {
    switch (event.type) {
      case 'link-changed':
        this.#links.set(event.link.index, event.link);
        this.#onChange({ type: 'link', name: event.link.name, index: event.link.index });
        break;
      case 'link-removed': {
        const name = this.#links.get(event.index)?.name;
        this.#links.delete(event.index);
        if (name !== undefined) this.#onChange({ type: 'link', name, index: event.index });
        break;
      }
      case 'address-added':
      case 'address-removed': {
        const { type, address } = event;
        if (type === 'address-added') this.#addresses.set(keyOf(address), address);
        else this.#addresses.delete(keyOf(address));
        const name = this.nameOf(address.interfaceIndex);
        if (name !== undefined) this.#onChange({ type, address, interface: name });
        break;
      }
      case 'overrun':
        void this.#read().then(
          () => this.#onChange({ type: 'resynchronised' }),
          () => {}, // the socket is closed: the process is on its way out
        );
    }
  }
}

/** keepalived.conf(5) "no_track": the interfaces of routes and rules that are tracked. */
const trackedByRouting = ({ virtualRoutes, virtualRules }: VrrpInstance): string[] =>
  [
    ...virtualRoutes.filter(({ tracked }) => tracked).map((route) => route.interface),
    ...virtualRules.filter(({ tracked }) => tracked).flatMap((rule) => [rule.inputInterface, rule.outputInterface]),
  ].filter((name) => name !== undefined);
