/**
 * What every kind of checker must survive, run against real sockets on loopback and a world that answers as told.
 */
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { type Duration, microseconds, milliseconds } from '../../src/base/time.ts';
import type { CheckerKind, CheckIo, CheckResult } from '../../src/checks/checker.ts';
import type { ConnectingChecker } from '../../src/checks/checker-config.ts';
import { tcpConnect } from '../../src/io/tcp-connect.ts';
import { withBlackhole } from './blackhole.ts';

const realIo: CheckIo = { connect: tcpConnect };
const LOOPBACK = '127.0.0.1' as IpAddress;

export interface ConformanceOptions<C> {
  /** What a healthy server does with a connection. */
  readonly serve: (socket: Socket) => void;
  /** The configuration for a server there; usually the kind's own keywords with defaults. */
  readonly configure: (address: IpAddress, port: number) => C;
  /** The server has to say something before it is healthy; false: a connection is all that is asked of it. */
  readonly needsAnswer: boolean;
}

/** Registers the tests. Call it first in the checker's describe. */
export function checkerConformance<C extends ConnectingChecker>(
  kind: CheckerKind<C>,
  { serve, configure, needsAnswer }: ConformanceOptions<C>,
): void {
  const check = (config: C, io = realIo, signal = new AbortController().signal): Promise<CheckResult> =>
    kind.check(config, io, signal);
  const outcomeWithoutAnswer = needsAnswer ? 'unhealthy' : 'healthy';
  /** Long enough for a connection on loopback, short enough to be waited for. */
  const hurried = (port: number): C => ({
    ...configure(LOOPBACK, port),
    connectTimeout: milliseconds(needsAnswer ? 100 : 5_000),
  });

  for (const address of ['127.0.0.1', '::1'] as IpAddress[]) {
    it(`a server on ${address} that does as it should is healthy`, async () => {
      await withServer(address, serve, async (port) => {
        expect(await check(configure(address, port))).toEqual({ outcome: 'healthy' });
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
      const config = { ...configure(LOOPBACK, port), connectTimeout: milliseconds(100) };
      expect(await check(config)).toEqual({ outcome: 'unhealthy', reason: 'connect: timeout after 0.1 s' });
    });
  });

  it('waits for a connection as long as connect_timeout says', async () => {
    const asked: Duration[] = [];
    const silent: CheckIo = {
      connect: async ({ timeout }) => {
        asked.push(timeout);
        return { ok: false, reason: 'timeout after 5 s', local: false };
      },
    };
    const config = configure('192.0.2.1' as IpAddress, 80);
    expect(await check(config, silent)).toEqual({ outcome: 'unhealthy', reason: 'connect: timeout after 5 s' });
    expect(asked).toEqual([config.connectTimeout]);
  });

  it('a server that is slow, but in time, is healthy', async () => {
    const slowly = async (socket: Socket) => {
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
      serve(socket);
    };
    await withServer(LOOPBACK, slowly, async (port) => {
      expect(await check(configure(LOOPBACK, port))).toEqual({ outcome: 'healthy' });
    });
  });

  it(`a server that hangs up at once is ${outcomeWithoutAnswer}`, async () => {
    const hangUp = (socket: Socket) => socket.end();
    await withServer(LOOPBACK, hangUp, async (port) => {
      expect((await check(configure(LOOPBACK, port))).outcome).toBe(outcomeWithoutAnswer);
    });
  });

  it('a server that resets its connections is not taken for a fault of this host', async () => {
    // whether the reset or the connection is seen first is a matter of microseconds
    const reset = (socket: Socket) => socket.resetAndDestroy();
    await withServer(LOOPBACK, reset, async (port) => {
      expect((await check(configure(LOOPBACK, port))).outcome).not.toBe('inconclusive');
    });
  });

  it(`a server that never says a word is ${outcomeWithoutAnswer}`, async () => {
    await withServer(
      LOOPBACK,
      () => {},
      async (port) => expect((await check(hurried(port))).outcome).toBe(outcomeWithoutAnswer),
    );
  });

  it('a fault of this host is inconclusive: an address to bind to that is not ours', async () => {
    await withServer(LOOPBACK, serve, async (port) => {
      const config = { ...configure(LOOPBACK, port), bindAddress: '192.0.2.77' as IpAddress };
      expect(await check(config)).toEqual({ outcome: 'inconclusive', reason: 'connect: EADDRNOTAVAIL' });
    });
  });

  it('an abort during the probe ends it without a word about the server', async () => {
    await withBlackhole(async (port) => {
      const controller = new AbortController();
      const ended = check(configure(LOOPBACK, port), realIo, controller.signal);
      controller.abort();
      expect((await ended).outcome).toBe('inconclusive');
    });
  });

  it('a probe that is aborted before it begins says nothing about the server', async () => {
    await withServer(LOOPBACK, serve, async (port) => {
      expect((await check(configure(LOOPBACK, port), realIo, AbortSignal.abort())).outcome).toBe('inconclusive');
    });
  });

  it('the shortest timeout does no harm', async () => {
    await withServer(LOOPBACK, serve, async (port) => {
      const config = { ...configure(LOOPBACK, port), connectTimeout: microseconds(1) };
      expect(['healthy', 'unhealthy']).toContain((await check(config)).outcome);
    });
  });
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
