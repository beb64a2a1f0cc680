import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { NewsReader, NewsWriter } from '../../src/daemon/virtual-server-news.ts';
import { realServer, virtualServer } from '../support/servers.ts';

const VIP = '192.168.4.15' as IpAddress;

describe('news of virtual servers', () => {
  const PORTS: Readonly<Record<string, number>> = { a: 1, b: 2, c: 3, d: 4 };
  const one = (name: string, weight = 1) =>
    virtualServer({
      target: { kind: 'address', address: VIP, port: PORTS[name] ?? 0 },
      realServers: [realServer({ weight })],
    });

  it('are all of them at first, and then what has changed', () => {
    const writer = new NewsWriter();
    expect(writer.all([one('a'), one('b'), one('c')])).toEqual([one('a'), one('b'), one('c')]);
    expect(writer.changes([one('a'), one('b', 2), one('c')])).toEqual([0, one('b', 2), 2]);
    expect(writer.changes([one('c'), one('d'), one('a')])).toEqual([2, one('d'), 0]);
    expect(writer.changes([])).toEqual([]);
    expect(writer.changes([one('a')])).toEqual([one('a')]);
    expect(writer.all([one('a')])).toEqual([one('a')]);
  });

  it('come to what was meant; what has not changed is the same object', () => {
    const [writer, reader] = [new NewsWriter(), new NewsReader()];
    const first = reader.read(writer.all([one('a'), one('b')]));
    const second = reader.read(writer.changes([one('b'), one('a', 3)]));
    expect(second).toEqual([one('b'), one('a', 3)]);
    expect(second[0]).toBe(first[1]);
  });

  it('of which the reader has never heard are our mistake', () => {
    expect(() => new NewsReader().read([0])).toThrow('assertion failed: no virtual server at 0');
  });
});
