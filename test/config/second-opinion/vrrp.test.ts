/** Every word of vrrp_instance, with values inside and outside of what it takes, and what the words say of each other. */
import { describe, expect, it } from 'vitest';
import { vrrpInstanceKeywords } from '../../../src/vrrp/keywords.ts';
import { secondOpinion } from './opinion.ts';

/** An instance that keepalived says nothing about, with further lines before its address. */
const instance = (lines: string, { vrid = 50, name = 'VI_1', vip = '192.168.4.15', on = 'interface eth0' } = {}) =>
  `vrrp_instance ${name} {\n${on}\nvirtual_router_id ${vrid}\n${lines}\nvirtual_ipaddress {\n${vip}\n}\n}\n`;
const bare = (...lines: string[]) => `vrrp_instance VI_1 {\n${lines.join('\n')}\n}\n`;
const block = (word: string, ...lines: string[]) => `${word} {\n${lines.join('\n')}\n}`;
const V6 = { vip: 'fe80::15' };
const authentication = (...lines: string[]) => block('authentication', ...lines);
const PEER = block('unicast_peer', '192.168.4.3');

const NUMBER = ['', 'foo', '-1', '1.5', '"1"', '1 2', '99999999999'];
const FLAG = ['', 'on', 'off', 'foo'];
const BOOLEAN = ['', 'on', 'off', 'true', 'no', 'ON', '1', 'foo', 'on foo'];
const NEW = ['', '5'];
const around = (min: number, max: number) => [min - 1, min, max, max + 1].map(String);
const UINT32_MAX = 2 ** 32 - 1;
const SCRIPT = ['', '/nonexistent', '"/nonexistent a b"', '/nonexistent root', '/nonexistent root root', '""'];
const TRACKED = ['{ }', '{ nothing }', '{ nothing weight 5 }', ''];
const VMAC = [
  ...['', 'foo', 'foo bar', 'eth1', 'eth1 foo', 'lo', '123456789012345', '1234567890123456', 'a/b', '"a b"', '.', '""'],
  ...['02:00:00:00:01', '02:00:00:00:00:01', 'foo 02:00:00:00:01', '02:00:00:00:01 foo', 'foo 02:00:00:00:01 bar'],
  ...['02:00:00', '2:0:0:0:0:1', 'zz:00:00:00:00:00', '00:00:5e:00:01', '00:00:5e:00:02:07', '01:00:00:00:00:00'],
];
const IPVLAN = [
  ...['', 'foo', 'foo bar', 'eth1 192.168.4.50', '192.168.4.50', '192.168.4.50/24 foo vepa', 'foo 192.168.4.50/33'],
  ...['192.168.4.50 bridge', '192.168.4.50 private vepa', 'fe80::5', 'averyveryverylongname 192.168.4.50'],
];

