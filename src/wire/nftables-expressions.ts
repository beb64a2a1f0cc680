/**
 * nftables: what a rule consists of. linux/netfilter/nf_tables.h, nft(8).
 *
 * A rule is a list of expressions that work on registers: one loads a field of the packet, another compares it and ends
 * the rule when it does not fit, the last one says what becomes of the packet. Only what our own rules and keepalived's
 * need is understood; others are carried as they are.
 */

import { assertNever } from '../base/assert.ts';
import { ok, type Result } from '../base/result.ts';
import {
  type AttributeFault,
  type AttributeTable,
  attributeTable,
  decodeAttributeList,
  decodeAttributes,
  encodeAttributeList,
  encodeAttributes,
} from './netlink-attributes.ts';

/** NFTA_LIST_ELEM. */
const LIST_MEMBER = 1;

/** Where a field lies: NFT_PAYLOAD_*. */
export const PAYLOAD_BASES = { network: 1, transport: 2 } as const;

/** What is known of a packet besides its bytes: NFT_META_*. */
export const META_KEYS = {
  mark: 3,
  inputInterface: 4,
  outputInterface: 5,
  protocol: 16,
  outputInterfaceKind: 27,
} as const;

/** What becomes of a packet: NF_* and NFT_*. */
export const VERDICTS = { drop: 0, accept: 1, return: 0xffff_fffb, goto: 0xffff_fffc } as const;

/** One step of a rule. A register has 16 bytes, 1-4; the same memory in pieces of 4 bytes is 8-23, so that 8 is where 1 begins. */
export type Expression =
  /** Loads bytes of the packet. */
  | {
      readonly type: 'payload';
      readonly base: keyof typeof PAYLOAD_BASES;
      /** Bytes from the base on, and how many. */
      readonly offset: number;
      readonly length: number;
      readonly register: number;
    }
  /** Loads what is known besides. */
  | { readonly type: 'meta'; readonly key: keyof typeof META_KEYS; readonly register: number }
  /** Gives the packet what the register has. */
  | { readonly type: 'set-meta'; readonly key: 'mark'; readonly register: number }
  /** Goes on only where the register has this value. */
  | { readonly type: 'equal'; readonly register: number; readonly value: Uint8Array }
  /** Keeps the bits of the mask. */
  | { readonly type: 'mask'; readonly register: number; readonly mask: Uint8Array }
  /** Goes on only where the register's value is in the set; of a map, loads what belongs to it. */
  | {
      readonly type: 'lookup';
      readonly set: string;
      readonly register: number;
      readonly destination?: number;
      /** In the transaction that makes the set too: its number there. */
      readonly setId?: number;
    }
  /** Sends a copy of the packet to an address over an interface, both in registers. */
  | { readonly type: 'duplicate'; readonly addressRegister: number; readonly interfaceRegister: number }
  /** Counts what comes so far. */
  | { readonly type: 'counter' }
  /** The end: what becomes of the packet. */
  | { readonly type: 'verdict'; readonly verdict: 'drop' | 'accept' | 'return' }
  | { readonly type: 'verdict'; readonly verdict: 'goto'; readonly chain: string }
  /** The kernel's name of an expression, and its attributes. */
  | { readonly type: 'other'; readonly name: string; readonly attributes: Uint8Array };

