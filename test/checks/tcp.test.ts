import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import type { TcpChecker } from '../../src/checks/checker-config.ts';
import { fileCheck } from '../../src/checks/file.ts';
import { checkerKind, checkerKinds, toldCheckerKind, toldCheckerKinds } from '../../src/checks/index.ts';
import { tcpCheck } from '../../src/checks/tcp.ts';
import { checkerConformance } from '../support/checker-conformance.ts';
import { tcpChecker } from '../support/servers.ts';

const configure = (connectAddress: IpAddress, connectPort: number): TcpChecker =>
  tcpChecker({ connectAddress, connectPort });

describe('TCP_CHECK', () => {
  checkerConformance(tcpCheck, { serve: () => {}, configure, needsAnswer: false });
});

describe('the list of checkers', () => {
  it('has each kind once, and finds it by its keyword', () => {
    const keywords = [...checkerKinds, ...toldCheckerKinds].map((kind) => kind.keyword);
    expect(new Set(keywords).size).toBe(keywords.length);
    expect(checkerKind('TCP_CHECK')).toBe(tcpCheck);
    expect(toldCheckerKind('FILE_CHECK')).toBe(fileCheck);
  });
});