const ROWS: Readonly<Record<string, readonly string[]>> = {
  state: ['', 'MASTER', 'BACKUP', 'master', 'FAULT', 'MASTER BACKUP', '"MASTER"'],
  interface: ['', 'eth1', 'eth9', 'lo', 'averyveryverylongname', 'eth0 eth1', 'eth0:1'],
  virtual_router_id: [...NUMBER, ...around(1, 255)],
  priority: [...NUMBER, ...around(1, 255), '0x10', '+7'],
  advert_int: [...NUMBER, '0', '0.01', '0.009', '0.5', '1.4', '40.95', '255', '255.01', '1.', '.5', '1.0000001', '1e1'],
  version: ['', '1', '2', '3', '4', 'foo', '2 3', '"2"'],
  virtual_ipaddress: [
    '{ 192.168.4.16 }',
    '{ }',
    '',
    'foo { 192.168.4.16 }',
    '{ 192.168.4.16 192.168.4.17 }',
    '{ fe80::5 }',
  ],
  virtual_ipaddress_excluded: ['{ 192.168.4.16 }', '{ }', '{ fe80::5 }', '{ foo }'],
  no_virtual_ipaddress: NEW,
  authentication: ['{ }', 'foo { auth_type PASS }', ''],
  mcast_src_ip: ['', 'foo', '192.168.4.2', '192.168.4.99', '192.168.4.2/24', '192.168.4.2 x', 'fd00:4::2', '192.168.4'],
  unicast_src_ip: ['', 'foo', '192.168.4.2', '192.168.4.2/24', 'fd00:4::2'],
  unicast_peer: [
    ...['', '{ }', '{ 192.168.4.3 }', '{ 192.168.4.3 192.168.4.4 }', '{ 192.168.4.3/24 }', '{ foo }', '{ fd00:4::3 }'],
    ...['{ 192.168.4.3 min_ttl }', '{ 192.168.4.3 min_ttl 5 max_ttl 4 }', '{ 192.168.4.3 max_ttl 256 }'],
    ...['{ 192.168.4.3 min_ttl 0 max_ttl 255 }', '{ 192.168.4.3 min_ttl foo }', '{ 192.168.4.3 foo 5 }'],
  ],
  unicast_ttl: [...NUMBER, ...around(0, 255)],
  unicast_fault_no_peer: FLAG,
  check_unicast_src: FLAG,
  mcast_dst_ip: ['', 'foo', '224.0.0.19', '239.1.1.1', '10.0.0.1', 'ff02::19', '224.0.0.19/32', '224.0.0.19 x'],
  track_src_ip: FLAG,
  nopreempt: FLAG,
  preempt: FLAG,
  preempt_delay: [...NUMBER, '0', '0.5', '1000', '1000.1', '0.0000001'],
  accept: FLAG,
  no_accept: FLAG,
  skip_check_adv_addr: BOOLEAN,
  strict_mode: BOOLEAN,
  dont_track_primary: FLAG,
  garp_master_delay: [...NUMBER, ...around(0, 4294)],
  garp_master_repeat: [...NUMBER, ...around(0, UINT32_MAX)],
  garp_master_refresh: [...NUMBER, ...around(0, UINT32_MAX)],
  garp_master_refresh_repeat: [...NUMBER, ...around(0, UINT32_MAX)],
  garp_lower_prio_delay: [...NUMBER, ...around(0, 4294)],
  garp_lower_prio_repeat: [...NUMBER, ...around(0, 2 ** 31 - 1)],
  garp_extra_if: [...NUMBER, ...around(0, 86400), 'all', 'all 5', 'all 0', 'all foo', '5 all', 'all 86401'],
  vmac_garp_intvl: ['', '5', 'all 5', 'foo'],
  down_timer_adverts: [...NUMBER, ...around(1, 100)],
  lower_prio_no_advert: BOOLEAN,
  higher_prio_send_advert: BOOLEAN,
  use_vmac: VMAC,
  use_vmac_addr: FLAG,
  vmac_xmit_base: FLAG,
  use_ipvlan: IPVLAN,
  promote_secondaries: FLAG,
  virtual_routes: [
    '{ }',
    '{ 10.0.0.0/8 dev eth0 }',
    '{ 10.0.0.0/8 dev eth9 }',
    '{ foo }',
    'foo { 10.0.0.0/8 dev eth0 }',
    '',
  ],
  virtual_rules: ['{ }', '{ from 10.0.0.0/8 table 5 preference 5 }', '{ from 10.0.0.0/8 table 5 }', '{ foo }', ''],
  old_unicast_checksum: ['', 'never', 'foo', 'never x'],
  v3_checksum_as_v2: NEW,
  owner_ignore_adverts: NEW,
  timer_expired_backup: NEW,
  thread_timer_expired: NEW,
  auth_hmac: ['{ key 1 abc }'],
  vrf: ['', 'eth0', 'eth9'],
  linkbeat_use_polling: FLAG,
  kernel_rx_buf_size: [...NUMBER, ...around(0, UINT32_MAX)],
  debug: [...NUMBER, ...around(0, 4)],
  native_ipv6: FLAG,
  lvs_sync_daemon_interface: ['', 'eth0', 'eth9', 'eth0 x'],
  track_interface: [
    ...['{ }', '{ eth1 }', '{ eth0 }', '{ eth9 }', '{ eth1 weight 5 }', '{ eth1 weight 254 }', '{ eth1 weight 255 }'],
    ...[
      '{ eth1 weight }',
      '{ eth1 weight foo }',
      '{ eth1 weight 5 reverse }',
      '{ eth1 weight 5 foo }',
      '{ eth1 foo }',
      '',
    ],
  ],
  track_script: TRACKED,
  // keepalived 2.2.7 dies of a track_file that is not defined
  track_file: ['{ }'],
  track_process: TRACKED,
  track_bfd: TRACKED,
  notify_master: SCRIPT,
  notify_backup: SCRIPT,
  notify_fault: SCRIPT,
  notify_stop: SCRIPT,
  notify: SCRIPT,
  notify_deleted: SCRIPT,
  notify_master_rx_lower_pri: SCRIPT,
  notify_priority_changes: BOOLEAN,
  smtp_alert: BOOLEAN,
};

