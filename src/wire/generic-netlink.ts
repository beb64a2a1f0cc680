/**
 * Generic netlink: its header, and how the number of a family is asked for. linux/genetlink.h.
 */

import { type ByteWriter, concatBytes, viewOf } from '../base/bytes.ts';
import { fault, ok, type Result } from '../base/result.ts';
import { type AttributeFault, attributeTable, decodeAttributes, encodeAttributes } from './netlink-attributes.ts';

/** GENL_ID_CTRL: the message type of the family that knows the others. */
export const GENL_ID_CTRL = 16;
/** CTRL_CMD_* of that family. */
export const CTRL_CMD_NEWFAMILY = 1;
export const CTRL_CMD_GETFAMILY = 3;

const HEADER_LENGTH = 4;

//  struct genlmsghdr
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +---------------+---------------+-------------------------------+
//  |    Command    |    Version    |           Reserved            |
//  +---------------+---------------+-------------------------------+

/** The body of a message of any generic netlink family. */
export interface GenericMessage {
  readonly command: number;
  readonly version: number;
  /** The attributes, not yet decoded. */
  readonly attributes: Uint8Array;
}

/** Reads header and attributes. */
export function decodeGeneric(body: Uint8Array): Result<GenericMessage, 'too-short'> {
  if (body.length < HEADER_LENGTH) return fault('too-short');
  const view = viewOf(body);
  return ok({ command: view.getUint8(0), version: view.getUint8(1), attributes: body.subarray(HEADER_LENGTH) });
}

/** Header and attributes. */
export const encodeGeneric = ({ command, version, attributes }: GenericMessage): Uint8Array =>
  concatBytes(Uint8Array.of(command, version, 0, 0), attributes);

/** The header behind what was written before; the attributes follow. */
export function writeGenericHeader(writer: ByteWriter, command: number, version: number): void {
  const start = writer.claim(HEADER_LENGTH);
  writer.view.setUint8(start, command);
  writer.view.setUint8(start + 1, version);
  writer.view.setUint16(start + 2, 0);
}

/** CTRL_ATTR_* in linux/genetlink.h. */
const controlAttributes = attributeTable({
  name: [2, 'CTRL_ATTR_FAMILY_NAME', 'string'],
  id: [1, 'CTRL_ATTR_FAMILY_ID', 'u16'],
  version: [3, 'CTRL_ATTR_VERSION', 'u32'],
  headerSize: [4, 'CTRL_ATTR_HDRSIZE', 'u32'],
  attributeMax: [5, 'CTRL_ATTR_MAXATTR', 'u32'],
});

/** What is known of a family; in a request its name alone. */
export interface GenericFamily {
  readonly name: string;
  /** The message type of the family: given out when its module is loaded, another one after the next load. */
  readonly id?: number;
  readonly version?: number;
  readonly headerSize?: number;
  readonly attributeMax?: number;
}

/** Why a body is no description of a family. */
export type FamilyFault = 'too-short' | 'command' | 'missing-attribute' | AttributeFault;

/** The body of CTRL_CMD_GETFAMILY. */
export const encodeFamilyRequest = (name: string): Uint8Array => encodeControl(CTRL_CMD_GETFAMILY, { name });

/** Reads the name out of CTRL_CMD_GETFAMILY. */
export const decodeFamilyRequest = (body: Uint8Array): Result<GenericFamily, FamilyFault> =>
  decodeControl(CTRL_CMD_GETFAMILY, body);

/** The body of the answer, CTRL_CMD_NEWFAMILY. */
export const encodeFamily = (family: GenericFamily): Uint8Array => encodeControl(CTRL_CMD_NEWFAMILY, family);

/** Reads the answer, CTRL_CMD_NEWFAMILY; without its operations and groups. */
export const decodeFamily = (body: Uint8Array): Result<GenericFamily, FamilyFault> =>
  decodeControl(CTRL_CMD_NEWFAMILY, body);

/** Requests have version 1, answers version 2, as libnl and the kernel (net/netlink/genetlink.c) send them. */
function encodeControl(command: number, family: GenericFamily): Uint8Array {
  const version = command === CTRL_CMD_GETFAMILY ? 1 : 2;
  return encodeGeneric({ command, version, attributes: encodeAttributes(controlAttributes, { ...family }) });
}

function decodeControl(command: number, body: Uint8Array): Result<GenericFamily, FamilyFault> {
  const message = decodeGeneric(body);
  if (!message.ok) return message;
  if (message.value.command !== command) return fault('command');
  const outcome = decodeAttributes(controlAttributes, message.value.attributes);
  if (!outcome.ok) return outcome;
  const { name, ...rest } = outcome.value;
  return name === undefined ? fault('missing-attribute') : ok({ name, ...rest });
}
