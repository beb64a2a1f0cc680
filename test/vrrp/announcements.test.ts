import { describe, expect, it } from 'vitest';
import { seconds, ZERO } from '../../src/base/time.ts';
import {
  type Announcements,
  announceAfterLowerPriority,
  announceAll,
  announceDue,
  nextAnnouncementAt,
} from '../../src/vrrp/announcements.ts';
import { at, garp, T0 } from './example.ts';

const none: Announcements = { secondBurstAt: undefined, lowerPriorityBurstAt: undefined, refreshAt: undefined };

describe('Announcements on taking over', () => {
  it('are a burst at once and one after the delay: keepalived.conf(5) "garp_master_delay", "garp_master_repeat"', () => {
    expect(announceAll(garp, T0)).toEqual({ announcements: { ...none, secondBurstAt: at(5_000_000) }, rounds: 5 });
  });

  it('are the first burst only with a delay of zero: keepalived.conf(5) "garp_master_delay"', () => {
    expect(announceAll({ ...garp, masterDelay: ZERO, masterRepeat: 1 }, T0)).toEqual({
      announcements: none,
      rounds: 1,
    });
  });

  it('plan a refresh that does not wait for the second burst, as keepalived: keepalived.conf(5) "garp_master_refresh"', () => {
    for (const masterDelay of [ZERO, garp.masterDelay]) {
      expect(announceAll({ ...garp, refresh: seconds(60), masterDelay }, T0).announcements.refreshAt).toBe(
        at(60_000_000),
      );
    }
  });
});

describe('Announcements after a discarded advertisement', () => {
  const owed: Announcements = { ...none, secondBurstAt: at(5_000_000), refreshAt: at(65_000_000) };

  it('are a burst at once and one after the delay, beside what is owed: keepalived.conf(5) "garp_lower_prio_delay"', () => {
    const different = { ...garp, lowerPriorityDelay: seconds(3), lowerPriorityRepeat: 2 };
    expect(announceAfterLowerPriority(different, owed, at(1_000_000))).toEqual({
      announcements: { ...owed, lowerPriorityBurstAt: at(4_000_000) },
      rounds: 2,
    });
  });

  it('are the first burst only with a delay of zero: keepalived.conf(5) "garp_lower_prio_delay"', () => {
    const different = { ...garp, lowerPriorityDelay: ZERO };
    expect(announceAfterLowerPriority(different, owed, at(1_000_000))).toEqual({ announcements: owed, rounds: 5 });
  });

  it('are none with a repeat of zero: keepalived.conf(5) "garp_lower_prio_repeat"', () => {
    const different = { ...garp, lowerPriorityRepeat: 0 };
    expect(announceAfterLowerPriority(different, owed, at(1_000_000))).toEqual({ announcements: owed, rounds: 0 });
  });
});

describe('Announcements that are due', () => {
  const all: Announcements = {
    secondBurstAt: at(3_000_000),
    lowerPriorityBurstAt: at(2_000_000),
    refreshAt: at(1_000_000),
  };
  const different = { ...garp, masterRepeat: 5, lowerPriorityRepeat: 7, refresh: seconds(60), refreshRepeat: 2 };

  it('are none before their time, and the earliest is the next deadline', () => {
    expect(nextAnnouncementAt(all)).toBe(at(1_000_000));
    expect(announceDue(different, all, at(999_999))).toEqual({ announcements: all, rounds: 0 });
  });

  it.each([
    [1_000_000, { ...all, refreshAt: at(61_000_000) }, 2],
    [2_000_000, { ...all, refreshAt: at(62_000_000), lowerPriorityBurstAt: undefined }, 7],
    [3_000_000, { ...none, refreshAt: at(63_000_000) }, 7],
  ])('by %i µs share one burst of the largest size', (us, announcements, rounds) => {
    expect(announceDue(different, all, at(us))).toEqual({ announcements, rounds });
  });

  it('are forgotten once sent, except the refresh', () => {
    const second: Announcements = { ...none, secondBurstAt: at(3_000_000) };
    expect(announceDue(garp, second, at(3_000_000))).toEqual({ announcements: none, rounds: 5 });
    expect(nextAnnouncementAt(none)).toBeUndefined();
  });

  it('on interfaces that send no advertisements are due every interval: keepalived.conf(5) "garp_extra_if"', () => {
    const extra = { ...garp, masterDelay: ZERO, elsewhere: seconds(2) };
    const { announcements } = announceAll(extra, T0);
    expect(announcements).toEqual({ ...none, elsewhereAt: at(2_000_000) });
    expect(nextAnnouncementAt(announcements)).toBe(at(2_000_000));
    expect(announceDue(extra, announcements, at(1_999_999))).toEqual({ announcements, rounds: 0 });
    expect(announceDue(extra, announcements, at(2_000_000))).toEqual({
      announcements: { ...none, elsewhereAt: at(4_000_000) },
      rounds: 0,
      elsewhere: true,
    });
    // a burst of all addresses does not put it off
    expect(announceAfterLowerPriority(extra, announcements, at(1_000_000)).announcements.elsewhereAt).toBe(
      at(2_000_000),
    );
    expect(announceDue(garp, announcements, at(2_000_000)).announcements).toEqual(none);
  });

  it('do not come back when the refresh has been switched off meanwhile', () => {
    const owed: Announcements = { ...none, refreshAt: at(1_000_000) };
    expect(announceDue(garp, owed, at(1_000_000))).toEqual({ announcements: none, rounds: 1 });
  });
});
