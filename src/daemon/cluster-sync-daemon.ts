/** The synchronisation daemons of IPVS: whether the connections that one node tells reach the others. */
import { apart, type ClusterNode, enumerate, type Finding, type FindingPlace, placeOf, placesOf } from './cluster.ts';

/** What lvs_sync_daemon says. */
interface SyncDaemon {
  readonly node: ClusterNode;
  /** 0-255; connections of another one are not taken. */
  readonly id: number;
  readonly port: string;
  readonly group: string;
  readonly place: FindingPlace;
}

/** The kernel's: linux/net/netfilter/ipvs/ip_vs_sync.c. */
const DEFAULT_PORT = '8848';
const DEFAULT_GROUP = '224.0.0.81';
const OPTIONS = ['inst', 'id', 'maxlen', 'port', 'ttl', 'group'];

/** What is wrong between the synchronisation daemons. */
export function checkSyncDaemons(nodes: readonly ClusterNode[]): Finding[] {
  const daemons = nodes.flatMap((node) => daemonOf(node) ?? []);
  const without = nodes.filter((node) => daemons.every((daemon) => daemon.node !== node));
  if (daemons.length === 0) return [];
  const consequence = 'a failover breaks the established connections';
  const finding = (message: string): Finding => ({
    severity: 'warning',
    code: 'sync-daemon',
    message: `lvs_sync_daemon: ${message}: ${consequence}`,
    places: placesOf(daemons.map(({ place }) => place)),
  });
  const differences = [
    apart(daemons, ({ id }) => `id ${id}`),
    apart(daemons, ({ port }) => `port ${port}`),
    apart(daemons, ({ group }) => `group ${group}`),
  ].flatMap((difference) => difference ?? []);
  return [
    ...(without.length === 0
      ? []
      : [
          finding(
            `only ${enumerate(daemons.map(({ node }) => node.name))} ${daemons.length === 1 ? 'has' : 'have'} it`,
          ),
        ]),
    ...differences.map(finding),
  ];
}

/** `lvs_sync_daemon INTERFACE [INSTANCE [ID]] [inst NAME] [id N] …`; without an id it is the VRID of the instance. */
function daemonOf(node: ClusterNode): SyncDaemon | undefined {
  const statement = node.root.values.global?.at('lvsSyncDaemon');
  if (statement === undefined) return undefined;
  const words = statement.args.map(({ text }) => text);
  const firstOption = words.findIndex((word, i) => i > 0 && OPTIONS.includes(word));
  const positional = firstOption < 0 ? words : words.slice(0, firstOption);
  const option = (name: string): string | undefined => {
    const at = words.indexOf(name, Math.max(1, positional.length));
    return at < 0 ? undefined : words[at + 1];
  };
  const instance = option('inst') ?? positional[1];
  const given = option('id') ?? positional[2];
  const vrid = node.configuration.instances.find(({ name }) => name === instance)?.vrid ?? 0;
  return {
    node,
    id: given !== undefined && /^[0-9]{1,3}$/.test(given) ? Number(given) : vrid,
    port: option('port') ?? DEFAULT_PORT,
    group: option('group') ?? DEFAULT_GROUP,
    place: placeOf(statement),
  };
}
