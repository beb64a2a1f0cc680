/**
 * A configuration file, from its text to the plain data that the agent runs with.
 *
 * A root block is a table and a builder in its domain, and one entry here.
 */
import { bfdChecker } from '../checks/bfd-keywords.ts';
import { dnsChecker } from '../checks/dns-keywords.ts';
import { fileChecker } from '../checks/file-keywords.ts';
import { grpcChecker } from '../checks/grpc.ts';
import { ldapChecker } from '../checks/ldap.ts';
import { miscChecker } from '../checks/misc-keywords.ts';
import { mysqlChecker } from '../checks/mysql.ts';
import { pingChecker } from '../checks/ping-keywords.ts';
import { postgresqlChecker } from '../checks/postgresql.ts';
import { redisChecker } from '../checks/redis.ts';
import { smtpChecker } from '../checks/smtp-keywords.ts';
import { buildTlsSettings, ssl, type TlsSettings } from '../checks/ssl-keywords.ts';
import { tcpChecker } from '../checks/tcp-keywords.ts';
import { udpChecker } from '../checks/udp-keywords.ts';
import { webCheckers } from '../checks/web-keywords.ts';
import { type Diagnostic, type ExitCode, Report } from '../config/diagnostics.ts';
import { expand } from '../config/expand.ts';
import type { FileAccess } from '../config/glob.ts';
import type { Surroundings } from '../config/parameters.ts';
import { Reader } from '../config/reader.ts';
import {
  block,
  blocks,
  FIRST_NAME,
  flag,
  LATER,
  NAME,
  type NumberOf,
  type Reading,
  table,
  value,
} from '../config/table.ts';
import { type ParseOptions, parse, type Statement } from '../config/tree.ts';
import { integer, UINT32_MAX, words } from '../config/values.ts';
import { Vocabulary } from '../config/vocabulary.ts';
import { buildGroups, type GivenGroup, virtualServerGroups } from '../ipvs/group-keywords.ts';
import { VIRTUAL_SERVER, type VirtualServerReading, virtualServerKeywords } from '../ipvs/keywords.ts';
import type { ServiceContext } from '../ipvs/real-servers.ts';
import type { VirtualServer, VirtualServerGroup } from '../ipvs/virtual-server.ts';
import { buildVirtualServers } from '../ipvs/virtual-servers.ts';
import { type BfdInstance, buildBfdInstances } from '../vrrp/bfd-instance.ts';
import type { InstanceReading } from '../vrrp/complete-instance.ts';
import { buildGarpGroups, type GarpGroup } from '../vrrp/garp-groups.ts';
import type { Tracking, VrrpInstance } from '../vrrp/instance.ts';
import { buildInstances } from '../vrrp/instances.ts';
import { vrrpInstanceKeywords, vrrpSyncGroupKeywords } from '../vrrp/keywords.ts';
import type { LinkDelays } from '../vrrp/link-debounce.ts';
import type { Spacing } from '../vrrp/pacing.ts';
import { checkReferences } from '../vrrp/references.ts';
import { checkVrrpRootBlocks } from '../vrrp/root-blocks.ts';
import { vrrpRootBlocks } from '../vrrp/root-keywords.ts';
import { rulePriorities } from '../vrrp/rule-keywords.ts';
import { buildStatics, DEFAULT_INTERFACE, type Statics } from '../vrrp/statics.ts';
import type { SyncGroup } from '../vrrp/sync-groups.ts';
import { buildTracked, type Tracked } from '../vrrp/tracked.ts';
import {
  type BfdReading,
  bfdKeywords,
  trackFileKeywords,
  trackProcessKeywords,
  vrrpScriptKeywords,
} from '../vrrp/tracking-keywords.ts';
import type { HostInterface } from '../vrrp/vrrp-defaults.ts';
import { type GlobalDefinitions, globalKeywords } from './global-keywords.ts';
import type { LvsSyncDaemon } from './global-lvs-values.ts';
import { affinitiesHere, checkHost, type HostFacts } from './host-checks.ts';
import { reportIdleCheckers } from './idle-checkers.ts';
import { checkScripts } from './script-checks.ts';
import type { ScriptView } from './scripts.ts';
import { rulesInOrder, staticReadings } from './static-readings.ts';
import { interfaceDelaysOf, minimalGarp, polledLinksOf, spacingOf } from './vrrp-globals.ts';

