/** Instances and routers to test the daemon with, without any kernel. */
import type { IpAddress } from '../../src/base/address.ts';
import { newRouter, type Router } from '../../src/daemon/router.ts';
import type { VrrpInstance } from '../../src/vrrp/instance.ts';
import { DEFAULTS } from '../support/instances.ts';

export const US = '192.0.2.10' as IpAddress;
export const PEER = '192.0.2.9' as IpAddress;
export const VIP = '192.0.2.100' as IpAddress;
export const GROUP = '224.0.0.18' as IpAddress;

/** Version 2, priority 100, every second, password "secret". */
export const instance = (different: Partial<VrrpInstance> = {}): VrrpInstance => ({
  ...DEFAULTS,
  vrid: 51,
  authentication: { type: 'PASS', password: 'secret' },
  virtualAddresses: [{ address: VIP, prefixLength: 32, interface: 'eth0', scope: 0 }],
  ...different,
});

export const router = (different: Partial<VrrpInstance> = {}): Router => newRouter(instance(different), US);
