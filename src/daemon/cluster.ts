/**
 * The files of a cluster side by side: who is who, which instances of different nodes are one virtual router, and where
 * things stand in the files. What is wrong is said by the cluster-*.ts beside this one.
 */
import type { Severity } from '../config/diagnostics.ts';
import type { Statement } from '../config/statement.ts';
import type { Word } from '../config/tape.ts';
import type { VrrpInstance } from '../vrrp/instance.ts';
import type { Configuration, RootReading } from './root.ts';

/** One node: a configuration and the tree it was read from. */
export interface ClusterNode {
  readonly file: string;
  /** What messages call it. */
  readonly name: string;
  readonly configuration: Configuration;
  readonly statements: readonly Statement[];
  readonly root: RootReading;
}

type InstanceReading = RootReading['values']['instances'][number];

/** What can be wrong between files; stable, for programs. */
export type FindingCode =
  | 'vip-list'
  | 'excluded-list'
  | 'vip-prefix'
  | 'advert-int'
  | 'authentication'
  | 'password'
  | 'version'
  | 'vrid'
  | 'router-missing'
  | 'unicast-multicast'
  | 'multicast-group'
  | 'unicast-peers'
  | 'source-address'
  | 'equal-priority'
  | 'two-owners'
  | 'nopreempt'
  | 'preempt-delay'
  | 'track-weight'
  | 'track-weight-alone'
  | 'equal-priority-failed'
  | 'sync-group'
  | 'sync-group-priority'
  | 'services-missing'
  | 'service-missing'
  | 'service-protocol'
  | 'scheduler'
  | 'forwarding-method'
  | 'persistence'
  | 'real-server-missing'
  | 'weight'
  | 'limits'
  | 'service-options'
  | 'sorry-server'
  | 'quorum'
  | 'checks'
  | 'sync-daemon';