/** What the agent runs with. Survives JSON unchanged. */
export interface Configuration {
  readonly global: GlobalDefinitions;
  /** Of the agent, where it has one: keepalived.conf(5) "instance". */
  readonly instanceName?: string;
  /** keepalived.conf(5) "net_namespace". */
  readonly networkNamespace?: string;
  /** keepalived.conf(5) "net_namespace_ipvs"; empty: the one that the host began with. */
  readonly ipvsNamespace?: string;
  readonly instances: readonly VrrpInstance[];
  readonly syncGroups: readonly SyncGroup[];
  readonly spacing: Spacing;
  readonly interfaceDelays: readonly LinkDelays[];
  /** Interfaces whose links are looked at although the kernel tells of changes. */
  readonly polledLinks: readonly string[] | 'all';
  /** What is there whatever the instances do. */
  readonly statics: Statics;
  readonly bfdInstances: readonly BfdInstance[];
  readonly garpGroups: readonly GarpGroup[];
  /** What main tracks: as much of it as an instance or a group names. */
  readonly tracked: Tracked;
  readonly virtualServerGroups: readonly VirtualServerGroup[];
  readonly virtualServers: readonly VirtualServer[];
  /** Absent: as the TLS library has it. */
  readonly ssl?: TlsSettings;
}

/** A configuration, and all there is to say about it. */
export interface ReadOutcome {
  /** What was understood; complete in itself, whatever the diagnostics say. */
  readonly configuration: Configuration;
  /** In the order of the file. */
  readonly diagnostics: readonly Diagnostic[];
  /** As of `keepalived --config-test`. */
  readonly exitCode: ExitCode;
}

/** The same with the tree that it was read from, for those who ask where a value comes from. */
export interface ReadOutcomeWithTree extends ReadOutcome {
  /** The statements of the top level. */
  readonly statements: readonly Statement[];
  /** What the tables made of them. */
  readonly root: RootReading;
  /** The virtual servers by the blocks that they come from; others are left out. */
  readonly served: ReadonlyMap<VirtualServerReading, VirtualServer>;
}

const checkers = [
  tcpChecker,
  ...webCheckers,
  smtpChecker,
  dnsChecker,
  miscChecker,
  udpChecker,
  pingChecker,
  fileChecker,
  bfdChecker,
  grpcChecker,
  redisChecker,
  postgresqlChecker,
  mysqlChecker,
  ldapChecker,
];

/** All words of keepalived.conf(5), from the top level down. */
export const rootKeywords = table({
  global: block('global_defs', globalKeywords, 'What holds for the whole agent.'),
  // what is tracked has to be defined before it is named
  scripts: blocks('vrrp_script', FIRST_NAME, vrrpScriptKeywords, 'A command whose result instances can track.'),
  trackFiles: blocks('track_file', FIRST_NAME, trackFileKeywords, 'A file whose number instances can track.', {
    aliases: [{ word: 'vrrp_track_file', message: 'vrrp_track_file is now called track_file', silent: true }],
  }),
  trackProcesses: blocks('vrrp_track_process', FIRST_NAME, trackProcessKeywords, 'Processes that instances can track.'),
  bfdInstances: blocks('bfd_instance', FIRST_NAME, bfdKeywords, 'A BFD session.'),
  instances: blocks('vrrp_instance', NAME, vrrpInstanceKeywords, 'A virtual router.', {
    onePerName: true,
  }),
  virtualServers: blocks(
    'virtual_server',
    VIRTUAL_SERVER,
    virtualServerKeywords(checkers),
    'A service of IPVS with the servers behind it.',
  ),
  syncGroups: blocks('vrrp_sync_group', NAME, vrrpSyncGroupKeywords, 'Instances that change state together.'),
  ...vrrpRootBlocks,
  virtualServerGroups,
  ssl,
  networkNamespace: value('net_namespace', words('a name', 1, 1), 'Network namespace to run in.', {
    ...LATER,
    missingIs: 5,
    once: true,
  }),
  ipvsNamespace: value('net_namespace_ipvs', words('a name', 0, 1), 'Network namespace of the IPVS table.', {
    ...LATER,
    once: true,
  }),
  namespaceWithIpsets: flag('namespace_with_ipsets', 'Sets of old kernels in a namespace.', LATER),
  instanceName: value('instance', words('a name', 1, 1), 'Tells several agents of a host apart.', {
    ...LATER,
    missingIs: 5,
    once: true,
  }),
  usePidDirectory: flag('use_pid_dir', 'Puts the files of process ids into a directory.', LATER),
  childWaitTime: value('child_wait_time', integer(0, UINT32_MAX), 'Seconds that children get to end.', LATER),
  linkbeatUsePolling: flag('linkbeat_use_polling', 'Looks at the links of all interfaces once a second, too.'),
});

/** A whole configuration as it was read. */
export type RootReading = Reading<(typeof rootKeywords)['entries']>;

const vocabulary = new Vocabulary(rootKeywords);

