/** vrrp_instance: values, defaults, corrections and contradictions, as keepalived 2.2.7 has them. */
import { describe, expect, it } from 'vitest';
import { seconds, ZERO } from '../../src/base/time.ts';
import { earsOf } from '../../src/daemon/ears.ts';
import { DEFAULTS } from '../support/instances.ts';
import { instanceOf, instanceWith, read, said } from './reading.ts';

describe('vrrp_instance', () => {
  it('has keepalived’s defaults [A11+ B16+]', () => {
    expect(read(instanceWith())).toMatchObject({ diagnostics: [], exitCode: 0 });
    expect(instanceOf()).toEqual(DEFAULTS);
  });

  it('reads all that a usual director says', () => {
    const lines = [
      'state MASTER',
      'priority 150',
      'advert_int 2',
      'authentication {',
      'auth_type PASS',
      'auth_pass forlvs',
      '}',
      'mcast_src_ip 192.168.4.5',
      'garp_master_delay 1',
      'garp_master_repeat 2',
      'garp_master_refresh 60',
      'garp_master_refresh_repeat 3',
      'garp_lower_prio_delay 4',
      'garp_lower_prio_repeat 0',
      'lower_prio_no_advert',
      'higher_prio_send_advert on',
      'down_timer_adverts 5',
      'dont_track_primary',
    ];
    expect(said(instanceWith(...lines))).toEqual([]);
    expect(instanceOf(...lines)).toEqual({
      ...DEFAULTS,
      state: 'MASTER',
      priority: 150,
      advertisementInterval: seconds(2),
      authentication: { type: 'PASS', password: 'forlvs' },
      sourceAddress: '192.168.4.5',
      garpMasterDelay: seconds(1),
      garpMasterRepeat: 2,
      garpMasterRefresh: seconds(60),
      garpMasterRefreshRepeat: 3,
      garpLowerPriorityDelay: seconds(4),
      garpLowerPriorityRepeat: 0,
      lowerPriorityNoAdvert: true,
      higherPrioritySendAdvert: true,
      downTimerAdverts: 5,
      trackPrimary: false,
    });
  });

  it('takes from global_defs what it does not say itself, wherever global_defs stands', () => {
    const text = `${instanceWith('garp_master_delay 3')}global_defs {
      vrrp_garp_master_delay 7
      vrrp_garp_master_repeat 8
      vrrp_lower_prio_no_advert
      vrrp_down_timer_adverts 4
      vrrp_mcast_group4 224.0.0.99
      vrrp_rt_priority 50
    }`;
    const { configuration, diagnostics } = read(text);
    expect(diagnostics).toEqual([]);
    expect(configuration.instances[0]).toEqual({
      ...DEFAULTS,
      multicastGroup: '224.0.0.99',
      garpMasterDelay: seconds(3),
      garpMasterRepeat: 8,
      garpLowerPriorityDelay: seconds(7),
      garpLowerPriorityRepeat: 8,
      lowerPriorityNoAdvert: true,
      downTimerAdverts: 4,
    });
    expect(configuration.global).toMatchObject({ multicastGroup: '224.0.0.99', vrrpRealTimePriority: 50 });
  });

  it.each([
    ['state MASTER/BACKUP', "4:7 error: state: expected MASTER or BACKUP, got 'MASTER/BACKUP'; BACKUP is used"],
    [
      'state master',
      "4:7 error: state: expected MASTER or BACKUP, got 'master'; BACKUP is used; write MASTER in capitals",
    ],
    ['priority 256', "4:10 error: priority: expected an integer from 1 to 255, got '256'; 100 is used"],
    ['priority 0', "4:10 error: priority: expected an integer from 1 to 255, got '0'; 100 is used"],
    ['advert_int 0', "4:12 error: advert_int: expected seconds from 0.01 to 255, got '0'; 1 s stays"],
    ['advert_int 256', "4:12 error: advert_int: expected seconds from 0.01 to 255, got '256'; 1 s stays"],
    ['preempt_delay 1001', "4:15 error: preempt_delay: expected seconds from 0 to 1000, got '1001'; 0 s stays"],
    [
      'down_timer_adverts 101',
      "4:20 error: down_timer_adverts: expected an integer from 1 to 100, got '101'; the line is ignored",
    ],
    ['version 4', "4:9 error: version: expected an integer from 2 to 3, got '4'; the line is ignored"],
    [
      'garp_master_delay -1',
      "4:19 error: garp_master_delay: expected an integer from 0 to 4294, got '-1'; the line is ignored",
    ],
  ])('refuses %s and goes on with the default [A07-]', (line, message) => {
    expect(read(instanceWith(line)).exitCode).toBe(5);
    expect(said(instanceWith(line))).toEqual([message]);
    expect(instanceOf(line)).toEqual(DEFAULTS);
  });

  it.each([
    ['state', 'state has no value, expected MASTER or BACKUP'],
    ['virtual_router_id', 'virtual_router_id has no value, expected an integer from 1 to 255'],
    ['authentication {\nauth_pass\n}', 'auth_pass has no value, expected a password'],
  ])('a keyword without its value ends with 2, and the rest is still read: %j', (line, message) => {
    const { diagnostics, exitCode } = read(instanceWith(line, 'foo'));
    expect(exitCode).toBe(2);
    expect(diagnostics[0]).toMatchObject({ message, exitCode: 2, fatal: true });
    expect(diagnostics[1]?.message).toBe("unknown keyword 'foo' in vrrp_instance");
  });

  it('is left out without interface or VRID, and keepalived would not run', () => {
    const { configuration, diagnostics, exitCode } = read('vrrp_instance V {\npriority 5\n}\n');
    expect(configuration.instances).toEqual([]);
    expect(diagnostics.map(({ message, fatal }) => [message, fatal])).toEqual([
      ['vrrp_instance V has no interface; it is left out', true],
      ['vrrp_instance V has no virtual_router_id; it is left out', true],
    ]);
    expect(exitCode).toBe(5);
  });

  it('is refused a second time under the same name, and with the same VRID on the same interface', () => {
    const one = (name: string, vrid: number, on = 'eth0') =>
      `vrrp_instance ${name} {\ninterface ${on}\nvirtual_router_id ${vrid}\nvirtual_ipaddress { 10.0.0.${vrid} }\n}\n`;
    const text = one('A', 1) + one('A', 2) + one('B', 1) + one('C', 1, 'eth1') + one('D', 2);
    expect(read(text).configuration.instances.map(({ name }) => name)).toEqual(['A', 'C', 'D']);
    expect(said(text)).toEqual([
      '6:15 error: vrrp_instance A is there already, in line 1; this one is left out',
      '13:19 error: A and B both use VRID 1 on eth0; B is left out',
    ]);
  });
});

