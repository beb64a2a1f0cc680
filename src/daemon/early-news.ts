/**
 * What takes longest to be heard is said before anything else: a health process that was started while the file was read gets the
 * virtual servers as soon as they are known, and reads them while main still loads and opens what it needs itself.
 */
import type { ChildProcess } from 'node:child_process';
import type { VirtualServer } from '../ipvs/virtual-server.ts';
import { inPieces, NewsWriter } from './virtual-server-news.ts';

/** What was said, to whom, and who goes on from there. */
export interface EarlyNews {
  readonly pid: number | undefined;
  readonly virtualServers: readonly VirtualServer[];
  readonly writer: NewsWriter;
}

/** Undefined: there is nothing to say, or nobody to hear it. */
export function sayEarly(
  health: ChildProcess | undefined,
  virtualServers: readonly VirtualServer[],
): EarlyNews | undefined {
  if (virtualServers.length === 0 || health?.connected !== true) return undefined;
  const writer = new NewsWriter();
  for (const piece of inPieces(writer.all(virtualServers))) health.send({ type: 'virtual-servers', ...piece });
  return { pid: health.pid, virtualServers, writer };
}
