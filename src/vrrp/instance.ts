/**
 * A virtual router as it is configured: what a vrrp_instance of keepalived.conf(5) comes to, every default filled in.
 *
 * Plain data that survives JSON unchanged. What the agent cannot act on yet is here all the same; who runs it decides.
 */
import type { Family, IpAddress } from '../base/address.ts';
import type { Duration } from '../base/time.ts';
import type { Script } from '../config/script.ts';
import type { Mac } from '../wire/ethernet.ts';
import type { Prefix, Route, Rule } from './route.ts';

/** A virtual address and how it is put on its interface. What is absent is as the kernel has it by itself. */
export interface VirtualAddress {
  readonly address: IpAddress;
  /** 0-32 or 0-128 */
  readonly prefixLength: number;
  readonly interface: string;
  /** The kernel's number, 0 (global) to 255. */
  readonly scope: number;
  /** At most 15 bytes, IPv4 only. */
  readonly label?: string;
  readonly broadcast?: IpAddress;
  /** The other end of a point-to-point link. */
  readonly peer?: IpAddress;
  /** Seconds, 0 is deprecated from the start, 4294967295 forever. Absent: forever, but 0 for an IPv6 address of 128 bits. */
  readonly preferredLifetime?: number;
  /** Removing it is no loss, and its interface may be down. */
  readonly noTrack?: true;
  /** It asks for a virtual MAC interface of its own. */
  readonly useVmac?: true;
  /** The virtual MAC interface that it is held on, above `interface`. */
  readonly virtualMac?: string;
  /** IPv6: IFA_F_HOMEADDRESS. */
  readonly home?: true;
  /** IPv6: with duplicate address detection, which virtual addresses have not by themselves. */
  readonly detectDuplicates?: true;
  /** IPv6: IFA_F_MANAGETEMPADDR. */
  readonly manageTemporary?: true;
  /** IFA_F_NOPREFIXROUTE. */
  readonly noPrefixRoute?: true;
  /** IFA_F_MCAUTOJOIN. */
  readonly autojoin?: true;
}

/** Another router of a virtual router, to whom advertisements are sent instead of to a group. */
export interface UnicastPeer {
  readonly address: IpAddress;
  /** 0-255; advertisements of it that come with less are dropped. */
  readonly minTtl: number;
  /** 0-255; advertisements of it that come with more are dropped. */
  readonly maxTtl: number;
}

/** Something tracked, and what its state does to the priority. */
export interface Tracked {
  readonly name: string;
  /** -254 to 254; 0: its failure is a fault. */
  readonly weight: number;
  /** Its success counts as its failure. */
  readonly reverse: boolean;
  /** Because of the sync group that the instance is in. */
  readonly ofGroup?: true;
}

/** Everything that a virtual router watches, by kind. A name stands once in each. */
export interface Tracking {
  readonly interfaces: readonly Tracked[];
  readonly scripts: readonly Tracked[];
  readonly files: readonly Tracked[];
  readonly processes: readonly Tracked[];
  readonly bfd: readonly Tracked[];
}

/** Commands that are run on changes. keepalived.conf(5) "notify". */
export interface NotifyScripts {
  readonly master?: Script;
  readonly backup?: Script;
  readonly fault?: Script;
  readonly stop?: Script;
  /** A reload removed the instance. */
  readonly deleted?: Script;
  /** As MASTER, an advertisement of lower priority was heard. */
  readonly masterLowerPriority?: Script;
  /** Every change, told which one as arguments. */
  readonly any?: Script;
}

/** Gratuitous ARP on interfaces that send no advertisements. keepalived.conf(5) "garp_extra_if". */
export interface ExtraGarp {
  /** Zero: never. */
  readonly interval: Duration;
  /** On all of them, not only on virtual MAC interfaces. */
  readonly all: boolean;
}

/** An interface with a hardware address of its own, above the instance's. */
export interface VirtualMac {
  readonly name: string;
  readonly mac: Mac;
  /** Whether the RFC gives the address, or the file does: its first five bytes, or the whole. */
  readonly macFrom: 'rfc' | 'prefix' | 'whole';
  /** Advertisements leave through the interface below. */
  readonly transmitBase: boolean;
}

/** An interface with the hardware address of the instance's, above it. */
export interface Ipvlan {
  readonly name: string;
  readonly mode: 'bridge' | 'private' | 'vepa';
  readonly address?: Prefix;
}

