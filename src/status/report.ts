/**
 * What `holdfast status --json` prints. Stable: a field is never renamed or given another meaning within one `version`.
 * Times are ISO 8601; a number that is not a count says its unit last.
 */

export interface StatusReport {
  readonly version: 1;
  readonly agent: AgentReport;
  readonly instances: readonly InstanceReport[];
  /** Received VRRP packets that no instance is for, by reason, since the start of the election process. */
  readonly strayPackets: Readonly<Record<string, number>>;
  /** How late the election was for its own deadlines; absent while it does not answer. */
  readonly lateness?: LatenessReport;
  /** BFD sessions; absent where none is configured. */
  readonly bfd?: readonly BfdReport[];
  readonly ipvs: IpvsReport;
  readonly virtualServers: readonly VirtualServerReport[];
  /** The last script of each instance, group or server that was told something. */
  readonly notifications?: readonly NotificationReport[];
}

/** Milliseconds, since the start of the election process; half, 99 % and 99.9 % were not later than that. */
export interface LatenessReport {
  readonly count: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly p999_ms: number;
  readonly max_ms: number;
}

export interface AgentReport {
  readonly version: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly configurationFile: string;
  /** Errors and warnings of the configuration that runs. */
  readonly configurationProblems: number;
  /** Sentences about what needs a person; empty when all is well. */
  readonly warnings: readonly string[];
}

/** A notify script that runs, or has run. */
export interface NotificationReport {
  /** `INSTANCE VI_1`, `GROUP G`, `RS [192.168.0.2]:tcp:80 [10.0.0.1]:tcp:80`. */
  readonly subject: string;
  /** What it was told of: `MASTER`. */
  readonly event: string;
  /** `notify_master`. */
  readonly keyword: string;
  readonly startedAt: string;
  /** These three are absent while it runs. */
  readonly succeeded?: boolean;
  /** `exited with status 3`. */
  readonly result?: string;
  readonly took_ms?: number;
}

export interface InstanceReport {
  readonly name: string;
  /** The sync group that it is in; absent: none. */
  readonly syncGroup?: string;
  readonly vrid: number;
  readonly interface: string;
  readonly version: 2 | 3;
  readonly state: 'INIT' | 'BACKUP' | 'MASTER' | 'FAULT';
  /** When the state was entered. */
  readonly since: string;
  /** Why, from a closed list: `master-down-timer`. */
  readonly cause: string;
  /** Why, with the numbers: "no advertisement from 192.168.4.5 (priority 100) for 3.609 s". May be empty. */
  readonly detail: string;
  /** It has given its mastership away on purpose, and leaves a living MASTER alone. */
  readonly standsBack?: true;
  /** As configured and as it counts now, 1-255. */
  readonly priority: number;
  readonly effectivePriority: number;
  readonly advertisementInterval_s: number;
  /** Who is MASTER, as a BACKUP has heard it. */
  readonly master?: { readonly address: string; readonly priority: number };
  readonly virtualAddresses: readonly VirtualAddressReport[];
  /** Absent: none. */
  readonly virtualRoutes?: readonly RoutingReport[];
  readonly virtualRules?: readonly RoutingReport[];
  /** While it is MASTER, packets to its addresses are dropped, because of this keyword. */
  readonly dropsPackets?: string;
  /** What is wrong besides; absent: nothing. */
  readonly problems?: readonly string[];
  /** Since the start of the election process. */
  readonly counters: Readonly<Record<string, number>>;
  /** Changes of state since the start of the election process. */
  readonly transitions: number;
}

/** A BFD session. RFC 5880. */
export interface BfdReport {
  readonly name: string;
  /** Its address. */
  readonly neighbour: string;
  readonly state: 'AdminDown' | 'Down' | 'Init' | 'Up';
  /** As the neighbour said last. */
  readonly remoteState: 'AdminDown' | 'Down' | 'Init' | 'Up';
  /** When the state was entered, or the session begun. */
  readonly since: string;
  /** Why, in words; absent: nothing has happened yet. */
  readonly detail?: string;
  readonly counters: Readonly<Record<string, number>>;
}

export interface VirtualAddressReport {
  /** With its prefix length. */
  readonly address: string;
  readonly interface: string;
  /** The kernel has it, for us. */
  readonly held: boolean;
  /** What is wrong with it; absent: nothing. */
  readonly problem?: string;
}

/** A route or a rule. */
export interface RoutingReport {
  /** As ip(8) writes it, without what TCP is told. */
  readonly text: string;
  /** The kernel has it, for us. */
  readonly held: boolean;
  /** What is wrong with it; absent: nothing. */
  readonly problem?: string;
}

export interface IpvsReport {
  readonly available: boolean;
  /** What is missing and what would help; only when not available. */
  readonly reason?: string;
}

export interface VirtualServerReport {
  /** `192.168.4.15:80/TCP`, `FWM 7`. */
  readonly id: string;
  /** `TCP`, `UDP`, `SCTP`; absent for a firewall mark, which has none. */
  readonly protocol?: string;
  readonly scheduler: string;
  /** `masquerading`, `tunnel`, `direct-route`. */
  readonly forwardingMethod: string;
  /** The kernel has the service. */
  readonly inTable: boolean;
  /** Whether the weight of the real servers that are up is enough. */
  readonly quorum: QuorumReport;
  /** Absent: none is configured. */
  readonly sorryServer?: { readonly id: string; readonly serves: boolean };
  readonly realServers: readonly RealServerReport[];
}

export interface QuorumReport {
  readonly isUp: boolean;
  /** As configured, less what is impossible. */
  readonly needed: number;
  readonly hysteresis: number;
  /** Of those that are up. */
  readonly weight: number;
}

export interface RealServerReport {
  /** `192.168.4.100:80`. */
  readonly id: string;
  /** All of its checkers say so; true without any. */
  readonly healthy: boolean;
  /** As configured. */
  readonly weight: number;
  /** As the kernel has it; 0 when it is not in the table. */
  readonly effectiveWeight: number;
  readonly inTable: boolean;
  /** What an operator has set at run time: a weight, or that it gets nothing new; absent: nothing. */
  readonly override?: 'drained' | number;
  readonly checks: readonly CheckReport[];
}

export interface CheckReport {
  /** `TCP_CHECK`. */
  readonly kind: string;
  /** What the last probe said; null: none has ended yet. */
  readonly healthy: boolean | null;
  /** Why the last probe was not healthy; beside `healthy: true` or null: why this host could not ask. */
  readonly reason?: string;
  /** When the last probe ended, and how long it took. */
  readonly at?: string;
  readonly took_ms?: number;
  /** When the certificate that the server showed ends. */
  readonly certificateEnd?: string;
}
