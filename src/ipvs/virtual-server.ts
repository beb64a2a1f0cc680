/**
 * Virtual servers as they are configured: what virtual_server, virtual_server_group and real_server of keepalived.conf(5) come
 * to, every default filled in.
 *
 * Plain data that survives JSON unchanged. What the agent cannot act on yet is here all the same; who runs it decides.
 */
import type { Family, IpAddress } from '../base/address.ts';
import type { Duration } from '../base/time.ts';
import type { UnplacedChecker } from '../checks/checker-config.ts';
import type { Script } from '../config/script.ts';
import type { ForwardingMethod, Protocol, Tunnel } from '../wire/ipvs.ts';

/** Addresses of a group, one or more in a row, each a service of its own. */
export interface AddressRange {
  readonly kind: 'addresses';
  readonly family: Family;
  readonly first: IpAddress;
  /** The same as `first` where one is meant. */
  readonly last: IpAddress;
  /** 0-65535; 0: every port. */
  readonly port: number;
}

/** A firewall mark of a group. */
export interface FirewallMark {
  readonly kind: 'fwmark';
  /** 0-4294967295 */
  readonly fwmark: number;
  /** Absent: as the virtual server. */
  readonly family?: Family;
}

export type GroupMember = AddressRange | FirewallMark;

/** virtual_server_group: addresses and marks that virtual servers share. */
export interface VirtualServerGroup {
  readonly name: string;
  /** Not empty, in the order of the file. */
  readonly members: readonly GroupMember[];
}

/** What stands between virtual_server and its brace. */
export type Target =
  | { readonly kind: 'address'; readonly address: IpAddress; readonly port: number }
  | { readonly kind: 'fwmark'; readonly fwmark: number }
  | {
      readonly kind: 'group';
      readonly name: string;
      /** The how manieth virtual server of the group it is, from 0. */
      readonly index: number;
      readonly members: readonly GroupMember[];
    };

/** How connections reach a server. */
export interface Forwarding {
  readonly forwardingMethod: ForwardingMethod;
  /** Absent: plain IPIP, where the method is `tunnel`. */
  readonly tunnel?: Tunnel;
}

/** Which clients count as one: those that agree in the bits of a mask or in the first bits. */
export type Granularity =
  | { readonly family: 'inet'; readonly mask: IpAddress }
  | { readonly family: 'inet6'; readonly prefixLength: number };

/** What is said for the checkers of a server where they say nothing themselves. */
export interface CheckDefaults {
  readonly connectTimeout: Duration;
  readonly delayLoop: Duration;
  /** Absent: each kind of checker has its own. */
  readonly retry?: number;
  readonly delayBeforeRetry?: Duration;
  /** Absent: delay_loop. */
  readonly warmup?: Duration;
  readonly alpha: boolean;
}

/** Who serves while there is no quorum. */
export interface SorryServer extends Forwarding {
  readonly address: IpAddress;
  /** 0-65535 */
  readonly port: number;
  /** Kept in the table with weight 0 while it is not needed. */
  readonly inhibit: boolean;
  /** It is one of the real servers, too. */
  readonly isRealServer: boolean;
}

/** What is said of a real server but where it is: thousands of them may have the same. */
export interface RealServerSettings extends Forwarding, CheckDefaults {
  /** 0 to 2^31 - 1 */
  readonly weight: number;
  /** A failed server stays in the table with weight 0. */
  readonly inhibitOnFailure: boolean;
  /** Connections; 0: no limit. */
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
  readonly virtualHost?: string;
  readonly snmpName?: string;
  readonly smtpAlert: boolean;
  readonly notifyUp?: Script;
  readonly notifyDown?: Script;
  readonly checkers: readonly UnplacedChecker[];
}

/** A real server. */
export interface RealServer {
  /** `192.168.4.100:80` */
  readonly id: string;
  readonly address: IpAddress;
  /** 0-65535 */
  readonly port: number;
  readonly settings: RealServerSettings;
}

/** A virtual server. */
export interface VirtualServer extends Forwarding, CheckDefaults {
  /** `192.168.4.15:80/TCP`, `FWM 7`, `[GROUP]:0`; a second one of the same service has `#2` behind it. */
  readonly id: string;
  readonly target: Target;
  /** Absent: of both, which only a group can be. */
  readonly family?: Family;
  /** Absent: it has firewall marks only. */
  readonly protocol?: Protocol;
  readonly scheduler: string;
  /** Bits 0 to 2 are the scheduler's flags 1 to 3. */
  readonly schedulerFlags: number;
  /** Whole seconds; zero: not persistent. */
  readonly persistenceTimeout: Duration;
  /** Absent: each client for itself. */
  readonly persistenceGranularity?: Granularity;
  /** What tells clients apart: `sip`. */
  readonly persistenceEngine?: string;
  readonly onePacket: boolean;
  /** Checks only while the address is on this host. */
  readonly haSuspend: boolean;
  /** The notifications of down are run at the end, too. */
  readonly omega: boolean;
  readonly inhibitOnFailure: boolean;
  /** The weight that must be up, at most that of all servers. */
  readonly quorum: number;
  readonly hysteresis: number;
  readonly quorumUp?: Script;
  readonly quorumDown?: Script;
  readonly virtualHost?: string;
  readonly snmpName?: string;
  readonly smtpAlert: boolean;
  readonly sorryServer?: SorryServer;
  readonly realServers: readonly RealServer[];
}
