/** VrrpSocket on the real kernel. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { fromHex, toHex } from '../../src/base/bytes.ts';
import { now } from '../../src/io/clock.ts';
import { AF_PACKET, ETH_P_IPV6, IPPROTO_AH, IPPROTO_VRRP, SOCK_RAW } from '../../src/io/constants.ts';
import { PacketSocket } from '../../src/io/packet-socket.ts';
import { SystemError } from '../../src/io/system-error.ts';
import { type ReceivedPacket, VrrpSocket } from '../../src/io/vrrp-socket.ts';
import { macFromBytes } from '../../src/wire/ethernet.ts';
import { encodeIpv4, type Ipv4Packet } from '../../src/wire/ipv4.ts';
import { encodeIpv6, type Ipv6Packet } from '../../src/wire/ipv6.ts';
import {
  encodeNeighborAdvertisement,
  unsolicitedNeighborAdvertisement,
} from '../../src/wire/neighbor-advertisement.ts';
import {
  cleanUp,
  indexOf,
  ip,
  LEFT,
  LEFT_MAC,
  nextOf,
  onTheRight,
  openNative,
  RIGHT,
  run,
  twoSides,
  why,
} from './two-sides.ts';

const GROUP = ip('224.0.0.18');
const ADVERTISEMENT = fromHex('2133 9601 0101 20b0 c0a8 040f 3131 3131 0000 0000');

function openVrrp(name: string, group = GROUP): VrrpSocket {
  const socket = VrrpSocket.open({ interface: name, interfaceIndex: indexOf(name), family: 'inet', group });
  cleanUp.push(() => socket.close());
  return socket;
}

const packet = (change: Partial<Ipv4Packet> = {}): Uint8Array =>
  encodeIpv4({
    typeOfService: 0xc0,
    identification: 1,
    ttl: 255,
    protocol: IPPROTO_VRRP,
    source: LEFT,
    destination: GROUP,
    payload: ADVERTISEMENT,
    ...change,
  });

/** Sends until the other side has it: the kernel drops what leaves in the moment after a link came up. */
async function deliver(send: () => void, receiver: VrrpSocket): Promise<ReceivedPacket> {
  for (;;) {
    try {
      send();
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
    await new Promise((resolve) => setImmediate(resolve));
    const received = receiver.receive();
    if (received !== undefined) return received;
  }
}

describe.skipIf(why !== '')(`VrrpSocket on the real kernel${why}`, () => {
  twoSides();

  describe('VrrpSocket', () => {
    let left: VrrpSocket;
    let right: VrrpSocket;
    let rightIndex: number;

    beforeEach(async () => {
      left = openVrrp('left1');
      [right, rightIndex] = onTheRight(() => [openVrrp('right1'), indexOf('right1')]);
      await deliver(() => left.send(packet(), GROUP), right);
      while (right.receive() !== undefined);
    });

    it('brings a multicast packet to the other end with all that the kernel knows about it', async () => {
      const sentAt = now();
      left.send(packet(), GROUP);
      const received = await nextOf(right);
      expect(received).toEqual({
        bytes: packet(),
        source: LEFT,
        destination: GROUP,
        ttl: 255,
        interfaceIndex: rightIndex,
        receivedAt: received.receivedAt,
      });
      expect(received.receivedAt).toBeGreaterThanOrEqual(sentAt - 2);
      expect(received.receivedAt).toBeLessThanOrEqual(now());
      expect(left.receive()).toBeUndefined(); // our own packets do not come back
      expect([left.errors, right.errors]).toEqual([0, 0]);
    });

    it('stamps packets with their arrival, also those that waited for us', async () => {
      // the kernel begins to stamp a moment after it was asked to; until then it stamps when we read
      for (let receivedAt = Number.POSITIVE_INFINITY, sentBy = 0; receivedAt > sentBy + 5_000; ) {
        left.send(packet(), GROUP);
        sentBy = now();
        while (now() < sentBy + 10_000);
        receivedAt = (await nextOf(right)).receivedAt;
      }
    });

    it('leaves source, TTL and identification of the header as they are', async () => {
      const sent = packet({ ttl: 254, source: ip('198.51.100.7') });
      left.send(sent, GROUP);
      expect(await nextOf(right)).toMatchObject({ bytes: sent, ttl: 254, source: '198.51.100.7' });
    });

    it('hears unicast to an address of the host, with that address as the destination', async () => {
      left.send(packet({ destination: RIGHT }), RIGHT);
      expect(await nextOf(right)).toMatchObject({ source: LEFT, destination: RIGHT, ttl: 255 });
    });

    it('hears its own group and interface only', async () => {
      const otherGroup = ip('224.0.0.19');
      const otherLeft = openVrrp('left2');
      const [elsewhere, beside] = onTheRight(() => [openVrrp('right1', otherGroup), openVrrp('right2')]);
      await deliver(() => otherLeft.send(packet(), GROUP), beside);
      left.send(packet({ destination: otherGroup }), otherGroup);
      left.send(packet({ ttl: 7 }), GROUP);
      expect(await nextOf(elsewhere)).toMatchObject({ destination: otherGroup });
      expect(await nextOf(right)).toMatchObject({ destination: GROUP, ttl: 7 });
      expect([right.receive(), elsewhere.receive()]).toEqual([undefined, undefined]);
    });

    it('refuses to send while the link is down, and works in both directions once it is up again', async () => {
      run('link set left1 down');
      expect(() => left.send(packet(), GROUP)).toThrow(
        expect.objectContaining({ name: 'SystemError', purpose: 'packet to 224.0.0.18 on left1' }),
      );
      expect(left.receive()).toBeUndefined();
      run('link set left1 up');
      expect(await deliver(() => left.send(packet(), GROUP), right)).toMatchObject({ source: LEFT });
      const back = packet({ source: RIGHT });
      expect(await deliver(() => right.send(back, GROUP), left)).toMatchObject({ source: RIGHT });
    });

    it('survives the interface going away', () => {
      run('link delete left1');
      expect(left.receive()).toBeUndefined();
      expect(() => left.send(packet(), GROUP)).toThrow(SystemError);
      run('link add left1 type veth peer name unused');
    });

    it('refuses an interface that is not there, or has another index by now', () => {
      const options = { interface: 'left1', interfaceIndex: indexOf('left2'), family: 'inet', group: GROUP } as const;
      expect(() => VrrpSocket.open(options)).toThrow(
        expect.objectContaining({ code: 'EINVAL', syscall: 'setsockopt', purpose: 'VRRP socket on left1' }),
      );
      expect(() => VrrpSocket.open({ ...options, interface: 'left9' })).toThrow(
        expect.objectContaining({ code: 'ENODEV', purpose: 'VRRP socket on left9' }),
      );
      expect(() => VrrpSocket.open({ ...options, interfaceIndex: indexOf('left1'), group: LEFT })).toThrow(
        expect.objectContaining({ code: 'EINVAL', purpose: 'multicast group 192.0.2.1 on left1' }),
      );
    });
  });

  it.each([
    ['is bound to an address, hears only what is sent to it', RIGHT, ip('192.0.2.3')],
    ['is bound to an address that the host does not have yet, hears it as soon as it has', ip('192.0.2.3'), RIGHT],
  ])('a VrrpSocket without an interface %s', async (_, address, other) => {
    const left = openVrrp('left1');
    const right = onTheRight(() => VrrpSocket.open({ family: 'inet', address }));
    cleanUp.push(() => right.close());
    onTheRight(() => run('address add 192.0.2.3/24 dev right1'));
    const to = (destination: IpAddress) => () => left.send(packet({ destination }), destination);
    expect(await deliver(to(address), right)).toMatchObject({ destination: address, source: LEFT, ttl: 255 });
    while (right.receive() !== undefined);
    to(other)();
    to(address)();
    expect(await nextOf(right)).toMatchObject({ destination: address });
    expect(right.receive()).toBeUndefined();
    const answer = packet({ source: address, destination: LEFT });
    expect(await deliver(() => right.send(answer, LEFT), left)).toMatchObject({ source: address, bytes: answer });
  });

  it('a VrrpSocket for the Authentication Header hears protocol 51, and no other socket does', async () => {
    const left = openVrrp('left1');
    const [plain, authenticated] = onTheRight(() => {
      const options = { interface: 'right1', interfaceIndex: indexOf('right1'), family: 'inet', group: GROUP } as const;
      const socket = VrrpSocket.open({ ...options, protocol: IPPROTO_AH });
      cleanUp.push(() => socket.close());
      return [openVrrp('right1'), socket];
    });
    const sent = packet({ protocol: IPPROTO_AH });
    expect(await deliver(() => left.send(sent, GROUP), authenticated)).toMatchObject({ bytes: sent });
    await deliver(() => left.send(packet(), GROUP), plain);
    while (authenticated.receive() !== undefined);
    expect(plain.receive()).toBeUndefined();
  });

  describe('VrrpSocket for IPv6', () => {
    const GROUP6 = ip('ff02::12');
    const MESSAGE = fromHex('3133 9601 0064 0000 fe80 0000 0000 0000 0000 0000 0000 0015');
    const packet6 = (change: Partial<Ipv6Packet> = {}): Uint8Array =>
      encodeIpv6({
        trafficClass: 0xc0,
        flowLabel: 0,
        nextHeader: IPPROTO_VRRP,
        hopLimit: 255,
        source: ip('fe80::1'),
        destination: GROUP6,
        payload: MESSAGE,
        ...change,
      });
    const openVrrp6 = (name: string, group: IpAddress | undefined = GROUP6): VrrpSocket => {
      const socket = VrrpSocket.open({ interface: name, interfaceIndex: indexOf(name), family: 'inet6', group });
      cleanUp.push(() => socket.close());
      return socket;
    };
    let left: VrrpSocket;
    let right: VrrpSocket;
    let rightIndex: number;

    beforeEach(async () => {
      left = openVrrp6('left1');
      [right, rightIndex] = onTheRight(() => [openVrrp6('right1'), indexOf('right1')]);
      await deliver(() => left.send(packet6(), GROUP6), right);
      while (right.receive() !== undefined);
    });

    it('brings the message to the other end, whatever its checksum, with all that the kernel knows about it', async () => {
      const sentAt = now();
      left.send(packet6(), GROUP6);
      const received = await nextOf(right);
      expect(received).toEqual({
        bytes: MESSAGE,
        source: 'fe80::1',
        destination: GROUP6,
        ttl: 255,
        interfaceIndex: rightIndex,
        receivedAt: received.receivedAt,
      });
      expect(received.receivedAt).toBeGreaterThanOrEqual(sentAt - 2);
      expect(left.receive()).toBeUndefined(); // our own packets do not come back
      const back = packet6({ source: ip('fe80::2') });
      expect(await deliver(() => right.send(back, GROUP6), left)).toMatchObject({ source: 'fe80::2', bytes: MESSAGE });
    });

    it('leaves source, hop limit and traffic class of the header as they are [B04+]', async () => {
      const listener = onTheRight(() => {
        const socket = openNative(AF_PACKET, SOCK_RAW, 0);
        const hardwareAddress = new Uint8Array(0);
        socket.bind({ family: 'packet', interfaceIndex: indexOf('right1'), protocol: ETH_P_IPV6, hardwareAddress });
        return socket;
      });
      const sent = packet6({ hopLimit: 254, source: ip('fe80::77') });
      left.send(sent, GROUP6);
      expect(await nextOf(right)).toMatchObject({ ttl: 254, source: 'fe80::77' });
      const frames: string[] = [];
      for (let frame = listener.receive(); frame !== undefined; frame = listener.receive()) {
        frames.push(toHex(frame.bytes));
      }
      expect(frames).toContain(`333300000012020000000001${'86dd'}${toHex(sent)}`);
    });

    it('hears unicast to a link-local and to a global address of the host', async () => {
      run('address add 2001:db8::1/64 dev left1 nodad');
      onTheRight(() => run('address add 2001:db8::2/64 dev right1 nodad'));
      for (const [source, destination] of [
        ['fe80::1', 'fe80::2'],
        ['2001:db8::1', '2001:db8::2'],
      ] as const) {
        const sent = packet6({ source: ip(source), destination: ip(destination) });
        const received = await deliver(() => left.send(sent, ip(destination)), right);
        expect(received).toMatchObject({ source, destination, ttl: 255, bytes: MESSAGE });
        while (right.receive() !== undefined);
      }
    });

    it('hears its own group and interface only', async () => {
      const otherGroup = ip('ff02::13');
      const otherLeft = openVrrp6('left2');
      const [elsewhere, beside] = onTheRight(() => [openVrrp6('right1', otherGroup), openVrrp6('right2')]);
      await deliver(() => otherLeft.send(packet6(), GROUP6), beside);
      left.send(packet6({ destination: otherGroup }), otherGroup);
      left.send(packet6({ hopLimit: 7 }), GROUP6);
      expect(await nextOf(elsewhere)).toMatchObject({ destination: otherGroup });
      expect(await nextOf(right)).toMatchObject({ destination: GROUP6, ttl: 7 });
      expect([right.receive(), elsewhere.receive()]).toEqual([undefined, undefined]);
    });

    it('without an interface is bound to its address, also to one that comes later', async () => {
      const address = ip('2001:db8::3');
      const bound = onTheRight(() => VrrpSocket.open({ family: 'inet6', address }));
      cleanUp.push(() => bound.close());
      run('address add 2001:db8::1/64 dev left1 nodad');
      onTheRight(() => run('address add 2001:db8::3/64 dev right1 nodad'));
      const sent = packet6({ source: ip('2001:db8::1'), destination: address });
      expect(await deliver(() => left.send(sent, address), bound)).toMatchObject({ destination: address });
      while (bound.receive() !== undefined);
      left.send(packet6(), GROUP6);
      await nextOf(right);
      expect(bound.receive()).toBeUndefined();
    });

    it('refuses to send while the link is down, and works again once it is up', async () => {
      run('link set left1 down');
      expect(() => left.send(packet6(), GROUP6)).toThrow(SystemError);
      run('link set left1 up');
      await deliver(() => left.send(packet6(), GROUP6), right);
    });

    it('an unsolicited Neighbor Advertisement moves the neighbour entry of an address to our hardware address [C04+ B55+]', async () => {
      const address = ip('2001:db8::15');
      onTheRight(() => run('address add 2001:db8::2/64 dev right1 nodad'));
      onTheRight(() => run(`neighbour add ${address} lladdr 02:00:00:00:00:99 dev right1 nud stale`));
      const sender = PacketSocket.open(indexOf('left1'), 0);
      cleanUp.push(() => sender.close());
      const mac = macFromBytes(LEFT_MAC);
      sender.send(encodeNeighborAdvertisement(unsolicitedNeighborAdvertisement(mac, address, false)));
      await vi.waitFor(() => {
        expect(onTheRight(() => run(`neighbour show ${address}`))).toContain('lladdr 02:00:00:00:00:01');
      });
    });
  });
});
