/**
 * The section `Global definitions` of keepalived.data: global_defs, as keepalived 2.2.7 shows it. What holdfast decides for
 * itself (real-time priority, memory) is shown as it is configured.
 */
import { parseAddress } from '../base/address.ts';
import { type Duration, inMicroseconds, inSeconds, seconds, ZERO } from '../base/time.ts';
import type { Script } from '../config/script.ts';
import type { VrrpInstance } from '../vrrp/instance.ts';
import { shownRefreshRepeat } from './data-instances.ts';
import { type DumpHost, decimal, enabled, entry, entryIf, type Lines, scriptLine, shortDecimal } from './data-text.ts';
import type { GlobalDefinitions } from './global-keywords.ts';
import type { LvsSyncDaemon } from './global-lvs-values.ts';
import type { Configuration } from './root.ts';
import { DEFAULT_UMASK, scriptText } from './runnable.ts';

const INDENT = ' ';
const DEFAULT_SMTP_TIMEOUT = seconds(30);
/** What keepalived shows where each instance decides. */
const UNSET = 0xffffffff;

const value = (name: string, shown: string | number | boolean): string => entry(name, shown, INDENT);
const valueIf = (name: string, shown: string | number | undefined): string | false => entryIf(name, shown, INDENT);
const bit = (flag: boolean | undefined): 0 | 1 => (flag ? 1 : 0);
const onOff = (flag: boolean): string => (flag ? 'on' : 'off');
const state = (name: string, isOn: boolean): string => `${INDENT}${name} ${enabled(isOn)}`;

/** Whether keepalived would have a VRRP process: without one some things are not decided. */
export const hasVrrp = ({ instances, statics }: Configuration): boolean =>
  instances.length > 0 || statics.addresses.length + statics.routes.length + statics.rules.length > 0;

/** The lines of the section. */
export function globalLines(configuration: Configuration, host: DumpHost): Lines {
  const { global } = configuration;
  const isVrrp = hasVrrp(configuration);
  return [
    valueIf('Config save dir', global.configurationSaveDirectory),
    value('Network namespace', configuration.networkNamespace ?? '(default)'),
    value('Network namespace ipvs', ipvsNamespace(configuration)),
    valueIf('Instance name', configuration.instanceName),
    ...processNames(global),
    ...mailLines(global, host),
    ...reloadLines(global),
    ...hostLines(configuration, isVrrp),
    ...lvsLines(configuration, isVrrp),
    ...scriptLines(global, host),
    ...vrrpLines(global, isVrrp),
    ...firewallLines(configuration),
    value('VRRP check unicast_src', global.checkUnicastSource),
    value('VRRP skip check advert addresses', global.skipCheckAdvertisedAddresses ?? false),
    value('VRRP strict mode', global.vrrpStrict),
    ...priorityLines(global),
    ...managementLines(global),
    `${INDENT}Script security ${enabled(global.enableScriptSecurity)}`,
    defaultUser(global, host),
    ...bufferLines(global),
    value('umask', `0${(global.umask ?? DEFAULT_UMASK).toString(8)}`),
    valueIf('vrrp_startup_delay', global.startupDelay && shortDecimal(inSeconds(global.startupDelay))),
    global.logUnknownVrids && `${INDENT}log_unknown_vrids`,
    global.vmacPrefix !== 'vrrp' && value('VMAC prefix', global.vmacPrefix),
    valueIf('VMAC address prefix', global.vmacAddressPrefix),
  ];
}

function ipvsNamespace({ ipvsNamespace: given }: Configuration): string {
  return given === undefined ? '(main namespace)' : given || '(default)';
}

function processNames(global: GlobalDefinitions): Lines {
  const usual = (part: string) => (global.processNames ? `keepalived_${part}` : undefined);
  return [
    valueIf('Parent process name', global.processName),
    valueIf('VRRP process name', global.vrrpProcessName ?? usual('vrrp')),
    valueIf('LVS process name', global.checkerProcessName ?? usual('lvs')),
    valueIf('BFD process name', global.bfdProcessName ?? usual('bfd')),
  ];
}

