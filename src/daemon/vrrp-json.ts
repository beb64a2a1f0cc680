/**
 * `keepalived.json`, as keepalived 2.2.7 writes it: an array with `data` and `stats` of each instance. Exporters read it,
 * so keys, their order and their types are keepalived's. With `json_version 2` the array is one of two in an object.
 */
import { inSeconds } from '../base/time.ts';
import type { Script } from '../config/script.ts';
import type { NotifyScripts, Tracked, VirtualAddress, VrrpInstance } from '../vrrp/instance.ts';
import { placeOf } from '../vrrp/own-interfaces.ts';
import type { Route, Rule } from '../vrrp/route.ts';
import type { VrrpScript } from '../vrrp/tracked.ts';
import { statisticsOf, type VrrpStatistics } from './dump-stats.ts';
import type { ProcessTrackReport } from './process-trackers.ts';
import { addressKey } from './router.ts';
import { noCounters, type RouterSnapshot } from './router-snapshot.ts';

/** Lines of the configuration as keepalived's dumps show them. */
export interface DumpTexts {
  address(address: VirtualAddress, isSet: boolean): string;
  route(route: Route): string;
  rule(rule: Rule): string;
  script(script: Script): string;
}

export interface VrrpJsonSource {
  readonly instances: readonly VrrpInstance[];
  /** What the election told of them; some may be missing. */
  readonly snapshots: readonly RouterSnapshot[];
  readonly scripts: readonly VrrpScript[];
  readonly processes: readonly ProcessTrackReport[];
  readonly texts: DumpTexts;
}

const STATES = { Initialize: 0, Backup: 1, Master: 2, Fault: 3 } as const;

/** The file, without an end of line as there. */
export function vrrpJson(source: VrrpJsonSource, version: 1 | 2): string {
  const { instances, snapshots, processes } = source;
  const byName = new Map(snapshots.map((one) => [one.name, one]));
  const vrrp = instances.map((instance) => {
    const snapshot = byName.get(instance.name);
    return { data: dataOf(instance, snapshot, source), stats: statsOf(statisticsOf(snapshot?.counters ?? noCounters)) };
  });
  return JSON.stringify(version === 1 ? vrrp : { vrrp, track_process: processes.map(processOf) });
}

function dataOf(instance: VrrpInstance, snapshot: RouterSnapshot | undefined, { texts, scripts }: VrrpJsonSource) {
  const { virtualMac, ipvlan, authentication, tracking } = instance;
  const aboveName = virtualMac?.name ?? ipvlan?.name;
  const state = STATES[snapshot?.state ?? 'Initialize'];
  const held = new Set(snapshot?.held ?? []);
  const isHeld = (address: VirtualAddress) => held.has(addressKey({ ...address, interface: placeOf(address) }));
  const addressText = (address: VirtualAddress) => texts.address(address, isHeld(address));
  return {
    iname: instance.name,
    dont_track_primary: bit(!instance.trackPrimary),
    skip_check_adv_addr: bit(instance.skipCheckAdvertisedAddresses),
    strict_mode: bit(instance.strictMode),
    vmac_ifname: aboveName ?? '',
    ifp_ifname: aboveName ?? instance.interface,
    master_priority: snapshot?.masterPriority ?? 0,
    last_transition: (snapshot?.enteredAt_ms ?? 0) / 1000,
    garp_delay: inSeconds(instance.garpMasterDelay),
    garp_refresh: inSeconds(instance.garpMasterRefresh),
    garp_rep: instance.garpMasterRepeat,
    garp_refresh_rep: instance.garpMasterRefreshRepeat,
    garp_lower_prio_delay: inSeconds(instance.garpLowerPriorityDelay),
    garp_lower_prio_rep: instance.garpLowerPriorityRepeat,
    lower_prio_no_advert: bit(instance.lowerPriorityNoAdvert),
    higher_prio_send_advert: bit(instance.higherPrioritySendAdvert),
    vrid: instance.vrid,
    base_priority: instance.priority,
    effective_priority: snapshot?.effectivePriority ?? instance.priority,
    vipset: held.size > 0,
    promote_secondaries: instance.promoteSecondaries,
    adver_int: inSeconds(instance.advertisementInterval),
    master_adver_int: inSeconds(snapshot?.masterAdverInterval ?? instance.advertisementInterval),
    accept: bit(instance.acceptMode),
    nopreempt: !instance.preemptMode,
    preempt_delay: inSeconds(instance.preemptDelay),
    state,
    wantstate: state,
    version: instance.version,
    smtp_alert: instance.smtpAlert,
    notify_deleted: instance.notifyDeleted,
    ...scriptsOf(instance.notify, texts.script),
    ...listed('vips', instance.virtualAddresses.map(addressText)),
    ...listed('evips', instance.excludedAddresses.map(addressText)),
    ...listed('vroutes', instance.virtualRoutes.map(texts.route)),
    ...listed('vrules', instance.virtualRules.map(texts.rule)),
    ...listed(
      'track_ifp',
      tracking.interfaces.filter(isOwn).map(({ name }) => name),
    ),
    ...listed('track_script', commandsOf(tracking.scripts, scripts, texts.script)),
    auth_type: authentication === undefined ? 0 : authentication.type === 'PASS' ? 1 : 2,
    ...(authentication === undefined ? {} : { auth_data: authentication.password }),
  };
}

