/** Whether what one router sends reaches the others: multicast or unicast, groups, peers. */
import type { IpAddress } from '../base/address.ts';
import type { VrrpInstance } from '../vrrp/instance.ts';
import {
  apart,
  enumerate,
  type Finding,
  type FindingPlace,
  groupedBy,
  type Member,
  placeOf,
  type RouterGroup,
} from './cluster.ts';
import { RouterFindings } from './cluster-findings.ts';
import { usualPriority } from './cluster-trackers.ts';

/** What keeps advertisements from arriving. */
export function checkTransport(group: RouterGroup): Finding[] {
  const say = new RouterFindings(group);
  const mode = apart(group, ({ instance }) => (isUnicast(instance) ? 'unicast_peer' : 'multicast'), 'uses');
  const consequence = `neither side hears the other, and all become MASTER of ${say.vips} at once`;
  if (mode !== undefined) {
    return say.differing(mode, 'error', 'unicast-multicast', consequence, { keywords: ['unicast_peer'] });
  }
  const sources = checkSources(say);
  if (group.some(({ instance }) => isUnicast(instance))) return sources.length > 0 ? sources : checkPeers(say);
  if (apart(group, ({ instance }) => instance.family) !== undefined) return [];
  const multicastGroup = apart(group, ({ instance }) => `the multicast group ${instance.multicastGroup}`, 'uses');
  const details = { places: group.map(placeOfGroup) };
  return [...sources, ...say.differing(multicastGroup, 'error', 'multicast-group', consequence, details)];
}

/** Two nodes cannot have one address: somebody copied a line. */
function checkSources(say: RouterFindings): Finding[] {
  const bySource = groupedBy(say.group, ({ instance }) => instance.sourceAddress);
  return [...bySource].flatMap(([source, members]) => {
    if (source === undefined || members.length < 2) return [];
    const names = enumerate(members.map(({ node }) => node.name));
    const consequence = members.every(({ instance }) => isUnicast(instance))
      ? `what is meant for one of them reaches the other, and all become MASTER of ${say.vips} at once`
      : "each takes the other's advertisements for its own where they have equal priorities";
    const message = `${names} send from the same address ${source}: ${consequence}`;
    return [say.finding('error', 'source-address', message, { keywords: ['unicast_src_ip', 'mcast_src_ip'], members })];
  });
}

const isUnicast = ({ unicastPeers }: VrrpInstance): boolean => unicastPeers.length > 0;

/** Where an instance gets its multicast group from. */
function placeOfGroup({ node, statement, instance, reading }: Member): FindingPlace {
  const own = reading.at('multicastGroup');
  const global = node.statements.findLast(({ keyword }) => keyword.text === 'global_defs');
  if (own !== undefined || global === undefined) return placeOf(statement, 'mcast_dst_ip');
  return placeOf(global, instance.family === 'inet6' ? 'vrrp_mcast_group6' : 'vrrp_mcast_group4');
}

/** Each router has to be a peer of every other one. */
function checkPeers(say: RouterFindings): Finding[] {
  const { group, vips } = say;
  const deaf: { sender: Member; receiver: Member }[] = [];
  for (const sender of group) {
    for (const receiver of group) {
      const { sourceAddress } = receiver.instance;
      if (sender === receiver || sourceAddress === undefined) continue;
      if (!peersOf(sender).includes(sourceAddress)) deaf.push({ sender, receiver });
    }
  }
  const [only] = deaf;
  if (only === undefined) return checkUnknownSources(say);
  const lines = deaf.map(
    ({ sender, receiver }) =>
      `unicast_peer of ${sender.node.name} does not name ${receiver.node.name} (${receiver.instance.sourceAddress})`,
  );
  const isHarmless = deaf.length === 1 && !outranks(only.sender, only.receiver);
  const names = new Set(deaf.map(({ receiver }) => receiver.node.name));
  const [receivers, many] = [enumerate([...names]), names.size > 1];
  const consequence = isHarmless
    ? `${receivers} never hears ${only.sender.node.name} as MASTER, and takes over from it at every start`
    : `${receivers} ${many ? 'hear' : 'hears'} nobody there and ${many ? 'become' : 'becomes'} MASTER of ${vips} too`;
  return [
    say.finding(isHarmless ? 'warning' : 'error', 'unicast-peers', `${enumerate(lines)}: ${consequence}`, {
      keywords: ['unicast_peer'],
    }),
  ];
}

/**
 * Where source addresses are not given, the lists still tell something: there must be an address for each router that
 * all others name, a different one for each.
 */
function checkUnknownSources(say: RouterFindings): Finding[] {
  const { group, vips } = say;
  const known = new Set(group.flatMap(({ instance: { sourceAddress } }) => sourceAddress ?? []));
  const possible = group.map((member): readonly IpAddress[] => {
    if (member.instance.sourceAddress !== undefined) return [member.instance.sourceAddress];
    const [first, ...rest] = group.filter((other) => other !== member).map(peersOf);
    return (first ?? []).filter((address) => !known.has(address) && rest.every((peers) => peers.includes(address)));
  });
  if (canBeDifferent(possible)) return [];
  const lists = new Set(group.map((member) => peersOf(member).join(', ')));
  const difference =
    lists.size === 1
      ? `${group.length === 2 ? 'both' : 'all of'} ${say.names} have the same unicast_peer ${[...lists].join()}`
      : `the unicast_peer lists of ${say.names} do not name each of them on all the others`;
  return [
    say.finding(
      'error',
      'unicast-peers',
      `${difference}: one of them sends to itself or to nobody, another hears nothing and becomes MASTER of ${vips} too`,
      { keywords: ['unicast_peer'] },
    ),
  ];
}

/** Whether one of each list can be chosen so that no two are the same. */
function canBeDifferent(lists: readonly (readonly IpAddress[])[], taken: readonly IpAddress[] = []): boolean {
  const [first, ...rest] = lists;
  if (first === undefined) return true;
  return first.some((address) => !taken.includes(address) && canBeDifferent(rest, [...taken, address]));
}

const peersOf = ({ instance }: Member): IpAddress[] => instance.unicastPeers.map(({ address }) => address);
const outranks = (a: Member, b: Member): boolean => usualPriority(a) > usualPriority(b);
