/**
 * What every kind of checker must survive, run against real sockets on loopback and a world that answers as told.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { milliseconds, seconds } from '../../src/base/time.ts';
import type { CheckerKind, CheckIo, CheckResult } from '../../src/checks/checker.ts';
import type { CheckerConfig } from '../../src/checks/keywords.ts';
import { tcpConnect } from '../../src/io/tcp-connect.ts';

const realIo: CheckIo = { connect: tcpConnect };

export interface ConformanceOptions {
  /** What a healthy server does with a connection. */
  readonly serve: (socket: Socket) => void;
  /** The configuration for a server there; usually the kind's own keywords with defaults. */
  readonly configure: (address: IpAddress, port: number) => CheckerConfig;
}

/** Registers the tests. Call it first in the checker's describe. */
export function checkerConformance(kind: CheckerKind, { serve, configure }: ConformanceOptions): void {
  const check = (config: CheckerConfig, io = realIo, signal = new AbortController().signal): Promise<CheckResult> =>
    kind.check(config, io, signal);

  for (const address of ['127.0.0.1', '::1'] as IpAddress[]) {
    it(`a server on ${address} that does as it should is healthy`, async () => {
      await withServer(address, serve, async (port) => {
        expect(await check(configure(address, port))).toEqual({ outcome: 'healthy' });
      });
    });

    it(`a port of ${address} where nobody listens is unhealthy, and says so`, async () => {
      const port = await withServer(address, serve, async (free) => free);
      expect(await check(configure(address, port))).toEqual({
        outcome: 'unhealthy',
        reason: 'connect: ECONNREFUSED',
      });
    });
  }

  it('a server that never answers is unhealthy after connect_timeout', async () => {
    let asked = seconds(0);
    const silent: CheckIo = {
      connect: async ({ timeout }) => {
        asked = timeout;
        return { ok: false, reason: 'timeout after 5 s', local: false };
      },
    };
    const config = configure('192.0.2.1' as IpAddress, 80);
    expect(await check(config, silent)).toEqual({ outcome: 'unhealthy', reason: 'connect: timeout after 5 s' });
    expect(asked).toBe(config.connectTimeout);
  });

  it('a fault of this host is inconclusive: an address to bind to that is not ours', async () => {
    await withServer('127.0.0.1' as IpAddress, serve, async (port) => {
      const config = { ...configure('127.0.0.1' as IpAddress, port), bindAddress: '192.0.2.77' as IpAddress };
      expect(await check(config)).toEqual({ outcome: 'inconclusive', reason: 'connect: EADDRNOTAVAIL' });
    });
  });

  it('an abort ends it, before and during the probe', async () => {
    const controller = new AbortController();
    await withServer('127.0.0.1' as IpAddress, serve, async (port) => {
      const config = configure('127.0.0.1' as IpAddress, port);
      const ended = check(config, realIo, controller.signal);
      controller.abort();
      expect((await ended).outcome).not.toBe('unhealthy');
      expect((await check(config, realIo, controller.signal)).outcome).toBe('inconclusive');
    });
  });

  it('the shortest timeout does no harm', async () => {
    await withServer('127.0.0.1' as IpAddress, serve, async (port) => {
      const config = { ...configure('127.0.0.1' as IpAddress, port), connectTimeout: milliseconds(0.001) };
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
