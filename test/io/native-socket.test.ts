import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { viewOf } from '../../src/base/bytes.ts';
import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_UNIX,
  IP_PKTINFO,
  IP_RECVTTL,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVPKTINFO,
  IPV6_UNICAST_HOPS,
  SO_RCVBUF,
  SO_TIMESTAMPNS,
  SOCK_DGRAM,
  SOCK_RAW,
  SOL_SOCKET,
} from '../../src/io/constants.ts';
import { type NativeSocket, native, type ReceivedMessage, type SocketAddress } from '../../src/io/native.ts';

const LOOPBACK = Uint8Array.of(127, 0, 0, 1);
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

let opened: NativeSocket[] = [];
const open = (domain: number, type = SOCK_DGRAM): NativeSocket => {
  const socket = new (native().Socket)(domain, type, 0);
  opened.push(socket);
  return socket;
};
afterEach(() => {
  for (const socket of opened) socket.close();
  opened = [];
});

/** A UDP socket bound to a free port of the loopback address. */
const bound = (): NativeSocket => {
  const socket = open(AF_INET);
  socket.bind({ family: 'inet', address: LOOPBACK, port: 0 });
  return socket;
};

/** The next message, as soon as it is there. */
const nextOf = (socket: NativeSocket): Promise<ReceivedMessage> =>
  new Promise((resolve, reject) => {
    socket.onReadable(() => {
      socket.onReadable(undefined);
      try {
        const message = socket.receive();
        if (message) resolve(message);
        else reject(new Error('nothing waits'));
      } catch (error) {
        reject(error);
      }
    });
  });

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let counter = 0;
/** A name in the abstract namespace that nobody else has. */
const abstractName = (): string => `\0holdfast-test-${process.pid}-${counter++}`;

