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
  Object.assign(script, { created: [], options: [], refusedOption: undefined, incoming: [], closed: 0 });
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
