import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { seconds } from '../../src/base/time.ts';
import type { CheckIo, ConnectTarget } from '../../src/checks/checker.ts';
import type { TcpChecker } from '../../src/checks/checker-config.ts';
import { checkerKind, checkerKinds } from '../../src/checks/index.ts';
import { tcpCheck } from '../../src/checks/tcp.ts';
import { checkerConformance } from '../support/checker-conformance.ts';
import { tcpChecker } from '../support/servers.ts';

const LOOPBACK = '127.0.0.1' as IpAddress;

const configure = (connectAddress: IpAddress, connectPort: number): TcpChecker =>
  tcpChecker({ connectAddress, connectPort });

describe('TCP_CHECK', () => {
  checkerConformance(tcpCheck, { serve: () => {}, configure, needsAnswer: false });

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

describe('the list of checkers', () => {
  it('has each kind once, and finds it by its keyword', () => {
    expect(new Set(checkerKinds.map((kind) => kind.keyword)).size).toBe(checkerKinds.length);
    expect(checkerKind('TCP_CHECK')).toBe(tcpCheck);
  });
});