/** A virtual router as it is configured. */
export interface VrrpInstance {
  readonly name: string;
  readonly family: Family;
  /** What it says it wants to be at the start; the priority decides. */
  readonly state: 'MASTER' | 'BACKUP';
  readonly interface: string;
  /** 1-255 */
  readonly vrid: number;
  /** 1-255; 255 is the owner of the addresses. */
  readonly priority: number;
  readonly version: 2 | 3;
  /** Version 2: whole seconds. Version 3: hundredths of a second, at most 40.95 s. */
  readonly advertisementInterval: Duration;
  /** Absent: none. The password is at most 8 bytes of UTF-8 on the wire. */
  readonly authentication?: { readonly type: 'PASS' | 'AH'; readonly password: string };
  readonly virtualAddresses: readonly VirtualAddress[];
  /** Held and announced like the others, but not named in advertisements. */
  readonly excludedAddresses: readonly VirtualAddress[];
  readonly preemptMode: boolean;
  readonly preemptDelay: Duration;
  /** False: packets to the virtual addresses are dropped, unless the priority is 255. */
  readonly acceptMode: boolean;
  /** Hold to the RFC where keepalived is more tolerant; what follows from it is in the other values already. */
  readonly strictMode: boolean;
  /** Absent: the primary address of the interface. */
  readonly sourceAddress?: IpAddress;
  /** FAULT while the source address is missing. */
  readonly trackSourceAddress: boolean;
  /** Where advertisements go and are heard, unless there are peers. */
  readonly multicastGroup: IpAddress;
  /** Unicast is meant, with or without peers: a keyword of it is there. */
  readonly unicastConfigured: boolean;
  /** Empty: multicast. */
  readonly unicastPeers: readonly UnicastPeer[];
  /** 0-255: TTL or hop limit of unicast advertisements. */
  readonly unicastTtl: number;
  /** Discard unicast advertisements of others than the peers. */
  readonly checkUnicastSource: boolean;
  /** FAULT when unicast is meant but no peer is given. */
  readonly unicastFaultNoPeer: boolean;
  /** The unicast checksum of version 3 as keepalived before 1.3.7 had it: 'auto' finds out. */
  readonly oldUnicastChecksum: 'auto' | 'always' | 'never';
  /** The version 3 checksum of IPv4 without pseudo header, as RFC 9568 and other vendors have it. */
  readonly checksumAsVersion2: boolean;
  readonly skipCheckAdvertisedAddresses: boolean;
  readonly garpMasterDelay: Duration;
  readonly garpMasterRepeat: number;
  /** Zero: never. */
  readonly garpMasterRefresh: Duration;
  readonly garpMasterRefreshRepeat: number;
  readonly garpLowerPriorityDelay: Duration;
  readonly garpLowerPriorityRepeat: number;
  readonly lowerPriorityNoAdvert: boolean;
  readonly higherPrioritySendAdvert: boolean;
  /** 1-100 */
  readonly downTimerAdverts: number;
  /** As MASTER it gives way when it is late by so much that a router of this priority has taken over; absent: it goes on. */
  readonly timerExpiredPriority?: number;
  /** The owner of the addresses listens to nobody. */
  readonly ownerIgnoresAdverts: boolean;
  /** Whether a fault of the own interface is a fault of the instance. */
  readonly trackPrimary: boolean;
  readonly tracking: Tracking;
  readonly virtualMac?: VirtualMac;
  readonly ipvlan?: Ipvlan;
  /** Addresses on other interfaces than the instance's are on virtual MAC interfaces too. */
  readonly useVmacAddresses: boolean;
  readonly garpExtraInterface?: ExtraGarp;
  /** Bytes; absent: as vrrp_rx_bufs_policy says. */
  readonly kernelReceiveBuffer?: number;
  /** Bytes, from vrrp_rx_bufs_policy; absent: it names no number. */
  readonly receiveBufferPolicy?: number;
  /** Routes and rules that come and go with the addresses. */
  readonly virtualRoutes: readonly Route[];
  readonly virtualRules: readonly Rule[];
  /** Keep secondary addresses of the interface when their primary goes. */
  readonly promoteSecondaries: boolean;
  readonly notify: NotifyScripts;
  /** A web address that is told what scripts are told; absent: that of global_defs. */
  readonly notifyWebhook?: string;
  /** Tell DELETED instead of FAULT when a reload removes it. */
  readonly notifyDeleted: boolean;
  readonly notifyPriorityChanges: boolean;
  readonly smtpAlert: boolean;
}
