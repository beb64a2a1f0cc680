import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { fromHex, toHex } from '../../src/base/bytes.ts';
import { encodeRouteRequest } from '../../src/wire/rtnetlink-head.ts';
import { lockBit } from '../../src/wire/rtnetlink-metrics.ts';
import { decodeRoute, encodeRoute, type RouteMessage } from '../../src/wire/rtnetlink-route.ts';
import { routeVectors } from '../../src/wire/rtnetlink-route.vectors.ts';
import { decodeRule, encodeRule, type RuleMessage } from '../../src/wire/rtnetlink-rule.ts';
import { ruleVectors } from '../../src/wire/rtnetlink-rule.vectors.ts';
import { codecConformance, expectRefusedOrRoundTrip, mutationsOf } from './codec-conformance.ts';
import { messageCodec } from './message-codec.ts';

const routeCodec = messageCodec((message) => decodeRoute(message.body), encodeRoute);
const ruleCodec = messageCodec((message) => decodeRule(message.body), encodeRule);
const ip = (text: string) => text as IpAddress;
const refused = (reason: string) => ({ ok: false, reason });

const route: RouteMessage = {
  family: 'inet',
  typeOfService: 0,
  table: 254,
  protocol: 18,
  scope: 0,
  routeType: 1,
  flags: 0,
};
const HEAD = '0200 0000 fe12 0001 00000000';
const rule: RuleMessage = { family: 'inet', typeOfService: 0, table: 254, action: 1, flags: 0 };

describe('rtnetlink route', () => {
  codecConformance(routeCodec, routeVectors, 'refused');

  it('the request for routes is a header with the family', () => {
    expect(toHex(encodeRouteRequest('inet'))).toBe('020000000000000000000000');
  });

  it('a gateway of another family is refused', () => {
    expect(decodeRoute(fromHex(`${HEAD} 1400 0500 ${'ab'.repeat(16)}`))).toEqual(refused('attribute-value'));
    expect(decodeRoute(fromHex(`${HEAD} 0a00 1200 0200 c0000201 0000`))).toEqual(refused('attribute-value'));
    const [gateway] = [ip('192.0.2.1')];
    expect(() => encodeRoute({ ...route, family: 'inet6', gateway })).toThrow('assertion failed');
  });

  it('a table above 255 is in an attribute only, and one below in the header only', () => {
    expect(toHex(encodeRoute({ ...route, table: 255 }))).toBe('02000000ff12000100000000');
    expect(toHex(encodeRoute({ ...route, table: 256 }))).toBe('02000000001200010000000008000f0000010000');
  });

  it('a metric is locked by the bit of its number', () => {
    expect(lockBit('mtu')).toBe(0x4);
    expect(lockBit('congestionControl')).toBe(0x10000);
  });

  it('half a tunnel, an empty label stack, a short locator and an empty multipath are refused', () => {
    const wrong = refused('attribute-value');
    expect(decodeRoute(fromHex(`${HEAD} 0600 1500 0200 0000`))).toEqual(wrong);
    expect(decodeRoute(fromHex(`${HEAD} 0400 1600`))).toEqual(wrong);
    expect(decodeRoute(fromHex(`${HEAD} 0600 1500 0100 0000 0800 1600 0400 0100`))).toEqual(wrong);
    expect(decodeRoute(fromHex(`${HEAD} 0600 1500 0300 0000 0c00 1600 0800 0100 01020304`))).toEqual(wrong);
    expect(decodeRoute(fromHex(`${HEAD} 0400 0900`))).toEqual(wrong);
    expect(decodeRoute(fromHex(`${HEAD} 0800 0900 07000000`))).toEqual(refused('attribute-length'));
  });

  it('a value that does not fit is our mistake', () => {
    const hop = { flags: 0, weight: 1 };
    expect(() => encodeRoute({ ...route, nextHops: [] })).toThrow('assertion failed');
    expect(() => encodeRoute({ ...route, nextHops: [{ ...hop, weight: 257 }] })).toThrow('a weight is from 1 to 256');
    expect(() => encodeRoute({ ...route, encapsulation: { type: 'mpls', labels: [2 ** 20] } })).toThrow('20 bits');
    expect(() => encodeRoute({ ...route, encapsulation: { type: 'ila', locator: '0001' } })).toThrow('16 digits');
    const destination = ip('2001:db8::1');
    expect(() => encodeRoute({ ...route, encapsulation: { type: 'ip', destination } })).toThrow('not of ip');
  });
});

describe('rtnetlink rule', () => {
  codecConformance(ruleCodec, ruleVectors, 'refused');

  it('a range of another length is refused, and one that does not fit is our mistake', () => {
    const head = '0200 0000 fe00 0001 00000000';
    expect(decodeRule(fromHex(`${head} 0600 1700 0100 0000`))).toEqual(refused('attribute-value'));
    expect(decodeRule(fromHex(`${head} 0800 1400 01000200`))).toEqual(refused('attribute-value'));
    expect(() => encodeRule({ ...rule, sourcePorts: { first: 1, last: 65536 } })).toThrow('no range');
    expect(() => encodeRule({ ...rule, users: { first: -1, last: 0 } })).toThrow('no range');
    expect(() => encodeRule({ ...rule, tunnelId: 2n ** 64n })).toThrow('FRA_TUN_ID has 64 bits');
  });

  it('all 64 bits of a tunnel id are kept', () => {
    const tunnelled = { ...rule, tunnelId: 0x0123_4567_89ab_cdefn };
    expect(toHex(encodeRule(tunnelled))).toContain('0c000c000123456789abcdef');
    expect(decodeRule(encodeRule(tunnelled))).toEqual({ ok: true, value: tunnelled });
  });
});

describe('rtnetlink routes and rules', () => {
  it('no bytes at all make a decoder throw, and what they accept round-trips', () => {
    fc.assert(
      fc.property(mutationsOf([...routeVectors, ...ruleVectors]), (input) => {
        expectRefusedOrRoundTrip(routeCodec, input);
        expectRefusedOrRoundTrip(ruleCodec, input);
      }),
      { numRuns: 3_000 },
    );
  });
});
