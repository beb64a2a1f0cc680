/**
 * Internet addresses as canonical text, with strict readers.
 *
 * An `IpAddress` is a branded string in one form only (dotted decimal, or RFC 5952), so that equality is `===`, it is
 * a key of a map as it is, and it crosses a process border unchanged. The readers refuse what inet_aton would guess:
 * `010.0.0.1` is an error here, not 8.0.0.1.
 */

/** An IPv4 or IPv6 address in canonical text. Made by `parseAddress` and `addressFromBytes` only. */
export type IpAddress = string & { readonly __brand: 'IpAddress' };

/** Address family, by the kernel's names. */
export type Family = 'inet' | 'inet6';

/** The family of an address. */
export const familyOf = (address: IpAddress): Family => (address.includes(':') ? 'inet6' : 'inet');

/** Length of an address of the family in bytes: 4 or 16. */
export const addressLength = (family: Family): 4 | 16 => (family === 'inet' ? 4 : 16);

/** The longest prefix of the family in bits: 32 or 128. */
export const maxPrefixLength = (family: Family): 32 | 128 => (family === 'inet' ? 32 : 128);

/** Reads an address; undefined unless the whole text is one. No zone (`%eth0`), no leading zeros in IPv4. */
export function parseAddress(text: string): IpAddress | undefined {
  // The only way to write an IPv4 address is its canonical form.
  if (readV4(text) >= 0) return text as IpAddress;
  if (!text.includes(':')) return undefined;
  const bytes = parseV6(text);
  return bytes === undefined ? undefined : addressFromBytes(bytes);
}

/** The address of 4 or 16 bytes in network order. */
export function addressFromBytes(bytes: Uint8Array): IpAddress {
  return (bytes.length === 4 ? bytes.join('.') : formatV6(bytes)) as IpAddress;
}

/** The 4 or 16 bytes of an address in network order. */
export function addressBytes(address: IpAddress): Uint8Array {
  const bytes = address.includes(':') ? parseV6(address) : parseV4(address);
  if (bytes === undefined) throw new Error(`assertion failed: not a canonical address: ${address}`);
  return bytes;
}

/** The same of an IPv4 address, as an unsigned number. */
export function addressNumber(address: IpAddress): number {
  const value = readV4(address);
  if (value < 0) throw new Error(`assertion failed: not a canonical IPv4 address: ${address}`);
  return value;
}

/** Order as unsigned numbers in network order (VRRP's tie-break): negative, zero or positive. IPv4 sorts before IPv6. */
export function compareAddresses(a: IpAddress, b: IpAddress): number {
  const x = addressBytes(a);
  const y = addressBytes(b);
  if (x.length !== y.length) return x.length - y.length;
  for (let i = 0; i < x.length; i++) {
    const difference = (x[i] ?? 0) - (y[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** True for 224.0.0.0/4 and ff00::/8. */
export const isMulticast = (address: IpAddress): boolean => {
  const first = addressBytes(address)[0] ?? 0;
  return familyOf(address) === 'inet' ? first >= 224 && first < 240 : first === 0xff;
};

/** True for 127.0.0.0/8 and ::1. */
export const isLoopback = (address: IpAddress): boolean =>
  familyOf(address) === 'inet' ? address.startsWith('127.') : address === '::1';

/** True for fe80::/10, which is an address on each link; never for IPv4. RFC 4291 §2.5.6. */
export const isLinkLocal = (address: IpAddress): boolean => /^fe[89ab][0-9a-f]:/.test(address);

function parseV4(text: string): Uint8Array | undefined {
  const value = readV4(text);
  if (value < 0) return undefined;
  const bytes = new Uint8Array(4);
  bytes[0] = value >>> 24;
  bytes[1] = value >>> 16;
  bytes[2] = value >>> 8;
  bytes[3] = value;
  return bytes;
}

const DOT = 46;
const ZERO = 48;

/** Four numbers up to 255, without leading zeros, as one; -1: not so. A file may have tens of thousands of them. */
function readV4(text: string): number {
  const { length } = text;
  if (length < 7 || length > 15) return -1;
  let dots = 0;
  let value = -1;
  let whole = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (value < 0) return -1;
      dots++;
      whole = whole * 256 + value;
      value = -1;
    } else if (code < ZERO || code > ZERO + 9 || value === 0) return -1;
    else value = (value < 0 ? 0 : value * 10) + code - ZERO;
    if (value > 255) return -1;
  }
  return dots === 3 && value >= 0 ? whole * 256 + value : -1;
}

function parseV6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '', true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  return Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...tail]);
}

/** The bytes of colon-separated groups; a dotted IPv4 address may stand last where `last` allows it. */
function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  const bytes: number[] = [];
  for (const [i, group] of groups.entries()) {
    if (last && i === groups.length - 1 && group.includes('.')) {
      const v4 = parseV4(group);
      if (v4 === undefined) return undefined;
      bytes.push(...v4);
      continue;
    }
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
    const value = Number.parseInt(group, 16);
    bytes.push(value >> 8, value & 0xff);
  }
  return bytes;
}

/**
 * RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups shortened, the first of equals. What
 * contains an IPv4 address (RFC 4291 §2.5.5) shows it, as other tools do: `::ffff:192.0.2.1`.
 */
function formatV6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) {
      start = i;
      length = end - i;
    }
  }
  const isMapped = start === 0 && length === 5 && groups[5] === 0xffff;
  if (isMapped || (start === 0 && length === 6)) return `${isMapped ? '::ffff:' : '::'}${bytes.slice(12).join('.')}`;
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  return start < 0 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}
