import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { seconds } from '../../src/base/time.ts';
import type { CheckIo, ConnectTarget } from '../../src/checks/checker.ts';
import { checkerKind, checkerKinds } from '../../src/checks/index.ts';
import type { CheckerConfig } from '../../src/checks/keywords.ts';
import { tcpCheck } from '../../src/checks/tcp.ts';
import { checkerConformance } from '../support/checker-conformance.ts';

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
