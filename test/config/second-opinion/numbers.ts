/** A file with one and the same word wherever keepalived reads a number: what becomes of it, place by place. */

const GLOBAL = [
  ...[
    'vrrp_garp_master_delay',
    'vrrp_garp_master_repeat',
    'vrrp_garp_master_refresh',
    'vrrp_garp_master_refresh_repeat',
  ],
  ...['vrrp_garp_lower_prio_delay', 'vrrp_garp_lower_prio_repeat', 'vrrp_garp_interval', 'vrrp_gna_interval'],
  ...['vrrp_garp_extra_if', 'vrrp_down_timer_adverts', 'vrrp_version', 'smtp_connect_timeout', 'nftables_priority'],
  ...['max_auto_priority', 'min_auto_priority_delay', 'vrrp_priority', 'checker_priority', 'bfd_priority'],
  ...['vrrp_netlink_cmd_rcv_bufs', 'vrrp_netlink_monitor_rcv_bufs', 'process_monitor_rcv_bufs'],
  ...['lvs_netlink_cmd_rcv_bufs', 'lvs_netlink_monitor_rcv_bufs', 'vrrp_rx_bufs_multiplier', 'umask'],
];
const INSTANCE = [
  ...['priority', 'advert_int', 'garp_master_delay', 'garp_master_repeat', 'garp_master_refresh', 'version'],
  ...['garp_master_refresh_repeat', 'garp_lower_prio_delay', 'garp_lower_prio_repeat', 'garp_extra_if'],
  ...['down_timer_adverts', 'preempt_delay', 'unicast_ttl', 'kernel_rx_buf_size'],
];
const SCRIPT = ['interval', 'timeout', 'weight', 'rise', 'fall'];
const PROCESS = ['weight', 'quorum', 'quorum_max', 'delay'];
const BFD = ['min_rx', 'min_tx', 'idle_tx', 'multiplier', 'ttl', 'max_hops', 'weight'];
const SERVER = ['connect_timeout', 'retry', 'delay_before_retry', 'warmup', 'delay_loop'];
const VIRTUAL_SERVER = ['persistence_timeout', 'quorum', 'hysteresis', 'weight', ...SERVER];
const REAL_SERVER = ['weight', 'uthreshold', 'lthreshold', ...SERVER];
const CHECKER = ['connect_port', 'bind_port', 'fwmark', ...SERVER];

const block = (head: string, ...lines: readonly string[]): string => `${head} {\n${lines.join('\n')}\n}`;
const service = (address: string, ...lines: readonly string[]): string =>
  block(`virtual_server ${address} 80`, 'protocol TCP', 'lb_algo rr', 'lb_kind NAT', ...lines);
const instance = (name: string, vrid: number, on: string, ...lines: readonly string[]): string =>
  block(
    `vrrp_instance ${name}`,
    `interface ${on}`,
    `virtual_router_id ${vrid}`,
    ...lines,
    block('virtual_ipaddress', `10.0.${vrid}.1`, `10.0.${vrid}.2 dev eth3 use_vmac`),
  );

/** @param word what stands behind each keyword */
export function numbersFile(word: string): string {
  return [
    block('global_defs', 'script_user root', ...GLOBAL.map((keyword) => `${keyword} ${word}`)),
    ...SCRIPT.map((keyword) => block(`vrrp_script s_${keyword}`, 'script /bin/true', `${keyword} ${word}`)),
    ...PROCESS.map((keyword) => block(`vrrp_track_process p_${keyword}`, 'process foo', `${keyword} ${word}`)),
    block('track_file f_weight', 'file /tmp/watched', `weight ${word}`),
    ...BFD.map((keyword, i) =>
      block(`bfd_instance b_${keyword}`, `neighbor_ip 192.168.4.${i + 20}`, `${keyword} ${word}`),
    ),
    ...INSTANCE.map((keyword, i) =>
      instance(
        `i_${keyword}`,
        i + 1,
        `eth${i % 3}`,
        `${keyword} ${word}`,
        ...(keyword === 'unicast_ttl' ? [block('unicast_peer', '192.168.4.9')] : []),
      ),
    ),
    instance(
      'tracks',
      99,
      'eth3',
      block('track_script', ...SCRIPT.map((keyword) => `s_${keyword}`)),
      block('track_file', 'f_weight'),
      block('track_process', ...PROCESS.map((keyword) => `p_${keyword}`)),
    ),
    instance(
      'weighs',
      98,
      'eth3',
      block('track_interface', `eth1 weight ${word}`),
      block('track_script', `s_rise weight ${word}`),
      block('track_file', `f_weight weight ${word}`),
    ),
    ...VIRTUAL_SERVER.map((keyword, i) =>
      service(
        `10.2.0.${i + 1}`,
        `${keyword} ${word}`,
        block('real_server 10.3.0.1 80', block('TCP_CHECK')),
        block('real_server 10.3.0.2 80'),
      ),
    ),
    service(
      '10.2.1.1',
      ...REAL_SERVER.map((keyword, i) =>
        block(`real_server 10.3.1.${i + 1} 80`, `${keyword} ${word}`, block('HTTP_GET', block('url', 'path /'))),
      ),
    ),
    service(
      '10.2.1.2',
      ...CHECKER.map((keyword, i) =>
        block(`real_server 10.3.1.${i + 1} 80`, block('TCP_CHECK', 'bindto 192.168.4.2', `${keyword} ${word}`)),
      ),
      block('real_server 10.3.1.100 80', block('MISC_CHECK', 'misc_path /bin/true', `misc_timeout ${word}`)),
    ),
  ].join('\n');
}
