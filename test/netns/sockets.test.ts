/**
 * The sockets on the real kernel: two network namespaces of this test's own process, left and right, with a veth pair
 * between them (and a second one beside it). A socket stays in the namespace in which it was opened.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addressBytes, type IpAddress, parseAddress } from '../../src/base/address.ts';
import { fromHex, viewOf } from '../../src/base/bytes.ts';
import { internetChecksum } from '../../src/base/checksum.ts';
import { now } from '../../src/io/clock.ts';
import {
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  CLONE_NEWNET,
  ETH_P_ALL,
  ETH_P_ARP,
  IPPROTO_IPV6,
  IPPROTO_VRRP,
  IPV6_ADD_MEMBERSHIP,
  IPV6_CHECKSUM,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_IF,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVPKTINFO,
  NETLINK_ROUTE,
  SO_BINDTODEVICE,
  SO_RCVBUF,
  SO_TIMESTAMPNS,
  SOCK_RAW,
  SOL_SOCKET,
} from '../../src/io/constants.ts';
import { type NativeSocket, native, type ReceivedMessage } from '../../src/io/native.ts';
import { PacketSocket } from '../../src/io/packet-socket.ts';
import { SystemError } from '../../src/io/system-error.ts';
import { type ReceivedPacket, VrrpSocket } from '../../src/io/vrrp-socket.ts';
import { encodeIpv4 } from '../../src/wire/ipv4.ts';

const why = process.getuid?.() === 0 ? '' : ' (skipped: not root)';

const ip = (text: string): IpAddress => parseAddress(text) as IpAddress;
const GROUP = ip('224.0.0.18');
const LEFT = ip('192.0.2.1');
const RIGHT = ip('192.0.2.2');
const LEFT_MAC = fromHex('02 00 00 00 00 01');
const ADVERTISEMENT = fromHex('2133 9601 0101 20b0 c0a8 040f 3131 3131 0000 0000');

let namespaces: { left: number; right: number };
const cleanUp: (() => void)[] = [];

const run = (command: string, input = ''): string =>
  execFileSync('ip', command.split(' '), { encoding: 'utf8', input });

/** Runs `call` with this thread, and what it starts, in the right namespace; everything else happens in the left one. */
function onTheRight<Value>(call: () => Value): Value {
  native().setNamespace(namespaces.right, CLONE_NEWNET);
  try {
    return call();
  } finally {
    native().setNamespace(namespaces.left, CLONE_NEWNET);
  }
}

const indexOf = (name: string): number => native().interfaceIndex(name);

function openVrrp(name: string, group = GROUP): VrrpSocket {
  const socket = VrrpSocket.open({ interface: name, interfaceIndex: indexOf(name), family: 'inet', group });
  cleanUp.push(() => socket.close());
  return socket;
}

function openNative(domain: number, type: number, protocol: number): NativeSocket {
  const socket = new (native().Socket)(domain, type, protocol);
  cleanUp.push(() => socket.close());
  return socket;
}

interface Receiver<Message> {
  receive(): Message | undefined;
  onReadable(callback: (() => void) | undefined): void;
}

/** What `receive` next returns or throws. */
const nextOf = <Message>(receiver: Receiver<Message>): Promise<Message> =>
  new Promise((resolve, reject) => {
    receiver.onReadable(() => {
      try {
        const message = receiver.receive();
        if (message === undefined) return;
        resolve(message);
      } catch (error) {
        reject(error);
      }
      receiver.onReadable(undefined);
    });
  });

const packet = (change: { ttl?: number; source?: IpAddress; destination?: IpAddress } = {}): Uint8Array =>
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

