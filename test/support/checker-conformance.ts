/**
 * What every kind of checker must survive, run against real sockets on loopback and a world that answers as told.
 */
import { createSocket } from 'node:dgram';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { microseconds, milliseconds } from '../../src/base/time.ts';
import type { AnswerFault, CheckerKind, CheckIo, CheckResult, ConnectTarget } from '../../src/checks/checker.ts';
import type { ConnectingChecker } from '../../src/checks/checker-config.ts';
import { checkIo } from '../../src/daemon/check-io.ts';
import { withBlackhole } from './blackhole.ts';

/** The world as it is; nobody runs commands. */
export const realIo: CheckIo = checkIo(async () => ({ how: 'aborted' }));
const LOOPBACK = '127.0.0.1' as IpAddress;
const BOTH = [LOOPBACK, '::1' as IpAddress];

/** Long enough for an answer on loopback, short enough to be waited for. */
const HURRIED = milliseconds(100);
/** With one byte in this time not even the shortest answer is complete in time. */
const DRIP_MS = 60;
const HUNDRED_MEGABYTES = 100_000_000;

/** A world in which every attempt ends like this. @param seen gets what was tried */
export function failingIo(reason: string, local: boolean, seen: ConnectTarget[] = []): CheckIo {
  const fail = async (target: ConnectTarget): Promise<AnswerFault> => {
    seen.push(target);
    return { ok: false, stage: 'connect', reason, local };
  };
  const silence = async (target: ConnectTarget) => {
    seen.push(target);
    return { type: 'fault', reason, local } as const;
  };
  return { ...realIo, connect: fail, converse: fail, get: fail, call: fail, exchange: silence, ping: silence };
}

interface CommonOptions<C> {
  /** The configuration for a server there; usually the kind's own keywords with defaults. */
  readonly configure: (address: IpAddress, port: number) => C;
}

export interface ConformanceOptions<C> extends CommonOptions<C> {
  /** What a healthy server does with a connection. */
  readonly serve: (socket: Socket) => void;
  /** The server has to say something before it is healthy; false: a connection is all that is asked of it. */
  readonly needsAnswer: boolean;
}

const checking =
  <C extends ConnectingChecker>(kind: CheckerKind<C>) =>
  (config: C, io = realIo, signal = new AbortController().signal): Promise<CheckResult> =>
    kind.check(config, io, signal, 0);

/** What holds whatever the checker speaks. */
function commonConformance<C extends ConnectingChecker>(
  kind: CheckerKind<C>,
  { configure }: CommonOptions<C>,
  prefix: string,
): void {
  const check = checking(kind);
  const config = configure('192.0.2.1' as IpAddress, 80);

  it('waits as long as connect_timeout says', async () => {
    const seen: ConnectTarget[] = [];
    await check(config, failingIo('timeout after 5 s', false, seen));
    expect(seen.map(({ timeout }) => timeout)).toEqual([config.connectTimeout]);
  });

  it('goes where, from where and through what it is told', async () => {
    const seen: ConnectTarget[] = [];
    const bound = {
      ...config,
      bindAddress: '192.0.2.9' as IpAddress,
      bindPort: 4_000,
      bindInterface: 'eth9',
      fwmark: 7,
    };
    await check(bound, failingIo('EHOSTUNREACH', false, seen));
    expect(seen).toMatchObject([
      { address: '192.0.2.1', port: 80, bindAddress: '192.0.2.9', bindPort: 4_000, bindInterface: 'eth9', fwmark: 7 },
    ]);
  });

  it('a server that cannot be reached is unhealthy, and says so', async () => {
    expect(await check(config, failingIo('EHOSTUNREACH', false))).toEqual({
      outcome: 'unhealthy',
      reason: `${prefix}EHOSTUNREACH`,
    });
  });

  it('a fault of this host is inconclusive', async () => {
    expect(await check(config, failingIo('EMFILE', true))).toEqual({
      outcome: 'inconclusive',
      reason: `${prefix}EMFILE`,
    });
  });

  it('an address to bind to that is not ours is inconclusive', async () => {
    const bound = { ...configure(LOOPBACK, 9), bindAddress: '192.0.2.77' as IpAddress };
    expect(await check(bound)).toEqual({ outcome: 'inconclusive', reason: `${prefix}EADDRNOTAVAIL` });
  });

  it('an interface that is not there is inconclusive', async () => {
    const bound = { ...configure(LOOPBACK, 9), bindInterface: 'nosuch0' };
    expect((await check(bound)).outcome).toBe('inconclusive');
  });

  it('a probe that is aborted before it begins says nothing about the server', async () => {
    expect((await check(configure(LOOPBACK, 9), realIo, AbortSignal.abort())).outcome).toBe('inconclusive');
  });
}

