/**
 * Keeps the kernel's addresses of every holder as it is entitled to them: reads them, compares, asks for the difference.
 * Taking over, giving up, start, reload and repair are the same call. When its turn is, possession-keeper.ts says.
 */
import { addressBytes, familyOf } from '../base/address.ts';
import { now } from '../io/clock.ts';
import type { AddressKey, InterfaceAddress, NewAddress } from '../io/route-addresses.ts';
import type { RouteNetlink } from '../io/route-netlink.ts';
import { type ActualAddress, HOLDFAST_PROTOCOL, planAddresses } from '../vrrp/addresses.ts';
import type { VirtualAddress } from '../vrrp/instance.ts';
import { type Holder, isPaused } from './holder.ts';
import type { Interfaces } from './interfaces.ts';
import type { KeeperWorld } from './possession-keeper.ts';
import { addressKey } from './router.ts';

export interface AddressKeeperWorld extends KeeperWorld {
  readonly route: RouteNetlink;
  readonly interfaces: Interfaces;
  /** False on a kernel without IFA_PROTO (before Linux 5.18). */
  readonly kernelKeepsProtocol: boolean;
  /** What would have to be taken away if we were gone, and what the kernel would take with it; before it is there. */
  held(holder: Holder, ours: readonly AddressKey[], endangered: readonly InterfaceAddress[]): void;
}

/** A row of the kernel with the name of its interface. */
interface Row extends ActualAddress {
  readonly entry: InterfaceAddress;
}

/** See the file's head. */
export class AddressKeeper {
  readonly #world: AddressKeeperWorld;
  /** Under which names interfaces got addresses of ours: one that is renamed is still found. */
  readonly #names = new Map<number, string>();
  /** What we have removed ourselves and the kernel has still to tell. */
  readonly #expected = new Set<string>();
  /** What was read last while it was kept, unless something has been changed since. */
  #rows: readonly Row[] | undefined;
  #keepsRows = false;

  constructor(world: AddressKeeperWorld) {
    this.#world = world;
  }

  /** Takes away addresses that are to be there with other attributes; the next `settle` adds them again. */
  async remake(holder: Holder, addresses: readonly VirtualAddress[]): Promise<void> {
    const keys = new Set(addresses.map(addressKey));
    const actual = await this.#read();
    const ours = actual.filter((row) => keys.has(addressKey(row)) && row.protocol === HOLDFAST_PROTOCOL);
    await this.#remove(holder, ours, actual);
  }

  /** Whether what was read for one holder is good for this one too, as long as nothing has been changed. */
  keepRows(keeps: boolean): void {
    this.#keepsRows = keeps;
  }

  /** What was read holds no longer. */
  dropRows(): void {
    this.#rows = undefined;
  }

  /** True, once, when the removal that the kernel tells of was our own. */
  wasOurs(key: string): boolean {
    return this.#expected.delete(key);
  }

