/** checkCluster: tracking that can or cannot move the VIP. keepalived.conf(5) "track_script". */
import { describe, expect, it } from 'vitest';
import { pair, sentences } from './cluster-files.ts';

const script = (weight: string, ...more: string[]) => ['vrrp_script chk {', 'script /bin/true', weight, ...more, '}'];
const track = ['track_script {', 'chk', '}'];

describe('checkCluster > track weights', () => {
  it('a script that lowers the priority to that of the other never moves the VIP', () => {
    expect(sentences(pair(['priority 100', ...track], ['priority 90', ...track], script('weight -10')))).toEqual([
      'error track-weight: VI_1: script chk on director1 lowers 100 to 90; director2 has 90: the VIP never moves, because a Backup does not take over from a MASTER of its own priority',
    ]);
  });

  it('one more moves it', () => {
    const files = pair(['priority 100', ...track], ['priority 90', ...track], script('weight -11'));
    expect(sentences(files)).toEqual([]);
  });

  it('a positive weight counts while the script succeeds, on both', () => {
    expect(sentences(pair(['priority 100', ...track], ['priority 90', ...track], script('weight 10')))).toEqual([
      'error track-weight: VI_1: script chk on director1 lowers 110 to 100; director2 has 100: the VIP never moves, because a Backup does not take over from a MASTER of its own priority',
    ]);
    expect(sentences(pair(['priority 100', ...track], ['priority 90'], script('weight 20')))).toEqual([
      'error track-weight: VI_1: script chk on director1 lowers 120 to 100; director2 has 90: the VIP never moves',
    ]);
  });

  it('the weight beside the name in track_script wins over that of vrrp_script', () => {
    const tracking = ['track_script {', 'chk weight -5', '}'];
    expect(sentences(pair(['priority 100', ...tracking], ['priority 90'], script('weight -50')))).toEqual([
      'error track-weight: VI_1: script chk on director1 lowers 100 to 95; director2 has 90: the VIP never moves',
    ]);
  });

  it('an interface has its weight in the line', () => {
    expect(sentences(pair(['priority 100', 'track_interface {', 'eth1 weight -5', '}'], ['priority 90']))).toEqual([
      'error track-weight: VI_1: interface eth1 on director1 lowers 100 to 95; director2 has 90: the VIP never moves',
    ]);
  });

  it('weight 0, and no weight, is a fault and moves the VIP', () => {
    expect(sentences(pair(['priority 100', ...track], ['priority 90'], script('weight 0')))).toEqual([]);
    expect(sentences(pair(['priority 100', ...track], ['priority 90'], script('interval 1')))).toEqual([]);
  });

  it('an unknown script does nothing', () => {
    expect(
      sentences(pair(['priority 100', 'track_script {', 'other', '}'], ['priority 90'], script('weight -5'))),
    ).toEqual([]);
  });

  it('priority 255 never changes', () => {
    expect(sentences(pair(['priority 255', ...track], ['priority 90'], script('weight -200')))).toEqual([
      'error track-weight: VI_1: script chk on director1 cannot lower priority 255, which never changes: the VIP never moves',
    ]);
  });

  it('the effective priority stays between 1 and 254', () => {
    expect(sentences(pair(['priority 3', ...track], ['priority 1'], script('weight -100')))).toEqual([
      'error track-weight: VI_1: script chk on director1 lowers 3 to 1; director2 has 1: the VIP never moves, because no priority is below 1',
    ]);
  });

  it('nopreempt on the other one keeps it from taking over', () => {
    const files = pair(['priority 100', 'nopreempt', ...track], ['priority 90', 'nopreempt'], script('weight -50'));
    expect(sentences(files)).toEqual([
      'error track-weight: VI_1: script chk on director1 lowers 100 to 50, and nopreempt keeps director2 from taking over from a living MASTER: the VIP never moves',
    ]);
  });

  it('two that only move it together are noted', () => {
    const two = ['track_interface {', 'eth1 weight -6', 'eth2 weight -6', '}'];
    expect(sentences(pair(['priority 100', ...two], ['priority 90']))).toEqual([
      'note track-weight-alone: VI_1: interface eth1 on director1 lowers 100 to 94; director2 has 90: alone it does not move the VIP, only together with others',
      'note track-weight-alone: VI_1: interface eth2 on director1 lowers 100 to 94; director2 has 90: alone it does not move the VIP, only together with others',
    ]);
  });

  it('the weights of a sync group count, those of its members with sync_group_tracking_weight only', () => {
    const group = (...more: string[]) => ['vrrp_sync_group G {', 'group {', 'VI_1', '}', ...more, '}'];
    const never =
      'error track-weight: VI_1: script chk on director1 lowers 100 to 95; director2 has 90: the VIP never moves';
    const files = (own: string[], ...more: string[]) =>
      sentences(pair(['priority 100', ...own], ['priority 90'], [...script('weight -5'), ...group(...more)]));
    expect(files([], ...track)).toEqual([never]);
    expect(files(track)).toEqual([]);
    expect(files(track, 'sync_group_tracking_weight')).toEqual([never]);
  });
});