function mailLines(global: GlobalDefinitions, host: DumpHost): Lines {
  const { smtpServer, smtpConnectTimeout, notificationEmail } = global;
  const server = smtpServer && addressFrom(smtpServer.host, host);
  // what is missing for a mail comes from the name of this host
  const ownName = server === undefined ? undefined : host.ownName();
  const heloName = (global.smtpHeloName === true ? undefined : global.smtpHeloName) ?? ownName;
  const from = global.notificationEmailFrom ?? (ownName && `${host.userName()}@${ownName}`);
  const alert = (name: string, given: boolean | undefined) => value(name, given === undefined ? 'unset' : onOff(given));
  return [
    value('Router ID', global.routerId ?? host.ownName() ?? '[unknown]'),
    valueIf('Smtp server', server),
    server !== undefined && valueIf('Smtp server port', smtpServer?.port),
    valueIf('Smtp HELO name', heloName),
    (server !== undefined || smtpConnectTimeout !== undefined) &&
      value('Smtp server connection timeout', inSeconds(smtpConnectTimeout ?? DEFAULT_SMTP_TIMEOUT)),
    ...(from === undefined
      ? []
      : [
          value('Email notification from', from),
          `${INDENT}Email notification to:`,
          ...notificationEmail.map((address) => `   ${address}`),
        ]),
    alert('Default smtp_alert', global.smtpAlert),
    alert('Default smtp_alert_vrrp', global.smtpAlertVrrp),
    alert('Default smtp_alert_checker', global.smtpAlertChecker),
    value('Checkers log all failures', global.checkerLogAllFailures ?? false),
  ];
}

const addressFrom = (name: string, host: DumpHost): string | undefined =>
  parseAddress(name) === undefined ? host.addressOf(name) : name;

function reloadLines(global: GlobalDefinitions): Lines {
  const { reloadCheckConfig: check, reloadTimeFile, reloadRepeat, reloadFile } = global;
  return [
    check === undefined
      ? `${INDENT}No test config before reload`
      : `${INDENT}Test config before reload, log to ${check[0] ?? '/dev/null'}`,
    ...(reloadTimeFile === undefined
      ? []
      : [
          value('Reload time file', `${reloadTimeFile}${reloadRepeat ? ' (repeat)' : ''}`),
          `${INDENT}No reload scheduled`,
        ]),
    valueIf('Reload_file', reloadFile === true ? '/run/keepalived.reload' : reloadFile),
    valueIf('config save directory', global.temporaryConfigurationDirectory),
    global.dataUseInstance === true && `${INDENT}Use instance name in data dumps`,
  ];
}

/** It is looked for where something stands on it. */
function defaultInterface({ global: { defaultInterface: given }, statics }: Configuration): string {
  return given !== undefined && statics.addresses.some((one) => one.interface === given) ? given : 'eth0';
}

function hostLines(configuration: Configuration, isVrrp: boolean): Lines {
  const { global } = configuration;
  const { dynamicInterfaces, lvsTimeouts } = global;
  const timeout = (given: Duration | undefined) => given && inSeconds(given);
  return [
    value('Dynamic interfaces', dynamicInterfaces !== undefined),
    dynamicInterfaces !== undefined && value('Allow interface changes', dynamicInterfaces === 'allow_if_changes'),
    global.noEmailFaults && value('Send emails for fault transitions', 'off'),
    valueIf('LVS TCP timeout', timeout(lvsTimeouts?.tcp)),
    valueIf('LVS TCP FIN timeout', timeout(lvsTimeouts?.tcpfin)),
    // keepalived calls it so
    valueIf('LVS TCP timeout', timeout(lvsTimeouts?.udp)),
    isVrrp && value('Default interface', defaultInterface(configuration)),
    value('Disable local IGMP', global.disableLocalIgmp ? 'yes' : 'no'),
  ];
}

/** An identity that is not given is that of the instance. */
function syncId({ id, inst }: LvsSyncDaemon, instance: VrrpInstance | undefined): number {
  return id ?? instance?.vrid ?? (inst === undefined ? 0 : UNSET);
}

function lvsLines({ global, instances }: Configuration, isVrrp: boolean): Lines {
  const { lvsSyncDaemon: given, lvsFlushOnStop } = global;
  const instance = instances.find(({ name }) => name === given?.inst);
  // of an instance that is not there keepalived takes nothing
  const daemon = isVrrp && given?.inst !== undefined && instance === undefined ? undefined : given;
  return [
    ...(daemon === undefined
      ? []
      : [
          valueIf(`LVS syncd vrrp ${isVrrp ? 'instance' : 'name'}`, daemon.inst),
          value('LVS syncd interface', daemon.interface),
          value('LVS syncd syncid', syncId(daemon, instance)),
          valueIf('LVS syncd maxlen', daemon.maxlen),
          daemon.group !== undefined && `${INDENT}LVS mcast group ${daemon.group}`,
          valueIf('LVS syncd mcast port', daemon.port),
          valueIf('LVS syncd mcast ttl', daemon.ttl),
        ]),
    value('LVS flush', global.lvsFlush),
    value('LVS flush on stop', lvsFlushOnStop === undefined ? 'disabled' : lvsFlushOnStop === 'VS' ? 'VS' : 'full'),
  ];
}

