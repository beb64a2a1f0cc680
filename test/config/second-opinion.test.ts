// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how parameters are written
/** The exit status of small files, beside that of the keepalived that is installed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfiguration } from '../../src/daemon/root.ts';
import { instanceWith, realServerWith, serviceWith } from './reading.ts';

const global = (...lines: string[]) => `global_defs {\n${lines.join('\n')}\n}\n`;
const authentication = (...lines: string[]) => instanceWith('authentication {', ...lines, '}');
const tcpCheck = (...lines: string[]) => realServerWith('TCP_CHECK {', ...lines, '}');

const files: readonly string[] = [
  '',
  '! nothing\n# at all\n',
  'foo\n',
  'foo {\nbar {\n}\n}\n',
  'global_defs {\n}\n}\n',
  'global_defs {\nrouter_id a\n',
  'vrrp_instance V\ninterface eth0\nvirtual_router_id 50\nvirtual_ipaddress { 192.168.4.80 }\n}\n',
  ...['$IF=eth0', '$VIP=192.168.4.80\n$IF=eth0', '$IF=${DEV}\n$DEV=eth0', '$IF= \\\neth0'].map(
    (definitions) =>
      `${definitions}\nvrrp_instance V {\ninterface $IF\nvirtual_router_id 5\nvirtual_ipaddress {\n192.168.4.80\n}\n}\n`,
  ),
  'global_defs {\nrouter_id ${UNDEFINED}\n}\n',
  ...['~SEQ(n, 81, 89) 192.168.4.${n}', '~SEQ(n, 89, 81) 192.168.4.${n}', '~LST(n, 81, 82) 192.168.4.${n}'].map(
    (line) => instanceWith('virtual_ipaddress_excluded {', line, '}'),
  ),
  ...['~SEQ(n, 1, -1, 3) x', '~SEQ(n, 1, 0, 3) x', '~SEQ(n) x', '~SEQx(n, -2) x', '~LST(n) x', '~LST({n}, {1,2}) x'],
  ...['include', 'include nothing.conf', 'includer nothing.conf', 'includea nothing.conf', 'include nothing*.conf'],
  ...['includew nothing*.conf', 'includem nothing*.conf', 'includem nothing.conf', 'includeb {nothing,more}.conf'],
  'global_defs {\ninclude_check\n}\ninclude nothing.conf\n',
  '\uFEFFglobal_defs {\n}\n',
  'global_defs {\r\nrouter_id a\r\n}\r\n',
  global('router_id'),
  global('router_id a b'),
  global('notification_email {', '}'),
  global('notification_email { a@example.org }'),
  global('smtp_connect_timeout 0'),
  global('vrrp_garp_master_delay foo'),
  global('vrrp_garp_master_repeat 0'),
  global('vrrp_garp_interval 0'),
  global('vrrp_garp_lower_prio_repeat 0'),
  global('vrrp_version'),
  global('vrrp_version 5'),
  global('vrrp_mcast_group4 192.0.2.1'),
  global('vrrp_rt_priority 200'),
  global('vrrp_priority'),
  global('max_auto_priority 100'),
  global('lvs_flush_on_stop foo'),
  instanceWith(),
  'vrrp_instance {\n}\n',
  'vrrp_instance A B {\n}\n',
  'vrrp_instance V {\ninterface eth0\nvirtual_ipaddress { 192.168.4.80 }\n}\n',
  'vrrp_instance V {\ninterface eth0\nvirtual_router_id 5\n}\n',
  instanceWith() + instanceWith(),
  instanceWith() + instanceWith().replace('VI_1', 'VI_2'),
  instanceWith('state MASTER'),
  instanceWith('state MASTER', 'priority 100', 'nopreempt'),
  instanceWith('priority 255', 'nopreempt'),
  instanceWith('nopreempt', 'preempt_delay 5'),
  instanceWith('priority 255', 'preempt_delay 5'),
  instanceWith('strict_mode', 'priority 255'),
  instanceWith('strict_mode', 'priority 255', 'state BACKUP'),
  instanceWith('strict_mode', 'state MASTER'),
  instanceWith('state master'),
  instanceWith('state MASTER', 'state BACKUP'),
  instanceWith('priority 300'),
  instanceWith('priority 5 5'),
  instanceWith('priority +5'),
  instanceWith('priority'),
  instanceWith('advert_int 1.5'),
  instanceWith('advert_int 1s'),
  instanceWith('version 3', 'advert_int 50'),
  instanceWith('version 3', 'advert_int 0.5'),
  instanceWith('interface eth1'),
  instanceWith('interface eth0#x'),
  instanceWith('nopreempt foo'),
  instanceWith('smtp_alert maybe'),
  instanceWith('smtp_alert off x'),
  instanceWith('unicast_src_ip 192.168.4.5'),
  instanceWith('mcast_src_ip 192.168.4.5'),
  instanceWith('priority 5 // five'),
  instanceWith('// five'),
  instanceWith('virtual_ipaddress_excluded { 192.168.4.81 } // five'),
  authentication(),
  authentication('auth_type PASS', 'auth_pass 12345678'),
  authentication('auth_type PASS', 'auth_pass 123456789'),
  authentication('auth_type pass', 'auth_pass 1'),
  authentication('auth_type PASS'),
  authentication('auth_pass 1'),
  authentication('auth_type PASS', 'auth_pass a b'),
  instanceWith('version 3', 'authentication {', 'auth_type PASS', 'auth_pass 1', '}'),
  instanceWith('authentication { auth_type PASS auth_pass x }'),
  ...[
    '192.168.4.81/33',
    '192.168.4.x',
    '192.168.4.81 192.168.4.82',
    '192.168.4.81 dev',
    '192.168.4.81 label 1234567890123456',
  ].map((line) => instanceWith('virtual_ipaddress_excluded {', line, '}')),
  ...['192.168.4.81/24 brd +', '192.168.4.81/32 brd +', '192.168.4.81 scope link', '192.168.4.81 scope far'].map(
    (line) => instanceWith('virtual_ipaddress_excluded {', line, '}'),
  ),
  serviceWith(),
  'virtual_server 10.0.0.1 80 {\n}\n',
  'virtual_server {\n}\n',
  'virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.2 80 {\n}\n}\n',
  'virtual_server 10.0.0.x 80 {\nprotocol TCP\n}\n',
  'virtual_server fwmark 7 {\nlb_algo rr\nlb_kind NAT\nreal_server 10.0.0.2 {\n}\n}\n',
  'virtual_server fwmark 7 {\nlb_algo rr\nlb_kind DR\nreal_server 10.0.0.2 80 {\n}\n}\n',
  'virtual_server 10.0.0.1 {\nprotocol TCP\nlb_algo rr\nlb_kind NAT\nreal_server 10.0.0.2 {\n}\n}\n',
  ...[
    'lb_algo loadbalance',
    'lb_kind dr',
    'lb_kind NAT x',
    'protocol tcp',
    'protocol foo',
    'delay_loop 0',
    'delay_loop 6 7',
  ].map((line) => serviceWith(line)),
  ...[
    'persistence_timeout',
    'persistence_timeout 0',
    'quorum 3',
    'hysteresis 1',
    'ops',
    'sh-port',
    'lb_algo sh sh-port',
    'nat_mask 255.255.255.0',
  ].map((line) => serviceWith(line)),
  serviceWith('real_server 192.168.4.100 80 {', '}'),
  serviceWith('real_server 192.168.4.x 80 {', '}'),
  serviceWith('real_server fd00::1 80 {', '}'),
  serviceWith('real_server {', '}'),
  serviceWith('lb_kind DR', 'real_server 192.168.4.101 8080 {', '}'),
  ...['weight 0', 'weight -1', 'weight 2147483648', 'lb_kind DR', 'inhibit_on_failure no', 'connect_port 80'].map(
    (line) => realServerWith(line),
  ),
  ...[
    '',
    'connect_port 81',
    'connet_port 80',
    'nb_get_retry 3',
    'retry 3 4',
    'retry -1',
    'connect_timeout 0',
    'connect_ip foo',
    'alpha maybe',
  ].map((line) => tcpCheck(line)),
  tcpCheck('bindto fd00::1'),
  tcpCheck('connect_timeout'),
];

/** Runs each file of a folder, in an own network with the interfaces that the files name. */
const ASK = `
  ip link set lo up &&
  for name in eth0 eth1; do ip link add $name type veth peer name "p$name" && ip link set $name up; done &&
  ip addr add 192.168.4.5/24 dev eth0 &&
  i=0; while [ -e "$1/$i" ]; do keepalived -t -f "$1/$i" >/dev/null 2>&1; echo $?; i=$((i + 1)); done`;

