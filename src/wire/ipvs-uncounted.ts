/**
 * What the kernel says of services and destinations, as bytes and without what it counts. Of a large table mostly nothing has
 * changed, and comparing bytes takes a tenth of the time that reading them does. linux/ip_vs.h.
 */
import { ByteWriter } from '../base/bytes.ts';
import { destinationAttributes, serviceAttributes } from './ipvs-attributes.ts';
import { type AttributeEntry, attributeNumber, nextAttribute } from './netlink-attributes.ts';

/** The generic netlink header, and that of the attribute around all others. */
const HEADERS_LENGTH = 8;

const numbersOf = (...entries: readonly AttributeEntry[]): ReadonlySet<number> =>
  new Set(entries.map(([number]) => number));

const { entries: ofService } = serviceAttributes;
const { entries: ofDestination } = destinationAttributes;
const SERVICE_COUNTED = numbersOf(ofService.statistics, ofService.statistics64);
const DESTINATION_COUNTED = numbersOf(
  ofDestination.activeConnections,
  ofDestination.inactiveConnections,
  ofDestination.persistentConnections,
  ofDestination.statistics,
  ofDestination.statistics64,
);

/** Parts of answers, without the attributes that are counted. */
export class Uncounted {
  readonly #counted: ReadonlySet<number>;
  readonly #bytes: Uint8Array;

  private constructor(counted: ReadonlySet<number>, bodies: readonly Uint8Array[]) {
    this.#counted = counted;
    scratch.length = 0;
    for (const body of bodies) {
      for (let start = 0; start < body.length; ) {
        const end = this.#pieceEnd(body, start);
        scratch.add(body.subarray(start, end));
        start = this.#countedEnd(body, end);
      }
    }
    this.#bytes = scratch.copy();
  }

  /** One part of the answer to a request for services. */
  static service(body: Uint8Array): Uncounted {
    return new Uncounted(SERVICE_COUNTED, [body]);
  }

  /** The answer to a request for the destinations of a service. @param bodies its parts */
  static destinations(bodies: readonly Uint8Array[]): Uncounted {
    return new Uncounted(DESTINATION_COUNTED, bodies);
  }

  /** Whether other parts say the same of the same in the same order. */
  isIn(bodies: readonly Uint8Array[]): boolean {
    const bytes = this.#bytes;
    let at = 0;
    for (const body of bodies) {
      for (let start = 0; start < body.length; ) {
        const end = this.#pieceEnd(body, start);
        for (let i = start; i < end; i++) if (body[i] !== bytes[at++]) return false;
        start = this.#countedEnd(body, end);
      }
    }
    return at === bytes.length;
  }

  /** Where the next attribute is that is counted; the end of the body where there is none. */
  #pieceEnd(body: Uint8Array, start: number): number {
    let at = start === 0 ? HEADERS_LENGTH : start;
    while (at < body.length && !this.#counted.has(attributeNumber(body, at))) at = nextAttribute(body, at);
    return Math.min(at, body.length);
  }

  /** Where the next attribute is that is not counted. */
  #countedEnd(body: Uint8Array, start: number): number {
    let at = start;
    while (at < body.length && this.#counted.has(attributeNumber(body, at))) at = nextAttribute(body, at);
    return at;
  }
}

const scratch = new ByteWriter();
