/**
 * The vrrp_sync_group blocks of a file: who their members are, and what these track because of their group. Messages and
 * results follow keepalived.
 */
import type { Report } from '../config/diagnostics.ts';
import type { Word } from '../config/lexer.ts';
import { nearestWord } from '../config/suggestion.ts';
import type { NotifyScripts, Tracked, Tracking } from './instance.ts';
import type { InstanceReading, SyncGroupReading } from './references.ts';
import type { TrackedLine } from './tracking-keywords.ts';

/** Instances that change state together. */
export interface SyncGroup {
  readonly name: string;
  /** Names of instances, one or more, in the order of the file. */
  readonly members: readonly string[];
  readonly notify: NotifyScripts;
  /** As of an instance. */
  readonly notifyWebhook?: string;
  /** What its members track because of it. */
  readonly tracking: Tracking;
  /** Weights of what members track count: keepalived.conf(5) "sync_group_tracking_weight". */
  readonly trackingWeight: boolean;
  /** keepalived.conf(5) "notify_priority_changes" for members that say nothing. */
  readonly notifyPriorityChanges?: boolean;
  /** Absent: as global_defs says for every instance. */
  readonly smtpAlert?: boolean;
}

/** What groups come to, and what their members track. */
export interface SyncGroups {
  readonly groups: readonly SyncGroup[];
  /** By the name of the member; its own and that of its group. */
  readonly tracking: ReadonlyMap<string, Tracking>;
  /** keepalived.conf(5) "notify_priority_changes" of the group, for members that say nothing, by their names. */
  readonly notifyPriorityChanges: ReadonlyMap<string, boolean>;
}

/** Both lists count here; keepalived takes the second one for keywords. */
function reportSecondList({ owner }: SyncGroupReading, report: Report): void {
  const [first, again] = (owner.block ?? []).filter(({ keyword }) => keyword.text === 'group');
  if (first === undefined || again === undefined) return;
  report.error(again.keyword, `group again, after line ${first.keyword.line}`, { suggestion: 'write one list' });
}

/**
 * Reads the groups.
 * @param instances all vrrp_instance blocks by name
 * @param own what each instance tracks itself, by its name
 * @param trackingOf what a group tracks; says what is wrong with that
 */
export function readSyncGroups(
  readings: readonly SyncGroupReading[],
  instances: ReadonlyMap<string, InstanceReading>,
  own: ReadonlyMap<string, Tracking>,
  trackingOf: (reading: SyncGroupReading) => Tracking,
  report: Report,
): SyncGroups {
  const groups: SyncGroup[] = [];
  const tracking = new Map<string, Tracking>();
  const notifyPriorityChanges = new Map<string, boolean>();
  const groupOf = new Map<string, string>();
  for (const reading of readings) {
    const name = reading.header[0]?.text ?? '';
    const given = trackingOf(reading);
    reportSecondList(reading, report);
    const members = membersOf(reading, name, instances, groupOf, report);
    if (members.length === 0) continue;
    const { values } = reading;
    const hasOwner = members.some((member) => isOwner(instances.get(member) as InstanceReading));
    const groupTracking = hasOwner ? besideOwner(given, name, reading, report) : given;
    for (const member of members) {
      const instance = instances.get(member) as InstanceReading;
      const unweighted = values.trackingWeight || values.globalTracking;
      const kept = own.get(member) ?? NOTHING;
      tracking.set(member, merge(unweighted ? kept : withoutWeights(kept, instance, report), groupTracking, instance));
      const tells = instance.values.notifyPriorityChanges ?? values.notifyPriorityChanges;
      if (tells !== undefined) notifyPriorityChanges.set(member, tells);
    }
    reportTrackedTwice(values, instances, own, report);
    groups.push({
      name,
      members,
      notify: notifyOf(values),
      ...(values.notifyWebhook === undefined ? {} : { notifyWebhook: values.notifyWebhook }),
      tracking: groupTracking,
      trackingWeight: values.trackingWeight || values.globalTracking,
      ...(values.smtpAlert === undefined ? {} : { smtpAlert: values.smtpAlert }),
      ...(values.notifyPriorityChanges === undefined ? {} : { notifyPriorityChanges: values.notifyPriorityChanges }),
    });
  }
  return { groups, tracking, notifyPriorityChanges };
}

