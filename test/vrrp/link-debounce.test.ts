import { describe, expect, it } from 'vitest';
import { seconds, ZERO } from '../../src/base/time.ts';
import { LinkDebounce } from '../../src/vrrp/link-debounce.ts';
import { at } from './example.ts';

const delayed = (downDelay = seconds(2), upDelay = seconds(3)): LinkDebounce => {
  const debounce = new LinkDebounce();
  debounce.configure([{ interface: 'eth0', downDelay, upDelay }]);
  return debounce;
};

describe('interface_up_down_delays', () => {
  it('an interface without delays, or seen for the first time, counts as it is', () => {
    const debounce = delayed();
    expect([debounce.look('eth1', true, at(0)), debounce.look('eth1', false, at(1))]).toEqual([true, false]);
    expect(debounce.look('eth0', false, at(0))).toBe(false);
    expect(debounce.nextAt).toBeUndefined();
  });

  it('counts as down when it has been down for the delay, and as up after the other', () => {
    const debounce = delayed();
    debounce.look('eth0', true, at(0));
    expect(debounce.look('eth0', false, at(1_000_000))).toBe(true);
    expect(debounce.nextAt).toBe(at(3_000_000));
    expect(debounce.look('eth0', false, at(2_999_999))).toBe(true);
    expect(debounce.look('eth0', false, at(3_000_000))).toBe(false);
    expect(debounce.nextAt).toBeUndefined();
    expect(debounce.look('eth0', true, at(4_000_000))).toBe(false);
    expect(debounce.look('eth0', true, at(7_000_000))).toBe(true);
  });

  it('a change that is taken back in time was none, and the next one waits in full', () => {
    const debounce = delayed();
    debounce.look('eth0', true, at(0));
    debounce.look('eth0', false, at(1_000_000));
    expect(debounce.look('eth0', true, at(2_000_000))).toBe(true);
    expect(debounce.nextAt).toBeUndefined();
    expect(debounce.look('eth0', false, at(2_500_000))).toBe(true);
    expect(debounce.nextAt).toBe(at(4_500_000));
  });

  it('zero is at once, and so is an interface that is gone', () => {
    const debounce = delayed(ZERO);
    debounce.look('eth0', true, at(0));
    expect(debounce.look('eth0', false, at(1))).toBe(false);
    const other = delayed();
    other.look('eth0', true, at(0));
    expect(other.look('eth0', undefined, at(1))).toBe(false);
    expect(other.look('eth0', true, at(2))).toBe(true);
  });

  it('a reload keeps what counts', () => {
    const debounce = delayed();
    debounce.look('eth0', true, at(0));
    debounce.look('eth0', false, at(1_000_000));
    debounce.configure([{ interface: 'eth0', downDelay: seconds(9), upDelay: ZERO }]);
    expect(debounce.nextAt).toBe(at(3_000_000));
    debounce.configure([]);
    expect(debounce.look('eth0', false, at(1_500_000))).toBe(false);
  });
});