function scriptLines(global: GlobalDefinitions, host: DumpHost): Lines {
  const fifo = (name: string, given: GlobalDefinitions['notifyFifo']) => {
    if (given === undefined) return false;
    const { path, ...owner } = given;
    const account = host.accountOf(owner);
    return account !== undefined && value(name, `${path}, uid:gid ${account.uid}:${account.gid}`);
  };
  const { notifyFifo, vrrpNotifyFifo, lvsNotifyFifo, vrrpNotifyFifoScript, lvsNotifyFifoScript } = global;
  const withPath = (given: Script): Script => ({
    ...given,
    command: vrrpNotifyFifo === undefined ? given.command : [...given.command, vrrpNotifyFifo.path],
  });
  return [
    fifo('Global notify fifo', notifyFifo),
    fifo('VRRP notify fifo', vrrpNotifyFifo),
    vrrpNotifyFifo !== undefined &&
      vrrpNotifyFifoScript !== undefined &&
      vrrpNotifyFifoScript !== true &&
      scriptLine('VRRP notify fifo script', withPath(vrrpNotifyFifoScript), host, INDENT),
    fifo('LVS notify fifo', lvsNotifyFifo),
    lvsNotifyFifoScript !== undefined &&
      lvsNotifyFifoScript !== true &&
      // the VRRP process shows it as it is written
      scriptLine('LVS notify fifo script', lvsNotifyFifoScript, { ...host, commandText: scriptText }, INDENT),
    value('FIFO write vrrp states on reload', global.fifoWriteStatesOnReload),
    value('VRRP notify priority changes', global.notifyPriorityChanges ?? false),
  ];
}

function vrrpLines(global: GlobalDefinitions, isVrrp: boolean): Lines {
  const { garpMasterDelay, garpMasterRepeat, garpLowerPriorityDelay, garpExtraInterface: extra } = global;
  return [
    value('VRRP IPv4 mcast group', global.multicastGroup),
    value('VRRP IPv6 mcast group', global.multicastGroupIpv6),
    value('Gratuitous ARP delay', inSeconds(garpMasterDelay)),
    value('Gratuitous ARP repeat', garpMasterRepeat),
    value('Gratuitous ARP refresh timer', inSeconds(global.garpMasterRefresh)),
    value('Gratuitous ARP refresh repeat', shownRefreshRepeat(global.garpMasterRefreshRepeat, global.minGarp)),
    value(
      'Gratuitous ARP lower priority delay',
      garpLowerPriorityDelay === undefined && !isVrrp ? UNSET : inSeconds(garpLowerPriorityDelay ?? garpMasterDelay),
    ),
    value(
      'Gratuitous ARP lower priority repeat',
      global.garpLowerPriorityRepeat ?? (isVrrp ? garpMasterRepeat : UNSET),
    ),
    value('Num adverts before down', global.downTimerAdverts),
    value(
      `Gratuitous ARP for each secondary ${extra?.all ? 'i/f' : 'VMAC'}`,
      `${extra === undefined ? 0 : inSeconds(extra.interval)}s`,
    ),
    value('Send advert after receive lower priority advert', !(global.lowerPriorityNoAdvert ?? false)),
    value('Send advert after receive higher priority advert', global.higherPrioritySendAdvert),
    value('Gratuitous ARP interval', decimal(inSeconds(global.garpInterval ?? ZERO))),
    value('Gratuitous NA interval', decimal(inSeconds(global.gnaInterval ?? ZERO))),
    value('VRRP default protocol version', global.vrrpVersion),
  ];
}

/** Without a table of its own keepalived takes one where an instance needs it. */
const needsTable = ({ virtualMac, acceptMode }: VrrpInstance): boolean => virtualMac !== undefined || !acceptMode;

function firewallLines({ global, instances }: Configuration): Lines {
  const isNeeded = global.iptables !== undefined || instances.some(needsTable);
  const nftables = global.nftables ?? (isNeeded ? 'keepalived' : undefined);
  return [
    ...(nftables === undefined
      ? []
      : [
          value('nftables table name', nftables),
          value('nftables base chain priority', global.nftablesPriority),
          `${INDENT}nftables ${global.nftablesInterfaceIndex ? '' : "don't "}force use ifindex for link local IPv6`,
        ]),
    ...(global.nftablesIpvs === undefined
      ? []
      : [
          value('ipvs nftables table name', global.nftablesIpvs),
          value('ipvs nftables base chain priority', global.nftablesIpvsPriority),
          value('ipvs nftables start fwmark', global.nftablesIpvsStartFwmark),
        ]),
    `${INDENT}nftables with${global.nftablesCounters ? '' : 'out'} counters`,
  ];
}

