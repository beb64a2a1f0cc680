/** AddressKeeper: how often the kernel is asked. What is done about the answer is planAddresses's and the kernel tests'. */
import { expect, it } from 'vitest';
import { instant } from '../../src/base/time.ts';
import { AddressKeeper } from '../../src/daemon/address-keeper.ts';
import type { Interfaces } from '../../src/daemon/interfaces.ts';
import type { Router } from '../../src/daemon/router.ts';
import type { RouteNetlink } from '../../src/io/route-netlink.ts';
import { router } from './example.ts';

const announcements = { secondBurstAt: undefined, lowerPriorityBurstAt: undefined, refreshAt: undefined };

/** What is asked of the kernel when these are looked at, one after another. */
async function asked(keepsRows: boolean, ...routers: Router[]): Promise<string[]> {
  const asks: string[] = [];
  const route = {
    addresses: async () => {
      asks.push('addresses');
      return [];
    },
    addAddress: async () => {
      asks.push('add');
    },
  };
  const keeper = new AddressKeeper({
    route: route as unknown as RouteNetlink,
    interfaces: { link: () => ({ index: 2 }), nameOf: () => 'eth0' } as unknown as Interfaces,
    kernelKeepsProtocol: true,
    holders: () => routers,
    failed: (_, __, error) => {
      throw error;
    },
    log: () => {},
    held: () => {},
  });
  keeper.keepRows(keepsRows);
  for (const one of routers) await keeper.settle(one, new Set());
  return asks;
}

const master = (): Router => {
  const one = router();
  one.state = { name: 'Master', adverAt: instant(0), announcements };
  return one;
};

it('reads for each holder anew, or once for all of them until it has done something', async () => {
  expect(await asked(false, router(), router())).toEqual(['addresses', 'addresses']);
  expect(await asked(true, router(), router(), router())).toEqual(['addresses']);
  expect(await asked(true, router(), master(), router(), router())).toEqual(['addresses', 'add', 'addresses']);
});
