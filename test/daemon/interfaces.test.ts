/** What the election believes of the host's interfaces, with a netlink socket that says what the test wants. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type InterfaceChange, Interfaces } from '../../src/daemon/interfaces.ts';
import type { Link } from '../../src/io/route-links.ts';
import type { RouteEvent, RouteNetlink } from '../../src/io/route-netlink.ts';

const flags = { up: true, running: true, lowerUp: true, loopback: false, noArp: false, multicast: true };
const link = (index: number, running = true): Link => ({
  index,
  name: `eth${index}`,
  flags: { ...flags, running },
  mtu: 1500,
});

let links: Link[];
let tell: (event: RouteEvent) => void;
let changes: InterfaceChange[];
let interfaces: Interfaces;

beforeEach(async () => {
  vi.useFakeTimers();
  links = [link(0), link(1)];
  changes = [];
  const route = {
    links: async () => links,
    addresses: async () => [],
    onEvent: (callback: typeof tell) => {
      tell = callback;
    },
  };
  interfaces = await Interfaces.open(route as unknown as RouteNetlink);
  interfaces.onChange((change) => changes.push(change));
});

afterEach(() => {
  interfaces.close();
  vi.useRealTimers();
});

describe('linkbeat', () => {
  it('what the kernel did not tell of an interface is seen within a second, and of no other', async () => {
    interfaces.poll(['eth1']);
    links = [link(0, false), link(1, false)];
    await vi.advanceTimersByTimeAsync(999);
    expect(changes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(changes).toEqual([{ type: 'link', name: 'eth1', index: 1 }]);
    expect(interfaces.problemOf('eth1')).toBe('interface eth1 is without carrier');
    expect(interfaces.problemOf('eth0')).toBeUndefined();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(changes).toHaveLength(1);
  });

  it('all of them, or none', async () => {
    interfaces.poll('all');
    links = [link(0, false), link(1, false)];
    await vi.advanceTimersByTimeAsync(1_000);
    expect(changes.map((change) => 'name' in change && change.name)).toEqual(['eth0', 'eth1']);
    interfaces.poll([]);
    links = [link(0), link(1)];
    await vi.advanceTimersByTimeAsync(5_000);
    expect(changes).toHaveLength(2);
    tell({ type: 'link-changed', link: link(0) });
    expect(changes).toHaveLength(3);
  });
});
