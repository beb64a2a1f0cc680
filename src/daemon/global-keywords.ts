/** global_defs { } of keepalived.conf(5): what holds for the whole agent. */
import { type IpAddress, parseAddress } from '../base/address.ts';
import { seconds, ZERO } from '../base/time.ts';
import { includeCheckWords } from '../config/include-check.ts';
import { type ConfigOf, flag, LATER, type LineType, list, obsolete, optional, table, value } from '../config/table.ts';
import {
  boolean,
  decimalSeconds,
  INT32_MAX,
  integer,
  interfaceName,
  ipAddress,
  oneOf,
  orNothing,
  port,
  text,
  UINT32_MAX,
  type ValueType,
  wholeMicroseconds,
  wholeSeconds,
  wordOf,
  words,
} from '../config/values.ts';

/** RFC 3768 §5.2.2. */
const VRRP_GROUP = parseAddress('224.0.0.18') as IpAddress;
/** RFC 5798 §5.1.2.2. */
const VRRP_GROUP_IPV6 = parseAddress('ff02::12') as IpAddress;
const RFC_GARP_DELAY = seconds(5);
/** Longest time keepalived keeps in microseconds of 32 bits. */
const SECONDS_MAX = 4294;
const LVS_TIMEOUT_MAX = 2678400;

const email: LineType<string> = { expected: 'mail addresses', read: (given) => given.map((word) => word.text) };

/** HOST [PORT]; the name is not looked up here. */
const mailServer: ValueType<string[]> = {
  ...words('a host and a port if wanted', 1, 2),
  strict: true,
  read(given, complaints) {
    const [host, portWord] = given;
    if (host === undefined) return undefined;
    const valid = portWord === undefined || port().read([portWord], complaints) !== undefined;
    return valid ? given.map((word) => word.text) : undefined;
  },
};

const script = () => words('a command');
const fifo = () => words('a path, then a user and a group if wanted', 1, 3);
const realTimePriority = () => integer(1, 99, { clamp: true });
const nice = () => integer(-20, 19);
const count = () => integer(0, UINT32_MAX, { zeroBecomes: 1 });
const bytes = () => integer(0, UINT32_MAX);

const mailKeywords = {
  notificationEmail: list('notification_email', email, 'Who gets mail about changes of state.', {
    ...LATER,
    whenEmpty: 'notification_email names nobody',
  }),
  notificationEmailFrom: value('notification_email_from', text('a mail address'), 'Sender of that mail.', {
    ...LATER,
    missingIs: 5,
  }),
  smtpServer: value('smtp_server', mailServer, 'Server that takes the mail.', LATER),
  smtpHeloName: value(
    'smtp_helo_name',
    orNothing(text('a host name')),
    'How the agent introduces itself to it.',
    LATER,
  ),
  smtpConnectTimeout: optional(
    'smtp_connect_timeout',
    wholeSeconds(0, SECONDS_MAX, { zeroBecomes: 1 }),
    seconds(30),
    'How long the mail server may take.',
    LATER,
  ),
  smtpAlert: value('smtp_alert', boolean(), 'Mail about everything, unless said otherwise.', LATER),
  smtpAlertVrrp: value('smtp_alert_vrrp', boolean(), 'Mail about instances and groups.', LATER),
  smtpAlertChecker: value('smtp_alert_checker', boolean(), 'Mail about real servers.', LATER),
  noEmailFaults: flag('no_email_faults', 'No mail about FAULT.', LATER),
  noCheckerEmails: value('no_checker_emails', boolean(), 'Mail per real server, not per checker.', LATER),
};

