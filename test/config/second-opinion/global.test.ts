/** Every word of global_defs, with values inside and outside of what it takes. */
import { cpus } from 'node:os';
import { describe, expect, it } from 'vitest';
import { globalKeywords } from '../../../src/daemon/global-keywords.ts';
import { secondOpinion, withEach } from './opinion.ts';

/** No value, a wrong one, and surplus words. */
const COMMON = ['', 'foo', 'a b c', '""', '"a b"'];
const FLAG = [...COMMON, 'on', 'off', '0'];
const BOOLEAN = [...COMMON, 'on', 'off', 'yes', 'no', 'true', 'false', 'ON', '1', 'on off'];
const NUMBER = [...COMMON, '0', '1', '-1', '+1', '01', '1.5', '1s', '0x1', '" 1"', '1 2', '9'.repeat(20)];
const around = (min: number, max: number) => [min - 1, min, max, max + 1].map(String);
const NICE = [...NUMBER, ...around(-20, 19)];
const REAL_TIME = [...NUMBER, ...around(1, 99)];
const UINT32 = [...NUMBER, ...around(0, 2 ** 32 - 1)];
const INT32 = [...NUMBER, ...around(-(2 ** 31), 2 ** 31 - 1)];
const TIMER = [...NUMBER, '0.000001', '0.0000004', '4294.967295', '4294.967296', '.', '.5', '-0.5', '1e3', '1.5.5'];
const LIMIT = [...NUMBER, ...around(1, 2 ** 32 - 1)];
const TEXT = [...COMMON, '/tmp/x', '1', 'é'];
const FIFO = [...COMMON, '/tmp/f', '/tmp/f root', '/tmp/f root root', '/tmp/f nobody-at-all', '/tmp/f root no-group'];
const SCRIPT = ['', '""', '/nonexistent', '/nonexistent root', 'no-such-program', '"no-such-program a b" root'];
const CPUS = ['', '0', '0 0', 'foo', '0 foo', String(cpus().length - 1), '""'];
const NEW = ['', 'foo', '1'];

