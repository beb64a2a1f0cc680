/**
 * The interfaces that virtual routers have of their own (keepalived.conf(5) "use_vmac", "use_vmac_addr", "use_ipvlan"): which
 * they are, what is to be done to have them, and the settings of the kernel that they need.
 *
 * Ours are known by their alias, as addresses are by their protocol number: an interface that is as wanted is used, whoever made it,
 * but only what carries the mark is ever removed.
 */
import { type Family, familyOf, type IpAddress, isLinkLocal } from '../base/address.ts';
import { type Mac, virtualMac } from '../wire/ethernet.ts';
import type { Ipvlan, VirtualAddress, VrrpInstance } from './instance.ts';
import type { Prefix } from './route.ts';

/** The alias of interfaces that we have made; ip-link(8) shows it. */
export const HOLDFAST_ALIAS = 'holdfast';

/** An interface that is to be there. */
export interface OwnInterface {
  readonly name: string;
  /** The one below, by name. */
  readonly lower: string;
  /** Of what it carries. */
  readonly family: Family;
  /** A macvlan with this address, or an ipvlan. */
  readonly kind: { readonly type: 'macvlan'; readonly mac: Mac } | ({ readonly type: 'ipvlan' } & Pick<Ipvlan, 'mode'>);
  /** An address that it has all the time: the source of advertisements. */
  readonly address?: Prefix;
}

/** The interfaces that an instance needs: its own, and those of addresses on other interfaces. */
export function ownInterfacesOf(instance: VrrpInstance): readonly OwnInterface[] {
  const { family, interface: lower, vrid, virtualMac: vmac, ipvlan } = instance;
  const found = new Map<string, OwnInterface>();
  if (vmac !== undefined)
    found.set(vmac.name, { name: vmac.name, lower, family, kind: { type: 'macvlan', mac: vmac.mac } });
  if (ipvlan !== undefined) {
    const { name, mode, address } = ipvlan;
    found.set(name, {
      name,
      lower,
      family,
      kind: { type: 'ipvlan', mode },
      ...(address === undefined ? {} : { address }),
    });
  }
  for (const entry of [...instance.virtualAddresses, ...instance.excludedAddresses]) {
    const { virtualMac: name } = entry;
    if (name === undefined || found.has(name)) continue;
    const ofAddress = familyOf(entry.address);
    const kind = { type: 'macvlan', mac: virtualMac(vrid, ofAddress) } as const;
    found.set(name, { name, lower: entry.interface, family: ofAddress, kind });
  }
  return [...found.values()];
}

/** The interface that an address is held on. An ipvlan has the MAC of the one below: as in keepalived, addresses are there. */
export const placeOf = (entry: VirtualAddress): string => entry.virtualMac ?? entry.interface;

/** The source of advertisements where the configuration names one. */
export const givenSource = ({ sourceAddress, ipvlan, family }: VrrpInstance): IpAddress | undefined => {
  const own = ipvlan?.address?.address;
  return sourceAddress ?? (own !== undefined && familyOf(own) === family ? own : undefined);
};

/** An interface of the host. */
export interface ActualInterface {
  readonly index: number;
  readonly name: string;
  readonly kind?: string;
  /** Index of the one below. */
  readonly lower?: number;
  readonly mac?: Mac;
  readonly macvlanMode?: string;
  readonly alias?: string;
}

/** What is to be done, in this order. */
export interface InterfacePlan<Actual extends ActualInterface = ActualInterface> {
  readonly remove: readonly Actual[];
  /** `lower`: the index of the one below. */
  readonly make: readonly { readonly wanted: OwnInterface; readonly lower: number }[];
  /** There already, as wanted. */
  readonly use: readonly { readonly wanted: OwnInterface; readonly actual: Actual }[];
  /** Why one cannot be had, by its name. One whose lower interface is missing is not named. */
  readonly problems: ReadonlyMap<string, string>;
}

/**
 * From what is to what should be.
 * @param made indexes of interfaces that this process has made, whatever they are called by now
 */
