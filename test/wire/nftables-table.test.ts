import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/base/bytes.ts';
import {
  decodeElements,
  decodeRule,
  decodeSet,
  decodeTable,
  NFT_MSG_DELSETELEM,
  NFT_MSG_DELTABLE,
  NFT_MSG_NEWCHAIN,
  NFT_MSG_NEWRULE,
  NFT_MSG_NEWSET,
  NFT_MSG_NEWSETELEM,
  NFT_MSG_NEWTABLE,
} from '../../src/wire/nftables.ts';
import { chainVectors, setVectors } from '../../src/wire/nftables.vectors.ts';
import {
  creationOf,
  differenceOf,
  removalOf,
  type SetDescription,
  type TableDescription,
} from '../../src/wire/nftables-table.ts';

const element = (hex: string, value?: string) => ({
  key: fromHex(hex),
  ...(value === undefined ? {} : { value: fromHex(value) }),
});
const vips = (...keys: string[]): SetDescription => ({
  name: 'vips',
  key: ['ipv4_addr'],
  elements: keys.map((key) => element(key)),
});
const table = (...sets: SetDescription[]): TableDescription => ({
  family: 'inet',
  name: 'keepalived',
  sets,
  chains: [
    {
      name: 'in',
      hook: { name: 'input', priority: -1 },
      rules: [
        [
          { type: 'lookup', set: 'vips', register: 1 },
          { type: 'verdict', verdict: 'drop' },
        ],
      ],
    },
  ],
});
const typesOf = (changes: readonly { readonly type: number }[] | undefined) => changes?.map(({ type }) => type);

describe('a new nftables table', () => {
  it('is made before what is in it, and sets have their elements before rules use them', () => {
    const changes = creationOf(table(vips('c000020f')), true);
    expect(typesOf(changes)).toEqual([
      NFT_MSG_NEWTABLE,
      NFT_MSG_NEWSET,
      NFT_MSG_NEWCHAIN,
      NFT_MSG_NEWSETELEM,
      NFT_MSG_NEWRULE,
    ]);
    const [head, , , elements, rule] = changes.map(({ body }) => body);
    expect(decodeTable(head ?? new Uint8Array(0))).toMatchObject({
      ok: true,
      value: { table: 'keepalived', flags: 2 },
    });
    expect(decodeElements(elements ?? new Uint8Array(0))).toMatchObject({ ok: true, value: { set: 'vips', setId: 1 } });
    expect(decodeRule(rule ?? new Uint8Array(0))).toMatchObject({
      ok: true,
      value: { expressions: [{ type: 'lookup', set: 'vips', setId: 1 }, { type: 'verdict' }] },
    });
  });

  it('belongs to nobody where that is not wanted', () => {
    const [head] = creationOf(table(), false).map(({ body }) => decodeTable(body));
    expect(head).toEqual({ ok: true, value: { family: 'inet', table: 'keepalived' } });
  });

  it('has chains and sets like those of keepalived', () => {
    const bodies = (type: number, made: TableDescription) =>
      creationOf(made, false)
        .filter((change) => change.type === type)
        .map(({ body }) => toHex(body));
    const captured = (vectors: readonly { name: string; bytes: string }[], name: string) =>
      fromHex(vectors.find((vector) => vector.name === name)?.bytes ?? '').subarray(16);
    expect(bodies(NFT_MSG_NEWCHAIN, table())).toEqual([
      toHex(captured(chainVectors, 'a chain for packets to this host')),
    ]);
    const sets: readonly [string, SetDescription][] = [
      ['a set of IPv4 addresses', vips()],
      ['a map of interfaces', { name: 'vmac_map', key: ['iface_index'], value: 'iface_index', elements: [] }],
      [
        'a set of ICMPv6 types that stays as it is',
        { name: 'neighbor-discovery', key: ['icmpv6_type'], constant: true, elements: [] },
      ],
      [
        'a set of IPv6 addresses with interfaces',
        { name: 'vips_link_local', key: ['ipv6_addr', 'iface_index'], elements: [] },
      ],
    ];
    for (const [name, set] of sets) {
      const theirs = decodeSet(captured(setVectors, name));
      const family = name.includes('v6') ? 'inet6' : 'inet';
      const [made] = creationOf({ ...table(set), family, chains: [] }, false)
        .slice(1)
        .map(({ body }) => decodeSet(body));
      expect(made?.ok && { ...made.value, id: 0 }).toEqual(theirs.ok && { ...theirs.value, id: 0 });
    }
  });

  it('elements go in messages of at most 500', () => {
    const many = Array.from({ length: 1_001 }, (_, i) => (0x0a000000 + i).toString(16).padStart(8, '0'));
    const counts = creationOf(table(vips(...many)), false)
      .filter(({ type }) => type === NFT_MSG_NEWSETELEM)
      .map(({ body }) => {
        const message = decodeElements(body);
        return message.ok && message.value.elements.length;
      });
    expect(counts).toEqual([500, 500, 1]);
  });
});

describe('a changed nftables table', () => {
  it('has its elements removed and added, and nothing else', () => {
    const changes = differenceOf(table(vips('c000020f', 'c0000210')), table(vips('c0000210', 'c0000211')));
    expect(typesOf(changes)).toEqual([NFT_MSG_DELSETELEM, NFT_MSG_NEWSETELEM]);
    const elements = changes?.map(({ body }) => decodeElements(body));
    expect(elements).toEqual([
      { ok: true, value: { family: 'inet', table: 'keepalived', set: 'vips', elements: [element('c000020f')] } },
      { ok: true, value: { family: 'inet', table: 'keepalived', set: 'vips', elements: [element('c0000211')] } },
    ]);
  });

  it('an equal one is no change, whatever the order of its elements', () => {
    expect(differenceOf(table(vips('c000020f', 'c0000210')), table(vips('c0000210', 'c000020f')))).toEqual([]);
  });

  it('an element of a map that leads elsewhere is removed and added', () => {
    const map = (value: string): SetDescription => ({
      name: 'm',
      key: ['iface_index'],
      value: 'iface_index',
      elements: [element('04000000', value)],
    });
    expect(typesOf(differenceOf(table(map('03000000')), table(map('05000000'))))).toEqual([
      NFT_MSG_DELSETELEM,
      NFT_MSG_NEWSETELEM,
    ]);
  });

  it('is made anew when rules, chains, sets or the content of a constant set differ', () => {
    const before = table(vips('c000020f'));
    const constant = (...keys: string[]): SetDescription => ({ ...vips(...keys), constant: true });
    const [chain] = before.chains;
    if (chain === undefined) throw new Error('no chain');
    expect(differenceOf(before, { ...before, name: 'other' })).toBeUndefined();
    expect(differenceOf(before, { ...before, sets: [...before.sets, { ...vips(), name: 'more' }] })).toBeUndefined();
    expect(differenceOf(before, { ...before, chains: [{ ...chain, rules: [] }] })).toBeUndefined();
    expect(
      differenceOf(before, { ...before, chains: [{ ...chain, hook: { name: 'input', priority: 0 } }] }),
    ).toBeUndefined();
    expect(differenceOf(table(constant('c000020f')), table(constant('c0000210')))).toBeUndefined();
    expect(typesOf([removalOf(before)])).toEqual([NFT_MSG_DELTABLE]);
  });
});
