/**
 * Attributes of IPVS that are encoded again and again: the thousands of services and destinations of a large table differ from
 * each other in an address, a port and a weight. Those are written over what was encoded last; anything else is encoded anew.
 */
import { addressNumber } from '../base/address.ts';
import { viewOf } from '../base/bytes.ts';
import type { Destination, Service } from './ipvs.ts';
import { assertWeight } from './ipvs-attributes.ts';

interface TemplateUse<Subject> {
  encode(subject: Subject): Uint8Array;
  /** Whether `overwrite` makes the bytes of the one those of the other. */
  isAlike(a: Subject, b: Subject): boolean;
  overwrite(view: DataView, subject: Subject): void;
}

/** See the file's head. */
export class Template<Subject extends object> {
  readonly #use: TemplateUse<Subject>;
  #last: { subject: Subject; readonly bytes: Uint8Array; readonly view: DataView } | undefined;

  constructor(use: TemplateUse<Subject>) {
    this.#use = use;
  }

  /** Its attributes; valid until the next call. */
  of(subject: Subject): Uint8Array {
    const { encode, isAlike, overwrite } = this.#use;
    const last = this.#last;
    if (last !== undefined && isAlike(last.subject, subject)) {
      if (last.subject !== subject) overwrite(last.view, subject);
      last.subject = subject;
      return last.bytes;
    }
    const bytes = encode(subject);
    this.#last = { subject, bytes, view: viewOf(bytes) };
    return bytes;
  }
}

/** Whether two services differ in an IPv4 address and a port alone. */
export const isAlikeService = (a: Service, b: Service): boolean =>
  a === b ||
  (a.key.kind === 'address' &&
    b.key.kind === 'address' &&
    a.key.family === 'inet' &&
    b.key.family === 'inet' &&
    a.key.protocol === b.key.protocol &&
    a.scheduler === b.scheduler &&
    a.persistenceTimeout === b.persistenceTimeout &&
    a.persistenceGranularity === b.persistenceGranularity &&
    a.persistenceEngine === b.persistenceEngine &&
    a.onePacket === b.onePacket &&
    a.schedulerFlags === b.schedulerFlags);

/** Behind headers of 4 bytes: family 8 and protocol 8 bytes, the address 20, the port. */
export function overwriteKey(view: DataView, { key }: Service): void {
  if (key.kind !== 'address') return;
  view.setUint32(20, addressNumber(key.address));
  view.setUint16(40, key.port);
}

/** Whether two destinations differ in an IPv4 address, a port and a weight alone. */
export const isAlikeDestination = (a: Destination, b: Destination): boolean =>
  a === b ||
  (a.family === 'inet' &&
    b.family === 'inet' &&
    a.forwardingMethod === b.forwardingMethod &&
    a.tunnel === b.tunnel &&
    a.upperThreshold === b.upperThreshold &&
    a.lowerThreshold === b.lowerThreshold);

/** Behind headers of 4 bytes: family 8 bytes, the address 20, the port 8, the method 8, the weight. */
export function overwriteDestination(view: DataView, { address, port, weight }: Destination): void {
  assertWeight(weight);
  view.setUint32(12, addressNumber(address));
  view.setUint16(32, port);
  view.setInt32(48, weight, true);
}