/** Every pair of a word of one list and one of the other. */
const pairs = (some: readonly string[], others: readonly string[]): string[] =>
  some.flatMap((one) => others.map((other) => `${one}\n${other}`));

const STATES = ['', 'state MASTER', 'priority 255', 'state MASTER\npriority 100', 'state BACKUP\npriority 255'];
const STRICT = [
  ...['accept', 'no_accept', 'accept\nno_accept', 'nopreempt', 'preempt_delay 5', 'preempt_delay 0'],
  ...['down_timer_adverts 4', 'version 3\naccept', 'garp_lower_prio_repeat 1', 'garp_lower_prio_repeat 0'],
  ...['garp_lower_prio_delay 1', 'lower_prio_no_advert off', 'higher_prio_send_advert on', 'mcast_src_ip 192.168.4.2'],
  ...['use_vmac', 'use_vmac\nvmac_xmit_base', 'use_vmac 02:00:00:00:01', PEER, 'unicast_src_ip 192.168.4.2'],
  ...[authentication('auth_type PASS', 'auth_pass x'), authentication('auth_type AH', 'auth_pass x')],
];
const UNICAST = [
  'unicast_src_ip 192.168.4.2',
  'unicast_ttl 5',
  'check_unicast_src',
  'old_unicast_checksum',
  'mcast_src_ip 192.168.4.2',
];

/** Lines whose order decides what fits. */
const ORDERED = [
  ...[
    block('virtual_ipaddress', '192.168.4.15'),
    block('virtual_ipaddress', 'fe80::15'),
    block('virtual_ipaddress', 'foo'),
  ],
  ...['mcast_src_ip 192.168.4.2', 'mcast_src_ip fe80::2', PEER, block('unicast_peer', 'fd00:4::3'), 'native_ipv6'],
  ...['version 2', 'version 3', 'mcast_dst_ip 224.0.0.19', 'mcast_dst_ip ff02::19', 'mcast_dst_ip ff05::1'],
  ...['use_ipvlan 192.168.4.50', 'use_ipvlan fe80::50', block('virtual_ipaddress_excluded', 'fe80::99')],
];

const many = (count: number, address: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => address(i)).join('\n');

