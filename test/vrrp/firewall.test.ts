import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { fromHex, toHex } from '../../src/base/bytes.ts';
import { type FirewallOptions, firewallTables } from '../../src/vrrp/firewall.ts';
import { ruleVectors } from '../../src/wire/nftables.vectors.ts';
import type { Expression } from '../../src/wire/nftables-expressions.ts';
import type { TableDescription } from '../../src/wire/nftables-table.ts';

const options: FirewallOptions = { table: 'holdfast', priority: -1, counters: false, duplicates: true };
const refused = (address: string, interfaceIndex = 3) => ({ address: address as IpAddress, interfaceIndex });
const vmac = (family: 'inet' | 'inet6') => ({ interfaceIndex: 4, lower: 3, family });
const rulesOf = (table: TableDescription | undefined, name: string) =>
  table?.chains.find((chain) => chain.name === name)?.rules;
const elementsOf = (table: TableDescription | undefined, name: string) =>
  table?.sets.find((set) => set.name === name)?.elements.map(({ key, value }) => [toHex(key), value && toHex(value)]);

/** The rule as keepalived has it. */
const keepalived = (name: string): readonly Expression[] => {
  const found = ruleVectors.find((vector) => vector.name === name)?.value.body.expressions;
  if (found === undefined) throw new Error(`no vector: ${name}`);
  return found.map((each) => {
    if (each.type !== 'lookup') return each;
    const { setId: _, ...others } = each;
    return others;
  });
};

describe('the packet filter', () => {
  it('has no table without need, and one for each family that needs it', () => {
    expect(firewallTables({ refused: [], virtualMacs: [] }, options)).toEqual([]);
    const families = (...addresses: string[]) =>
      firewallTables({ refused: addresses.map((each) => refused(each)), virtualMacs: [] }, options).map(
        ({ family, name }) => [family, name],
      );
    expect(families('192.0.2.15')).toEqual([['inet', 'holdfast']]);
    expect(families('fe80::15')).toEqual([['inet6', 'holdfast']]);
    expect(families('2001:db8::15', '192.0.2.15')).toEqual([
      ['inet', 'holdfast'],
      ['inet6', 'holdfast'],
    ]);
  });

  it('drops packets to and from refused IPv4 addresses, with the rules of keepalived (RFC 5798 §6.1) [A27- B34-]', () => {
    const [table] = firewallTables(
      { refused: [refused('192.0.2.15'), refused('192.0.2.16')], virtualMacs: [] },
      options,
    );
    expect(elementsOf(table, 'vips')).toEqual([
      ['c000020f', undefined],
      ['c0000210', undefined],
    ]);
    expect(rulesOf(table, 'in')).toEqual([keepalived('packets to an address of the set are dropped')]);
    expect(rulesOf(table, 'out')?.[0]?.[0]).toMatchObject({ type: 'payload', offset: 12, length: 4 });
    expect(table?.chains.map(({ name, hook }) => [name, hook])).toEqual([
      ['in', { name: 'input', priority: -1 }],
      ['out', { name: 'output', priority: -1 }],
    ]);
  });

  it('refuses link-local addresses on their own interface only, and lets neighbour discovery through [B15-]', () => {
    const [table] = firewallTables(
      { refused: [refused('fe80::15', 7), refused('2001:db8::15', 8)], virtualMacs: [] },
      options,
    );
    expect(elementsOf(table, 'vips')).toEqual([['20010db8000000000000000000000015', undefined]]);
    expect(elementsOf(table, 'vips_link_local')).toEqual([['fe80000000000000000000000000001507000000', undefined]]);
    expect(elementsOf(table, 'neighbor-discovery')).toEqual([
      ['87', undefined],
      ['88', undefined],
    ]);
    const [discovery, branch] = rulesOf(table, 'in') ?? [];
    expect(discovery?.slice(2)).toEqual(keepalived('neighbour discovery is accepted').slice(2));
    expect(branch).toEqual(keepalived('link-local addresses have a chain of their own'));
    expect(rulesOf(table, 'in_link_local')).toEqual([
      keepalived('packets to a link-local address of the interface are dropped'),
    ]);
  });

  it('finds ICMPv6 behind extension headers too, where keepalived looks at the first header only', () => {
    const [table] = firewallTables({ refused: [refused('fe80::15')], virtualMacs: [] }, options);
    expect(rulesOf(table, 'in')?.[0]?.slice(0, 2)).toEqual([
      { type: 'meta', key: 'protocol', register: 1 },
      { type: 'equal', register: 1, value: fromHex('3a') },
    ]);
  });

  it('sends IGMP and MLD of virtual MAC interfaces out of the interface below', () => {
    const [ipv4, ipv6] = firewallTables({ refused: [], virtualMacs: [vmac('inet'), vmac('inet6')] }, options);
    expect(elementsOf(ipv4, 'vmac_map')).toEqual([['04000000', '03000000']]);
    expect(elementsOf(ipv6, 'listener-reports')).toEqual([
      ['83', undefined],
      ['84', undefined],
      ['8f', undefined],
    ]);
    // that the interface is in the map is enough; keepalived asks for its kind too
    const withoutKind = (name: string) => {
      const rule = keepalived(name);
      const at = rule.findIndex((each) => each.type === 'meta' && each.key === 'outputInterfaceKind');
      return [...rule.slice(0, at), ...rule.slice(at + 2)];
    };
    expect(rulesOf(ipv4, 'out')).toEqual([withoutKind('IGMP of a macvlan leaves by the interface below instead')]);
    const mld = withoutKind('MLD of a macvlan leaves by the interface below instead');
    expect(rulesOf(ipv6, 'out')?.[0]).toEqual([
      ...mld.slice(0, 3),
      { type: 'lookup', set: 'listener-reports', register: 1 },
      ...mld.slice(4),
    ]);
  });

  it('counts what it drops where that is wanted', () => {
    const [table] = firewallTables(
      { refused: [refused('192.0.2.15')], virtualMacs: [vmac('inet')] },
      { ...options, counters: true },
    );
    const rules = table?.chains.flatMap((chain) => chain.rules) ?? [];
    expect(rules).toHaveLength(3);
    for (const rule of rules)
      expect(rule.slice(-2)).toEqual([{ type: 'counter' }, { type: 'verdict', verdict: 'drop' }]);
  });

  it('just drops reports where the kernel cannot send copies', () => {
    const [table] = firewallTables({ refused: [], virtualMacs: [vmac('inet')] }, { ...options, duplicates: false });
    expect(
      rulesOf(table, 'out')
        ?.flat()
        .map(({ type }) => type),
    ).not.toContain('duplicate');
  });
});