const ROWS: Readonly<Record<string, readonly string[]>> = {
  router_id: TEXT,
  lvs_id: ['', 'foo'],
  notification_email: ['{ }', '{ a@b }', '{ a@b c@d }', 'a@b { c@d }', '{ "A B <a@b>" }', '', 'foo'],
  notification_email_from: TEXT,
  smtp_server: [
    ...['', '127.0.0.1', '127.0.0.1 25', '127.0.0.1 0', '127.0.0.1 65536', '127.0.0.1 foo', '127.0.0.1 25 x', '""'],
    ...[
      '::1',
      '::1 25',
      '[::1]',
      '1',
      '127.1',
      '1.2.3.256',
      '1.2.3.4.5',
      '1.2.3.08',
      '127.0.0.1:25',
      'a/b',
      '-a',
      'a..b',
    ],
    ...['localhost', 'localhost 0', 'fd00::1%lo', '4294967295', '4294967296'],
  ],
  smtp_helo_name: TEXT,
  smtp_connect_timeout: [...NUMBER, '4294', '4295'],
  smtp_alert: BOOLEAN,
  smtp_alert_vrrp: BOOLEAN,
  smtp_alert_checker: BOOLEAN,
  no_email_faults: FLAG,
  no_checker_emails: BOOLEAN,
  dynamic_interfaces: [...COMMON, 'allow_if_changes', 'allow_if_changes x', 'off'],
  default_interface: [...TEXT, 'eth0', 'eth9', 'lo', '1234567890123456'],
  disable_local_igmp: FLAG,
  vrrp_mcast_group4: [...COMMON, '224.0.0.99', '192.0.2.1', '240.0.0.1', 'ff02::5', '224.0.0.18/32', '224.0.0'],
  vrrp_mcast_group6: [...COMMON, 'ff02::99', 'ff05::5', 'ff12::5', 'fd00::1', '224.0.0.5', 'ff02::12/64', 'ff02::1%lo'],
  v3_checksum_as_v2: NEW,
  vrrp_garp_master_delay: [...NUMBER, '4294', '4295'],
  vrrp_garp_master_repeat: UINT32,
  vrrp_garp_master_refresh: UINT32,
  vrrp_garp_master_refresh_repeat: UINT32,
  vrrp_garp_lower_prio_delay: [...NUMBER, '4294', '4295'],
  vrrp_garp_lower_prio_repeat: [...NUMBER, '2147483647', '2147483648'],
  vrrp_garp_interval: TIMER,
  vrrp_gna_interval: TIMER,
  vrrp_min_garp: BOOLEAN,
  vrrp_garp_extra_if: [...NUMBER, 'all', 'all 5', '5 all', '5 6', 'all 0', '5 foo', '86400', '86401', 'ALL 5'],
  vrrp_vmac_garp_intvl: ['', '5', 'all 5'],
  vrrp_down_timer_adverts: [...NUMBER, ...around(1, 100)],
  vrrp_lower_prio_no_advert: BOOLEAN,
  vrrp_higher_prio_send_advert: BOOLEAN,
  vrrp_owner_ignore_adverts: NEW,
  vrrp_version: [...NUMBER, '2', '3', '4', '02', '+3'],
  vrrp_iptables: ['', 'A', 'A B', 'A B C'],
  vrrp_ipsets: ['', 'A', 'A B'],
  nftables: ['', 'a', 'a b', '""', 'a'.repeat(255), 'a'.repeat(256)],
  nftables_priority: INT32,
  nftables_counters: FLAG,
  nftables_ifindex: FLAG,
  vrrp_check_unicast_src: FLAG,
  vrrp_skip_check_adv_addr: BOOLEAN,
  vrrp_strict: BOOLEAN,
  vrrp_notify_priority_changes: BOOLEAN,
  fifo_write_vrrp_states_on_reload: FLAG,
  vrrp_startup_delay: [...TIMER, '0.001', '0.0009', '60'],
  vrrp_delay_after_boot: NEW,
  log_unknown_vrids: FLAG,
  vmac_prefix: TEXT,
  vmac_addr_prefix: TEXT,
  vrrp_rx_bufs_policy: [
    ...UINT32,
    'MTU',
    'ADVERT',
    'mtu',
    'MTU ADVERT',
    'MTU MTU',
    'MTU 5',
    '5 MTU',
    '5 foo',
    'NO_SEND_RX',
  ],
  vrrp_rx_bufs_multiplier: LIMIT,
  vrrp_netlink_cmd_rcv_bufs: UINT32,
  vrrp_netlink_cmd_rcv_bufs_force: BOOLEAN,
  vrrp_netlink_monitor_rcv_bufs: UINT32,
  vrrp_netlink_monitor_rcv_bufs_force: BOOLEAN,
  process_monitor_rcv_bufs: UINT32,
  process_monitor_rcv_bufs_force: BOOLEAN,
  process_names: FLAG,
  process_name: [...TEXT, 'a'.repeat(15), 'a'.repeat(16)],
  vrrp_process_name: [...TEXT, 'a'.repeat(15), 'a'.repeat(16)],
  checker_process_name: [...TEXT, 'a'.repeat(15), 'a'.repeat(16)],
  lvs_process_name: [...TEXT, 'a'.repeat(15), 'a'.repeat(16)],
  bfd_process_name: [...TEXT, 'a'.repeat(15), 'a'.repeat(16)],
  use_symlink_paths: NEW,
  set_supplementary_groups: NEW,
  startup_script: SCRIPT,
  startup_script_timeout: [...NUMBER, ...around(1, 1000)],
  shutdown_script: SCRIPT,
  shutdown_script_timeout: [...NUMBER, ...around(1, 1000)],
  max_auto_priority: [...NUMBER, ...around(-1, 99)],
  min_auto_priority_delay: [...NUMBER, ...around(1, 10_000_000)],
  vrrp_priority: NICE,
  checker_priority: NICE,
  bfd_priority: NICE,
  vrrp_no_swap: FLAG,
  checker_no_swap: FLAG,
  bfd_no_swap: FLAG,
  vrrp_rt_priority: REAL_TIME,
  checker_rt_priority: REAL_TIME,
  bfd_rt_priority: REAL_TIME,
  vrrp_cpu_affinity: CPUS,
  checker_cpu_affinity: CPUS,
  bfd_cpu_affinity: CPUS,
  vrrp_rlimit_rttime: LIMIT,
  checker_rlimit_rttime: LIMIT,
  bfd_rlimit_rttime: LIMIT,
  vrrp_rlimit_rtime: LIMIT,
  checker_rlimit_rtime: LIMIT,
  bfd_rlimit_rtime: LIMIT,
  umask: [
    ...[
      ...COMMON,
      '0',
      '0177',
      '0777',
      '0778',
      '777',
      '511',
      '512',
      '0x1ff',
      '0x200',
      '08',
      '0x',
      '-1',
      '7 7',
      '0177 | IRUSR',
    ],
    ...['IRUSR', 'IWGRP | IWOTH', 'IWGRP|IWOTH', 'IWGRP| IWOTH', 'IRUSR |', '| IRUSR', 'IRUSR || IWUSR', 'IRUSR IWUSR'],
    ...['IRWXU', 'irusr', '"IRUSR | IWUSR"', 'IRUSR,IWUSR', 'IRUSR|foo'],
  ],
  random_seed: UINT32,
  script_user: [...COMMON, 'root', 'root root', 'root root x', 'root no-group', 'nobody-at-all'],
  enable_script_security: FLAG,
  tmp_config_directory: TEXT,
  config_save_dir: [''],
  include_check: ['', 'read', 'readable', '+match -read', 'match read', 'foo', '+'],
  reload_check_config: TEXT,
  reload_time_file: TEXT,
  reload_repeat: FLAG,
  reload_file: TEXT,
  data_use_instance: BOOLEAN,
  state_dump_file: NEW,
  stats_dump_file: NEW,
  json_dump_file: NEW,
  json_version: NEW,
  iproute_usr_dir: NEW,
  iproute_etc_dir: NEW,
  lvs_sync_daemon: [
    ...['', 'eth0', 'eth9', 'eth0 V', 'eth0 V 5', 'eth0 V 256', 'eth0 inst V', 'eth0 inst', 'eth0 inst V inst W'],
    ...['id', 'maxlen', 'port', 'ttl', 'group'].flatMap((name) =>
      ['', '-1', '0', '1', '255', '256', '65507', '65508', '65535', '65536', 'foo', '""', '224.0.0.1', '192.0.2.1'].map(
        (value) => `eth0 ${name} ${value}`,
      ),
    ),
    ...['eth0 group ff05::5', 'eth0 foo bar', 'eth0 id 5 7', 'eth0 inst V id 5 ttl 7 port 9', '1234567890123456'],
  ],
  lvs_timeouts: [
    ...[
      '',
      'tcp',
      'tcp 1',
      'tcp 1 tcpfin 2 udp 3',
      'tcp 1 udp',
      'foo',
      'foo 5',
      'tcp foo',
      'tcp tcpfin 5',
      'TCP 5',
      'tcp ""',
    ],
    ...around(0, 2_678_400).map((value) => `udp ${value}`),
  ],
  lvs_flush: FLAG,
  lvs_flush_on_stop: ['', 'VS', 'vs', 'VS x', 'foo'],
  lvs_flush_onstop: ['', 'VS', 'foo'],
  nftables_ipvs: ['', 'a', 'a b', 'a'.repeat(256)],
  nftables_ipvs_priority: INT32,
  nftables_ipvs_start_fwmark: LIMIT,
  rs_init_notifies: BOOLEAN,
  checker_log_all_failures: BOOLEAN,
  lvs_netlink_cmd_rcv_bufs: UINT32,
  lvs_netlink_cmd_rcv_bufs_force: BOOLEAN,
  lvs_netlink_monitor_rcv_bufs: UINT32,
  lvs_netlink_monitor_rcv_bufs_force: BOOLEAN,
  notify_fifo: FIFO,
  notify_fifo_script: SCRIPT,
  vrrp_notify_fifo: FIFO,
  vrrp_notify_fifo_script: SCRIPT,
  lvs_notify_fifo: FIFO,
  lvs_notify_fifo_script: SCRIPT,
  snmp_socket: TEXT,
  enable_traps: FLAG,
  enable_snmp_vrrp: FLAG,
  enable_snmp_keepalived: FLAG,
  enable_snmp_checker: FLAG,
  enable_snmp_rfc: FLAG,
  enable_snmp_rfcv2: FLAG,
  enable_snmp_rfcv3: FLAG,
  snmp_vs_stats_update_interval: NEW,
  snmp_rs_stats_update_interval: NEW,
  enable_dbus: FLAG,
  dbus_service_name: TEXT,
  dbus_no_interface_name: NEW,
};