describe.skipIf(why !== '')(`sockets on the real kernel${why}`, () => {
  beforeAll(() => {
    const fresh = (): number => {
      native().unshare(CLONE_NEWNET);
      return openSync('/proc/thread-self/ns/net', 'r');
    };
    namespaces = { right: fresh(), left: fresh() };
  });

  afterAll(() => {
    closeSync(namespaces.left);
    closeSync(namespaces.right);
  });

  beforeEach(() => {
    const right = `/proc/${process.pid}/fd/${namespaces.right}`;
    for (const n of [1, 2]) {
      run(`link add left${n} address 02:00:00:00:00:0${n} type veth peer name right${n}`);
      run(`link set right${n} netns ${right}`);
      run(`address add 192.0.2.1/24 dev left${n}`);
      run(`address add fe80::1/64 dev left${n} nodad`);
      run(`link set left${n} up`);
      onTheRight(() => {
        run(`address add 192.0.2.2/24 dev right${n}`);
        run(`address add fe80::2/64 dev right${n} nodad`);
        run(`link set right${n} up`);
      });
    }
  });

  afterEach(() => {
    for (const undo of cleanUp.splice(0)) undo();
    for (const n of [1, 2]) run(`link delete left${n}`);
  });

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

  describe('AF_PACKET', () => {
    const GRATUITOUS_ARP = fromHex(`
      ffffffffffff 020000000001 0806 0001 0800 06 04 0001
      020000000001 c0000210 ffffffffffff c0000210
    `);
    const listen = (protocol: number): NativeSocket =>
      onTheRight(() => {
        const socket = openNative(AF_PACKET, SOCK_RAW, 0);
        const hardwareAddress = new Uint8Array(0);
        socket.bind({ family: 'packet', interfaceIndex: indexOf('right1'), protocol, hardwareAddress });
        return socket;
      });

    /** The ARP frame at the other end, whenever the link lets it through. */
    const arrival = async (sender: PacketSocket, listener: NativeSocket): Promise<ReceivedMessage> => {
      for (;;) {
        sender.send(GRATUITOUS_ARP);
        await new Promise((resolve) => setImmediate(resolve));
        for (let message = listener.receive(); message !== undefined; message = listener.receive()) {
          if (message.from?.family === 'packet' && message.from.protocol === ETH_P_ARP) return message;
        }
      }
    };

    it('PacketSocket sends a frame as it is', async () => {
      const listener = listen(ETH_P_ARP);
      const sender = PacketSocket.open(indexOf('left1'), 0);
      cleanUp.push(() => sender.close());
      expect(await arrival(sender, listener)).toMatchObject({
        bytes: GRATUITOUS_ARP,
        from: {
          family: 'packet',
          interfaceIndex: onTheRight(() => indexOf('right1')),
          protocol: ETH_P_ARP,
          hardwareAddress: LEFT_MAC,
        },
        truncated: false,
      });
    });

    it.each([
      ['a link that is down', 'ENETDOWN', () => run('link set left1 down'), GRATUITOUS_ARP],
      ['no link', 'ENXIO', () => run('link delete left1'), GRATUITOUS_ARP],
      ['less than an Ethernet header', 'EINVAL', () => {}, GRATUITOUS_ARP.subarray(0, 13)],
      ['more than the MTU', 'EMSGSIZE', () => {}, new Uint8Array(1_520)],
    ])('PacketSocket refuses %s with %s', (_, code, prepare, frame) => {
      const sender = PacketSocket.open(indexOf('left1'), ETH_P_ARP);
      cleanUp.push(() => sender.close());
      prepare();
      expect(() => sender.send(frame)).toThrow(
        expect.objectContaining({ name: 'SystemError', code, syscall: 'sendto', purpose: 'Ethernet frame' }),
      );
      if (code === 'ENXIO') run('link add left1 type veth peer name unused');
    });

    it('a listener is told ENETDOWN once when its link goes down, and hears again when it is up', async () => {
      const listener = listen(ETH_P_ALL);
      while (listener.receive() !== undefined);
      const told = nextOf({
        onReadable: (callback) => listener.onReadable(callback),
        // frames of the kernel's own (IPv6 neighbour discovery) may come before
        receive: () => {
          while (listener.receive() !== undefined);
          return undefined;
        },
      });
      onTheRight(() => run('link set right1 down'));
      await expect(told).rejects.toMatchObject({ code: 'ENETDOWN', errno: -100, syscall: 'recvmsg' });
      while (listener.receive() !== undefined); // frames that came before; not the error again
      onTheRight(() => run('link set right1 up'));
      const sender = PacketSocket.open(indexOf('left1'), 0);
      cleanUp.push(() => sender.close());
      expect((await arrival(sender, listener)).bytes).toEqual(GRATUITOUS_ARP);
    });
  });

  it('AF_NETLINK reports ENOBUFS once after too many events, and goes on', async () => {
    const RTMGRP_IPV4_IFADDR = 0x10;
    const socket = openNative(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    socket.setOption(SOL_SOCKET, SO_RCVBUF, 1);
    socket.bind({ family: 'netlink', portId: 0, groups: RTMGRP_IPV4_IFADDR });
    const outcomes: string[] = [];
    let calls = 0;
    const drained = new Promise<void>((resolve) => {
      socket.onReadable(() => {
        calls += 1;
        try {
          for (let message = socket.receive(); message !== undefined; message = socket.receive())
            outcomes.push('event');
          resolve();
        } catch (error) {
          outcomes.push((error as SystemError).code);
        }
      });
    });
    // this loop stands still while ip works
    const burst = Array.from({ length: 300 }, (_, i) => `address add 198.18.${i >> 8}.${i & 255}/32 dev left1`);
    run('-batch -', burst.join('\n'));
    await drained;
    expect(outcomes.filter((outcome) => outcome !== 'event')).toEqual(['ENOBUFS']);
    expect(outcomes.length).toBeLessThan(300);
    expect(calls).toBe(2);

    socket.onReadable(undefined);
    run('address add 198.19.0.1/32 dev left1');
    const RTM_NEWADDR = 20;
    expect(viewOf((await nextOf(socket)).bytes).getUint16(4, true)).toBe(RTM_NEWADDR);
  });

  it('AF_INET6 multicasts protocol 112 with a checksum by the kernel, and tells hop limit, group and interface', async () => {
    const group = addressBytes(ip('ff02::12'));
    const open = (name: string): NativeSocket => {
      const socket = openNative(AF_INET6, SOCK_RAW, IPPROTO_VRRP);
      const index = indexOf(name);
      const request = new Uint8Array(20); // struct ipv6_mreq: group, interface index
      request.set(group);
      viewOf(request).setInt32(16, index, true);
      socket.setOption(SOL_SOCKET, SO_BINDTODEVICE, name);
      socket.setOption(SOL_SOCKET, SO_TIMESTAMPNS, 1);
      socket.setOption(IPPROTO_IPV6, IPV6_CHECKSUM, 6);
      socket.setOption(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255);
      socket.setOption(IPPROTO_IPV6, IPV6_MULTICAST_IF, index);
      socket.setOption(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
      socket.setOption(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
      socket.setOption(IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, request);
      return socket;
    };
    const left = open('left1');
    const [right, index] = onTheRight(() => [open('right1'), indexOf('right1')]);
    // the checksum field holds nonsense, which the kernel replaces
    const sent = fromHex('3133 9602 0064 ffff fe80 0000 0000 0000 0000 0000 0000 0015');
    left.bind({ family: 'inet6', address: addressBytes(ip('fe80::1')), port: 0, scopeId: indexOf('left1') });
    left.send(sent, { family: 'inet6', address: group, port: 0, scopeId: indexOf('left1') });
    const received = await nextOf(right);
    expect(received).toMatchObject({
      from: { family: 'inet6', address: addressBytes(ip('fe80::1')), scopeId: index },
      destination: group,
      hopLimit: 255,
      interfaceIndex: index,
      truncated: false,
    });
    expect(received.bytes.subarray(8)).toEqual(sent.subarray(8));
    const pseudoHeader = fromHex('00000018 00000070'); // RFC 8200 §8.1: length, next header
    expect(internetChecksum(addressBytes(ip('fe80::1')), group, pseudoHeader, received.bytes)).toBe(0);
  });
});
