import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { inPieces, NewsReader, NewsWriter, type VirtualServerNews } from '../../src/daemon/virtual-server-news.ts';
import { realServer, virtualServer } from '../support/servers.ts';

const VIP = '192.168.4.15' as IpAddress;

describe('news of virtual servers', () => {
  const PORTS: Readonly<Record<string, number>> = { a: 1, b: 2, c: 3, d: 4 };
  const one = (name: string, weight = 1) =>
    virtualServer({
      target: { kind: 'address', address: VIP, port: PORTS[name] ?? 0 },
      realServers: [realServer({ weight })],
    });
  /** What news come to. */
  const hear = (reader: NewsReader, news: readonly VirtualServerNews[]) => {
    for (const piece of inPieces(news)) reader.hear(piece.at, piece.news);
    return reader.read();
  };
  /** Of one virtual server. */
  const packed = (name: string, weight?: number) => new NewsWriter().all([one(name, weight)])[0];

  it('are all of them at first, and then what has changed', () => {
    const writer = new NewsWriter();
    expect(writer.all([one('a'), one('b'), one('c')])).toEqual([packed('a'), packed('b'), packed('c')]);
    expect(writer.changes([one('a'), one('b', 2), one('c')])).toEqual([0, packed('b', 2), 2]);
    expect(writer.changes([one('c'), one('d'), one('a')])).toEqual([2, packed('d'), 0]);
    expect(writer.changes([])).toEqual([]);
    expect(writer.changes([one('a')])).toEqual([packed('a')]);
    expect(writer.all([one('a')])).toEqual([packed('a')]);
  });

  it('come to what was meant; what has not changed is the same object', () => {
    const [writer, reader] = [new NewsWriter(), new NewsReader()];
    const first = hear(reader, writer.all([one('a'), one('b')]));
    const second = hear(reader, writer.changes([one('b'), one('a', 3)]));
    expect(second).toEqual([one('b'), one('a', 3)]);
    expect(second[0]).toBe(first[1]);
  });

  it('come in pieces, of which the last one for a place counts', () => {
    const many = Array.from({ length: 450 }, (_, i) => one('a', i));
    const news = new NewsWriter().all(many);
    const pieces = inPieces(news);
    expect(pieces.map(({ at, news: { length } }) => [at, length])).toEqual([
      [0, 200],
      [200, 200],
      [400, 50],
    ]);
    expect(inPieces([])).toEqual([{ at: 0, news: [] }]);
    const reader = new NewsReader();
    for (const piece of [...pieces.slice(0, 2), ...pieces]) reader.hear(piece.at, piece.news);
    expect(reader.read()).toEqual(many);
    reader.hear(0, news);
    reader.hear(0, news.slice(0, 1));
    expect(reader.read()).toEqual(many.slice(0, 1));
  });

  it('say once what real servers have in common, and that is the same object again', () => {
    const [a, b, c] = ['1', '2', '3'].map((host) =>
      realServer({ address: `192.168.4.${host}` as IpAddress, weight: 7 }),
    );
    const settings = a?.settings ?? realServer().settings;
    const realServers = [a, b, c].flatMap((server, i) => (server ? [i === 1 ? server : { ...server, settings }] : []));
    const news = new NewsWriter().all([virtualServer({ realServers })]);
    expect(news).toMatchObject([{ settings: [{ weight: 7 }, { weight: 7 }], realServers: { length: 3 } }]);
    const read = hear(new NewsReader(), JSON.parse(JSON.stringify(news)));
    expect(read).toEqual([virtualServer({ realServers })]);
    expect(read[0]?.realServers[2]?.settings).toBe(read[0]?.realServers[0]?.settings);
  });

  it('of which the reader has never heard are our mistake', () => {
    expect(() => hear(new NewsReader(), [0])).toThrow('assertion failed: no virtual server at 0');
    const [one] = new NewsWriter().all([virtualServer()]);
    if (one === undefined) throw new Error('expected a virtual server');
    expect(() => hear(new NewsReader(), [{ ...one, settings: [] }])).toThrow('assertion failed: no settings at 0');
  });
});
