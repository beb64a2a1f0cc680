import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AF_INET, SCHED_OTHER, SOCK_DGRAM } from '../../src/io/constants.ts';
import { findAddon, type NativeSocket, native, type SocketAddress } from '../../src/io/native.ts';

const never = (): boolean => false;
const udp = (): NativeSocket => new (native().Socket)(AF_INET, SOCK_DGRAM, 0);
const LOOPBACK = Uint8Array.of(127, 0, 0, 1);

/** Calls with arguments that the types would not let through. */
// biome-ignore lint/complexity/noBannedTypes: any function at all
const call = (target: object | undefined, method: Function, ...args: unknown[]): unknown =>
  Reflect.apply(method, target, args);

describe('findAddon', () => {
  it('takes $HOLDFAST_ADDON and nothing else when it is set', () => {
    const found = findAddon({ HOLDFAST_ADDON: '/opt/holdfast.node' }, '/src/io', () => true);
    expect(found).toBe('/opt/holdfast.node');
    expect(() => findAddon({ HOLDFAST_ADDON: '/opt/holdfast.node' }, '/src/io', never)).toThrow('/opt/holdfast.node');
  });

  it.each([
    ['/root/src/io', '/root/native/build/Release/holdfast.node'],
    ['/root/dist', '/root/native/build/Release/holdfast.node'],
    ['/root/dist', `/root/prebuilds/linux-${process.arch}/holdfast.node`],
    ['/usr/lib/holdfast/dist', `/usr/lib/holdfast/prebuilds/linux-${process.arch}/holdfast.node`],
  ])('finds from a module in %s the file %s', (from, file) => {
    expect(findAddon({}, from, (path) => path === file)).toBe(file);
  });

  it('prefers what was built here to what was delivered', () => {
    expect(findAddon({}, '/root/dist', (path) => path.startsWith('/root/') && !path.includes('/dist/'))).toBe(
      '/root/native/build/Release/holdfast.node',
    );
  });

  it('says what it looked for and how to build it when there is none', () => {
    expect(() => findAddon({}, '/a/b', never)).toThrow(
      [
        'the native addon of holdfast is missing; run `npm run build:native`. Looked for:',
        '  /a/b/native/build/Release/holdfast.node',
        `  /a/b/prebuilds/linux-${process.arch}/holdfast.node`,
        '  /a/native/build/Release/holdfast.node',
        `  /a/prebuilds/linux-${process.arch}/holdfast.node`,
        '  /native/build/Release/holdfast.node',
        `  /prebuilds/linux-${process.arch}/holdfast.node`,
      ].join('\n'),
    );
  });
});

describe('errors of system calls', () => {
  it("have the shape of Node's own", () => {
    const socket = udp();
    let error: unknown;
    try {
      socket.bind({ family: 'inet', address: Uint8Array.of(192, 0, 2, 1), port: 0 });
    } catch (thrown) {
      error = thrown;
    }
    socket.close();
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toBe('bind EADDRNOTAVAIL: address not available');
    expect({ ...(error as Error) }).toEqual({ code: 'EADDRNOTAVAIL', errno: -99, syscall: 'bind' });
  });

  it('name the call that was refused', () => {
    const { interfaceIndex, setNamespace, Socket } = native();
    expect(() => new Socket(12_345, SOCK_DGRAM, 0)).toThrow(
      expect.objectContaining({ code: 'EAFNOSUPPORT', syscall: 'socket' }),
    );
    expect(() => interfaceIndex('no-such-link')).toThrow(
      expect.objectContaining({ code: 'ENODEV', errno: -19, syscall: 'if_nametoindex' }),
    );
    expect(() => setNamespace(-1, 0)).toThrow(expect.objectContaining({ code: 'EBADF', syscall: 'setns' }));
  });
});

describe('a closed socket', () => {
  const closed = udp();
  closed.close();
  const address: SocketAddress = { family: 'inet', address: LOOPBACK, port: 9 };

  it.each<[string, () => unknown]>([
    ['bind', () => closed.bind(address)],
    ['connect', () => closed.connect(address)],
    ['name', () => closed.name()],
    ['setOption', () => closed.setOption(1, 8, 4096)],
    ['getOption', () => closed.getOption(1, 8, 4)],
    ['send', () => closed.send(LOOPBACK, address)],
    ['receive', () => closed.receive()],
    ['onReadable', () => closed.onReadable(() => {})],
  ])('refuses %s with EBADF', (_, use) => {
    expect(use).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });

  it('has no descriptor, and closes and stops again without harm', () => {
    expect(closed.fd).toBe(-1);
    closed.close();
    closed.onReadable(undefined);
  });
});

