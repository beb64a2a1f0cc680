import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import type { VirtualAddress } from '../../src/vrrp/instance.ts';
import {
  type ActualInterface,
  givenSource,
  type OwnInterface,
  ownInterfacesOf,
  placeOf,
  planInterfaces,
  settingsOf,
  withoutCommonFilter,
} from '../../src/vrrp/own-interfaces.ts';
import type { Mac } from '../../src/wire/ethernet.ts';
import { instance } from '../daemon/example.ts';

const MAC = '00:00:5e:00:01:33' as Mac;
const vmac = { name: 'vrrp.51', mac: MAC, macFrom: 'rfc', transmitBase: false } as const;
const wanted: OwnInterface = { name: 'vrrp.51', lower: 'eth0', family: 'inet', kind: { type: 'macvlan', mac: MAC } };
const eth0: ActualInterface = { index: 2, name: 'eth0', mac: '02:00:00:00:00:01' as Mac };
const there: ActualInterface = {
  index: 7,
  name: 'vrrp.51',
  kind: 'macvlan',
  lower: 2,
  mac: MAC,
  macvlanMode: 'private',
};
const ours = { ...there, alias: 'holdfast' };
const address = (different: Partial<VirtualAddress> = {}): VirtualAddress => ({
  address: '192.0.2.100' as IpAddress,
  prefixLength: 24,
  interface: 'eth0',
  scope: 0,
  ...different,
});
const plan = (actual: readonly ActualInterface[], list = [wanted], made: number[] = []) =>
  planInterfaces(actual, list, new Set(made));
const nothing = { remove: [], make: [], use: [], problems: new Map() };

describe('interfaces of an instance’s own', () => {
  it('none without a keyword', () => expect(ownInterfacesOf(instance())).toEqual([]));

  it('use_vmac: a macvlan, and one more for each other interface and family of its addresses', () => {
    const one = instance({
      virtualMac: vmac,
      virtualAddresses: [address({ virtualMac: 'vrrp.51' }), address({ interface: 'eth1', virtualMac: 'vrrp1.51' })],
      excludedAddresses: [address({ address: '2001:db8::1' as IpAddress, virtualMac: 'vrrp6.51' })],
    });
    const mac6 = '00:00:5e:00:02:33' as Mac;
    expect(ownInterfacesOf(one)).toEqual([
      wanted,
      { ...wanted, name: 'vrrp1.51', lower: 'eth1' },
      { name: 'vrrp6.51', lower: 'eth0', family: 'inet6', kind: { type: 'macvlan', mac: mac6 } },
    ]);
    expect([...one.virtualAddresses, ...one.excludedAddresses].map(placeOf)).toEqual([
      'vrrp.51',
      'vrrp1.51',
      'vrrp6.51',
    ]);
  });

  it('use_ipvlan: its own address is the source of advertisements, the others stay on the interface below', () => {
    const own = { address: '192.0.2.7' as IpAddress, prefixLength: 24 };
    const one = instance({ ipvlan: { name: 'vrrp.51', mode: 'bridge', address: own } });
    expect(ownInterfacesOf(one)).toEqual([
      { name: 'vrrp.51', lower: 'eth0', family: 'inet', kind: { type: 'ipvlan', mode: 'bridge' }, address: own },
    ]);
    expect(placeOf(address())).toBe('eth0');
    expect(givenSource(one)).toBe('192.0.2.7');
    expect(givenSource({ ...one, sourceAddress: '192.0.2.8' as IpAddress })).toBe('192.0.2.8');
    expect(givenSource(instance({ virtualMac: vmac }))).toBeUndefined();
  });
});

