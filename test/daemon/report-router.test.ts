/** What status tells of a router: what it holds, and what is wrong with it. */
import { expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { reportRouter } from '../../src/daemon/router.ts';
import { router, VIP } from './example.ts';

const network = { address: '10.1.0.0' as IpAddress, prefixLength: 16 };

it('tells of each address, route and rule whether it is held, and all problems once', () => {
  const one = router({
    acceptMode: false,
    virtualRoutes: [{ destination: network, interface: 'eth1', action: 'prepend', tracked: true }],
    virtualRules: [{ family: 'inet', from: network, action: { type: 'table', table: 5 }, priority: 7, tracked: true }],
  });
  one.held.add(`${VIP}/32 dev eth0`);
  one.heldRouting.add('10.1.0.0/16 dev eth1');
  one.problems.set('from 10.1.0.0/16 table 5 priority 7', 'is there already');
  one.problems.set('packets', 'cannot be dropped');
  expect(reportRouter(one)).toMatchObject({
    virtualAddresses: [{ address: `${VIP}/32`, interface: 'eth0', held: true }],
    virtualRoutes: [{ text: '10.1.0.0/16 dev eth1', held: true }],
    virtualRules: [{ text: 'from 10.1.0.0/16 table 5 priority 7', held: false, problem: 'is there already' }],
    dropsPackets: 'no_accept',
    problems: ['cannot be dropped'],
  });
  expect(reportRouter(router({}))).not.toHaveProperty('problems');
});
