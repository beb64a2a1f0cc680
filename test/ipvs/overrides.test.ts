import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { Overrides, readOverride } from '../../src/ipvs/overrides.ts';
import { realServer, virtualServer } from '../support/servers.ts';

const server = realServer();
const twin = realServer({ port: 443 });
const web = virtualServer({ realServers: [server, twin] });
const other = virtualServer({
  target: { kind: 'address', address: '192.168.4.16' as IpAddress, port: 80 },
  realServers: [server],
});
const state = { isUp: true, weight: 3 };

describe('overrides', () => {
  it('drain a real server wherever it is, and give it its weight again', () => {
    const overrides = new Overrides();
    expect(overrides.set({ realServer: server.id, value: 'drained' }, [web, other])).toEqual({
      virtualServers: [web.id, other.id],
    });
    expect(overrides.apply(web, server, state)).toEqual({ isUp: true, weight: 0, isDrained: true });
    expect(overrides.apply(web, twin, state)).toEqual(state);
    overrides.set({ realServer: server.id }, [web, other]);
    expect(overrides.apply(web, server, state)).toEqual(state);
  });

  it('are for one virtual server, or for every port of an address', () => {
    const overrides = new Overrides();
    overrides.set({ realServer: server.id, virtualServer: other.id, value: 9 }, [web, other]);
    expect(overrides.of(web, server)).toBeUndefined();
    expect(overrides.apply(other, server, { isUp: false, weight: 3 })).toEqual({ isUp: false, weight: 9 });
    overrides.set({ realServer: '192.168.4.100', value: 0 }, [web]);
    expect([overrides.of(web, server), overrides.of(web, twin)]).toEqual([0, 0]);
  });

  it('say when nothing is meant', () => {
    expect(new Overrides().set({ realServer: '192.168.4.9:80', value: 0 }, [web])).toEqual({ virtualServers: [] });
    expect(new Overrides().set({ realServer: server.id, virtualServer: 'no' }, [web])).toEqual({ virtualServers: [] });
  });

  it('last over a reload as long as the real server is configured', () => {
    const overrides = new Overrides();
    overrides.set({ realServer: '192.168.4.100', value: 'drained' }, [web]);
    overrides.keepOnly([virtualServer({ realServers: [server] })]);
    expect([overrides.of(web, server), overrides.of(web, twin)]).toEqual(['drained', undefined]);
  });

  it('are read from a wish, and what is none is refused with a sentence', () => {
    const wish = { realServer: server.id, virtualServer: web.id, value: 2 ** 31 - 1 };
    expect(readOverride(wish)).toEqual(wish);
    expect(readOverride({ realServer: server.id })).toEqual({ realServer: server.id });
    for (const value of [2 ** 31, -1, 1.5, '1', 'drain', null]) {
      expect(readOverride({ realServer: server.id, value })).toMatch(/^value: expected 'drained' or a weight from 0/);
    }
    expect(readOverride({})).toMatch(/^realServer: expected/);
    expect(readOverride({ realServer: 'x', virtualServer: 1 })).toMatch(/^virtualServer: expected/);
    expect(readOverride(null)).toBe('expected an object');
  });
});
