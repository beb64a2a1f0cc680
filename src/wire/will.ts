/**
 * The last will that the election leaves with the guard: ready-made bytes, and the few words around them. A format of our
 * own, numbers in little endian; native/guard/guard.c reads it.
 *
 *     message   1 0 slot(2) record…      the will of a slot, in place of what it held
 *               2 0 0 0 limit(4)         how long silence may last, in microseconds; 0: only death counts
 *               3 0 0 0                  fed
 *               4 0 0 0                  dismissed
 *     record    kind(1) 0 length(2) interface(4) address(16) bytes, padded to 4
 */
import { addressBytes, familyOf, type IpAddress } from '../base/address.ts';
import { assert } from '../base/assert.ts';
import { concatBytes, viewOf } from '../base/bytes.ts';
import type { Duration } from '../base/time.ts';

/** What the guard does with one record. */
export type LastAct =
  | {
      readonly type: 'send';
      /** An IP packet with its header. */
      readonly packet: Uint8Array;
      readonly destination: IpAddress;
      /** The interface it leaves by; 0: as the kernel routes it. */
      readonly interfaceIndex: number;
    }
  /** A request to rtnetlink with its header, without NLM_F_ACK. */
  | { readonly type: 'request'; readonly message: Uint8Array };

/** As many slots as the guard has. */
export const WILL_SLOTS = 4096;
/** What fits into one slot, in bytes. */
export const WILL_SLOT_BYTES = 65_536;

const RECORD_LENGTH = 24;
const KINDS = { inet: 1, inet6: 2, request: 3 } as const;

/** What the guard says before it ends: the will has been executed. */
export const EXECUTED = 'F'.charCodeAt(0);

export const FEED = Uint8Array.of(3, 0, 0, 0);
export const DISMISS = Uint8Array.of(4, 0, 0, 0);

/** The will of a slot; without acts it is empty. @param slot 0 to WILL_SLOTS - 1 */
export function encodeWill(slot: number, acts: readonly LastAct[]): Uint8Array {
  assert(slot >= 0 && slot < WILL_SLOTS, `no slot: ${slot}`);
  const records = concatBytes(...acts.map(encodeAct));
  assert(records.length <= WILL_SLOT_BYTES, 'a will longer than its slot');
  return concatBytes(Uint8Array.of(1, 0, slot & 0xff, slot >> 8), records);
}

/** As many acts as fit into one slot each, in order; at least one part, which may be empty. */
export function splitWill(acts: readonly LastAct[]): readonly (readonly LastAct[])[] {
  const parts: LastAct[][] = [[]];
  let length = 0;
  for (const act of acts) {
    const size = encodeAct(act).length;
    if (length + size > WILL_SLOT_BYTES) {
      parts.push([]);
      length = 0;
    }
    parts.at(-1)?.push(act);
    length += size;
  }
  return parts;
}

/** @param limit undefined: silence is no reason, only death is */
export function encodeLimit(limit: Duration | undefined): Uint8Array {
  const bytes = Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0);
  viewOf(bytes).setUint32(4, Math.min(limit ?? 0, 0xffff_ffff), true);
  return bytes;
}

function encodeAct(act: LastAct): Uint8Array {
  const bytes = act.type === 'send' ? act.packet : act.message;
  const record = new Uint8Array((RECORD_LENGTH + bytes.length + 3) & ~3);
  const view = viewOf(record);
  view.setUint8(0, act.type === 'send' ? KINDS[familyOf(act.destination)] : KINDS.request);
  view.setUint16(2, bytes.length, true);
  if (act.type === 'send') {
    view.setUint32(4, act.interfaceIndex, true);
    record.set(addressBytes(act.destination), 8);
  }
  record.set(bytes, RECORD_LENGTH);
  return record;
}