/** Registers the tests of a checker that speaks over TCP. Call it first in the checker's describe. */
export function checkerConformance<C extends ConnectingChecker>(
  kind: CheckerKind<C>,
  options: ConformanceOptions<C>,
): void {
  const { serve, configure, needsAnswer } = options;
  const check = checking(kind);
  const outcomeWithoutAnswer = needsAnswer ? 'unhealthy' : 'healthy';
  const hurried = (port: number): C => ({
    ...configure(LOOPBACK, port),
    connectTimeout: needsAnswer ? HURRIED : milliseconds(5_000),
  });
  const outcomeOf = (treat: (socket: Socket) => void): Promise<string> =>
    withServer(LOOPBACK, treat, async (port) => (await check(hurried(port))).outcome);

  commonConformance(kind, options, 'connect: ');

  for (const address of BOTH) {
    it(`a server on ${address} that does as it should is healthy`, async () => {
      await withServer(address, serve, async (port) => {
        expect((await check(configure(address, port))).outcome).toBe('healthy');
      });
    });

    it(`a port of ${address} where nobody listens is unhealthy, and says so`, async () => {
      await withRefusingPort(address, async (port) => {
        expect(await check(configure(address, port))).toEqual({
          outcome: 'unhealthy',
          reason: 'connect: ECONNREFUSED',
        });
      });
    });
  }

  it('a server that takes no connection is unhealthy after connect_timeout', async () => {
    await withBlackhole(async (port) => {
      const config = { ...configure(LOOPBACK, port), connectTimeout: HURRIED };
      expect(await check(config)).toEqual({ outcome: 'unhealthy', reason: 'connect: timeout after 0.1 s' });
    });
  });

  it('a server that is slow, but in time, is healthy', async () => {
    const slowly = async (socket: Socket) => {
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
      serve(socket);
    };
    await withServer(LOOPBACK, slowly, async (port) => {
      expect((await check(configure(LOOPBACK, port))).outcome).toBe('healthy');
    });
  });

  it(`a server whose answer drips is ${outcomeWithoutAnswer} after connect_timeout`, async () => {
    expect(await outcomeOf((socket) => serve(dripping(socket)))).toBe(outcomeWithoutAnswer);
  });

  it(`a server that hangs up in the middle of its answer is ${outcomeWithoutAnswer}`, async () => {
    expect(await outcomeOf((socket) => serve(halved(socket)))).toBe(outcomeWithoutAnswer);
  });

  it(`a server that hangs up at once is ${outcomeWithoutAnswer}`, async () => {
    expect(await outcomeOf((socket) => socket.end())).toBe(outcomeWithoutAnswer);
  });

  it(`a server that talks nonsense is ${outcomeWithoutAnswer}`, async () => {
    const babble = (socket: Socket) => {
      socket.write('SSH-2.0-OpenSSH_9.2p1 Debian\r\n');
      socket.on('data', () => socket.write(Buffer.alloc(64, '\xff\x00garbage\r\n', 'latin1')));
    };
    expect(await outcomeOf(babble)).toBe(outcomeWithoutAnswer);
  });

  it(`a server that answers with 100 megabytes is ${outcomeWithoutAnswer}, and most of them are left to it`, async () => {
    let sent = 0;
    const flood = (socket: Socket) => {
      const piece = Buffer.alloc(65_536, 'x');
      const more = () => {
        while (sent < HUNDRED_MEGABYTES && !socket.destroyed) {
          sent += piece.length;
          if (!socket.write(piece)) {
            socket.once('drain', more);
            return;
          }
        }
      };
      more();
    };
    expect(await outcomeOf(flood)).toBe(outcomeWithoutAnswer);
    expect(sent).toBeLessThan(HUNDRED_MEGABYTES / 2);
  });

  it('a server that resets its connections is not taken for a fault of this host', async () => {
    // whether the reset or the connection is seen first is a matter of microseconds
    expect(await outcomeOf((socket) => socket.resetAndDestroy())).not.toBe('inconclusive');
  });

  it(`a server that never says a word is ${outcomeWithoutAnswer}`, async () => {
    expect(await outcomeOf(() => {})).toBe(outcomeWithoutAnswer);
  });

  it('an abort during the connection ends it without a word about the server', async () => {
    await withBlackhole(async (port) => {
      const controller = new AbortController();
      const ended = check(configure(LOOPBACK, port), realIo, controller.signal);
      controller.abort();
      expect((await ended).outcome).toBe('inconclusive');
    });
  });

  if (needsAnswer) {
    it('an abort during the answer ends it without a word about the server', async () => {
      const controller = new AbortController();
      const abort = () => setImmediate(() => controller.abort());
      await withServer(LOOPBACK, abort, async (port) => {
        expect((await check(configure(LOOPBACK, port), realIo, controller.signal)).outcome).toBe('inconclusive');
      });
    });
  }

  it('the shortest timeout does no harm', async () => {
    await withServer(LOOPBACK, serve, async (port) => {
      const config = { ...configure(LOOPBACK, port), connectTimeout: microseconds(1) };
      expect(['healthy', 'unhealthy']).toContain((await check(config)).outcome);
    });
  });
}

