import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { type Duration, inSeconds, seconds, ZERO } from '../../src/base/time.ts';
import { IpvsSettings, type SettingsClient } from '../../src/daemon/ipvs-settings.ts';
import { NetlinkError } from '../../src/io/netlink-error.ts';
import type { IpvsTimeouts } from '../../src/wire/ipvs-control.ts';

/** Settings over a kernel that remembers its timeouts and daemons. */
function over({ stale = [] as string[] } = {}) {
  const done: string[] = [];
  const logged: string[] = [];
  const daemons = new Set(stale);
  let timeouts: IpvsTimeouts = { tcp: seconds(900), tcpFin: seconds(120), udp: seconds(300) };
  const client: SettingsClient = {
    flush: async () => void done.push('flush'),
    timeouts: async () => timeouts,
    setTimeouts: async (wanted) => {
      const keep = (name: keyof IpvsTimeouts): Duration => (wanted[name] === ZERO ? timeouts[name] : wanted[name]);
      timeouts = { tcp: keep('tcp'), tcpFin: keep('tcpFin'), udp: keep('udp') };
      done.push(`timeouts ${Object.values(timeouts).map(inSeconds).join(' ')}`);
    },
    syncDaemon: async ({ command, state, syncId, ...options }) => {
      const isNew = command === 'new-daemon';
      if (daemons.has(state) === isNew) throw NetlinkError.withCode(command, isNew ? 'EEXIST' : 'ESRCH', '');
      if (isNew) daemons.add(state);
      else daemons.delete(state);
      done.push([command, state, syncId, ...Object.values(options)].join(' '));
    },
    close: () => void done.push('close'),
  };
  const settings = new IpvsSettings({
    open: async () => client,
    log: (level, _, text) => void logged.push(`${level} ${text}`),
  });
  return { settings, logged, done: () => done.splice(0) };
}

const syncDaemon = { interface: 'eth0', instance: 'VI_1', syncId: 51 };

describe('settings of IPVS', () => {
  it('the sync daemon follows its instance, and is stopped at the end (keepalived.conf(5) "lvs_sync_daemon")', async () => {
    const { settings, done } = over();
    await settings.configure({ flush: false, syncDaemon });
    await settings.heard('VI_2', true);
    await settings.heard('VI_1', true);
    await settings.heard('VI_1', true);
    await settings.heard('VI_1', false);
    await settings.close();
    expect(done()).toEqual([
      'new-daemon backup 51 eth0',
      'delete-daemon backup 51',
      'new-daemon master 51 eth0',
      'delete-daemon master 51',
      'new-daemon backup 51 eth0',
      'delete-daemon backup 51',
      'close',
    ]);
  });

  it('without an instance both daemons run', async () => {
    const { settings, done } = over();
    const { instance: _, ...both } = syncDaemon;
    await settings.configure({ flush: false, syncDaemon: both });
    expect(done()).toEqual(['new-daemon master 51 eth0', 'new-daemon backup 51 eth0']);
  });

  it('a reload with the same values does nothing, with others it starts the daemon anew', async () => {
    const { settings, done } = over();
    await settings.configure({ flush: false, syncDaemon });
    done();
    await settings.configure({ flush: true, syncDaemon });
    expect(done()).toEqual([]);
    const group = '224.0.0.82' as IpAddress;
    await settings.configure({ flush: false, syncDaemon: { ...syncDaemon, maxLength: 1400, group } });
    expect(done()).toEqual(['delete-daemon backup 51', 'new-daemon backup 51 eth0 1400 224.0.0.82']);
    await settings.configure({ flush: false });
    expect(done()).toEqual(['delete-daemon backup 51']);
  });

  it('one that an earlier life has left is started anew', async () => {
    const { settings, logged, done } = over({ stale: ['backup'] });
    await settings.configure({ flush: false, syncDaemon });
    expect(done()).toEqual(['delete-daemon backup 51', 'new-daemon backup 51 eth0']);
    expect(logged).toEqual(['info starting the backup of connection synchronisation, id 51']);
  });

  it('timeouts are set, and put back when they go (keepalived.conf(5) "lvs_timeouts")', async () => {
    const { settings, done } = over();
    await settings.configure({ flush: false, timeouts: { tcp: seconds(7200) } });
    await settings.configure({ flush: false, timeouts: { tcp: seconds(7200), udp: seconds(60) } });
    await settings.configure({ flush: false, timeouts: { udp: seconds(60) } });
    await settings.close();
    expect(done()).toEqual([
      'timeouts 7200 120 300',
      'timeouts 7200 120 60',
      'timeouts 900 120 60',
      'timeouts 900 120 300',
      'close',
    ]);
  });

  it('the table is emptied at the start, not by a reload, and at the end where that is wanted', async () => {
    const { settings, done } = over();
    await settings.configure({ flush: true, flushOnStop: 'all' });
    await settings.configure({ flush: true, flushOnStop: 'all' });
    await settings.close();
    expect(done()).toEqual(['flush', 'flush', 'close']);
  });

  it('what the kernel refuses is said', async () => {
    const logged: string[] = [];
    const settings = new IpvsSettings({
      open: () => Promise.reject(new Error('no IPVS')),
      log: (level, _, text) => void logged.push(`${level} ${text}`),
    });
    await settings.configure({ flush: true });
    expect(logged).toEqual(['error emptying the IPVS table: no IPVS']);
  });
});