const expressionAttributes = attributeTable({
  name: [1, 'NFTA_EXPR_NAME', 'string'],
  data: [2, 'NFTA_EXPR_DATA', 'nested'],
});
const payloadAttributes = attributeTable({
  register: [1, 'NFTA_PAYLOAD_DREG', 'u32be'],
  base: [2, 'NFTA_PAYLOAD_BASE', 'u32be'],
  offset: [3, 'NFTA_PAYLOAD_OFFSET', 'u32be'],
  length: [4, 'NFTA_PAYLOAD_LEN', 'u32be'],
});
const metaAttributes = attributeTable({
  key: [2, 'NFTA_META_KEY', 'u32be'],
  register: [1, 'NFTA_META_DREG', 'u32be'],
  source: [3, 'NFTA_META_SREG', 'u32be'],
});
const compareAttributes = attributeTable({
  register: [1, 'NFTA_CMP_SREG', 'u32be'],
  operation: [2, 'NFTA_CMP_OP', 'u32be'],
  value: [3, 'NFTA_CMP_DATA', 'nested'],
});
const bitwiseAttributes = attributeTable({
  source: [1, 'NFTA_BITWISE_SREG', 'u32be'],
  destination: [2, 'NFTA_BITWISE_DREG', 'u32be'],
  length: [3, 'NFTA_BITWISE_LEN', 'u32be'],
  mask: [4, 'NFTA_BITWISE_MASK', 'nested'],
  xor: [5, 'NFTA_BITWISE_XOR', 'nested'],
  operation: [6, 'NFTA_BITWISE_OP', 'u32be'],
});
const lookupAttributes = attributeTable({
  register: [2, 'NFTA_LOOKUP_SREG', 'u32be'],
  destination: [3, 'NFTA_LOOKUP_DREG', 'u32be'],
  set: [1, 'NFTA_LOOKUP_SET', 'string'],
  setId: [4, 'NFTA_LOOKUP_SET_ID', 'u32be'],
  flags: [5, 'NFTA_LOOKUP_FLAGS', 'u32be'],
});
const duplicateAttributes = attributeTable({
  addressRegister: [1, 'NFTA_DUP_SREG_ADDR', 'u32be'],
  interfaceRegister: [2, 'NFTA_DUP_SREG_DEV', 'u32be'],
});
const immediateAttributes = attributeTable({
  register: [1, 'NFTA_IMMEDIATE_DREG', 'u32be'],
  data: [2, 'NFTA_IMMEDIATE_DATA', 'nested'],
});
const verdictAttributes = attributeTable({
  code: [1, 'NFTA_VERDICT_CODE', 'u32be'],
  chain: [2, 'NFTA_VERDICT_CHAIN', 'string'],
});

/** A value or a verdict, wherever either may stand: NFTA_DATA_*. */
export const dataAttributes = attributeTable({
  value: [1, 'NFTA_DATA_VALUE', 'bytes'],
  verdict: [2, 'NFTA_DATA_VERDICT', 'nested'],
});

const VERDICT_REGISTER = 0;
const EQUAL = 0;

/** Reads the expressions of a rule. */
export function decodeExpressions(bytes: Uint8Array): Result<readonly Expression[], AttributeFault> {
  const members = decodeAttributeList(bytes);
  if (!members.ok) return members;
  const expressions: Expression[] = [];
  for (const member of members.value) {
    const outcome = decodeAttributes(expressionAttributes, member);
    if (!outcome.ok) return outcome;
    const { name = '', data = new Uint8Array(0) } = outcome.value;
    expressions.push(understood(name, data) ?? { type: 'other', name, attributes: data });
  }
  return ok(expressions);
}

/** The expressions of a rule. */
export const encodeExpressions = (expressions: readonly Expression[]): Uint8Array =>
  encodeAttributeList(
    LIST_MEMBER,
    expressions.map((expression) => {
      const [name, data] = written(expression);
      return encodeAttributes(expressionAttributes, { name, data });
    }),
  );

/** Undefined when the expression is another one, or says more than we know. */
function understood(name: string, data: Uint8Array): Expression | undefined {
  switch (name) {
    case 'payload': {
      const { register, base, offset, length } = read(payloadAttributes, data) ?? {};
      const of = keyOf(PAYLOAD_BASES, base);
      if (register === undefined || of === undefined || offset === undefined || length === undefined) return undefined;
      return { type: 'payload', base: of, offset, length, register };
    }
    case 'meta': {
      const { register, key, source } = read(metaAttributes, data) ?? {};
      const of = keyOf(META_KEYS, key);
      if (source !== undefined) {
        return of === 'mark' && register === undefined ? { type: 'set-meta', key: of, register: source } : undefined;
      }
      return register === undefined || of === undefined ? undefined : { type: 'meta', key: of, register };
    }
    case 'cmp': {
      const { register, operation, value } = read(compareAttributes, data) ?? {};
      const bytes = value && read(dataAttributes, value)?.value;
      if (register === undefined || operation !== EQUAL || bytes === undefined) return undefined;
      return { type: 'equal', register, value: bytes };
    }
    case 'bitwise':
      return understoodMask(data);
    case 'lookup': {
      const { register, set, flags = 0, ...others } = read(lookupAttributes, data) ?? {};
      return register === undefined || set === undefined || flags !== 0
        ? undefined
        : { type: 'lookup', set, register, ...others };
    }
    case 'dup': {
      const { addressRegister, interfaceRegister } = read(duplicateAttributes, data) ?? {};
      return addressRegister === undefined || interfaceRegister === undefined
        ? undefined
        : { type: 'duplicate', addressRegister, interfaceRegister };
    }
    case 'counter':
      return { type: 'counter' };
    case 'immediate':
      return understoodVerdict(data);
    default:
      return undefined;
  }
}

