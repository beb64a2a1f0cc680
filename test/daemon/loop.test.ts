import { beforeEach, describe, expect, it } from 'vitest';
import { type Instant, instant, later, seconds } from '../../src/base/time.ts';
import { ElectionLoop } from '../../src/daemon/loop.ts';
import type { Router } from '../../src/daemon/router.ts';
import type { VrrpNotice } from '../../src/vrrp/notice.ts';
import type { Effect } from '../../src/vrrp/virtual-router.ts';
import { PEER, router } from './example.ts';

const START = instant(1_000_000_000);

/** The world of a loop: a clock that stands where it is put, packets that wait, effects that are written down. */
class FakeWorld {
  clock: Instant = START;
  wakeup: Instant | undefined;
  readonly performed: string[] = [];
  readonly logged: string[] = [];
  readonly told: VrrpNotice[] = [];
  /** Handled by drain, each with its time of arrival. */
  readonly waiting: { at: Instant; priority: number }[] = [];
  /** What drain says it knows; undefined: everything. */
  knownUntil: Instant | undefined;
  readonly loop = new ElectionLoop({
    now: () => this.clock,
    wakeAt: (at) => {
      this.wakeup = at;
    },
    drain: () => {
      for (const { at, priority } of this.waiting.splice(0)) {
        this.loop.handle(
          this.only(),
          { type: 'advertisement', priority, source: PEER, advertisementInterval: seconds(1) },
          at,
        );
      }
      return this.knownUntil;
    },
    perform: (_router: Router, effect: Effect) => this.performed.push(effect.type),
    tell: (notice) => this.told.push(notice),
    log: (_level, _event, message) => this.logged.push(message),
  });

  only(): Router {
    const [first] = this.loop.routers.values();
    if (!first) throw new Error('no router');
    return first;
  }
}

