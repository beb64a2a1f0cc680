import { describe, expect, it } from 'vitest';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import { type Event, INITIALIZE, type Master, nextDeadline, transition } from '../../../src/vrrp/virtual-router.ts';
import { advertisement, at, backup, config, HIGH_ADDRESS, master, OTHER, T0 } from '../example.ts';

/** (256 - 1) / 256 s and 50 ms. */
const UNTIL = at(996_094 + 50_000 - 1); // 996,093.75 µs, rounded down
const handover: Event = { type: 'handover' };
const announced: Event = { type: 'successor-announced' };

/** A MASTER that began to leave at T0. */
const leaving = (different: Partial<NonNullable<Master['leaving']>> = {}): Master =>
  master({ leaving: { since: T0, until: UNTIL, ...different } });

const released = (detail: string) => ({
  state: INITIALIZE,
  effects: [
    { type: 'release-addresses' },
    { type: 'state-changed', from: 'Master', to: 'Initialize', cause: 'shutdown', detail },
  ],
});
const unmoved = (state: Master) => ({ state, effects: [] });

describe('a Master that hands over', () => {
  it('sends Priority zero once and keeps the addresses, at most for the largest Skew_Time and 50 ms', () => {
    const after = transition(config(), master(), handover, T0);
    expect(after).toEqual({ state: leaving(), effects: [{ type: 'send-advertisement', priority: 0 }] });
    expect(nextDeadline(after.state)).toBe(UNTIL);
  });

  it('waits as long as the interval of version 3 demands, but never longer than 3 s', () => {
    const untilFor = (interval: ReturnType<typeof seconds>) =>
      nextDeadline(transition(config({ version: 3, advertisementInterval: interval }), master(), handover, T0).state);
    expect(untilFor(milliseconds(10))).toBe(at(9_960 + 50_000)); // 9,960.9 µs, rounded down
    expect(untilFor(seconds(40))).toBe(at(3_000_000));
  });

  it('releases the addresses when the successor has announced them', () => {
    const heard = leaving({ until: at(650_000), successor: OTHER });
    expect(transition(config(), leaving(), advertisement(90), at(600_000))).toEqual(unmoved(heard));
    expect(transition(config(), heard, announced, at(604_000))).toEqual(released(`${OTHER} took over after 0.604 s`));
  });

  it('releases them 50 ms after its advertisement without an announcement, and not a microsecond sooner', () => {
    const heard = leaving({ until: at(650_000), successor: OTHER });
    expect(nextDeadline(heard)).toBe(at(650_000));
    expect(transition(config(), heard, { type: 'clock' }, at(649_999))).toEqual(unmoved(heard));
    expect(transition(config(), heard, { type: 'clock' }, at(650_000))).toEqual(
      released(`${OTHER} took over after 0.650 s`),
    );
  });

  it('does not count the time anew when more advertisements come', () => {
    const heard = leaving({ until: at(650_000), successor: OTHER });
    const more = advertisement(200, { source: HIGH_ADDRESS });
    expect(transition(config(), heard, more, at(640_000))).toEqual(unmoved(heard));
  });

  it('releases them after its time when nobody comes', () => {
    expect(transition(config(), leaving(), { type: 'clock' }, UNTIL)).toEqual(
      released('nobody took over within 1.046 s'),
    );
  });

  it('is not kept by another Priority zero, and says nothing any more', () => {
    for (const event of [
      advertisement(0),
      { type: 'clock' },
      { type: 'configured' },
      { type: 'addresses-lost' },
      handover,
    ] satisfies Event[]) {
      expect(transition(config(), leaving(), event, at(500_000))).toEqual(unmoved(leaving()));
    }
  });

  it('releases them at once at a shutdown or a fault', () => {
    for (const event of [{ type: 'shutdown' }, { type: 'fault', reason: 'interface-down' }] satisfies Event[]) {
      expect(transition(config(), leaving(), event, at(100_000))).toEqual(released('nobody took over within 0.100 s'));
    }
  });
});

