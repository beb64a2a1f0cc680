/** use_vmac and use_ipvlan: names and addresses of the interfaces that instances make, as keepalived 2.2.7 shows them. */
import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../../src/daemon/root.ts';
import { instanceOf, instanceWith, said } from './reading.ts';

/** One instance of a file, by what differs. */
const instance = (name: string, vrid: number, lines: string, vip = '192.168.4.15', on = 'eth0') =>
  `vrrp_instance ${name} {\ninterface ${on}\nvirtual_router_id ${vrid}\n${lines}\nvirtual_ipaddress {\n${vip}\n}\n}\n`;

/** The instances of a host with eth0 to eth2. */
const built = (text: string) =>
  readConfiguration('test.conf', () => text, {
    link: (name) => (/^eth[012]$/.test(name) ? { mtu: 1500 } : undefined),
  }).configuration.instances;
const namesOf = (text: string) => built(text).map(({ virtualMac, ipvlan }) => virtualMac?.name ?? ipvlan?.name);

describe('the name of a virtual MAC interface', () => {
  it.each([
    ['is made of the VRID', instance('A', 50, 'use_vmac'), ['vrrp.50']],
    [
      'is one for each family',
      instance('A', 50, 'use_vmac') + instance('B', 50, 'use_vmac', 'fe80::5'),
      ['vrrp.50', 'vrrp6.50'],
    ],
    [
      'has a number where the others are taken',
      instance('A', 50, 'use_vmac', 'fe80::5') +
        instance('B', 50, 'use_vmac') +
        instance('C', 50, 'use_vmac', undefined, 'eth1'),
      ['vrrp.50', 'vrrp1.50', 'vrrp2.50'],
    ],
    [
      'is the given one, which is taken for the others',
      instance('A', 50, 'use_vmac') + instance('B', 51, 'use_vmac vrrp.50'),
      ['vrrp1.50', 'vrrp.50'],
    ],
    [
      'is not one that an earlier instance has',
      instance('A', 50, 'use_vmac q') + instance('B', 51, 'use_vmac q'),
      ['q', 'vrrp.51'],
    ],
    ['is not that of another interface', instance('A', 50, 'use_vmac eth1 foo'), ['foo']],
    [
      'begins as vmac_prefix says',
      `global_defs {\nvmac_prefix averyverylongprefix\n}\n${instance('A', 50, 'use_vmac')}`,
      ['averyverylon.50'],
    ],
    ['is that of an ipvlan too', instance('A', 50, 'use_ipvlan 192.168.4.50'), ['vrrp.50']],
  ])('%s', (_, text, names) => expect(namesOf(text)).toEqual(names));
});

describe('the virtual MAC address', () => {
  const macOf = (words: string, vip?: string) => built(instance('A', 50, `use_vmac ${words}`, vip))[0]?.virtualMac;

  it('is the RFC’s unless another one is given, whole or without its last octet [B47+]', () => {
    expect(macOf('')).toEqual({ name: 'vrrp.50', mac: '00:00:5e:00:01:32', macFrom: 'rfc', transmitBase: false });
    expect(macOf('', 'fe80::5')).toMatchObject({ mac: '00:00:5e:00:02:32' });
    expect(macOf('02:00:00:00:01')).toMatchObject({ mac: '02:00:00:00:01:32', macFrom: 'prefix' });
    expect(macOf('foo 2:0:0:0:0:1')).toMatchObject({ name: 'foo', mac: '02:00:00:00:00:01', macFrom: 'whole' });
  });

  it.each([
    ['02:00:00', "4:10 error: a MAC address has 6 octets, or 5 that the VRID follows; '02:00:00' is ignored"],
    ['01:00:00:00:00:00', "4:10 error: this is a multicast address; '01:00:00:00:00:00' is ignored"],
    [
      '00:00:5e:00:01:07',
      "4:10 error: the address of the RFC is the one that is used without any; '00:00:5e:00:01:07' is ignored",
    ],
  ])('is not %s', (words, message) => {
    expect(said(instanceWith(`use_vmac ${words}`))).toContain(message);
    expect(macOf(words)).toMatchObject({ macFrom: 'rfc' });
  });
});

describe('virtual addresses', () => {
  const placesOf = (lines: string, vip: string) =>
    built(instance('A', 50, lines, vip))[0]?.virtualAddresses.map(
      ({ interface: below, virtualMac }) => `${virtualMac ?? ''}@${below}`,
    );

  it('are on the virtual MAC interface, those on other interfaces only where it is said', () => {
    expect(placesOf('use_vmac', '192.168.4.15\n192.168.5.15 dev eth1')).toEqual(['vrrp.50@eth0', '@eth1']);
    expect(placesOf('use_vmac\nuse_vmac_addr', '192.168.4.15\n192.168.5.15 dev eth1\n192.168.5.16 dev eth1')).toEqual([
      'vrrp.50@eth0',
      'vrrp1.50@eth1',
      'vrrp1.50@eth1',
    ]);
    expect(placesOf('', '192.168.4.15\n192.168.4.16 use_vmac')).toEqual(['@eth0', 'vrrp.50@eth0']);
  });
});

describe('an ipvlan', () => {
  it('has a mode and, for IPv4, an address', () => {
    const lines = 'use_ipvlan foo 192.168.4.50/24 vepa';
    expect(instanceOf(lines)?.ipvlan).toEqual({
      name: 'foo',
      mode: 'vepa',
      address: { address: '192.168.4.50', prefixLength: 24 },
    });
    expect(said(instanceWith('use_ipvlan'))).toContain(
      '4:1 warning: use_ipvlan has no address to send from; the instance is in FAULT; add the address behind use_ipvlan',
    );
  });
});
