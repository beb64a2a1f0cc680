/** Checkers that are configured and that the agent cannot carry out yet: their real servers count as healthy. */
import { isActedOn } from '../checks/index.ts';
import type { Place, Report } from '../config/diagnostics.ts';
import type { VirtualServerReading } from '../ipvs/keywords.ts';
import type { RealServerSettings, VirtualServer } from '../ipvs/virtual-server.ts';

/** How many real servers have one of a kind, by kind, in the order of the file. */
export function idleCheckers(virtualServers: Iterable<VirtualServer>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { realServers } of virtualServers) {
    let before: RealServerSettings | undefined;
    let kinds: ReadonlySet<string> = new Set();
    for (const { settings } of realServers) {
      // most have the same as the one before
      if (settings !== before)
        kinds = new Set(settings.checkers.filter((one) => !isActedOn(one)).map(({ kind }) => kind));
      before = settings;
      for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
  }
  return counts;
}

/** What follows from them, for people. */
export const idleSentence = (kind: string, count: number): string =>
  `${kind} is not acted on yet: ${count === 1 ? 'the real server is' : `${count} real servers are`} treated as healthy, as if it succeeded`;

/** Says it where the first of each kind stands. */
export function reportIdleCheckers(served: ReadonlyMap<VirtualServerReading, VirtualServer>, report: Report): void {
  const counts = idleCheckers(served.values());
  if (counts.size === 0) return;
  const places = new Map<string, Place>();
  for (const { values } of served.keys()) {
    for (const { keyword } of values.realServers.flatMap((one) => one.values.checkers)) {
      if (!places.has(keyword.text)) places.set(keyword.text, keyword);
    }
  }
  for (const [kind, count] of counts) {
    const place = places.get(kind);
    if (place !== undefined) report.warning(place, idleSentence(kind, count), { exitCode: 0 });
  }
}