const garpKeywords = {
  garpMasterDelay: optional(
    'vrrp_garp_master_delay',
    wholeSeconds(0, SECONDS_MAX),
    RFC_GARP_DELAY,
    'Wait before the second round of gratuitous ARP; 0: no second round.',
  ),
  garpMasterRepeat: optional('vrrp_garp_master_repeat', count(), 5, 'Gratuitous ARPs of each address in a round.'),
  garpMasterRefresh: optional(
    'vrrp_garp_master_refresh',
    wholeSeconds(0, UINT32_MAX),
    ZERO,
    'Gratuitous ARP again this often while MASTER; 0: never.',
  ),
  garpMasterRefreshRepeat: optional('vrrp_garp_master_refresh_repeat', count(), 1, 'Gratuitous ARPs in a refresh.'),
  garpLowerPriorityDelay: value(
    'vrrp_garp_lower_prio_delay',
    wholeSeconds(0, SECONDS_MAX),
    'Wait before the second round after an advertisement of lower priority; as vrrp_garp_master_delay unless given.',
  ),
  garpLowerPriorityRepeat: value(
    'vrrp_garp_lower_prio_repeat',
    integer(0, INT32_MAX),
    'Gratuitous ARPs after an advertisement of lower priority; as vrrp_garp_master_repeat unless given.',
  ),
  garpInterval: value(
    'vrrp_garp_interval',
    decimalSeconds(0.000001, SECONDS_MAX, { zeroIsOff: true }),
    'Least time between two gratuitous ARPs of an interface.',
    { later: (interval) => interval > 0 },
  ),
  gnaInterval: value(
    'vrrp_gna_interval',
    decimalSeconds(0.000001, SECONDS_MAX, { zeroIsOff: true }),
    'Least time between two unsolicited neighbour advertisements of an interface.',
    { later: (interval) => interval > 0 },
  ),
  minGarp: value('vrrp_min_garp', boolean(), 'One gratuitous ARP of each address is enough.', LATER),
  garpExtraInterface: value('vrrp_garp_extra_if', words('seconds, after all if wanted', 1, 2), 'And elsewhere.', {
    ...LATER,
    missingIs: 5,
  }),
};

const vrrpKeywords = {
  dynamicInterfaces: value(
    'dynamic_interfaces',
    orNothing(wordOf('allow_if_changes')),
    'Interfaces may come later.',
    LATER,
  ),
  defaultInterface: value('default_interface', interfaceName(), 'Interface of addresses that name none.', {
    ...LATER,
    missingIs: 5,
  }),
  multicastGroup: optional(
    'vrrp_mcast_group4',
    ipAddress({ family: 'inet', multicast: true }),
    VRRP_GROUP,
    'Group that advertisements of IPv4 are sent to.',
  ),
  multicastGroupIpv6: optional(
    'vrrp_mcast_group6',
    ipAddress({ family: 'inet6', multicast: true }),
    VRRP_GROUP_IPV6,
    'Group that advertisements of IPv6 are sent to.',
    LATER,
  ),
  ...garpKeywords,
  downTimerAdverts: optional(
    'vrrp_down_timer_adverts',
    integer(1, 100),
    3,
    'Missed advertisements after which a Backup takes over.',
  ),
  lowerPriorityNoAdvert: value(
    'vrrp_lower_prio_no_advert',
    boolean(),
    'Do not answer an advertisement of lower priority.',
  ),
  higherPrioritySendAdvert: optional(
    'vrrp_higher_prio_send_advert',
    boolean(),
    false,
    'Send once more before yielding to a higher priority.',
  ),
  vrrpVersion: optional('vrrp_version', oneOf({ 2: 2, 3: 3 }), 2, 'VRRP version of instances that do not say.'),
  vrrpStrict: optional('vrrp_strict', boolean(), false, 'Hold to the RFC where keepalived is more tolerant.', {
    later: (strict) => strict,
  }),
  skipCheckAdvertisedAddresses: value(
    'vrrp_skip_check_adv_addr',
    boolean(),
    'Do not compare the addresses of every advertisement of the same Master; never necessary here.',
  ),
  checkUnicastSource: flag('vrrp_check_unicast_src', 'Discard unicast advertisements of strangers.'),
  startupDelay: value('vrrp_startup_delay', decimalSeconds(0.001, SECONDS_MAX), 'Wait before the first election.'),
  notifyPriorityChanges: value('vrrp_notify_priority_changes', boolean(), 'Tell changes of the priority.', LATER),
  logUnknownVrids: flag('log_unknown_vrids', 'Log advertisements of routers that are not configured.', LATER),
  iptables: value('vrrp_iptables', words('chains', 0, 2), 'Chains for no_accept.', LATER),
  ipsets: value('vrrp_ipsets', words('names of sets', 0, 6), 'Sets for no_accept.', LATER),
  nftables: value('nftables', words('a table', 0, 1), 'Table for no_accept.', LATER),
  nftablesPriority: value('nftables_priority', integer(-INT32_MAX - 1, INT32_MAX), 'Priority of its chains.', LATER),
  nftablesCounters: flag('nftables_counters', 'Count in its rules.', LATER),
  netlinkCommandBuffer: value('vrrp_netlink_cmd_rcv_bufs', bytes(), 'Netlink receive buffer.', {
    ...LATER,
    missingIs: 5,
  }),
  netlinkCommandBufferForce: value('vrrp_netlink_cmd_rcv_bufs_force', boolean(), 'Beyond the limit.', LATER),
  netlinkMonitorBuffer: value('vrrp_netlink_monitor_rcv_bufs', bytes(), 'Netlink receive buffer.', {
    ...LATER,
    missingIs: 5,
  }),
  netlinkMonitorBufferForce: value('vrrp_netlink_monitor_rcv_bufs_force', boolean(), 'Beyond the limit.', LATER),
  receiveBufferPolicy: value('vrrp_rx_bufs_policy', words('MTU, ADVERT or bytes', 1, 1), 'Receive buffers.', {
    ...LATER,
    missingIs: 5,
  }),
  receiveBufferMultiplier: value('vrrp_rx_bufs_multiplier', integer(1, UINT32_MAX), 'How many fit.', {
    ...LATER,
    missingIs: 5,
  }),
};

