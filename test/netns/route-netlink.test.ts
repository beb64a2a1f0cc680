/** RouteNetlink on the real kernel, in a network namespace of this test's own process. */

import { execFileSync } from 'node:child_process';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { CLONE_NEWNET } from '../../src/io/constants.ts';
import { native } from '../../src/io/native.ts';
import type { Link } from '../../src/io/route-links.ts';
import { type RouteEvent, RouteNetlink } from '../../src/io/route-netlink.ts';

const why = process.getuid?.() === 0 ? undefined : 'not root';
const ip = (text: string) => text as IpAddress;
const run = (command: string) => execFileSync('ip', command.split(' '), { encoding: 'utf8' });

let route: RouteNetlink;
let v0: Link;
let events: RouteEvent[];
let arrived: () => void;

/** The first event that fits, also of those that came before. */
async function event(fits: (event: RouteEvent) => boolean): Promise<RouteEvent> {
  for (;;) {
    const found = events.find(fits);
    if (found !== undefined) return found;
    await new Promise<void>((resolve) => {
      arrived = resolve;
    });
  }
}

async function open(eventBuffer?: number): Promise<void> {
  route = RouteNetlink.open(eventBuffer === undefined ? {} : { eventBuffer });
  events = [];
  arrived = () => {};
  route.onEvent((each) => {
    events.push(each);
    arrived();
  });
  v0 = (await route.links()).find((link) => link.name === 'v0') as Link;
}

const vip = (address: string, prefixLength = 24) => ({ interfaceIndex: v0.index, address: ip(address), prefixLength });