describe('arguments', () => {
  it('of a wrong type or out of range are a TypeError that names them', () => {
    const { interfaceIndex, lockMemory, setNamespace, setParentDeathSignal, setScheduler, Socket, Timer, unshare } =
      native();
    const refused: [() => unknown, string][] = [
      [() => Reflect.construct(Socket, []), 'domain must be an integer from -2147483648 to 2147483647'],
      [() => Reflect.construct(Socket, [2, 2.5, 0]), 'type must be'],
      [() => Reflect.construct(Socket, [2, 2, 2 ** 31]), 'protocol must be'],
      [() => Reflect.construct(Timer, [{}]), 'callback must be a function'],
      [() => call(undefined, setScheduler, 'FIFO', 1), 'policy must be'],
      [() => call(undefined, setScheduler, 1, Number.NaN), 'priority must be'],
      [() => call(undefined, lockMemory, null, 0), 'start must be'],
      [() => call(undefined, lockMemory, 0, -1), 'length must be'],
      [() => call(undefined, unshare), 'flags must be'],
      [() => call(undefined, setNamespace, '3', 0), 'fd must be'],
      [() => call(undefined, setNamespace, 3, 1n), 'type must be'],
      [() => call(undefined, setParentDeathSignal, 65), 'signal must be an integer from 0 to 64'],
      [() => call(undefined, interfaceIndex, 1), 'name must be a string'],
      [() => call(undefined, interfaceIndex, 'lo\0x'), 'name must be a string without NUL bytes'],
    ];
    for (const [use, message] of refused) {
      expect(use, message).toThrow(TypeError);
      expect(use).toThrow(message);
    }
  });

  it('of another object than the method is for are refused', () => {
    const socket = udp();
    const timer = new (native().Timer)(() => {});
    expect(() => call(timer, socket.receive)).toThrow(TypeError);
    expect(() => call(socket, timer.set, 1)).toThrow(TypeError);
    expect(() => call({}, socket.close)).toThrow(TypeError);
    expect(() => call(Object.create(socket), socket.close)).toThrow(TypeError);
    expect(() => Reflect.get(native().Socket.prototype, 'fd')).toThrow(Error);
    expect(() => Reflect.get(native().Socket.prototype, 'fd', timer)).toThrow(TypeError);
    expect(() => call(undefined, native().Socket, 2, 2, 0)).toThrow(TypeError);
    timer.close();
    socket.close();
  });

  it('of any kind at all never do more than throw an Error', () => {
    const methods = ['bind', 'connect', 'setOption', 'getOption', 'send', 'onReadable'] as const;
    const family = fc.constantFrom('inet', 'inet6', 'packet', 'netlink', 'unix', 'ipx');
    const address = fc.record(
      {
        family,
        address: fc.oneof(fc.uint8Array(), fc.anything()),
        hardwareAddress: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.anything()),
        path: fc.oneof(
          fc.string({ maxLength: 3 }).map((text) => `\0${text}`),
          fc.constant('/'.repeat(120)),
        ),
        port: fc.oneof(fc.integer(), fc.anything()),
        scopeId: fc.integer(),
        interfaceIndex: fc.integer(),
        protocol: fc.integer(),
        portId: fc.integer(),
        groups: fc.integer(),
      },
      { requiredKeys: ['family'] },
    );
    const argument = fc.oneof(address, fc.anything({ withTypedArray: true, withBigInt: true }), fc.uint8Array());
    fc.assert(
      fc.property(fc.constantFrom(...methods), fc.array(argument, { maxLength: 4 }), (method, args) => {
        const socket = udp();
        try {
          call(socket, socket[method], ...args);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        } finally {
          socket.close();
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('native functions', () => {
  it('monotonicNow is CLOCK_MONOTONIC in whole microseconds, as process.hrtime has it', () => {
    const before = Number(process.hrtime.bigint() / 1_000n);
    const now = native().monotonicNow();
    const after = Number(process.hrtime.bigint() / 1_000n);
    expect(Number.isSafeInteger(now)).toBe(true);
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(after);
  });

  it('interfaceIndex knows the loopback interface', () => {
    expect(native().interfaceIndex('lo')).toBe(Number(readFileSync('/sys/class/net/lo/ifindex', 'utf8')));
  });

  it('getScheduler tells the class of this thread', () => {
    native().setScheduler(SCHED_OTHER, 0);
    expect(native().getScheduler()).toEqual({ policy: SCHED_OTHER, priority: 0 });
  });
});