/** What the reading asks of the host. What is absent is not asked. */
export interface HostView extends Partial<Omit<FileAccess, 'readFile'>>, Partial<Surroundings> {
  /** Absent: interfaces are not looked for. */
  interfaceExists?(name: string): boolean;
  /** Absent: interfaces are as Ethernet is. */
  readonly link?: (name: string) => HostInterface | undefined;
  /** The numbers of names: number-names.ts. Absent: the names that every host has. */
  readonly numberOf?: NumberOf;
  readonly facts?: HostFacts;
  /** Absent: commands are not looked for. */
  readonly scripts?: ScriptView;
}

/**
 * Reads a configuration. No mistake in it stops the reading; what is wrong is left out and said.
 * @param readFile gives the content of a file, as bytes or decoded; what it throws for the file itself is passed on
 */
export function readConfiguration(
  fileName: string,
  readFile: FileAccess['readFile'],
  host: HostView = {},
): ReadOutcome {
  const { configuration, diagnostics, exitCode } = readWhole(fileName, readFile, host, { sharesBlocks: true });
  return { configuration, diagnostics, exitCode };
}

/** As `readConfiguration`, and the tree too, for who looks at every block. */
export function readConfigurationTree(
  fileName: string,
  readFile: FileAccess['readFile'],
  host: HostView = {},
): ReadOutcomeWithTree {
  return readWhole(fileName, readFile, host, { sharesBlocks: false });
}

function readWhole(
  fileName: string,
  readFile: FileAccess['readFile'],
  host: HostView,
  options: ParseOptions,
): ReadOutcomeWithTree {
  const report = new Report();
  const files: FileAccess = { list: () => [], kindOf: (path) => kindByReading(readFile, path), ...host, readFile };
  const surroundings: Surroundings = {
    configId: '',
    environment: () => undefined,
    random: (min) => min,
    absolute: (folder) => folder,
    ...host,
  };
  const lines = expand(fileName, files, surroundings, report);
  const statements = parse(lines, rootKeywords, report, options);
  const built = build(fileName, statements, report, host);
  return { ...built, statements, ...report.finish() };
}

function kindByReading(readFile: FileAccess['readFile'], path: string): 'file' | undefined {
  try {
    readFile(path);
    return 'file';
  } catch {
    return undefined;
  }
}

/** keepalived.conf(5) "lvs_sync_daemon_interface" of an instance, long obsolete: the first one counts. */
function oldSyncDaemon(instances: readonly InstanceReading[]): LvsSyncDaemon | undefined {
  const found = instances.find(({ values }) => values.syncDaemonInterface !== undefined);
  const name = found?.values.syncDaemonInterface;
  return name === undefined ? undefined : { interface: name, inst: found?.header[0]?.text ?? '', id: 0 };
}

/** Only what is there: what is absent is undefined in a reading, and absent in a configuration. */
const withoutAbsent = <T extends object>(values: T): WithoutAbsent<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as WithoutAbsent<T>;

