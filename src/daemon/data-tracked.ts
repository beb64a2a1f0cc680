/** Sections of keepalived.data about sync groups and what is tracked, as keepalived 2.2.7 shows them. */
import { inMicroseconds, inSeconds } from '../base/time.ts';
import type { BfdInstance } from '../vrrp/bfd-instance.ts';
import type { Tracked, Tracking, VrrpInstance } from '../vrrp/instance.ts';
import type { SyncGroup } from '../vrrp/sync-groups.ts';
import type { TrackFile, TrackProcess, VrrpScript } from '../vrrp/tracked.ts';
import { placedCheckers, placeText } from './data-checkers.ts';
import { notifyLines, trackingLines, weightText } from './data-instances.ts';
import { endpointText } from './data-services.ts';
import { type DumpHost, decimal, entry, entryIf, type Lines, listed, yesNo } from './data-text.ts';
import type { Configuration } from './root.ts';

/** The lines of a sync group. @param state absent: it does not run */
export function groupLines(group: SyncGroup, smtpAlert: boolean, state: string | undefined, host: DumpHost): Lines {
  return [
    ` VRRP Sync Group = ${group.name}, ${state ?? 'INIT'}`,
    ...listed('VRRP member instances :', group.members),
    group.trackingWeight && '   sync group tracking weight set',
    entry('Using smtp notification', yesNo(group.smtpAlert ?? smtpAlert)),
    group.notifyPriorityChanges !== undefined && entry('Notify priority changes', yesNo(group.notifyPriorityChanges)),
    ...trackingLines(group.tracking, 'Tracked process :'),
    ...notifyLines(group.notify, host),
  ];
}

/** Who tracks something, and with which weight. */
function trackers(kind: keyof Tracking, name: string, instances: readonly VrrpInstance[]): Lines {
  const found = instances.flatMap((instance) => {
    const one = instance.tracking[kind].find((tracked: Tracked) => tracked.name === name);
    return one === undefined ? [] : [{ isOfGroup: one.ofGroup === true, text: `${instance.name}, ${weightText(one)}` }];
  });
  const texts = (isOfGroup: boolean) => found.filter((one) => one.isOfGroup === isOfGroup).map(({ text }) => text);
  // groups come after all instances
  return listed('Tracking instances :', [...texts(false), ...texts(true)]);
}

/** The lines of a vrrp_script. */
export function scriptLines(script: VrrpScript, instances: readonly VrrpInstance[], host: DumpHost): Lines {
  const account = host.accountOf(script.script);
  return [
    ` VRRP Script = ${script.name}`,
    entry('Command', host.commandText(script.script)),
    entry('Interval', `${inSeconds(script.interval)} sec`),
    entry('Timeout', `${script.timeout === undefined ? 0 : inSeconds(script.timeout)} sec`),
    entry('Weight', `${script.weight}${script.reverse ? ' reverse' : ''}`),
    entry('Rise', script.rise),
    entry('Fall', script.fall),
    entry('Insecure', 'no'),
    entry('Init state', 'unknown'),
    account !== undefined && entry('Script uid:gid', `${account.uid}:${account.gid}`),
    '   VRRP instances :',
    ...trackers('scripts', script.name, instances),
  ];
}

/** The lines of a track_file of instances. */
export const fileLines = (file: TrackFile, instances: readonly VrrpInstance[], host: DumpHost): Lines => [
  ...fileHead(file, host),
  ...trackers('files', file.name, instances),
];

const fileHead = ({ name, file, weight, reverse }: TrackFile, host: DumpHost): Lines => [
  ` Track file = ${name}`,
  entry('File', host.pathText(file)),
  entry('Weight', `${weight}${reverse ? ' reverse' : ''}`),
];

/** The track_files that checkers look at. */
export function checkerFileLines({ tracked, virtualServers }: Configuration, host: DumpHost): Lines {
  const all = placedCheckers(virtualServers);
  return tracked.files.flatMap((file): Lines => {
    const found = all.flatMap(({ checker, ...place }) =>
      checker.kind === 'FILE_CHECK' && checker.trackFile === file.name
        ? [`${placeText(place)}, ${weightText(checker)}`]
        : [],
    );
    return found.length === 0 ? [] : [...fileHead(file, host), ...listed('Tracking instances :', found)];
  });
}

/** The lines of a vrrp_track_process. */
export function processLines(process: TrackProcess, instances: readonly VrrpInstance[]): Lines {
  const [program = '', ...parameters] = process.process;
  const { parameterMatch: match, quorum, quorumMax } = process;
  return [
    ` VRRP Track process = ${process.name}`,
    entry('Process', program),
    parameters.length > 0 && entry('Parameters', parameters.join(' ')),
    match !== 'none' && (match === 'exact' ? '   Param match' : entry('Param match', match)),
    entry('Min processes', quorumMax === 0 ? 0 : quorum),
    entryIf('Max processes', quorumMax),
    entry('Weight', `${process.weight}${process.reverse ? ' reverse' : ''}`),
    entry('Terminate delay', `${decimal(inSeconds(process.terminateDelay))}s`),
    entry('Fork delay', `${decimal(inSeconds(process.forkDelay))}s`),
    entry('Full command', process.fullCommand || match !== 'none'),
    ...trackers('processes', process.name, instances),
  ];
}

/** The lines of a BFD session that instances can track. */
export const vrrpSessionLines = (session: BfdInstance, instances: readonly VrrpInstance[]): Lines => [
  ` VRRP Track BFD = ${session.name}`,
  entry('Weight', `${session.weight}${session.reverse ? ' reverse' : ''}`),
  '   Bfd is down',
  '   Tracking VRRP instances :',
  ...trackers('bfd', session.name, instances),
];

/** The lines of a BFD session that checkers can look at. */
export function checkerSessionLines({ name }: BfdInstance, { virtualServers }: Configuration): Lines {
  const found = placedCheckers(virtualServers).flatMap(({ checker, real, server }) =>
    checker.kind === 'BFD_CHECK' && checker.session === name ? [`   ${endpointText(real, server.protocol)}`] : [],
  );
  return [` Checker Track BFD = ${name}`, '   Tracking RS :', ...found];
}

/** The lines of a BFD session itself. */
export function sessionLines(session: BfdInstance): Lines {
  const { neighbour, source, ttl } = session;
  if (neighbour === undefined) return [];
  const yes = (value: boolean) => (value ? 'Yes' : 'No');
  return [
    ` BFD Instance = ${session.name}`,
    entry('Neighbor IP', neighbour),
    entryIf('Source IP', source),
    entry('Required min RX interval', `${inMicroseconds(session.minReceive)} us`),
    entry('Desired min TX interval', `${inMicroseconds(session.minTransmit)} us`),
    entry('Desired idle TX interval', `${inMicroseconds(session.idleTransmit)} us`),
    entry('Detection multiplier', session.multiplier),
    entry(neighbour.includes(':') ? 'hoplimit' : 'TTL', ttl),
    entry('max_hops', session.maxHops),
    entry('passive', session.passive),
    entry('send event to VRRP process', yes(session.tellsVrrp)),
    entry('send event to checker process', yes(session.tellsCheckers)),
  ];
}
