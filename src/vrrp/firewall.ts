/**
 * What virtual routers ask of the packet filter, and the nftables tables that do it.
 *
 * Two things. A virtual router that does not accept what is sent to its addresses (RFC 5798 §6.1 Accept_Mode, keepalived.conf(5)
 * "no_accept") has them dropped, in and out; neighbour discovery goes on, else nobody would find the address. And the
 * reports of IGMP and MLD for what a virtual MAC interface has joined must not leave with the virtual MAC, by which a
 * switch would learn that the router is here, also on a Backup: they leave by the interface below instead.
 *
 * The rules are keepalived's, but that every kind of MLD report is seen to, and that tables without need are not made.
 */

import { addressBytes, type Family, familyOf, type IpAddress, isLinkLocal } from '../base/address.ts';
import { concatBytes, fromHex } from '../base/bytes.ts';
import type { SetElement } from '../wire/nftables.ts';
import type { Expression } from '../wire/nftables-expressions.ts';
import type { ChainDescription, SetDescription, TableDescription } from '../wire/nftables-table.ts';

/** What is needed at the moment. */
export interface Firewall {
  /** Addresses that are held but not answered for. */
  readonly refused: readonly RefusedAddress[];
  readonly virtualMacs: readonly VirtualMacInterface[];
}

export interface RefusedAddress {
  readonly address: IpAddress;
  /** Where it is; link-local addresses are refused there only. */
  readonly interfaceIndex: number;
}

/** An interface with a virtual MAC. */
export interface VirtualMacInterface {
  readonly interfaceIndex: number;
  /** The one below. */
  readonly lower: number;
  /** Of the virtual router. */
  readonly family: Family;
}

/** keepalived.conf(5) "nftables", "nftables_priority", "nftables_counters". */
export interface FirewallSettings {
  /** The name of our tables. */
  readonly table: string;
  /** Of the chains: the lowest first; 0 is what nft(8) calls filter. */
  readonly priority: number;
  /** Count what is dropped. */
  readonly counters: boolean;
}

export interface FirewallOptions extends FirewallSettings {
  /** The kernel can send copies of packets elsewhere (CONFIG_NFT_DUP_IPV4, _IPV6); without, reports are just dropped. */
  readonly duplicates: boolean;
}

/** The tables for it: none, one or two. */
export function firewallTables(firewall: Firewall, options: FirewallOptions): readonly TableDescription[] {
  return FAMILIES.flatMap((family) => {
    const refused = firewall.refused.filter(({ address }) => familyOf(address) === family);
    const virtualMacs = firewall.virtualMacs.filter((each) => each.family === family);
    const parts = [
      ...(virtualMacs.length === 0 ? [] : [virtualMacPart(family, virtualMacs, options)]),
      ...(refused.length === 0 ? [] : [refusal(family, refused, options)]),
    ];
    return parts.length === 0 ? [] : [tableOf(family, parts, options)];
  });
}

const FAMILIES: readonly Family[] = ['inet', 'inet6'];

/** What one of the two things contributes to a table. */
interface Part {
  readonly sets: readonly SetDescription[];
  readonly input: readonly (readonly Expression[])[];
  readonly output: readonly (readonly Expression[])[];
  readonly others: readonly ChainDescription[];
}

function tableOf(family: Family, parts: readonly Part[], { table, priority }: FirewallOptions): TableDescription {
  const hooked = (name: 'input' | 'output'): ChainDescription[] => {
    const rules = parts.flatMap((part) => part[name]);
    return rules.length === 0 ? [] : [{ name: CHAINS[name], hook: { name, priority }, rules }];
  };
  return {
    family,
    name: table,
    sets: parts.flatMap(({ sets }) => sets),
    chains: [...parts.flatMap(({ others }) => others), ...hooked('input'), ...hooked('output')],
  };
}

const CHAINS = { input: 'in', output: 'out' } as const;

/** Where the addresses stand in the header: RFC 791 §3.1, RFC 8200 §3. */
const OFFSETS = {
  inet: { source: 12, destination: 16, length: 4 },
  inet6: { source: 8, destination: 24, length: 16 },
} as const;

const PROTOCOL_IGMP = 2;
const PROTOCOL_ICMPV6 = 58;
/** RFC 2710 §3: report, done; RFC 3810 §5.2: version 2 report. RFC 4861 §4.1: Router Solicitation. */
const MLD_TYPES = [131, 132, 143];
const ROUTER_SOLICITATION = 133;
/** RFC 4861 §4.3, §4.4. */
const NEIGHBOR_DISCOVERY_TYPES = [135, 136];
/** fe80::/10, RFC 4291 §2.4. */
const LINK_LOCAL_MASK = fromHex(`ffc0${'00'.repeat(14)}`);
const LINK_LOCAL_PREFIX = fromHex(`fe80${'00'.repeat(14)}`);