function statsOf(statistics: VrrpStatistics) {
  return {
    advert_rcvd: statistics.received,
    advert_sent: statistics.sent,
    become_master: statistics.becameMaster,
    release_master: statistics.releasedMaster,
    packet_len_err: statistics.lengthErrors,
    advert_interval_err: statistics.intervalErrors,
    ip_ttl_err: statistics.ttlErrors,
    invalid_type_rcvd: statistics.typeErrors,
    addr_list_err: statistics.addressListErrors,
    invalid_authtype: statistics.authenticationTypeErrors,
    authtype_mismatch: statistics.authenticationTypeMismatches,
    auth_failure: statistics.authenticationFailures,
    pri_zero_rcvd: statistics.priorityZeroReceived,
    pri_zero_sent: statistics.priorityZeroSent,
  };
}

/** Beyond what 2.2.7 writes: no exporter of its time reads it. */
function processOf({ process, state }: ProcessTrackReport) {
  const [name = '', ...parameters] = process.process;
  return {
    process: name,
    parameters: parameters.join(' '),
    param_match: process.parameterMatch,
    min_processes: process.quorum,
    ...(process.quorumMax === undefined ? {} : { max_processes: process.quorumMax }),
    current_processes: state.count,
    have_quorum: state.isUp ?? false,
    weight: process.weight,
    terminate_delay: inSeconds(process.terminateDelay),
    fork_delay: inSeconds(process.forkDelay),
    full_command: process.fullCommand,
  };
}

const bit = (flag: boolean): 0 | 1 => (flag ? 1 : 0);

/** What is empty is not there at all. */
const listed = (key: string, values: readonly string[]) => (values.length === 0 ? {} : { [key]: values });

const isOwn = ({ ofGroup }: Tracked): boolean => ofGroup !== true;

const commandsOf = (tracked: readonly Tracked[], scripts: readonly VrrpScript[], text: DumpTexts['script']) =>
  tracked.flatMap(({ name }) => scripts.filter((one) => one.name === name).map(({ script }) => text(script)));

const SCRIPT_KEYS: readonly (readonly [keyof NotifyScripts, string])[] = [
  ['backup', 'script_backup'],
  ['master', 'script_master'],
  ['fault', 'script_fault'],
  ['stop', 'script_stop'],
  ['deleted', 'script_deleted'],
  ['any', 'script'],
  ['masterLowerPriority', 'script_master_rx_lower_pri'],
];

const scriptsOf = (notify: NotifyScripts, text: DumpTexts['script']) =>
  Object.fromEntries(
    SCRIPT_KEYS.flatMap(([key, word]) => (notify[key] === undefined ? [] : [[word, text(notify[key])] as const])),
  );