secondOpinion('vrrp_instance', {
  ...Object.fromEntries(
    Object.entries(ROWS).map(([word, values]) => [word, values.map((value) => instance(`${word} ${value}`))]),
  ),
  'names of instances': ['A', '"A B"', 'A B', '', '{'].map(
    (name) => `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id 5\n}\n`,
  ),
  'what must be there': [
    bare(),
    bare('interface eth0', block('virtual_ipaddress', '192.168.4.15')),
    bare('virtual_router_id 5', block('virtual_ipaddress', '192.168.4.15')),
    bare('interface eth0', 'virtual_router_id 5'),
    bare('interface eth0', 'virtual_router_id 5', 'version 3'),
    bare('interface eth0', 'virtual_router_id 5', block('virtual_ipaddress_excluded', '192.168.4.15')),
    bare('virtual_router_id 5', 'unicast_src_ip 192.168.4.2', PEER, block('virtual_ipaddress', '192.168.4.15')),
  ],
  'state, priority and preemption': pairs(STATES, [
    'nopreempt',
    'preempt_delay 5',
    'nopreempt\npreempt_delay 5',
    'preempt\nnopreempt',
    'nopreempt\npreempt',
  ]).map((lines) => instance(lines)),
  'strict mode': pairs(
    ['strict_mode', 'strict_mode\npriority 255', 'strict_mode\nstate MASTER\npriority 100'],
    STRICT,
  ).map((lines) => instance(lines)),
  'strict mode of IPv6': ['strict_mode', 'strict_mode\nversion 2', 'strict_mode\nversion 3\naccept'].flatMap(
    (lines) => [instance(lines, V6), instance(lines, { vip: 'fd00:4::15' })],
  ),
  authentication: [
    ...['12345678', '123456789', '"a b"', 'a b', 'äöüß', 'äöüßx', '""', ''].map((password) =>
      instance(authentication('auth_type PASS', `auth_pass ${password}`)),
    ),
    ...['', 'PASS', 'AH', 'pass', 'PASS x', 'MD5'].map((type) =>
      instance(authentication(`auth_type ${type}`, 'auth_pass x')),
    ),
    ...['version 3', 'state MASTER', 'state MASTER\npriority 100', PEER].map((line) =>
      instance(`${line}\n${authentication('auth_type AH', 'auth_pass x')}`),
    ),
    instance(authentication('auth_type AH', 'auth_pass x'), V6),
    instance(`version 2\n${authentication('auth_type AH', 'auth_pass x')}`, V6),
    instance(authentication('auth_type PASS')),
    instance(authentication('auth_pass x')),
    instance('authentication { auth_type PASS auth_pass x }'),
    instance('auth_type PASS\nauth_pass x'),
  ],
  'unicast without peers, and with them': pairs(UNICAST, [
    '',
    'unicast_fault_no_peer',
    PEER,
    `mcast_dst_ip 224.0.0.19\n${PEER}`,
    'use_vmac',
    `use_vmac\n${PEER}`,
  ]).map((lines) => instance(lines)),
  'lines in another order': pairs(ORDERED, ORDERED).map((lines) =>
    bare('interface eth0', 'virtual_router_id 50', ...lines.split('\n')),
  ),
  'two instances of one VRID': [
    ['', {}],
    ['', { name: 'VI_1' }],
    ['', { vrid: 51 }],
    ['', { on: 'interface eth1' }],
    ['', V6],
    ['mcast_dst_ip 224.0.0.19', {}],
    [PEER, {}],
    ['use_vmac', {}],
    ['version 3', {}],
  ].map(([lines, other]) => instance('') + instance(lines as string, { name: 'VI_2', ...(other as object) })),
  'two unicast instances of one VRID': [
    PEER,
    block('unicast_peer', '192.168.4.4'),
    block('unicast_peer', '192.168.4.4', '192.168.4.3'),
    `unicast_src_ip 192.168.4.8\n${PEER}`,
  ].map(
    (lines) =>
      instance(PEER) +
      instance(lines, { name: 'VI_2' }) +
      instance(`unicast_src_ip 192.168.4.9\n${PEER}`, { name: 'VI_3', vrid: 51 }),
  ),
  'names of virtual MAC interfaces': [
    ['use_vmac foo', 'use_vmac foo'],
    ['use_vmac', 'use_vmac vrrp.50'],
    ['use_vmac foo', 'use_ipvlan foo 192.168.4.50'],
    ['use_vmac\npromote_secondaries', 'use_vmac\nuse_vmac_addr'],
  ].map(([one = '', other = '']) => instance(one) + instance(other, { name: 'VI_2', vrid: 51 })),
  'more addresses than there is room for': [
    instance('', { vip: many(255, (i) => `10.0.0.${i}`) }),
    instance('', { vip: many(256, (i) => `10.0.0.${i}`) }),
    instance('', { vip: many(89, (i) => `fd00::${i}`) }),
    instance('', { vip: many(90, (i) => `fd00::${i}`) }),
    instance('', { vip: '192.168.4.15\n192.168.4.15' }),
  ],
});

/** Of which keepalived knows nothing. */
const OURS = 'notify_webhook';

describe('the rows above', () => {
  it('have every word and every spelling', () => {
    const known = [...vrrpInstanceKeywords.found.keys()].filter((word) => word !== OURS);
    expect(Object.keys(ROWS).sort()).toEqual(known.sort());
  });
});
