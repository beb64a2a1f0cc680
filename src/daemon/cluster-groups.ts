/** Sync groups: what moves together on one node has to move together on the others, and in the same direction. */
import {
  type ClusterNode,
  enumerate,
  type Finding,
  type Member,
  placeOf,
  placesOf,
  type RouterGroup,
} from './cluster.ts';
import { usualPriority } from './cluster-trackers.ts';

type SyncGroup = ClusterNode['root']['values']['syncGroups'][number];

/** What is wrong with the sync groups of a cluster. */
export function checkSyncGroups(nodes: readonly ClusterNode[], routers: readonly RouterGroup[]): Finding[] {
  const findings = new Map<string, Finding>();
  for (const node of nodes) {
    for (const group of node.root.values.syncGroups) {
      const moved = routers.filter((router) => memberOf(router, node, group) !== undefined);
      for (const finding of [...checkOthers(node, group, moved, nodes), ...checkDirection(node, group, moved)]) {
        // Both nodes have the group, and would say the same.
        const key = `${finding.code} ${moved.map((router) => routers.indexOf(router)).join(' ')}`;
        if (!findings.has(key)) findings.set(key, finding);
      }
    }
  }
  return [...findings.values()];
}

const nameOf = ({ header }: SyncGroup): string => header[0]?.text ?? '';

const memberOf = (router: RouterGroup, node: ClusterNode, group: SyncGroup): Member | undefined =>
  router.find((one) => one.node === node && group.values.group.some(({ text }) => text === one.instance.name));

/** The virtual routers as one node calls them. */
const called = (routers: readonly RouterGroup[], node: ClusterNode): string =>
  enumerate(routers.flatMap((router) => router.find((one) => one.node === node)?.instance.name ?? []));

/** Nodes that have the same virtual routers and do not tie them together. */
function checkOthers(
  node: ClusterNode,
  group: SyncGroup,
  moved: readonly RouterGroup[],
  nodes: readonly ClusterNode[],
): Finding[] {
  return nodes.flatMap((other): Finding[] => {
    const here = moved.filter((router) => router.some((member) => member.node === other));
    const isTied = other.root.values.syncGroups.some((one) => here.every((router) => memberOf(router, other, one)));
    if (other === node || here.length < 2 || isTied) return [];
    const places = [group.keyword, ...other.root.values.syncGroups.map(({ keyword }) => keyword)];
    const instances = here.flatMap((router) => router.filter((member) => member.node === other));
    const where = places.length > 1 ? [] : instances.map(({ statement }) => placeOf(statement));
    return [
      {
        severity: 'warning',
        code: 'sync-group',
        message:
          `vrrp_sync_group ${nameOf(group)}: ${node.name} moves ${called(here, node)} together and ${other.name} does ` +
          `not: after a fault of one of them on ${other.name} the others stay there, and the addresses are on two nodes`,
        places: placesOf([...places.map(({ file, line }) => ({ file, line })), ...where]),
      },
    ];
  });
}

/** The highest priority has to be on the same node for all members: they become MASTER only together. */
function checkDirection(node: ClusterNode, group: SyncGroup, moved: readonly RouterGroup[]): Finding[] {
  const preferred = moved.flatMap((router) => {
    const highest = Math.max(...router.map(usualPriority));
    const best = router.filter((member) => usualPriority(member) === highest);
    // Equal priorities are told elsewhere.
    return best.length === 1 && router.length > 1 ? [{ router, name: best[0]?.node.name }] : [];
  });
  const sides = new Map<string | undefined, RouterGroup[]>();
  for (const { router, name } of preferred) sides.set(name, [...(sides.get(name) ?? []), router]);
  if (sides.size < 2) return [];
  const parts = [...sides].map(([name, routers]) => `${name} has the highest priority of ${called(routers, node)}`);
  const members = preferred.flatMap(({ router }) => [...router]);
  return [
    {
      severity: 'warning',
      code: 'sync-group-priority',
      message:
        `vrrp_sync_group ${nameOf(group)}: ${enumerate(parts)}: the group moves only as a whole, so neither takes over ` +
        'from the other, and whoever starts first stays MASTER',
      places: placesOf([
        { file: group.keyword.file, line: group.keyword.line },
        ...members.map(({ statement }) => placeOf(statement, 'priority')),
      ]),
    },
  ];
}