describe('handover', () => {
  it('of a Backup is a shutdown', () => {
    expect(transition(config(), backup(), handover, T0)).toEqual(
      transition(config(), backup(), { type: 'shutdown' }, T0),
    );
  });

  it('announcements of others mean nothing to whoever does not leave', () => {
    for (const state of [INITIALIZE, backup(), master()]) {
      expect(transition(config(), state, announced, T0)).toEqual({ state, effects: [] });
    }
  });
});

describe('a Master that gives its mastership away', () => {
  const giveAway: Event = { type: 'give-away' };
  const giving = (different: Partial<NonNullable<Master['leaving']>> = {}) => leaving({ stays: true, ...different });
  const heard = giving({ until: at(650_000), successor: OTHER });
  const given = (detail: string, since: number) => ({
    state: {
      name: 'Backup',
      masterAdverInterval: seconds(1),
      masterDownSetAt: at(since),
      masterDownAt: at(since + 3_609_375), // priority 100: 3 s and 156/256 s
    },
    effects: [
      { type: 'release-addresses' },
      { type: 'state-changed', from: 'Master', to: 'Backup', cause: 'given-away', detail },
    ],
  });

  it('does as one that leaves, and is a Backup afterwards', () => {
    expect(transition(config(), master(), giveAway, T0)).toEqual({
      state: giving(),
      effects: [{ type: 'send-advertisement', priority: 0 }],
    });
    expect(transition(config(), giving(), advertisement(90), at(600_000))).toEqual(unmoved(heard));
    expect(transition(config(), heard, announced, at(604_000))).toEqual(
      given(`${OTHER} took over after 0.604 s`, 604_000),
    );
    expect(transition(config(), heard, { type: 'clock' }, at(650_000))).toEqual(
      given(`${OTHER} took over after 0.650 s`, 650_000),
    );
  });

  it('stays Master when nobody comes, and says so with an advertisement', () => {
    const { state, effects } = transition(config(), giving(), { type: 'clock' }, UNTIL);
    expect(state).toMatchObject({ name: 'Master', adverAt: UNTIL + 1_000_000 });
    expect(state).not.toHaveProperty('leaving');
    expect(effects).toEqual([
      { type: 'send-advertisement', priority: 100 },
      { type: 'announce-addresses', rounds: 5 },
    ]);
  });

  it('goes without a successor when a mate of its sync group has gone', () => {
    const gone = giving({ hasToGo: true });
    expect(transition(config(), giving(), { type: 'sync', to: 'Backup', by: 'VI_2' }, T0)).toEqual(unmoved(gone));
    expect(transition(config(), gone, { type: 'clock' }, UNTIL)).toEqual(
      given('nobody took over within 1.046 s', 1_046_093),
    );
  });

  it('ends when it is stopped meanwhile', () => {
    expect(transition(config(), giving(), handover, T0)).toEqual(unmoved(leaving()));
    expect(transition(config(), heard, { type: 'shutdown' }, at(604_000))).toEqual(
      released(`${OTHER} took over after 0.604 s`),
    );
  });

  it('is in FAULT when its interface goes meanwhile', () => {
    expect(transition(config(), heard, { type: 'fault', reason: 'interface-down' }, T0)).toEqual({
      state: { name: 'Fault', reasons: ['interface-down'] },
      effects: [
        { type: 'release-addresses' },
        { type: 'state-changed', from: 'Master', to: 'Fault', cause: 'fault', detail: 'interface-down' },
      ],
    });
  });

  it('then follows a Master of lower priority, also as the owner, and takes over when there is none', () => {
    for (const priority of [100, 255]) {
      const standsBack = config({ priority, standsBack: true });
      const after = transition(standsBack, backup(), advertisement(90), at(500_000));
      expect(after).toMatchObject({ state: { name: 'Backup', master: { address: OTHER, priority: 90 } }, effects: [] });
      const deadline = nextDeadline(after.state) ?? T0;
      expect(transition(standsBack, after.state, { type: 'clock' }, deadline).state.name).toBe('Master');
    }
    expect(transition(config(), backup(), advertisement(90), at(500_000)).effects).toEqual([
      { type: 'discard', reason: 'lower-priority' },
    ]);
  });

  it('means nothing to a Backup', () => {
    expect(transition(config(), backup(), giveAway, T0)).toEqual({ state: backup(), effects: [] });
  });
});
