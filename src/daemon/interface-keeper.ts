/**
 * Has the interfaces of the virtual routers' own as the routers need them: makes them, uses what an earlier life left, makes them anew
 * when somebody removes them, and takes them away with the last router that needs them. The settings of the kernel go with them.
 * What is needed and what is to be done is decided in vrrp/own-interfaces.ts.
 */
import { isLinkLocal } from '../base/address.ts';
import { inMilliseconds, inSeconds, seconds } from '../base/time.ts';
import { now } from '../io/clock.ts';
import { type ChangedSetting, KernelSettings } from '../io/kernel-settings.ts';
import type { Link } from '../io/route-links.ts';
import type { RouteNetlink } from '../io/route-netlink.ts';
import { HOLDFAST_PROTOCOL } from '../vrrp/addresses.ts';
import type { VirtualMacInterface } from '../vrrp/firewall.ts';
import type { VrrpInstance } from '../vrrp/instance.ts';
import {
  HOLDFAST_ALIAS,
  linkLocalOf,
  type OwnInterface,
  ownInterfacesOf,
  planInterfaces,
  type Setting,
  settingsOf,
  withoutCommonFilter,
} from '../vrrp/own-interfaces.ts';
import type { InterfaceChange, Interfaces } from './interfaces.ts';
import type { LogLevel } from './messages.ts';
import { RepairPace } from './repair-pace.ts';

/** What cannot be done is tried again this much later. */
const TRY_AGAIN_AFTER = seconds(1);
/** RT_SCOPE_LINK of linux/rtnetlink.h. */
const SCOPE_LINK = 253;

export interface InterfaceKeeperWorld {
  readonly route: RouteNetlink;
  readonly interfaces: Interfaces;
  /** Of all routers, those on their way out included. */
  instances(): Iterable<VrrpInstance>;
  /** All interfaces with a virtual MAC; resolves when the packet filter has them. */
  virtualMacs(found: readonly VirtualMacInterface[]): Promise<void>;
  /** Resolves when all addresses that are to go are gone. */
  addressesSettled(): Promise<void>;
  /** Interfaces are there now that were not, by name. */
  appeared(names: ReadonlySet<string>): void;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number | undefined>): void;
}

/** What has become of an interface that is needed. */
type Outcome =
  | {
      readonly type: 'there';
      readonly index: number;
      /** Somebody has switched it off, and it is still there: one that is removed is off first. */
      isOff: boolean;
    }
  | { readonly type: 'failed'; readonly problem: string };

/** An interface that is needed and there. */
interface Present {
  readonly one: OwnInterface;
  readonly index: number;
  /** As it was found; absent: just made. */
  readonly link?: Link;
}

/** What keeps an instance out because of interfaces of its own. */
export interface OwnInterfaceProblems {
  readonly faults: readonly string[];
  /** They are being made, which takes milliseconds. */
  readonly waits: readonly string[];
}

