/** keepalived.conf(5) "timer_expired_backup": a Master that was not scheduled for too long. */
import { describe, expect, it } from 'vitest';
import type { Event } from '../../../src/vrrp/virtual-router.ts';
import { transition } from '../../../src/vrrp/virtual-router.ts';
import { advertisement, at, config, master, OTHER } from '../example.ts';

const clock: Event = { type: 'clock' };
/** Version 2, every second, an other of priority 254 at most: Skew_Time 7,812 µs, so 3,007,812 µs after the last one. */
const wary = config({ preemptMode: false, expiryPriority: 254 });
/** Last advertisement at T0. */
const state = master();

describe('a Master that is late', () => {
  it('goes on until another one has had the time to take over, and gives way then', () => {
    const before = transition(wary, state, clock, at(3_007_811));
    expect(before.state.name).toBe('Master');
    expect(before.effects[0]).toEqual({ type: 'send-advertisement', priority: 100 });
    expect(transition(wary, state, clock, at(3_007_812))).toEqual({
      state: {
        name: 'Backup',
        masterAdverInterval: 1_000_000,
        masterDownSetAt: at(3_007_812),
        masterDownAt: at(3_007_812 + 3_609_375),
      },
      effects: [
        { type: 'release-addresses' },
        {
          type: 'state-changed',
          from: 'Master',
          to: 'Backup',
          cause: 'timer-expired',
          detail: 'our own advertisement is late by 2.008 s',
        },
      ],
    });
  });

  it('hears the other one as a Backup, whose priority is no reason to take over at once', () => {
    const { state: next, effects } = transition(wary, state, advertisement(50), at(3_100_000));
    expect(next).toMatchObject({ name: 'Backup', master: { address: OTHER, priority: 50 } });
    expect(effects.map(({ type }) => type)).toEqual(['release-addresses', 'state-changed']);
  });

  it('a lower priority that is expected leaves more time: 99 has 613,281 µs', () => {
    const patient = { ...wary, expiryPriority: 99 };
    expect(transition(patient, state, clock, at(3_613_280)).state.name).toBe('Master');
    expect(transition(patient, state, clock, at(3_613_281)).state.name).toBe('Backup');
  });

  it('without the keyword it goes on however late it is', () => {
    expect(transition(config(), state, clock, at(60_000_000)).state.name).toBe('Master');
  });
});