describe('Socket', () => {
  it('is non-blocking and close-on-exec', () => {
    const flags = readFileSync(`/proc/self/fdinfo/${open(AF_INET).fd}`, 'utf8').match(/flags:\s*(\d+)/)?.[1];
    expect(Number.parseInt(flags ?? '', 8) & 0o2004000).toBe(0o2004000);
  });

  it('sends and receives a UDP datagram with its sender', async () => {
    const receiver = bound();
    const sender = bound();
    const before = native().monotonicNow();
    expect(sender.send(bytes('advert'), receiver.name())).toBe(6);
    const message = await nextOf(receiver);
    expect(message).toStrictEqual({
      bytes: bytes('advert'),
      from: sender.name(),
      receivedAt: message.receivedAt,
      interfaceIndex: undefined,
      destination: undefined,
      hopLimit: undefined,
      truncated: false,
    });
    expect(message.receivedAt).toBeGreaterThanOrEqual(before);
    expect(message.receivedAt).toBeLessThanOrEqual(native().monotonicNow());
    expect(receiver.receive()).toBeUndefined();
  });

  it('sends without an address once it is connected', async () => {
    const receiver = bound();
    const sender = open(AF_INET);
    sender.connect(receiver.name());
    sender.send(bytes('x'));
    expect((await nextOf(receiver)).bytes).toEqual(bytes('x'));
    expect(() => open(AF_INET).send(bytes('x'))).toThrow(expect.objectContaining({ code: 'EDESTADDRREQ' }));
  });

  it('sends on another thread where it is connected, also when it is closed meanwhile', async () => {
    const receiver = bound();
    const sender = open(AF_INET);
    sender.connect(receiver.name());
    const sent = sender.sendAside(bytes('aside'));
    sender.close();
    expect((await nextOf(receiver)).bytes).toEqual(bytes('aside'));
    expect(await sent).toBeUndefined();
  });

  it('rejects what cannot be sent on another thread as `send` throws it', async () => {
    const sender = open(AF_INET);
    sender.connect(bound().name());
    await expect(sender.sendAside(new Uint8Array(70_000))).rejects.toMatchObject({
      code: 'EMSGSIZE',
      syscall: 'send',
    });
    sender.close();
    expect(() => sender.sendAside(bytes('late'))).toThrow('EBADF');
  });

  it('receives an empty datagram as a message', async () => {
    const receiver = bound();
    receiver.send(new Uint8Array(0), receiver.name());
    expect((await nextOf(receiver)).bytes).toEqual(new Uint8Array(0));
  });

  it('tells interface, destination and TTL over IPv4 where asked to', async () => {
    const receiver = bound();
    receiver.setOption(IPPROTO_IP, IP_PKTINFO, 1);
    receiver.setOption(IPPROTO_IP, IP_RECVTTL, 1);
    const sender = open(AF_INET);
    sender.setOption(IPPROTO_IP, IP_TTL, 42);
    sender.send(bytes('x'), receiver.name());
    expect(await nextOf(receiver)).toMatchObject({
      interfaceIndex: native().interfaceIndex('lo'),
      destination: LOOPBACK,
      hopLimit: 42,
    });
  });

  it('tells interface, destination and hop limit over IPv6 where asked to', async () => {
    const loopback = Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? 1 : 0));
    const receiver = open(AF_INET6);
    receiver.setOption(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    receiver.setOption(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
    receiver.bind({ family: 'inet6', address: loopback, port: 0, scopeId: 0 });
    const sender = open(AF_INET6);
    sender.setOption(IPPROTO_IPV6, IPV6_UNICAST_HOPS, 43);
    sender.send(bytes('x'), receiver.name());
    const message = await nextOf(receiver);
    expect(message).toMatchObject({
      interfaceIndex: native().interfaceIndex('lo'),
      destination: loopback,
      hopLimit: 43,
    });
    expect(message.from).toMatchObject({ family: 'inet6', address: loopback, scopeId: 0 });
  });

  it('stamps a message with when the kernel got it, however late it is read', async () => {
    const socket = bound();
    socket.setOption(SOL_SOCKET, SO_TIMESTAMPNS, 1);
    // the kernel begins to stamp a moment after the option is set; until then it stamps when we read
    for (;;) {
      const sentAt = native().monotonicNow();
      socket.send(bytes('x'), socket.name());
      const sentBy = native().monotonicNow();
      while (native().monotonicNow() < sentBy + 2_000);
      const receivedAt = socket.receive()?.receivedAt ?? 0;
      expect(receivedAt).toBeGreaterThanOrEqual(sentAt - 2);
      if (receivedAt <= sentBy + 2) break;
      await nextTurn();
    }
  });

  it('says when a datagram was longer than its 64 KiB', async () => {
    const receiver = open(AF_UNIX);
    receiver.bind({ family: 'unix', path: abstractName() });
    for (const length of [65_536, 65_537]) {
      receiver.send(new Uint8Array(length).fill(7), receiver.name());
      const message = await nextOf(receiver);
      expect([message.bytes.length, message.truncated]).toEqual([65_536, length > 65_536]);
    }
  });

  it('knows the abstract and the unnamed addresses of AF_UNIX', async () => {
    const path = abstractName();
    const receiver = open(AF_UNIX);
    receiver.bind({ family: 'unix', path });
    expect(receiver.name()).toEqual({ family: 'unix', path });
    const unnamed = open(AF_UNIX);
    expect(unnamed.name()).toEqual({ family: 'unix', path: '' });
    unnamed.send(bytes('x'), receiver.name());
    expect((await nextOf(receiver)).from).toBeUndefined();
    receiver.send(bytes('x'), receiver.name());
    expect((await nextOf(receiver)).from).toEqual({ family: 'unix', path });
  });

  it('knows the addresses of AF_NETLINK', () => {
    const socket = open(AF_NETLINK, SOCK_RAW);
    socket.bind({ family: 'netlink', portId: 0, groups: 1 });
    const name = socket.name();
    expect(name).toEqual({ family: 'netlink', portId: expect.any(Number), groups: 1 });
    expect(name).not.toMatchObject({ portId: 0 });
  });

  it('sets and gets options as numbers, text and bytes', () => {
    const socket = open(AF_INET);
    socket.setOption(SOL_SOCKET, SO_RCVBUF, 20_000);
    const value = socket.getOption(SOL_SOCKET, SO_RCVBUF, 64);
    expect([value.length, viewOf(value).getInt32(0, true)]).toEqual([4, 40_000]); // socket(7): the kernel doubles it
    socket.setOption(SOL_SOCKET, SO_RCVBUF, Uint8Array.of(0x10, 0x27, 0, 0));
    expect(viewOf(socket.getOption(SOL_SOCKET, SO_RCVBUF, 4)).getInt32(0, true)).toBe(20_000);
    expect(() => socket.setOption(SOL_SOCKET, 25, 'no-such-link')).toThrow(
      expect.objectContaining({ code: 'ENODEV', syscall: 'setsockopt' }),
    );
    expect(() => socket.setOption(SOL_SOCKET, SO_RCVBUF, 2 ** 32)).toThrow(TypeError);
  });
});

