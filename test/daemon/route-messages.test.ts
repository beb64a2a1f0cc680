/** Lines of virtual_routes and virtual_rules become the messages that keepalived 2.2.7 makes of the same lines. */
import { describe, expect, it } from 'vitest';
import { routeMessage, ruleMessage } from '../../src/daemon/route-messages.ts';
import { decodeRoute, encodeRoute } from '../../src/wire/rtnetlink-route.ts';
import { routeVectors } from '../../src/wire/rtnetlink-route.vectors.ts';
import { encodeRule } from '../../src/wire/rtnetlink-rule.ts';
import { ruleVectors } from '../../src/wire/rtnetlink-rule.vectors.ts';
import { KEEPALIVED } from '../../src/wire/vector.ts';
import { instanceOf } from '../config/reading.ts';

const indexOf = (name: string) => (name === 'v0' ? 3 : undefined);
const route = (line: string) => instanceOf('virtual_routes {', line, '}')?.virtualRoutes[0];
const rule = (line: string) => instanceOf('virtual_rules {', line, '}')?.virtualRules[0];

/** keepalived keeps half of the 64 bits of a tunnel id. */
const TUNNEL_ID = /tunnel-id \d+ /;

describe('a configured route', () => {
  it.each(routeVectors.filter(({ source }) => source === KEEPALIVED).map((vector) => [vector.name, vector] as const))(
    'becomes the message of keepalived: %s',
    (line, vector) => {
      const configured = route(line);
      if (configured === undefined) throw new Error('not read');
      expect(routeMessage(configured, indexOf)).toEqual(vector.value.body);
    },
  );

  it.each([
    ['198.51.100.0/24 dev v0 no_track', 18],
    ['198.51.100.0/24 dev v0 no_track protocol 99', 99],
    ['198.51.100.0/24 dev v0 protocol 99', 18],
  ])('carries our number unless it is told another and not watched: %s', (line, protocol) => {
    const configured = route(line);
    expect(configured && routeMessage(configured, indexOf)).toMatchObject({ protocol });
  });

  it('is no message as long as an interface of it is not there', () => {
    for (const line of ['198.51.100.0/24 dev v1', '198.51.100.0/24 nexthop via 192.0.2.1 dev v0 nexthop dev v1']) {
      const configured = route(line);
      if (configured === undefined) throw new Error('not read');
      expect(routeMessage(configured, indexOf)).toBeUndefined();
    }
  });

  it('survives its way to the kernel and back', () => {
    for (const { value } of routeVectors) {
      expect(decodeRoute(encodeRoute(value.body))).toEqual({ ok: true, value: value.body });
    }
  });
});

describe('a configured rule', () => {
  it.each(ruleVectors.filter(({ source }) => source === KEEPALIVED).map((vector) => [vector.name, vector] as const))(
    'becomes the message of keepalived: %s',
    (line, vector) => {
      const configured = rule(line);
      if (configured === undefined) throw new Error('not read');
      const message = ruleMessage(configured);
      const { tunnelId, ...expected } = vector.value.body;
      expect(message).toEqual(tunnelId === undefined ? expected : { ...expected, tunnelId: 12345678901n });
      expect(TUNNEL_ID.test(line)).toBe(tunnelId !== undefined);
      expect(encodeRule(message).length).toBeGreaterThan(12);
    },
  );

  it.each([
    ['from 198.51.100.0/24 blackhole', 6],
    ['prohibit from 198.51.100.0/24', 8],
    ['unreachable oif v0', 7],
  ])('that refuses says how: %s', (line, action) => {
    const configured = rule(`${line} preference 90`);
    expect(configured && ruleMessage(configured)).toMatchObject({ action, table: 0, priority: 90 });
  });
});
