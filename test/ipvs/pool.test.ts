import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { nextPool, type Pool, type PoolChange, type ServerState } from '../../src/ipvs/pool.ts';
import type { RealServer, VirtualServer } from '../../src/ipvs/virtual-server.ts';
import { realServer, virtualServer } from '../support/servers.ts';

const A = realServer({ address: '192.168.4.100' as IpAddress, weight: 1 });
const B = realServer({ address: '192.168.4.200' as IpAddress, weight: 2 });

/** The pools for one condition after the other, each as the words of what is told. */
function course(server: VirtualServer, ...steps: Record<string, ServerState>[]): string[] {
  let before: Pool | undefined;
  return steps.map((states) => {
    const stateOf = ({ id, settings: { weight } }: RealServer) => states[id] ?? { isUp: true, weight };
    const { pool, changes } = nextPool(server, before, stateOf);
    before = pool;
    return [...changes.map(words), pool.hasQuorum ? 'quorum' : 'no quorum'].join(', ');
  });
}

const words = (change: PoolChange): string =>
  change.type === 'real-server'
    ? `${change.realServer.id} ${change.isUp ? 'up' : 'down'}`
    : `${change.isUp ? 'gained' : 'lost'} ${change.weight} of ${change.threshold}`;

const down = { isUp: false, weight: 1 };
const up = { isUp: true, weight: 1 };

describe('pool', () => {
  it('tells its quorum when it is new, and its real servers only when they change', () => {
    const server = virtualServer({ realServers: [A, B] });
    expect(course(server, {}, {}, { [A.id]: down }, {})).toEqual([
      'gained 3 of 1, quorum',
      'quorum',
      '192.168.4.100:80 down, quorum',
      '192.168.4.100:80 up, quorum',
    ]);
  });

  it('without any server that is up there is no quorum, from the start or later', () => {
    const server = virtualServer({ realServers: [A] });
    expect(course(server, { [A.id]: down }, { [A.id]: up }, { [A.id]: down })).toEqual([
      'lost 0 of 1, no quorum',
      '192.168.4.100:80 up, gained 1 of 1, quorum',
      '192.168.4.100:80 down, lost 0 of 1, no quorum',
    ]);
  });

  it('gains a quorum at quorum + hysteresis and loses it below quorum - hysteresis (keepalived.conf(5) "hysteresis")', () => {
    const server = virtualServer({ realServers: [A, B], quorum: 2, hysteresis: 1 });
    const weighs = (a: number, b: number) => ({ [A.id]: { ...up, weight: a }, [B.id]: { ...up, weight: b } });
    expect(course(server, weighs(1, 1), weighs(1, 2), weighs(0, 1), weighs(0, 0), weighs(1, 1), weighs(0, 3))).toEqual([
      'lost 2 of 3, no quorum',
      'gained 3 of 3, quorum',
      'quorum',
      'lost 0 of 1, no quorum',
      'no quorum',
      'gained 3 of 3, quorum',
    ]);
  });

  it('a hysteresis as large as the quorum does not keep a quorum of nothing', () => {
    const server = virtualServer({ realServers: [A], quorum: 1, hysteresis: 1 });
    const weighing = (weight: number) => ({ [A.id]: { isUp: true, weight } });
    expect(course(server, weighing(2), weighing(0))).toEqual(['gained 2 of 2, quorum', 'lost 0 of 0, no quorum']);
  });

  it('a weight of 0 is up and counts for nothing', () => {
    const server = virtualServer({ realServers: [A, B], quorum: 2 });
    expect(course(server, { [B.id]: { isUp: true, weight: 0 } })).toEqual(['lost 1 of 2, no quorum']);
  });

  it('a real server that a reload brings begins without a word', () => {
    const before = nextPool(virtualServer({ realServers: [A] }), undefined, () => up).pool;
    const server = virtualServer({ realServers: [A, B] });
    const stateOf = ({ id }: { id: string }) => (id === A.id ? down : up);
    expect(nextPool(server, before, stateOf, new Set([A.id])).changes.map(words)).toEqual(['192.168.4.100:80 down']);
  });
});
