import { describe, expect, it } from 'vitest';
import { faultsOfMates, groupState, groupTransition, type Member } from '../../src/vrrp/sync-group.ts';
import type { Backup, Event, State, VirtualRouterConfig } from '../../src/vrrp/virtual-router.ts';
import { advertisement, at, backup, config, HIGH_ADDRESS, master, newMaster, T0, takingOver } from './example.ts';

const clock: Event = { type: 'clock' };
const member = (name: string, state: State, different: Partial<VirtualRouterConfig> = {}): Member => ({
  name,
  config: config(different),
  state,
});
/** V1 and V2 in these states. */
const both = (first: State, second: State) => [member('V1', first), member('V2', second)];
const waiting: Backup = backup({ masterDownAt: at(9_000_000) });
const due = at(3_609_375);

describe('a sync group: keepalived.conf(5) "vrrp_sync_group"', () => {
  it('holds a member back whose timer fires alone; it remembers that and waits on [C03+]', () => {
    const { transitions } = groupTransition(both(backup(), waiting), 0, clock, due);
    expect(transitions).toEqual([
      {
        state: backup({
          masterDownSetAt: due,
          masterDownAt: at(2 * 3_609_375),
          releasedBy: undefined,
          wantsMaster: true,
        }),
        effects: [],
      },
      { state: waiting, effects: [] },
    ]);
  });

  it('is Master as soon as the last member wants to be: that one first, the mates with it', () => {
    const { transitions, order } = groupTransition(both(backup({ wantsMaster: true }), backup()), 1, clock, due);
    expect(order).toEqual([1, 0]);
    expect(transitions).toEqual([
      {
        state: newMaster(due),
        effects: [
          ...takingOver(100),
          {
            type: 'state-changed',
            from: 'Backup',
            to: 'Master',
            cause: 'sync-group',
            detail: 'with V2 of its sync group',
          },
        ],
      },
      {
        state: newMaster(due),
        effects: [...takingOver(100), expect.objectContaining({ type: 'state-changed', cause: 'master-down-timer' })],
      },
    ]);
  });

  it('does not wait for a mate whose timer is due as well', () => {
    const { transitions } = groupTransition(both(backup(), backup()), 0, clock, due);
    expect(transitions.map(({ state }) => state.name)).toEqual(['Master', 'Master']);
  });

  it('does nothing before the timer', () => {
    const members = both(backup(), backup({ wantsMaster: true }));
    const { transitions } = groupTransition(members, 0, clock, at(3_609_374));
    expect(transitions).toEqual(members.map(({ state }) => ({ state, effects: [] })));
  });

  it('forgets the wish with every advertisement that is accepted, not with one that is discarded', () => {
    const wants = backup({ wantsMaster: true });
    const heard = (priority: number) => groupTransition(both(wants, waiting), 0, advertisement(priority), T0);
    expect(heard(150).transitions[0]?.state).not.toHaveProperty('wantsMaster');
    expect(heard(99).transitions[0]?.state).toHaveProperty('wantsMaster', true);
  });

  it.each([
    ['Initialize', { name: 'Initialize' }],
    ['Fault', { name: 'Fault', reasons: ['x'] }],
    ['Master on its way out', master({ leaving: { since: T0, until: at(9_000_000) } })],
  ] as const)('is not Master while a member is %s', (_, state) => {
    expect(groupTransition(both(backup(), state), 0, clock, due).transitions[0]?.state.name).toBe('Backup');
  });

  it('is Backup as soon as one member yields, and the mates say nothing', () => {
    const event = advertisement(101, { source: HIGH_ADDRESS });
    const { transitions } = groupTransition(both(newMaster(T0), newMaster(T0)), 1, event, at(300_000));
    expect(transitions).toEqual([
      {
        state: {
          name: 'Backup',
          masterAdverInterval: config().advertisementInterval,
          masterDownSetAt: at(300_000),
          masterDownAt: at(3_909_375),
        },
        effects: [
          { type: 'release-addresses' },
          {
            type: 'state-changed',
            from: 'Master',
            to: 'Backup',
            cause: 'sync-group',
            detail: 'with V2 of its sync group',
          },
        ],
      },
      expect.objectContaining({ state: expect.objectContaining({ name: 'Backup' }) }),
    ]);
  });

  it('is Backup too when a member that a reload has put beside Masters accepts another one', () => {
    const heard = (priority: number) =>
      groupTransition(both(waiting, newMaster(T0)), 0, advertisement(priority), at(1)).transitions[1]?.state.name;
    expect(heard(150)).toBe('Backup');
    expect(heard(99)).toBe('Master');
    expect(heard(0)).toBe('Master');
  });

  it('answers for all members when one is challenged by a lower priority', () => {
    const { transitions } = groupTransition(both(master(), master()), 0, advertisement(99), at(300_000));
    const answers = [
      { type: 'send-advertisement', priority: 100 },
      { type: 'announce-addresses', rounds: 5 },
    ];
    expect(transitions.map(({ effects }) => effects)).toEqual([
      [{ type: 'discard', reason: 'lower-priority' }, ...answers],
      answers,
    ]);
  });

  it('a farewell of a peer is answered by the member that it is for only', () => {
    const { transitions } = groupTransition(both(master(), master()), 0, advertisement(0), at(300_000));
    expect(transitions[1]).toEqual({ state: master(), effects: [] });
  });

  it('hears nothing of a Backup from its mates', () => {
    const members = both(waiting, waiting);
    expect(groupTransition(members, 0, advertisement(99), T0).transitions[1]).toEqual({ state: waiting, effects: [] });
  });

  it('of owners is Master at once, one member after the other', () => {
    const owner = { priority: 255 };
    const startup: Event = { type: 'startup', faults: [] };
    const members = [member('V1', { name: 'Initialize' }, owner), member('V2', { name: 'Initialize' }, owner)];
    expect(groupTransition(members, 0, startup, T0).transitions.map(({ state }) => state.name)).toEqual([
      'Master',
      'Initialize',
    ]);
  });
});

describe('groupState', () => {
  it('is the state of all, and nothing in between', () => {
    expect(groupState([master(), newMaster(T0)])).toBe('Master');
    expect(groupState([master(), backup()])).toBeUndefined();
    expect(groupState([])).toBeUndefined();
  });
});

describe('faultsOfMates', () => {
  it('names the mate and what it has', () => {
    expect(
      faultsOfMates([
        { name: 'V2', faults: ['interface eth1 is down', 'script chk fails'] },
        { name: 'V3', faults: [] },
      ]),
    ).toEqual(['V2 of its sync group: interface eth1 is down', 'V2 of its sync group: script chk fails']);
  });
});