describe('strict_mode', () => {
  it('wants a link-local address first in IPv6, and says nothing where it is (RFC 5798 §5.2.9) [B13+ B13-]', () => {
    const text = (...addresses: string[]) => instanceWith('strict_mode', 'virtual_ipaddress {', ...addresses, '}');
    const sentence = 'the first IPv6 address of a virtual router is a link-local one: RFC 5798 §5.2.9';
    expect(said(text('2001:db8::5', 'fe80::5')).join('\n')).toContain(sentence);
    expect(said(text('fe80::5', '2001:db8::5')).join('\n')).not.toContain(sentence);
  });

  it('wants state MASTER and priority 255 together', () => {
    expect(said(instanceWith('strict_mode', 'state MASTER', 'priority 100'))).toContain(
      '5:1 warning: in strict mode state MASTER and priority 255 go together',
    );
    expect(instanceOf('strict_mode', 'state MASTER', 'priority 100')?.state).toBe('BACKUP');
  });

  it('sets what the RFC wants, and says which lines it overrules', () => {
    const lines = ['strict_mode', 'priority 255', 'preempt_delay 3', 'down_timer_adverts 4', 'higher_prio_send_advert'];
    expect(said(instanceWith(...lines))).toEqual([
      '6:1 warning: preempt_delay does not go with strict mode; it is ignored',
      '7:1 warning: down_timer_adverts is 3 in strict mode',
      '8:1 warning: higher_prio_send_advert does not go with strict mode; it is off',
    ]);
    expect(instanceOf(...lines)).toEqual({
      ...DEFAULTS,
      strictMode: true,
      state: 'MASTER',
      priority: 255,
      garpLowerPriorityDelay: ZERO,
      garpLowerPriorityRepeat: 0,
      lowerPriorityNoAdvert: true,
    });
  });
});