export function planInterfaces<Actual extends ActualInterface>(
  actual: readonly Actual[],
  wanted: readonly OwnInterface[],
  made: ReadonlySet<number>,
): InterfacePlan<Actual> {
  const remove = new Set<Actual>();
  const make: InterfacePlan['make'][number][] = [];
  const use: InterfacePlan<Actual>['use'][number][] = [];
  const problems = new Map<string, string>();
  const isOurs = (one: ActualInterface): boolean => one.alias === HOLDFAST_ALIAS || made.has(one.index);
  for (const one of wanted) {
    const below = actual.find(({ name }) => name === one.lower);
    if (below === undefined) continue;
    // the kernel puts a macvlan that is made on another one beside it
    const lower = (below.kind === one.kind.type ? below.lower : undefined) ?? below.index;
    const there = actual.find(({ name }) => name === one.name);
    if (there !== undefined && isAsWanted(there, one, lower)) {
      use.push({ wanted: one, actual: there });
      continue;
    }
    if (there !== undefined && !isOurs(there)) {
      const kind = one.kind.type === 'macvlan' ? `a private macvlan with ${one.kind.mac}` : 'an ipvlan';
      problems.set(
        one.name,
        `interface ${one.name} is there already and is not ${kind} on ${one.lower}; it is left alone`,
      );
      continue;
    }
    // of one address on one interface there can be only one: ours under another name has to give way
    const { kind } = one;
    const double = actual.find(
      (other) => kind.type === 'macvlan' && isOurs(other) && other.lower === lower && other.mac === kind.mac,
    );
    for (const other of [there, double]) if (other !== undefined) remove.add(other);
    make.push({ wanted: one, lower: below.index });
  }
  const used = new Set(use.map((one) => one.actual.index));
  for (const one of actual) if (made.has(one.index) && !used.has(one.index)) remove.add(one);
  return { remove: [...remove].filter(({ index }) => !used.has(index)), make, use, problems };
}

function isAsWanted(there: ActualInterface, { kind }: OwnInterface, lower: number): boolean {
  if (there.kind !== kind.type || there.lower !== lower) return false;
  return kind.type === 'ipvlan' || (there.mac === kind.mac && there.macvlanMode === 'private');
}

/** A setting under /proc/sys, and the value that it needs. */
export type Setting = readonly [path: string, value: number];

/** keepalived sets these, but for arp_announce, and nothing of an interface of IPv6. */
export function settingsOf({ name, lower, family, kind }: OwnInterface): readonly Setting[] {
  if (kind.type === 'ipvlan') return [];
  // it must not answer for IPv4 addresses of this host
  if (family === 'inet6') return [[`net/ipv4/conf/${name}/arp_ignore`, 1]];
  const [own, below] = [`net/ipv4/conf/${name}`, `net/ipv4/conf/${lower}`];
  return [
    // answers for its own addresses only, and hears its own address as the source of others' packets
    [`${own}/arp_ignore`, 1],
    [`${own}/accept_local`, 1],
    [`${own}/rp_filter`, 0],
    [`${own}/promote_secondaries`, 1],
    [`net/ipv6/conf/${name}/disable_ipv6`, 1],
    // the virtual address is not answered for with the hardware address of the interface below
    [`${below}/arp_ignore`, 1],
    [`${below}/arp_filter`, 1],
    // and neither asked with, when a packet from it leaves by the interface below: neighbours learn from questions too
    [`${below}/arp_announce`, 2],
  ];
}

/** The largest of the value for all interfaces and an interface's own one counts: ip-sysctl, "rp_filter". */
export const RP_FILTER_ALL = 'net/ipv4/conf/all/rp_filter';

/**
 * Settings that leave every other interface filtering as it does when `all` becomes 0, and then `all`.
 * @param read the value of a setting @param names of all interfaces, and `default`
 */
export function withoutCommonFilter(
  read: (path: string) => string | undefined,
  names: readonly string[],
): readonly Setting[] {
  const common = Number(read(RP_FILTER_ALL) ?? 0);
  if (common === 0) return [];
  const weaker = names
    .map((name) => `net/ipv4/conf/${name}/rp_filter`)
    .filter((path) => Number(read(path) ?? common) < common);
  return [...weaker.map((path): Setting => [path, common]), [RP_FILTER_ALL, 0]];
}

/** The link-local address that an interface of IPv6 needs from the start: that of the one below. */
export const linkLocalOf = (
  addresses: readonly { readonly interfaceIndex: number; readonly address: IpAddress }[],
  index: number,
): IpAddress | undefined =>
  addresses.find(({ interfaceIndex, address }) => interfaceIndex === index && isLinkLocal(address))?.address;
