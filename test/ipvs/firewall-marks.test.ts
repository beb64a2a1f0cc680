import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { addressNumber } from '../../src/base/address.ts';
import { toHex } from '../../src/base/bytes.ts';
import {
  assignMarks,
  distinct,
  type MarkedRange,
  markedRanges,
  markTables,
  withMarks,
} from '../../src/ipvs/firewall-marks.ts';
import { servicesOf } from '../../src/ipvs/services.ts';
import { serviceId } from '../../src/ipvs/table.ts';
import type { GroupMember, VirtualServer } from '../../src/ipvs/virtual-server.ts';
import { decodeSet, NFT_MSG_NEWSET } from '../../src/wire/nftables.ts';
import { elementsVectors, ruleVectors, setVectors } from '../../src/wire/nftables.vectors.ts';
import { creationOf } from '../../src/wire/nftables-table.ts';
import { virtualServer } from '../support/servers.ts';

const addresses = (first: string, port: number, last = first): GroupMember => ({
  kind: 'addresses',
  family: first.includes(':') ? 'inet6' : 'inet',
  first: first as IpAddress,
  last: last as IpAddress,
  port,
});
const ofGroup = (
  name: string,
  members: readonly GroupMember[],
  different: Partial<Omit<VirtualServer, 'id'>> = {},
): VirtualServer => virtualServer({ target: { kind: 'group', name, index: 0, members }, ...different });

const web = [addresses('192.0.2.1', 80, '192.0.2.2'), addresses('192.0.2.1', 443)];
const both = [addresses('192.0.2.9', 53), addresses('2001:db8::9', 53, '2001:db8::a')];
const NOTHING = new Map<string, number>();

const range = (first: string, last: string, port: number, mark: number): MarkedRange => ({
  family: first.includes(':') ? 'inet6' : 'inet',
  protocol: 'TCP',
  first: first as IpAddress,
  last: last as IpAddress,
  port,
  mark,
});

describe('firewall marks (keepalived.conf(5) "nftables_ipvs")', () => {
  it('each group has one for each protocol, in the order of the file, as keepalived 2.2.7 counts them', () => {
    const servers = [
      ofGroup('WEB', web),
      ofGroup('WEB', web, { protocol: 'UDP' }),
      ofGroup('WEB', web, { protocol: 'SCTP' }),
      ofGroup('DNS', both),
      ofGroup('WEB', web),
    ];
    const marks = assignMarks(servers, 1000, NOTHING);
    expect([...marks.values()]).toEqual([1000, 1001, 1002, 1003]);
    expect(withMarks(servers, marks).map((one) => servicesOf(one).map(serviceId))).toEqual([
      ['FWM 1000'],
      ['FWM 1001'],
      ['FWM 1002'],
      ['FWM 1003', 'FWM 1003 inet6'],
      ['FWM 1000'],
    ]);
  });

  it('what is no group, and a group that has a mark of its own, stay as they are', () => {
    const marked = [addresses('192.0.2.9', 80), { kind: 'fwmark', fwmark: 7 } as const];
    const { protocol: _, ...marksOnly } = ofGroup('MARKS', [{ kind: 'fwmark', fwmark: 8 }]);
    const servers = [virtualServer(), ofGroup('MIXED', marked), marksOnly];
    const marks = assignMarks(servers, 1000, NOTHING);
    expect(marks).toEqual(NOTHING);
    expect(withMarks(servers, marks)).toEqual(servers);
    expect(markedRanges(servers, marks)).toEqual([]);
  });

  it('are never such as the file names itself', () => {
    const servers = [
      virtualServer({ target: { kind: 'fwmark', fwmark: 1000 } }),
      ofGroup('MARKS', [{ kind: 'fwmark', fwmark: 1002 }]),
      ofGroup('A', web),
      ofGroup('B', both),
    ];
    expect([...assignMarks(servers, 1000, NOTHING).values()]).toEqual([1001, 1003]);
    expect([...assignMarks(servers.slice(2), 0xffff_ffff, NOTHING).values()]).toEqual([0xffff_ffff, 1]);
  });

  it('a group that stays keeps its mark, whatever comes and goes before it', () => {
    const [a, b, c] = [ofGroup('A', web), ofGroup('B', both), ofGroup('C', [addresses('192.0.2.3', 80)])];
    const first = assignMarks([a, b], 1000, NOTHING);
    const second = assignMarks([c, b], 1000, first);
    expect(Object.fromEntries(second)).toEqual({ 'TCP C': 1000, 'TCP B': 1001 });
    expect(Object.fromEntries(assignMarks([a, b, c], 1000, second))).toEqual({
      'TCP A': 1002,
      'TCP B': 1001,
      'TCP C': 1000,
    });
    const named = virtualServer({ target: { kind: 'fwmark', fwmark: 1001 } });
    expect(Object.fromEntries(assignMarks([named, b], 1000, second))).toEqual({ 'TCP B': 1000 });
  });
});

