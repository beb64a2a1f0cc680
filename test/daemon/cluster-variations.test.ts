/**
 * checkCluster on pairs as people write them: each everyday mistake in several disguises, and beside each the pair that
 * looks like it and is right. Only the codes are compared; the sentences are in cluster-check.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { checkCluster } from '../../src/daemon/cluster-check.ts';
import { readConfigurationTree } from '../../src/daemon/root.ts';
import type { Files } from './cluster-files.ts';

interface Instance {
  readonly name?: string;
  readonly vrid?: string;
  readonly interface?: string;
  /** Undefined: no line. */
  readonly priority?: string | undefined;
  readonly vips?: readonly string[];
  readonly lines?: readonly string[];
}

const instance = ({ name = 'VI_1', vrid = '51', priority = '100', vips = ['10.0.0.10/24'], ...rest }: Instance = {}) =>
  [
    `vrrp_instance ${name} {`,
    `interface ${rest.interface ?? 'eth0'}`,
    `virtual_router_id ${vrid}`,
    ...(priority === '' ? [] : [`priority ${priority}`]),
    ...(rest.lines ?? []),
    'virtual_ipaddress {',
    ...vips,
    '}',
    '}',
    '',
  ].join('\n');

const backup = (given: Instance = {}) => instance({ priority: '90', ...given });
const auth = (password: string, type = 'PASS') => `authentication {\nauth_type ${type}\nauth_pass ${password}\n}`;
const unicast = (own: string | undefined, ...peers: readonly string[]) => [
  ...(own === undefined ? [] : [`unicast_src_ip ${own}`]),
  'unicast_peer {',
  ...peers,
  '}',
];
const V3 = 'version 3';

