import { describe, expect, it } from 'vitest';
import { seconds } from '../../../src/base/time.ts';
import { type Event, type Fault, INITIALIZE, nextDeadline, transition } from '../../../src/vrrp/virtual-router.ts';
import { advertisement, at, backup, config, newMaster, T0, takingOver } from '../example.ts';

const faulty = (...reasons: string[]): Fault => ({ name: 'Fault', reasons });

describe('Fault', () => {
  it('is where a Backup goes, without a word to the others', () => {
    expect(transition(config(), backup(), { type: 'fault', reason: 'no-address' }, T0)).toEqual({
      state: faulty('no-address'),
      effects: [{ type: 'state-changed', from: 'Backup', to: 'Fault', cause: 'fault', detail: 'no-address' }],
    });
  });

  it('collects further reasons, each once, and does not change its state for them', () => {
    const one = faulty('interface-down');
    const two = transition(config(), one, { type: 'fault', reason: 'no-address' }, T0);
    expect(two).toEqual({ state: faulty('interface-down', 'no-address'), effects: [] });
    expect(transition(config(), two.state, { type: 'fault', reason: 'interface-down' }, T0)).toEqual({
      state: two.state,
      effects: [],
    });
  });

  it('stays until the last reason has cleared, in whatever order', () => {
    const two = faulty('interface-down', 'no-address');
    expect(transition(config(), two, { type: 'fault-cleared', reason: 'interface-down' }, T0)).toEqual({
      state: faulty('no-address'),
      effects: [],
    });
    expect(transition(config(), two, { type: 'fault-cleared', reason: 'no-address' }, T0)).toEqual({
      state: faulty('interface-down'),
      effects: [],
    });
  });

  it('ends as a startup does, in Backup with a full Master_Down_Timer (RFC 3768 §6.4.1)', () => {
    const cleared: Event = { type: 'fault-cleared', reason: 'interface-down' };
    expect(transition(config(), faulty('interface-down'), cleared, T0)).toEqual({
      state: {
        name: 'Backup',
        masterAdverInterval: seconds(1),
        masterDownSetAt: T0,
        masterDownAt: at(3_609_375),
      },
      effects: [
        {
          type: 'state-changed',
          from: 'Fault',
          to: 'Backup',
          cause: 'fault-cleared',
          detail: 'no longer: interface-down; priority 100, waiting 3.609 s for a Master',
        },
      ],
    });
  });

  it('ends as a startup does, in Master for the owner of the addresses (RFC 3768 §6.4.1)', () => {
    const cleared: Event = { type: 'fault-cleared', reason: 'interface-down' };
    expect(transition(config({ priority: 255 }), faulty('interface-down'), cleared, T0)).toEqual({
      state: newMaster(T0),
      effects: [
        ...takingOver(255),
        {
          type: 'state-changed',
          from: 'Fault',
          to: 'Master',
          cause: 'address-owner',
          detail: 'no longer: interface-down; priority 255',
        },
      ],
    });
  });

  it('does not end with the clearing of something it was not there for', () => {
    const state = faulty('interface-down');
    expect(transition(config(), state, { type: 'fault-cleared', reason: 'no-address' }, T0)).toEqual({
      state,
      effects: [],
    });
  });

  it('at shutdown goes to Initialize and sends nothing', () => {
    expect(transition(config(), faulty('interface-down'), { type: 'shutdown' }, T0)).toEqual({
      state: INITIALIZE,
      effects: [{ type: 'state-changed', from: 'Fault', to: 'Initialize', cause: 'shutdown' }],
    });
  });

  it('has no deadline and takes part in nothing', () => {
    const state = faulty('interface-down');
    const events: Event[] = [
      { type: 'clock' },
      advertisement(0),
      advertisement(1),
      advertisement(255),
      { type: 'configured' },
      { type: 'addresses-lost' },
      { type: 'effect-failed', effect: 'release-addresses', code: 'ENODEV' },
    ];
    expect(nextDeadline(state)).toBeUndefined();
    for (const event of events) {
      expect(transition(config({ priority: 255 }), state, event, at(60_000_000))).toEqual({ state, effects: [] });
    }
  });
});