  /**
   * @param before what was wrong the last time: it is not said again
   * @returns whether anything was removed, with which routes may have gone
   */
  async settle(holder: Holder, before: ReadonlySet<string>): Promise<boolean> {
    const { kernelKeepsProtocol } = this.#world;
    const { all, retired } = holder;
    const at = now();
    const wanted = holder.isEntitled ? all.addresses.filter((entry) => !isPaused(holder, addressKey(entry), at)) : [];
    const known = [...all.addresses, ...retired.addresses];
    const actual = await this.#read();
    const plan = planAddresses({ actual, desired: wanted, known, kernelKeepsProtocol });
    const { removeFirst, add, remove, foreign } = plan;
    this.#noteForeign(holder, foreign, actual, before);
    const ours = wanted.filter((entry) => !foreign.includes(entry));
    if (holder.isEntitled) this.#tellHeld(holder, ours, actual);
    await this.#remove(holder, removeFirst, actual);
    const refused = new Set<VirtualAddress>();
    for (const entry of add) if (!(await this.#add(holder, entry))) refused.add(entry);
    const claimed = this.#claimedByOthers(holder);
    await this.#remove(
      holder,
      remove.filter((row) => !claimed.has(addressKey(row))),
      actual,
    );
    holder.held.clear();
    for (const entry of wanted) if (!refused.has(entry)) holder.held.add(addressKey(entry));
    if (!holder.isEntitled) this.#world.held(holder, [], []);
    return removeFirst.length + remove.length > 0;
  }

  #tellHeld(holder: Holder, ours: readonly VirtualAddress[], actual: readonly Row[]): void {
    const keys = new Set(ours.map(addressKey));
    const places = ours.flatMap((entry) => {
      const interfaceIndex = this.#world.interfaces.link(entry.interface)?.index;
      return interfaceIndex === undefined ? [] : [{ ...entry, interfaceIndex }];
    });
    const endangered = actual.filter(
      (row) => !keys.has(addressKey(row)) && places.some((place) => isSameNetwork(place, row.entry)),
    );
    this.#world.held(
      holder,
      places,
      endangered.map((row) => row.entry),
    );
  }

  /** With one reload an address may move from one instance to another. */
  #claimedByOthers(holder: Holder): ReadonlySet<string> {
    const keys = new Set<string>();
    for (const other of this.#world.holders()) {
      if (other === holder || !other.isEntitled) continue;
      for (const entry of other.all.addresses) keys.add(addressKey(entry));
    }
    return keys;
  }

  async #read(): Promise<readonly Row[]> {
    if (this.#keepsRows && this.#rows !== undefined) return this.#rows;
    const { route, interfaces } = this.#world;
    const rows = (await route.addresses()).map((entry) => ({
      interface: this.#names.get(entry.interfaceIndex) ?? interfaces.nameOf(entry.interfaceIndex) ?? '',
      address: entry.address,
      prefixLength: entry.prefixLength,
      protocol: entry.protocol,
      entry,
    }));
    if (this.#keepsRows) this.#rows = rows;
    return rows;
  }

  /** Addresses of ours that somebody else put there: never touched, and dangerous where we are not MASTER. */
  #noteForeign(
    holder: Holder,
    wanted: readonly VirtualAddress[],
    actual: readonly Row[],
    before: ReadonlySet<string>,
  ): void {
    if (!this.#world.kernelKeepsProtocol) return;
    const note = (entry: Omit<ActualAddress, 'protocol'>, sentence: string) => {
      holder.problems.set(addressKey(entry), sentence);
      if (before.has(sentence)) return;
      this.#world.log('warning', 'address-foreign', `(${holder.title}) ${sentence}`, {
        ...holder.fields,
        address: entry.address,
      });
    };
    const leftAlone = 'was not added by holdfast and is left alone';
    for (const entry of wanted) note(entry, `${addressKey(entry)} is there already, ${leftAlone}`);
    if (holder.isEntitled) return;
    const places = new Set(holder.all.addresses.map((entry) => `${entry.interface} ${entry.address}`));
    for (const row of actual) {
      if (row.protocol === HOLDFAST_PROTOCOL || !places.has(`${row.interface} ${row.address}`)) continue;
      const key = addressKey(row);
      note(row, `${key} is on this node, which is not MASTER; it ${leftAlone}: ip address del ${key}`);
    }
  }

  /** Whether it is there now. */
  async #add(holder: Holder, entry: VirtualAddress): Promise<boolean> {
    const { route, interfaces } = this.#world;
    const interfaceIndex = interfaces.link(entry.interface)?.index;
    if (interfaceIndex === undefined) return false; // a fault of its own
    this.#names.set(interfaceIndex, entry.interface);
    const outcome = await this.#change(holder, 'take-addresses', addressKey(entry), () =>
      route.addAddress(newAddress(entry, interfaceIndex)),
    );
    return outcome !== 'refused';
  }

  /**
   * Removes rows. With the first address of an IPv4 network the kernel removes the other ones of that network, unless
   * net.ipv4.conf.*.promote_secondaries is set: those that were to stay are put back as they were, whoever's they are.
   */
  async #remove(holder: Holder, rows: readonly ActualAddress[], actual: readonly Row[]): Promise<void> {
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
      const outcome = await this.#change(holder, 'release-addresses', addressKey(row), () =>
        this.#world.route.deleteAddress(row.entry),
      );
      if (outcome !== 'done') this.#expected.delete(addressKey(row));
    }
    if (endangered.length === 0) return;
    const left = new Set((await this.#read()).map(addressKey));
    this.dropRows();
    for (const row of endangered) {
      if (left.has(addressKey(row))) this.#expected.delete(addressKey(row));
      else await this.#world.route.addAddress({ ...row.entry, protocol: row.entry.protocol ?? 0 });
    }
  }

  /** One change of one address; a refusal is noted and the others go on. */
  async #change(
    holder: Holder,
    what: 'take-addresses' | 'release-addresses',
    key: string,
    change: () => Promise<void>,
  ): Promise<'done' | 'as-wanted' | 'refused'> {
    const verb = what === 'take-addresses' ? 'added' : 'removed';
    try {
      this.dropRows();
      await change();
      this.#world.log('info', `address-${verb}`, `(${holder.title}) ${verb} ${key}`, {
        ...holder.fields,
        address: key,
      });
      return 'done';
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST' || code === 'EADDRNOTAVAIL') return 'as-wanted';
      holder.problems.set(key, `${key} could not be ${verb}: ${message}`);
      this.#world.failed(holder, what, error);
      return 'refused';
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
