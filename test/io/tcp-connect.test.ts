import { getEventListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { milliseconds, seconds } from '../../src/base/time.ts';
import { openConnection, tcpConnect } from '../../src/io/tcp-connect.ts';
import { withBlackhole } from '../support/blackhole.ts';
import { withRefusingPort, withServer } from '../support/checker-conformance.ts';

const LOOPBACK = '127.0.0.1' as IpAddress;
const never = () => new AbortController().signal;
const target = (port: number) => ({ address: LOOPBACK, port, timeout: seconds(5) });

/** An address of this host that nobody else connects to: ports of connections that others left may be chosen again. */
const OURS = '127.9.8.7' as IpAddress;

/** Connections of the kernel's table from or to that address that are in TIME_WAIT (6 in include/net/tcp_states.h). */
const timeWaits = (): string[] => {
  const ours = '0708097F:';
  const rows = readFileSync('/proc/self/net/tcp', 'utf8').trim().split('\n').slice(1);
  return rows.filter((row) => {
    const [, local, remote, state] = row.trim().split(/\s+/);
    return state === '06' && (local?.startsWith(ours) || remote?.startsWith(ours));
  });
};

/** A connection that is made to a server, as the server sees it from its beginning to its end. */
async function seenBy(different: { bindAddress?: IpAddress; bindPort?: number } = {}) {
  const seen = { from: '', end: 'orderly', bytes: 0 };
  let over = () => {};
  const closed = new Promise<void>((resolve) => {
    over = resolve;
  });
  const watch = (socket: Socket) => {
    seen.from = `${socket.remoteAddress}:${socket.remotePort}`;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      seen.end = error.code ?? error.message;
    });
    socket.on('close', () => {
      seen.bytes = socket.bytesRead;
      over();
    });
    socket.resume();
  };
  return withServer(LOOPBACK, watch, async (port) => {
    const outcome = await tcpConnect({ ...target(port), ...different }, never());
    await closed;
    return { outcome, ...seen };
  });
}

describe('tcpConnect', () => {
  it('tells the name of a refusal, and that it is not ours', async () => {
    await withRefusingPort(LOOPBACK, async (port) => {
      expect(await tcpConnect(target(port), never())).toEqual({ ok: false, reason: 'ECONNREFUSED', local: false });
    });
  });

  it('gives up after its timeout, and says after how long', async () => {
    await withBlackhole(async (port) => {
      expect(await tcpConnect({ ...target(port), timeout: milliseconds(50) }, never())).toEqual({
        ok: false,
        reason: 'timeout after 0.05 s',
        local: false,
      });
    });
  });

  it('ends with a reset and without a byte, and leaves no TIME_WAIT', async () => {
    const { outcome, end, bytes } = await seenBy();
    expect({ outcome, end, bytes }).toEqual({ outcome: { ok: true }, end: 'ECONNRESET', bytes: 0 });
    await withServer(
      OURS,
      () => {},
      async (port) => {
        const there = { ...target(port), address: OURS };
        for (let i = 0; i < 50; i++) expect(await tcpConnect(there, never())).toEqual({ ok: true });
        expect(timeWaits()).toEqual([]);
      },
    );
  });

  it('comes from the address that it is bound to (keepalived.conf(5) "bindto")', async () => {
    const { from } = await seenBy({ bindAddress: '127.0.0.9' as IpAddress });
    expect(from).toMatch(/^127\.0\.0\.9:/);
  });

  it('comes from the port that it is bound to, again and again (keepalived.conf(5) "bind_port")', async () => {
    const bindPort = await withServer(
      LOOPBACK,
      () => {},
      async (free) => free,
    );
    for (let i = 0; i < 3; i++) {
      const { outcome, from } = await seenBy({ bindAddress: '127.0.0.9' as IpAddress, bindPort });
      expect({ outcome, from }).toEqual({ outcome: { ok: true }, from: `127.0.0.9:${bindPort}` });
    }
  });

  it('knows what is the fault of this host: an address that is not ours, a port that is taken', async () => {
    await withServer(
      LOOPBACK,
      () => {},
      async (port) => {
        expect(await tcpConnect({ ...target(port), bindAddress: '192.0.2.77' as IpAddress }, never())).toEqual({
          ok: false,
          reason: 'EADDRNOTAVAIL',
          local: true,
        });
        expect(await tcpConnect({ ...target(port), bindAddress: LOOPBACK, bindPort: port }, never())).toEqual({
          ok: false,
          reason: 'EADDRINUSE',
          local: true,
        });
      },
    );
  });

  it('an abort ends it: the answer comes at once, and the server hears no more', async () => {
    const aborted = { ok: false, reason: 'aborted', local: true };
    expect(await tcpConnect(target(9), AbortSignal.abort())).toEqual(aborted);
    await withBlackhole(async (port) => {
      const controller = new AbortController();
      const ended = tcpConnect(target(port), controller.signal);
      controller.abort();
      expect(await ended).toEqual(aborted);
    });
  });

  it('leaves nothing on the signal, which many attempts may share', async () => {
    const { signal } = new AbortController();
    await withServer(
      LOOPBACK,
      () => {},
      async (port) => {
        expect(await tcpConnect(target(port), signal)).toEqual({ ok: true });
        expect(getEventListeners(signal, 'abort')).toEqual([]);
      },
    );
  });

  it('does not take itself for a server: a connection to the port that it comes from', async () => {
    // no other test's server is there
    const ALONE = '127.9.8.7' as IpAddress;
    const port = await withServer(
      ALONE,
      () => {},
      async (free) => free,
    );
    expect(await tcpConnect({ ...target(port), address: ALONE, bindAddress: ALONE, bindPort: port }, never())).toEqual({
      ok: false,
      reason: 'ECONNREFUSED',
      local: false,
    });
  });

  it('finds nobody on port 0', async () => {
    expect(await tcpConnect(target(0), never())).toEqual({ ok: false, reason: 'ECONNREFUSED', local: false });
  });
});

describe('openConnection', () => {
  it('hands over a connection that can be read and written', async () => {
    const echo = (socket: Socket) => void socket.pipe(socket);
    await withServer(LOOPBACK, echo, async (port) => {
      const outcome = await openConnection(target(port), never());
      if (!outcome.ok) throw new Error(outcome.reason);
      const heard = new Promise((resolve) => outcome.socket.once('data', (bytes) => resolve(String(bytes))));
      outcome.socket.write('hello');
      expect(await heard).toBe('hello');
      outcome.socket.destroy();
    });
  });

  it('goes through the interface that it is told (keepalived.conf(5) "bind_if")', async () => {
    await withServer(
      LOOPBACK,
      () => {},
      async (port) => {
        expect(await tcpConnect({ ...target(port), bindInterface: 'lo' }, never())).toEqual({ ok: true });
        expect(await tcpConnect({ ...target(port), bindInterface: 'nosuch0' }, never())).toEqual({
          ok: false,
          reason: 'ENODEV',
          local: true,
        });
      },
    );
  });
});
