import { describe, expect, it } from 'vitest';
import { renderMetrics } from '../../src/status/metrics.ts';
import type { StatusReport } from '../../src/status/report.ts';
import { report } from './example.ts';

const now = new Date('2026-03-01T12:06:13.500Z');

/** The samples of one name, without it: `{instance="VI_1"} 1`. */
const samples = (name: string, of: StatusReport = report): string[] =>
  renderMetrics(of, now)
    .split('\n')
    .filter((line) => line.startsWith(name) && /[ {]/.test(line[name.length] ?? ''))
    .map((line) => line.slice(name.length).trim());

/** The example with another certificate, check or the like of its first real server. */
const withCheck = (check: object): StatusReport => ({
  ...report,
  virtualServers: report.virtualServers.map((server) => ({
    ...server,
    realServers: server.realServers.slice(0, 1).map((real) => ({
      ...real,
      checks: real.checks.map((one) => ({ ...one, ...check })),
    })),
  })),
});

const REAL = 'virtual_server="192.168.4.15:80/TCP",real_server="192.168.4.100:80"';

describe('renderMetrics', () => {
  it('is what Prometheus reads: each name once with its help and type, and then its samples', () => {
    const full: StatusReport = {
      ...withCheck({ certificateEnd: '2026-03-11T12:06:13.500Z' }),
      strayPackets: { vrid: 3 },
      lateness: { count: 9, p50_ms: 0.1, p99_ms: 0.5, p999_ms: 1, max_ms: 2.5 },
    };
    const lines = renderMetrics(full, now).split('\n');
    expect(lines.pop()).toBe('');
    const seen = new Set<string>();
    let name = '';
    for (const [i, line] of lines.entries()) {
      const help = /^# HELP (holdfast_[a-z0-9_]+) \S/.exec(line)?.[1];
      if (help !== undefined) {
        expect(seen.has(help)).toBe(false);
        seen.add(help);
        name = help;
        expect(lines[i + 1]).toMatch(new RegExp(`^# TYPE ${name} (gauge|counter)$`));
      } else if (!line.startsWith('# TYPE')) {
        expect(line).toMatch(new RegExp(`^${name}(\\{([a-z_]+="[^"]*",?)+\\})? -?[0-9.]+(e[-+]?[0-9]+)?$`));
        expect(name.endsWith('_total')).toBe(lines.includes(`# TYPE ${name} counter`));
      }
    }
    expect(seen.size).toBeGreaterThan(20);
  });

  it('tells the days until a certificate ends, and that it has ended', () => {
    const days = (certificateEnd: string) => samples('holdfast_check_certificate_days', withCheck({ certificateEnd }));
    expect(days('2026-03-11T12:06:13.500Z')).toEqual([`{${REAL},check="TCP_CHECK",index="0"} 10`]);
    expect(days('2026-02-28T12:06:13.500Z')).toEqual([`{${REAL},check="TCP_CHECK",index="0"} -1`]);
    expect(samples('holdfast_check_certificate_days')).toEqual([]);
  });

  it('tells the state of instances', () => {
    expect(samples('holdfast_vrrp_state').filter((line) => line.includes('VI_1'))).toEqual([
      '{instance="VI_1",interface="eth0",vrid="50",state="INIT"} 0',
      '{instance="VI_1",interface="eth0",vrid="50",state="BACKUP"} 0',
      '{instance="VI_1",interface="eth0",vrid="50",state="MASTER"} 1',
      '{instance="VI_1",interface="eth0",vrid="50",state="FAULT"} 0',
    ]);
    expect(samples('holdfast_vrrp_addresses_held')).toEqual(['{instance="VI_1"} 1', '{instance="VI_2"} 0']);
    expect(samples('holdfast_vrrp_effective_priority')).toEqual(['{instance="VI_1"} 50', '{instance="VI_2"} 90']);
  });

  it('tells the health of real servers; a check that has not run says nothing', () => {
    expect(samples('holdfast_real_server_up').map((line) => line.slice(-1))).toEqual(['1', '0', '1']);
    expect(samples('holdfast_check_up').map((line) => line.slice(-1))).toEqual(['1', '0']);
    expect(samples('holdfast_check_duration_seconds')[0]).toBe(`{${REAL},check="TCP_CHECK",index="0"} 0.0004`);
  });

  it('keeps what somebody has called an instance inside its quotation marks', () => {
    const [first] = report.instances;
    if (first === undefined) throw new Error('expected an instance');
    const odd = { ...report, instances: [{ ...first, name: 'a"b\\c\nd' }] };
    expect(samples('holdfast_vrrp_priority', odd)).toEqual(['{instance="a\\"b\\\\c\\nd"} 50']);
  });
});
