/**
 * The vrrp_sync_group blocks of a file: who their members are, and what these track because of their group. Messages and
 * results follow keepalived.
 */
import type { Report } from '../config/diagnostics.ts';
import type { Word } from '../config/lexer.ts';
import { nearestWord } from '../config/suggestion.ts';
import type { NotifyScripts, Tracked, Tracking } from './instance.ts';
import type { InstanceReading, SyncGroupReading } from './references.ts';

/** Instances that change state together. */
export interface SyncGroup {
  readonly name: string;
  /** Names of instances, one or more, in the order of the file. */
  readonly members: readonly string[];
  readonly notify: NotifyScripts;
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
    const groupTracking = trackingOf(reading);
    const members = membersOf(reading, name, instances, groupOf, report);
    if (members.length === 0) continue;
    const { values } = reading;
    for (const member of members) {
      const instance = instances.get(member) as InstanceReading;
      const unweighted = values.trackingWeight || values.globalTracking;
      const kept = own.get(member) ?? NOTHING;
      tracking.set(member, merge(unweighted ? kept : withoutWeights(kept, instance, report), groupTracking, instance));
      const tells = instance.values.notifyPriorityChanges ?? values.notifyPriorityChanges;
      if (tells !== undefined) notifyPriorityChanges.set(member, tells);
    }
    reportTrackedTwice(values, instances, report);
    groups.push({
      name,
      members,
      notify: notifyOf(values),
      ...(values.smtpAlert === undefined ? {} : { smtpAlert: values.smtpAlert }),
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
      const near = nearestWord(word.text, [...instances.keys()]);
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

/** keepalived.conf(5) "sync_group_tracking_weight": without it, members of a group have one priority each, for good. */
function withoutWeights(tracking: Tracking, { values }: InstanceReading, report: Report): Tracking {
  const ignore = (lines: readonly { readonly word: Word }[], name: string, consequence: string) => {
    const word = lines.find((line) => line.word.text === name)?.word;
    if (word === undefined) return;
    report.warning(word, `the weight of ${name} has no effect in a sync group; ${consequence}`, {
      suggestion: 'track it in the group, or write sync_group_tracking_weight there',
    });
  };
  const unweighted = (tracked: readonly Tracked[], lines: readonly { readonly word: Word }[]): Tracked[] =>
    tracked.filter(({ name, weight }) => {
      if (weight !== 0) ignore(lines, name, 'it is not tracked');
      return weight === 0;
    });
  return {
    interfaces: tracking.interfaces.map((one) => {
      if (one.weight === 0) return one;
      ignore(values.trackInterface, one.name, 'it has to be up');
      return { ...one, weight: 0 };
    }),
    scripts: unweighted(tracking.scripts, values.trackScript),
    files: unweighted(tracking.files, values.trackFile),
    processes: unweighted(tracking.processes, values.trackProcess),
    bfd: unweighted(tracking.bfd, values.trackBfd),
  };
}

/** What the member tracks itself goes before what its group does; its own interface is tracked anyway. */
function merge(own: Tracking, group: Tracking, { values }: InstanceReading): Tracking {
  const both = (mine: readonly Tracked[], theirs: readonly Tracked[]): Tracked[] => [
    ...mine,
    ...theirs.filter(({ name }) => !mine.some((one) => one.name === name)),
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
  { trackInterface, group }: SyncGroupReading['values'],
  instances: ReadonlyMap<string, InstanceReading>,
  report: Report,
): void {
  for (const { word } of trackInterface) {
    for (const { text } of group) {
      const own = instances.get(text)?.values;
      if (own?.interface !== word.text && !own?.trackInterface.some((one) => one.word.text === word.text)) continue;
      report.warning(word, `${word.text} is tracked by the group and by its member ${text}`, {
        suggestion: 'remove one of the two',
      });
    }
  }
}