describe('priority and preemption', () => {
  it('MASTER without priority is 255, as in keepalived, which says nothing', () => {
    expect(instanceOf('state MASTER')).toEqual({ ...DEFAULTS, state: 'MASTER', priority: 255 });
    expect(read(instanceWith('state MASTER')).exitCode).toBe(0);
    expect(said(instanceWith('state MASTER'))).toEqual([
      '4:1 warning: state MASTER without priority means priority 255, the owner of the addresses; write the priority',
    ]);
  });

  it.each([
    [
      ['state MASTER', 'priority 100', 'nopreempt'],
      true,
      '6:1 warning: nopreempt does not go with state MASTER; it is ignored; write state BACKUP on all routers',
    ],
    [['priority 255', 'nopreempt'], true, '5:1 warning: nopreempt does not go with priority 255; it is ignored'],
    [
      ['state MASTER', 'priority 100', 'preempt_delay 5'],
      true,
      '6:1 warning: preempt_delay does not go with state MASTER; it is ignored',
    ],
    [['nopreempt', 'preempt_delay 5'], false, '5:1 warning: preempt_delay does not go with nopreempt; it is ignored'],
  ])('%j contradicts itself', (lines, preemptMode, message) => {
    expect(said(instanceWith(...lines))).toEqual([message]);
    expect(instanceOf(...lines)).toMatchObject({ preemptMode, preemptDelay: 0 });
    expect(read(instanceWith(...lines)).exitCode).toBe(5);
  });

  it('priority 255 is MASTER unless it says otherwise [A06+]', () => {
    expect(instanceOf('priority 255')?.state).toBe('MASTER');
    expect(instanceOf('priority 255', 'state BACKUP')?.state).toBe('BACKUP');
    expect(instanceOf('priority 254')?.state).toBe('BACKUP');
  });

  it('nopreempt and preempt_delay work on a BACKUP', () => {
    expect(instanceOf('nopreempt')).toEqual({ ...DEFAULTS, preemptMode: false });
    expect(instanceOf('preempt_delay 0.5')).toEqual({ ...DEFAULTS, preemptDelay: seconds(0.5) });
  });

  it('a later BACKUP does not take MASTER back', () => {
    expect(instanceOf('priority 7', 'state MASTER', 'state BACKUP')?.state).toBe('MASTER');
    expect(said(instanceWith('priority 7', 'state MASTER', 'state BACKUP'))).toEqual([
      '6:1 warning: state again, after line 5; MASTER counts',
    ]);
  });
});

