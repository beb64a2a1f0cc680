import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { seconds } from '../../src/base/time.ts';
import type { CheckIo, ConnectTarget } from '../../src/checks/checker.ts';
import { checkerKind, checkerKinds } from '../../src/checks/index.ts';
import type { CheckerConfig } from '../../src/checks/keywords.ts';
import { tcpCheck } from '../../src/checks/tcp.ts';
import { tcpConnect } from '../../src/io/tcp-connect.ts';
import { checkerConformance, withServer } from '../support/checker-conformance.ts';

const LOOPBACK = '127.0.0.1' as IpAddress;

const configure = (connectAddress: IpAddress, connectPort: number): CheckerConfig => ({
  kind: 'TCP_CHECK',
  connectAddress,
  connectPort,
  connectTimeout: seconds(5),
  retry: 1,
  delayBeforeRetry: seconds(1),
  delayLoop: seconds(6),
  warmup: seconds(6),
  alpha: false,
});

describe('TCP_CHECK', () => {
  checkerConformance(tcpCheck, { serve: () => {}, configure });

  it('is healthy however the server goes on: at once closed or talking', async () => {
    for (const serve of [(socket: Socket) => socket.end(), (socket: Socket) => socket.write('220 hello\r\n')]) {
      await withServer(LOOPBACK, serve, async (port) => {
        const result = await tcpCheck.check(
          configure(LOOPBACK, port),
          { connect: tcpConnect },
          new AbortController().signal,
        );
        expect(result).toEqual({ outcome: 'healthy' });
      });
    }
  });

  it('connects where and as it is told', async () => {
    const targets: ConnectTarget[] = [];
    const io: CheckIo = {
      connect: async (target) => {
        targets.push(target);
        return { ok: true };
      },
    };
    const config = { ...configure(LOOPBACK, 8080), bindAddress: '127.0.0.2' as IpAddress, bindPort: 4_000 };
    await tcpCheck.check(config, io, new AbortController().signal);
    expect(targets).toEqual([
      { address: LOOPBACK, port: 8080, timeout: seconds(5), bindAddress: '127.0.0.2', bindPort: 4_000 },
    ]);
  });
});

describe('tcpConnect', () => {
  it('comes from the address that it is bound to (keepalived.conf(5) "bindto")', async () => {
    const seen: (string | undefined)[] = [];
    const noticed = new Promise<void>((resolve) => {
      void withServer(
        LOOPBACK,
        (socket) => {
          seen.push(socket.remoteAddress);
          resolve();
        },
        async (port) => {
          const request = { address: LOOPBACK, port, timeout: seconds(5), bindAddress: '127.0.0.9' };
          expect(await tcpConnect(request, new AbortController().signal)).toEqual({ ok: true });
          await noticed;
        },
      );
    });
    await noticed;
    expect(seen).toEqual(['127.0.0.9']);
  });
});

describe('the list of checkers', () => {
  it('has each kind once, and finds it by its keyword', () => {
    expect(new Set(checkerKinds.map((kind) => kind.keyword)).size).toBe(checkerKinds.length);
    expect(checkerKind('TCP_CHECK')).toBe(tcpCheck);
  });
});
