/** Performer: in which order things reach the network. */
import { expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { Announcer } from '../../src/daemon/announcer.ts';
import type { Interfaces } from '../../src/daemon/interfaces.ts';
import { Performer } from '../../src/daemon/perform.ts';
import type { PossessionKeeper } from '../../src/daemon/possession-keeper.ts';
import { addressKey, allAddresses, type Router } from '../../src/daemon/router.ts';
import type { Sockets } from '../../src/daemon/sockets.ts';
import { decodeArp } from '../../src/wire/arp.ts';
import { router, VIP } from './example.ts';

const REFUSED = '192.0.2.101' as IpAddress;
const virtual = (address: IpAddress) => ({ address, prefixLength: 32, interface: 'eth0', scope: 0 });

it('announces an address when the kernel has it, not before, and none that the kernel refused (RFC 9568 §8.1.2) [A44+ B49+]', () => {
  const order: string[] = [];
  const queue: (() => void)[] = [];
  const addresses = {
    settle: (one: Router) =>
      queue.push(() => {
        order.push('addresses');
        for (const entry of allAddresses(one.instance)) if (entry.address === VIP) one.held.add(addressKey(entry));
      }),
    afterwards: (_: Router, work: () => void) => queue.push(work),
  };
  const send = (frame: Uint8Array) => {
    const arp = decodeArp(frame);
    order.push(arp.ok ? `ARP ${arp.value.senderProtocolAddress}` : 'no ARP');
  };
  const sockets = { of: () => undefined, packetSocket: () => ({ send }) } as unknown as Sockets;
  const announcer = new Announcer({
    interfaces: {
      link: () => ({ index: 2, name: 'eth0', mac: '02:00:00:00:00:01', flags: { noArp: false } }),
    } as unknown as Interfaces,
    sockets,
    failed: () => {},
  });
  const performer = new Performer({
    possessions: addresses as unknown as PossessionKeeper,
    announcer,
    sockets,
    yielding: { release: () => {} },
    failed: () => {},
  });
  const ours = router({ virtualAddresses: [virtual(VIP), virtual(REFUSED)] });
  ours.state = {
    name: 'Master',
    adverAt: 0 as never,
    announcements: { secondBurstAt: undefined, lowerPriorityBurstAt: undefined, refreshAt: undefined },
  };
  performer.perform(ours, { type: 'take-addresses' });
  performer.perform(ours, { type: 'announce-addresses', rounds: 2 });
  expect(order).toEqual([]);
  for (const work of queue) work();
  announcer.close();
  expect(order).toEqual(['addresses', `ARP ${VIP}`, `ARP ${VIP}`]);
});
