/**
 * Keeps the kernel's addresses of every instance as its state demands: reads them, compares, asks for the difference.
 * Taking over, giving up, start, reload and repair are the same call; one after another, so that an address that moves
 * from one instance to another is released before it is taken.
 */
import { addressBytes, familyOf } from '../base/address.ts';
import type { AddressKey, InterfaceAddress, NewAddress } from '../io/route-addresses.ts';
import type { RouteNetlink } from '../io/route-netlink.ts';
import { type ActualAddress, HOLDFAST_PROTOCOL, planAddresses } from '../vrrp/addresses.ts';
import type { VirtualAddress } from '../vrrp/instance.ts';
import type { Interfaces } from './interfaces.ts';
import type { LogLevel } from './messages.ts';
import { addressKey, allAddresses, type Router } from './router.ts';

export interface AddressKeeperWorld {
  readonly route: RouteNetlink;
  readonly interfaces: Interfaces;
  /** False on a kernel without IFA_PROTO (before Linux 5.18). */
  readonly kernelKeepsProtocol: boolean;
  /** All instances: what another MASTER wants is not removed. */
  routers(): Iterable<Router>;
  /** An address could not be added or removed, or the addresses could not be read. */
  failed(router: Router, what: 'take-addresses' | 'release-addresses', error: unknown): void;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number | undefined>): void;
  /** What would have to be taken away if we were gone, and what the kernel would take with it; before it is there. */
  held(router: Router, ours: readonly AddressKey[], endangered: readonly InterfaceAddress[]): void;
}

/** A row of the kernel with the name of its interface. */
interface Row extends ActualAddress {
  readonly entry: InterfaceAddress;
}

/** See the file's head. */
export class AddressKeeper {
  readonly #world: AddressKeeperWorld;
  #queue: Promise<void> = Promise.resolve();
  /** Under which names interfaces got addresses of ours: one that is renamed is still found. */
  readonly #names = new Map<number, string>();
  /** What we have removed ourselves and the kernel has still to tell. */
  readonly #expected = new Set<string>();

  constructor(world: AddressKeeperWorld) {
    this.#world = world;
  }