describe('keywords newer than keepalived 2.2.7', () => {
  it('timer_expired_backup goes with nopreempt', () => {
    expect(instanceOf('nopreempt', 'timer_expired_backup')).toMatchObject({ timerExpiredPriority: 254 });
    expect(instanceOf('nopreempt', 'timer_expired_backup 99')).toMatchObject({ timerExpiredPriority: 99 });
    expect(instanceOf('timer_expired_backup')).not.toHaveProperty('timerExpiredPriority');
    expect(said(instanceWith('timer_expired_backup')).join()).toContain(
      'timer_expired_backup goes with nopreempt only',
    );
  });

  it('owner_ignore_adverts is for priority 255, and global_defs can say it', () => {
    expect(instanceOf('priority 255', 'owner_ignore_adverts')).toMatchObject({ ownerIgnoresAdverts: true });
    expect(instanceOf('priority 254', 'owner_ignore_adverts')).toMatchObject({ ownerIgnoresAdverts: false });
    const everywhere = 'global_defs {\nvrrp_owner_ignore_adverts\n}\n';
    const [given, taken] = ['', 'owner_ignore_adverts off'].map(
      (line) => read(everywhere + instanceWith('priority 255', line)).configuration.instances[0]?.ownerIgnoresAdverts,
    );
    expect([given, taken]).toEqual([true, false]);
  });

  it('v3_checksum_as_v2 of global_defs holds where an instance does not say', () => {
    const [global, own] = ['', 'v3_checksum_as_v2 off'].map(
      (line) =>
        read(`global_defs {\nv3_checksum_as_v2\n}\n${instanceWith('version 3', line)}`).configuration.instances[0]
          ?.checksumAsVersion2,
    );
    expect([global, own]).toEqual([true, false]);
  });

  it('vrrp_rx_bufs_policy in bytes is for those that do not say kernel_rx_buf_size', () => {
    const text = (line: string) => `global_defs {\nvrrp_rx_bufs_policy 5000000\n}\n${instanceWith(line)}`;
    const buffers = ['', 'kernel_rx_buf_size 7000000'].map((line) => {
      const [instance] = read(text(line)).configuration.instances;
      return instance && earsOf(instance)[0]?.receiveBuffer;
    });
    expect(buffers).toEqual([5_000_000, 7_000_000]);
  });
});

describe('advert_int', () => {
  it.each([
    [['advert_int 1.5'], 2],
    [['advert_int 2.4'], 2],
    [['advert_int 0.2'], 1],
    [['version 3', 'advert_int 0.015'], 0.02],
    [['version 3', 'advert_int 50'], 40.95],
  ])('%j becomes %d s: what its version cannot send is rounded [A11- B10-]', (lines, expected) => {
    expect(instanceOf(...lines)?.advertisementInterval).toBe(seconds(expected));
    expect(read(instanceWith(...lines)).exitCode).toBe(5);
  });

  it.each([[['version 3', 'advert_int 40.95']], [['version 3', 'advert_int 0.01']], [['advert_int 255']]])(
    '%j is exact [B10+]',
    (lines) => {
      expect(read(instanceWith(...lines)).exitCode).toBe(0);
    },
  );
});

describe('authentication', () => {
  const auth = (...lines: string[]) => ['authentication {', ...lines, '}'];

  it.each([
    [
      auth('auth_type pass', 'auth_pass x'),
      5,
      "5:11 error: auth_type: expected PASS or AH, got 'pass'; as it stands there is no authentication, as in keepalived; write PASS in capitals",
    ],
    [auth('auth_type PASS'), 5, '5:1 warning: auth_type PASS without auth_pass; advertisements are not authenticated'],
    [
      auth('auth_pass x'),
      0,
      '5:1 warning: auth_pass without auth_type; advertisements are not authenticated; add auth_type PASS',
    ],
    [
      ['version 3', ...auth('auth_type PASS', 'auth_pass x')],
      5,
      '6:1 warning: VRRP version 3 has no authentication; advertisements are not authenticated',
    ],
    [
      ['strict_mode', ...auth('auth_type PASS', 'auth_pass x')],
      5,
      '6:1 warning: strict mode has no authentication; advertisements are not authenticated',
    ],
  ])('%j is none', (lines, exitCode, message) => {
    const notes = said(instanceWith(...lines)).filter((line) => !line.includes(' note: '));
    expect(notes).toEqual([message]);
    expect(instanceOf(...lines)?.authentication).toBeUndefined();
    expect(read(instanceWith(...lines)).exitCode).toBe(exitCode);
  });

  it('an empty block is silent', () => {
    expect(said(instanceWith('authentication {', '}'))).toEqual([]);
  });

  it('keeps 8 bytes of a password, and no half character is lost', () => {
    const lines = auth('auth_type PASS', 'auth_pass 123456789');
    expect(instanceOf(...lines)?.authentication).toEqual({ type: 'PASS', password: '12345678' });
    expect(said(instanceWith(...lines))).toEqual([
      "6:11 warning: auth_pass: a password has 8 bytes and this one 9; '12345678' is used",
    ]);
    expect(said(instanceWith(...auth('auth_type PASS', 'auth_pass 12345678')))).toEqual([]);
    expect(instanceOf(...auth('auth_type PASS', 'auth_pass 密码密码'))?.authentication?.password).toBe('密码密');
  });

  it('names a second word after the password', () => {
    const text = instanceWith(...auth('auth_type PASS', 'auth_pass forlvs  默认1111'));
    expect(said(text)).toEqual(["6:19 warning: unexpected '默认1111' after the value of auth_pass; it is ignored"]);
    expect(read(text).exitCode).toBe(0);
  });

  it('AH starts as BACKUP', () => {
    const lines = ['state MASTER', 'priority 7', ...auth('auth_type AH', 'auth_pass x')];
    expect(instanceOf(...lines)).toMatchObject({ state: 'BACKUP', authentication: { type: 'AH', password: 'x' } });
  });
});

