import { describe, expect, it } from 'vitest';
import type { CheckReport, StatusReport } from '../../src/status/report.ts';
import { renderStatus } from '../../src/status/text.ts';
import { report } from './example.ts';

const now = new Date('2026-03-01T12:06:13.500Z');

describe('renderStatus', () => {
  it('says what is, since when, and why', () => {
    expect(renderStatus(report, { now, colour: false, timeZone: 'UTC' })).toBe(`\
holdfast 0.1.0, process 4711, /etc/holdfast/holdfast.conf, up 2 d 1 h
warning: no virtual server works: the kernel has no IPVS

VI_1  eth0, VRID 50, VRRPv2, priority 50
  MASTER since 12:03:11 (3 min 2 s): no advertisement from 192.168.4.5 (priority 100) for 3.609 s
  192.168.4.15/32 dev eth0          held
  192.168.4.6/32 dev eth0           not held; it could not be added: EPERM
  route 10.1.0.0/16 dev eth0        held
  rule from all table 5 priority 9  not held; it is there already
  packets to its addresses are dropped (no_accept): they answer nobody, not even ping
  packets to virtual addresses cannot be dropped: EPERM

VI_2  eth1, VRID 51, VRRPv2, priority 90 (configured 100)
  BACKUP since 12:06:13 (0 s): startup
  the master is 10.0.0.5, priority 150

192.168.4.15:80/TCP  wrr, direct-route
  192.168.4.100:80  up    weight 1          TCP_CHECK ok, 1 s ago
  192.168.4.2:80    down  not in the table  TCP_CHECK connect: ECONNREFUSED, 10 s ago
  192.168.4.3:80    up    weight 0 of 2     TCP_CHECK not run yet
`);
  });

  it('says how BFD sessions are, and why', () => {
    const since = '2026-03-01T12:03:11.000Z';
    const one = { name: 'b1', neighbour: '10.0.0.2', remoteState: 'Up', since, counters: {} } as const;
    const bfd = [
      { ...one, state: 'Up' },
      { ...one, name: 'b2', state: 'Down', detail: 'it says that it is down' },
    ] as const;
    const text = renderStatus({ ...report, bfd }, { now, colour: false, timeZone: 'UTC' });
    expect(text.split('\n').filter((line) => line.startsWith('BFD'))).toEqual([
      'BFD b1 with 10.0.0.2 is Up since 12:03:11 (3 min 2 s)',
      'BFD b2 with 10.0.0.2 is Down since 12:03:11 (3 min 2 s): it says that it is down',
    ]);
  });

  it('says who serves without a quorum, and what an operator has set', () => {
    const [server] = report.virtualServers;
    if (!server) throw new Error('the example has a virtual server');
    const without: StatusReport = {
      ...report,
      virtualServers: [
        {
          ...server,
          quorum: { isUp: false, needed: 2, hysteresis: 1, weight: 1 },
          sorryServer: { id: '192.168.4.9:80', serves: true },
          realServers: server.realServers.map((one, i) => ({ ...one, override: i === 0 ? 'drained' : 7 })),
        },
      ],
    };
    const text = renderStatus(without, { now, colour: false, timeZone: 'UTC' });
    expect(text).toContain('  no quorum: weight 1, 3 needed (quorum 2, hysteresis 1)\n');
    expect(text).toContain('  the sorry server 192.168.4.9:80 serves\n');
    expect(text).toContain('weight 1          drained by an operator; TCP_CHECK ok');
    expect(text).toContain('not in the table  weight set by an operator; TCP_CHECK');
  });

  it('has colours only when asked for, and the same words with them', () => {
    const coloured = renderStatus(report, { now, colour: true, timeZone: 'UTC' });
    expect(coloured).toContain('\u001b[32mMASTER\u001b[0m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what a colour is
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(renderStatus(report, { now, colour: false, timeZone: 'UTC' }));
  });

  it('a time of another day has its date, in the time zone that is asked for', () => {
    const since = (at: string, timeZone: string) => {
      const instances = report.instances.slice(0, 1).map((instance) => ({ ...instance, since: at }));
      return renderStatus({ ...report, instances }, { now, colour: false, timeZone }).match(/since (.*?) \(/)?.[1];
    };
    expect(since('2026-02-28T23:30:00.000Z', 'UTC')).toBe('2026-02-28 23:30:00');
    expect(since('2026-02-28T23:30:00.000Z', 'Europe/Berlin')).toBe('00:30:00');
    expect(since('2026-03-01T00:00:00.000Z', 'UTC')).toBe('00:00:00');
    expect(since('yesterday', 'UTC')).toBe('yesterday');
  });

  it('says why a server could not be asked, without a word about its health', () => {
    const checked = (check: CheckReport) => {
      const server = { id: '192.168.4.3:80', healthy: true, weight: 1, effectiveWeight: 1, inTable: true };
      const virtualServers = report.virtualServers.map((row) => ({
        ...row,
        inTable: false,
        realServers: [{ ...server, checks: [check] }],
      }));
      return renderStatus({ ...report, instances: [], virtualServers }, { now, colour: false, timeZone: 'UTC' })
        .split('\n')
        .slice(3, -1);
    };
    const reason = 'connect: EADDRNOTAVAIL';
    expect(checked({ kind: 'TCP_CHECK', healthy: null, reason, at: '2026-03-01T12:06:03.500Z', took_ms: 0 })).toEqual([
      '192.168.4.15:80/TCP  wrr, direct-route, not in the table of the kernel',
      '  192.168.4.3:80  up    weight 1  TCP_CHECK not run: connect: EADDRNOTAVAIL, 10 s ago',
    ]);
    expect(checked({ kind: 'TCP_CHECK', healthy: true, reason, at: '2026-03-01T12:06:03.500Z', took_ms: 0 })).toEqual([
      '192.168.4.15:80/TCP  wrr, direct-route, not in the table of the kernel',
      '  192.168.4.3:80  up    weight 1  TCP_CHECK connect: EADDRNOTAVAIL, 10 s ago',
    ]);
  });

  it('says how long the certificate of a server is still good', () => {
    const ending = (certificateEnd: string) => {
      const check: CheckReport = { kind: 'SSL_GET', healthy: true, at: now.toISOString(), took_ms: 3, certificateEnd };
      const virtualServers = report.virtualServers.map((row) => ({
        ...row,
        realServers: row.realServers.slice(0, 1).map((server) => ({ ...server, checks: [check] })),
      }));
      const text = renderStatus({ ...report, virtualServers }, { now, colour: false, timeZone: 'UTC' });
      return /SSL_GET ok.*/.exec(text)?.[0];
    };
    const inDays = (days: number) => new Date(now.getTime() + days * 86_400_000).toISOString();
    expect(ending(inDays(30.5))).toBe('SSL_GET ok, 0 s ago, its certificate ends in 30 d');
    expect(ending(inDays(-0.5))).toBe('SSL_GET ok, 0 s ago, its certificate has ended');
  });

  it('is plain ASCII as long as the report is, and no text of the report steers the terminal', () => {
    expect(renderStatus(report, { now, colour: false, timeZone: 'UTC' })).toMatch(/^[\x20-\x7e\n]*$/);
    const warnings = ['reply: \u001b[2J\u009b\r\n\u202eend'];
    const hostile = { ...report, instances: [], virtualServers: [], agent: { ...report.agent, warnings } };
    expect(renderStatus(hostile, { now, colour: false, timeZone: 'UTC' }).split('\n')[1]).toBe(
      'warning: reply: \\u{1b}[2J\\u{9b}\\u{d}\\u{a}\\u{202e}end',
    );
  });

  it('says so when nothing is configured', () => {
    const empty = { ...report, instances: [], virtualServers: [], agent: { ...report.agent, warnings: [] } };
    expect(renderStatus(empty, { now, colour: false, timeZone: 'UTC' })).toBe(
      'holdfast 0.1.0, process 4711, /etc/holdfast/holdfast.conf, up 2 d 1 h\n\nnothing is configured\n',
    );
  });
});
