import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/base/bytes.ts';
import { decodeNf, encodeNf, encodeNfMark, NFNL_SUBSYS_NFTABLES } from '../../src/wire/nfnetlink.ts';
import {
  decodeChain,
  decodeElements,
  decodeRule,
  decodeSet,
  decodeTable,
  encodeChain,
  encodeElements,
  encodeRule,
  encodeSet,
  encodeTable,
} from '../../src/wire/nftables.ts';
import {
  chainVectors,
  elementsVectors,
  ruleVectors,
  setVectors,
  tableVectors,
} from '../../src/wire/nftables.vectors.ts';
import { decodeExpressions, type Expression, encodeExpressions } from '../../src/wire/nftables-expressions.ts';
import { codecConformance, expectRefusedOrRoundTrip, mutationsOf } from './codec-conformance.ts';
import { messageCodec } from './message-codec.ts';

const tables = messageCodec((message) => decodeTable(message.body), encodeTable);
const chains = messageCodec((message) => decodeChain(message.body), encodeChain);
const rules = messageCodec((message) => decodeRule(message.body), encodeRule);
const sets = messageCodec((message) => decodeSet(message.body), encodeSet);
const elements = messageCodec((message) => decodeElements(message.body), encodeElements);
const refused = (reason: string) => ({ ok: false, reason });

describe('nfnetlink', () => {
  it('the header has the family, and the marks the subsystem in network order', () => {
    expect(toHex(encodeNf({ family: 'inet6', attributes: Uint8Array.of(1) }))).toBe('0a00000001');
    expect(toHex(encodeNfMark(NFNL_SUBSYS_NFTABLES))).toBe('0000000a');
    expect(decodeNf(fromHex('020000'))).toEqual(refused('too-short'));
    expect(decodeNf(fromHex('01000000'))).toEqual(refused('family'));
    expect(decodeNf(fromHex('02000000'))).toEqual({ ok: true, value: { family: 'inet', attributes: fromHex('') } });
  });
});

describe('nftables table', () => {
  codecConformance(tables, tableVectors, 'refused');
});

describe('nftables chain', () => {
  codecConformance(chains, chainVectors, 'refused');
});

describe('nftables rule', () => {
  codecConformance(rules, ruleVectors, 'refused');

  it('every expression of our own and of keepalived is understood', () => {
    const expressions = ruleVectors.flatMap(({ value }) => value.body.expressions);
    expect(expressions.filter(({ type }) => type === 'other')).toEqual([]);
    expect(new Set(expressions.map(({ type }) => type))).toEqual(
      new Set(['payload', 'meta', 'set-meta', 'equal', 'mask', 'lookup', 'duplicate', 'verdict']),
    );
  });

  it('an expression that says more than we know is carried as it is', () => {
    const byHand: readonly [name: string, attributes: string][] = [
      ['cmp', '08000100 00000001 08000200 00000001 0c000380 05000100 02000000'], // not equal
      ['lookup', '08000200 00000001 09000100 76697073 00000000 08000500 00000001'], // not in the set
      ['immediate', '08000100 00000001 0c000280 08000100 00000003'], // into a register
      ['meta', '08000200 00000002 08000100 00000001'], // the priority
      ['meta', '08000200 00000002 08000300 00000001'], // sets the priority
      ['payload', '08000100 00000001'],
      ['log', ''],
    ];
    const expressions = byHand.map(
      ([name, attributes]): Expression => ({ type: 'other', name, attributes: fromHex(attributes) }),
    );
    expect(decodeExpressions(encodeExpressions(expressions))).toEqual({ ok: true, value: expressions });
  });

  it('a counter counts from nothing', () => {
    const bytes = encodeExpressions([{ type: 'counter' }]);
    expect(toHex(bytes)).toBe('140001800c000100636f756e7465720004000280');
    expect(decodeExpressions(bytes)).toEqual({ ok: true, value: [{ type: 'counter' }] });
  });
});

describe('nftables set', () => {
  codecConformance(sets, setVectors, 'refused');
});

describe('nftables set elements', () => {
  codecConformance(elements, elementsVectors, 'refused');

  it('an element without a key is refused', () => {
    const head = '02000000 06000200 76000000 06000100 74000000';
    expect(decodeElements(fromHex(`${head} 08000380 04000180`))).toEqual(refused('missing-attribute'));
    expect(decodeElements(fromHex(`${head} 14000380 10000180 0c000180 06000100 12340000`))).toEqual({
      ok: true,
      value: { family: 'inet', table: 't', set: 'v', elements: [{ key: fromHex('1234') }] },
    });
  });
});

describe('nftables', () => {
  it('what has no name is refused', () => {
    for (const decode of [decodeTable, decodeChain, decodeRule, decodeSet, decodeElements]) {
      expect(decode(fromHex('02000000'))).toEqual(refused('missing-attribute'));
      expect(decode(fromHex('05000000'))).toEqual(refused('family'));
      expect(decode(fromHex('0200'))).toEqual(refused('too-short'));
    }
  });

  it('no bytes at all make a decoder throw, and what they accept round-trips', () => {
    const vectors = [...tableVectors, ...chainVectors, ...ruleVectors, ...setVectors, ...elementsVectors];
    fc.assert(
      fc.property(mutationsOf(vectors), (input) => {
        expectRefusedOrRoundTrip(tables, input);
        expectRefusedOrRoundTrip(chains, input);
        expectRefusedOrRoundTrip(rules, input);
        expectRefusedOrRoundTrip(sets, input);
        expectRefusedOrRoundTrip(elements, input);
      }),
      { numRuns: 2_000 },
    );
  });
});