describe('words of an instance', () => {
  it('are read without a word where they are right', () => {
    const lines = [
      'smtp_alert',
      'notify_master "/bin/x a"',
      'track_interface {',
      'eth1 weight 5',
      '}',
      'version 3',
      'unicast_peer {',
      '192.168.4.6',
      '}',
    ];
    expect(read(instanceWith(...lines))).toMatchObject({
      exitCode: 0,
      diagnostics: [],
    });
    expect(instanceOf(...lines)).toMatchObject({
      version: 3,
      unicastPeers: [{ address: '192.168.4.6', minTtl: 0, maxTtl: 255 }],
      tracking: { interfaces: [{ name: 'eth1', weight: 5, reverse: false }] },
      notify: { master: { command: ['/bin/x', 'a'] } },
      smtpAlert: true,
    });
  });

  it('is not said of a virtual router of IPv6, which has version 3 and its group', () => {
    const text = 'vrrp_instance V {\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress { fd00::1 }\n}\n';
    expect(said(text)).toEqual([]);
    expect(read(text).configuration.instances).toMatchObject([
      { family: 'inet6', version: 3, multicastGroup: 'ff02::12', virtualAddresses: [{ address: 'fd00::1' }] },
    ]);
  });
});

describe('what is tracked', () => {
  const script = 'vrrp_script chk {\nscript /bin/x\nweight -4 reverse\n}\n';

  it('has the weight of its line, or else its own', () => {
    const text = script + instanceWith('track_script {', 'chk', '}');
    expect(read(text).configuration.instances[0]?.tracking.scripts).toEqual([
      { name: 'chk', weight: -4, reverse: true },
    ]);
    const other = script + instanceWith('track_script {', 'chk weight 7', '}');
    expect(read(other).configuration.instances[0]?.tracking.scripts).toEqual([
      { name: 'chk', weight: 7, reverse: true },
    ]);
  });

  it('is what is there, once', () => {
    const text = script + instanceWith('track_script {', 'chk', 'chk weight 2', 'other', '}');
    expect(read(text).configuration.instances[0]?.tracking.scripts).toHaveLength(1);
  });
});

describe('unicast_peer', () => {
  it('has a range of TTL, and then the sources are looked at', () => {
    const lines = (option: string) => ['unicast_peer {', `192.168.4.6 ${option}`, '}'];
    expect(instanceOf(...lines('min_ttl 10 max_ttl 254'))).toMatchObject({
      unicastPeers: [{ address: '192.168.4.6', minTtl: 10, maxTtl: 254 }],
      checkUnicastSource: true,
    });
    expect(instanceOf(...lines(''))).toMatchObject({ checkUnicastSource: false });
    expect(said(instanceWith(...lines('max_ttl 256')))).toEqual([
      "5:21 error: max_ttl: expected an integer from 0 to 255, got '256'; it is ignored",
    ]);
  });
});