describe.skipIf(why !== undefined)(
  `RouteNetlink on the real kernel${why === undefined ? '' : ` (skipped: ${why})`}`,
  () => {
    beforeAll(() => {
      native().unshare(CLONE_NEWNET);
      run('link set lo up');
    });

    beforeEach(async () => {
      run('link add v0 address 02:00:00:00:00:01 mtu 1400 type veth peer name v1');
      run('link set v0 up');
      run('link set v1 up');
      await open();
    });

    afterEach(() => {
      route.close();
      run('link del v0');
    });

    it('reads interfaces with their flags, MAC, MTU and kind', async () => {
      // the kernel says a moment after the carrier came that an interface is running
      await vi.waitFor(async () => {
        v0 = (await route.links()).find((link) => link.name === 'v0') as Link;
        expect(v0.flags.running).toBe(true);
      });
      const links = await route.links();
      expect(links.map((link) => link.name).sort()).toEqual(['lo', 'v0', 'v1']);
      expect(v0).toEqual({
        index: v0.index,
        name: 'v0',
        flags: { up: true, running: true, lowerUp: true, loopback: false, noArp: false, multicast: true },
        mtu: 1400,
        mac: '02:00:00:00:00:01',
        kind: 'veth',
        lower: native().interfaceIndex('v1'),
      });
      expect(links.find((link) => link.name === 'lo')?.flags).toMatchObject({ up: true, loopback: true });
    });

    it('adds an address with label, broadcast and our protocol, lists it, removes it', async () => {
      const address = { ...vip('192.0.2.15'), label: 'v0:vip', broadcast: ip('192.0.2.255') };
      await route.addAddress(address);
      const ours = (await route.addresses()).filter((entry) => entry.address === '192.0.2.15');
      expect(ours).toEqual([{ ...address, scope: 0, protocol: 18, secondary: false }]);
      expect(run('-oneline addr show dev v0')).toContain('inet 192.0.2.15/24 brd 192.0.2.255 scope global');
      await route.deleteAddress(address);
      expect(run('-oneline addr show dev v0')).not.toContain('192.0.2.15');
    });

    it('adds an IPv6 address that is usable at once', async () => {
      await route.addAddress(vip('2001:db8::15', 64));
      expect(run('-6 -oneline addr show dev v0')).toMatch(/inet6 2001:db8::15\/64 scope global nodad/);
      expect((await route.addresses()).find((entry) => entry.address === '2001:db8::15')).toEqual({
        ...vip('2001:db8::15', 64),
        scope: 0,
        protocol: 18,
        secondary: false,
      });
      await route.deleteAddress(vip('2001:db8::15', 64));
      expect(run('-6 -oneline addr show dev v0')).not.toContain('2001:db8::15');
    });

    it('adds an IPv6 address with every option that the kernel knows, and says so when it lists it', async () => {
      const options = { home: true, manageTemporary: true, noPrefixRoute: true } as const;
      const address = { ...vip('2001:db8::16', 64), ...options };
      await route.addAddress({ ...address, detectDuplicates: true, preferredLifetime: 0 });
      expect(run('-6 -oneline addr show dev v0')).toMatch(
        /inet6 2001:db8::16\/64 scope global (tentative )?home (tentative )?deprecated (tentative )?mngtmpaddr noprefixroute/,
      );
      const listed = (await route.addresses()).find((entry) => entry.address === '2001:db8::16');
      expect(listed).toMatchObject({ ...address, deprecated: true, protocol: 18 });
      expect(run('-6 route show dev v0')).not.toContain('2001:db8::/64');
      await route.deleteAddress(address);
    });

    it('says that an address is not to be used while its duplicates are looked for', async () => {
      await route.addAddress({ ...vip('2001:db8::17', 64), detectDuplicates: true });
      const find = async () => (await route.addresses()).find((entry) => entry.address === '2001:db8::17');
      expect(await find()).toMatchObject({ tentative: true });
      const ready = (each: RouteEvent) =>
        each.type === 'address-added' && each.address.address === '2001:db8::17' && !each.address.tentative;
      await event(ready);
      expect(await find()).not.toHaveProperty('tentative');
    });

    it.each([
      ['192.0.2.16', '192.0.2.17', 32],
      ['2001:db8::18', '2001:db8::19', 128],
    ])('adds %s with the other end %s, lists it, removes it', async (address, peer, prefixLength) => {
      const wanted = { ...vip(address, prefixLength), peer: ip(peer) };
      await route.addAddress(wanted);
      expect(run('-oneline addr show dev v0')).toContain(`${address} peer ${peer}/${prefixLength}`);
      const listed = (await route.addresses()).find((entry) => entry.address === address);
      expect(listed).toMatchObject({ ...wanted, protocol: 18 });
      await route.deleteAddress(wanted);
      expect(run('-oneline addr show dev v0')).not.toContain(peer);
    });

    it('refuses with the names and the sentences of the kernel', async () => {
      await route.addAddress(vip('192.0.2.15'));
      await expect(route.addAddress(vip('192.0.2.15'))).rejects.toMatchObject({ code: 'EEXIST', syscall: 'netlink' });
      await expect(route.addAddress({ ...vip('192.0.2.15'), interfaceIndex: 9999 })).rejects.toMatchObject({
        code: 'ENODEV',
        purpose: 'adding 192.0.2.15/24 to interface 9999',
      });
      await expect(route.deleteAddress(vip('192.0.2.77'))).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
    });

    it('leaves foreign addresses alone, also the one that ours is secondary to', async () => {
      run('addr add 192.0.2.1/24 dev v0');
      await route.addAddress(vip('192.0.2.15'));
      const before = (await route.addresses()).filter((entry) => entry.interfaceIndex === v0.index);
      expect(before.find((entry) => entry.address === '192.0.2.15')).toMatchObject({ secondary: true, protocol: 18 });
      await route.deleteAddress(vip('192.0.2.15'));
      const after = (await route.addresses()).filter((entry) => entry.interfaceIndex === v0.index);
      expect(after).toEqual(before.filter((entry) => entry.address !== '192.0.2.15'));
      expect(after.find((entry) => entry.address === '192.0.2.1')).not.toHaveProperty('protocol');
    });

    it('reports addresses that come and go, whoever did it', async () => {
      await route.addAddress(vip('192.0.2.15'));
      run('addr add 192.0.2.16/24 dev v0');
      run('addr del 192.0.2.15/24 dev v0');
      const about = (type: RouteEvent['type'], address: string) => (each: RouteEvent) =>
        each.type === type && 'address' in each && each.address.address === address;
      expect(await event(about('address-added', '192.0.2.15'))).toMatchObject({
        address: { protocol: 18, secondary: false, interfaceIndex: v0.index },
      });
      expect(await event(about('address-added', '192.0.2.16'))).toMatchObject({ address: { secondary: true } });
      await event(about('address-removed', '192.0.2.15'));
    });

    it('reports an interface that loses its carrier, and one that is removed', async () => {
      run('link set v1 down');
      await event((each) => each.type === 'link-changed' && each.link.index === v0.index && !each.link.flags.running);
      run('link add gone type veth peer name gone2');
      const gone = (await route.links()).find((link) => link.name === 'gone');
      run('link del gone');
      await event((each) => each.type === 'link-removed' && each.index === gone?.index);
    });

    it('does not take an interface that leaves a bridge for removed', async () => {
      run('link add br0 type bridge');
      run('link set v1 master br0');
      run('link set v1 nomaster');
      run('link del br0');
      await event((each) => each.type === 'link-changed' && each.link.name === 'br0');
      await event((each) => each.type === 'link-removed');
      const v1 = (await route.links()).find((link) => link.name === 'v1');
      expect(events.filter((each) => each.type === 'link-removed' && each.index === v1?.index)).toEqual([]);
    });

    it('survives more events than its buffer holds: says so once they are lost, answers every request, goes on', async () => {
      route.close();
      await open(1);
      const many = Array.from({ length: 300 }, (_, i) => vip(`10.0.${i >> 8}.${i & 255}`, 32));
      await Promise.all(many.map((address) => route.addAddress(address)));
      await event((each) => each.type === 'overrun');
      expect(events.filter((each) => each.type === 'address-added').length).toBeLessThan(300);
      expect((await route.addresses()).filter((entry) => entry.protocol === 18)).toHaveLength(300);
      events.length = 0;
      run('addr add 192.0.2.99/32 dev v0');
      await event((each) => each.type === 'address-added' && each.address.address === '192.0.2.99');
    });
  },
);
