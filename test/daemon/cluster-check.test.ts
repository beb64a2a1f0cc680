/** checkCluster: what is wrong between the files of a cluster. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changed, type Files, pair, sample, sentences, together } from './cluster-files.ts';

const DR = sample('lvs-dr');
const BOTH = 'both become MASTER of 192.168.4.15 at once';

describe('checkCluster > correct files', () => {
  it.each(['lvs-dr', 'lvs-nat', 'lvs-tun'])('the pair of config/%s gets no finding', (folder) => {
    expect(together(sample(folder))).toEqual([]);
  });

  it('the pair of config/vrrp-pair gets no finding', () => {
    expect(together(sample('vrrp-pair', 'web'))).toEqual([]);
  });

  it('one file, or none, is no cluster', () => {
    expect(together({ 'director1.conf': DR['director1.conf'] ?? '' })).toEqual([]);
    expect(together({})).toEqual([]);
  });

  it('a unicast pair whose members name each other gets no finding', () => {
    const member = (own: string, peer: string, priority: number) => [
      `unicast_src_ip ${own}`,
      `priority ${priority}`,
      'unicast_peer {',
      peer,
      '}',
    ];
    expect(together(pair(member('10.0.0.1', '10.0.0.2', 100), member('10.0.0.2', '10.0.0.1', 90)))).toEqual([]);
  });
});

describe('checkCluster > the seven everyday mismatches', () => {
  const MISMATCHES: [string, Files, string][] = [
    [
      'VIP list',
      changed(DR, 'director2.conf', ['192.168.4.15\n    }', '192.168.4.15\n        192.168.4.16\n    }']),
      'error vip-list: VI_1: director1 lacks 192.168.4.16: keepalived 2.2.7 discards an advertisement with other ' +
        'addresses, so both become MASTER at once; holdfast listens, and what the MASTER does not have is gone',
    ],
    [
      'interval',
      changed(DR, 'director2.conf', ['advert_int 1', 'advert_int 2']),
      `error advert-int: VI_1: director1 has advert_int 1 s and director2 advert_int 2 s: in version 2 each discards the other's advertisements, and ${BOTH}`,
    ],
    [
      'password',
      changed(DR, 'director2.conf', ['forlvs', 'forlvs2']),
      `error password: VI_1: the passwords of director1 and director2 differ: each discards the other's advertisements, and ${BOTH}`,
    ],
    [
      'version',
      changed(DR, 'director2.conf', ['advert_int 1', 'advert_int 1\nversion 3']),
      `error version: VI_1: director1 has VRRP version 2 and director2 VRRP version 3: each discards the other's advertisements, and ${BOTH}`,
    ],
    [
      'VRID',
      changed(DR, 'director2.conf', ['virtual_router_id 50', 'virtual_router_id 51']),
      'error vrid: VI_1: director1 has virtual_router_id 50 and director2 virtual_router_id 51: each takes itself for the only router, and both are MASTER of 192.168.4.15 at once',
    ],
    [
      'multicast against unicast',
      changed(DR, 'director2.conf', ['advert_int 1', 'advert_int 1\nunicast_peer {\n192.168.4.5\n}']),
      `error unicast-multicast: VI_1: director1 uses multicast and director2 unicast_peer: neither side hears the other, and ${BOTH}`,
    ],
    [
      'equal priorities',
      changed(DR, 'director2.conf', ['priority 50', 'priority 100']),
      'warning equal-priority: VI_1: director1 and director2 have the same priority 100: after an outage they become MASTER of 192.168.4.15 at the same moment, and then the higher address wins',
    ],
  ];

  it.each(MISMATCHES)('%s is found from the files alone, with exactly one sentence', (_name, files, sentence) => {
    expect(sentences(files)).toEqual([sentence]);
  });

  it('names the lines in both files', () => {
    expect(together(changed(DR, 'director2.conf', ['advert_int 1', 'advert_int 2']))[0]?.places).toEqual([
      { file: 'director1.conf', line: 24 },
      { file: 'director2.conf', line: 12 },
    ]);
  });

  it('the order of the files does not matter, whatever is wrong with them', () => {
    const all = MISMATCHES.map(([, files]) => files);
    const three = { ...(all[0] as Files), 'director3.conf': all[1]?.['director2.conf'] ?? '' };
    fc.assert(
      fc.property(fc.constantFrom(...all, three), fc.infiniteStream(fc.nat()), (files, numbers) => {
        const shuffled = Object.entries(files)
          .map((entry) => ({ entry, key: numbers.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ entry }) => entry);
        expect(together(Object.fromEntries(shuffled))).toEqual(together(files));
      }),
    );
  });
});

describe('checkCluster > virtual routers', () => {
  const priorities = (first: string[], second: string[], before: string[] = []) =>
    sentences(pair(['priority 100', ...first], ['priority 90', ...second], before));

  it('one that only one node has is not taken over by anybody', () => {
    const only = { ...DR, 'director2.conf': (DR['director2.conf'] ?? '').replace(/vrrp_instance[\s\S]*?\n}\n/, '') };
    expect(sentences(only)).toEqual([
      'warning router-missing: VI_1: director1 has virtual router 50 and director2 does not: when director1 fails, nobody takes over 192.168.4.15',
    ]);
  });

  it('three nodes: those that agree are named together', () => {
    const three = { ...DR, 'director3.conf': (DR['director2.conf'] ?? '').replace('priority 50', 'priority 20') };
    expect(together(three)).toEqual([]);
    expect(sentences(changed(three, 'director2.conf', ['advert_int 1', 'advert_int 3']))).toEqual([
      "error advert-int: VI_1: director1 and director3 have advert_int 1 s and director2 advert_int 3 s: in version 2 each discards the other's advertisements, and all become MASTER of 192.168.4.15 at once",
    ]);
  });

  it('files of the same name are told apart by their folders', () => {
    const files = { 'a/keepalived.conf': DR['director1.conf'] ?? '', 'b/keepalived.conf': DR['director1.conf'] ?? '' };
    expect(sentences(files)[0]).toContain('a/keepalived and b/keepalived have the same priority 100');
  });

  it('authentication on one side only', () => {
    expect(priorities(['authentication {', 'auth_type PASS', 'auth_pass a', '}'], [])).toEqual([
      `error authentication: VI_1: director1 has auth_type PASS and director2 no authentication: each discards the other's advertisements, and ${BOTH}`,
    ]);
  });

  it('passwords that are equal in their first 8 bytes are equal', () => {
    const withPassword = (password: string) => ['authentication {', 'auth_type PASS', `auth_pass ${password}`, '}'];
    expect(priorities(withPassword('12345678a'), withPassword('12345678b'))).toEqual([]);
  });

  it('different intervals of version 3 are only noted: a Backup learns the interval of its Master', () => {
    expect(priorities(['version 3', 'advert_int 0.5'], ['version 3'])).toEqual([
      'note advert-int: VI_1: director1 has advert_int 0.5 s and director2 advert_int 1 s: in version 3 a Backup goes by the interval of its Master, so a failover takes longer from one than from another',
    ]);
  });

  it('addresses that are not advertised', () => {
    expect(priorities(['virtual_ipaddress_excluded {', '10.0.0.1', '}'], [])).toEqual([
      'warning excluded-list: VI_1: director2 lacks 10.0.0.1: what the MASTER does not have is gone',
    ]);
  });

  it('multicast groups', () => {
    const files = pair(['priority 100'], ['priority 90']);
    const other = {
      ...files,
      'director2.conf': `global_defs {\nvrrp_mcast_group4 224.0.0.19\n}\n${files['director2.conf']}`,
    };
    expect(sentences(other)).toEqual([
      `error multicast-group: VI_1: director1 uses the multicast group 224.0.0.18 and director2 the multicast group 224.0.0.19: neither side hears the other, and ${BOTH}`,
    ]);
  });

  it('two owners of the addresses [B57+]', () => {
    expect(sentences(pair(['priority 255', 'state MASTER'], ['priority 255', 'state MASTER']))).toEqual([
      'error two-owners: VI_1: director1 and director2 have priority 255: each is MASTER at once when it starts and takes 192.168.4.15 away from the other',
    ]);
  });

  it('equal priorities: who wins is told where the addresses are [B57+]', () => {
    const files = pair(['mcast_src_ip 10.0.0.9'], ['mcast_src_ip 10.0.0.10']);
    expect(sentences(files)[0]).toContain('the higher address wins (director2)');
  });

  it('instances of different names belong together by their addresses, the likeliest first', () => {
    const text = (name: string, vrid: number, vip: string) =>
      `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id ${vrid}\npriority ${vrid}\nvirtual_ipaddress {\n${vip}\n}\n}\n`;
    const files = {
      'a.conf': text('A', 50, '10.0.0.1') + text('B', 51, '10.0.0.2'),
      'b.conf':
        text('X', 51, '10.0.0.1').replace('priority 51', 'priority 1') +
        text('Y', 50, '10.0.0.2').replace('priority 50', 'priority 1'),
    };
    expect(together(files).map(({ code, message }) => `${code} ${message.split(':')[0]}`)).toEqual([
      'vrid A/X',
      'vrid B/Y',
    ]);
  });

  it('the same VRID on another interface is another virtual router', () => {
    const text = (name: string, on: string, vip: string, priority: number) =>
      `vrrp_instance ${name} {\ninterface ${on}\nvirtual_router_id 50\npriority ${priority}\nvirtual_ipaddress {\n${vip}\n}\n}\n`;
    const node = (priority: number) =>
      text('A', 'eth0', '10.0.0.1', priority) + text('B', 'eth1', '10.1.0.1', priority);
    expect(together({ 'a.conf': node(100), 'b.conf': node(90) })).toEqual([]);
  });
});

describe('checkCluster > unicast', () => {
  const member = (own: string, priority: number, ...peers: string[]) => [
    `unicast_src_ip ${own}`,
    `priority ${priority}`,
    'unicast_peer {',
    ...peers,
    '}',
  ];

  it('the one of higher priority does not send to the other: two masters', () => {
    expect(sentences(pair(member('10.0.0.1', 100, '10.0.0.22'), member('10.0.0.2', 90, '10.0.0.1')))).toEqual([
      'error unicast-peers: VI_1: unicast_peer of director1 does not name director2 (10.0.0.2): director2 hears nobody there and becomes MASTER of 192.168.4.15 too',
    ]);
  });

  it('the one of lower priority does not send to the other: it is never heard as master', () => {
    expect(sentences(pair(member('10.0.0.1', 100, '10.0.0.2'), member('10.0.0.2', 90, '10.0.0.11')))).toEqual([
      'warning unicast-peers: VI_1: unicast_peer of director2 does not name director1 (10.0.0.1): director1 never hears director2 as MASTER, and takes over from it at every start',
    ]);
  });

  it('without source addresses: both name the same peer', () => {
    const files = pair(
      ['priority 100', 'unicast_peer {', '10.0.0.2', '}'],
      ['priority 90', 'unicast_peer {', '10.0.0.2', '}'],
    );
    expect(together(files).map(({ code }) => code)).toEqual(['unicast-peers']);
  });
});

describe('checkCluster > preemption', () => {
  const codes = (first: string[], second: string[]) => sentences(pair(first, second));

  it('nopreempt on the lower one only has no effect', () => {
    expect(codes(['priority 100'], ['priority 90', 'nopreempt'])).toEqual([
      'warning nopreempt: VI_1: nopreempt is not set on director1: director1, which has the highest priority, takes 192.168.4.15 back as soon as it returns',
    ]);
  });

  it('nopreempt with state MASTER is ignored, on both too', () => {
    const both = ['state MASTER', 'nopreempt'];
    expect(codes(['priority 100', ...both], ['priority 90', ...both])).toEqual([
      'warning nopreempt: VI_1: nopreempt does not go with state MASTER of director1: director1, which has the highest priority, takes 192.168.4.15 back as soon as it returns',
    ]);
  });

  it('nopreempt on the higher one, or on both as BACKUP, works', () => {
    expect(codes(['priority 100', 'nopreempt'], ['priority 90'])).toEqual([]);
    expect(codes(['priority 100', 'nopreempt'], ['priority 90', 'nopreempt'])).toEqual([]);
  });

  it('preempt_delay counts on the higher one', () => {
    expect(codes(['priority 100'], ['priority 90', 'preempt_delay 5'])).toEqual([
      'warning preempt-delay: VI_1: preempt_delay is not set on director1: director1, which has the highest priority, takes 192.168.4.15 back without delay',
    ]);
    expect(codes(['priority 100', 'preempt_delay 5'], ['priority 90'])).toEqual([]);
  });
});

describe('checkCluster > IPVS tables', () => {
  const ID = 'virtual_server 192.168.4.15:80/TCP';
  it.each([
    [
      'no services at all',
      [['virtual_server 192.168.4.15 80', 'virtual_server bad 80']],
      'error services-missing: director1 has virtual servers and director2 none: after a failover to director2 no connection is served',
    ],
    [
      'another port',
      [
        ['virtual_server 192.168.4.15 80', 'virtual_server 192.168.4.15 81'],
        ['192.168.4.100 80', '192.168.4.100 81'],
        ['192.168.4.200 80', '192.168.4.200 81'],
      ],
      `error service-missing: ${ID} is on director1 and not on director2: after a failover to director2 its clients are refused`,
    ],
    [
      'another protocol',
      [['protocol TCP', 'protocol UDP']],
      'error service-protocol: virtual_server 192.168.4.15:80: director1 has protocol TCP and director2 protocol UDP: after a failover clients of the other protocol are refused',
    ],
    [
      'another scheduler',
      [['lb_algo wrr', 'lb_algo rr']],
      `warning scheduler: ${ID}: director1 has scheduler wrr and director2 scheduler rr: a failover changes who gets which connections`,
    ],
    [
      'persistence',
      [['delay_loop 3', 'delay_loop 3\npersistence_timeout 60']],
      `warning persistence: ${ID}: director1 has no persistence and director2 persistence of 60 s for /32: after a failover clients do not stay with their servers`,
    ],
    [
      'another real server',
      [['real_server 192.168.4.200', 'real_server 192.168.4.201']],
      `warning real-server-missing: ${ID}: of the real servers director1 lacks 192.168.4.201:80 and director2 lacks 192.168.4.200:80: after a failover those get no connections`,
    ],
    [
      'another weight',
      [['weight 2', 'weight 3']],
      `warning weight: ${ID}: for 192.168.4.200:80 director1 has weight 2 and director2 weight 3: a failover changes who gets how much`,
    ],
    [
      'another forwarding method',
      [['lb_kind DR', 'lb_kind NAT']],
      `error forwarding-method: ${ID}: for 192.168.4.100:80 director1 has DR and director2 NAT, and 1 more differ: a server is set up for one of them, so after a failover its connections hang`,
    ],
    [
      'no check',
      [[/TCP_CHECK {[^}]*}/.exec(DR['director2.conf'] ?? '')?.[0] ?? '', '']],
      `warning checks: ${ID}: for 192.168.4.100:80 director1 has TCP_CHECK of 192.168.4.100:80 and director2 no check: the directors disagree about which servers are healthy`,
    ],
  ] as [string, [string, string][], string][])('%s is found', (_name, replacements, sentence) => {
    const found = sentences(changed(DR, 'director2.conf', ...replacements));
    expect(found.filter((one) => !one.startsWith('error service-missing: virtual_server 192.168.4.15:81'))).toEqual([
      sentence,
    ]);
  });

  it('names the lines of the real server', () => {
    expect(together(changed(DR, 'director2.conf', ['weight 2', 'weight 3']))[0]?.places).toEqual([
      { file: 'director1.conf', line: 56 },
      { file: 'director2.conf', line: 38 },
    ]);
  });

  it('timing of checks may differ', () => {
    expect(together(changed(DR, 'director2.conf', ['delay_loop 3', 'delay_loop 4']))).toEqual([]);
  });
});
