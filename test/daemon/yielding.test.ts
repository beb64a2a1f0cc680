import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import type { Interfaces } from '../../src/daemon/interfaces.ts';
import type { Router } from '../../src/daemon/router.ts';
import { Yielding } from '../../src/daemon/yielding.ts';
import { router, VIP } from './example.ts';

const interfaces = { link: () => ({ index: 2, name: 'eth0' }) } as unknown as Interfaces;
const virtual = (address: IpAddress) => ({ address, prefixLength: 32, interface: 'eth0', scope: 0 });

let settled: Router[];
let hear: ((address: IpAddress) => void) | undefined;
let yielding: Yielding;

beforeEach(() => {
  vi.useFakeTimers();
  settled = [];
  hear = undefined;
  yielding = new Yielding({
    interfaces,
    settle: (one) => settled.push(one),
    open: (_, onAddress) => {
      hear = onAddress;
      return {
        close: () => {
          hear = undefined;
        },
      };
    },
  });
});

afterEach(() => vi.useRealTimers());

it('addresses go when the other MASTER announces one of them, and nothing is heard afterwards', () => {
  const ours = router({ virtualAddresses: [virtual(VIP)] });
  yielding.release(ours);
  yielding.release(ours);
  hear?.('192.0.2.77' as IpAddress);
  expect(settled).toEqual([]);
  hear?.(VIP);
  expect(settled).toEqual([ours]);
  expect(hear).toBeUndefined();
  vi.advanceTimersByTime(1_000);
  expect(settled).toHaveLength(1);
});

it('they go after 20 ms when nobody announces them', () => {
  yielding.release(router({ virtualAddresses: [virtual(VIP)] }));
  vi.advanceTimersByTime(19);
  expect(settled).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(settled).toHaveLength(1);
  expect(hear).toBeUndefined();
});

it('they go at once where that cannot be heard, or where both have one virtual MAC', () => {
  yielding.release(router({ virtualAddresses: [virtual('2001:db8::1' as IpAddress)] }));
  const virtualMac = { interface: 'vrrp.5' } as unknown as NonNullable<Router['instance']['virtualMac']>;
  yielding.release(router({ virtualAddresses: [virtual(VIP)], virtualMac }));
  expect(settled).toHaveLength(2);
  expect(hear).toBeUndefined();
});

it('who waits at the end has been seen to', () => {
  yielding.release(router({ virtualAddresses: [virtual(VIP)] }));
  yielding.close();
  vi.advanceTimersByTime(1_000);
  expect(settled).toEqual([]);
});
