/** The Internet checksum: RFC 1071. */

/**
 * One's complement of the one's complement sum over the parts, as if they stood in one piece.
 * Every part but the last has an even length. Over data that contains its own right checksum the result is 0.
 */
export function internetChecksum(...parts: readonly Uint8Array[]): number {
  let total = 0;
  for (const part of parts) {
    for (let i = 0; i < part.length; i += 2) total += ((part[i] ?? 0) << 8) | (part[i + 1] ?? 0);
  }
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 0x10000);
  return ~total & 0xffff;
}
