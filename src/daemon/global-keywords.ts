/** global_defs { } of keepalived.conf(5): what holds for the whole agent. Virtual routers and processes: the files beside. */
import { readScript, type Script, script } from '../config/script.ts';
import { type ConfigOf, flag, LATER, type LineType, list, obsolete, optional, table, value } from '../config/table.ts';
import {
  boolean,
  decimalSeconds,
  INT32_MAX,
  integer,
  onlyWord,
  orNothing,
  TIMER_MAX,
  UINT32_MAX,
  type ValueType,
  wholeSeconds,
  wordOf,
  words,
} from '../config/values.ts';
import { webAddress } from '../config/web-address.ts';
import { lvsSyncDaemon, lvsTimeouts } from './global-lvs-values.ts';
import { processKeywords } from './global-process-keywords.ts';
import { anyWord, notifyFifo, tableName } from './global-values.ts';
import { vrrpKeywords } from './global-vrrp-keywords.ts';
import { mailServer } from './mail-server.ts';

const COMPLAINS = { missingIs: 5 } as const;

const email: LineType<string> = { expected: 'mail addresses', read: (given) => given.map((word) => word.text) };

const mailKeywords = {
  notificationEmail: list('notification_email', email, 'Who gets mail about changes of state; nobody: no mail.', {
    whenEmpty: 'notification_email names nobody',
  }),
  notificationEmailFrom: value(
    'notification_email_from',
    anyWord('a mail address'),
    'Sender of that mail; the user of the agent at this host unless given.',
    COMPLAINS,
  ),
  smtpServer: value('smtp_server', mailServer, 'Server that takes the mail, and its port if not 25.'),
  smtpHeloName: value('smtp_helo_name', orNothing(anyWord('a host name')), 'How the agent introduces itself to it.'),
  smtpConnectTimeout: value(
    'smtp_connect_timeout',
    wholeSeconds(0, Math.floor(TIMER_MAX), { zeroBecomes: 1, leading: true }),
    'How long the mail server may take; 30 unless given.',
  ),
  smtpAlert: value('smtp_alert', boolean(), 'Mail about everything, unless said otherwise.'),
  smtpAlertVrrp: value('smtp_alert_vrrp', boolean(), 'Mail about instances and groups.'),
  smtpAlertChecker: value('smtp_alert_checker', boolean(), 'Mail about virtual and real servers.'),
  noEmailFaults: flag('no_email_faults', 'No mail about FAULT.'),
  noCheckerEmails: value('no_checker_emails', boolean(), 'Mail per real server, not per checker; always so here.'),
  notifyWebhook: value(
    'notify_webhook',
    webAddress(),
    'Gets what notify scripts get, as JSON with POST, unless an instance or group names another one. Of holdfast alone.',
  ),
  notifyWebhookTimeout: value(
    'notify_webhook_timeout',
    wholeSeconds(1, 60),
    'How long its answer may take; 5 s. Of holdfast alone.',
  ),
};

const fifoScript: ValueType<Script | true> = {
  ...script(),
  read: (given) => readScript(given) ?? true,
  show: (given) => (given === true ? '' : script().show(given)),
  writeWords: (given) => (given === true ? [''] : (script().writeWords?.(given) ?? [])),
};
const fifoOptions = { ...COMPLAINS, once: true } as const;

const scriptKeywords = {
  enableScriptSecurity: flag('enable_script_security', 'Run no script as root that others could have changed.'),
  scriptUser: value(
    'script_user',
    words('a user, then a group if wanted', 1, 2),
    'Who runs scripts that name nobody; the account keepalived_script where there is one, or else root.',
    COMPLAINS,
  ),
  notifyFifo: value('notify_fifo', notifyFifo, 'FIFO that gets all changes of state.', fifoOptions),
  notifyFifoScript: value('notify_fifo_script', fifoScript, 'Command that reads it.', fifoOptions),
  vrrpNotifyFifo: value('vrrp_notify_fifo', notifyFifo, 'FIFO that gets changes of virtual routers.', fifoOptions),
  vrrpNotifyFifoScript: value('vrrp_notify_fifo_script', fifoScript, 'Command that reads it.', fifoOptions),
  lvsNotifyFifo: value('lvs_notify_fifo', notifyFifo, 'FIFO that gets changes of real servers.', fifoOptions),
  lvsNotifyFifoScript: value('lvs_notify_fifo_script', fifoScript, 'Command that reads it.', fifoOptions),
  fifoWriteStatesOnReload: flag(
    'fifo_write_vrrp_states_on_reload',
    'Tell all states on the FIFOs after a reload, changed or not.',
  ),
};

