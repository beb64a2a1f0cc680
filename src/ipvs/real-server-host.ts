/**
 * What a real server behind DR or TUN needs: the virtual IP on an interface that answers no ARP, and the sysctls that keep it
 * from doing so elsewhere. The part of every LVS tutorial that people get wrong.
 *
 * Pure: `planUp` and `planDown` say which steps lead there from what is. Kernel documentation: networking/ip-sysctl
 * ("arp_ignore", "arp_announce", "rp_filter").
 */
import { type Family, familyOf, type IpAddress } from '../base/address.ts';
import { RTPROT_KEEPALIVED } from '../wire/rtnetlink.ts';

/** How the director forwards: the packets come as they were, or in a tunnel. */
export type HostMode = 'dr' | 'tun';

/** What is wanted. */
export interface HostWish {
  readonly mode: HostMode;
  readonly virtualAddresses: readonly IpAddress[];
}

/** What the host is like. */
export interface HostState {
  readonly addresses: readonly HostAddress[];
  /** By name, as `sysctl` has it: `net.ipv4.conf.all.arp_ignore`. Absent: the kernel has no such. */
  readonly sysctls: ReadonlyMap<string, string>;
  /** Interfaces that are there, and whether they are up. */
  readonly links: ReadonlyMap<string, boolean>;
}

export interface HostAddress {
  readonly interface: string;
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** Who added it: linux/if_addr.h IFA_PROTO. */
  readonly protocol?: number | undefined;
}

export type HostStep =
  | { readonly type: 'set-sysctl'; readonly name: string; readonly value: string; readonly before: string }
  | { readonly type: 'set-up'; readonly interface: string }
  | { readonly type: 'add-address' | 'remove-address'; readonly place: HostAddress };

/** What `up` changed and `down` puts back: values before the first `up`, by name. */
export type SavedSysctls = Readonly<Record<string, string>>;

/** Where the virtual IP of a family goes. */
export const interfaceFor = (mode: HostMode, family: Family): string =>
  mode === 'dr' ? 'lo' : family === 'inet' ? 'tunl0' : 'ip6tnl0';

/** The sysctls that are needed and their values; the order is that in which they are set: before the address is there. */
export function neededSysctls({ mode, virtualAddresses }: HostWish): ReadonlyMap<string, string> {
  const needed = new Map<string, string>();
  if (!virtualAddresses.some((address) => familyOf(address) === 'inet')) return needed;
  const name = interfaceFor(mode, 'inet');
  for (const place of ['all', name]) {
    // answers only for addresses of the interface that was asked, and never asks with the virtual IP as its own
    needed.set(`net.ipv4.conf.${place}.arp_ignore`, '1');
    needed.set(`net.ipv4.conf.${place}.arp_announce`, '2');
  }
  // what comes out of a tunnel comes from clients that are not behind it
  if (mode === 'tun') for (const place of ['all', name]) needed.set(`net.ipv4.conf.${place}.rp_filter`, '0');
  return needed;
}

/** The interfaces that are missing: the kernel's tunnel module is not loaded. */
export const missingInterfaces = ({ mode, virtualAddresses }: HostWish, { links }: HostState): string[] => [
  ...new Set(
    virtualAddresses.map((address) => interfaceFor(mode, familyOf(address))).filter((name) => !links.has(name)),
  ),
];

/** The steps to where the wish is fulfilled; none when it is. */
export function planUp(wish: HostWish, state: HostState): HostStep[] {
  const steps: HostStep[] = [];
  for (const [name, value] of neededSysctls(wish)) {
    const before = state.sysctls.get(name);
    if (before !== undefined && !isAsGood(name, before, value)) steps.push({ type: 'set-sysctl', name, value, before });
  }
  for (const address of wish.virtualAddresses) {
    const name = interfaceFor(wish.mode, familyOf(address));
    const isAnnounced = steps.some((step) => step.type === 'set-up' && step.interface === name);
    if (state.links.get(name) === false && !isAnnounced) steps.push({ type: 'set-up', interface: name });
    if (state.addresses.some((row) => row.interface === name && row.address === address)) continue;
    const place = { interface: name, address, prefixLength: fullLength(address) };
    steps.push({ type: 'add-address', place });
  }
  return steps;
}

/**
 * The steps that take back what `planUp` did: our addresses, and the sysctls as they were once the last one is gone. What
 * somebody else added or changed since stays.
 */
export function planDown(wish: HostWish, state: HostState, saved: SavedSysctls): HostStep[] {
  const names = new Set(wish.virtualAddresses.map((address) => interfaceFor(wish.mode, familyOf(address))));
  const ours = state.addresses.filter((row) => names.has(row.interface) && row.protocol === RTPROT_KEEPALIVED);
  const leaving = ours.filter(({ address }) => wish.virtualAddresses.includes(address));
  const steps: HostStep[] = leaving.map((place) => ({ type: 'remove-address', place }));
  if (ours.length > leaving.length) return steps;
  const needed = neededSysctls(wish);
  for (const [name, value] of Object.entries(saved)) {
    const before = state.sysctls.get(name);
    if (before !== undefined && before === needed.get(name)) steps.push({ type: 'set-sysctl', name, value, before });
  }
  return steps;
}

/** In the words of whoever would do it by hand. */
export function describeStep(step: HostStep): string {
  switch (step.type) {
    case 'set-sysctl':
      return `sysctl ${step.name}=${step.value} (was ${step.before})`;
    case 'set-up':
      return `ip link set ${step.interface} up`;
    case 'add-address':
    case 'remove-address': {
      const { address, prefixLength, interface: name } = step.place;
      return `ip address ${step.type === 'add-address' ? 'add' : 'del'} ${address}/${prefixLength} dev ${name}`;
    }
  }
}

const fullLength = (address: IpAddress): number => (familyOf(address) === 'inet' ? 32 : 128);

/** arp_ignore and arp_announce may be stricter than needed. */
const isAsGood = (name: string, actual: string, needed: string): boolean =>
  actual === needed || (/\.arp_(ignore|announce)$/.test(name) && Number(actual) > Number(needed));