const processKeywords = {
  vrrpPriority: value('vrrp_priority', nice(), 'Niceness of the election.', { ...LATER, missingIs: 5 }),
  checkerPriority: value('checker_priority', nice(), 'Niceness of the checks.', { ...LATER, missingIs: 5 }),
  vrrpRealTimePriority: value('vrrp_rt_priority', realTimePriority(), 'Real-time priority of the election, 1 to 99.', {
    missingIs: 5,
  }),
  checkerRealTimePriority: value('checker_rt_priority', realTimePriority(), 'The same of the checks.', {
    ...LATER,
    missingIs: 5,
  }),
  vrrpNoSwap: flag('vrrp_no_swap', 'Keep the election in memory; always so here.'),
  checkerNoSwap: flag('checker_no_swap', 'Keep the checks in memory.', LATER),
  vrrpCpuAffinity: value('vrrp_cpu_affinity', words('CPU numbers'), 'CPUs for the election.', {
    ...LATER,
    missingIs: 5,
  }),
  checkerCpuAffinity: value('checker_cpu_affinity', words('CPU numbers'), 'CPUs for the checks.', {
    ...LATER,
    missingIs: 5,
  }),
  vrrpRealTimeLimit: value('vrrp_rlimit_rttime', wholeMicroseconds(1, UINT32_MAX), 'RLIMIT_RTTIME.', LATER),
  checkerRealTimeLimit: value('checker_rlimit_rttime', wholeMicroseconds(1, UINT32_MAX), 'RLIMIT_RTTIME.', LATER),
  maxAutoPriority: value('max_auto_priority', orNothing(integer(-1, 99)), 'Raise the priority when late.', LATER),
  minAutoPriorityDelay: value('min_auto_priority_delay', wholeMicroseconds(1, 10_000_000), 'What late is.', {
    ...LATER,
    missingIs: 5,
  }),
  umask: value('umask', words('a mask', 1, 1), 'Permissions of files that are written.', LATER),
  processNames: flag('process_names', 'Name the processes after what they do.', LATER),
  startupScript: value('startup_script', script(), 'Command to run before anything else.', {
    ...LATER,
    missingIs: 5,
    once: true,
  }),
  startupScriptTimeout: value('startup_script_timeout', wholeSeconds(1, 1000), 'How long it may take.', {
    ...LATER,
    missingIs: 5,
  }),
  shutdownScript: value('shutdown_script', script(), 'Command to run at the very end.', {
    ...LATER,
    missingIs: 5,
    once: true,
  }),
  shutdownScriptTimeout: value('shutdown_script_timeout', wholeSeconds(1, 1000), 'How long it may take.', {
    ...LATER,
    missingIs: 5,
  }),
  reloadCheckConfig: value('reload_check_config', words('a log file', 0, 1), 'Check before a reload; always so here.'),
  reloadTimeFile: value('reload_time_file', text('a path'), 'File that says when to reload.', {
    ...LATER,
    missingIs: 5,
  }),
  reloadRepeat: flag('reload_repeat', 'Keep that file after the reload.', LATER),
  reloadFile: value('reload_file', words('a path', 0, 1), 'File that is there during a reload.', LATER),
  // Acted on while the file is read: config/expand.ts.
  includeCheck: value('include_check', includeCheckWords, 'Which missing includes are errors.'),
  randomSeed: value('random_seed', integer(0, UINT32_MAX), 'Seed of what is random in the configuration.', LATER),
};

