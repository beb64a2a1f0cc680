/**
 * A whole nftables table as a value, and the messages that make it, change what is in its sets, or remove it.
 *
 * The messages of one change belong into one transaction: the kernel carries out all of them or none, and no packet sees
 * a half.
 */

import type { Family } from '../base/address.ts';
import { toHex } from '../base/bytes.ts';
import { NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL } from './netlink.ts';
import {
  encodeChain,
  encodeElements,
  encodeRule,
  encodeSet,
  encodeTable,
  fieldsDescription,
  HOOKS,
  NFT_MSG_DELSETELEM,
  NFT_MSG_DELTABLE,
  NFT_MSG_NEWCHAIN,
  NFT_MSG_NEWRULE,
  NFT_MSG_NEWSET,
  NFT_MSG_NEWSETELEM,
  NFT_MSG_NEWTABLE,
  NFT_SET_CONCAT,
  NFT_SET_CONSTANT,
  NFT_SET_INTERVAL,
  NFT_SET_MAP,
  NFT_TABLE_F_OWNER,
  type SetElement,
} from './nftables.ts';
import { type Expression, VERDICTS } from './nftables-expressions.ts';

/** Types of keys and values: nft(8)'s number, the length in bytes, and the byte order that it shows them in. */
const TYPES = {
  ipv4_addr: { number: 7, length: 4, order: 'network' },
  ipv6_addr: { number: 8, length: 16, order: 'network' },
  inet_service: { number: 13, length: 2, order: 'network' },
  mark: { number: 19, length: 4, order: 'host' },
  iface_index: { number: 20, length: 4, order: 'host' },
  icmpv6_type: { number: 29, length: 1, order: 'host' },
} as const;

/** nft(8)'s name of a type. */
export type SetType = keyof typeof TYPES;

export interface SetDescription {
  readonly name: string;
  /** Several: one behind the other in each key, each padded to 4 bytes. */
  readonly key: readonly SetType[];
  /** Of a map. */
  readonly value?: SetType;
  /** What is in it never changes. */
  readonly constant?: true;
  /** Each element is a range in each of several fields, and no two overlap. */
  readonly interval?: true;
  readonly elements: readonly SetElement[];
}

export interface ChainDescription {
  readonly name: string;
  /** Where packets come by, the lowest priority first; what no rule decides about is accepted. Absent: by goto only. */
  readonly hook?: { readonly name: keyof typeof HOOKS; readonly priority: number };
  readonly rules: readonly (readonly Expression[])[];
}

/** A table of the packet filter. */
export interface TableDescription {
  readonly family: Family;
  readonly name: string;
  readonly sets: readonly SetDescription[];
  readonly chains: readonly ChainDescription[];
}

/** A message of a transaction. */
export interface TableChange {
  readonly type: number;
  /** Besides NLM_F_REQUEST. */
  readonly flags: number;
  readonly body: Uint8Array;
  /** For the error: what it does. */
  readonly purpose: string;
}

/** Elements in one message: its list has at most 64 KiB. */
const ELEMENTS_MAX = 500;
/** For nft(8) that lists the set: NFTNL_UDATA_SET_KEYBYTEORDER and NFTNL_UDATA_SET_DATABYTEORDER of libnftnl. */
const USER_DATA_KEY = 0;
const USER_DATA_VALUE = 1;
const BYTE_ORDERS = { host: 1, network: 2 } as const;
/** NFTNL_UDATA_TABLE_COMMENT. */
const USER_DATA_COMMENT = 0;

/**
 * Makes a table that is not there yet.
 * @param owned nobody else may change it, and it goes with the socket that made it
 * @param comment what nft(8) shows with it
 */
export function creationOf(table: TableDescription, owned: boolean, comment?: string): readonly TableChange[] {
  const { family, name, sets, chains } = table;
  const flags = NLM_F_CREATE;
  const purpose = (what: string) => `making ${what} of the table ${name}`;
  const head = { family, table: name };
  return [
    {
      type: NFT_MSG_NEWTABLE,
      flags: NLM_F_CREATE | NLM_F_EXCL,
      body: encodeTable({
        ...head,
        ...(owned ? { flags: NFT_TABLE_F_OWNER } : {}),
        ...(comment === undefined ? {} : { userData: commentData(comment) }),
      }),
      purpose: `making the table ${name}`,
    },
    ...sets.map((set, i) => ({
      type: NFT_MSG_NEWSET,
      flags,
      body: encodeSet({ ...head, ...setMessage(set), id: i + 1 }),
      purpose: purpose(`the set ${set.name}`),
    })),
    // all chains first, for rules that go to another one
    ...chains.map(({ name: chain, hook }) => ({
      type: NFT_MSG_NEWCHAIN,
      flags,
      body: encodeChain({
        ...head,
        chain,
        ...(hook === undefined
          ? {}
          : { hook: { number: HOOKS[hook.name], priority: hook.priority }, policy: VERDICTS.accept, type: 'filter' }),
      }),
      purpose: purpose(`the chain ${chain}`),
    })),
    ...sets.flatMap((set, i) => elementsOf(table, set, set.elements, 'add', i + 1)),
    ...chains.flatMap(({ name: chain, rules }) =>
      rules.map((expressions) => ({
        type: NFT_MSG_NEWRULE,
        flags: NLM_F_CREATE | NLM_F_APPEND,
        body: encodeRule({ ...head, chain, expressions: expressions.map((each) => withSetId(each, sets)) }),
        purpose: purpose(`a rule of the chain ${chain}`),
      })),
    ),
  ];
}

