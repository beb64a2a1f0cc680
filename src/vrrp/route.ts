/**
 * A route and a routing rule as they are configured. keepalived.conf(5) "virtual_routes", "virtual_rules"; the numbers
 * are the kernel's, rtnetlink(7). Plain data; what is absent is not told to the kernel.
 */
import type { Family, IpAddress } from '../base/address.ts';
import type { Duration } from '../base/time.ts';

/** A network, or everything: prefixLength 0. */
export interface Prefix {
  readonly address: IpAddress;
  /** 0-32 or 0-128 */
  readonly prefixLength: number;
}

/** RTN_* of linux/rtnetlink.h by iproute2's names; another number stands for itself. */
export type RouteType =
  | 'unicast'
  | 'local'
  | 'broadcast'
  | 'anycast'
  | 'multicast'
  | 'blackhole'
  | 'unreachable'
  | 'prohibit'
  | 'throw'
  | 'nat'
  | 'xresolve'
  | number;

/** A header that is put before every packet of a route. */
export type Encapsulation =
  | {
      readonly type: 'ip' | 'ip6';
      readonly id?: number;
      readonly destination?: IpAddress;
      readonly source?: IpAddress;
      /** tos, or tc of ip6; 0-255 */
      readonly trafficClass?: number;
      /** ttl, or hoplimit of ip6; 0-255 */
      readonly hopLimit?: number;
      readonly flags?: number;
    }
  /** Labels of 20 bits, the outermost first. */
  | { readonly type: 'mpls'; readonly labels: readonly number[] }
  /** The 64 bits of the locator, in hexadecimal. */
  | { readonly type: 'ila'; readonly locator: string };

/** One of several ways of a multipath route. */
export interface NextHop {
  readonly gateway?: IpAddress;
  readonly interface?: string;
  /** 1-256; absent: 1. */
  readonly weight?: number;
  readonly onlink?: true;
  /** As `Route.realms`. */
  readonly realms?: number;
  readonly encapsulation?: Encapsulation;
}

/** What TCP is told about a route: RTAX_* of linux/rtnetlink.h. */
export interface RouteMetrics {
  readonly mtu?: number;
  readonly hopLimit?: number;
  readonly advertisedMss?: number;
  /** 0.2-120 s */
  readonly roundTripTime?: Duration;
  /** 0.2-120 s */
  readonly roundTripVariance?: Duration;
  /** 0.2-120 s */
  readonly retransmissionMinimum?: Duration;
  readonly reordering?: number;
  readonly window?: number;
  readonly congestionWindow?: number;
  readonly slowStartThreshold?: number;
  readonly initialCongestionWindow?: number;
  readonly initialReceiveWindow?: number;
  readonly quickAck?: 0 | 1;
  readonly fastOpenNoCookie?: 0 | 1;
  readonly explicitCongestionNotification?: true;
  readonly congestionControl?: string;
}

/** Metrics that can be locked. */
export type LockableMetric =
  | 'mtu'
  | 'advertisedMss'
  | 'roundTripTime'
  | 'roundTripVariance'
  | 'retransmissionMinimum'
  | 'reordering'
  | 'congestionWindow'
  | 'slowStartThreshold'
  | 'congestionControl';

export interface Route {
  readonly destination: Prefix;
  /** Absent: unicast. */
  readonly type?: RouteType;
  /** How it is added when there is one already: NLM_F_EXCL, before it, behind it. */
  readonly action: 'add' | 'prepend' | 'append';
  /** Of the family of the destination. */
  readonly gateway?: IpAddress;
  readonly interface?: string;
  /** Preferred source of what is sent there. */
  readonly source?: IpAddress;
  /** IPv6: only what comes from there. */
  readonly from?: Prefix;
  /** Absent: main. */
  readonly table?: number;
  /** 0-255 */
  readonly scope?: number;
  readonly metric?: number;
  /** 0-255 */
  readonly tos?: number;
  /** 0-255; absent: unspecified. */
  readonly protocol?: number;
  readonly onlink?: true;
  /** IPv4: the source realm in the upper half of 32 bits. */
  readonly realms?: number;
  readonly encapsulation?: Encapsulation;
  readonly metrics?: RouteMetrics;
  /** Metrics that the kernel does not change. */
  readonly locked?: readonly LockableMetric[];
  /** IPv6: ICMPV6_ROUTER_PREF_*: 0 medium, 1 high, 3 low. */
  readonly routerPreference?: number;
  /** IPv6, in seconds. */
  readonly expires?: number;
  readonly ttlPropagate?: boolean;
  /** Several ways at once; absent: the one above. */
  readonly nextHops?: readonly NextHop[];
  /** Whether its loss, or that of its interface, is a fault. */
  readonly tracked: boolean;
  /** Instances that it follows, where it belongs to none. */
  readonly trackGroup?: string;
}

/** What happens to a packet that a rule matches. */
export type RuleAction =
  | { readonly type: 'table'; readonly table: number }
  | { readonly type: 'goto'; readonly target: number }
  | { readonly type: 'nop' | 'blackhole' | 'prohibit' | 'unreachable' }
  /** The table of the VRF that the packet belongs to. */
  | { readonly type: 'l3mdev' };

export interface Range {
  readonly first: number;
  readonly last: number;
}

export interface Rule {
  readonly family: Family;
  readonly action: RuleAction;
  /** The lower one is looked at first; 32 bits. */
  readonly priority: number;
  readonly not?: true;
  readonly from?: Prefix;
  readonly to?: Prefix;
  readonly inputInterface?: string;
  readonly outputInterface?: string;
  readonly firewallMark?: number;
  /** Absent: all bits. */
  readonly firewallMask?: number;
  /** 0-255 */
  readonly tos?: number;
  /** IPv4: the source realm in the upper half of 32 bits. */
  readonly realms?: number;
  readonly suppressPrefixLength?: number;
  readonly suppressInterfaceGroup?: number;
  /** 64 bits, in decimal. */
  readonly tunnelId?: string;
  readonly users?: Range;
  /** The number of an IP protocol. */
  readonly ipProtocol?: number;
  readonly sourcePorts?: Range;
  readonly destinationPorts?: Range;
  /** 0-255: who added it. Absent: unspecified. */
  readonly protocol?: number;
  readonly tracked: boolean;
  readonly trackGroup?: string;
}
