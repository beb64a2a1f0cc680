/**
 * Configurations of several nodes against each other: what each file alone cannot show. Configurations in, findings out;
 * the order of the files does not matter. cluster.ts says what belongs together, the others what is wrong with it.
 */

import { type ClusterNode, type Finding, nodeNames, routerGroups } from './cluster.ts';
import { checkSyncGroups } from './cluster-groups.ts';
import { checkPriorities } from './cluster-priorities.ts';
import { checkRouter } from './cluster-routers.ts';
import { checkServices } from './cluster-services.ts';
import { checkSyncDaemons } from './cluster-sync-daemon.ts';
import { checkTracking } from './cluster-tracking.ts';
import { checkTransport } from './cluster-transport.ts';
import type { ReadOutcomeWithTree } from './root.ts';

/** A file and what was read from it. */
export interface NodeFile {
  /** As it stands in the places of its diagnostics; no two are the same. */
  readonly file: string;
  /** What messages call the node; absent: made from the file. */
  readonly name?: string;
  readonly outcome: Pick<ReadOutcomeWithTree, 'configuration' | 'statements' | 'root'>;
}

/** Everything that is wrong between the files, in the order of the first line that it is about; empty for fewer than two. */
export function checkCluster(files: readonly NodeFile[]): Finding[] {
  if (files.length < 2) return [];
  const sorted = [...files].sort((a, b) => order(a.file, b.file));
  const names = nodeNames(sorted.map(({ file, name }) => name ?? file));
  const nodes = sorted.map(({ file, outcome }, i): ClusterNode => ({ file, name: names[i] ?? file, ...outcome }));
  const groups = routerGroups(nodes);
  const findings = [
    ...groups.flatMap((group) => [
      ...checkRouter(group, nodes),
      ...checkTransport(group),
      ...checkPriorities(group),
      ...checkTracking(group),
    ]),
    ...checkSyncGroups(nodes, groups),
    ...checkServices(nodes),
    ...checkSyncDaemons(nodes),
  ];
  return findings.sort((a, b) => {
    const [x, y] = [a.places[0], b.places[0]];
    return order(x?.file ?? '', y?.file ?? '') || (x?.line ?? 0) - (y?.line ?? 0) || order(a.code, b.code);
  });
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
