import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../../src/base/address.ts';
import { microseconds, milliseconds, seconds } from '../../../src/base/time.ts';
import { type Backup, type Event, INITIALIZE, nextDeadline, transition } from '../../../src/vrrp/virtual-router.ts';
import { advertisement, at, backup, config, HIGH_ADDRESS, newMaster, OTHER, T0, takingOver } from '../example.ts';

const clock: Event = { type: 'clock' };

describe('Backup', () => {
  it('at shutdown forgets its timer and goes to Initialize, and sends nothing (RFC 3768 §6.4.2) [A20+ B24+]', () => {
    const after = transition(config(), backup(), { type: 'shutdown' }, T0);
    expect(after).toEqual({
      state: INITIALIZE,
      effects: [{ type: 'state-changed', from: 'Backup', to: 'Initialize', cause: 'shutdown' }],
    });
    expect(nextDeadline(after.state)).toBeUndefined();
  });

  describe('when Master_Down_Timer fires', () => {
    it('advertises, takes and announces the addresses, and is Master, in this order (RFC 3768 §6.4.2) [A21+ B25+]', () => {
      expect(transition(config(), backup(), clock, at(3_609_375))).toEqual({
        state: newMaster(at(3_609_375)),
        effects: [
          ...takingOver(100),
          {
            type: 'state-changed',
            from: 'Backup',
            to: 'Master',
            cause: 'master-down-timer',
            detail: 'no advertisement from 192.0.2.9 (priority 150) for 3.609 s',
          },
        ],
      });
    });

    it('does so no microsecond too early (RFC 3768 §6.4.2)', () => {
      expect(nextDeadline(backup())).toBe(at(3_609_375));
      expect(transition(config(), backup(), clock, at(3_609_374))).toEqual({ state: backup(), effects: [] });
    });

    it('does so late when the clock comes late, and says for how long nobody was heard', () => {
      const { state, effects } = transition(config(), backup(), clock, at(3_709_375));
      expect(state).toEqual(newMaster(at(3_709_375)));
      expect(effects.at(-1)).toMatchObject({ detail: 'no advertisement from 192.0.2.9 (priority 150) for 3.709 s' });
    });

    it('waits for one interval and Skew_Time more, once, when it fires more than a tenth of one late: this host stood still', () => {
      const stalled = backup({ masterDownAt: at(5_318_751), stalledFor: microseconds(100_001) });
      expect(transition(config(), backup(), clock, at(3_709_376))).toEqual({ state: stalled, effects: [] });
      const { state, effects } = transition(config(), stalled, clock, at(60_000_000));
      expect(state).toEqual(newMaster(at(60_000_000)));
      expect(effects.at(-1)).toMatchObject({
        cause: 'master-down-timer',
        detail:
          'no advertisement from 192.0.2.9 (priority 150) for 60.000 s, of which this host stood still for 0.100 s',
      });
      expect(transition(config(), stalled, advertisement(150), at(5_000_000)).state).not.toHaveProperty('stalledFor');
    });

    it('does not wait for a Master that has given up', () => {
      const released = backup({ masterDownAt: at(609_375), releasedBy: OTHER });
      expect(transition(config(), released, clock, at(9_000_000)).state.name).toBe('Master');
    });

    describe('with a Master that BFD has lost', () => {
      const lost: Event = { type: 'neighbour-lost', address: OTHER, interval: milliseconds(50) };
      // (256 - 100) / 256 of 50 ms
      const hurrying = backup({ masterDownAt: at(1_030_468), isMasterLost: true });

      it('fires after the Skew_Time of an interval of BFD, and says why', () => {
        expect(transition(config(), backup(), lost, at(1_000_000))).toEqual({ state: hurrying, effects: [] });
        expect(transition(config(), hurrying, clock, at(1_030_467)).state).toEqual(hurrying);
        expect(transition(config(), hurrying, clock, at(1_030_468)).effects.at(-1)).toMatchObject({
          cause: 'neighbour-lost',
          detail: 'BFD has lost 192.0.2.9, which advertised 1.030 s ago',
        });
      });

      it('is set anew when the Master is heard all the same', () => {
        const { state } = transition(config(), hurrying, advertisement(150), at(1_020_000));
        expect(state).toEqual(backup({ masterDownSetAt: at(1_020_000), masterDownAt: at(4_629_375) }));
      });

      it('goes on as it does when a tracked priority changes', () => {
        const tracked: Event = { type: 'configured', onlyPriority: true };
        expect(transition(config(), hurrying, tracked, at(1_010_000)).state).toEqual(hurrying);
      });

      it('goes on as before when somebody else was lost, or the Master has given up, or it fires sooner', () => {
        const stranger: Event = { ...lost, address: '192.0.2.77' as IpAddress };
        expect(transition(config(), backup(), stranger, at(1_000_000)).state).toEqual(backup());
        const released = backup({ masterDownAt: at(609_375), releasedBy: OTHER });
        expect(transition(config(), released, lost, T0).state).toEqual(released);
        expect(transition(config(), backup(), lost, at(3_600_000)).state).toEqual(backup());
        const { effects, state } = transition(config(), newMaster(T0), lost, T0);
        expect([effects, state]).toEqual([[], newMaster(T0)]);
      });
    });

    it('says so when it has never heard anybody', () => {
      const { effects } = transition(config(), backup({ master: undefined }), clock, at(3_609_375));
      expect(effects.at(-1)).toMatchObject({
        cause: 'master-down-timer',
        detail: 'no advertisement from anybody for 3.609 s',
      });
    });
  });

  describe('when an advertisement is received', () => {
    it('a Priority zero advertisement sets Master_Down_Timer to Skew_Time (RFC 3768 §6.4.2)', () => {
      expect(transition(config(), backup(), advertisement(0), at(500_000))).toEqual({
        state: backup({ masterDownSetAt: at(500_000), masterDownAt: at(1_109_375), releasedBy: OTHER }),
        effects: [],
      });
    });

    it('a Priority zero advertisement sets it to a part of the learned interval (RFC 5798 §6.4.2) [B26+]', () => {
      const state = backup({ masterAdverInterval: milliseconds(10), masterDownAt: at(36_093) });
      expect(transition(config({ version: 3 }), state, advertisement(0), at(5_000))).toEqual({
        state: { ...state, masterDownSetAt: at(5_000), masterDownAt: at(11_093), releasedBy: OTHER },
        effects: [],
      });
    });

    it('a Priority zero advertisement is followed whatever Preempt_Mode says (RFC 3768 §6.4.2)', () => {
      const { state } = transition(config({ preemptMode: false }), backup(), advertisement(0), T0);
      expect(nextDeadline(state)).toBe(at(609_375));
    });

    it('takes over Skew_Time after a Priority zero advertisement, not before, and says who gave up [A22+ A22-]', () => {
      const { state } = transition(config(), backup(), advertisement(0), T0);
      expect(transition(config(), state, clock, at(609_374))).toEqual({ state, effects: [] });
      expect(transition(config(), state, clock, at(609_375))).toEqual({
        state: newMaster(at(609_375)),
        effects: [
          ...takingOver(100),
          {
            type: 'state-changed',
            from: 'Backup',
            to: 'Master',
            cause: 'master-released',
            detail: '192.0.2.9 gave up with priority 0 0.609 s ago',
          },
        ],
      });
    });

    it('an advertisement after a Priority zero one gives Master_Down_Interval again (RFC 3768 §6.4.2)', () => {
      const released = transition(config(), backup(), advertisement(0), T0).state;
      expect(transition(config(), released, advertisement(120, { source: HIGH_ADDRESS }), at(100_000))).toEqual({
        state: backup({
          masterDownSetAt: at(100_000),
          masterDownAt: at(3_709_375),
          master: { address: HIGH_ADDRESS, priority: 120 },
        }),
        effects: [],
      });
    });

    it.each([100, 101, 254, 255])(
      'priority %i resets Master_Down_Timer, ours being 100 (RFC 3768 §6.4.2) [A23+]',
      (priority) => {
        expect(transition(config(), backup(), advertisement(priority), at(1_000_000))).toEqual({
          state: backup({
            masterDownSetAt: at(1_000_000),
            masterDownAt: at(4_609_375),
            master: { address: OTHER, priority },
          }),
          effects: [],
        });
      },
    );

    it('an equal priority is accepted from a higher address and from a lower one (RFC 3768 §6.4.2) [A23+]', () => {
      for (const source of [OTHER, HIGH_ADDRESS]) {
        const { state, effects } = transition(config(), backup(), advertisement(100, { source }), at(1_000_000));
        expect(nextDeadline(state)).toBe(at(4_609_375));
        expect(effects).toEqual([]);
      }
    });

    it.each([1, 50, 99])(
      'priority %i is discarded and does not restart Master_Down_Timer (RFC 3768 §6.4.2) [A24- B28-]',
      (priority) => {
        expect(transition(config(), backup(), advertisement(priority), at(1_000_000))).toEqual({
          state: backup({ outranked: { address: OTHER, priority } }),
          effects: [{ type: 'discard', reason: 'lower-priority' }],
        });
      },
    );

    it('takes over from a lower priority within the time that had begun, and says from whom (RFC 3768 §6.4.2) [A24+ B28+]', () => {
      let state = backup();
      for (const us of [900_000, 1_900_000, 2_900_000]) {
        state = transition(config(), state, advertisement(99), at(us)).state as Backup;
      }
      const { effects } = transition(config(), state, clock, at(3_609_375));
      expect(effects).toEqual([
        ...takingOver(100),
        {
          type: 'state-changed',
          from: 'Backup',
          to: 'Master',
          cause: 'preemption',
          detail: '192.0.2.9 has priority 99, ours is 100',
        },
      ]);
    });

    it('a Priority zero advertisement makes a lower priority heard before it forgotten', () => {
      const outranked = backup({ outranked: { address: HIGH_ADDRESS, priority: 1 } });
      const { state } = transition(config(), outranked, advertisement(0), T0);
      expect(state).toEqual(backup({ masterDownAt: at(609_375), releasedBy: OTHER }));
    });

    it('a lower priority is forgotten when an acceptable one is heard after it', () => {
      const outranked = backup({ outranked: { address: HIGH_ADDRESS, priority: 1 } });
      expect(transition(config(), outranked, advertisement(150), T0).state).toEqual(backup());
    });

    it.each([1, 99, 100, 255])(
      'priority %i resets the timer when Preempt_Mode is false (RFC 3768 §6.4.2) [A23+]',
      (priority) => {
        expect(transition(config({ preemptMode: false }), backup(), advertisement(priority), at(1_000_000))).toEqual({
          state: backup({
            masterDownSetAt: at(1_000_000),
            masterDownAt: at(4_609_375),
            master: { address: OTHER, priority },
          }),
          effects: [],
        });
      },
    );

    it('the owner of the addresses preempts although Preempt_Mode is false (RFC 3768 §6.1) [B16+]', () => {
      const owner = config({ priority: 255, preemptMode: false });
      const state = backup({ masterDownAt: at(3_003_906) });
      expect(transition(owner, state, advertisement(254), T0)).toEqual({
        state: { ...state, outranked: { address: OTHER, priority: 254 } },
        effects: [{ type: 'discard', reason: 'lower-priority' }],
      });
    });

    it('version 2 keeps its own interval, whatever the advertisement says (RFC 3768 §6.1)', () => {
      const { state } = transition(config(), backup(), advertisement(150, { advertisementInterval: seconds(9) }), T0);
      expect(state).toEqual(backup());
    });

    it('version 3 learns the interval of an accepted advertisement (RFC 5798 §6.4.2) [B27+ B14+]', () => {
      const event = advertisement(150, { advertisementInterval: milliseconds(10) });
      expect(transition(config({ version: 3 }), backup(), event, T0)).toEqual({
        state: backup({ masterAdverInterval: milliseconds(10), masterDownAt: at(36_093) }),
        effects: [],
      });
    });

    it.each([0, 99])(
      'version 3 does not learn the interval of one with priority %i (RFC 5798 §6.4.2) [B28-]',
      (priority) => {
        const event = advertisement(priority, { advertisementInterval: milliseconds(10) });
        const { state } = transition(config({ version: 3 }), backup(), event, T0);
        expect(state).toMatchObject({ masterAdverInterval: seconds(1), master: { address: OTHER, priority: 150 } });
      },
    );
  });

  describe('with a preempt delay of 2 s', () => {
    const delayed = config({ preemptDelay: seconds(2) });
    const accepting = (us: number, preemptAt: number): Backup =>
      backup({
        masterDownSetAt: at(us),
        masterDownAt: at(us + 3_609_375),
        master: { address: OTHER, priority: 99 },
        preemptAt: at(preemptAt),
      });

    it('accepts a lower priority until 2 s after the first one, and not from then on: keepalived.conf(5) "preempt_delay"', () => {
      const first = transition(delayed, backup(), advertisement(99), at(1_000_000));
      expect(first).toEqual({ state: accepting(1_000_000, 3_000_000), effects: [] });

      const last = transition(delayed, first.state, advertisement(99), at(2_999_999));
      expect(last).toEqual({ state: accepting(2_999_999, 3_000_000), effects: [] });

      expect(transition(delayed, last.state, advertisement(99), at(3_000_000))).toEqual({
        state: { ...last.state, outranked: { address: OTHER, priority: 99 } },
        effects: [{ type: 'discard', reason: 'lower-priority' }],
      });
    });

    it('takes over Master_Down_Interval after the last one accepted: keepalived.conf(5) "preempt_delay"', () => {
      const state = { ...accepting(2_000_000, 3_000_000), outranked: { address: OTHER, priority: 99 } };
      expect(nextDeadline(state)).toBe(at(5_609_375));
      const { effects } = transition(delayed, state, clock, at(5_609_375));
      expect(effects.at(-1)).toMatchObject({ cause: 'preemption', detail: '192.0.2.9 has priority 99, ours is 100' });
    });

    it.each([100, 150])('priority %i ends the delay; the next lower one begins it anew', (priority) => {
      const higher = transition(delayed, accepting(1_000_000, 3_000_000), advertisement(priority), at(2_000_000));
      expect(higher.state).toEqual(
        backup({
          masterDownSetAt: at(2_000_000),
          masterDownAt: at(5_609_375),
          master: { address: OTHER, priority },
        }),
      );
      expect(transition(delayed, higher.state, advertisement(99), at(4_000_000)).state).toEqual(
        accepting(4_000_000, 6_000_000),
      );
    });

    it('does not wait for the delay when the Master is silent or gives up', () => {
      const state = accepting(1_000_000, 3_000_000);
      expect(transition(delayed, state, clock, at(4_609_375)).state.name).toBe('Master');
      expect(nextDeadline(transition(delayed, state, advertisement(0), at(1_500_000)).state)).toBe(at(2_109_375));
    });
  });

  describe('when it is configured', () => {
    const configured: Event = { type: 'configured' };

    it.each([
      [150, 3_414_062],
      [1, 3_996_093],
      [100, 3_609_375],
    ])('to priority %i shifts the running timer by the difference of Master_Down_Interval', (priority, us) => {
      expect(transition(config({ priority }), backup(), configured, at(1_000_000))).toEqual({
        state: backup({ masterDownAt: at(us) }),
        effects: [],
      });
    });

    it('after a Priority zero advertisement shifts it by the difference of Skew_Time', () => {
      const released = transition(config(), backup(), advertisement(0), T0).state;
      const { state } = transition(
        config({ priority: 200, advertisementInterval: seconds(5) }),
        released,
        configured,
        T0,
      );
      expect(nextDeadline(state)).toBe(at(218_750));
    });

    it('to another interval shifts the running timer in version 2 (RFC 3768 §6.1)', () => {
      expect(transition(config({ advertisementInterval: seconds(5) }), backup(), configured, at(1_000_000))).toEqual({
        state: backup({ masterAdverInterval: seconds(5), masterDownAt: at(15_609_375) }),
        effects: [],
      });
    });

    it('to another interval keeps the one learned from the Master in version 3 (RFC 5798 §6.1)', () => {
      const version3 = config({ version: 3, advertisementInterval: seconds(5) });
      expect(transition(version3, backup(), configured, at(1_000_000))).toEqual({ state: backup(), effects: [] });
    });

    it('to another interval follows it in version 3 as long as no Master was heard (RFC 5798 §6.4.1)', () => {
      const version3 = config({ version: 3, advertisementInterval: seconds(5) });
      const { state } = transition(version3, backup({ master: undefined }), configured, at(1_000_000));
      expect(state).toMatchObject({ masterAdverInterval: seconds(5), masterDownAt: at(18_046_875) });
    });

    it('so that the timer has run out already, takes over with the next clock', () => {
      const { state } = transition(config({ downTimerAdverts: 1 }), backup(), configured, at(2_000_000));
      expect(nextDeadline(state)).toBe(at(2_000_000));
      expect(transition(config({ downTimerAdverts: 1 }), state, clock, at(2_000_000)).state.name).toBe('Master');
    });

    it('may cut a preempt delay short, but does not prolong it', () => {
      const state = backup({ preemptAt: at(10_000_000) });
      const preemptAtWith = (delay: number) =>
        transition(config({ preemptDelay: seconds(delay) }), state, configured, at(1_000_000)).state;
      expect(preemptAtWith(2)).toMatchObject({ preemptAt: at(3_000_000) });
      expect(preemptAtWith(0)).toMatchObject({ preemptAt: at(1_000_000) });
      expect(preemptAtWith(60)).toMatchObject({ preemptAt: at(10_000_000) });
    });
  });

  it('takes no notice of what concerns a Master or a Fault', () => {
    const events: Event[] = [
      { type: 'addresses-lost' },
      { type: 'fault-cleared', reason: 'interface-down' },
      { type: 'effect-failed', effect: 'release-addresses', code: 'EADDRNOTAVAIL' },
    ];
    for (const event of events) {
      expect(transition(config(), backup(), event, at(5_000_000))).toEqual({ state: backup(), effects: [] });
    }
  });
});
