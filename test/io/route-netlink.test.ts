import { afterEach, describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { type RouteEvent, RouteNetlink } from '../../src/io/route-netlink.ts';
import { decodeMessages, encodeMessage } from '../../src/wire/netlink.ts';
import { decodeAddress, RTM_NEWADDR } from '../../src/wire/rtnetlink.ts';
import { IFF_MULTICAST, IFF_UP, RTM_DELLINK } from '../../src/wire/rtnetlink-link.ts';
import { fakeKernel } from '../support/fake-kernel.ts';

const ip = (text: string) => text as IpAddress;

let route: RouteNetlink | undefined;
afterEach(() => route?.close());

function open(options: { eventBuffer?: number } = {}) {
  const kernel = fakeKernel();
  const eth0 = kernel.route.addLink('eth0');
  route = RouteNetlink.open({ createSocket: kernel.createSocket, ...options });
  const events: RouteEvent[] = [];
  route.onEvent((event) => events.push(event));
  return { kernel, eth0, route, events };
}

/** Events have their own socket; after a turn of the loop they are there. */
const eventsArrive = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

describe('RouteNetlink', () => {
  it('reads the interfaces', async () => {
    const { route, eth0 } = open();
    expect(await route.links()).toEqual([
      {
        index: 1,
        name: 'lo',
        flags: { up: true, running: true, lowerUp: true, loopback: true, noArp: false, multicast: false },
        mtu: 65536,
      },
      {
        index: eth0,
        name: 'eth0',
        flags: { up: true, running: true, lowerUp: true, loopback: false, noArp: false, multicast: true },
        mtu: 1500,
        mac: '02:00:00:00:00:02',
        kind: 'veth',
      },
    ]);
  });

  it('adds addresses with their protocol, label, broadcast and scope, and reads them', async () => {
    const { route, eth0 } = open();
    const vip = { interfaceIndex: eth0, address: ip('192.0.2.15'), prefixLength: 24 };
    await route.addAddress({ ...vip, scope: 253, label: 'eth0:vip', broadcast: ip('192.0.2.255') });
    await route.addAddress({ ...vip, address: ip('192.0.2.16') });
    await route.addAddress({ ...vip, address: ip('2001:db8::15'), prefixLength: 64, protocol: 99 });
    expect(await route.addresses()).toEqual([
      { ...vip, scope: 253, label: 'eth0:vip', broadcast: '192.0.2.255', protocol: 18, secondary: false },
      { ...vip, address: '192.0.2.16', scope: 0, label: 'eth0', protocol: 18, secondary: true },
      { ...vip, address: '2001:db8::15', prefixLength: 64, scope: 0, protocol: 99, secondary: false },
    ]);
  });

  it('adds as new only, and an IPv6 address without duplicate address detection', async () => {
    const { kernel, route, eth0 } = open();
    await route.addAddress({ interfaceIndex: eth0, address: ip('2001:db8::15'), prefixLength: 64 });
    const messages = decodeMessages(kernel.sockets[0]?.sent[0] ?? new Uint8Array(0));
    const [message] = messages.ok ? messages.value : [];
    expect(message).toMatchObject({ type: RTM_NEWADDR, flags: 0x605 });
    expect(message && decodeAddress(message.body)).toMatchObject({ value: { flags: 2, protocol: 18 } });
  });

  it('removes an address', async () => {
    const { kernel, route, eth0 } = open();
    const vip = { interfaceIndex: eth0, address: ip('192.0.2.15'), prefixLength: 24 };
    await route.addAddress(vip);
    await route.deleteAddress(vip);
    expect(kernel.route.addresses).toEqual([]);
  });

  it('says what was refused, and why', async () => {
    const { route, eth0 } = open();
    const vip = { interfaceIndex: eth0, address: ip('192.0.2.15'), prefixLength: 24 };
    await route.addAddress(vip);
    await expect(route.addAddress(vip)).rejects.toThrow(
      `adding 192.0.2.15/24 to interface ${eth0}: netlink EEXIST: ipv4: Address already assigned`,
    );
    await expect(route.deleteAddress({ ...vip, prefixLength: 32 })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
    await expect(route.addAddress({ ...vip, interfaceIndex: 99 })).rejects.toMatchObject({ code: 'ENODEV' });
  });

  it('reports what changes', async () => {
    const { kernel, route, eth0, events } = open();
    const vip = { interfaceIndex: eth0, address: ip('192.0.2.15'), prefixLength: 24 };
    await route.addAddress(vip);
    kernel.route.setFlags('eth0', IFF_UP | IFF_MULTICAST);
    kernel.route.removeLink('eth0');
    await eventsArrive();
    const flags = { up: true, running: false, lowerUp: false, loopback: false, noArp: false, multicast: true };
    const address = { ...vip, scope: 0, label: 'eth0', protocol: 18, secondary: false };
    expect(events).toEqual([
      { type: 'address-added', address },
      {
        type: 'link-changed',
        link: { index: eth0, name: 'eth0', flags, mtu: 1500, mac: '02:00:00:00:00:02', kind: 'veth' },
      },
      { type: 'address-removed', address },
      { type: 'link-removed', index: eth0 },
    ]);
  });

  it('an interface that leaves a bridge is not gone', async () => {
    const { kernel, eth0, events } = open();
    const body = Uint8Array.of(7, 0, 1, 0, eth0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    const message = { type: RTM_DELLINK, flags: 0, sequence: 0, portId: 0, body };
    kernel.sockets[1]?.inject(encodeMessage(message), { groups: 1 });
    await eventsArrive();
    expect(events).toEqual([]);
  });

  it('an event that cannot be read counts as missed', async () => {
    const { kernel, events } = open();
    const message = { type: RTM_NEWADDR, flags: 0, sequence: 0, portId: 0, body: new Uint8Array(3) };
    kernel.sockets[1]?.inject(encodeMessage(message), { groups: 16 });
    await eventsArrive();
    expect(events).toEqual([{ type: 'overrun' }]);
  });

  it('a flood of events is an overrun and costs no request its answer', async () => {
    const { kernel, route, eth0, events } = open({ eventBuffer: 4096 });
    for (let i = 0; i < 100; i++) kernel.route.addAddress(eth0, ip(`10.0.0.${i}`), 32);
    expect(await route.addresses()).toHaveLength(100);
    await eventsArrive();
    expect(events[0]).toEqual({ type: 'overrun' });
    await route.addAddress({ interfaceIndex: eth0, address: ip('192.0.2.15'), prefixLength: 24 });
    await eventsArrive();
    expect(events.at(-1)).toMatchObject({ type: 'address-added', address: { address: '192.0.2.15' } });
  });

  it('after close nothing is reported', async () => {
    const { kernel, route, eth0, events } = open();
    route.close();
    kernel.route.addAddress(eth0, ip('192.0.2.15'), 24);
    await eventsArrive();
    expect(events).toEqual([]);
    await expect(route.links()).rejects.toMatchObject({ code: 'ECANCELED' });
  });
});
