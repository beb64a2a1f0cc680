/**
 * Events of inotify(7): `struct inotify_event`, one after the other, in the byte order of this host.
 *
 *     int      wd;      watch descriptor, -1: the queue overflowed
 *     uint32_t mask;
 *     uint32_t cookie;
 *     uint32_t len;     of what follows, padded with NULs
 *     char     name[];  within a watched directory; absent for the directory itself
 */

/** One thing that happened to a watched file or in a watched directory. */
export interface InotifyEvent {
  readonly watch: number;
  readonly mask: number;
  /** The name within the directory; undefined: the watched thing itself. */
  readonly name: string | undefined;
}

const HEADER_BYTES = 16;

/** Whole events only, as the kernel gives them; what does not fit is left out. */
export function decodeInotifyEvents(bytes: Uint8Array): readonly InotifyEvent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: InotifyEvent[] = [];
  let offset = 0;
  while (offset + HEADER_BYTES <= bytes.length) {
    const end = offset + HEADER_BYTES + view.getUint32(offset + 12, true);
    if (end > bytes.length) break;
    const padded = bytes.subarray(offset + HEADER_BYTES, end);
    const length = padded.indexOf(0);
    const name = new TextDecoder().decode(length < 0 ? padded : padded.subarray(0, length));
    events.push({
      watch: view.getInt32(offset, true),
      mask: view.getUint32(offset + 4, true),
      name: name === '' ? undefined : name,
    });
    offset = end;
  }
  return events;
}