const NOTHING: Tracking = { interfaces: [], scripts: [], files: [], processes: [], bfd: [] };

function membersOf(
  { keyword, values }: SyncGroupReading,
  name: string,
  instances: ReadonlyMap<string, InstanceReading>,
  groupOf: Map<string, string>,
  report: Report,
): string[] {
  if (values.group.length === 0) {
    report.error(keyword, `vrrp_sync_group ${name} has no group of instances; it is left out`);
    return [];
  }
  const members: string[] = [];
  for (const word of values.group) {
    const other = groupOf.get(word.text);
    if (!instances.has(word.text)) {
      const near = nearestWord(word.text, instances.keys(), report);
      report.error(word, `there is no vrrp_instance ${word.text}; it is left out of the group`, {
        ...(near === undefined ? {} : { suggestion: `did you mean ${near}?` }),
      });
    } else if (other !== undefined) {
      report.error(word, `${word.text} is in the group ${other} already; an instance can be in one only`);
    } else {
      groupOf.set(word.text, name);
      members.push(word.text);
    }
  }
  if (members.length === 0) report.error(keyword, `vrrp_sync_group ${name} has no members; it is left out`);
  if (members.length === 1) report.warning(keyword, `vrrp_sync_group ${name} has one member only`);
  return members;
}

function notifyOf(values: SyncGroupReading['values']): NotifyScripts {
  const all: NotifyScripts = {
    ...(values.notifyMaster === undefined ? {} : { master: values.notifyMaster }),
    ...(values.notifyBackup === undefined ? {} : { backup: values.notifyBackup }),
    ...(values.notifyFault === undefined ? {} : { fault: values.notifyFault }),
    ...(values.notifyStop === undefined ? {} : { stop: values.notifyStop }),
    ...(values.notifyScript === undefined ? {} : { any: values.notifyScript }),
  };
  return all;
}

const OWNER_PRIORITY = 255;

/** Whether the priority of an instance never changes. */
export const isOwner = ({ values }: InstanceReading): boolean =>
  values.priority === OWNER_PRIORITY || (values.priority === undefined && values.state === 'MASTER');

/** Where a thing is tracked. */
const placeOf = (lines: readonly { readonly word: Word }[], name: string): Word | undefined =>
  lines.find((line) => line.word.text === name)?.word;

/** keepalived.conf(5) "sync_group_tracking_weight": without it, members of a group have one priority each, for good. */
function withoutWeights(tracking: Tracking, { values }: InstanceReading, report: Report): Tracking {
  const say = (lines: readonly TrackedLine[], name: string, consequence: string) => {
    const word = placeOf(lines, name);
    if (word === undefined) return;
    report.warning(word, `the weight of ${name} has no effect in a sync group; ${consequence}`, {
      suggestion: 'track it in the group, or write sync_group_tracking_weight there',
    });
  };
  return unweighted(tracking, values, {
    dropped: (lines, name) => say(lines, name, 'it is not tracked'),
    cleared: (lines, name) => say(lines, name, 'its failure is a fault'),
    clearsInterfaces: true,
  });
}

type TrackLines = Pick<
  InstanceReading['values'],
  'trackInterface' | 'trackScript' | 'trackFile' | 'trackProcess' | 'trackBfd'
>;

/** What is said about the weights of a member or an owner. */
interface WeightWords {
  dropped(lines: readonly TrackedLine[], name: string): void;
  cleared(lines: readonly TrackedLine[], name: string): void;
  /** Interfaces lose their weight instead of being dropped. */
  readonly clearsInterfaces: boolean;
}

/**
 * What is left of what an instance tracks where weights do not count. As keepalived has it: a file that has its weight
 * from its own definition loses it, and a process keeps it, though it changes nothing.
 */