/** A line that a finding is about. */
export interface FindingPlace {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** One thing that is wrong between the files: one sentence that says what would happen. */
export interface Finding {
  readonly severity: Severity;
  readonly code: FindingCode;
  /** One line, without full stop. */
  readonly message: string;
  /** What to write instead, to be read after the message. */
  readonly suggestion?: string;
  /** In the order of the nodes; never empty. */
  readonly places: readonly FindingPlace[];
}

/** An instance of a node. */
export interface Member {
  readonly node: ClusterNode;
  readonly instance: VrrpInstance;
  /** Its block in the tree, and what was read from it. */
  readonly statement: Statement;
  readonly reading: InstanceReading;
}

/** The instances that are, or are meant to be, one virtual router; at most one of each node, in the order of the nodes. */
export type RouterGroup = readonly Member[];

/** Names for files: as short as still tells them apart: `director1` for `pair/director1.conf`. */
export function nodeNames(files: readonly string[]): string[] {
  const parts = files.map((file) => file.replace(/\.(conf|cfg)$/, '').split('/'));
  const depth = Math.max(...parts.map((part) => part.length));
  for (let n = 1; n <= depth; n++) {
    const names = parts.map((part) => part.slice(-n).join('/'));
    if (new Set(names).size === names.length) return names;
  }
  return [...files];
}

/** The instances of all nodes, put together by what they have in common: addresses, then VRID, then name and interface. */
export function routerGroups(nodes: readonly ClusterNode[]): RouterGroup[] {
  const groups = new Map(nodes.flatMap(membersOf).map((member) => [member, [member]]));
  for (const { one, other } of candidates([...groups.keys()])) {
    const [a, b] = [groups.get(one) ?? [], groups.get(other) ?? []];
    if (a.some(({ node }) => b.some((member) => member.node === node))) continue;
    const merged = [...a, ...b].sort((x, y) => nodes.indexOf(x.node) - nodes.indexOf(y.node));
    for (const member of merged) groups.set(member, merged);
  }
  return [...new Set(groups.values())];
}

/** Pairs of instances of different nodes that may be one virtual router, the likeliest first. */
function candidates(members: readonly Member[]): { one: Member; other: Member }[] {
  const sharing = new Map<string, Member[]>();
  for (const member of members) {
    const { family, vrid } = member.instance;
    const keys = new Set([`VRID ${family} ${vrid}`, ...addressesOf(member.instance)]);
    for (const key of keys) sharing.set(key, [...(sharing.get(key) ?? []), member]);
  }
  const pairs = new Map<string, { one: Member; other: Member; score: number }>();
  const number = new Map(members.map((member, i) => [member, i]));
  for (const [key, alike] of sharing) {
    for (const one of alike) {
      for (const other of alike) {
        const [a, b] = [number.get(one) ?? 0, number.get(other) ?? 0];
        if (a >= b || one.node === other.node) continue;
        const pair = pairs.get(`${a} ${b}`) ?? { one, other, score: likeness(one.instance, other.instance) };
        // Common addresses say most, however many they are.
        if (!key.startsWith('VRID')) pair.score |= 8;
        pairs.set(`${a} ${b}`, pair);
      }
    }
  }
  return [...pairs.values()].sort((x, y) => y.score - x.score);
}

/** How much speaks for two instances being one virtual router, besides their addresses. */
const likeness = (a: VrrpInstance, b: VrrpInstance): number =>
  (a.vrid === b.vrid && a.family === b.family ? 4 : 0) +
  (a.name === b.name ? 2 : 0) +
  (a.interface === b.interface ? 1 : 0);

const isInstance = ({ keyword }: Statement): boolean => keyword.text === 'vrrp_instance';

/** What tells a block from all others: a line that is repeated has another name each time. */
export const blockKey = (keyword: Word, header: readonly Word[]): string =>
  `${keyword.file}:${keyword.line}:${keyword.column} ${header.map(({ text }) => text).join(' ')}`;

function membersOf(node: ClusterNode): Member[] {
  const blocks = new Map(
    node.statements.filter(isInstance).map((statement) => [blockKey(statement.keyword, statement.args), statement]),
  );
  const readings = new Map<string, InstanceReading>();
  // Of two with one name the first one counts.
  for (const reading of node.root.values.instances.toReversed()) readings.set(reading.header[0]?.text ?? '', reading);
  return node.configuration.instances.flatMap((instance) => {
    const reading = readings.get(instance.name);
    const statement = reading && blocks.get(blockKey(reading.keyword, reading.header));
    return reading === undefined || statement === undefined ? [] : [{ node, instance, statement, reading }];
  });
}

/** All virtual addresses of an instance, advertised or not. */
export const addressesOf = ({ virtualAddresses, excludedAddresses }: VrrpInstance): string[] =>
  [...virtualAddresses, ...excludedAddresses].map(({ address }) => address);

/** The statements of a block with one of these keywords, at any depth below it. */
export function within(statement: Statement, ...words: readonly string[]): Statement[] {
  return (statement.block ?? []).flatMap((inner) => [
    ...(words.includes(inner.keyword.text) ? [inner] : []),
    ...within(inner, ...words),
  ]);
}

/** Where one of these keywords stands last in a block, or else where the block begins. */
export function placeOf(statement: Statement, ...words: readonly string[]): FindingPlace {
  const { file, line } = (within(statement, ...words).at(-1) ?? statement).keyword;
  return { file, line };
}

/** Each place once: nodes may share a file that they include. */
export const placesOf = (places: readonly FindingPlace[]): FindingPlace[] => [
  ...new Map(places.map((place) => [`${place.file}:${place.line}`, place])).values(),
];

/** Things by what they have in common, in the order of the first of each. */
export function groupedBy<T, K>(things: readonly T[], property: (thing: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const thing of things) {
    const key = property(thing);
    const alike = groups.get(key);
    if (alike === undefined) groups.set(key, [thing]);
    else alike.push(thing);
  }
  return groups;
}

/** The members apart by a property, as 'director1 has X and director2 Y'; undefined when all have the same. */
export function apart<M extends { readonly node: ClusterNode }>(
  members: readonly M[],
  property: (member: M) => string,
  has = 'has',
): string | undefined {
  const sides = groupedBy(members, property);
  if (sides.size < 2) return undefined;
  const parts = [...sides].map(([side, alike], i) => {
    const names = alike.map(({ node }) => node.name);
    const verb = i > 0 ? '' : ` ${names.length > 1 && has === 'has' ? 'have' : has}`;
    return `${enumerate(names)}${verb} ${side}`;
  });
  return enumerate(parts);
}

/** `a`, `a and b`, `a, b and c`. */
export const enumerate = (parts: readonly string[]): string =>
  parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;

/** As `enumerate`, and no more than three. */
export const enumerateFew = (parts: readonly string[]): string =>
  parts.length <= 3 ? enumerate(parts) : `${parts.slice(0, 3).join(', ')} and ${parts.length - 3} more`;

/** What some of the members lack of what others have: `a lacks x, b and c lack y`; undefined when all have all. */
export function lacking<M extends { readonly node: ClusterNode }>(
  members: readonly M[],
  list: (member: M) => readonly string[],
): string | undefined {
  const everything = [...new Set(members.flatMap(list))].sort();
  const names = new Map<string, string[]>();
  for (const member of members) {
    const has = new Set(list(member));
    const lacks = everything.filter((item) => !has.has(item));
    if (lacks.length === 0) continue;
    const what = enumerateFew(lacks);
    names.set(what, [...(names.get(what) ?? []), member.node.name]);
  }
  const parts = [...names].map(([what, who]) => `${enumerate(who)} ${who.length === 1 ? 'lacks' : 'lack'} ${what}`);
  return parts.length === 0 ? undefined : enumerate(parts);
}