  /** Makes the addresses as the router's state demands when its turn comes. */
  settle(router: Router): void {
    this.afterwards(router, () => this.#settle(router));
  }

  /** Takes away addresses that are to be there with other attributes; the next `settle` adds them again. */
  remake(router: Router, addresses: readonly VirtualAddress[]): void {
    const keys = new Set(addresses.map(addressKey));
    this.afterwards(router, async () => {
      const actual = await this.#read();
      const ours = actual.filter((row) => keys.has(addressKey(row)) && row.protocol === HOLDFAST_PROTOCOL);
      await this.#remove(router, ours, actual);
    });
  }

  /** Does something about the router's addresses once everything asked for so far is done. */
  afterwards(router: Router, work: () => Promise<void> | void): void {
    this.#queue = this.#queue.then(work).catch((error: unknown) => this.#world.failed(router, 'take-addresses', error));
  }

  /** Resolves when everything that was asked for so far has been done. */
  settled(): Promise<void> {
    return this.#queue;
  }

  /** True, once, when the removal that the kernel tells of was our own. */
  wasOurs(key: string): boolean {
    return this.#expected.delete(key);
  }

  async #settle(router: Router): Promise<void> {
    const { kernelKeepsProtocol } = this.#world;
    const wanted = router.state.name === 'Master' ? allAddresses(router.instance) : [];
    const known = [...allAddresses(router.instance), ...router.retired];
    const actual = await this.#read();
    const { removeFirst, add, remove, foreign } = planAddresses({
      actual,
      desired: wanted,
      known,
      kernelKeepsProtocol,
    });
    const before = new Set(router.problems.values());
    router.problems.clear();
    this.#noteForeign(router, foreign, actual, before);
    const ours = wanted.filter((entry) => !foreign.includes(entry));
    if (ours.length > 0) this.#tellHeld(router, ours, actual);
    await this.#remove(router, removeFirst, actual);
    for (const entry of add) await this.#add(router, entry);
    const claimed = this.#claimedByOthers(router);
    await this.#remove(
      router,
      remove.filter((row) => !claimed.has(addressKey(row))),
      actual,
    );
    router.retired = [];
    router.held.clear();
    const taken = (entry: VirtualAddress) => !router.problems.has(addressKey(entry)) || foreign.includes(entry);
    for (const entry of wanted.filter(taken)) router.held.add(addressKey(entry));
    if (ours.length === 0) this.#world.held(router, [], []);
  }

  #tellHeld(router: Router, ours: readonly VirtualAddress[], actual: readonly Row[]): void {
    const keys = new Set(ours.map(addressKey));
    const places = ours.flatMap((entry) => {
      const interfaceIndex = this.#world.interfaces.link(entry.interface)?.index;
      return interfaceIndex === undefined ? [] : [{ ...entry, interfaceIndex }];
    });
    const endangered = actual.filter(
      (row) => !keys.has(addressKey(row)) && places.some((place) => isSameNetwork(place, row.entry)),
    );
    this.#world.held(
      router,
      places,
      endangered.map((row) => row.entry),
    );
  }

  /** With one reload an address may move from one instance to another. */
  #claimedByOthers(router: Router): ReadonlySet<string> {
    const keys = new Set<string>();
    for (const other of this.#world.routers()) {
      if (other === router || other.state.name !== 'Master') continue;
      for (const entry of allAddresses(other.instance)) keys.add(addressKey(entry));
    }
    return keys;
  }

  async #read(): Promise<Row[]> {
    const { route, interfaces } = this.#world;
    return (await route.addresses()).map((entry) => ({
      interface: this.#names.get(entry.interfaceIndex) ?? interfaces.nameOf(entry.interfaceIndex) ?? '',
      address: entry.address,
      prefixLength: entry.prefixLength,
      protocol: entry.protocol,
      entry,
    }));
  }

  /** Addresses of ours that somebody else put there: never touched, and dangerous where we are not MASTER. */
  #noteForeign(
    router: Router,
    wanted: readonly VirtualAddress[],
    actual: readonly Row[],
    before: ReadonlySet<string>,
  ): void {
    if (!this.#world.kernelKeepsProtocol) return;
    const { name, vrid } = router.instance;
    const note = (entry: { interface: string; address: string; prefixLength: number }, sentence: string) => {
      router.problems.set(`${entry.address}/${entry.prefixLength} dev ${entry.interface}`, sentence);
      if (before.has(sentence)) return;
      this.#world.log('warning', 'address-foreign', `(${name}) ${sentence}`, {
        instance: name,
        vrid,
        address: entry.address,
      });
    };
    const leftAlone = 'was not added by holdfast and is left alone';
    for (const entry of wanted) note(entry, `${addressKey(entry)} is there already, ${leftAlone}`);
    if (router.state.name === 'Master') return;
    const places = new Set(allAddresses(router.instance).map((entry) => `${entry.interface} ${entry.address}`));
    for (const row of actual) {
      if (row.protocol === HOLDFAST_PROTOCOL || !places.has(`${row.interface} ${row.address}`)) continue;
      const key = `${row.address}/${row.prefixLength} dev ${row.interface}`;
      note(row, `${key} is on this node, which is not MASTER; it ${leftAlone}: ip address del ${key}`);
    }
  }

  async #add(router: Router, entry: VirtualAddress): Promise<void> {
    const { route, interfaces } = this.#world;
    const interfaceIndex = interfaces.link(entry.interface)?.index;
    if (interfaceIndex === undefined) return; // a fault of its own
    this.#names.set(interfaceIndex, entry.interface);
    await this.#change(router, 'take-addresses', addressKey(entry), () =>
      route.addAddress(newAddress(entry, interfaceIndex)),
    );
  }

  /**
   * Removes rows. With the first address of an IPv4 network the kernel removes the other ones of that network, unless
   * net.ipv4.conf.*.promote_secondaries is set: those that were to stay are put back as they were, whoever's they are.
   */
  async #remove(router: Router, rows: readonly ActualAddress[], actual: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    const keys = new Set(rows.map(addressKey));
    const targets = actual.filter((row) => keys.has(addressKey(row)));
    const endangered = actual.filter(
      (row) =>
        row.entry.secondary &&
        !keys.has(addressKey(row)) &&
        targets.some((target) => isNetworkOf(target.entry, row.entry)),
    );
    for (const row of [...targets, ...endangered]) this.#expected.add(addressKey(row));
    for (const row of targets) {
      const removed = await this.#change(router, 'release-addresses', addressKey(row), () =>
        this.#world.route.deleteAddress(row.entry),
      );
      if (!removed) this.#expected.delete(addressKey(row));
    }
    if (endangered.length === 0) return;
    const left = new Set((await this.#read()).map(addressKey));
    for (const row of endangered) {
      if (left.has(addressKey(row))) this.#expected.delete(addressKey(row));
      else await this.#world.route.addAddress({ ...row.entry, protocol: row.entry.protocol ?? 0 });
    }
  }

  /** One change of one address; a refusal is noted and the others go on. True when the kernel has done it. */
  async #change(
    router: Router,
    what: 'take-addresses' | 'release-addresses',
    key: string,
    change: () => Promise<void>,
  ): Promise<boolean> {
    const { name, vrid } = router.instance;
    const verb = what === 'take-addresses' ? 'added' : 'removed';
    try {
      await change();
      this.#world.log('info', `address-${verb}`, `(${name}) ${verb} ${key}`, { instance: name, vrid, address: key });
      return true;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST' || code === 'EADDRNOTAVAIL') return false; // already as wanted
      router.problems.set(key, `${key} could not be ${verb}: ${message}`);
      this.#world.failed(router, what, error);
      return false;
    }
  }
}

/** Whether `other` is in the IPv4 network that `first` is the first address of, on one interface. */
const isNetworkOf = (first: InterfaceAddress, other: InterfaceAddress): boolean =>
  !first.secondary && isSameNetwork(first, other);

/** Whether two addresses are of one IPv4 network on one interface. */
function isSameNetwork(first: AddressKey, other: AddressKey): boolean {
  if (first.interfaceIndex !== other.interfaceIndex) return false;
  if (
    first.prefixLength !== other.prefixLength ||
    familyOf(first.address) !== 'inet' ||
    familyOf(other.address) !== 'inet'
  ) {
    return false;
  }
  const [a, b] = [addressBytes(first.address), addressBytes(other.address)];
  for (let bit = 0; bit < first.prefixLength; bit++) {
    const mask = 0x80 >> (bit & 7);
    if (((a[bit >> 3] ?? 0) & mask) !== ((b[bit >> 3] ?? 0) & mask)) return false;
  }
  return true;
}

/** How keepalived adds an address: one of IPv6 that is a network of its own is not to be the source of connections. */
function newAddress(entry: VirtualAddress, interfaceIndex: number): NewAddress {
  const { interface: _interface, noTrack: _noTrack, useVmac: _useVmac, ...wanted } = entry;
  const isHost = familyOf(entry.address) === 'inet6' && entry.prefixLength === 128;
  return { ...(isHost ? { preferredLifetime: 0 } : {}), ...wanted, interfaceIndex, protocol: HOLDFAST_PROTOCOL };
}