/** Ours, on a host that has nothing but the file. */
const opinionOf = (text: string) => readConfiguration('test.conf', () => text, { kindOf: () => undefined }).exitCode;

describe('the exit status', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-opinion-'));
  let opinions: string[] = [];
  let missing: string | undefined;

  beforeAll(() => {
    if (spawnSync('keepalived', ['--version']).error !== undefined) missing = 'keepalived is not installed';
    else if (spawnSync('unshare', ['-n', 'true']).status !== 0) missing = 'no network namespace can be made here';
    if (missing !== undefined) return;
    for (const [i, text] of files.entries()) writeFileSync(join(folder, String(i)), text);
    opinions = spawnSync('unshare', ['-n', 'sh', '-c', ASK, 'sh', folder], { encoding: 'utf8', cwd: folder })
      .stdout.trim()
      .split('\n');
  }, 60_000);

  afterAll(() => rmSync(folder, { recursive: true }));

  it(`of ${files.length} small files is keepalived’s`, ({ skip }) => {
    skip(missing !== undefined, missing);
    const different = files.flatMap((text, i) => {
      const ours = String(opinionOf(text));
      return ours === opinions[i] ? [] : [{ text, ours, keepalived: opinions[i] }];
    });
    expect(different).toEqual([]);
  });
});
