import { beforeEach, describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { Follower } from '../../src/daemon/follower.ts';
import type { OwnInterfaceProblems } from '../../src/daemon/interface-keeper.ts';
import type { Router } from '../../src/daemon/router.ts';
import { TrackedThings } from '../../src/daemon/tracked-things.ts';
import type { VrrpInstance } from '../../src/vrrp/instance.ts';
import type { VrrpNotice } from '../../src/vrrp/notice.ts';
import { transition } from '../../src/vrrp/virtual-router.ts';
import { T0 } from '../vrrp/example.ts';
import { router, US } from './example.ts';

const NONE = { interfaces: [], scripts: [], files: [], processes: [], bfd: [] };

/** What the follower sees of the host, and what it tells. */
let down: Set<string>;
let address: IpAddress | undefined;
let faults: readonly string[];
let own: OwnInterfaceProblems;
let socketError: Error | undefined;
let said: string[];
let notices: VrrpNotice[];
let events: string[];
let tracked: TrackedThings;
let follower: Follower;

beforeEach(() => {
  down = new Set();
  address = US;
  faults = [];
  own = { faults: [], waits: [] };
  socketError = undefined;
  [said, notices, events] = [[], [], []];
  tracked = new TrackedThings({ problemOf: (name) => (down.has(name) ? `interface ${name} is down` : undefined) });
  follower = new Follower({
    interfaces: {
      primaryAddress: () => address,
      faultsOf: () => faults,
    },
    own: { problemsOf: () => own },
    sockets: {
      open: () => {
        if (socketError) throw socketError;
      },
    },
    tracked,
    dispatch: (one, event) => {
      events.push('reason' in event ? `${event.type} ${event.reason}` : event.type);
      one.state = transition(one.config, one.state, event, T0).state;
    },
    tell: (notice) => notices.push(notice),
    log: (_level, event, message) => said.push(`${event}: ${message}`),
  });
});

const script = (weight: number) => ({ ...NONE, scripts: [{ name: 'chk', weight, reverse: false }] });
const started = (different: Partial<VrrpInstance> = {}): Router => {
  const one = router(different);
  follower.follow(one);
  events = [];
  return one;
};
const result = (isUp: boolean) => tracked.note({ kind: 'script', name: 'chk', isUp });

describe('Follower', () => {
  it('starts a router with the faults that it has, once', () => {
    faults = ['interface eth0 is down'];
    const one = router();
    follower.follow(one);
    follower.follow(one);
    expect(events).toEqual(['startup']);
    expect(one.state).toEqual({ name: 'Fault', reasons: faults });
  });

  it('sends one event for each fault that came or went', () => {
    const one = started();
    faults = ['a', 'b'];
    follower.follow(one);
    faults = ['b', 'c'];
    follower.follow(one);
    faults = [];
    follower.follow(one);
    expect(events).toEqual(['fault a', 'fault b', 'fault c', 'fault-cleared a', 'fault-cleared b', 'fault-cleared c']);
    expect(one.state.name).toBe('Backup');
  });

  it('interfaces of its own are waited for before it begins, and no reason to give up while they are made anew', () => {
    const making = 'interface vrrp.51 is being made';
    own = { faults: [], waits: [making] };
    const one = router();
    follower.follow(one);
    expect(events).toEqual([]);
    own = { faults: [], waits: [] };
    follower.follow(one);
    expect(events).toEqual(['startup']);
    expect(one.state.name).toBe('Backup');
    own = { faults: [], waits: [making] };
    follower.follow(one);
    expect(events).toEqual(['startup']);
    own = { faults: ['interface vrrp.51 is down'], waits: [] };
    follower.follow(one);
    own = { faults: [], waits: [making] };
    follower.follow(one);
    expect(one.state).toEqual({ name: 'Fault', reasons: [making] });
    own = { faults: [], waits: [] };
    follower.follow(one);
    expect(one.state.name).toBe('Backup');
  });

  it('a socket that cannot be had is a fault', () => {
    const one = started();
    socketError = new Error('EPERM');
    follower.follow(one);
    expect(one.state).toEqual({ name: 'Fault', reasons: ['no VRRP socket on eth0: EPERM'] });
  });

  it('follows the primary address, and keeps the old one when there is none', () => {
    const one = started();
    address = '192.0.2.77' as IpAddress;
    follower.follow(one);
    expect(one.config.localAddress).toBe('192.0.2.77');
    address = undefined;
    follower.follow(one);
    expect(one.config.localAddress).toBe('192.0.2.77');
  });

  it('a configured source address is not followed', () => {
    const one = router({ sourceAddress: '192.0.2.99' as IpAddress });
    follower.follow(one);
    expect(one.config.localAddress).toBe('192.0.2.99');
  });

  describe('a tracked script with a weight: keepalived.conf(5) "track_script"', () => {
    it('changes the priority, and says so', () => {
      tracked.watch(['script']);
      const one = started({ tracking: script(-20) });
      expect(one.config.priority).toBe(100);
      result(false);
      follower.follow(one);
      expect(one.config.priority).toBe(80);
      expect(said).toEqual(['priority-change: (VI_1) Changing effective priority from 100 to 80']);
      expect(events).toEqual(['configured']);
      expect(notices).toEqual([]);
    });

    it('tells the new priority where that is wanted: keepalived.conf(5) "notify_priority_changes"', () => {
      const one = started({ tracking: script(20), notifyPriorityChanges: true });
      result(true);
      follower.follow(one);
      expect(notices).toEqual([{ subject: 'INSTANCE', name: 'VI_1', event: 'BACKUP_PRIORITY', priority: 120 }]);
    });
  });

  it('tells a priority that is another from the start before its first state, as keepalived', () => {
    tracked.watch(['script']);
    const tell = (known: boolean) => {
      const one = router({ tracking: script(20), notifyPriorityChanges: true });
      if (known) result(true);
      follower.follow(one);
      return notices.splice(0);
    };
    expect(tell(false)).toEqual([]);
    expect(tell(true)).toEqual([{ subject: 'INSTANCE', name: 'VI_1', event: 'BACKUP_PRIORITY', priority: 120 }]);
  });

  it('tells a priority that changes in FAULT as that of a BACKUP, as keepalived', () => {
    const one = started({ tracking: script(20), notifyPriorityChanges: true });
    faults = ['interface eth0 is down'];
    follower.follow(one);
    expect(one.state.name).toBe('Fault');
    result(true);
    follower.follow(one);
    expect(notices.splice(0)).toEqual([{ subject: 'INSTANCE', name: 'VI_1', event: 'BACKUP_PRIORITY', priority: 120 }]);
  });

  describe('a tracked script without weight', () => {
    beforeEach(() => tracked.watch(['script', 'process']));

    it('is waited for before anything begins, and that is said once', () => {
      const one = router({ tracking: script(0) });
      follower.follow(one);
      follower.follow(one);
      expect(one.state.name).toBe('Initialize');
      expect(said).toEqual(['instance-waits: (VI_1) waits: script chk has no result yet']);
      result(true);
      follower.follow(one);
      expect(one.state.name).toBe('Backup');
    });

    it('that fails at first is a fault from the start', () => {
      const one = router({ tracking: script(0) });
      follower.follow(one);
      result(false);
      follower.follow(one);
      expect(events).toEqual(['startup']);
      expect(one.state).toEqual({ name: 'Fault', reasons: ['script chk fails'] });
      result(true);
      follower.follow(one);
      expect(one.state.name).toBe('Backup');
    });

    it('is not waited for once another fault is there, but is one beside it', () => {
      faults = ['interface eth0 is down'];
      const one = router({ tracking: script(0) });
      follower.follow(one);
      expect(one.state).toEqual({ name: 'Fault', reasons: [...faults, 'script chk has no result yet'] });
      faults = [];
      follower.follow(one);
      expect(one.state).toEqual({ name: 'Fault', reasons: ['script chk has no result yet'] });
      result(true);
      follower.follow(one);
      expect(one.state.name).toBe('Backup');
    });

    it('that a reload adds to a running router is no fault before it has failed', () => {
      const one = started();
      one.instance = { ...one.instance, tracking: script(0) };
      follower.follow(one);
      expect(one.state.name).toBe('Backup');
      result(false);
      follower.follow(one);
      expect(one.state).toEqual({ name: 'Fault', reasons: ['script chk fails'] });
    });
  });

  it('a tracked interface counts as it is: keepalived.conf(5) "track_interface"', () => {
    const interfaces = [
      { name: 'eth1', weight: 0, reverse: false },
      { name: 'eth2', weight: -30, reverse: false },
    ];
    const one = started({ tracking: { ...NONE, interfaces } });
    down.add('eth2');
    follower.follow(one);
    expect([one.state.name, one.config.priority]).toEqual(['Backup', 70]);
    down.add('eth1');
    follower.follow(one);
    expect(one.state).toEqual({ name: 'Fault', reasons: ['interface eth1 is down'] });
  });
});

describe('Follower of a sync group: keepalived.conf(5) "vrrp_sync_group"', () => {
  let first: Router;
  let second: Router;

  beforeEach(() => {
    [first, second] = [router({ name: 'V1' }), router({ name: 'V2', tracking: script(0) })];
    const group = { name: 'G', members: [first, second], told: 'Initialize' as const };
    [first.group, second.group] = [group, group];
    tracked.watch(['script']);
  });

  it('starts no member before all can be', () => {
    follower.follow(first);
    expect([first.state.name, second.state.name]).toEqual(['Initialize', 'Initialize']);
    expect(said[0]).toBe('instance-waits: (V1) waits: V2 of its sync group: script chk has no result yet');
    result(true);
    follower.follow(first);
    expect([first.state.name, second.state.name]).toEqual(['Backup', 'Backup']);
  });

  it('gives every member the faults of its mates, and takes them away together', () => {
    result(true);
    follower.follow(first);
    result(false);
    follower.follow(second);
    expect(first.state).toEqual({ name: 'Fault', reasons: ['V2 of its sync group: script chk fails'] });
    expect(second.state).toEqual({ name: 'Fault', reasons: ['script chk fails'] });
    result(true);
    follower.followAll([first, second]);
    expect([first.state.name, second.state.name]).toEqual(['Backup', 'Backup']);
  });
});

describe('TrackedThings', () => {
  it('knows when a result is news', () => {
    expect([result(true), result(true), result(false)]).toEqual([true, false, true]);
    expect(tracked.note({ kind: 'file', name: 'chk', value: 0 })).toBe(true);
    expect(tracked.stateOf('script', 'chk')).toBe('down');
    expect(tracked.stateOf('file', 'chk')).toBe(0);
  });

  it('expects a result of what is watched only', () => {
    expect(tracked.stateOf('process', 'p')).toBeUndefined();
    tracked.watch(['process']);
    expect(tracked.stateOf('process', 'p')).toBe('unknown');
    expect(tracked.stateOf('bfd', 'p')).toBeUndefined();
  });
});