export interface DatagramConformanceOptions<C> extends CommonOptions<C> {
  /** What a healthy server answers; undefined: nothing. */
  readonly reply: (question: Buffer) => Uint8Array | undefined;
  /** Silence is a failure. */
  readonly needsAnswer: boolean;
  /** What a server says that is none. Healthy by it: the checker takes any answer. */
  readonly garbage: Uint8Array;
  readonly garbageIs: CheckResult['outcome'];
}

/** The same for a checker that speaks over UDP. */
export function datagramConformance<C extends ConnectingChecker>(
  kind: CheckerKind<C>,
  options: DatagramConformanceOptions<C>,
): void {
  const { reply, configure, needsAnswer, garbage, garbageIs } = options;
  const check = checking(kind);
  const hurried = (port: number): C => ({ ...configure(LOOPBACK, port), connectTimeout: HURRIED });

  commonConformance(kind, options, '');

  for (const address of BOTH) {
    it(`a server on ${address} that answers as it should is healthy`, async () => {
      await withDatagramServer(address, reply, async (port) => {
        expect(await check(configure(address, port))).toEqual({ outcome: 'healthy' });
      });
    });

    it(`a closed port of ${address} is unhealthy, and says so`, async () => {
      await withClosedDatagramPort(address, async (port) => {
        expect(await check(configure(address, port))).toEqual({ outcome: 'unhealthy', reason: 'ECONNREFUSED' });
      });
    });
  }

  it(`a server that is silent is ${needsAnswer ? 'unhealthy' : 'healthy'} after connect_timeout`, async () => {
    const silent = () => undefined;
    await withDatagramServer(LOOPBACK, silent, async (port) => {
      expect((await check(hurried(port))).outcome).toBe(needsAnswer ? 'unhealthy' : 'healthy');
    });
  });

  it(`a server that answers with garbage is ${garbageIs}`, async () => {
    const babble = () => garbage;
    await withDatagramServer(LOOPBACK, babble, async (port) => {
      expect((await check(hurried(port))).outcome).toBe(garbageIs);
    });
  });

  it('the largest datagram does no harm', async () => {
    const large = () => Buffer.alloc(65_000);
    await withDatagramServer(LOOPBACK, large, async (port) => {
      expect(['healthy', 'unhealthy']).toContain((await check(hurried(port))).outcome);
    });
  });

  it('an abort ends it without a word about the server', async () => {
    const controller = new AbortController();
    const abort = () => {
      controller.abort();
      return undefined;
    };
    await withDatagramServer(LOOPBACK, abort, async (port) => {
      expect((await check(configure(LOOPBACK, port), realIo, controller.signal)).outcome).toBe('inconclusive');
    });
  });
}