/** What may be undefined may be absent. */
type WithoutAbsent<T> = { readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

function build(
  file: string,
  statements: readonly Statement[],
  report: Report,
  host: HostView,
): Pick<ReadOutcomeWithTree, 'configuration' | 'root' | 'served'> {
  const reader = new Reader(report, vocabulary, host.numberOf);
  const topLevel: Statement = {
    keyword: { text: '', quoted: false, file, line: 1, column: 1, length: 1 },
    args: [],
    raw: '',
  };
  const root = reader.read(rootKeywords, topLevel, statements) as RootReading;
  const { values: given } = root;
  const global = given.global ?? reader.read(globalKeywords, topLevel, []);
  if (global === undefined) throw new Error('assertion failed: global_defs requires nothing');
  const { values } = global;
  const { interfaceExists } = host;
  let lacksInterface = false;
  const exists = (name: string): boolean => {
    const isThere = interfaceExists?.(name) ?? true;
    lacksInterface ||= !isThere;
    return isThere;
  };
  const looked =
    interfaceExists === undefined || values.dynamicInterfaces !== undefined ? {} : { interfaceExists: exists };
  const vrrp = {
    ...values,
    ...looked,
    ...(host.link === undefined ? {} : { link: host.link }),
    ...minimalGarp(global),
    version: values.vrrpVersion,
    strict: values.vrrpStrict,
  };
  const staticBlocks = staticReadings(root, statements);
  const priorityOf = rulePriorities(rulesInOrder(root, staticBlocks, statements));
  const instances = buildInstances(given.instances, vrrp, priorityOf, report);
  const groups = buildGroups(groupsOf(root), report);
  const served = buildVirtualServers(given.virtualServers, groups, serviceContext(root, statements, values), report);
  reportIdleCheckers(served, report);
  const tls = buildTlsSettings(given.ssl, report);
  checkHost(root, global, host.facts ?? {}, report);
  const unusable = checkScripts(root, global, served, host.scripts, report, lacksInterface);
  const references = checkReferences(given, statements, unusable, looked.interfaceExists, report);
  checkVrrpRootBlocks(
    { ...given, instances: new Set(instances.map(({ name }) => name)) },
    looked.interfaceExists ?? (() => true),
    report,
  );
  const tracked = instances.map((one) => ({
    ...one,
    tracking: references.tracking.get(one.name) ?? one.tracking,
    notifyPriorityChanges: references.notifyPriorityChanges.get(one.name) ?? one.notifyPriorityChanges,
  }));
  const syncGroups = runningGroups(references.groups, tracked);
  const statics = buildStatics(
    staticBlocks,
    {
      interface: values.defaultInterface ?? DEFAULT_INTERFACE,
      interfaceExists: looked.interfaceExists,
      priorityOf,
    },
    report,
  );
  const configuration = {
    global: withoutAbsent({
      ...values,
      ...affinitiesHere(values, host.facts?.processors),
      ...minimalGarp(global),
      lvsSyncDaemon: values.lvsSyncDaemon ?? oldSyncDaemon(given.instances),
    }),
    ...withoutAbsent({
      instanceName: given.instanceName?.[0],
      networkNamespace: given.networkNamespace?.[0],
      ipvsNamespace: given.ipvsNamespace && (given.ipvsNamespace[0] ?? ''),
    }),
    instances: tracked,
    syncGroups,
    statics,
    spacing: spacingOf(global, given.garpGroups),
    interfaceDelays: interfaceDelaysOf(given.interfaceDelays, tracked),
    polledLinks: given.linkbeatUsePolling ? ('all' as const) : polledLinksOf(given.linkbeatInterfaces, given.instances),
    bfdInstances: buildBfdInstances(given.bfdInstances),
    garpGroups: buildGarpGroups(given.garpGroups, tracked, values, interfaceExists ?? (() => true)),
    virtualServerGroups: groups,
    virtualServers: [...served.values()],
    ...(tls === undefined ? {} : { ssl: tls }),
    tracked: trackedOf(given, tracked),
  };
  return { configuration, root, served };
}

const groupsOf = ({ given }: RootReading): GivenGroup[] =>
  given.flatMap((one) => {
    if (one.key !== 'virtualServerGroups' || one.statement.args.length !== 1) return [];
    const { keyword, args } = one.statement;
    return [{ keyword, name: args[0]?.text ?? '', members: one.value }];
  });

/** What a virtual server may refer to: keepalived knows the files and sessions that stand before it. */
function serviceContext(
  { values }: RootReading,
  statements: readonly Statement[],
  global: GlobalDefinitions,
): (reading: VirtualServerReading) => ServiceContext {
  const positions = new Map(statements.map((statement, i) => [statement, i]));
  const positionOf = ({ owner }: { readonly owner: Statement }): number => positions.get(owner) ?? 0;
  const files = values.trackFiles.filter((one) => one.values.file !== undefined);
  return (reading) => {
    const here = positionOf(reading);
    const find = <R extends (typeof files)[number] | BfdReading>(all: readonly R[], name: string) =>
      all.find((one) => one.header[0]?.text === name && positionOf(one) < here);
    return {
      smtpAlert: global.smtpAlertChecker ?? global.smtpAlert,
      logAllFailures: global.checkerLogAllFailures ?? false,
      trackFile: (name) => {
        const file = find(files, name);
        return file && (file.values.weight ?? { weight: 1, reverse: false });
      },
      hasBfd: (name) => {
        const session = find(values.bfdInstances, name);
        return session !== undefined && (session.values.checker || !session.values.vrrp);
      },
    };
  };
}

/** What nobody names is not run, read or counted. Files may be there for checkers, and dumps show processes. */
function trackedOf(given: RootReading['values'], instances: readonly VrrpInstance[]): Tracked {
  const { scripts, files, processes } = buildTracked(given);
  const named = (kind: keyof Tracking) =>
    new Set(instances.flatMap(({ tracking }) => tracking[kind].map(({ name }) => name)));
  const [scriptNames, fileNames, processNames] = [named('scripts'), named('files'), named('processes')];
  return {
    scripts: scripts.filter(({ name }) => scriptNames.has(name)),
    files: files.map((one) => (fileNames.has(one.name) ? one : { ...one, idle: true })),
    processes: processes.map((one) => (processNames.has(one.name) ? one : { ...one, idle: true })),
  };
}

/** Groups with the members that can run. */
const runningGroups = (groups: readonly SyncGroup[], instances: readonly VrrpInstance[]): SyncGroup[] => {
  const names = new Set(instances.map(({ name }) => name));
  return groups.flatMap((group) => {
    const members = group.members.filter((name) => names.has(name));
    return members.length === 0 ? [] : [{ ...group, members }];
  });
};
