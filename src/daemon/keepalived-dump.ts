/**
 * A configuration in the words and the layout of keepalived.data, which keepalived 2.2.7 writes on SIGUSR1: for tools that
 * read such files, and to compare what both understand of the same configuration. Lines about memory, descriptors and
 * timers of its own are left out.
 */
import { inSeconds } from '../base/time.ts';
import type { GarpGroup } from '../vrrp/garp-groups.ts';
import type { VrrpInstance } from '../vrrp/instance.ts';
import type { TrackGroup } from '../vrrp/statics.ts';
import { type CheckerState, checkerLines, type PlacedChecker, placedCheckers } from './data-checkers.ts';
import { globalLines, hasVrrp } from './data-global.ts';
import { type InstanceState, instanceLines } from './data-instances.ts';
import { addressText, routeText, ruleText } from './data-lines.ts';
import * as services from './data-services.ts';
import { type DumpHost, entry, heading, type Lines, listed, section, shortDecimal } from './data-text.ts';
import * as tracked from './data-tracked.ts';
import type { Configuration } from './root.ts';

/** What is known while the agent runs. Absent as a whole: nothing runs, and lines about states are left out. */
export interface DumpState {
  instance(instance: VrrpInstance): InstanceState | undefined;
  /** Of a sync group, by its name. */
  group(name: string): string | undefined;
  readonly services: services.ServiceStates;
  checker(placed: PlacedChecker): CheckerState;
}

/** What one file of keepalived has, behind the global definitions: its processes write one each. */
export type DumpedPart = 'vrrp' | 'check';

/** The whole text, or what some of keepalived's processes write. */
export function keepalivedDump(
  configuration: Configuration,
  host: DumpHost,
  state?: DumpState,
  parts: readonly DumpedPart[] = ['vrrp', 'check'],
): string {
  const lines = [
    ...globalSection(configuration, host),
    ...(parts.includes('vrrp') ? vrrpLines(configuration, host, state) : []),
    ...(parts.includes('check') ? checkLines(configuration, host, state) : []),
  ];
  return `${lines.filter((line) => line !== false).join('\n')}\n`;
}

const globalSection = (configuration: Configuration, host: DumpHost): Lines => [
  heading('Global definitions'),
  ...globalLines(configuration, host),
];

/** What the VRRP process of keepalived shows. */
function vrrpLines(configuration: Configuration, host: DumpHost, state: DumpState | undefined): Lines {
  const { instances, syncGroups, statics, bfdInstances, garpGroups } = configuration;
  const { scripts, files, processes } = configuration.tracked;
  const { smtpAlertVrrp, smtpAlert, minGarp, checkUnicastSource: checksUnicastSource } = configuration.global;
  const indented = (texts: readonly string[]) => texts.map((text) => `     ${text}`);
  // keepalived has no process that would track anything
  if (!hasVrrp(configuration)) return [];
  const groupOf = (name: string) => syncGroups.find(({ members }) => members.includes(name))?.name;
  return [
    ...garpLines(garpGroups),
    ...section('Static Addresses', indented(statics.addresses.map((one) => addressText(one, state !== undefined)))),
    ...section('Static Routes', indented(statics.routes.map(routeText))),
    ...section('Static Rules', indented(statics.rules.map(ruleText))),
    ...section('Static Track groups', statics.groups.flatMap(trackGroupLines)),
    ...section(
      'VRRP Topology',
      instances.flatMap((one) =>
        instanceLines(one, {
          host,
          state: state?.instance(one),
          syncGroup: groupOf(one.name),
          checksUnicastSource,
          minGarp,
        }),
      ),
    ),
    ...section(
      'VRRP Sync groups',
      syncGroups.flatMap((one) =>
        tracked.groupLines(one, smtpAlertVrrp ?? smtpAlert ?? false, state?.group(one.name), host),
      ),
    ),
    ...section(
      'VRRP Scripts',
      scripts.flatMap((one) => tracked.scriptLines(one, instances, host)),
    ),
    ...section(
      'VRRP Track files',
      files.filter(({ idle }) => !idle).flatMap((one) => tracked.fileLines(one, instances, host)),
    ),
    ...section(
      'VRRP Track processes',
      processes.flatMap((one) => tracked.processLines(one, instances)),
    ),
    ...section(
      'VRRP Track BFDs',
      bfdInstances.filter(({ tellsVrrp }) => tellsVrrp).flatMap((one) => tracked.vrrpSessionLines(one, instances)),
    ),
  ];
}

/** What its processes of checkers and of BFD show. */
function checkLines(configuration: Configuration, host: DumpHost, state: DumpState | undefined): Lines {
  const { global, virtualServers, virtualServerGroups, bfdInstances } = configuration;
  const sessions = bfdInstances.filter(({ tellsCheckers }) => tellsCheckers);
  const isChecking = virtualServers.length > 0;
  return [
    ...(isChecking
      ? section('LVS Topology', [
          ...virtualServerGroups.flatMap(services.groupLines),
          ...virtualServers.flatMap((one) => services.serverLines(one, host, state?.services)),
        ])
      : []),
    ...section(
      'Health checkers',
      placedCheckers(virtualServers).flatMap((one) =>
        checkerLines(one, { host, state: state?.checker(one), logsAllFailures: global.checkerLogAllFailures ?? false }),
      ),
    ),
    ...section('Checker track files', tracked.checkerFileLines(configuration, host)),
    ...(isChecking
      ? section(
          'Checker track BFDs',
          sessions.flatMap((one) => tracked.checkerSessionLines(one, configuration)),
        )
      : []),
    ...section('BFD Topology', bfdInstances.flatMap(tracked.sessionLines)),
  ];
}

const trackGroupLines = ({ name, members }: TrackGroup): Lines => [
  ` Static Track Group = ${name}`,
  ...listed('VRRP member instances :', members),
];

const garpLines = (groups: readonly GarpGroup[]): Lines =>
  section(
    'Gratuitous ARP delays',
    groups.flatMap(({ number, garpInterval, gnaInterval, interfaces }) => [
      heading(`GARP delay group ${number}`),
      garpInterval > 0 && entry('GARP interval', shortDecimal(inSeconds(garpInterval)), ' '),
      gnaInterval > 0 && entry('GNA interval', shortDecimal(inSeconds(gnaInterval)), ' '),
      ' Interfaces',
      ...interfaces.map((name) => `  ${name}`),
    ]),
  );
