/**
 * Netlink attributes, described by tables. linux/netlink.h "struct nlattr", RFC 3549 §2.3.2.2.
 *
 * A table is the only place where an attribute's number, the kernel's name for it and its form are written down. The
 * TypeScript type of the values follows from it. What a table does not know is skipped, as the kernel adds attributes
 * with every release.
 */

import { addressBytes, addressFromBytes, type IpAddress } from '../base/address.ts';
import { assert, assertNever } from '../base/assert.ts';
import { ByteWriter, concatBytes, viewOf } from '../base/bytes.ts';
import { fault, ok, type Result } from '../base/result.ts';

/** NLA_F_NESTED: the value is attributes itself. */
export const NLA_F_NESTED = 0x8000;
/** NLA_F_NET_BYTEORDER and NLA_F_NESTED are no part of the number. */
const NLA_TYPE_MASK = 0x3fff;
const HEADER_LENGTH = 4;

/** What the forms mean in TypeScript. */
interface FormValues {
  readonly u8: number;
  readonly u16: number;
  /** In network byte order. */
  readonly u16be: number;
  readonly u32: number;
  /** In network byte order. */
  readonly u32be: number;
  readonly s32: number;
  /** A counter: exact up to 2^53-1, where it stays. */
  readonly u64: number;
  /** Exact, in network byte order. */
  readonly u64be: bigint;
  /** UTF-8 with a NUL behind it. */
  readonly string: string;
  /** 4 or 16 bytes. */
  readonly address: IpAddress;
  /** Any bytes: a structure, or a form that depends on something else. */
  readonly bytes: Uint8Array;
  /** Attributes of another table, not yet decoded; sent with NLA_F_NESTED. */
  readonly nested: Uint8Array;
}

type Form = keyof FormValues;

/** The number, the name in the kernel's header and the form of one attribute. */
export type AttributeEntry = readonly [number: number, name: string, form: Form];

/** Made by `attributeTable`. */
export interface AttributeTable<Entries extends Record<string, AttributeEntry>> {
  readonly entries: Entries;
  readonly inOrder: readonly (readonly [key: string, entry: AttributeEntry])[];
  readonly byNumber: ReadonlyMap<number, readonly [key: string, form: Form]>;
}

/** The values of a table's attributes; one that is missing in the message is missing here. */
export type AttributeValues<Table> =
  Table extends AttributeTable<infer Entries> ? { readonly [K in keyof Entries]?: FormValues[Entries[K][2]] } : never;

/** Declares a table. The order of the entries is the order in which they are sent. */
export function attributeTable<const Entries extends Record<string, AttributeEntry>>(
  entries: Entries,
): AttributeTable<Entries> {
  const inOrder = Object.entries(entries);
  const byNumber = new Map(inOrder.map(([key, [number, , form]]) => [number, [key, form] as const]));
  assert(byNumber.size === inOrder.length, 'every attribute of a table has its own number');
  return { entries, inOrder, byNumber };
}

/** Why bytes are no attributes of a table: the lengths do not fit into each other, or a value has not its form. */
export type AttributeFault = 'attribute-length' | 'attribute-value';

/** Reads attributes; of two with one number the later counts, as in the kernel. Byte values are views. */
export function decodeAttributes<Entries extends Record<string, AttributeEntry>>(
  table: AttributeTable<Entries>,
  bytes: Uint8Array,
): Result<AttributeValues<AttributeTable<Entries>>, AttributeFault> {
  const view = viewOf(bytes);
  const values: Record<string, unknown> = {};
  for (let start = 0; start < bytes.length; ) {
    if (bytes.length - start < HEADER_LENGTH) return fault('attribute-length');
    const length = view.getUint16(start, true);
    if (length < HEADER_LENGTH || length > bytes.length - start) return fault('attribute-length');
    const entry = table.byNumber.get(view.getUint16(start + 2, true) & NLA_TYPE_MASK);
    if (entry !== undefined) {
      const [key, form] = entry;
      const value = decodeValue(form, bytes, view, start + HEADER_LENGTH, start + length);
      if (value === undefined) return fault('attribute-value');
      values[key] = value;
    }
    start += align(length);
  }
  return ok(values as AttributeValues<AttributeTable<Entries>>);
}

