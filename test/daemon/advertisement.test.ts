import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { milliseconds } from '../../src/base/time.ts';
import { AdvertisementMemory, advertisementPackets } from '../../src/daemon/advertisement.ts';
import { newRouter } from '../../src/daemon/router.ts';
import { instance, PEER, US } from './example.ts';

const peer = (address: string) => ({ address: address as IpAddress, minTtl: 0, maxTtl: 255 });

describe('AdvertisementMemory', () => {
  const v3 = instance({ version: 3 });

  it('gives what would be made anew, whatever has changed since the last time', () => {
    const memory = new AdvertisementMemory();
    const router = newRouter(v3, US);
    const same = (priority: number) => {
      // copies: the next call writes over them
      const packets = memory.packets(router, priority).map((one) => ({ ...one, packet: one.packet.slice() }));
      expect(packets).toEqual(advertisementPackets(router, priority));
    };
    for (const packetId of [1, 2, 255, 256, 65535]) {
      router.packetId = packetId;
      same(100);
    }
    same(0);
    same(100);
    router.config = { ...router.config, localAddress: PEER };
    same(100);
    router.instance = instance({ version: 3, advertisementInterval: milliseconds(10) });
    same(100);
    router.instance = instance({ version: 3, unicastPeers: ['192.0.2.1', '192.0.2.2'].map(peer) });
    same(100);
    router.packetId = 7;
    same(100);
    router.checksumReading = router.checksumReading === 'message' ? 'pseudo-header' : 'message';
    same(100);
  });

  it('makes nothing anew while nothing changes', () => {
    const memory = new AdvertisementMemory();
    const router = newRouter(v3, US);
    const first = memory.packets(router, 100);
    router.packetId += 1;
    expect(memory.packets(router, 100)).toBe(first);
    expect(memory.packets(router, 99)).not.toBe(first);
  });

  it('of IPv6 has no identification', () => {
    const memory = new AdvertisementMemory();
    const router = newRouter(
      instance({
        version: 3,
        family: 'inet6',
        multicastGroup: 'ff02::12' as IpAddress,
        virtualAddresses: [{ address: 'fe80::100' as IpAddress, prefixLength: 128, interface: 'eth0', scope: 253 }],
      }),
      'fe80::1' as IpAddress,
    );
    memory.packets(router, 100);
    router.packetId = 9;
    expect(memory.packets(router, 100)).toEqual(advertisementPackets(router, 100));
  });
});
