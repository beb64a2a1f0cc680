/**
 * nftables: tables with their chains, rules and sets. linux/netfilter/nf_tables.h, nft(8).
 *
 * The bodies of the messages, with the header of nfnetlink.ts. What rules consist of is in nftables-expressions.ts.
 */

import type { Family } from '../base/address.ts';
import { fault, ok, type Result } from '../base/result.ts';
import {
  type AttributeFault,
  attributeTable,
  decodeAttributeList,
  decodeAttributes,
  encodeAttributeList,
  encodeAttributes,
} from './netlink-attributes.ts';
import { decodeNf, encodeNf, NFNL_SUBSYS_NFTABLES } from './nfnetlink.ts';
import {
  dataAttributes,
  dataOf,
  decodeExpressions,
  type Expression,
  encodeExpressions,
} from './nftables-expressions.ts';

const message = (number: number): number => (NFNL_SUBSYS_NFTABLES << 8) | number;

/** Message types: NFT_MSG_* with the subsystem. */
export const NFT_MSG_NEWTABLE = message(0);
export const NFT_MSG_GETTABLE = message(1);
export const NFT_MSG_DELTABLE = message(2);
export const NFT_MSG_NEWCHAIN = message(3);
export const NFT_MSG_GETCHAIN = message(4);
export const NFT_MSG_DELCHAIN = message(5);
export const NFT_MSG_NEWRULE = message(6);
export const NFT_MSG_GETRULE = message(7);
export const NFT_MSG_DELRULE = message(8);
export const NFT_MSG_NEWSET = message(9);
export const NFT_MSG_GETSET = message(10);
export const NFT_MSG_DELSET = message(11);
export const NFT_MSG_NEWSETELEM = message(12);
export const NFT_MSG_GETSETELEM = message(13);
export const NFT_MSG_DELSETELEM = message(14);

/** Multicast group: NFNLGRP_NFTABLES in linux/netfilter/nfnetlink.h. */
export const NFNLGRP_NFTABLES = 7;

/** NFT_TABLE_F_OWNER: nobody else changes the table, and it goes with the socket that made it. Linux 5.12. */
export const NFT_TABLE_F_OWNER = 2;

/** NFT_SET_*: what is in it does not change while rules use it; each element leads to a value. */
export const NFT_SET_CONSTANT = 2;
export const NFT_SET_MAP = 8;
/** Elements are ranges; with CONCAT of several fields, each with its range. Linux 5.6. */
export const NFT_SET_INTERVAL = 4;
export const NFT_SET_CONCAT = 128;

/** Why a message cannot be read. `family`: not wrong, but of a family that we do not serve. */
export type NftablesFault = 'too-short' | 'family' | 'missing-attribute' | AttributeFault;

const tableAttributes = attributeTable({
  table: [1, 'NFTA_TABLE_NAME', 'string'],
  flags: [2, 'NFTA_TABLE_FLAGS', 'u32be'],
  userData: [6, 'NFTA_TABLE_USERDATA', 'bytes'],
});

/** A table. */
export interface TableMessage {
  readonly family: Family;
  readonly table: string;
  /** NFT_TABLE_F_*. */
  readonly flags?: number;
  /** For nft(8): its comment. The kernel keeps it from Linux 5.10 on. */
  readonly userData?: Uint8Array;
}

export function decodeTable(body: Uint8Array): Result<TableMessage, NftablesFault> {
  const outcome = decodeBody(tableAttributes, body);
  if (!outcome.ok) return outcome;
  const { table } = outcome.value;
  return table === undefined ? fault('missing-attribute') : ok({ ...outcome.value, table });
}

export const encodeTable = ({ family, ...attributes }: TableMessage): Uint8Array =>
  encodeNf({ family, attributes: encodeAttributes(tableAttributes, attributes) });

const nameAttributes = attributeTable({ table: [1, 'NFTA_*_TABLE', 'string'] });

/** The table that any message is about: its name is the same attribute in all of them. */
export function decodeTableName(body: Uint8Array): Result<Pick<TableMessage, 'family' | 'table'>, NftablesFault> {
  const outcome = decodeBody(nameAttributes, body);
  if (!outcome.ok) return outcome;
  const { family, table } = outcome.value;
  return table === undefined ? fault('missing-attribute') : ok({ family, table });
}

const chainAttributes = attributeTable({
  table: [1, 'NFTA_CHAIN_TABLE', 'string'],
  chain: [3, 'NFTA_CHAIN_NAME', 'string'],
  hook: [4, 'NFTA_CHAIN_HOOK', 'nested'],
  policy: [5, 'NFTA_CHAIN_POLICY', 'u32be'],
  type: [7, 'NFTA_CHAIN_TYPE', 'string'],
});
const hookAttributes = attributeTable({
  number: [1, 'NFTA_HOOK_HOOKNUM', 'u32be'],
  priority: [2, 'NFTA_HOOK_PRIORITY', 'u32be'],
});