/** The codes of what is found between files; further files are there to be included. */
function codes(nodes: Files, included: Files = {}): string[] {
  const all = { ...nodes, ...included };
  const readFile = (path: string) => {
    const text = all[path.replace(/^\.\//, '')];
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return text;
  };
  const files = Object.keys(nodes).map((file) => ({ file, outcome: readConfigurationTree(file, readFile) }));
  return checkCluster(files).map(({ severity, code }) => (severity === 'note' ? `(${code})` : code));
}
const pair = (first: string, second: string, included?: Files) =>
  codes({ 'lb1.conf': first, 'lb2.conf': second }, included);

type Case = [name: string, first: string, second: string, found?: string[]];

describe('the VIP list', () => {
  it.each<Case>([
    ['one more', instance(), backup({ vips: ['10.0.0.10/24', '10.0.0.11/24'] }), ['vip-list']],
    ['another one', instance(), backup({ vips: ['10.0.0.11/24'] }), ['vip-list']],
    ['none', instance(), backup({ vips: [] }), ['vip-list']],
    [
      'in version 3 too',
      instance({ lines: [V3] }),
      backup({ lines: [V3], vips: ['10.0.0.10/24', '10.0.0.11'] }),
      ['vip-list'],
    ],
    [
      'advertised here, excluded there',
      instance({ vips: ['10.0.0.10/24', '10.0.0.11/24'] }),
      backup({ lines: ['virtual_ipaddress_excluded {\n10.0.0.11/24\n}'] }),
      ['vip-list'],
    ],
    ['one that is misspelt and so left out', instance(), backup({ vips: ['10.0.0.10.24'] }), ['vip-list']],
    ['another prefix', instance(), backup({ vips: ['10.0.0.10/32'] }), ['vip-prefix']],
    ['a prefix that is only missing', instance(), backup({ vips: ['10.0.0.10'] }), ['vip-prefix']],
    ['IPv6', instance({ vips: ['fe80::1', '2001:db8::1/64'] }), backup({ vips: ['fe80::1'] }), ['vip-list']],
    // These are right.
    ['another order', instance({ vips: ['10.0.0.10', '10.0.0.11'] }), backup({ vips: ['10.0.0.11', '10.0.0.10'] })],
    ['one twice', instance({ vips: ['10.0.0.10', '10.0.0.10'] }), backup({ vips: ['10.0.0.10'] })],
    ['other interfaces and labels', instance({ vips: ['10.0.0.10/24 dev eth1 label eth1:0'] }), backup()],
    ['/32 and nothing', instance({ vips: ['10.0.0.10/32'] }), backup({ vips: ['10.0.0.10'] })],
    ['IPv6 in other words', instance({ vips: ['fe80::1/64'] }), backup({ vips: ['FE80:0:0::0001/64'] })],
  ])('%s', (_name, first, second, found = []) => expect(pair(first, second)).toEqual(found));
});

describe('the interval', () => {
  it.each<Case>([
    ['1 and 3', instance({ lines: ['advert_int 1'] }), backup({ lines: ['advert_int 3'] }), ['advert-int']],
    ['left out on one side', instance(), backup({ lines: ['advert_int 2'] }), ['advert-int']],
    [
      '0.4 and 2.6 in version 2, which counts in whole seconds',
      instance({ lines: ['advert_int 0.4'] }),
      backup({ lines: ['advert_int 2.6'] }),
      ['advert-int'],
    ],
    ['in version 3 it may', instance({ lines: [V3, 'advert_int 0.1'] }), backup({ lines: [V3] }), ['(advert-int)']],
    ['1 and nothing', instance({ lines: ['advert_int 1'] }), backup()],
    ['1 and 1.0', instance({ lines: ['advert_int 1'] }), backup({ lines: ['advert_int 1.0'] })],
    ['1 and 1.4 in version 2', instance(), backup({ lines: ['advert_int 1.4'] })],
    ['the last line counts', instance({ lines: ['advert_int 3', 'advert_int 1'] }), backup()],
  ])('%s', (_name, first, second, found = []) => expect(pair(first, second)).toEqual(found));
});

describe('the password', () => {
  it.each<Case>([
    ['another', instance({ lines: [auth('one')] }), backup({ lines: [auth('two')] }), ['password']],
    ['in another case', instance({ lines: [auth('secret')] }), backup({ lines: [auth('Secret')] }), ['password']],
    ['shorter', instance({ lines: [auth('1111')] }), backup({ lines: [auth('111')] }), ['password']],
    ['on one side only', instance({ lines: [auth('one')] }), backup(), ['authentication']],
    [
      'auth_type in lower case on one side is none',
      instance({ lines: [auth('one')] }),
      backup({ lines: [auth('one', 'pass')] }),
      ['authentication'],
    ],
    [
      'without password on one side',
      instance({ lines: [auth('one')] }),
      backup({ lines: ['authentication {\nauth_type PASS\n}'] }),
      ['authentication'],
    ],
    [
      'on one line on one side, which is none',
      instance({ lines: [auth('one')] }),
      backup({ lines: ['authentication { auth_type PASS auth_pass one }'] }),
      ['authentication'],
    ],
    ['AH and PASS', instance({ lines: [auth('one')] }), backup({ lines: [auth('one', 'AH')] }), ['authentication']],
    [
      'strict mode on one side has none',
      instance({ lines: [auth('one')] }),
      `global_defs {\nvrrp_strict\n}\n${backup({ lines: [auth('one')] })}`,
      ['authentication'],
    ],
    ['the same in quotation marks', instance({ lines: [auth('one')] }), backup({ lines: [auth('"one"')] })],
    ['equal in their first 8 bytes', instance({ lines: [auth('12345678')] }), backup({ lines: [auth('123456789')] })],
    [
      'auth_type in lower case on both',
      instance({ lines: [auth('one', 'pass')] }),
      backup({ lines: [auth('two', 'pass')] }),
    ],
    ['version 3 has none', instance({ lines: [V3, auth('one')] }), backup({ lines: [V3] })],
  ])('%s', (_name, first, second, found = []) => expect(pair(first, second)).toEqual(found));
});

describe('the version', () => {
  const GLOBAL_3 = 'global_defs {\nvrrp_version 3\n}\n';
  it.each<Case>([
    ['of the instance', instance({ lines: [V3] }), backup(), ['version']],
    [
      'of the instance against the default of all',
      instance({ lines: ['version 2'] }),
      GLOBAL_3 + backup(),
      ['version'],
    ],
    ['of global_defs on one side', GLOBAL_3 + instance(), backup(), ['version']],
    ['one out of range is the default', instance({ lines: [V3] }), backup({ lines: ['version 4'] }), ['version']],
    ['of global_defs here, of the instance there', GLOBAL_3 + instance(), backup({ lines: [V3] })],
    ['2 and nothing', instance({ lines: ['version 2'] }), backup()],
    ['IPv6 is version 3 anyway', instance({ vips: ['fe80::1'] }), backup({ vips: ['fe80::1'], lines: [V3] })],
  ])('%s', (_name, first, second, found = []) => expect(pair(first, second)).toEqual(found));
});

describe('the VRID', () => {
  it.each<Case>([
    ['another', instance(), backup({ vrid: '52' }), ['vrid']],
    [
      'another, with another name and interface',
      instance(),
      backup({ vrid: '52', name: 'VI_B', interface: 'ens33' }),
      ['vrid'],
    ],
    [
      'two that are swapped',
      instance() + instance({ name: 'VI_2', vrid: '52', vips: ['10.1.0.10'], interface: 'eth1' }),
      backup({ vrid: '52' }) + backup({ name: 'VI_2', vips: ['10.1.0.10'], interface: 'eth1' }),
      ['vrid', 'vrid'],
    ],
    [
      'missing on one side: that instance is left out',
      instance(),
      backup().replace(/virtual_router_id.*\n/, ''),
      ['router-missing'],
    ],
    ['out of range on one side', instance(), backup({ vrid: '300' }), ['router-missing']],
    [
      'one more instance on one side',
      instance() + instance({ name: 'VI_2', vrid: '52', vips: ['10.1.0.10'] }),
      backup(),
      ['router-missing'],
    ],
    [
      'two that have nothing in common',
      instance(),
      backup({ vrid: '60', vips: ['10.9.0.1'] }),
      ['router-missing', 'router-missing'],
    ],
    ['other names and interfaces', instance(), backup({ name: 'VI_B', interface: 'ens33' })],
    ['names in another case', instance(), backup({ name: 'vi_1' })],
    [
      'the same VRID on two segments',
      instance() + instance({ name: 'VI_2', interface: 'eth1', vips: ['10.1.0.10'] }),
      backup({ interface: 'ens1' }) + backup({ name: 'VI_2', interface: 'ens2', vips: ['10.1.0.10'] }),
    ],
    [
      'the same VRID for IPv4 and IPv6',
      instance() + instance({ name: 'VI_6', vips: ['fe80::1'] }),
      backup() + backup({ name: 'VI_6', vips: ['fe80::1'] }),
    ],
    [
      'active and active: each node is MASTER of one',
      instance() + backup({ name: 'VI_2', vrid: '52', vips: ['10.0.0.11'] }),
      backup() + instance({ name: 'VI_2', vrid: '52', vips: ['10.0.0.11'] }),
    ],
    [
      'instances in another order',
      instance() + instance({ name: 'B', vrid: '52', vips: ['10.0.0.11'] }),
      backup({ name: 'B', vrid: '52', vips: ['10.0.0.11'] }) + backup(),
    ],
  ])('%s', (_name, first, second, found = []) => expect(pair(first, second)).toEqual(found));
});

describe('multicast and unicast', () => {
  const [A, B, C] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
  it.each<Case>([
    ['multicast against unicast', instance(), backup({ lines: unicast(B, A) }), ['unicast-multicast']],
    [
      'a source without peers is multicast',
      instance({ lines: [`unicast_src_ip ${A}`] }),
      backup({ lines: unicast(B, A) }),
      ['unicast-multicast'],
    ],
    [
      'an empty list of peers is multicast',
      instance({ lines: unicast(A) }),
      backup({ lines: unicast(B, A) }),
      ['unicast-multicast'],
    ],
    [
      'a typing error in a peer',
      instance({ lines: unicast(A, '10.0.0.22') }),
      backup({ lines: unicast(B, A) }),
      ['unicast-peers'],
    ],
    ['each names itself', instance({ lines: unicast(A, A) }), backup({ lines: unicast(B, B) }), ['unicast-peers']],
    ['a copy of the file', instance({ lines: unicast(A, B) }), backup({ lines: unicast(A, B) }), ['source-address']],
    ['a source copied', instance({ lines: unicast(A, B) }), backup({ lines: unicast(A, A) }), ['source-address']],
    [
      'without sources: the same peer',
      instance({ lines: unicast(undefined, B) }),
      backup({ lines: unicast(undefined, B) }),
      ['unicast-peers'],
    ],
    [
      'one source is known, and is all that the other list has',
      instance({ lines: unicast(A, A) }),
      backup({ lines: unicast(undefined, A) }),
      ['unicast-peers'],
    ],
    [
      'a typing error in an IPv6 peer',
      instance({ lines: unicast('2001:db8::1', '2001:db8::2'), vips: ['2001:db8::10'] }),
      backup({ lines: unicast('2001:db8::2', '2001:db8::3'), vips: ['2001:db8::10'] }),
      ['unicast-peers'],
    ],
    [
      'multicast groups',
      `global_defs {\nvrrp_mcast_group4 224.0.0.19\n}\n${instance()}`,
      backup(),
      ['multicast-group'],
    ],
    ['a group of the instance', instance({ lines: ['mcast_dst_ip 224.0.0.20'] }), backup(), ['multicast-group']],
    // These are right.
    ['both name each other', instance({ lines: unicast(A, B) }), backup({ lines: unicast(B, A) })],
    ['both have the whole list', instance({ lines: unicast(A, A, B) }), backup({ lines: unicast(B, A, B) })],
    [
      'both have the whole list, without sources',
      instance({ lines: unicast(undefined, A, B) }),
      backup({ lines: unicast(undefined, A, B) }),
    ],
    ['without sources', instance({ lines: unicast(undefined, B) }), backup({ lines: unicast(undefined, A) })],
    ['a source on one side', instance({ lines: unicast(A, B) }), backup({ lines: unicast(undefined, A) })],
    [
      'mcast_src_ip is a source too',
      instance({ lines: [`mcast_src_ip ${A}`, ...unicast(undefined, B)] }),
      backup({ lines: unicast(B, A) }),
    ],
    ['the default group, written', `global_defs {\nvrrp_mcast_group4 224.0.0.18\n}\n${instance()}`, backup()],
    [
      'IPv6 peers',
      instance({ lines: unicast('2001:db8::1', '2001:db8::2'), vips: ['2001:db8::10'] }),
      backup({ lines: unicast('2001:db8::2', '2001:DB8:0::1'), vips: ['2001:db8::10'] }),
    ],
  ])('%s', (_name, first, second, found = []) => expect(pair(first, second)).toEqual(found));

  const three = (...lists: readonly (readonly string[])[]) =>
    codes(
      Object.fromEntries(
        lists.map((list, i) => [`lb${i + 1}.conf`, instance({ priority: `${100 - i}`, lines: list as string[] })]),
      ),
    );
  it('three nodes: each has to name both others', () => {
    expect(three(unicast(A, B, C), unicast(B, A, C), unicast(C, A, B))).toEqual([]);
    expect(three(unicast(A, B, C), unicast(B, A), unicast(C, A, B))).toEqual(['unicast-peers']);
    expect(three(unicast(undefined, B, C), unicast(undefined, A, C), unicast(undefined, A, B))).toEqual([]);
    expect(three(unicast(undefined, B, C), unicast(undefined, A, C), unicast(undefined, A, '10.0.0.4'))).toEqual([
      'unicast-peers',
    ]);
    expect(three(unicast(undefined, B, C), unicast(undefined, B, C), unicast(undefined, B, C))).toEqual([
      'unicast-peers',
    ]);
    expect(three(unicast(undefined, A, B, C), unicast(undefined, A, B, C), unicast(undefined, A, B, C))).toEqual([]);
  });
});

describe('the priorities', () => {
  it.each<Case>([
    ['equal', instance(), backup({ priority: '100' }), ['equal-priority']],
    ['left out on both', instance({ priority: '' }), backup({ priority: '' }), ['equal-priority']],
    ['100, and left out', instance(), backup({ priority: '' }), ['equal-priority']],
    ['out of range is 100', instance(), backup({ priority: '300' }), ['equal-priority']],
    ['no number is 100', instance(), backup({ priority: 'high' }), ['equal-priority']],
    [
      'state MASTER without priority, on both',
      instance({ priority: '', lines: ['state MASTER'] }),
      backup({ priority: '', lines: ['state MASTER'] }),
      ['two-owners'],
    ],
    ['255 on both', instance({ priority: '255' }), backup({ priority: '255' }), ['two-owners']],
    [
      'different states do not help',
      instance({ lines: ['state MASTER'] }),
      backup({ priority: '100', lines: ['state BACKUP'] }),
      ['equal-priority'],
    ],
    ['255 and 100', instance({ priority: '255' }), backup({ priority: '' })],
    [
      'state MASTER on both, with different priorities',
      instance({ lines: ['state MASTER'] }),
      backup({ lines: ['state MASTER'] }),
    ],
    ['the lower one says MASTER', instance({ lines: ['state BACKUP'] }), backup({ lines: ['state MASTER'] })],
  ])('%s', (_name, first, second, found = []) => expect(pair(first, second)).toEqual(found));

  it('of three nodes two or three are equal', () => {
    const of = (...priorities: readonly string[]) =>
      codes(Object.fromEntries(priorities.map((priority, i) => [`lb${i}.conf`, instance({ priority })])));
    expect(of('100', '90', '90')).toEqual(['equal-priority']);
    expect(of('100', '100', '100')).toEqual(['equal-priority']);
    expect(of('100', '90', '80')).toEqual([]);
  });

  it('of three nodes two have the instance, which is a cluster too', () => {
    const other = instance({ name: 'VI_2', vrid: '52', vips: ['10.0.0.11'] });
    const nodes = { 'lb1.conf': instance() + other, 'lb2.conf': backup(), 'lb3.conf': backup({ priority: '80' }) };
    expect(codes(nodes)).toEqual(['router-missing']);
    expect(codes({ ...nodes, 'lb2.conf': backup() + other.replace('100', '90') })).toEqual(['(router-missing)']);
  });
});

describe('values from elsewhere', () => {
  it('included files', () => {
    const common = 'virtual_router_id 51\nauthentication {\nauth_type PASS\nauth_pass one\n}\n';
    const node = (priority: number) =>
      `vrrp_instance VI_1 {\ninterface eth0\ninclude common.inc\npriority ${priority}\nvirtual_ipaddress {\n10.0.0.10\n}\n}\n`;
    const included = { 'common.inc': common, 'other.inc': common.replace('51', '52') };
    expect(pair(node(100), node(90), included)).toEqual([]);
    expect(pair(node(100), node(90).replace('common', 'other'), included)).toEqual(['vrid']);
    expect(pair(node(100), node(90), { 'common.inc': `${common}priority 100\n` })).toEqual([]);
    expect(pair(node(100).replace(/priority.*\n/, ''), node(90).replace(/priority.*\n/, ''), included)).toEqual([
      'equal-priority',
    ]);
  });

  it('parameters', () => {
    const node = (prio: string, vrid = '51') =>
      `$PRIO=${prio}\n$VIP=10.0.0\n$ID=${vrid}\n${instance({ priority: '$PRIO', vrid: '$ID', vips: [`\${VIP}.10`] })}`;
    expect(pair(node('100'), node('90'))).toEqual([]);
    expect(pair(node('100'), node('100'))).toEqual(['equal-priority']);
    expect(pair(node('100'), node('90', '52'))).toEqual(['vrid']);
  });

  it('sequences', () => {
    const node = (priority: string, count: number) => instance({ priority, vips: [`~SEQ(n, ${count}) 10.0.0.$n`] });
    expect(pair(node('100', 4), node('90', 4))).toEqual([]);
    expect(pair(node('100', 4), node('90', 5))).toEqual(['vip-list']);
    const many = (priority: string, last: number) =>
      `$I= \\\nvrrp_instance VI_$n { \\\ninterface eth0 \\\nvirtual_router_id $n \\\npriority ${priority} \\\nvirtual_ipaddress { \\\n10.0.0.$n \\\n} \\\n}\n~SEQ(n, ${last}) $I\n`;
    expect(pair(many('100', 3), many('90', 3))).toEqual([]);
    expect(pair(many('100', 3), many('90', 2))).toEqual(['router-missing']);
  });
});

describe('the track-weight trap', () => {
  const script = (name: string, weight: string) => `vrrp_script ${name} {\nscript /bin/true\n${weight}\n}\n`;
  const track = (...names: readonly string[]) => ['track_script {', ...names, '}'];
  const node = (priority: string, weight: string, ...lines: readonly string[]) =>
    script('chk', weight) + instance({ priority, lines: [...track('chk'), ...lines] });
  const two = (priority: string, first: string, second: string) =>
    script('one', first) + script('two', second) + instance({ priority, lines: track('one', 'two') });
  const interfaces = (priority: string, ...lines: readonly string[]) =>
    instance({ priority, lines: ['track_interface {', ...lines, '}'] });
  const NOPREEMPT = ['nopreempt', 'state BACKUP'];

  it.each<Case>([
    ['less than the difference', node('100', 'weight -5'), node('90', 'weight -5'), ['track-weight']],
    ['exactly the difference', node('100', 'weight -10'), node('90', 'weight -10'), ['track-weight']],
    ['tracked on the MASTER only', node('100', 'weight -10'), backup(), ['track-weight']],
    ['positive, tracked on both', node('150', 'weight 2'), node('100', 'weight 2'), ['track-weight']],
    ['positive, exactly the difference', node('110', 'weight 10'), node('100', 'weight 10'), ['track-weight']],
    ['positive, on the MASTER only, however large', node('100', 'weight 50'), backup(), ['track-weight']],
    [
      'the weight beside the name counts',
      node('100', 'weight -50').replace('{\nchk', '{\nchk weight -3'),
      backup(),
      ['track-weight'],
    ],
    [
      'two that are too little together',
      two('100', 'weight -4', 'weight -5'),
      backup(),
      ['track-weight', 'track-weight'],
    ],
    [
      'two that come to the difference',
      two('100', 'weight -5', 'weight -5'),
      backup(),
      ['track-weight', 'track-weight'],
    ],
    ['one that does it, and one that never does', two('100', 'weight -20', 'weight -5'), backup(), ['track-weight']],
    [
      'two that do it only together',
      two('100', 'weight -6', 'weight -6'),
      backup(),
      ['(track-weight-alone)', '(track-weight-alone)'],
    ],
    ['an interface', interfaces('100', 'eth1 weight -10'), backup(), ['track-weight']],
    ['priority 255', node('255', 'weight -200'), backup(), ['track-weight']],
    ['255 by state MASTER', node('', 'weight -50', 'state MASTER'), backup(), ['track-weight']],
    [
      'nopreempt on both',
      node('100', 'weight -50', ...NOPREEMPT),
      node('90', 'weight -50', ...NOPREEMPT),
      ['track-weight', 'track-weight'],
    ],
    [
      'nopreempt on the higher one: the way back',
      node('100', 'weight -50', ...NOPREEMPT),
      node('90', 'weight -50'),
      ['track-weight'],
    ],
    [
      'a process',
      `vrrp_track_process p {\nprocess nginx\nweight -10\n}\n${instance({ lines: ['track_process {\np\n}'] })}`,
      backup(),
      ['track-weight'],
    ],
    [
      'a BFD session',
      `bfd_instance b {\nneighbor_ip 10.0.0.9\nweight -10\n}\n${instance({ lines: ['track_bfd {\nb\n}'] })}`,
      backup(),
      ['track-weight'],
    ],
    // These are right.
    ['more than the difference', node('100', 'weight -11'), node('90', 'weight -11')],
    ['positive, more than the difference', node('101', 'weight 2'), node('100', 'weight 2')],
    ['weight 0 is a fault', node('100', 'weight 0'), node('90', 'weight 0')],
    ['no weight is a fault', node('100', 'interval 2'), node('90', 'interval 2')],
    ['a fault goes with nopreempt', node('100', 'interval 2', ...NOPREEMPT), node('90', 'interval 2', ...NOPREEMPT)],
    ['on the lower one only', instance(), node('90', 'weight -5')],
    ['a script that is defined and not tracked', script('chk', 'weight -5') + instance(), backup()],
    ['tracking of something unknown does nothing', instance({ lines: track('none weight -5') }), backup()],
    ['the own interface is a fault anyway', interfaces('100', 'eth0 weight -5'), backup()],
    ['reverse: nobody can tell what is usual', node('100', 'weight -5 reverse'), backup()],
    [
      'a file can hold any number',
      `track_file f {\nfile /run/f\nweight -1\n}\n${instance({ lines: ['track_file {\nf\n}'] })}`,
      backup(),
    ],
    ['more than there is: the least priority is 1', node('100', 'weight -200'), node('90', 'weight -200')],
    ['both fall to the same', node('100', 'weight -40'), node('90', 'weight -30'), ['(equal-priority-failed)']],
  ])('%s', (_name, first, second, found = []) => expect(pair(first, second)).toEqual(found));
});

describe('sync groups', () => {
  const group = (name: string, ...members: readonly string[]) =>
    `vrrp_sync_group ${name} {\ngroup {\n${members.join('\n')}\n}\n}\n`;
  const outside = (priority: string, name = 'OUT') => instance({ name, priority, vrid: '61' });
  const inside = (priority: string, name = 'IN') =>
    instance({ name, priority, vrid: '62', vips: ['172.16.0.1/24'], interface: 'eth1' });
  it.each<Case>([
    [
      'on one node only',
      group('G', 'OUT', 'IN') + outside('100') + inside('100'),
      outside('90') + inside('90'),
      ['sync-group'],
    ],
    [
      'the priorities cross',
      group('G', 'OUT', 'IN') + outside('100') + inside('90'),
      group('G', 'OUT', 'IN') + outside('90') + inside('100'),
      ['sync-group-priority'],
    ],
    [
      'on both',
      group('G', 'OUT', 'IN') + outside('100') + inside('100'),
      group('G', 'OUT', 'IN') + outside('90') + inside('90'),
    ],
    [
      'with other names',
      group('G', 'OUT', 'IN') + outside('100') + inside('101'),
      group('H', 'B', 'A') + outside('90', 'A') + inside('91', 'B'),
    ],
    ['the priorities cross without a group', outside('100') + inside('90'), outside('90') + inside('100')],
  ])('%s', (_name, first, second, found = []) => expect(pair(first, second)).toEqual(found));
});

describe('lvs_sync_daemon', () => {
  const node = (line: string, text: string) => `global_defs {\n${line}\n}\n${text}`;
  it.each<Case>([
    ['on one node only', node('lvs_sync_daemon eth0 VI_1', instance()), backup(), ['sync-daemon']],
    [
      'other ids',
      node('lvs_sync_daemon eth0 inst VI_1 id 7', instance()),
      node('lvs_sync_daemon eth0 inst VI_1 id 8', backup()),
      ['sync-daemon'],
    ],
    [
      'an id, and the VRID',
      node('lvs_sync_daemon eth0 VI_1', instance()),
      node('lvs_sync_daemon eth0 VI_1 id 8', backup()),
      ['sync-daemon'],
    ],
    [
      'other groups',
      node('lvs_sync_daemon eth0 VI_1 group 224.0.0.90', instance()),
      node('lvs_sync_daemon eth0 VI_1', backup()),
      ['sync-daemon'],
    ],
    [
      'the VRID is the id',
      node('lvs_sync_daemon eth0 VI_1', instance()),
      node('lvs_sync_daemon ens33 inst VI_1 id 51', backup()),
    ],
    [
      'the default port',
      node('lvs_sync_daemon eth0 VI_1 port 8848', instance()),
      node('lvs_sync_daemon eth0 VI_1', backup()),
    ],
  ])('%s', (_name, first, second, found = []) => expect(pair(first, second)).toEqual(found));
});