const uint16 = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);

/** The number of the attribute that begins there. */
export const attributeNumber = (bytes: Uint8Array, start: number): number => uint16(bytes, start + 2) & NLA_TYPE_MASK;

/** Where the one behind it begins; always further on, whatever length it claims. */
export const nextAttribute = (bytes: Uint8Array, start: number): number =>
  start + Math.max(HEADER_LENGTH, align(uint16(bytes, start)));

/** The attributes that are given, in the order of the table, each padded with zeros to a multiple of 4. */
export function encodeAttributes<Entries extends Record<string, AttributeEntry>>(
  table: AttributeTable<Entries>,
  values: AttributeValues<AttributeTable<Entries>>,
): Uint8Array {
  scratch.length = 0;
  writeAttributes(scratch, table, values);
  return scratch.copy();
}

const scratch = new ByteWriter();

/** The same behind what was written before. */
export function writeAttributes<Entries extends Record<string, AttributeEntry>>(
  writer: ByteWriter,
  table: AttributeTable<Entries>,
  values: AttributeValues<AttributeTable<Entries>>,
): void {
  for (const [key, entry] of table.inOrder) {
    const value: unknown = values[key as keyof typeof values];
    if (value === undefined) continue;
    const start = writer.claim(HEADER_LENGTH);
    writeValue(writer, entry, value);
    endAttribute(writer, start, entry);
  }
}

/** An attribute of the form `nested` whose members are written by `writeMembers`. */
export function writeNested(writer: ByteWriter, entry: AttributeEntry, writeMembers: () => void): void {
  const start = writer.claim(HEADER_LENGTH);
  writeMembers();
  endAttribute(writer, start, entry);
}

/** The header of an attribute whose value was written, and zeros behind it. */
function endAttribute(writer: ByteWriter, start: number, [number, name, form]: AttributeEntry): void {
  const length = writer.length - start;
  if (length > 0xffff) throw new Error(`assertion failed: ${name} is too long`);
  writer.view.setUint16(start, length, true);
  writer.view.setUint16(start + 2, form === 'nested' ? number | NLA_F_NESTED : number, true);
  writer.addZeros(align(length) - length);
}

/** The values of a list, whose members all have one number or are counted; in order. They are views. */
export function decodeAttributeList(bytes: Uint8Array): Result<readonly Uint8Array[], AttributeFault> {
  const view = viewOf(bytes);
  const values: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    if (bytes.length - start < HEADER_LENGTH) return fault('attribute-length');
    const length = view.getUint16(start, true);
    if (length < HEADER_LENGTH || length > bytes.length - start) return fault('attribute-length');
    values.push(bytes.subarray(start + HEADER_LENGTH, start + length));
    start += align(length);
  }
  return ok(values);
}

/** A list of nested attributes that all have one number. */
export const encodeAttributeList = (number: number, values: readonly Uint8Array[]): Uint8Array => {
  const table = attributeTable({ member: [number, 'a member of a list', 'nested'] });
  return concatBytes(...values.map((member) => encodeAttributes(table, { member })));
};

const align = (length: number): number => (length + 3) & ~3;

const utf8Decoder = new TextDecoder();
const utf8Encoder = new TextEncoder();

type NumberForm = Exclude<Form, 'u64be' | 'string' | 'address' | 'bytes' | 'nested'>;

/** How a number stands in memory, and which numbers fit. */
interface NumberLayout {
  readonly length: number;
  readonly min: number;
  readonly max: number;
  read(view: DataView, at: number): number;
  write(view: DataView, at: number, value: number): void;
}