/** NF_INET_LOCAL_*: where packets for and of this host pass. */
export const HOOKS = { input: 1, output: 3 } as const;

/** A chain. */
export interface ChainMessage {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  /** Where packets come by; absent: from other chains only. */
  readonly hook?: { readonly number: number; readonly priority: number };
  /** What becomes of packets that no rule decides about: NF_*, 1 is accept. */
  readonly policy?: number;
  /** `filter`, `nat`, `route`; of chains with a hook. */
  readonly type?: string;
}

export function decodeChain(body: Uint8Array): Result<ChainMessage, NftablesFault> {
  const outcome = decodeBody(chainAttributes, body);
  if (!outcome.ok) return outcome;
  const { table, chain, hook, ...others } = outcome.value;
  if (table === undefined || chain === undefined) return fault('missing-attribute');
  if (hook === undefined) return ok({ ...others, table, chain });
  const where = decodeAttributes(hookAttributes, hook);
  if (!where.ok) return where;
  const { number, priority } = where.value;
  if (number === undefined || priority === undefined) return fault('missing-attribute');
  return ok({ ...others, table, chain, hook: { number, priority: priority | 0 } });
}

export function encodeChain({ family, hook, ...others }: ChainMessage): Uint8Array {
  const where = hook && encodeAttributes(hookAttributes, { number: hook.number, priority: hook.priority >>> 0 });
  const values = { ...others, ...(where === undefined ? {} : { hook: where }) };
  return encodeNf({ family, attributes: encodeAttributes(chainAttributes, values) });
}

const ruleAttributes = attributeTable({
  table: [1, 'NFTA_RULE_TABLE', 'string'],
  chain: [2, 'NFTA_RULE_CHAIN', 'string'],
  expressions: [4, 'NFTA_RULE_EXPRESSIONS', 'nested'],
});

/** A rule. */
export interface RuleMessage {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly expressions: readonly Expression[];
}

export function decodeRule(body: Uint8Array): Result<RuleMessage, NftablesFault> {
  const outcome = decodeBody(ruleAttributes, body);
  if (!outcome.ok) return outcome;
  const { family, table, chain, expressions = new Uint8Array(0) } = outcome.value;
  if (table === undefined || chain === undefined) return fault('missing-attribute');
  const list = decodeExpressions(expressions);
  return list.ok ? ok({ family, table, chain, expressions: list.value }) : list;
}

export function encodeRule({ family, expressions, ...others }: RuleMessage): Uint8Array {
  const values = { ...others, expressions: encodeExpressions(expressions) };
  return encodeNf({ family, attributes: encodeAttributes(ruleAttributes, values) });
}

const setAttributes = attributeTable({
  table: [1, 'NFTA_SET_TABLE', 'string'],
  set: [2, 'NFTA_SET_NAME', 'string'],
  flags: [3, 'NFTA_SET_FLAGS', 'u32be'],
  keyType: [4, 'NFTA_SET_KEY_TYPE', 'u32be'],
  keyLength: [5, 'NFTA_SET_KEY_LEN', 'u32be'],
  dataType: [6, 'NFTA_SET_DATA_TYPE', 'u32be'],
  dataLength: [7, 'NFTA_SET_DATA_LEN', 'u32be'],
  id: [10, 'NFTA_SET_ID', 'u32be'],
  description: [9, 'NFTA_SET_DESC', 'nested'],
  userData: [13, 'NFTA_SET_USERDATA', 'bytes'],
});

/** A set, or a map. */
export interface SetMessage {
  readonly family: Family;
  readonly table: string;
  readonly set: string;
  /** NFT_SET_*. */
  readonly flags?: number;
  /** What nft(8) shows the keys as; several types stand one behind the other, in 6 bits each. */
  readonly keyType?: number;
  /** Bytes. */
  readonly keyLength?: number;
  readonly dataType?: number;
  readonly dataLength?: number;
  /** A number for the time of the transaction. */
  readonly id?: number;
  /** Made by `fieldsDescription`. */
  readonly description?: Uint8Array;
  /** For nft(8): in which byte order keys and values are. */
  readonly userData?: Uint8Array;
}

export function decodeSet(body: Uint8Array): Result<SetMessage, NftablesFault> {
  const outcome = decodeBody(setAttributes, body);
  if (!outcome.ok) return outcome;
  const { table, set } = outcome.value;
  return table === undefined || set === undefined ? fault('missing-attribute') : ok({ ...outcome.value, table, set });
}

