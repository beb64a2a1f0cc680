/**
 * What tracking does to the priority of a virtual router. keepalived.conf(5) "track_script", "track_interface",
 * "track_process", "track_bfd", "track_file".
 *
 * Left aside: a track_file, which can hold any number, up to the one that is a fault; and `reverse`, where nobody can
 * tell which result is the usual one.
 */
import type { Weight } from '../vrrp/tracking-keywords.ts';
import type { ClusterNode, FindingPlace, Member } from './cluster.ts';

/** Something tracked with a weight other than 0. Weight 0 is no number: failing is FAULT, and the VIP moves. */
export interface Tracker {
  /** `script chk` */
  readonly title: string;
  readonly place: FindingPlace;
  /** -254 to 254, not 0 */
  readonly weight: number;
}

const OWNER_PRIORITY = 255;
const PRIORITY_MAX = 254;

/** What an instance of a base priority comes to: keepalived's own arithmetic. */
export const effectivePriority = (base: number, parts: readonly number[]): number => {
  if (base === OWNER_PRIORITY) return base;
  const total = parts.reduce((sum, part) => sum + part, base);
  return Math.min(PRIORITY_MAX, Math.max(1, total));
};

/** What a tracker adds while all is well. */
export const partWhenUp = ({ weight }: Tracker): number => Math.max(0, weight);
/** What it adds when it has failed. */
export const partWhenDown = ({ weight }: Tracker): number => Math.min(0, weight);

/** The effective priority while nothing has failed. */
export const usualPriority = (member: Member): number =>
  effectivePriority(member.instance.priority, trackersOf(member).map(partWhenUp));

/** The effective priority when everything that is tracked has failed. */
export const leastPriority = (member: Member): number =>
  effectivePriority(member.instance.priority, trackersOf(member).map(partWhenDown));

const known = new WeakMap<Member['reading'], readonly Tracker[]>();

/** Everything that changes the priority of an instance: its own trackers and those of its sync group. */
export function trackersOf(member: Member): readonly Tracker[] {
  const found = known.get(member.reading) ?? findTrackers(member);
  known.set(member.reading, found);
  return found;
}

function findTrackers({ node, instance, reading }: Member): Tracker[] {
  const group = node.root.values.syncGroups.find(({ values }) =>
    values.group.some(({ text }) => text === instance.name),
  );
  const isOwnAnyway = ({ title }: Tracker) => title === `interface ${reading.values.interface}`;
  const mine = trackersIn(reading.values, node).filter((tracker) => !isOwnAnyway(tracker));
  if (group === undefined) return mine;
  const { trackingWeight, globalTracking } = group.values;
  // Without it keepalived takes no weights of members, only those of the group.
  const counts = trackingWeight || globalTracking;
  return [...(counts ? mine : []), ...trackersIn(group.values, node)];
}

type Tracking = Pick<Member['reading']['values'], 'trackInterface' | 'trackScript' | 'trackProcess' | 'trackBfd'>;
type Definitions = readonly {
  readonly header: readonly { readonly text: string }[];
  readonly values: { readonly weight?: Weight };
}[];

function trackersIn(values: Tracking, { root }: ClusterNode): Tracker[] {
  const { scripts, trackProcesses, bfdInstances } = root.values;
  const usable = scripts.filter((one) => one.values.script !== undefined);
  const running = trackProcesses.filter((one) => one.values.process !== undefined);
  return [
    ...linesOf('script', values.trackScript, usable),
    ...linesOf('process', values.trackProcess, running),
    ...linesOf('BFD session', values.trackBfd, bfdInstances),
    ...linesOf('interface', values.trackInterface, undefined),
  ];
}

/** @param definitions the blocks with the names; undefined: there are none, and every name is one */
function linesOf(kind: string, lines: Tracking['trackScript'], definitions: Definitions | undefined): Tracker[] {
  const names = new Set<string>();
  return lines.flatMap(({ word, weight }): Tracker[] => {
    const defined = definitions?.find(({ header }) => header[0]?.text === word.text);
    if (names.has(word.text) || (definitions !== undefined && defined === undefined)) return [];
    names.add(word.text);
    const effect = { reverse: false, ...defined?.values.weight, ...weight };
    if (effect.weight === undefined || effect.weight === 0 || effect.reverse) return [];
    const { file, line } = word;
    return [{ title: `${kind} ${word.text}`, place: { file, line }, weight: effect.weight }];
  });
}