function priorityLines(global: GlobalDefinitions): Lines {
  const process = (
    name: string,
    nice: number,
    isLocked: boolean,
    realTime: number | undefined,
    affinity: readonly number[] | undefined,
    limit: Duration,
  ): Lines => [
    value(`${name} process priority`, nice),
    value(`${name} don't swap`, isLocked),
    value(`${name} realtime priority`, realTime ?? 0),
    // keepalived shows a blank for the first processor
    affinity !== undefined &&
      value(`${name} CPU Affinity`, [...new Set(affinity)].map((cpu) => `${cpu === 0 ? '' : cpu} `).join('')),
    // half of it is the soft limit
    value(`${name} realtime limit`, inMicroseconds(limit) === 1 ? 2 : inMicroseconds(limit)),
  ];
  return [
    value('Max auto priority', global.maxAutoPriority < 0 ? 'Disabled' : global.maxAutoPriority),
    value('Min auto priority delay', `${inMicroseconds(global.minAutoPriorityDelay)} usecs`),
    ...process(
      'VRRP',
      global.vrrpPriority,
      global.vrrpNoSwap,
      global.vrrpRealTimePriority,
      global.vrrpCpuAffinity,
      global.vrrpRealTimeLimit,
    ),
    ...process(
      'Checker',
      global.checkerPriority,
      global.checkerNoSwap,
      global.checkerRealTimePriority,
      global.checkerCpuAffinity,
      global.checkerRealTimeLimit,
    ),
    ...process(
      'BFD',
      global.bfdPriority,
      global.bfdNoSwap,
      global.bfdRealTimePriority,
      global.bfdCpuAffinity,
      global.bfdRealTimeLimit,
    ),
  ];
}

const managementLines = (global: GlobalDefinitions): Lines => [
  state('SNMP vrrp', global.enableSnmpVrrp),
  state('SNMP checker', global.enableSnmpChecker),
  state('SNMP RFCv2', global.enableSnmpRfc || global.enableSnmpRfcVersion2),
  state('SNMP RFCv3', global.enableSnmpRfc || global.enableSnmpRfcVersion3),
  state('SNMP traps', global.enableTraps),
  value('SNMP socket', global.snmpSocket ?? 'default (unix:/var/agentx/master)'),
  state('DBus', global.enableDbus),
  value('DBus service name', global.dbusServiceName ?? ''),
];

function defaultUser(_global: GlobalDefinitions, host: DumpHost): string | false {
  const account = host.accountOf({});
  return account !== undefined && `${INDENT}Default script uid:gid ${account.uid}:${account.gid}`;
}

const bufferLines = (global: GlobalDefinitions): Lines => [
  value('vrrp_netlink_cmd_rcv_bufs', global.netlinkCommandBuffer),
  value('vrrp_netlink_cmd_rcv_bufs_force', bit(global.netlinkCommandBufferForce)),
  value('vrrp_netlink_monitor_rcv_bufs', global.netlinkMonitorBuffer),
  value('vrrp_netlink_monitor_rcv_bufs_force', bit(global.netlinkMonitorBufferForce)),
  value('process_monitor_rcv_bufs', global.processMonitorBuffer),
  value('process_monitor_rcv_bufs_force', bit(global.processMonitorBufferForce)),
  value('lvs_netlink_cmd_rcv_bufs', global.lvsNetlinkCommandBuffer),
  value('lvs_netlink_cmd_rcv_bufs_force', bit(global.lvsNetlinkCommandBufferForce)),
  value('lvs_netlink_monitor_rcv_bufs', global.lvsNetlinkMonitorBuffer),
  value('lvs_netlink_monitor_rcv_bufs_force', bit(global.lvsNetlinkMonitorBufferForce)),
  value('rs_init_notifies', bit(global.rsInitNotifies)),
  value('no_checker_emails', bit(global.noCheckerEmails)),
  ...receiveLines(global),
];

function receiveLines({ receiveBufferPolicy: policy, receiveBufferMultiplier }: GlobalDefinitions): Lines {
  return [
    typeof policy === 'string' && value('rx_bufs_policy', policy),
    typeof policy === 'number' && value('rx_bufs_size', policy),
    value('rx_bufs_multiples', receiveBufferMultiplier),
  ];
}