/** What is written to it goes out byte by byte. */
function dripping(socket: Socket): Socket {
  const write = socket.write.bind(socket);
  const waiting: number[] = [];
  const timer = setInterval(() => {
    const next = waiting.shift();
    if (next !== undefined) write(Buffer.of(next));
  }, DRIP_MS);
  socket.on('close', () => clearInterval(timer));
  return intercepted(socket, (bytes) => waiting.push(...bytes));
}

/** Of what is written first one half goes out, and then the end. */
function halved(socket: Socket): Socket {
  const end = socket.end.bind(socket);
  return intercepted(socket, (bytes) => {
    if (!socket.writableEnded) end(bytes.subarray(0, Math.floor(bytes.length / 2)));
  });
}

/** Writes go elsewhere, of what is wrapped around the socket too. */
function intercepted(socket: Socket, take: (bytes: Buffer) => void): Socket {
  const taken = (chunk: unknown, encoding: unknown, done: unknown) => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array)
      take(Buffer.from(chunk as string, encoding as 'latin1'));
    const callback = [chunk, encoding, done].find((one) => typeof one === 'function') as (() => void) | undefined;
    if (callback) setImmediate(callback);
    return true;
  };
  Object.assign(socket, {
    write: taken,
    end: (...given: unknown[]) => {
      taken(given[0], given[1], given[2]);
      return socket;
    },
  });
  return socket;
}

/** Runs `use` with a port that answers nobody: its socket is connected to itself. */
export async function withClosedDatagramPort<T>(address: IpAddress, use: (port: number) => Promise<T>): Promise<T> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.connect(port, address, () => resolve()));
  try {
    return await use(port);
  } finally {
    socket.close();
  }
}

/** Runs `use` while a server answers datagrams on a free port of the address. */
export async function withDatagramServer<T>(
  address: IpAddress,
  reply: (question: Buffer) => Uint8Array | undefined,
  use: (port: number) => Promise<T>,
): Promise<T> {
  const server = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  server.on('message', (question, from) => {
    const answer = reply(question);
    if (answer !== undefined) server.send(answer, from.port, from.address);
  });
  await new Promise<void>((resolve) => server.bind(0, address, resolve));
  try {
    return await use(server.address().port);
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

/** Runs `use` while a server listens on a free port of the address, and closes everything afterwards. */
export async function withServer<T>(
  address: IpAddress,
  serve: (socket: Socket) => void,
  use: (port: number, server: Server) => Promise<T>,
): Promise<T> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {}); // a checker may reset its connection
    socket.on('close', () => open.delete(socket));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  try {
    const place = server.address();
    if (place === null || typeof place === 'string') throw new Error('no port');
    return await use(place.port, server);
  } finally {
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

/**
 * Runs `use` with a port of the address where nobody listens: it belongs to one end of a connection, so that no server of
 * another test gets it meanwhile.
 */
export function withRefusingPort<T>(address: IpAddress, use: (port: number) => Promise<T>): Promise<T> {
  return withServer(
    address,
    () => {},
    async (port) => {
      const client = createConnection({ host: address, port });
      await new Promise<void>((resolve) => client.once('connect', resolve));
      try {
        return await use(client.localPort ?? 0);
      } finally {
        client.destroy();
      }
    },
  );
}
