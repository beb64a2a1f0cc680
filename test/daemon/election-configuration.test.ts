import { describe, expect, it } from 'vitest';
import { seconds, ZERO } from '../../src/base/time.ts';
import { electionConfiguration } from '../../src/daemon/election-configuration.ts';
import { readConfiguration } from '../../src/daemon/root.ts';

const told = (global: string, blocks = '', uptime = ZERO) =>
  electionConfiguration(
    readConfiguration('a.conf', () => `global_defs {\n${global}\n}\n${blocks}`).configuration,
    uptime,
    true,
  );

describe('what the election is told', () => {
  it('vrrp_delay_after_boot counts from the start of the host; the longer delay counts', () => {
    expect(told('').startupDelay).toBeUndefined();
    expect(told('vrrp_startup_delay 5').startupDelay).toBe(seconds(5));
    expect(told('vrrp_delay_after_boot 60', '', seconds(50)).startupDelay).toBe(seconds(10));
    expect(told('vrrp_delay_after_boot 60\nvrrp_startup_delay 15', '', seconds(50)).startupDelay).toBe(seconds(15));
    expect(told('vrrp_delay_after_boot 60', '', seconds(500)).startupDelay).toBe(ZERO);
  });

  it('receive buffers of rtnetlink, where they are larger than ours', () => {
    const small = 'vrrp_netlink_monitor_rcv_bufs 65536\nvrrp_netlink_cmd_rcv_bufs 65536';
    expect(told(small).netlinkBuffers).toEqual({});
    const large = 'vrrp_netlink_monitor_rcv_bufs 8000000\nvrrp_netlink_cmd_rcv_bufs 2000000';
    expect(told(large).netlinkBuffers).toEqual({ eventBuffer: 8_000_000, answerBuffer: 2_000_000 });
  });

  it('how far apart announcements are: those of a garp_group by its own values alone', () => {
    const groups = `garp_group {
  garp_interval 0.5
  interface eth1
  interfaces {
    eth2
  }
}
garp_group {
  interface eth3
}
`;
    expect(told('vrrp_garp_interval 0.1\nvrrp_gna_interval 0.2', groups).spacing).toEqual({
      garp: seconds(0.1),
      gna: seconds(0.2),
      groups: [{ interfaces: ['eth1', 'eth2'], garp: seconds(0.5), gna: ZERO }],
    });
  });

  it('interface_up_down_delays: less than a Backup of an instance that uses the interface takes to notice', () => {
    const lines = 'interface_up_down_delays {\n eth0 1.5 2\n eth1 9 3\n eth2 9\n}\n';
    const instance = (name: string, vrid: number, rest: string) =>
      `vrrp_instance ${name} {\n interface eth1\n virtual_router_id ${vrid}\n ${rest}\n}\n`;
    const blocks = instance('A', 1, 'advert_int 2') + instance('B', 2, 'advert_int 1\n down_timer_adverts 6');
    const tracked = instance('C', 3, 'version 3\n advert_int 1\n track_interface {\n eth2\n }').replace('eth1', 'eth3');
    expect(told('', lines + blocks + tracked).interfaceDelays).toEqual([
      { interface: 'eth0', downDelay: seconds(1.5), upDelay: seconds(2) },
      { interface: 'eth1', downDelay: seconds(4), upDelay: seconds(3) },
      { interface: 'eth2', downDelay: seconds(2), upDelay: ZERO },
    ]);
  });

  it('which links are polled: those of linkbeat_interfaces, of an instance that says so, or all', () => {
    const lines = 'linkbeat_interfaces {\n eth1 MII\n eth2\n}\n';
    const instance = 'vrrp_instance A {\n interface eth3\n virtual_router_id 1\n linkbeat_use_polling\n}\n';
    expect(told('').polledLinks).toEqual([]);
    expect(told('', lines + instance).polledLinks).toEqual(['eth1', 'eth2', 'eth3']);
    expect(told('', `linkbeat_use_polling\n${lines}`).polledLinks).toBe('all');
  });

  it('vrrp_min_garp: one announcement and no second burst, where nothing else is said', () => {
    const instance = 'vrrp_instance A {\n interface eth0\n virtual_router_id 1\n}\n';
    const garp = (global: string) => {
      const [one] = told(global, instance).instances;
      return [one?.garpMasterDelay, one?.garpMasterRepeat, one?.garpLowerPriorityDelay, one?.garpLowerPriorityRepeat];
    };
    expect(garp('')).toEqual([seconds(5), 5, seconds(5), 5]);
    expect(garp('vrrp_min_garp')).toEqual([ZERO, 1, ZERO, 1]);
    expect(garp('vrrp_min_garp\nvrrp_garp_master_repeat 3')).toEqual([ZERO, 3, ZERO, 3]);
    expect(garp('vrrp_garp_master_delay 5\nvrrp_min_garp off')).toEqual([seconds(5), 5, seconds(5), 5]);
  });
});
