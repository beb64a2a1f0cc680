/**
 * Virtual servers on their way to the health process. Settings that many real servers have in common are said once, and after a
 * reload those that are as they were are only referred to: of ten thousand real servers mostly one has changed, and reading the
 * others again would keep the process from its checks.
 */
import { equalData } from '../base/equal.ts';
import type { RealServer, RealServerSettings, VirtualServer } from '../ipvs/virtual-server.ts';

/** Of its real servers the settings are numbers: places in the list of all that there are. */
export interface PackedVirtualServer extends Omit<VirtualServer, 'realServers'> {
  readonly settings: readonly RealServerSettings[];
  readonly realServers: readonly PackedRealServer[];
}

type PackedRealServer = readonly [id: string, address: RealServer['address'], port: number, settings: number];

/** One that is new or has changed, or the place of one in the list that was sent before. */
export type VirtualServerNews = PackedVirtualServer | number;

/** How many are said at a time: whoever hears the first of them begins to read while the next ones are still written. */
const AT_A_TIME = 200;

/** News in pieces, each with the place of its first one; one piece at least. */
export function inPieces(news: readonly VirtualServerNews[]): { at: number; news: readonly VirtualServerNews[] }[] {
  const starts = Array.from({ length: Math.max(1, Math.ceil(news.length / AT_A_TIME)) }, (_, i) => i * AT_A_TIME);
  return starts.map((at) => ({ at, news: news.slice(at, at + AT_A_TIME) }));
}

/** At the sender. */
export class NewsWriter {
  #sent: readonly PackedVirtualServer[] = [];

  /** For a process that knows nothing. */
  all(virtualServers: readonly VirtualServer[]): readonly PackedVirtualServer[] {
    this.#sent = virtualServers.map(packed);
    return this.#sent;
  }

  /** For one that has got what was written before. */
  changes(virtualServers: readonly VirtualServer[]): readonly VirtualServerNews[] {
    const before = new Map(this.#sent.map((one, place) => [one.id, { one, place }]));
    return this.all(virtualServers).map((one) => {
      const known = before.get(one.id);
      return known !== undefined && equalData(known.one, one) ? known.place : one;
    });
  }
}

/** At the receiver. */
export class NewsReader {
  #known: readonly VirtualServer[] = [];
  #heard: VirtualServer[] = [];

  /** Takes a piece of news; what was heard from its place on does not count any more. */
  hear(at: number, news: readonly VirtualServerNews[]): void {
    this.#heard.length = Math.min(this.#heard.length, at);
    for (const one of news) {
      const virtualServer = typeof one === 'number' ? this.#known[one] : unpacked(one);
      if (virtualServer === undefined) throw new Error(`assertion failed: no virtual server at ${one}`);
      this.#heard.push(virtualServer);
    }
  }

  /** What all pieces come to. One that is as it was is the same object. */
  read(): readonly VirtualServer[] {
    this.#known = this.#heard;
    this.#heard = [];
    return this.#known;
  }
}

function packed({ realServers, ...rest }: VirtualServer): PackedVirtualServer {
  const places = new Map<RealServerSettings, number>();
  const rows = realServers.map(({ id, address, port, settings }): PackedRealServer => {
    const place = places.get(settings) ?? places.size;
    if (place === places.size) places.set(settings, place);
    return [id, address, port, place];
  });
  return { ...rest, settings: [...places.keys()], realServers: rows };
}

function unpacked({ settings: all, realServers, ...rest }: PackedVirtualServer): VirtualServer {
  const rows = realServers.map(([id, address, port, place]): RealServer => {
    const settings = all[place];
    if (settings === undefined) throw new Error(`assertion failed: no settings at ${place}`);
    return { id, address, port, settings };
  });
  return { ...rest, realServers: rows };
}
