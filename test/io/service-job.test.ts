import { describe, expect, it } from 'vitest';
import { isRestartOf, unitOf } from '../../src/io/service-job.ts';

describe('the job of a unit', () => {
  it('is a restart when systemctl list-jobs says so of this unit', () => {
    expect(isRestartOf('holdfast.service', '1234 holdfast.service restart running')).toBe(true);
    expect(isRestartOf('holdfast.service', '  12 holdfast.service try-restart waiting')).toBe(true);
    expect(isRestartOf('holdfast.service', '1234 holdfast.service stop    running')).toBe(false);
    expect(isRestartOf('holdfast.service', '1234 other.service restart running')).toBe(false);
    expect(isRestartOf('holdfast.service', 'No jobs running.')).toBe(false);
  });

  it('is asked for by the name in /proc/self/cgroup, cgroups(7)', () => {
    expect(unitOf('0::/system.slice/holdfast@a.service\n')).toBe('holdfast@a.service');
    expect(unitOf('0::/system.slice/holdfast.service/child\n')).toBe('holdfast.service');
    expect(unitOf('1:name=systemd:/x.service\n0::/user.slice/session-1.scope\n')).toBe('holdfast.service');
    expect(unitOf('')).toBe('holdfast.service');
  });
});
