import { describe, expect, it } from 'vitest';
import { microseconds, seconds, ZERO } from '../../src/base/time.ts';
import { Lane, laneOf, type Spacing } from '../../src/vrrp/pacing.ts';
import { at } from './example.ts';

const always = () => true;
/** What goes at an instant, one after another. */
const all = (lane: Lane<string>, us: number, isWanted: (item: string) => boolean = always): string[] => {
  const gone: string[] = [];
  for (let item = lane.next(at(us), isWanted); item !== undefined; item = lane.next(at(us), isWanted)) gone.push(item);
  return gone;
};

describe('Lane', () => {
  it('without a distance everything goes at once, every address once before any a second time', () => {
    const lane = new Lane<string>(ZERO);
    for (const key of ['a', 'b']) lane.add(key, key, 3);
    expect(all(lane, 0)).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    expect(lane.nextAt).toBeUndefined();
  });

  it('with a distance one goes at a time, also after a pause', () => {
    const lane = new Lane<string>(microseconds(100));
    lane.add('a', 'a', 2);
    lane.add('b', 'b', 1);
    expect(all(lane, 0)).toEqual(['a']);
    expect(lane.nextAt).toBe(at(100));
    expect(all(lane, 99)).toEqual([]);
    expect(all(lane, 100)).toEqual(['b']);
    // late by 50: the distance counts from there
    expect(all(lane, 250)).toEqual(['a']);
    expect(lane.nextAt).toBeUndefined();
    lane.add('c', 'c', 1);
    expect(lane.nextAt).toBe(at(350));
    expect(all(lane, 349)).toEqual([]);
    expect(all(lane, 1000)).toEqual(['c']);
  });

  it('what is asked for again is not added up', () => {
    const lane = new Lane<string>(ZERO);
    lane.add('a', 'a', 2);
    lane.add('a', 'a', 5);
    lane.add('a', 'a', 1);
    expect(all(lane, 0)).toHaveLength(5);
  });

  it('what is not wanted any more takes no turn', () => {
    const lane = new Lane<string>(microseconds(100));
    for (const key of ['a', 'b', 'c']) lane.add(key, key, 2);
    expect(all(lane, 0, (item) => item === 'c')).toEqual(['c']);
    expect(all(lane, 100)).toEqual(['c']);
    expect(lane.nextAt).toBeUndefined();
  });
});

describe('which announcements keep a distance from each other', () => {
  const spacing: Spacing = {
    garp: seconds(1),
    gna: seconds(2),
    groups: [{ interfaces: ['eth1', 'eth2'], garp: seconds(3), gna: ZERO }],
  };

  it('those of one kind and interface, or of one group, with its values alone', () => {
    expect(laneOf(spacing, 'garp', 'eth0')).toEqual({ key: 'garp interface eth0', interval: seconds(1) });
    expect(laneOf(spacing, 'gna', 'eth0')).toEqual({ key: 'gna interface eth0', interval: seconds(2) });
    expect(laneOf(spacing, 'garp', 'eth1')).toEqual({ key: 'garp group 0', interval: seconds(3) });
    expect(laneOf(spacing, 'garp', 'eth2')).toEqual(laneOf(spacing, 'garp', 'eth1'));
    expect(laneOf(spacing, 'gna', 'eth2')).toEqual({ key: 'gna group 0', interval: ZERO });
  });
});
