/** VrrpSocket over a socket that says what it is told to say; the real kernel is in test/netns/sockets.test.ts. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { addressBytes, type IpAddress, parseAddress } from '../../src/base/address.ts';
import { fromHex } from '../../src/base/bytes.ts';
import type { ReceivedMessage } from '../../src/io/native.ts';
import { SystemError } from '../../src/io/system-error.ts';
import { VrrpSocket } from '../../src/io/vrrp-socket.ts';

const ip = (text: string): IpAddress => parseAddress(text) as IpAddress;
const failure = (code: string, syscall: string): Error =>
  Object.assign(new Error(`${syscall} ${code}`), { code, errno: -1, syscall });

/** What the fake does: outcomes of `receive` in order, and what was asked of it. */
const script = vi.hoisted(() => ({
  created: [] as unknown[],
  options: [] as unknown[],
  bound: [] as unknown[],
  sent: [] as unknown[],
  refusedOption: undefined as number | undefined,
  incoming: [] as unknown[],
  closed: 0,
}));

vi.mock('../../src/io/native.ts', () => ({
  native: () => ({
    Socket: class {
      constructor(...args: number[]) {
        script.created.push(args);
      }
      setOption(...option: unknown[]): void {
        if (option[1] === script.refusedOption) throw failure('EPERM', 'setsockopt');
        script.options.push(option);
      }
      bind(address: unknown): void {
        script.bound.push(address);
      }
      send(...args: unknown[]): void {
        script.sent.push(args);
      }
      receive(): unknown {
        const next = script.incoming.shift();
        if (next instanceof Error) throw next;
        return next;
      }
      close(): void {
        script.closed += 1;
      }
    },
  }),
}));

const open = (): VrrpSocket =>
  VrrpSocket.open({ interface: 'eth0', interfaceIndex: 0x0102, family: 'inet', group: ip('224.0.0.18') });

const message: ReceivedMessage = {
  bytes: Uint8Array.of(0x45),
  from: { family: 'inet', address: addressBytes(ip('192.0.2.1')), port: 112 },
  receivedAt: 1_234_567,
  interfaceIndex: 0x0102,
  destination: addressBytes(ip('224.0.0.18')),
  hopLimit: 255,
  truncated: false,
};

const packet = {
  bytes: Uint8Array.of(0x45),
  source: '192.0.2.1',
  destination: '224.0.0.18',
  ttl: 255,
  interfaceIndex: 0x0102,
  receivedAt: 1_234_567,
};

beforeEach(() => {
  Object.assign(script, {
    created: [],
    options: [],
    bound: [],
    sent: [],
    refusedOption: undefined,
    incoming: [],
    closed: 0,
  });
});