describe('marked packets', () => {
  it('are those to the addresses and ports of the groups, each range once', () => {
    const servers = [ofGroup('WEB', web), ofGroup('WEB', web), ofGroup('DNS', both, { protocol: 'UDP' })];
    expect(markedRanges(servers, assignMarks(servers, 7, NOTHING))).toEqual([
      range('192.0.2.1', '192.0.2.2', 80, 7),
      range('192.0.2.1', '192.0.2.1', 443, 7),
      { ...range('192.0.2.9', '192.0.2.9', 53, 8), protocol: 'UDP' },
      { ...range('2001:db8::9', '2001:db8::a', 53, 8), protocol: 'UDP' },
    ]);
  });

  it('of what two say the first counts, and the rest of the second stays', () => {
    expect(
      distinct([
        range('10.0.0.5', '10.0.0.5', 80, 1),
        range('10.0.0.0', '10.0.0.9', 80, 2),
        range('10.0.0.5', '10.0.0.5', 81, 3),
      ]),
    ).toEqual([
      range('10.0.0.0', '10.0.0.4', 80, 2),
      range('10.0.0.5', '10.0.0.5', 80, 1),
      range('10.0.0.6', '10.0.0.9', 80, 2),
      range('10.0.0.5', '10.0.0.5', 81, 3),
    ]);
    const whole = range('::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 80, 1);
    expect(distinct([whole, range('2001:db8::1', '2001:db8::2', 80, 2)])).toEqual([whole]);
  });

  it('every address has the mark of the first range that has it', () => {
    const some = fc
      .tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 5 }))
      .map(([first, more, mark]) => range(`10.0.0.${first}`, `10.0.0.${first + more}`, 80, mark));
    const has = (one: MarkedRange, host: number) =>
      addressNumber(one.first) <= 0x0a00_0000 + host && 0x0a00_0000 + host <= addressNumber(one.last);
    fc.assert(
      fc.property(fc.array(some, { maxLength: 12 }), (given) => {
        const result = distinct(given);
        for (let host = 0; host < 41; host++) {
          const found = result.filter((one) => has(one, host)).map(({ mark }) => mark);
          const first = given.find((one) => has(one, host));
          expect(found).toEqual(first === undefined ? [] : [first.mark]);
        }
      }),
    );
  });
});

describe('nftables for them', () => {
  const settings = { table: 'keepalived_ipvs', priority: -1 };
  const vectorOf = <Value>(
    vectors: readonly { readonly name: string; readonly value: { readonly body: Value } }[],
    name: string,
  ) => {
    const found = vectors.find((vector) => vector.name === name)?.value.body;
    if (found === undefined) throw new Error(`no vector: ${name}`);
    return found;
  };

  it('are the table, the map and the rule of keepalived', () => {
    const [table, ...others] = markTables([range('192.0.2.1', '192.0.2.2', 8001, 1000)], settings);
    if (table === undefined) throw new Error('no table');
    expect(others).toEqual([]);
    const { expressions } = vectorOf(ruleVectors, 'TCP to an address and port of a map gets its mark');
    expect(table).toMatchObject({
      family: 'inet',
      name: 'keepalived_ipvs',
      chains: [
        {
          name: 'in',
          hook: { name: 'input', priority: -1 },
          rules: [
            expressions.map((each) => {
              if (each.type !== 'lookup') return each;
              const { setId: _, ...rest } = each;
              return rest;
            }),
          ],
        },
      ],
      sets: [{ name: 'tcp_map', elements: vectorOf(elementsVectors, 'a range of a new map').elements }],
    });
    const set = creationOf(table, false).find(({ type }) => type === NFT_MSG_NEWSET);
    expect(set && decodeSet(set.body)).toEqual({
      ok: true,
      value: vectorOf(setVectors, 'a map of ranges of addresses and ports'),
    });
  });

  it('are a table for each family and a rule for each protocol that needs it; an entry without a port comes last', () => {
    const ranges: MarkedRange[] = [
      range('192.0.2.1', '192.0.2.1', 0, 1),
      range('192.0.2.1', '192.0.2.1', 80, 2),
      { ...range('192.0.2.1', '192.0.2.1', 80, 3), protocol: 'UDP' },
      { ...range('2001:db8::1', '2001:db8::1', 80, 4), protocol: 'SCTP' },
    ];
    const tables = markTables(ranges, settings);
    expect(tables.map(({ family, sets }) => [family, ...sets.map(({ name }) => name)])).toEqual([
      ['inet', 'tcp_map', 'tcp_all_ports_map', 'udp_map'],
      ['inet6', 'sctp_map'],
    ]);
    expect(
      tables[0]?.chains[0]?.rules.map((rule) => rule.flatMap((one) => (one.type === 'lookup' ? one.set : []))),
    ).toEqual([['tcp_map'], ['tcp_all_ports_map'], ['udp_map']]);
    const [element] = tables[0]?.sets[1]?.elements ?? [];
    expect(element && [toHex(element.key), toHex(element.keyEnd ?? element.key)]).toEqual([
      'c000020100000000',
      'c0000201ffff0000',
    ]);
    expect(markTables([], settings)).toEqual([]);
  });
});
