/** Instances and routers to test the daemon with, without any kernel. */
import type { IpAddress } from '../../src/base/address.ts';
import { seconds, ZERO } from '../../src/base/time.ts';
import { newRouter, type Router } from '../../src/daemon/router.ts';
import type { VrrpInstance } from '../../src/vrrp/instance.ts';

export const US = '192.0.2.10' as IpAddress;
export const PEER = '192.0.2.9' as IpAddress;
export const VIP = '192.0.2.100' as IpAddress;
export const GROUP = '224.0.0.18' as IpAddress;

/** Version 2, priority 100, every second, password "secret". */
export const instance = (different: Partial<VrrpInstance> = {}): VrrpInstance => ({
  name: 'VI_1',
  family: 'inet',
  state: 'BACKUP',
  interface: 'eth0',
  vrid: 51,
  priority: 100,
  version: 2,
  advertisementInterval: seconds(1),
  authentication: { type: 'PASS', password: 'secret' },
  virtualAddresses: [{ address: VIP, prefixLength: 32, interface: 'eth0', scope: 0 }],
  excludedAddresses: [],
  preemptMode: true,
  preemptDelay: ZERO,
  acceptMode: true,
  strictMode: false,
  trackSourceAddress: false,
  multicastGroup: GROUP,
  unicastConfigured: false,
  unicastPeers: [],
  unicastTtl: 255,
  checkUnicastSource: false,
  unicastFaultNoPeer: false,
  oldUnicastChecksum: 'auto',
  checksumAsVersion2: false,
  skipCheckAdvertisedAddresses: false,
  garpMasterDelay: seconds(5),
  garpMasterRepeat: 5,
  garpMasterRefresh: ZERO,
  garpMasterRefreshRepeat: 1,
  garpLowerPriorityDelay: seconds(5),
  garpLowerPriorityRepeat: 5,
  lowerPriorityNoAdvert: false,
  higherPrioritySendAdvert: false,
  downTimerAdverts: 3,
  ownerIgnoresAdverts: false,
  trackPrimary: true,
  tracking: { interfaces: [], scripts: [], files: [], processes: [], bfd: [] },
  useVmacAddresses: false,
  virtualRoutes: [],
  virtualRules: [],
  promoteSecondaries: false,
  notify: {},
  notifyDeleted: false,
  notifyPriorityChanges: false,
  smtpAlert: false,
  ...different,
});

export const router = (different: Partial<VrrpInstance> = {}): Router => newRouter(instance(different), US);
