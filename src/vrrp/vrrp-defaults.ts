/** What a vrrp_instance is completed with: the VRRP part of global_defs, and what is known of the host. */
import type { IpAddress } from '../base/address.ts';
import type { Duration } from '../base/time.ts';
import type { ExtraGarp } from './instance.ts';

/** What global_defs says for all instances. */
export interface VrrpDefaults {
  readonly version: 2 | 3;
  readonly strict: boolean;
  readonly multicastGroup: IpAddress;
  readonly multicastGroupIpv6: IpAddress;
  readonly checkUnicastSource: boolean;
  readonly skipCheckAdvertisedAddresses?: boolean;
  readonly garpMasterDelay: Duration;
  readonly garpMasterRepeat: number;
  readonly garpMasterRefresh: Duration;
  readonly garpMasterRefreshRepeat: number;
  /** Absent: as garpMasterDelay of this very level, not of the instance. */
  readonly garpLowerPriorityDelay?: Duration;
  readonly garpLowerPriorityRepeat?: number;
  readonly lowerPriorityNoAdvert?: boolean;
  readonly higherPrioritySendAdvert: boolean;
  readonly downTimerAdverts: number;
  /** Given at all: keepalived does not look at its value. */
  readonly checksumAsVersion2?: unknown;
  readonly ownerIgnoreAdverts?: boolean;
  /** A number: bytes. */
  readonly receiveBufferPolicy?: 'MTU' | 'ADVERT' | number;
  readonly garpExtraInterface?: ExtraGarp;
  /** keepalived.conf(5) "vmac_prefix". */
  readonly vmacPrefix?: string;
  /** Absent: vmacPrefix. */
  readonly vmacAddressPrefix?: string;
  readonly notifyPriorityChanges?: boolean;
  readonly smtpAlert?: boolean;
  readonly smtpAlertVrrp?: boolean;
  /** Says whether the host has an interface; absent: not asked, as with keepalived.conf(5) "dynamic_interfaces". */
  readonly interfaceExists?: (name: string) => boolean;
  /** An interface of the host; absent: not asked. */
  readonly link?: (name: string) => HostInterface | undefined;
}

/** What is asked of an interface of the host. */
export interface HostInterface {
  /** In bytes. */
  readonly mtu: number;
  /** IFLA_INFO_KIND: `macvlan`, `ipvlan`; absent for hardware. */
  readonly kind?: string;
}