const managementKeywords = {
  snmpSocket: value(
    'snmp_socket',
    onlyWord('a socket'),
    'Socket of the SNMP agent; unix:/var/agentx/master unless given.',
    {
      ...LATER,
      ...COMPLAINS,
      once: true,
    },
  ),
  enableTraps: flag('enable_traps', 'Send SNMP traps.', LATER),
  enableSnmpVrrp: flag('enable_snmp_vrrp', 'Answer SNMP about virtual routers.', {
    ...LATER,
    aliases: [
      {
        word: 'enable_snmp_keepalived',
        message: 'enable_snmp_keepalived is now called enable_snmp_vrrp',
        silent: true,
      },
    ],
  }),
  enableSnmpChecker: flag('enable_snmp_checker', 'Answer SNMP about services.', LATER),
  enableSnmpRfc: flag('enable_snmp_rfc', 'Answer SNMP as the RFCs say, for both versions of VRRP.', LATER),
  enableSnmpRfcVersion2: flag('enable_snmp_rfcv2', 'Answer SNMP as RFC 2787 says.', LATER),
  enableSnmpRfcVersion3: flag('enable_snmp_rfcv3', 'Answer SNMP as RFC 6527 says.', LATER),
  snmpVirtualServerUpdateInterval: value(
    'snmp_vs_stats_update_interval',
    decimalSeconds(0.001, 30),
    'How old the counters of virtual servers may be that SNMP tells.',
    { ...LATER, since: '2.3' },
  ),
  snmpRealServerUpdateInterval: value(
    'snmp_rs_stats_update_interval',
    decimalSeconds(0.001, 30),
    'How old the counters of real servers may be that SNMP tells.',
    { ...LATER, since: '2.3' },
  ),
  enableDbus: flag('enable_dbus', 'Serve D-Bus.', LATER),
  dbusServiceName: value(
    'dbus_service_name',
    anyWord('a name'),
    'Name on the bus; org.keepalived.Vrrp1 unless given.',
    {
      ...LATER,
      ...COMPLAINS,
    },
  ),
  dbusNoInterfaceName: value(
    'dbus_no_interface_name',
    anyWord('a name'),
    'What stands for a missing interface there.',
    {
      ...LATER,
      since: '2.3',
    },
  ),
};

const bytes = () => integer(0, UINT32_MAX);

const lvsKeywords = {
  lvsSyncDaemon: value('lvs_sync_daemon', lvsSyncDaemon, 'Share the connections of IPVS with the other directors.', {
    ...COMPLAINS,
    once: true,
  }),
  lvsTimeouts: value('lvs_timeouts', lvsTimeouts, 'When IPVS forgets connections; as the kernel has it unless given.', {
    ...COMPLAINS,
  }),
  lvsFlush: flag('lvs_flush', 'Empty the IPVS table at the start, whoever filled it.'),
  lvsFlushOnStop: value(
    'lvs_flush_on_stop',
    orNothing(wordOf('VS')),
    'At the end empty the IPVS table as a whole; with VS by removing our services, not each server.',
    {
      aliases: [
        { word: 'lvs_flush_onstop', message: 'lvs_flush_onstop is now called lvs_flush_on_stop', silent: true },
      ],
    },
  ),
  nftablesIpvs: value(
    'nftables_ipvs',
    tableName('keepalived_ipvs'),
    'Table that gives each virtual_server_group a firewall mark of its own; before Linux 5.6 each address is a service.',
    { once: true },
  ),
  nftablesIpvsPriority: optional(
    'nftables_ipvs_priority',
    integer(-INT32_MAX - 1, INT32_MAX),
    -1,
    'Priority of its chains.',
  ),
  nftablesIpvsStartFwmark: optional(
    'nftables_ipvs_start_fwmark',
    integer(1, UINT32_MAX),
    1000,
    'The first of these marks.',
  ),
  rsInitNotifies: value('rs_init_notifies', boolean(), 'Tell of servers that are up from the start.'),
  checkerLogAllFailures: value('checker_log_all_failures', boolean(), 'Log every failed attempt, not only the last.'),
  mergeChecks: value(
    'merge_checks',
    boolean(),
    'Checkers of several virtual servers that ask a server the same question in the same way are one; on. Of holdfast alone.',
  ),
  lvsNetlinkCommandBuffer: optional(
    'lvs_netlink_cmd_rcv_bufs',
    bytes(),
    0,
    'Receive buffer in bytes for answers of the kernel about IPVS; 0: the default of the system.',
    { ...LATER, ...COMPLAINS },
  ),
  lvsNetlinkCommandBufferForce: value(
    'lvs_netlink_cmd_rcv_bufs_force',
    boolean(),
    'Beyond the limit of the system.',
    LATER,
  ),
  lvsNetlinkMonitorBuffer: optional(
    'lvs_netlink_monitor_rcv_bufs',
    bytes(),
    0,
    'Receive buffer in bytes of the health process for changes of interfaces; 0: the default of the system.',
    { ...LATER, ...COMPLAINS },
  ),
  lvsNetlinkMonitorBufferForce: value(
    'lvs_netlink_monitor_rcv_bufs_force',
    boolean(),
    'Beyond the limit of the system.',
    LATER,
  ),
};

/** The words of global_defs { }. */
export const globalKeywords = table({
  routerId: value('router_id', anyWord('a name'), 'Name of this router in mails and dumps.', COMPLAINS),
  lvsId: obsolete('lvs_id', 'long gone; write router_id'),
  ...mailKeywords,
  ...vrrpKeywords,
  ...processKeywords,
  ...scriptKeywords,
  ...managementKeywords,
  ...lvsKeywords,
});

/** global_defs as it was read; keys without a default are absent unless given. */
export type GlobalDefinitions = ConfigOf<(typeof globalKeywords)['entries']>;