function understoodMask(data: Uint8Array): Expression | undefined {
  const { source, destination, length, mask, xor, operation = 0 } = read(bitwiseAttributes, data) ?? {};
  const bits = mask && read(dataAttributes, mask)?.value;
  const flipped = xor && read(dataAttributes, xor)?.value;
  if (source === undefined || source !== destination || operation !== 0) return undefined;
  if (bits === undefined || bits.length !== length || flipped?.length !== length) return undefined;
  return flipped.every((byte) => byte === 0) ? { type: 'mask', register: source, mask: bits } : undefined;
}

function understoodVerdict(data: Uint8Array): Expression | undefined {
  const { register, data: value } = read(immediateAttributes, data) ?? {};
  const verdict = value && read(dataAttributes, value)?.verdict;
  const { code, chain } = (verdict && read(verdictAttributes, verdict)) ?? {};
  const of = keyOf(VERDICTS, code);
  if (register !== VERDICT_REGISTER || of === undefined) return undefined;
  if (of === 'goto') return chain === undefined ? undefined : { type: 'verdict', verdict: of, chain };
  return chain === undefined ? { type: 'verdict', verdict: of } : undefined;
}

/** Undefined when the bytes are no attributes of the table. */
function read<Entries extends Parameters<typeof attributeTable>[0]>(table: AttributeTable<Entries>, bytes: Uint8Array) {
  const outcome = decodeAttributes(table, bytes);
  return outcome.ok ? outcome.value : undefined;
}

const keyOf = <Key extends string>(
  numbers: Readonly<Record<Key, number>>,
  number: number | undefined,
): Key | undefined => (Object.keys(numbers) as Key[]).find((key) => numbers[key] === number);

/** The kernel's name and the attributes. */
function written(expression: Expression): readonly [name: string, data: Uint8Array] {
  switch (expression.type) {
    case 'payload': {
      const { type: _, base, ...values } = expression;
      return ['payload', encodeAttributes(payloadAttributes, { ...values, base: PAYLOAD_BASES[base] })];
    }
    case 'meta': {
      const { key, register } = expression;
      return ['meta', encodeAttributes(metaAttributes, { key: META_KEYS[key], register })];
    }
    case 'set-meta': {
      const { key, register: source } = expression;
      return ['meta', encodeAttributes(metaAttributes, { key: META_KEYS[key], source })];
    }
    case 'equal': {
      const { register, value } = expression;
      return ['cmp', encodeAttributes(compareAttributes, { register, operation: EQUAL, value: dataOf(value) })];
    }
    case 'mask': {
      const { register, mask } = expression;
      const values = { source: register, destination: register, length: mask.length };
      const xor = dataOf(new Uint8Array(mask.length).fill(0));
      return ['bitwise', encodeAttributes(bitwiseAttributes, { ...values, mask: dataOf(mask), xor })];
    }
    case 'lookup': {
      const { type: _, ...values } = expression;
      return ['lookup', encodeAttributes(lookupAttributes, values)];
    }
    case 'duplicate': {
      const { type: _, ...values } = expression;
      return ['dup', encodeAttributes(duplicateAttributes, values)];
    }
    case 'counter':
      return ['counter', new Uint8Array(0)];
    case 'verdict': {
      const verdict = encodeAttributes(verdictAttributes, {
        code: VERDICTS[expression.verdict],
        ...(expression.verdict === 'goto' ? { chain: expression.chain } : {}),
      });
      const data = encodeAttributes(dataAttributes, { verdict });
      return ['immediate', encodeAttributes(immediateAttributes, { register: VERDICT_REGISTER, data })];
    }
    case 'other':
      return [expression.name, expression.attributes];
    default:
      return assertNever(expression);
  }
}

/** A value as it stands in an attribute. */
export const dataOf = (value: Uint8Array): Uint8Array => encodeAttributes(dataAttributes, { value });