describe('planInterfaces', () => {
  it('makes what is missing, and waits for the interface below', () => {
    expect(plan([eth0])).toEqual({ ...nothing, make: [{ wanted, lower: 2 }] });
    expect(plan([])).toEqual(nothing);
  });

  it('uses what is as wanted, whoever made it', () => {
    for (const actual of [there, ours]) {
      expect(plan([eth0, actual])).toEqual({ ...nothing, use: [{ wanted, actual }] });
    }
  });

  it.each([
    ['another kind', { kind: 'veth' }],
    ['another interface below', { lower: 3 }],
    ['another MAC', { mac: '00:00:5e:00:01:34' as Mac }],
    ['another mode', { macvlanMode: 'bridge' }],
  ])('%s: one of ours is made anew, that of somebody else left alone', (_, different) => {
    const changed = { ...ours, ...different };
    expect(plan([eth0, changed])).toEqual({ ...nothing, remove: [changed], make: [{ wanted, lower: 2 }] });
    const foreign = { ...there, ...different };
    const { problems, ...rest } = plan([eth0, foreign]);
    expect([rest, [...problems.keys()]]).toEqual([{ remove: [], make: [], use: [] }, ['vrrp.51']]);
    expect(problems.get('vrrp.51')).toContain(
      'is not a private macvlan with 00:00:5e:00:01:33 on eth0; it is left alone',
    );
  });

  it('one of ours that somebody renamed gives way: there can be one with the MAC only', () => {
    const renamed = { ...ours, name: 'other' };
    expect(plan([eth0, renamed])).toEqual({ ...nothing, remove: [renamed], make: [{ wanted, lower: 2 }] });
    expect(plan([eth0, { ...renamed, alias: 'else' }])).toEqual({ ...nothing, make: [{ wanted, lower: 2 }] });
  });

  it('removes what this process made and nobody needs; not what has the mark only, which may be another agent’s', () => {
    expect(plan([eth0, ours], [], [7])).toEqual({ ...nothing, remove: [ours] });
    expect(plan([eth0, ours], [])).toEqual(nothing);
  });

  it('on a macvlan it stands beside it, as the kernel has it', () => {
    const mv0 = { index: 5, name: 'mv0', kind: 'macvlan', lower: 2 };
    const on = { ...wanted, lower: 'mv0' };
    expect(plan([eth0, mv0], [on])).toEqual({ ...nothing, make: [{ wanted: on, lower: 5 }] });
    expect(plan([eth0, mv0, ours], [on])).toEqual({ ...nothing, use: [{ wanted: on, actual: ours }] });
  });
});

describe('settings of the kernel', () => {
  it('of the interface and the one below, for IPv4', () => {
    expect(Object.fromEntries(settingsOf(wanted))).toEqual({
      'net/ipv4/conf/vrrp.51/arp_ignore': 1,
      'net/ipv4/conf/vrrp.51/accept_local': 1,
      'net/ipv4/conf/vrrp.51/rp_filter': 0,
      'net/ipv4/conf/vrrp.51/promote_secondaries': 1,
      'net/ipv6/conf/vrrp.51/disable_ipv6': 1,
      'net/ipv4/conf/eth0/arp_ignore': 1,
      'net/ipv4/conf/eth0/arp_filter': 1,
      'net/ipv4/conf/eth0/arp_announce': 2,
    });
    // nor does one of IPv6 answer for IPv4 addresses
    expect(settingsOf({ ...wanted, family: 'inet6' })).toEqual([['net/ipv4/conf/vrrp.51/arp_ignore', 1]]);
  });

  it('a filter for all interfaces becomes one of each: the stricter one of both counts', () => {
    const values: Record<string, string> = { all: '1', eth0: '0', eth1: '2', default: '0' };
    const read = (path: string) => values[path.split('/')[3] ?? ''];
    expect(withoutCommonFilter(read, ['eth0', 'eth1', 'default'])).toEqual([
      ['net/ipv4/conf/eth0/rp_filter', 1],
      ['net/ipv4/conf/default/rp_filter', 1],
      ['net/ipv4/conf/all/rp_filter', 0],
    ]);
    values.all = '0';
    expect(withoutCommonFilter(read, ['eth0', 'eth1', 'default'])).toEqual([]);
  });
});
