import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../../src/base/address.ts';
import { milliseconds, seconds, ZERO } from '../../../src/base/time.ts';
import {
  type Effect,
  type Event,
  INITIALIZE,
  nextDeadline,
  type State,
  transition,
} from '../../../src/vrrp/virtual-router.ts';
import {
  advertisement,
  at,
  backup,
  config,
  garp,
  HIGH_ADDRESS,
  master,
  newMaster,
  OTHER,
  T0,
  takingOver,
  US,
} from '../example.ts';

const clock: Event = { type: 'clock' };
const sent = (priority: number): Effect => ({ type: 'send-advertisement', priority });
const noAnnouncements = { secondBurstAt: undefined, lowerPriorityBurstAt: undefined, refreshAt: undefined };

describe('Master', () => {
  it('at shutdown sends Priority zero, releases the addresses and goes to Initialize (RFC 3768 §6.4.3) [A29+ A08+ B35+]', () => {
    const after = transition(config(), newMaster(T0), { type: 'shutdown' }, T0);
    expect(after).toEqual({
      state: INITIALIZE,
      effects: [
        sent(0),
        { type: 'release-addresses' },
        { type: 'state-changed', from: 'Master', to: 'Initialize', cause: 'shutdown' },
      ],
    });
    expect(nextDeadline(after.state)).toBeUndefined();
  });

  it('at a fault sends Priority zero, releases the addresses and goes to Fault: keepalived.conf(5) "track_interface" [A29+ C03+]', () => {
    expect(transition(config(), newMaster(T0), { type: 'fault', reason: 'interface-down' }, T0)).toEqual({
      state: { name: 'Fault', reasons: ['interface-down'] },
      effects: [
        sent(0),
        { type: 'release-addresses' },
        { type: 'state-changed', from: 'Master', to: 'Fault', cause: 'fault', detail: 'interface-down' },
      ],
    });
  });

  describe('when Adver_Timer fires', () => {
    it('advertises and resets it to Advertisement_Interval (RFC 3768 §6.4.3) [A30+ B36+]', () => {
      expect(transition(config(), master(), clock, at(1_000_000))).toEqual({
        state: master({ adverAt: at(2_000_000) }),
        effects: [sent(100)],
      });
    });

    it('does so no microsecond too early (RFC 3768 §6.4.3) [A30- B36-]', () => {
      expect(nextDeadline(master())).toBe(at(1_000_000));
      expect(transition(config(), master(), clock, at(999_999))).toEqual({ state: master(), effects: [] });
    });

    it('keeps the rhythm when the clock is late, and begins a new one when a whole interval was missed [A30+ B36+]', () => {
      expect(transition(config(), master(), clock, at(1_999_999)).state).toEqual(master({ adverAt: at(2_000_000) }));
      expect(transition(config(), master(), clock, at(2_000_000)).state).toEqual(master({ adverAt: at(3_000_000) }));
      expect(transition(config(), master(), clock, at(9_500_000))).toEqual({
        state: master({ adverAt: at(10_500_000) }),
        effects: [sent(100)],
      });
    });
  });

  describe('when an advertisement is received', () => {
    it('with Priority zero, advertises at once and resets Adver_Timer (RFC 3768 §6.4.3) [A31+ B37+]', () => {
      expect(transition(config(), master(), advertisement(0), at(300_000))).toEqual({
        state: master({ adverAt: at(1_300_000), answerFrom: at(550_000) }),
        effects: [sent(100)],
      });
    });

    it.each([true, false])(
      'with a higher priority, becomes Backup, Preempt_Mode being %s (RFC 3768 §6.4.3) [A32+ B38+]',
      (preemptMode) => {
        expect(transition(config({ preemptMode }), newMaster(T0), advertisement(101), at(300_000))).toEqual({
          state: backup({
            masterDownSetAt: at(300_000),
            masterDownAt: at(3_909_375),
            master: { address: OTHER, priority: 101 },
          }),
          effects: [
            { type: 'release-addresses', announcedSoon: true },
            {
              type: 'state-changed',
              from: 'Master',
              to: 'Backup',
              cause: 'higher-priority-advertisement',
              detail: '192.0.2.9 has priority 101, ours is 100',
            },
          ],
        });
      },
    );

    it('with a higher priority, sends once more where that is wanted: keepalived.conf(5) "higher_prio_send_advert" [C03+]', () => {
      const { effects } = transition(config({ higherPrioritySendAdvert: true }), master(), advertisement(101), T0);
      expect(effects).toEqual([
        sent(100),
        { type: 'release-addresses', announcedSoon: true },
        expect.objectContaining({ type: 'state-changed', to: 'Backup' }),
      ]);
    });

    it('with a higher priority, learns the interval in version 3 (RFC 5798 §6.4.3) [B38+]', () => {
      const event = advertisement(101, { advertisementInterval: milliseconds(10) });
      expect(transition(config({ version: 3 }), master(), event, T0).state).toEqual(
        backup({
          masterAdverInterval: milliseconds(10),
          masterDownAt: at(36_093),
          master: { address: OTHER, priority: 101 },
        }),
      );
    });

    it('with equal priority and a higher address, becomes Backup (RFC 3768 §6.4.3) [A32+ B38+]', () => {
      expect(transition(config(), master(), advertisement(100, { source: HIGH_ADDRESS }), T0)).toEqual({
        state: backup({ master: { address: HIGH_ADDRESS, priority: 100 } }),
        effects: [
          { type: 'release-addresses', announcedSoon: true },
          {
            type: 'state-changed',
            from: 'Master',
            to: 'Backup',
            cause: 'equal-priority-higher-address',
            detail: '192.0.2.11 has our priority 100 and a higher address than 192.0.2.10',
          },
        ],
      });
    });

    it('with equal priority and a lower address, discards it and answers (RFC 3768 §6.4.3, RFC 9568 §6.4.3) [A33- B39+]', () => {
      expect(transition(config(), master(), advertisement(100), at(300_000))).toEqual({
        state: master({
          adverAt: at(1_300_000),
          answerFrom: at(550_000),
          announcements: { ...noAnnouncements, lowerPriorityBurstAt: at(5_300_000) },
        }),
        effects: [
          { type: 'discard', reason: 'equal-priority-lower-address' },
          sent(100),
          { type: 'announce-addresses', rounds: 5 },
        ],
      });
    });

    it.each([
      ['192.0.2.9', '192.0.2.10', 'Backup'],
      ['192.0.2.10', '192.0.2.9', 'Master'],
      ['9.255.255.255', '128.0.0.1', 'Backup'],
      ['200.0.0.1', '127.255.255.255', 'Master'],
    ])('compares %s and %s as unsigned numbers (RFC 3768 §6.4.3) [A32+]', (localAddress, source, name) => {
      const event = advertisement(100, { source: source as IpAddress });
      expect(transition(config({ localAddress: localAddress as IpAddress }), master(), event, T0).state.name).toBe(
        name,
      );
    });

    it.each([1, 99])(
      'with priority %i, discards it and answers at once (RFC 3768 §6.4.3, RFC 9568 §6.4.3) [A33- B39+]',
      (priority) => {
        const event = advertisement(priority, { source: HIGH_ADDRESS });
        expect(transition(config(), master(), event, at(300_000))).toEqual({
          state: master({
            adverAt: at(1_300_000),
            answerFrom: at(550_000),
            announcements: { ...noAnnouncements, lowerPriorityBurstAt: at(5_300_000) },
          }),
          effects: [
            { type: 'discard', reason: 'lower-priority' },
            sent(100),
            { type: 'announce-addresses', rounds: 5 },
          ],
        });
      },
    );

    it('with a lower priority, does not answer where that is not wanted: keepalived.conf(5) "lower_prio_no_advert" [C03-]', () => {
      expect(transition(config({ lowerPriorityNoAdvert: true }), master(), advertisement(99), at(300_000))).toEqual({
        state: master({
          answerFrom: at(550_000),
          announcements: { ...noAnnouncements, lowerPriorityBurstAt: at(5_300_000) },
        }),
        effects: [
          { type: 'discard', reason: 'lower-priority' },
          { type: 'announce-addresses', rounds: 5 },
        ],
      });
    });

    it('with a lower priority, announces nothing where that is not wanted: keepalived.conf(5) "garp_lower_prio_repeat"', () => {
      const silent = config({ garp: { ...garp, lowerPriorityRepeat: 0 } });
      expect(transition(silent, master(), advertisement(99), at(300_000))).toEqual({
        state: master({ adverAt: at(1_300_000), answerFrom: at(550_000) }),
        effects: [{ type: 'discard', reason: 'lower-priority' }, sent(100)],
      });
    });

    describe('just after it has answered', () => {
      const answered = master({ adverAt: at(1_300_000), answerFrom: at(550_000) });

      it.each([0, 99])(
        'does not answer priority %i again but advertises earlier: a flood makes no flood',
        (priority) => {
          const { state, effects } = transition(config(), answered, advertisement(priority), at(549_999));
          expect(state).toEqual({ ...answered, adverAt: at(550_000) });
          expect(effects).toEqual(priority === 0 ? [] : [{ type: 'discard', reason: 'lower-priority' }]);
          expect(transition(config(), state, clock, at(550_000)).effects).toEqual([sent(100)]);
        },
      );

      it('answers again after a quarter of Advertisement_Interval', () => {
        expect(transition(config(), answered, advertisement(0), at(550_000))).toEqual({
          state: { ...answered, adverAt: at(1_550_000), answerFrom: at(800_000) },
          effects: [sent(100)],
        });
      });

      it('yields to a higher priority as ever', () => {
        expect(transition(config(), answered, advertisement(101), at(310_000)).state.name).toBe('Backup');
      });

      it('answers ten thousand advertisements of a flood with four in a second [B39-]', () => {
        let state: State = master();
        let sentCount = 0;
        for (let us = 100; us <= 1_000_000; us += 100) {
          for (const event of [advertisement(99), clock]) {
            const after = transition(config(), state, event, at(us));
            state = after.state;
            sentCount += after.effects.filter(({ type }) => type === 'send-advertisement').length;
          }
        }
        expect(sentCount).toBe(4);
      });
    });

    it('with our priority from our address, only says that there are two of us: keepalived warns of it', () => {
      expect(transition(config(), master(), advertisement(100, { source: US }), T0)).toEqual({
        state: master(),
        effects: [{ type: 'discard', reason: 'own-address' }],
      });
    });

    it('as the owner, yields to another owner with a higher address and to nobody else (RFC 3768 §6.4.3) [B41+]', () => {
      const owner = config({ priority: 255 });
      const nameAfter = (priority: number, source: IpAddress) =>
        transition(owner, master(), advertisement(priority, { source }), T0).state.name;
      expect(nameAfter(255, HIGH_ADDRESS)).toBe('Backup');
      expect(nameAfter(255, OTHER)).toBe('Master');
      expect(nameAfter(254, HIGH_ADDRESS)).toBe('Master');
    });
  });

  describe('announces its addresses', () => {
    it('again after the configured delay, once: keepalived.conf(5) "garp_master_delay"', () => {
      const state = { ...newMaster(T0), adverAt: at(5_500_000) };
      expect(nextDeadline(state)).toBe(at(5_000_000));
      expect(transition(config(), state, clock, at(4_999_999))).toEqual({ state, effects: [] });
      expect(transition(config(), state, clock, at(5_000_000))).toEqual({
        state: { ...state, announcements: noAnnouncements },
        effects: [{ type: 'announce-addresses', rounds: 5 }],
      });
    });

    it('after its advertisement when both are due', () => {
      const { effects } = transition(config(), newMaster(T0), clock, at(5_000_000));
      expect(effects).toEqual([sent(100), { type: 'announce-addresses', rounds: 5 }]);
    });

    it('periodically, whatever the delay of the second burst: keepalived.conf(5) "garp_master_refresh"', () => {
      const refreshing = config({ garp: { ...garp, refresh: seconds(60), refreshRepeat: 2 } });
      const taken = transition(refreshing, backup(), clock, at(3_700_000)).state;
      expect(taken).toMatchObject({ announcements: { secondBurstAt: at(8_700_000), refreshAt: at(63_700_000) } });

      const state = master({
        adverAt: at(100_000_000),
        announcements: { ...noAnnouncements, refreshAt: at(69_000_000) },
      });
      expect(transition(refreshing, state, clock, at(69_000_000))).toEqual({
        state: { ...state, announcements: { ...noAnnouncements, refreshAt: at(129_000_000) } },
        effects: [{ type: 'announce-addresses', rounds: 2 }],
      });
    });

    it('no more once it is not Master: what was owed is forgotten with the state', () => {
      const left = transition(config(), newMaster(T0), advertisement(101), T0).state;
      expect(left).not.toHaveProperty('announcements');
      expect(nextDeadline(left)).toBe(at(3_609_375));
    });
  });

  describe('when addresses are lost', () => {
    it('takes and announces them again, without an election: no advertisement, no other state', () => {
      expect(transition(config(), master(), { type: 'addresses-lost' }, at(300_000))).toEqual({
        state: master({ announcements: { ...noAnnouncements, secondBurstAt: at(5_300_000) } }),
        effects: [{ type: 'take-addresses' }, { type: 'announce-addresses', rounds: 5 }],
      });
    });
  });

  describe('when it is configured', () => {
    it('stays Master, advertises the new priority at once and takes the addresses again', () => {
      const changed = config({ priority: 50, advertisementInterval: seconds(3) });
      expect(transition(changed, master(), { type: 'configured' }, at(300_000))).toEqual({
        state: master({
          adverAt: at(3_300_000),
          announcements: { ...noAnnouncements, secondBurstAt: at(5_300_000) },
        }),
        effects: takingOver(50),
      });
    });

    it('stays Master and says it with the next advertisement when tracking has changed nothing but the priority', () => {
      const event: Event = { type: 'configured', onlyPriority: true };
      expect(transition(config({ priority: 50 }), newMaster(T0), event, at(300_000))).toEqual({
        state: newMaster(T0),
        effects: [],
      });
    });

    it('follows the new announcement settings', () => {
      const quiet = config({ garp: { ...garp, masterDelay: ZERO, masterRepeat: 1 } });
      expect(transition(quiet, newMaster(T0), { type: 'configured' }, at(300_000))).toEqual({
        state: master({ adverAt: at(1_300_000) }),
        effects: [sent(100), { type: 'take-addresses' }, { type: 'announce-addresses', rounds: 1 }],
      });
    });
  });

  it.each(['take-addresses', 'send-advertisement'])(
    'stays Master when %s has failed: reporting it is the daemon’s',
    (effect) => {
      const event: Event = { type: 'effect-failed', effect, code: 'EPERM' };
      expect(transition(config(), master(), event, T0)).toEqual({ state: master(), effects: [] });
    },
  );

  it('takes no notice of a fault that has cleared', () => {
    const event: Event = { type: 'fault-cleared', reason: 'interface-down' };
    expect(transition(config(), master(), event, T0)).toEqual({ state: master(), effects: [] });
  });
});