describe('VrrpSocket.open', () => {
  it('makes a raw socket of protocol 112 on one interface that writes its own headers and hears its own group', () => {
    open();
    const index = fromHex('0201 0000');
    const [SOL_SOCKET, IPPROTO_IP] = [1, 0];
    expect(script.created).toEqual([[2, 3, 112]]);
    expect(script.options).toEqual([
      [SOL_SOCKET, 25, 'eth0'], // SO_BINDTODEVICE
      [SOL_SOCKET, 33, 1_048_576], // SO_RCVBUFFORCE
      [SOL_SOCKET, 12, 7], // SO_PRIORITY
      [SOL_SOCKET, 35, 1], // SO_TIMESTAMPNS
      [IPPROTO_IP, 3, 1], // IP_HDRINCL
      [IPPROTO_IP, 8, 1], // IP_PKTINFO
      [IPPROTO_IP, 12, 1], // IP_RECVTTL
      [IPPROTO_IP, 49, 0], // IP_MULTICAST_ALL
      [IPPROTO_IP, 34, 0], // IP_MULTICAST_LOOP
      [IPPROTO_IP, 32, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, ...index)], // IP_MULTICAST_IF
      [IPPROTO_IP, 35, Uint8Array.of(224, 0, 0, 18, 0, 0, 0, 0, ...index)], // IP_ADD_MEMBERSHIP
    ]);
  });

  it('for IPv6 leaves header and checksum to us, so that wrong ones can be counted', () => {
    VrrpSocket.open({ interface: 'eth0', interfaceIndex: 0x0102, family: 'inet6', group: ip('ff02::12') });
    const [SOL_SOCKET, IPPROTO_IPV6] = [1, 41];
    expect(script.created).toEqual([[10, 3, 112]]);
    expect(script.options).toEqual([
      [SOL_SOCKET, 25, 'eth0'], // SO_BINDTODEVICE
      [SOL_SOCKET, 33, 1_048_576], // SO_RCVBUFFORCE
      [SOL_SOCKET, 12, 7], // SO_PRIORITY
      [SOL_SOCKET, 35, 1], // SO_TIMESTAMPNS
      [IPPROTO_IPV6, 36, 1], // IPV6_HDRINCL
      [IPPROTO_IPV6, 49, 1], // IPV6_RECVPKTINFO
      [IPPROTO_IPV6, 51, 1], // IPV6_RECVHOPLIMIT
      [IPPROTO_IPV6, 19, 0], // IPV6_MULTICAST_LOOP
      [IPPROTO_IPV6, 17, 0x0102], // IPV6_MULTICAST_IF
      [IPPROTO_IPV6, 20, fromHex('ff02 0000 0000 0000 0000 0000 0000 0012 0201 0000')], // IPV6_ADD_MEMBERSHIP
    ]);
    expect(script.bound).toEqual([]);
  });

  it('without an interface is bound to its address, which need not be there yet', () => {
    const socket = VrrpSocket.open({ family: 'inet', address: ip('192.0.2.1'), protocol: 51 });
    expect(script.created).toEqual([[2, 3, 51]]);
    expect(script.options.slice(-1)).toEqual([[0, 15, 1]]); // IP_FREEBIND
    expect(script.options).not.toContainEqual([1, 25, expect.anything()]);
    const address = { family: 'inet', address: addressBytes(ip('192.0.2.1')), port: 0 };
    expect(script.bound).toEqual([address]);
    socket.send(packet.bytes, ip('192.0.2.1'));
    expect(script.sent).toEqual([[packet.bytes, address]]);
  });

  it('link-local addresses and groups are meant on the interface, others wherever the routes lead', () => {
    const common = { interface: 'eth0', interfaceIndex: 7, family: 'inet6' } as const;
    const socket = VrrpSocket.open({ ...common, address: ip('fe80::1') });
    const to = (text: string, scopeId: number) => ({
      family: 'inet6',
      address: addressBytes(ip(text)),
      port: 0,
      scopeId,
    });
    expect(script.bound).toEqual([to('fe80::1', 7)]);
    for (const destination of ['fe80::2', 'ff02::12', '2001:db8::2']) socket.send(packet.bytes, ip(destination));
    expect(script.sent).toEqual([
      [packet.bytes, to('fe80::2', 7)],
      [packet.bytes, to('ff02::12', 7)],
      [packet.bytes, to('2001:db8::2', 0)],
    ]);
  });

  it('begins with an empty queue: what came before it was bound may be from anywhere', () => {
    script.incoming = [
      message,
      failure('ENETDOWN', 'recvmsg'),
      { ...message, hopLimit: undefined },
      message,
      undefined,
    ];
    const socket = open();
    expect([script.incoming.length, socket.errors, socket.receive()]).toEqual([0, 0, undefined]);
  });

  it('an address and a group, or neither interface nor address, is our mistake', () => {
    const [group, address] = [ip('224.0.0.18'), ip('192.0.2.1')];
    const here = { interface: 'eth0', interfaceIndex: 1, family: 'inet' } as const;
    expect(() => VrrpSocket.open({ ...here, group, address })).toThrow('assertion failed');
    expect(() => VrrpSocket.open({ family: 'inet', group })).toThrow('assertion failed');
    expect(() => VrrpSocket.open({ family: 'inet', address, interface: 'eth0' })).toThrow('assertion failed');
  });

  it('closes what it opened when an option is refused', () => {
    script.refusedOption = 33;
    expect(open).toThrow(new SystemError('VRRP socket on eth0', failure('EPERM', 'setsockopt') as never));
    expect(script.closed).toBe(1);
  });
});

describe('VrrpSocket.receive', () => {
  it('steps over errors of the network, counts them, and finds the packets behind them', () => {
    const socket = open();
    script.incoming = [failure('ENETDOWN', 'recvmsg'), message, failure('ENOBUFS', 'recvmsg'), undefined];
    expect([socket.receive(), socket.errors]).toEqual([packet, 1]);
    expect([socket.receive(), socket.errors]).toEqual([undefined, 2]);
  });

  it('steps over groups that others have joined, without counting them', () => {
    const socket = open();
    script.incoming = [{ ...message, destination: addressBytes(ip('224.0.0.19')) }, message];
    expect([socket.receive(), socket.errors]).toEqual([packet, 0]);
  });

  it('throws what no network does', () => {
    const socket = open();
    script.incoming = [failure('EBADF', 'recvmsg'), new TypeError('mine')];
    expect(() => socket.receive()).toThrow(
      expect.objectContaining({ name: 'SystemError', code: 'EBADF', purpose: 'receiving on eth0' }),
    );
    expect(() => socket.receive()).toThrow(new TypeError('mine'));
    expect(socket.errors).toBe(0);
  });

  it.each<[string, Partial<Record<keyof ReceivedMessage, unknown>>]>([
    ['truncated', { truncated: true }],
    ['without a sender', { from: undefined }],
    ['without its destination', { destination: undefined }],
    ['without its TTL', { hopLimit: undefined }],
    ['without its interface', { interfaceIndex: undefined }],
  ])('counts a packet that came %s as an error', (_, change) => {
    const socket = open();
    script.incoming = [{ ...message, ...change }, message];
    expect([socket.receive(), socket.errors]).toEqual([packet, 1]);
  });
});
