import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { Suspension } from '../../src/daemon/suspension.ts';
import { virtualServer } from '../support/servers.ts';

/** A host whose addresses come and go. */
function host() {
  const here = new Set<IpAddress>();
  const logged: string[] = [];
  let opened = 0;
  let changed = () => {};
  const suspension = new Suspension({
    open: async (onChange) => {
      opened += 1;
      changed = onChange;
      const close = () => {
        opened -= 1;
      };
      return { hasAddress: (address) => here.has(address), close };
    },
    log: (_level, _event, message) => void logged.push(message),
  });
  const set = (...addresses: string[]) => {
    here.clear();
    for (const address of addresses) here.add(address as IpAddress);
    changed();
  };
  return { suspension, set, logged, opened: () => opened };
}

const suspending = virtualServer({ haSuspend: true });

describe('ha_suspend (keepalived.conf(5) "ha_suspend")', () => {
  it('suspends a virtual server while its address is not on this host', async () => {
    const { suspension, set, logged } = host();
    await suspension.configure([suspending]);
    expect(suspension.has(suspending.id)).toBe(true);
    set('192.168.4.15');
    expect(suspension.has(suspending.id)).toBe(false);
    set('192.168.4.16');
    expect(suspension.has(suspending.id)).toBe(true);
    expect(logged).toEqual([
      'Suspending healthcheckers of VS [192.168.4.15]:tcp:80',
      'Activating healthcheckers of VS [192.168.4.15]:tcp:80',
      'Suspending healthcheckers of VS [192.168.4.15]:tcp:80',
    ]);
  });

  it('listens to nothing without such a virtual server, and has no effect on marks and groups', async () => {
    const { suspension, opened } = host();
    await suspension.configure([virtualServer()]);
    expect([opened(), suspension.has(virtualServer().id)]).toEqual([0, false]);
    const mark = virtualServer({ haSuspend: true, target: { kind: 'fwmark', fwmark: 7 } });
    await suspension.configure([mark, suspending]);
    expect([opened(), suspension.has(mark.id), suspension.has(suspending.id)]).toEqual([1, false, true]);
    await suspension.configure([virtualServer()]);
    expect([opened(), suspension.has(suspending.id)]).toEqual([0, false]);
  });

  it('checks everything where the addresses cannot be read', async () => {
    const logged: string[] = [];
    const suspension = new Suspension({
      open: () => Promise.reject(new Error('no')),
      log: (level, _event, message) => void logged.push(`${level} ${message}`),
    });
    await suspension.configure([suspending]);
    expect(suspension.has(suspending.id)).toBe(false);
    expect(logged).toEqual(['error ha_suspend is without effect, the addresses of this host cannot be read: no']);
  });
});