const NUMBERS: { readonly [F in NumberForm]: NumberLayout } = {
  u8: {
    length: 1,
    min: 0,
    max: 0xff,
    read: (view, at) => view.getUint8(at),
    write: (view, at, value) => view.setUint8(at, value),
  },
  u16: {
    length: 2,
    min: 0,
    max: 0xffff,
    read: (view, at) => view.getUint16(at, true),
    write: (view, at, value) => view.setUint16(at, value, true),
  },
  u16be: {
    length: 2,
    min: 0,
    max: 0xffff,
    read: (view, at) => view.getUint16(at),
    write: (view, at, value) => view.setUint16(at, value),
  },
  u32: {
    length: 4,
    min: 0,
    max: 0xffff_ffff,
    read: (view, at) => view.getUint32(at, true),
    write: (view, at, value) => view.setUint32(at, value, true),
  },
  u32be: {
    length: 4,
    min: 0,
    max: 0xffff_ffff,
    read: (view, at) => view.getUint32(at),
    write: (view, at, value) => view.setUint32(at, value),
  },
  s32: {
    length: 4,
    min: -0x8000_0000,
    max: 0x7fff_ffff,
    read: (view, at) => view.getInt32(at, true),
    write: (view, at, value) => view.setInt32(at, value, true),
  },
  u64: {
    length: 8,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    read: (view, at) =>
      Math.min(view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true), Number.MAX_SAFE_INTEGER),
    write(view, at, value) {
      view.setUint32(at, value % 2 ** 32, true);
      view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
    },
  },
};

const isNumberForm = (form: Form): form is NumberForm => form in NUMBERS;

/** Undefined when the bytes from `start` to `end` have not the form. The view is of the same bytes. */
function decodeValue(
  form: Form,
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
): FormValues[Form] | undefined {
  if (isNumberForm(form)) return end - start === NUMBERS[form].length ? NUMBERS[form].read(view, start) : undefined;
  const value = bytes.subarray(start, end);
  switch (form) {
    case 'string': {
      const nul = value.indexOf(0);
      return utf8Decoder.decode(nul < 0 ? value : value.subarray(0, nul));
    }
    case 'u64be':
      return value.length === 8 ? viewOf(value).getBigUint64(0) : undefined;
    case 'address':
      return value.length === 4 || value.length === 16 ? addressFromBytes(value) : undefined;
    case 'bytes':
    case 'nested':
      return value;
    default:
      return assertNever(form);
  }
}

/** Messages are only made when they are needed: a large table has a hundred thousand attributes. */
function writeValue(writer: ByteWriter, [, name, form]: AttributeEntry, value: unknown): void {
  if (!isNumberForm(form)) {
    writer.add(bytesOf(form, value as string & IpAddress & Uint8Array & bigint, name));
    return;
  }
  const { length, min, max, write } = NUMBERS[form];
  const number = value as number;
  if (!Number.isInteger(number)) throw new Error(`assertion failed: ${name} is an integer, not ${number}`);
  if (number < min || number > max) {
    throw new Error(`assertion failed: ${name} is from ${min} to ${max}, not ${number}`);
  }
  const start = writer.claim(length);
  write(writer.view, start, number);
}

function bytesOf(
  form: Exclude<Form, NumberForm>,
  value: string & IpAddress & Uint8Array & bigint,
  name: string,
): Uint8Array {
  switch (form) {
    case 'u64be': {
      assert(value >= 0n && value < 1n << 64n, `${name} has 64 bits, not ${value}`);
      const bytes = new Uint8Array(8);
      viewOf(bytes).setBigUint64(0, value);
      return bytes;
    }
    case 'string': {
      const text = utf8Encoder.encode(`${value}\0`);
      assert(text.indexOf(0) === text.length - 1, `${name} has no NUL inside`);
      return text;
    }
    case 'address':
      return addressBytes(value);
    case 'bytes':
    case 'nested':
      return value;
    default:
      return assertNever(form);
  }
}
