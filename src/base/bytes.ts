/** Small helpers over byte arrays, shared by every codec. */

/** Reads `45 c0 0028…` or `45c00028…` as bytes; asserts whole bytes. */
export function fromHex(hex: string): Uint8Array {
  const digits = hex.replace(/\s+/g, '');
  if (!/^([0-9a-fA-F]{2})*$/.test(digits)) throw new Error(`assertion failed: not hex: ${hex.slice(0, 40)}`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** The bytes as lower-case hex without blanks. */
export const toHex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');

/** A view for multi-byte reads and writes over exactly these bytes. */
export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Whether `start` is how `bytes` begin. */
function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  for (let i = 0; i < start.length; i++) if (bytes[i] !== start[i]) return false;
  return true;
}

/** Equality by content. */
export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && startsWith(a, b);

/** Equality in a time that does not depend on where the first difference is. */
export function equalSecrets(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** One array after the other. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Bytes that are written one part after the other, into memory that is used again: a large message makes no garbage. */
export class ByteWriter {
  #bytes = new Uint8Array(4096);
  #view = viewOf(this.#bytes);
  /** Where the next part begins. May be set back. */
  length = 0;

  /** A view of what is written so far and of what was claimed; of another memory after the next claim. */
  get view(): DataView {
    return this.#view;
  }

  /** The place of so many more bytes, whose content is still to be written. */
  claim(count: number): number {
    const start = this.length;
    this.length += count;
    if (this.length > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.length);
      larger.set(this.#bytes.subarray(0, start));
      this.#bytes = larger;
      this.#view = viewOf(larger);
    }
    return start;
  }

  /** These bytes next. */
  add(bytes: Uint8Array): void {
    const start = this.claim(bytes.length);
    this.#bytes.set(bytes, start);
  }

  /** So many zeros next. */
  addZeros(count: number): void {
    const start = this.claim(count);
    for (let i = start; i < this.length; i++) this.#bytes[i] = 0;
  }

  /** A copy of what was written from there on. */
  copy(start = 0): Uint8Array {
    return this.#bytes.slice(start, this.length);
  }
}
