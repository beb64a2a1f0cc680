/**
 * Virtual servers on their way to the health process. After a reload those that are as they were are only referred to: of ten
 * thousand real servers mostly one has changed, and reading the others again would keep the process from its checks.
 */
import { equalData } from '../base/equal.ts';
import type { VirtualServer } from '../ipvs/virtual-server.ts';

/** One that is new or has changed, or the place of one in the list that was sent before. */
export type VirtualServerNews = VirtualServer | number;

/** At the sender. */
export class NewsWriter {
  #sent: readonly VirtualServer[] = [];

  /** For a process that knows nothing. */
  all(virtualServers: readonly VirtualServer[]): readonly VirtualServerNews[] {
    this.#sent = virtualServers;
    return virtualServers;
  }

  /** For one that has got what was written before. */
  changes(virtualServers: readonly VirtualServer[]): readonly VirtualServerNews[] {
    const before = new Map(this.#sent.map((one, place) => [one.id, { one, place }]));
    this.#sent = virtualServers;
    return virtualServers.map((virtualServer) => {
      const known = before.get(virtualServer.id);
      return known !== undefined && equalData(known.one, virtualServer) ? known.place : virtualServer;
    });
  }
}

/** At the receiver. */
export class NewsReader {
  #known: readonly VirtualServer[] = [];

  /** What the news come to. One that is as it was is the same object. */
  read(news: readonly VirtualServerNews[]): readonly VirtualServer[] {
    this.#known = news.map((one) => {
      const virtualServer = typeof one === 'number' ? this.#known[one] : one;
      if (virtualServer === undefined) throw new Error(`assertion failed: no virtual server at ${one}`);
      return virtualServer;
    });
    return this.#known;
  }
}