/** See the file's head. */
export class InterfaceKeeper {
  readonly #world: InterfaceKeeperWorld;
  readonly #settings: KernelSettings;
  readonly #outcomes = new Map<string, Outcome>();
  readonly #made = new Set<number>();
  /** Settings that do not go with interfaces. */
  readonly #held = new Set<string>();
  readonly #pace = new RepairPace();
  #wanted: readonly OwnInterface[] = [];
  #queue: Promise<void> = Promise.resolve();
  #isAsked = false;
  #told = '[]';
  #again: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(world: InterfaceKeeperWorld) {
    this.#world = world;
    this.#settings = new KernelSettings(async (name, setting, value) => {
      const index = world.interfaces.link(name)?.index;
      if (index !== undefined) await world.route.setIpv4(index, { [setting]: value });
    });
  }

  /** A setting that stays until the end, whatever interfaces there are. */
  async hold(setting: Setting): Promise<void> {
    this.#held.add(setting[0]);
    await this.#set([setting]);
  }

  /** Makes the interfaces as the routers need them; asked for twice it is done once. */
  settle(): void {
    this.#wanted = this.#needed();
    if (this.#isAsked || this.#isClosed) return;
    this.#isAsked = true;
    clearTimeout(this.#again);
    this.#queue = this.#queue.then(() => this.#settle());
  }

  /** Somebody changed something; nothing follows unless it concerns interfaces of ours. */
  note(change: InterfaceChange): void {
    if (this.#wanted.length === 0 && this.#made.size === 0) return;
    if (change.type === 'delayed') return;
    if (change.type === 'resynchronised') this.settle();
    else if (change.type === 'link') {
      const { name, index } = change;
      if (this.#made.has(index) || this.#wanted.some((one) => one.name === name || one.lower === name)) this.settle();
    } else if (isLinkLocal(change.address.address)) {
      if (this.#wanted.some(({ lower }) => lower === change.interface)) this.settle();
    }
  }

  /** Why an instance cannot do without waiting, or at all. */
  problemsOf(instance: VrrpInstance): OwnInterfaceProblems {
    const own = ownInterfacesOf(instance);
    if (own.length === 0) return NO_PROBLEMS;
    const faults: string[] = [];
    const waits: string[] = [];
    const { ipvlan, family } = instance;
    if (ipvlan !== undefined && family === 'inet' && ipvlan.address === undefined) {
      faults.push('use_ipvlan has no address to send from');
    }
    for (const { name, lower } of own) {
      if (this.#world.interfaces.link(lower) === undefined) continue; // a fault of its own
      const outcome = this.#outcomes.get(name);
      if (outcome?.type === 'failed') {
        faults.push(outcome.problem);
        continue;
      }
      const isDown = outcome && this.#isDown(outcome);
      if (isDown === undefined) waits.push(`interface ${name} is being made`);
      else if (isDown && instance.trackPrimary) faults.push(`interface ${name} is down`);
    }
    return { faults, waits };
  }

  /** Settings that are to be put back at the end. */
  get settings(): readonly ChangedSetting[] {
    return this.#settings.all;
  }

  /** Another process has changed these for us. */
  adopt(settings: readonly ChangedSetting[]): void {
    this.#settings.adopt(settings);
  }

  /** Another process goes on with what is ours. */
  async abandon(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#again);
    await this.#queue;
  }

  /** At the end: everything of ours goes, and the kernel's settings are what they were. Asks nobody what is needed. */
  async release(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#again);
    await this.#queue;
    for (const index of this.#made) await this.#remove(index, this.#world.interfaces.nameOf(index) ?? `${index}`);
    await this.#restore('');
  }

  /** Undefined: it has not been seen up yet, or it is about to be looked at. */
  #isDown(outcome: Extract<Outcome, { type: 'there' }>): boolean | undefined {
    const link = this.#world.interfaces.at(outcome.index);
    if (link?.flags.up) return false;
    return link !== undefined && outcome.isOff ? true : undefined;
  }

  #needed(): readonly OwnInterface[] {
    const all = new Map<string, OwnInterface>();
    for (const instance of this.#world.instances()) {
      for (const one of ownInterfacesOf(instance)) if (!all.has(one.name)) all.set(one.name, one);
    }
    return [...all.values()];
  }

  async #settle(): Promise<void> {
    this.#isAsked = false;
    try {
      await this.#bringAbout(this.#wanted);
    } catch (error) {
      if (this.#isClosed) return;
      this.#log('warning', 'interface-failed', `interfaces cannot be read: ${(error as Error).message}`);
      this.#tryAgain(inMilliseconds(TRY_AGAIN_AFTER));
    }
  }

  async #bringAbout(wanted: readonly OwnInterface[]): Promise<void> {
    const { route } = this.#world;
    if (wanted.length === 0 && this.#made.size === 0 && this.#outcomes.size === 0) return;
    const links = await route.links();
    const there = new Set(links.map(({ index }) => index));
    for (const index of [...this.#made]) if (!there.has(index)) this.#made.delete(index);
    const plan = planInterfaces(links, wanted, this.#made);
    if (plan.remove.length > 0) await this.#world.addressesSettled();
    for (const { index, name } of plan.remove) await this.#remove(index, name);
    await this.#forget(wanted);
    const present: Present[] = plan.use.map(({ wanted: one, actual }) => ({ one, index: actual.index, link: actual }));
    for (const { wanted: one, lower } of plan.make) {
      if (this.#mustWait(one.name)) continue;
      await this.#attempt(one, async () => void present.push({ one, index: await this.#make(one, lower) }));
    }
    // before any of them is up, so that no report of a group leaves with a virtual MAC
    await this.#tellVirtualMacs(present, links);
    const appeared = new Set<string>();
    for (const { one, index, link } of present) {
      const before = this.#outcomes.get(one.name);
      const isKnown = before?.type === 'there' && before.index === index;
      await this.#attempt(one, async () => {
        if (link?.alias === HOLDFAST_ALIAS) this.#made.add(index);
        await this.#prepare(one, index, isKnown);
        if (isKnown) {
          before.isOff = !link?.flags.up;
          return;
        }
        this.#outcomes.set(one.name, { type: 'there', index, isOff: false });
        appeared.add(one.name);
        if (link === undefined)
          this.#log('info', 'interface-made', `interface ${one.name} made on ${one.lower}`, one.name);
        else this.#log('info', 'interface-used', `interface ${one.name} is there already and is used`, one.name);
      });
    }
    for (const [name, problem] of plan.problems) this.#failed(name, problem);
    if (wanted.some(({ kind, family }) => kind.type === 'macvlan' && family === 'inet')) {
      const names = [...links.map(({ name }) => name), 'default'];
      await this.#set(withoutCommonFilter((path) => this.#settings.read(path), names.filter(isNoOwn(wanted))));
    }
    this.#world.appeared(appeared);
  }

  /** For the packet filter; the same is not told twice. */
  async #tellVirtualMacs(present: readonly Present[], links: readonly Link[]): Promise<void> {
    const found = present.flatMap(({ one, index }): VirtualMacInterface[] => {
      const lower = links.find(({ name }) => name === one.lower)?.index;
      const isVirtual = one.kind.type === 'macvlan' && lower !== undefined;
      return isVirtual ? [{ interfaceIndex: index, lower, family: one.family }] : [];
    });
    const told = JSON.stringify(found);
    if (told === this.#told) return;
    this.#told = told;
    await this.#world.virtualMacs(found);
  }

  /** What was there and is not any more goes on being repaired, but not ever faster than somebody removes it. */
  #mustWait(name: string): boolean {
    const before = this.#outcomes.get(name);
    if (before === undefined) return false;
    if (before.type === 'there') {
      const wait = this.#pace.next(name, now());
      const sentence = `interface ${name} is gone; ${wait > 0 ? `making it again in ${inSeconds(wait)} s` : 'making it again'}`;
      this.#log('warning', 'interface-lost', sentence, name);
      if (wait === 0) return false;
      this.#outcomes.set(name, { type: 'failed', problem: `somebody removes interface ${name} again and again` });
      this.#tryAgain(inMilliseconds(wait));
      return true;
    }
    return false;
  }

  /** What nobody needs any more; and the settings of the interface below go back when it carries nothing of ours. */
  async #forget(wanted: readonly OwnInterface[]): Promise<void> {
    const names = new Set(wanted.map(({ name }) => name));
    for (const name of [...this.#outcomes.keys()]) if (!names.has(name)) this.#outcomes.delete(name);
    const kept = new Set([...this.#held, ...wanted.flatMap(settingsOf).map(([path]) => path)]);
    const needsFilterOff = wanted.some((one) => settingsOf(one).length > 0);
    for (const path of this.#settings.changed) {
      const isFilter = path.endsWith('/rp_filter');
      if (!kept.has(path) && !(isFilter && needsFilterOff)) await this.#restore(path);
    }
  }

  async #attempt(one: OwnInterface, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#isClosed) return;
      this.#failed(one.name, `interface ${one.name} cannot be had: ${(error as Error).message}`);
      this.#tryAgain(inMilliseconds(TRY_AGAIN_AFTER));
    }
  }

  #failed(name: string, problem: string): void {
    const before = this.#outcomes.get(name);
    this.#outcomes.set(name, { type: 'failed', problem });
    if (before?.type !== 'failed' || before.problem !== problem) this.#log('error', 'interface-failed', problem, name);
    // the routers hear of it like of an interface that appeared
    this.#world.appeared(new Set());
  }

  #tryAgain(inMs: number): void {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.settle(), inMs);
    this.#again.unref();
  }

  async #make(one: OwnInterface, lower: number): Promise<number> {
    const { route } = this.#world;
    const { name, kind } = one;
    await route.createLink(
      kind.type === 'macvlan'
        ? { name, lower, mac: kind.mac, kind: { type: 'macvlan', mode: 'private' } }
        : { name, lower, kind: { type: 'ipvlan', mode: 'l2', flag: kind.mode } },
    );
    const link = (await route.links()).find((each: Link) => each.name === name);
    if (link === undefined) throw new Error('somebody removed it at once');
    this.#made.add(link.index);
    await route.changeLink(link.index, { alias: HOLDFAST_ALIAS });
    return link.index;
  }

  /** Settings, the addresses that it has all the time, and up; what somebody switched off later stays off. */
  async #prepare(one: OwnInterface, index: number, isKnown: boolean): Promise<void> {
    const { route } = this.#world;
    if (!isKnown) {
      // a kernel without IPv6 makes no such address
      await route.changeLink(index, { linkLocalAddress: false }).catch(() => {});
    }
    await this.#set(settingsOf(one));
    if (!isKnown) await route.changeLink(index, { up: true });
    await this.#address(one, index);
  }

  async #address({ family, lower, address }: OwnInterface, index: number): Promise<void> {
    const { route, interfaces } = this.#world;
    if (address === undefined && family === 'inet') return;
    const all = await route.addresses();
    const below = interfaces.link(lower)?.index;
    const linkLocal = below === undefined ? undefined : linkLocalOf(all, below);
    const has = (given: string) => all.some((row) => row.interfaceIndex === index && row.address === given);
    const common = { interfaceIndex: index, protocol: HOLDFAST_PROTOCOL };
    if (address !== undefined && !has(address.address)) await route.addAddress({ ...common, ...address, scope: 0 });
    if (family === 'inet' || linkLocal === undefined || linkLocalOf(all, index) !== undefined) return;
    // connections of this host are not to begin there
    await route.addAddress({
      ...common,
      address: linkLocal,
      prefixLength: 64,
      scope: SCOPE_LINK,
      preferredLifetime: 0,
    });
  }

  /** A setting that cannot be set is said, and done without. */
  async #set(settings: readonly (readonly [string, number])[]): Promise<void> {
    for (const [path, value] of settings) {
      try {
        await this.#settings.set(path, value);
      } catch (error) {
        this.#log('warning', 'setting-failed', `cannot set ${path} to ${value}: ${(error as Error).message}`);
      }
    }
  }

  async #restore(begin: string): Promise<void> {
    try {
      await this.#settings.restore(begin);
    } catch (error) {
      this.#log('warning', 'setting-failed', `cannot put settings back: ${(error as Error).message}`);
    }
  }

  async #remove(index: number, name: string): Promise<void> {
    this.#made.delete(index);
    try {
      await this.#world.route.deleteLink(index);
      this.#log('info', 'interface-removed', `interface ${name} removed`, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENODEV') return;
      this.#log(
        'warning',
        'interface-failed',
        `interface ${name} cannot be removed: ${(error as Error).message}`,
        name,
      );
    }
  }

  #log(level: LogLevel, event: string, message: string, name?: string): void {
    this.#world.log(level, event, message, name === undefined ? {} : { interface: name });
  }
}

const NO_PROBLEMS: OwnInterfaceProblems = { faults: [], waits: [] };

/** Interfaces of ours have values of their own. */
const isNoOwn =
  (wanted: readonly OwnInterface[]) =>
  (name: string): boolean =>
    wanted.every((one) => one.name !== name);
