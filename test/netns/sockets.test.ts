/** Packet, netlink and raw sockets on the real kernel. */
import { describe, expect, it } from 'vitest';
import { addressBytes } from '../../src/base/address.ts';
import { fromHex, viewOf } from '../../src/base/bytes.ts';
import { internetChecksum } from '../../src/base/checksum.ts';
import {
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
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
import type { NativeSocket, ReceivedMessage } from '../../src/io/native.ts';
import { PacketSocket } from '../../src/io/packet-socket.ts';
import type { SystemError } from '../../src/io/system-error.ts';
import { cleanUp, indexOf, ip, LEFT_MAC, nextOf, onTheRight, openNative, run, twoSides, why } from './two-sides.ts';

describe.skipIf(why !== '')(`sockets on the real kernel${why}`, () => {
  twoSides();

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