export const encodeSet = ({ family, ...attributes }: SetMessage): Uint8Array =>
  encodeNf({ family, attributes: encodeAttributes(setAttributes, attributes) });

const descriptionAttributes = attributeTable({ fields: [2, 'NFTA_SET_DESC_CONCAT', 'nested'] });
const fieldAttributes = attributeTable({ length: [1, 'NFTA_SET_FIELD_LEN', 'u32be'] });

/** The fields of a key, where each has a range of its own. @param lengths in bytes, without what fills them up to 4 */
export const fieldsDescription = (lengths: readonly number[]): Uint8Array =>
  encodeAttributes(descriptionAttributes, {
    fields: encodeAttributeList(
      LIST_MEMBER,
      lengths.map((length) => encodeAttributes(fieldAttributes, { length })),
    ),
  });

const elementsAttributes = attributeTable({
  set: [2, 'NFTA_SET_ELEM_LIST_SET', 'string'],
  setId: [4, 'NFTA_SET_ELEM_LIST_SET_ID', 'u32be'],
  table: [1, 'NFTA_SET_ELEM_LIST_TABLE', 'string'],
  elements: [3, 'NFTA_SET_ELEM_LIST_ELEMENTS', 'nested'],
});
const elementAttributes = attributeTable({
  key: [1, 'NFTA_SET_ELEM_KEY', 'nested'],
  keyEnd: [10, 'NFTA_SET_ELEM_KEY_END', 'nested'],
  data: [2, 'NFTA_SET_ELEM_DATA', 'nested'],
});

/** What is in a set. */
export interface SetElement {
  readonly key: Uint8Array;
  /** The last one of a range. */
  readonly keyEnd?: Uint8Array;
  /** Of a map. */
  readonly value?: Uint8Array;
}

/** Elements of a set: to add, to remove, or a part of a dump. */
export interface ElementsMessage {
  readonly family: Family;
  readonly table: string;
  readonly set: string;
  /** In the transaction that makes the set too: its number there. */
  readonly setId?: number;
  readonly elements: readonly SetElement[];
}

export function decodeElements(body: Uint8Array): Result<ElementsMessage, NftablesFault> {
  const outcome = decodeBody(elementsAttributes, body);
  if (!outcome.ok) return outcome;
  const { table, set, elements: list = new Uint8Array(0), ...others } = outcome.value;
  if (table === undefined || set === undefined) return fault('missing-attribute');
  const members = decodeAttributeList(list);
  if (!members.ok) return members;
  const elements: SetElement[] = [];
  for (const member of members.value) {
    const element = decodeElement(member);
    if (!element.ok) return element;
    elements.push(element.value);
  }
  return ok({ ...others, table, set, elements });
}

function decodeElement(bytes: Uint8Array): Result<SetElement, NftablesFault> {
  const outcome = decodeAttributes(elementAttributes, bytes);
  if (!outcome.ok) return outcome;
  const { key: keyBytes = new Uint8Array(0), data: dataBytes = new Uint8Array(0) } = outcome.value;
  const key = decodeAttributes(dataAttributes, keyBytes);
  if (!key.ok) return key;
  const end = decodeAttributes(dataAttributes, outcome.value.keyEnd ?? new Uint8Array(0));
  if (!end.ok) return end;
  const data = decodeAttributes(dataAttributes, dataBytes);
  if (!data.ok) return data;
  const { value } = data.value;
  const { value: keyEnd } = end.value;
  if (key.value.value === undefined) return fault('missing-attribute');
  return ok({
    key: key.value.value,
    ...(keyEnd === undefined ? {} : { keyEnd }),
    ...(value === undefined ? {} : { value }),
  });
}

export function encodeElements({ family, elements, ...others }: ElementsMessage): Uint8Array {
  const members = elements.map(({ key, keyEnd, value }) =>
    encodeAttributes(elementAttributes, {
      key: dataOf(key),
      ...(keyEnd === undefined ? {} : { keyEnd: dataOf(keyEnd) }),
      ...(value === undefined ? {} : { data: dataOf(value) }),
    }),
  );
  const values = { ...others, elements: encodeAttributeList(LIST_MEMBER, members) };
  return encodeNf({ family, attributes: encodeAttributes(elementsAttributes, values) });
}

/** NFTA_LIST_ELEM. */
const LIST_MEMBER = 1;

/** The attributes of a message, with the family of its header. */
function decodeBody<Entries extends Parameters<typeof attributeTable>[0]>(
  table: ReturnType<typeof attributeTable<Entries>>,
  body: Uint8Array,
) {
  const head = decodeNf(body);
  if (!head.ok) return head;
  const outcome = decodeAttributes(table, head.value.attributes);
  return outcome.ok ? ok({ family: head.value.family, ...outcome.value }) : outcome;
}