/** Given twice: the first counts, the last counts, or keepalived complains. */
const TWICE = Object.entries({
  ...{ router_id: 'a', smtp_server: '127.0.0.1', vrrp_strict: '', snmp_socket: 'a', nftables: '', nftables_ipvs: '' },
  ...{ lvs_sync_daemon: 'eth0', notify_fifo: '/tmp/f', lvs_notify_fifo: '/tmp/f', vrrp_notify_fifo: '/tmp/f' },
  ...{ notify_fifo_script: '/nonexistent', startup_script: '/nonexistent', shutdown_script: '/nonexistent' },
  ...{ vrrp_rt_priority: '5', umask: '0', lvs_timeouts: 'tcp 5', script_user: 'root', vrrp_garp_extra_if: '5' },
}).map(([keyword, value]) => `${keyword} ${value}\n${keyword} ${value}`);

const global = (lines: string) => `global_defs {\n${lines}\n}\n`;

secondOpinion('global_defs', {
  ...Object.fromEntries(Object.entries(ROWS).map(([word, values]) => [word, withEach(word, values, global)])),
  'words that stand there twice': TWICE.map(global),
});

/** Words of which keepalived knows nothing. */
const OURS = new Set(['merge_checks', 'notify_webhook', 'notify_webhook_timeout']);

describe('the rows above', () => {
  it('have every word and every spelling', () => {
    const known = [...globalKeywords.found.keys()].filter((word) => !OURS.has(word));
    expect(Object.keys(ROWS).sort()).toEqual(known.sort());
  });
});