const scriptKeywords = {
  enableScriptSecurity: flag('enable_script_security', 'Run no script that others could have changed.', LATER),
  scriptUser: value('script_user', words('a user, then a group if wanted', 1, 2), 'Who runs scripts.', {
    ...LATER,
    missingIs: 5,
  }),
  notifyFifo: value('notify_fifo', fifo(), 'FIFO that gets all changes of state.', { ...LATER, missingIs: 5 }),
  notifyFifoScript: value('notify_fifo_script', script(), 'Command that reads it.', { ...LATER, missingIs: 5 }),
  vrrpNotifyFifo: value('vrrp_notify_fifo', fifo(), 'FIFO that gets changes of virtual routers.', {
    ...LATER,
    missingIs: 5,
  }),
  vrrpNotifyFifoScript: value('vrrp_notify_fifo_script', script(), 'Command that reads it.', {
    ...LATER,
    missingIs: 5,
  }),
  lvsNotifyFifo: value('lvs_notify_fifo', fifo(), 'FIFO that gets changes of real servers.', {
    ...LATER,
    missingIs: 5,
  }),
  lvsNotifyFifoScript: value('lvs_notify_fifo_script', script(), 'Command that reads it.', { ...LATER, missingIs: 5 }),
  enableDbus: flag('enable_dbus', 'Serve D-Bus.', LATER),
  dbusServiceName: value('dbus_service_name', text('a name'), 'Name on the bus.', { ...LATER, missingIs: 5 }),
  snmpSocket: value('snmp_socket', text('a socket'), 'Socket of the SNMP agent.', { ...LATER, missingIs: 5 }),
  enableTraps: flag('enable_traps', 'Send SNMP traps.', LATER),
  enableSnmpVrrp: flag('enable_snmp_vrrp', 'Answer SNMP about virtual routers.', {
    ...LATER,
    aliases: ['enable_snmp_keepalived'],
  }),
  enableSnmpChecker: flag('enable_snmp_checker', 'Answer SNMP about services.', LATER),
  enableSnmpRfc: flag('enable_snmp_rfc', 'Answer SNMP as the RFCs say.', LATER),
  enableSnmpRfcVersion2: flag('enable_snmp_rfcv2', 'The same for version 2.', LATER),
  enableSnmpRfcVersion3: flag('enable_snmp_rfcv3', 'The same for version 3.', LATER),
};

const lvsKeywords = {
  lvsSyncDaemon: value('lvs_sync_daemon', words('an interface and options'), 'Share connections with the peer.', {
    ...LATER,
    missingIs: 5,
  }),
  lvsTimeouts: value('lvs_timeouts', words(`tcp, tcpfin or udp with 0 to ${LVS_TIMEOUT_MAX} s`), 'Timeouts.', {
    ...LATER,
    missingIs: 5,
  }),
  lvsFlush: flag('lvs_flush', 'Empty the IPVS table at the start, whoever filled it.', LATER),
  lvsFlushOnStop: value('lvs_flush_on_stop', orNothing(wordOf('VS')), 'Empty it at the end, too.', {
    ...LATER,
    aliases: ['lvs_flush_onstop'],
  }),
  rsInitNotifies: value('rs_init_notifies', boolean(), 'Tell of servers that are up from the start.', LATER),
  checkerLogAllFailures: value('checker_log_all_failures', boolean(), 'Log every failed attempt.', LATER),
};

/** The words of global_defs { }. */
export const globalKeywords = table({
  routerId: value('router_id', text('a name'), 'Name of this router in mails and dumps.', { missingIs: 5 }),
  lvsId: obsolete('lvs_id', 'long gone; write router_id'),
  ...mailKeywords,
  ...vrrpKeywords,
  ...processKeywords,
  ...scriptKeywords,
  ...lvsKeywords,
});

/** global_defs as it was read; keys without a default are absent unless given. */
export type GlobalDefinitions = ConfigOf<(typeof globalKeywords)['entries']>;