const address = (family: Family, which: 'source' | 'destination'): Expression => ({
  type: 'payload',
  base: 'network',
  offset: OFFSETS[family][which],
  length: OFFSETS[family].length,
  register: 1,
});
const equal = (...bytes: number[]): Expression => ({ type: 'equal', register: 1, value: Uint8Array.from(bytes) });
const lookup = (set: string, register = 1): Expression => ({ type: 'lookup', set, register });
const DROP: Expression = { type: 'verdict', verdict: 'drop' };
const dropping = ({ counters }: FirewallOptions): readonly Expression[] => [
  ...(counters ? [{ type: 'counter' } as const] : []),
  DROP,
];
const isIcmpv6: readonly Expression[] = [{ type: 'meta', key: 'protocol', register: 1 }, equal(PROTOCOL_ICMPV6)];
const icmpv6Type: Expression = { type: 'payload', base: 'transport', offset: 0, length: 1, register: 1 };

/** Packets to and from the addresses are dropped. */
function refusal(family: Family, refused: readonly RefusedAddress[], options: FirewallOptions): Part {
  const drop = dropping(options);
  const dropIn = (which: 'source' | 'destination') => [address(family, which), lookup('vips'), ...drop];
  const vips: SetDescription = {
    name: 'vips',
    key: [family === 'inet' ? 'ipv4_addr' : 'ipv6_addr'],
    elements: refused.filter((each) => !isLinkLocal(each.address)).map((each) => ({ key: addressBytes(each.address) })),
  };
  if (family === 'inet')
    return { sets: [vips], input: [dropIn('destination')], output: [dropIn('source')], others: [] };

  const linkLocal: SetDescription = {
    name: 'vips_link_local',
    key: ['ipv6_addr', 'iface_index'],
    elements: refused
      .filter((each) => isLinkLocal(each.address))
      .map((each) => ({ key: concatBytes(addressBytes(each.address), index(each.interfaceIndex)) })),
  };
  const discovery = [
    ...isIcmpv6,
    icmpv6Type,
    lookup('neighbor-discovery'),
    { type: 'verdict', verdict: 'accept' } as const,
  ];
  const onLink = (which: 'source' | 'destination', key: 'inputInterface' | 'outputInterface', name: string) => ({
    branch: [
      address(family, which),
      { type: 'mask', register: 1, mask: LINK_LOCAL_MASK } as const,
      equal(...LINK_LOCAL_PREFIX),
      { type: 'verdict', verdict: 'goto', chain: name } as const,
    ],
    // the key of the set fills the registers from the first on: 16 bytes are one register
    chain: {
      name,
      rules: [
        [address(family, which), { type: 'meta', key, register: 2 } as const, lookup('vips_link_local'), ...drop],
      ],
    },
  });
  const into = onLink('destination', 'inputInterface', 'in_link_local');
  const outOf = onLink('source', 'outputInterface', 'out_link_local');
  return {
    sets: [vips, icmpv6Types('neighbor-discovery', NEIGHBOR_DISCOVERY_TYPES), linkLocal],
    input: [discovery, into.branch, dropIn('destination')],
    output: [discovery, outOf.branch, dropIn('source')],
    others: [into.chain, outOf.chain],
  };
}

/** Reports of groups leave by the interface below. */
function virtualMacPart(family: Family, virtualMacs: readonly VirtualMacInterface[], options: FirewallOptions): Part {
  const lowerOf: SetDescription = {
    name: 'vmac_map',
    key: ['iface_index'],
    value: 'iface_index',
    elements: virtualMacs.map(({ interfaceIndex, lower }) => ({ key: index(interfaceIndex), value: index(lower) })),
  };
  const elsewhere: readonly Expression[] = [
    address(family, 'destination'),
    { type: 'meta', key: 'outputInterface', register: 2 },
    { ...lookup('vmac_map', 2), type: 'lookup', set: 'vmac_map', register: 2, destination: 2 },
    ...(options.duplicates ? [{ type: 'duplicate', addressRegister: 1, interfaceRegister: 2 } as const] : []),
    ...dropping(options),
  ];
  if (family === 'inet') {
    const isIgmp: Expression[] = [
      { type: 'payload', base: 'network', offset: 9, length: 1, register: 1 },
      equal(PROTOCOL_IGMP),
    ];
    return { sets: [lowerOf], input: [], output: [[...isIgmp, ...elsewhere]], others: [] };
  }
  const fromVirtualMac: readonly Expression[] = [
    { type: 'meta', key: 'outputInterface', register: 1 },
    lookup('vmac_set'),
    ...dropping(options),
  ];
  return {
    sets: [lowerOf, vmacSet(virtualMacs), icmpv6Types('listener-reports', MLD_TYPES)],
    input: [],
    output: [
      [...isIcmpv6, icmpv6Type, lookup('listener-reports'), ...elsewhere],
      [...isIcmpv6, icmpv6Type, equal(ROUTER_SOLICITATION), ...fromVirtualMac],
    ],
    others: [],
  };
}

const vmacSet = (virtualMacs: readonly VirtualMacInterface[]): SetDescription => ({
  name: 'vmac_set',
  key: ['iface_index'],
  elements: virtualMacs.map(({ interfaceIndex }) => ({ key: index(interfaceIndex) })),
});

const icmpv6Types = (name: string, types: readonly number[]): SetDescription => ({
  name,
  key: ['icmpv6_type'],
  constant: true,
  elements: types.map((type): SetElement => ({ key: Uint8Array.of(type) })),
});

/** In the machine's byte order. */
const index = (interfaceIndex: number): Uint8Array => new Uint8Array(Uint32Array.of(interfaceIndex).buffer);
