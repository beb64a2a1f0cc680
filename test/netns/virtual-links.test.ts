/** Virtual interfaces and their settings on the real kernel, in a network namespace of this test's own process. */

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CLONE_NEWNET } from '../../src/io/constants.ts';
import { KernelSettings } from '../../src/io/kernel-settings.ts';
import { native } from '../../src/io/native.ts';
import type { NewLink } from '../../src/io/route-links.ts';
import { RouteNetlink } from '../../src/io/route-netlink.ts';
import { virtualMac } from '../../src/wire/ethernet.ts';

const why = process.getuid?.() === 0 ? '' : ' (skipped: not root)';
const CLONE_NEWNS = 0x20000;
const run = (command: string) => execFileSync('ip', command.split(' '), { encoding: 'utf8' });

let route: RouteNetlink;
const indexOf = (name: string): number => native().interfaceIndex(name);
const vmac = (): NewLink => ({
  name: 'vrrp.51',
  lower: indexOf('v0'),
  kind: { type: 'macvlan', mode: 'private' },
  mac: virtualMac(51),
});
const link = async (name: string) => (await route.links()).find((each) => each.name === name);

describe.skipIf(why !== '')(`virtual interfaces on the real kernel${why}`, () => {
  beforeAll(() => native().unshare(CLONE_NEWNET));

  beforeEach(() => {
    run('link add v0 address 02:00:00:00:00:01 type veth peer name v1');
    for (const name of ['v0', 'v1']) run(`link set ${name} up`);
    route = RouteNetlink.open();
  });

  afterEach(() => {
    route.close();
    run('link delete v0');
  });

  it('a macvlan has its MAC, mode and lower interface, and no address of its own making [B48-]', async () => {
    await route.createLink(vmac());
    await route.changeLink(indexOf('vrrp.51'), { linkLocalAddress: false });
    expect(run('-details link show vrrp.51')).toMatch(
      /vrrp\.51@v0: <BROADCAST,MULTICAST> [\s\S]*link\/ether 00:00:5e:00:01:33 [\s\S]*macvlan mode private [\s\S]*addrgenmode none/,
    );
    expect(await link('vrrp.51')).toMatchObject({
      kind: 'macvlan',
      macvlanMode: 'private',
      mac: '00:00:5e:00:01:33',
      lower: indexOf('v0'),
      flags: { up: false },
    });
    await route.changeLink(indexOf('vrrp.51'), { up: true });
    expect(await link('vrrp.51')).toMatchObject({ flags: { up: true } });
    expect(run('address show dev vrrp.51')).not.toContain('inet6');
    await expect(route.createLink(vmac())).rejects.toMatchObject({
      code: 'EEXIST',
      purpose: `making the macvlan vrrp.51 on interface ${indexOf('v0')}`,
    });
    await route.deleteLink(indexOf('vrrp.51'));
    expect(await link('vrrp.51')).toBeUndefined();
  });

  it('changes one thing and leaves the others', async () => {
    await route.createLink(vmac());
    const index = indexOf('vrrp.51');
    await route.changeLink(index, { mac: virtualMac(52), mtu: 1400 });
    await route.changeLink(index, { name: 'vrrp.52' });
    await route.changeLink(index, { up: true });
    expect(await link('vrrp.52')).toMatchObject({ index, mac: '00:00:5e:00:01:34', mtu: 1400, flags: { up: true } });
    await route.changeLink(index, { up: false });
    expect(await link('vrrp.52')).toMatchObject({ mtu: 1400, flags: { up: false } });
    await expect(route.changeLink(9999, { up: true })).rejects.toMatchObject({
      code: 'ENODEV',
      purpose: 'changing up of interface 9999',
    });
  });

  it('moves an interface under a bridge and away again', async () => {
    run('link add br0 type bridge');
    await route.changeLink(indexOf('v1'), { master: indexOf('br0') });
    expect(await link('v1')).toMatchObject({ master: indexOf('br0') });
    await route.changeLink(indexOf('v1'), { master: 0 });
    expect(await link('v1')).not.toHaveProperty('master');
    run('link delete br0');
  });

  it('sets IPv4 of an interface over netlink', async () => {
    await route.createLink(vmac());
    await route.setIpv4(indexOf('vrrp.51'), { arp_ignore: 1, accept_local: 1, rp_filter: 0, promote_secondaries: 1 });
    const read = (name: string) => readFileSync(`/proc/sys/net/ipv4/conf/vrrp.51/${name}`, 'utf8').trim();
    expect(['arp_ignore', 'accept_local', 'rp_filter', 'promote_secondaries'].map(read)).toEqual(['1', '1', '0', '1']);
    await expect(route.setIpv4(9999, { arp_ignore: 1 })).rejects.toMatchObject({
      code: 'ENODEV',
      purpose: 'setting arp_ignore of interface 9999',
    });
  });

  it('settings are set where /proc/sys is writable, and where it is not those of IPv4 all the same', async () => {
    const settings = new KernelSettings((name, setting, value) => route.setIpv4(indexOf(name), { [setting]: value }));
    const arpIgnore = 'net/ipv4/conf/v0/arp_ignore';
    const acceptDad = 'net/ipv6/conf/v0/accept_dad';
    for (const path of [arpIgnore, acceptDad]) writeFileSync(`/proc/sys/${path}`, '1');
    await settings.set(arpIgnore, 2);
    await settings.set(acceptDad, 0);
    expect([settings.read(arpIgnore), settings.read(acceptDad)]).toEqual(['2', '0']);
    await settings.restore();
    expect([settings.read(arpIgnore), settings.read(acceptDad)]).toEqual(['1', '1']);

    native().unshare(CLONE_NEWNS); // the tests after this one see /proc/sys read-only
    execFileSync('mount', ['--make-rprivate', '/']);
    execFileSync('mount', ['--bind', '/proc/sys', '/proc/sys']);
    execFileSync('mount', ['-o', 'remount,bind,ro', '/proc/sys']);
    await settings.set(arpIgnore, 2);
    expect(settings.read(arpIgnore)).toBe('2');
    await settings.restore();
    expect(settings.read(arpIgnore)).toBe('1');
    await expect(settings.set(acceptDad, 0)).rejects.toMatchObject({ code: 'EROFS', purpose: `${acceptDad} = 0` });
    await expect(settings.set('net/ipv4/conf/all/rp_filter', 7)).rejects.toMatchObject({ code: 'EROFS' });
  });
});