/** A comment as it stands with a table: type, length, the text and a NUL. */
export function commentData(comment: string): Uint8Array {
  const text = new TextEncoder().encode(comment);
  return Uint8Array.of(USER_DATA_COMMENT, text.length + 1, ...text, 0);
}

/** Removes a table that is there, with all that is in it. */
export const removalOf = ({ family, name }: Pick<TableDescription, 'family' | 'name'>): TableChange => ({
  type: NFT_MSG_DELTABLE,
  flags: 0,
  body: encodeTable({ family, table: name }),
  purpose: `removing the table ${name}`,
});

/**
 * What leads from one table to the other, where only elements of sets differ; undefined where more does, so that it has
 * to be made anew.
 */
export function differenceOf(before: TableDescription, after: TableDescription): readonly TableChange[] | undefined {
  if (structureOf(before) !== structureOf(after)) return undefined;
  return after.sets.flatMap((set, i) => {
    const [old, now] = [keyed(before.sets[i]?.elements ?? []), keyed(set.elements)];
    const gone = [...old].filter(([key]) => !now.has(key)).map(([, element]) => element);
    const added = [...now].filter(([key]) => !old.has(key)).map(([, element]) => element);
    return [...elementsOf(after, set, gone, 'remove'), ...elementsOf(after, set, added, 'add')];
  });
}

function elementsOf(
  { family, name: table }: TableDescription,
  { name: set }: SetDescription,
  elements: readonly SetElement[],
  change: 'add' | 'remove',
  setId?: number,
): readonly TableChange[] {
  const [type, flags] = change === 'add' ? [NFT_MSG_NEWSETELEM, NLM_F_CREATE] : [NFT_MSG_DELSETELEM, 0];
  const id = setId === undefined ? {} : { setId };
  return Array.from({ length: Math.ceil(elements.length / ELEMENTS_MAX) }, (_, i) => ({
    type,
    flags,
    body: encodeElements({
      family,
      table,
      set,
      ...id,
      elements: elements.slice(i * ELEMENTS_MAX, (i + 1) * ELEMENTS_MAX),
    }),
    purpose: `changing the set ${set} of the table ${table}`,
  }));
}

function setMessage({ name, key, value, constant, interval }: SetDescription) {
  const keyTypes = key.map((type) => TYPES[type]);
  const flags =
    (constant ? NFT_SET_CONSTANT : 0) |
    (interval ? NFT_SET_INTERVAL | NFT_SET_CONCAT : 0) |
    (value === undefined ? 0 : NFT_SET_MAP);
  return {
    set: name,
    ...(flags === 0 ? {} : { flags }),
    keyType: keyTypes.reduce((number, type) => (number << 6) | type.number, 0),
    keyLength:
      keyTypes.length === 1
        ? (keyTypes[0]?.length ?? 0)
        : keyTypes.reduce((sum, { length }) => sum + padded(length), 0),
    ...(value === undefined ? {} : { dataType: TYPES[value].number, dataLength: TYPES[value].length }),
    ...(interval ? { description: fieldsDescription(keyTypes.map(({ length }) => length)) } : {}),
    userData: Uint8Array.of(
      ...byteOrder(USER_DATA_KEY, keyTypes.length === 1 ? keyTypes[0]?.order : undefined),
      ...(value === undefined ? [] : byteOrder(USER_DATA_VALUE, TYPES[value].order)),
    ),
  };
}

const padded = (length: number): number => (length + 3) & ~3;

/** Type, length, and a number of four bytes. */
const byteOrder = (type: number, order: 'network' | 'host' = 'host'): readonly number[] => [
  type,
  4,
  BYTE_ORDERS[order],
  0,
  0,
  0,
];

/** In the transaction that makes a set it is found by its number there. */
function withSetId(expression: Expression, sets: readonly SetDescription[]): Expression {
  if (expression.type !== 'lookup') return expression;
  const at = sets.findIndex(({ name }) => name === expression.set);
  return { ...expression, setId: at + 1 };
}

const keyed = (elements: readonly SetElement[]): Map<string, SetElement> =>
  new Map(
    elements.map((element) => {
      const { key, keyEnd = NOTHING, value = NOTHING } = element;
      return [`${toHex(key)} ${toHex(keyEnd)} ${toHex(value)}`, element];
    }),
  );

const NOTHING = new Uint8Array(0);

/** Everything but the elements, as a text that is the same for the same table. */
const structureOf = ({ family, name, sets, chains }: TableDescription): string =>
  JSON.stringify(
    [family, name, sets.map((set) => ({ ...set, elements: set.constant ? set.elements : [] })), chains],
    (_, value) => (value instanceof Uint8Array ? toHex(value) : value),
  );