export function unweighted(tracking: Tracking, lines: TrackLines, words: WeightWords): Tracking {
  const dropped = (all: readonly Tracked[], of: readonly TrackedLine[]): Tracked[] =>
    all.filter(({ name, weight }) => {
      if (weight !== 0) words.dropped(of, name);
      return weight === 0;
    });
  const cleared = (all: readonly Tracked[], of: readonly TrackedLine[]): Tracked[] =>
    all.map((one) => {
      if (one.weight !== 0) words.cleared(of, one.name);
      return one.weight === 0 ? one : { ...one, weight: 0 };
    });
  const hasOwnWeight = ({ name }: Tracked) =>
    lines.trackFile.find(({ word }) => word.text === name)?.weight !== undefined;
  const files = tracking.files.flatMap((one) => (hasOwnWeight(one) ? dropped : cleared)([one], lines.trackFile));
  return {
    interfaces: (words.clearsInterfaces ? cleared : dropped)(tracking.interfaces, lines.trackInterface),
    scripts: dropped(tracking.scripts, lines.trackScript),
    files,
    processes: tracking.processes,
    bfd: dropped(tracking.bfd, lines.trackBfd),
  };
}

/** What a group tracks when one of its members has priority 255. */
function besideOwner(tracking: Tracking, name: string, { values }: SyncGroupReading, report: Report): Tracking {
  const cleared = (all: readonly Tracked[], lines: readonly TrackedLine[]): Tracked[] =>
    all.map((one) => {
      const word = placeOf(lines, one.name);
      if (one.weight === 0 || word === undefined) return one;
      const reason = `a member of ${name} has priority 255, which does not change`;
      report.warning(word, `${reason}; ${one.name} has no weight, its failure is a fault`);
      return { ...one, weight: 0 };
    });
  return {
    interfaces: cleared(tracking.interfaces, values.trackInterface),
    scripts: cleared(tracking.scripts, values.trackScript),
    files: cleared(tracking.files, values.trackFile),
    processes: cleared(tracking.processes, values.trackProcess),
    bfd: cleared(tracking.bfd, values.trackBfd),
  };
}

/** What the member tracks itself goes before what its group does; its own interface is tracked anyway. */
function merge(own: Tracking, group: Tracking, { values }: InstanceReading): Tracking {
  const both = (mine: readonly Tracked[], theirs: readonly Tracked[]): Tracked[] => [
    ...mine,
    ...theirs
      .filter(({ name }) => !mine.some((one) => one.name === name))
      .map((one): Tracked => ({ ...one, ofGroup: true })),
  ];
  return {
    interfaces: both(
      own.interfaces,
      group.interfaces.filter(({ name }) => name !== values.interface),
    ),
    scripts: both(own.scripts, group.scripts),
    files: both(own.files, group.files),
    processes: both(own.processes, group.processes),
    bfd: both(own.bfd, group.bfd),
  };
}

function reportTrackedTwice(
  values: SyncGroupReading['values'],
  instances: ReadonlyMap<string, InstanceReading>,
  own: ReadonlyMap<string, Tracking>,
  report: Report,
): void {
  const say = (word: Word, member: string, isSilent: boolean) =>
    report.warning(word, `${word.text} is tracked by the group and by its member ${member}`, {
      suggestion: 'remove one of the two',
      ...(isSilent ? { exitCode: 0 as const } : {}),
    });
  const kinds = [
    [values.trackScript, 'scripts'],
    [values.trackFile, 'files'],
    [values.trackProcess, 'processes'],
    [values.trackBfd, 'bfd'],
    [values.trackInterface, 'interfaces'],
  ] as const;
  for (const { text: member } of values.group) {
    const mine = instances.get(member)?.values.interface;
    for (const [lines, kind] of kinds) {
      for (const { word } of lines) {
        const isOwn = kind === 'interfaces' && word.text === mine;
        const isTwice = isOwn || own.get(member)?.[kind].some(({ name }) => name === word.text);
        if (isTwice) say(word, member, kind !== 'interfaces');
      }
    }
  }
}