describe('ElectionLoop', () => {
  let world: FakeWorld;

  beforeEach(() => {
    world = new FakeWorld();
    const only = router();
    world.loop.routers.set(only.instance.name, only);
    world.loop.dispatch(only, { type: 'startup', faults: [] });
  });

  it('arms one timer for the smallest deadline', () => {
    expect(world.wakeup).toBe(later(START, seconds(3.609375)));
    const other = router({ name: 'VI_2', vrid: 52, priority: 200 });
    world.loop.routers.set('VI_2', other);
    world.loop.dispatch(other, { type: 'startup', faults: [] });
    expect(world.wakeup).toBe(later(START, seconds(3.21875)));
  });

  it('has no timer when nothing runs', () => {
    world.loop.dispatch(world.only(), { type: 'shutdown' });
    expect(world.wakeup).toBeUndefined();
  });

  it('takes over when the deadline has passed, and says why', () => {
    world.clock = later(START, seconds(3.609375));
    world.loop.wake();
    expect(world.performed).toEqual(['send-advertisement', 'take-addresses', 'announce-addresses']);
    expect(world.only()).toMatchObject({ cause: 'master-down-timer', transitions: 2 });
    expect(world.logged.at(-1)).toBe('(VI_1) Entering MASTER STATE: no advertisement from anybody for 3.609 s');
  });

  it('does nothing when it wakes early', () => {
    world.clock = later(START, seconds(3.609374));
    world.loop.wake();
    expect(world.performed).toEqual([]);
    expect(world.wakeup).toBe(later(START, seconds(3.609375)));
  });

  it('handles what arrived during a stall before the deadline that passed meanwhile: no takeover from a live master', () => {
    world.clock = later(START, seconds(60)); // the whole process slept for a minute
    world.waiting.push(
      { at: later(START, seconds(1)), priority: 150 },
      { at: later(START, seconds(59.9)), priority: 150 },
    );
    world.loop.wake();
    expect(world.performed).toEqual([]);
    expect(world.only().state).toMatchObject({ name: 'Backup', masterDownAt: later(START, seconds(59.9 + 3.609375)) });
  });

  it('takes over after a stall when the master really was silent, and goes on to be', () => {
    world.clock = later(START, seconds(60));
    world.waiting.push({ at: later(START, seconds(1)), priority: 150 });
    world.loop.wake();
    expect(world.only().state).toMatchObject({ name: 'Backup', stalledFor: seconds(60 - 1 - 3.609375) });
    world.clock = later(START, seconds(61.609375));
    world.loop.wake();
    expect(world.only().state.name).toBe('Master');
  });

  it('measures deadlines against the last packet read while a flood left more to read', () => {
    world.clock = later(START, seconds(60));
    world.waiting.push({ at: later(START, seconds(1)), priority: 150 });
    world.knownUntil = later(START, seconds(1));
    world.loop.wake();
    expect(world.only().state.name).toBe('Backup');
    world.knownUntil = undefined;
    world.clock = later(START, seconds(4.7));
    world.loop.wake();
    expect(world.only().state.name).toBe('Master');
  });

  it('counts what is discarded', () => {
    world.waiting.push({ at: START, priority: 50 }, { at: START, priority: 50 });
    world.loop.wake();
    expect(world.only().counters).toEqual({ 'discarded lower-priority': 2 });
  });

  it('tells every state that is entered, with the effective priority', () => {
    const only = world.only();
    world.clock = later(START, seconds(3.609375));
    world.loop.wake();
    world.loop.dispatch(only, { type: 'fault', reason: 'eth0 is down' });
    world.loop.dispatch(only, { type: 'fault-cleared', reason: 'eth0 is down' });
    world.loop.dispatch(only, { type: 'shutdown' });
    expect(world.told).toEqual(
      (['BACKUP', 'MASTER', 'FAULT', 'BACKUP', 'STOP'] as const).map((event) => ({
        subject: 'INSTANCE',
        name: 'VI_1',
        event,
        priority: 100,
      })),
    );
  });

  it.each([
    [true, 'DELETED'],
    [false, 'FAULT'],
  ])('tells the end of an instance that a reload removed; notify_deleted %j: %s', (notifyDeleted, event) => {
    const other = router({ name: 'VI_2', vrid: 52, notifyDeleted });
    world.loop.dispatch(other, { type: 'startup', faults: [] });
    other.isRemoved = true;
    world.loop.dispatch(other, { type: 'shutdown' });
    expect(world.told.at(-1)).toEqual({ subject: 'INSTANCE', name: 'VI_2', event, priority: 100 });
  });

  describe('with a sync group', () => {
    let routers: Router[];

    beforeEach(() => {
      world = new FakeWorld();
      routers = ['V1', 'V2'].map((name, i) => router({ name, vrid: 51 + i }));
      const group = { name: 'G', members: routers, told: 'Initialize' as const };
      for (const one of routers) {
        one.group = group;
        world.loop.routers.set(one.instance.name, one);
      }
      for (const one of routers) world.loop.dispatch(one, { type: 'startup', faults: [] });
    });

    const events = () => world.told.map(({ subject, name, event }) => `${subject} ${name} ${event}`);

    it('tells of the group when all of its members have arrived', () => {
      world.clock = later(START, seconds(3.609375));
      world.loop.wake();
      for (const one of routers) world.loop.dispatch(one, { type: 'shutdown' });
      expect(events()).toEqual([
        'INSTANCE V1 BACKUP',
        'INSTANCE V2 BACKUP',
        'GROUP G BACKUP',
        'INSTANCE V1 MASTER',
        'INSTANCE V2 MASTER',
        'GROUP G MASTER',
        'INSTANCE V1 STOP',
        'INSTANCE V2 STOP',
        'GROUP G STOP',
      ]);
      expect(world.told.at(-1)?.priority).toBe(0);
    });

    it('moves all members with one event, and arms the timer for all', () => {
      world.clock = later(START, seconds(3.609375));
      world.loop.wake();
      const [, second] = routers as [Router, Router];
      const event = { type: 'advertisement', priority: 200, source: PEER, advertisementInterval: seconds(1) } as const;
      world.loop.dispatch(second, event);
      expect(routers.map(({ state }) => state.name)).toEqual(['Backup', 'Backup']);
      expect(world.wakeup).toBe(later(world.clock, seconds(3.609375)));
      expect(events().at(-1)).toBe('GROUP G BACKUP');
    });

    it('that a reload removes leaves without a word of the group', () => {
      for (const one of routers) one.isRemoved = true;
      for (const one of routers) world.loop.dispatch(one, { type: 'shutdown' });
      expect(events().slice(3)).toEqual(['INSTANCE V1 FAULT', 'INSTANCE V2 FAULT']);
    });
  });

  it('tells that a lower priority was heard as MASTER, once an interval: keepalived.conf(5) "notify_master_rx_lower_pri"', () => {
    world.clock = later(START, seconds(3.609375));
    world.loop.wake();
    const hear = (us: number) => {
      world.clock = later(START, seconds(us));
      const event = { type: 'advertisement', priority: 50, source: PEER, advertisementInterval: seconds(1) } as const;
      world.loop.dispatch(world.only(), event);
    };
    for (const second of [4, 4.1, 4.9, 5]) hear(second);
    expect(world.told.filter(({ event }) => event === 'MASTER_RX_LOWER_PRI')).toEqual([
      { subject: 'INSTANCE', name: 'VI_1', event: 'MASTER_RX_LOWER_PRI', priority: 100 },
      { subject: 'INSTANCE', name: 'VI_1', event: 'MASTER_RX_LOWER_PRI', priority: 100 },
    ]);
  });
});
