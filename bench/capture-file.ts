/** VRRP advertisements over IPv4 in a file of tcpdump(8): pcap, Ethernet, this machine's byte order. */

export interface Heard {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly source: string;
  readonly vrid: number;
  readonly priority: number;
}

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const ETHERNET_HEADER = 14;
const MAGIC_MICROSECONDS = 0xa1b2c3d4;

/** In the order of the file. Throws when it is no such file. */
export function* heardIn(file: Uint8Array): Generator<Heard> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (view.getUint32(0, true) !== MAGIC_MICROSECONDS) throw new Error('not a capture of this machine');
  for (let offset = FILE_HEADER; offset + RECORD_HEADER <= file.length; ) {
    const at = view.getUint32(offset, true) + view.getUint32(offset + 4, true) / 1e6;
    const packet = offset + RECORD_HEADER;
    const ip = packet + ETHERNET_HEADER;
    const vrrp = ip + ((file[ip] ?? 0) & 0x0f) * 4;
    offset = packet + view.getUint32(offset + 8, true);
    if (vrrp + 8 > offset || offset > file.length) continue;
    yield {
      at,
      source: file.subarray(ip + 12, ip + 16).join('.'),
      vrid: file[vrrp + 1] as number,
      priority: file[vrrp + 2] as number,
    };
  }
}