describe('Socket addresses', () => {
  const good = {
    inet: { family: 'inet', address: LOOPBACK, port: 9 },
    inet6: { family: 'inet6', address: new Uint8Array(16), port: 9, scopeId: 0 },
    packet: { family: 'packet', interfaceIndex: 1, protocol: 0x0806, hardwareAddress: new Uint8Array(6) },
    netlink: { family: 'netlink', portId: 0, groups: 0 },
    unix: { family: 'unix', path: '/nonexistent' },
  } as const;

  it.each<[string, unknown, string]>([
    ['nothing', null, 'to must be a socket address'],
    ['an unknown family', { family: 'ipx' }, "family must be 'inet', 'inet6', 'packet', 'netlink' or 'unix'"],
    ['5 bytes for IPv4', { ...good.inet, address: new Uint8Array(5) }, 'address must be 4 bytes'],
    ['text for IPv4', { ...good.inet, address: '127.0.0.1' }, 'address must be a Uint8Array'],
    ['words for IPv4', { ...good.inet, address: new Uint32Array(1) }, 'address must be a Uint8Array'],
    ['port 65536', { ...good.inet, port: 65_536 }, 'port must be an integer from 0 to 65535'],
    ['4 bytes for IPv6', { ...good.inet6, address: LOOPBACK }, 'address must be 16 bytes'],
    ['no scope', { ...good.inet6, scopeId: undefined }, 'scopeId must be'],
    ['a negative interface', { ...good.packet, interfaceIndex: -1 }, 'interfaceIndex must be'],
    ['a protocol of 17 bits', { ...good.packet, protocol: 0x10000 }, 'protocol must be'],
    [
      '33 bytes of hardware',
      { ...good.packet, hardwareAddress: new Uint8Array(33) },
      'hardwareAddress must be at most',
    ],
    ['a port id of 33 bits', { ...good.netlink, portId: 2 ** 32 }, 'portId must be'],
    ['fractions of groups', { ...good.netlink, groups: 0.5 }, 'groups must be'],
    ['108 bytes of path', { ...good.unix, path: `/${'x'.repeat(107)}` }, 'path must be a string of at most 107 bytes'],
    ['a NUL in the path', { ...good.unix, path: '/a\0b' }, 'path must be'],
  ])('refuse %s', (_, address, message) => {
    const send = () => open(AF_INET).send(LOOPBACK, address as SocketAddress);
    expect(send).toThrow(TypeError);
    expect(send).toThrow(message);
  });

  it('may run JavaScript while they are read without harm', () => {
    const receiver = bound();
    const { port } = receiver.name() as { port: number };
    const socket = open(AF_INET);
    const payload = new Uint8Array(4);
    const detaching = Object.defineProperty({ ...good.inet }, 'port', {
      get: () => {
        structuredClone(payload.buffer, { transfer: [payload.buffer] });
        return port;
      },
    });
    expect(socket.send(payload, detaching)).toBe(0);
    const closing = Object.defineProperty({ ...good.inet }, 'port', {
      get: () => {
        socket.close();
        return port;
      },
    });
    expect(() => socket.send(new Uint8Array(4), closing)).toThrow(expect.objectContaining({ code: 'EBADF' }));
    const throwing = Object.defineProperty({ ...good.inet }, 'port', {
      get: () => {
        throw new RangeError('mine');
      },
    });
    expect(() => bound().send(LOOPBACK, throwing)).toThrow(new RangeError('mine'));
  });
});

describe('Socket.onReadable', () => {
  it('calls again until everything is received', async () => {
    const socket = bound();
    for (const text of ['a', 'b', 'c']) socket.send(bytes(text), socket.name());
    const received: string[] = [];
    await new Promise<void>((resolve) => {
      socket.onReadable(() => {
        received.push(String(Buffer.from(socket.receive()?.bytes ?? [])));
        if (received.length === 3) resolve();
      });
    });
    expect(received).toEqual(['a', 'b', 'c']);
  });

  it('calls the function that was set last', async () => {
    const socket = bound();
    socket.onReadable(() => expect.unreachable());
    socket.send(bytes('x'), socket.name());
    expect((await nextOf(socket)).bytes).toEqual(bytes('x'));
  });

  it('calls no more after undefined or close, even when both became readable together', async () => {
    const first = bound();
    const second = bound();
    let calls = 0;
    // whoever is called first stops the other, whose event waits in the same round of the loop
    const stopped = new Promise<void>((resolve) => {
      first.onReadable(() => {
        calls += 1;
        first.onReadable(undefined);
        second.close();
        resolve();
      });
      second.onReadable(() => {
        calls += 1;
        first.close();
        second.onReadable(undefined);
        resolve();
      });
    });
    first.send(bytes('x'), first.name());
    second.send(bytes('x'), second.name());
    await stopped;
    const other = bound();
    other.send(bytes('x'), other.name());
    await nextOf(other);
    expect(calls).toBe(1);
  });

  it('runs promises and process.nextTick after each call', async () => {
    const sockets = [bound(), bound()];
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      for (const socket of sockets) {
        socket.send(bytes('x'), socket.name());
        socket.onReadable(() => {
          socket.receive();
          order.push('call');
          process.nextTick(() => order.push('tick'));
          Promise.resolve().then(() => {
            order.push('promise');
            if (order.length === 6) resolve();
          });
        });
      }
    });
    expect(order).toEqual(['call', 'tick', 'promise', 'call', 'tick', 'promise']);
  });

  it('reports an error of the socket through receive once, and goes on without being told', async () => {
    const gone = bound();
    const address = gone.name();
    gone.close();
    const socket = bound();
    socket.connect(address);
    const outcomes: string[] = [];
    await new Promise<void>((resolve) => {
      socket.onReadable(() => {
        try {
          outcomes.push(String(Buffer.from(socket.receive()?.bytes ?? [])));
          resolve();
        } catch (error) {
          outcomes.push((error as NodeJS.ErrnoException).code ?? '');
          const back = open(AF_INET);
          back.bind(address);
          back.send(bytes('alive'), socket.name());
        }
      });
      socket.send(bytes('x'));
    });
    expect(outcomes).toEqual(['ECONNREFUSED', 'alive']);
    expect(socket.receive()).toBeUndefined();
  });

  it('refuses what is not a function', () => {
    expect(() => bound().onReadable(null as unknown as undefined)).toThrow(TypeError);
  });
});
