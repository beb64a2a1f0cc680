import { describe, expect, it } from 'vitest';
import { seconds } from '../../../src/base/time.ts';
import { type Event, INITIALIZE, nextDeadline, type State, transition } from '../../../src/vrrp/virtual-router.ts';
import { advertisement, at, backup, config, master, newMaster, T0, takingOver } from '../example.ts';

const startup: Event = { type: 'startup', faults: [] };

describe('Initialize', () => {
  it('at startup with priority 255 advertises, takes the addresses and is Master at once (RFC 3768 §6.4.1) [A15+]', () => {
    expect(transition(config({ priority: 255 }), INITIALIZE, startup, T0)).toEqual({
      state: newMaster(T0),
      effects: [
        ...takingOver(255),
        { type: 'state-changed', from: 'Initialize', to: 'Master', cause: 'address-owner', detail: 'priority 255' },
      ],
    });
  });

  it('at startup with priority 255 waits like the others where state BACKUP is written beside it, as in keepalived', () => {
    const { state } = transition(config({ priority: 255, ownerAtOnce: false }), INITIALIZE, startup, T0);
    expect(state).toEqual({
      name: 'Backup',
      masterAdverInterval: seconds(1),
      masterDownSetAt: T0,
      masterDownAt: at(3_003_906),
    });
  });

  describe('with a delay: keepalived.conf(5) "vrrp_startup_delay"', () => {
    const delayed = (priority: number) => config({ priority, delayedUntil: at(2_000_000) });
    const begun = (priority: number) => transition(delayed(priority), INITIALIZE, startup, T0).state;

    it('is Backup at startup, and Master_Down_Timer begins when the delay is over', () => {
      expect(begun(100)).toEqual({
        name: 'Backup',
        masterAdverInterval: seconds(1),
        masterDownSetAt: at(2_000_000),
        masterDownAt: at(5_609_375),
      });
    });

    it('hears nobody until then', () => {
      const state = begun(100);
      for (const priority of [0, 50, 150]) {
        expect(transition(delayed(100), state, advertisement(priority), at(1_999_999))).toEqual({
          state,
          effects: [{ type: 'discard', reason: 'startup-delay' }],
        });
      }
      const heard = transition(delayed(100), state, advertisement(150), at(2_000_000));
      expect(heard.state).toEqual(backup({ masterDownSetAt: at(2_000_000), masterDownAt: at(5_609_375) }));
    });

    it('makes the owner of the addresses Master when it is over, not before', () => {
      const state = begun(255);
      expect(nextDeadline(state)).toBe(at(2_000_000));
      expect(transition(delayed(255), state, { type: 'clock' }, at(1_999_999)).state).toBe(state);
      expect(transition(delayed(255), state, { type: 'clock' }, at(2_000_000)).effects).toContainEqual({
        type: 'state-changed',
        from: 'Backup',
        to: 'Master',
        cause: 'address-owner',
        detail: 'priority 255',
      });
    });

    it('means nothing for a start after it', () => {
      expect(nextDeadline(transition(delayed(100), INITIALIZE, startup, at(2_000_000)).state)).toBe(at(5_609_375));
    });
  });

  it('at startup with priority 254 sets Master_Down_Timer in full and is Backup, and sends nothing (RFC 3768 §6.4.1) [A16+]', () => {
    expect(transition(config({ priority: 254 }), INITIALIZE, startup, T0)).toEqual({
      state: {
        name: 'Backup',
        masterAdverInterval: seconds(1),
        masterDownSetAt: T0,
        masterDownAt: at(3_007_812),
      },
      effects: [
        {
          type: 'state-changed',
          from: 'Initialize',
          to: 'Backup',
          cause: 'startup',
          detail: 'priority 254, waiting 3.008 s for a Master',
        },
      ],
    });
  });

  it('at startup in version 3 takes its own interval for the Master’s (RFC 5798 §6.4.1) [B18+]', () => {
    const { state } = transition(config({ version: 3, advertisementInterval: seconds(5) }), INITIALIZE, startup, T0);
    expect(state).toEqual({
      name: 'Backup',
      masterAdverInterval: seconds(5),
      masterDownSetAt: T0,
      masterDownAt: at(18_046_875),
    });
  });

  it('at startup waits for as many advertisements as configured: keepalived.conf(5) "down_timer_adverts"', () => {
    const { state } = transition(config({ downTimerAdverts: 5 }), INITIALIZE, startup, T0);
    expect(nextDeadline(state)).toBe(at(5_609_375));
  });

  it.each([100, 255])('at startup with faults goes to Fault, each reason once, with priority %i', (priority) => {
    const faults = ['interface-down', 'no-address', 'interface-down'];
    expect(transition(config({ priority }), INITIALIZE, { type: 'startup', faults }, T0)).toEqual({
      state: { name: 'Fault', reasons: ['interface-down', 'no-address'] },
      effects: [
        {
          type: 'state-changed',
          from: 'Initialize',
          to: 'Fault',
          cause: 'fault',
          detail: 'interface-down, no-address',
        },
      ],
    });
  });

  it('has no deadline and takes no notice of anything but a startup (RFC 3768 §6.4.1)', () => {
    const events: Event[] = [
      { type: 'shutdown' },
      { type: 'clock' },
      advertisement(0),
      advertisement(100),
      advertisement(255),
      { type: 'fault', reason: 'interface-down' },
      { type: 'fault-cleared', reason: 'interface-down' },
      { type: 'configured' },
      { type: 'addresses-lost' },
      { type: 'effect-failed', effect: 'take-addresses', code: 'EPERM' },
    ];
    expect(nextDeadline(INITIALIZE)).toBeUndefined();
    for (const event of events) {
      expect(transition(config(), INITIALIZE, event, T0)).toEqual({ state: INITIALIZE, effects: [] });
    }
  });

  it('is left by a startup only: a second one changes nothing', () => {
    const states: State[] = [backup(), master(), { name: 'Fault', reasons: ['interface-down'] }];
    for (const state of states) {
      expect(transition(config(), state, startup, T0)).toEqual({ state, effects: [] });
    }
  });
});
