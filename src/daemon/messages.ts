/**
 * What the processes of the agent say to each other, over the channel of child_process.fork. Plain data only.
 *
 * main is the parent; election and health are its children and never talk to each other.
 */
import type { Duration } from '../base/time.ts';
import type { CommandOutcome, Fact } from '../checks/checker.ts';
import type { TlsSettings } from '../checks/ssl-keywords.ts';
import type { Script } from '../config/script.ts';
import type { MarkSettings } from '../ipvs/firewall-marks.ts';
import type { LvsNotice } from '../ipvs/notice.ts';
import type { Override, OverrideAnswer } from '../ipvs/overrides.ts';
import type { BfdReport, InstanceReport, IpvsReport, LatenessReport, VirtualServerReport } from '../status/report.ts';
import type { BfdInstance } from '../vrrp/bfd-instance.ts';
import type { FirewallSettings } from '../vrrp/firewall.ts';
import type { VrrpInstance } from '../vrrp/instance.ts';
import type { LinkDelays } from '../vrrp/link-debounce.ts';
import type { VrrpNotice } from '../vrrp/notice.ts';
import type { Spacing } from '../vrrp/pacing.ts';
import type { Statics } from '../vrrp/statics.ts';
import type { SyncGroup } from '../vrrp/sync-groups.ts';
import type { TrackResult } from '../vrrp/track-result.ts';
import type { TrackerKind } from '../vrrp/tracking.ts';
import type { LvsSettings } from './ipvs-settings.ts';
import type { RouterSnapshot } from './router-snapshot.ts';
import type { DumpRequest } from './signals.ts';
import type { VirtualServerNews } from './virtual-server-news.ts';

/** Severity, by syslog's names. */
export type LogLevel = 'error' | 'warning' | 'notice' | 'info' | 'debug';

/** One fact for the log: written by main only, so that no other process ever waits for a terminal or a pipe. */
export interface LogRecord {
  readonly level: LogLevel;
  /** Kebab-case and stable; all are listed in log-events.ts. */
  readonly event: string;
  /** For people and their grep. */
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number | boolean | undefined>>;
}

/** How the election process is to run; decided once, by main. */
export interface RuntimeSettings {
  /** 1-99: the real-time priority of the election process. */
  readonly realTimePriority: number;
  /** -20-19: what counts where the real-time priority is refused. */
  readonly niceness: number;
  readonly lockMemory: boolean;
  /** Microseconds of silence after which the guard acts; undefined: two Advertisement_Intervals, 0: never. */
  readonly guardLimit?: Duration;
  /** Another process has the routers still: `inherit` follows once we say `prepared`. */
  readonly isHeir?: boolean;
}

/** What the health process is to get of the processors and the memory. */
export interface HealthScheduling {
  /** -20-19; less is more urgent. */
  readonly niceness: number;
  /** 1-99; absent: as everything else. */
  readonly realTimePriority?: number;
  readonly lockMemory: boolean;
}

/** How a process is to go on without main. */
export interface AwaitHeir {
  /** The run directory, where the next main looks. */
  readonly directory: string;
  /** How long it waits for the next main. */
  readonly patience: Duration;
}

/** What main says to either child about the change of mains. */
export type AboutHeirs =
  /** Main goes now, and another one comes. Answered when the next one can find us. */
  | { readonly type: 'await-heir'; readonly id: number; readonly how: AwaitHeir }
  /** Main stays after all. */
  | { readonly type: 'go-on' }
  /** What the process before us left; undefined: nothing. */
  | { readonly type: 'inherit'; readonly estate: object | undefined }
  /** The process before us is gone. */
  | { readonly type: 'alone' };

export interface ElectionConfiguration {
  readonly instances: readonly VrrpInstance[];
  /** By the names of their instances. */
  readonly syncGroups?: readonly Pick<SyncGroup, 'name' | 'members'>[];
  /** How long the first election waits; absent: not. keepalived.conf(5) "vrrp_startup_delay" */
  readonly startupDelay?: Duration | undefined;
  /** Say it when somebody advertises a VRID that is not configured. keepalived.conf(5) "log_unknown_vrids" */
  readonly logUnknownVrids?: boolean;
  readonly statics?: Statics;
  /** Of what drops packets to addresses; absent: as keepalived has it. */
  readonly firewall?: FirewallSettings;
  /** Bytes; absent: enough. Taken at the start only. */
  readonly netlinkBuffers?: { readonly eventBuffer?: number; readonly answerBuffer?: number };
  /** No reports of groups of the link; taken at the start only. keepalived.conf(5) "disable_local_igmp" */
  readonly disableLocalIgmp?: boolean;
  /** Interfaces whose links are looked at although the kernel tells of changes; absent: none. */
  readonly polledLinks?: readonly string[] | 'all';
  /** How long interfaces must be up or down to count as that; absent: not at all. */
  readonly interfaceDelays?: readonly LinkDelays[];
  /** How far apart announcements are; absent: not. */
  readonly spacing?: Spacing;
  readonly bfdInstances?: readonly BfdInstance[];
  /** Kinds of tracked things whose results main will send; any other has no effect. */
  readonly watched?: readonly TrackerKind[];
}

/** An operator wants others to be MASTER, or takes that back. */
export interface GiveAway {
  /** Instances and sync groups; empty: all. */
  readonly names: readonly string[];
  readonly back: boolean;
}

/** What became of it, for one instance. */
export interface GivenAway {
  readonly name: string;
  readonly outcome: 'given-away' | 'nobody-took-over' | 'stands-back' | 'may-come-back' | 'not-running';
  /** The sentence behind it, where there is one. */
  readonly detail?: string;
}

export type ToElection =
  | AboutHeirs
  | {
      readonly type: 'start';
      readonly runtime: RuntimeSettings;
      readonly configuration: ElectionConfiguration;
      /** What to do when main dies; absent: end in order. */
      readonly orphaned?: AwaitHeir | undefined;
    }
  | { readonly type: 'configure'; readonly configuration: ElectionConfiguration }
  /** After `start` all that is known, then what changes. */
  | { readonly type: 'track-result'; readonly result: TrackResult }
  /** A guard waits under this name. */
  | { readonly type: 'guard'; readonly name: string }
  | { readonly type: 'status'; readonly id: number }
  /** For the dumps; `clear`: count from zero afterwards. */
  | { readonly type: 'snapshot'; readonly id: number; readonly clear: boolean }
  | ({ readonly type: 'give-away'; readonly id: number } & GiveAway)
  | { readonly type: 'ping' }
  /** `now`: without waiting for successors. */
  | { readonly type: 'stop'; readonly now?: boolean };

/** With the virtual servers that were told before. */
export interface HealthConfiguration {
  readonly lvs: LvsSettings;
  /** Groups get firewall marks; absent: a service for each address. */
  readonly marks?: MarkSettings;
  /** Tell of servers that are up from the start, too: keepalived.conf(5) "rs_init_notifies" */
  readonly tellsAll: boolean;
  /** Absent: as the TLS library has it. */
  readonly ssl?: TlsSettings | undefined;
  /** Checkers that ask the same question in the same way are one. */
  readonly mergesChecks: boolean;
  readonly scheduling: HealthScheduling;
}

export type ToHealth =
  | AboutHeirs
  /** Before `start`, perhaps long before, and before `configure`: the virtual servers, so many at a time, from place `at` on. */
  | { readonly type: 'virtual-servers'; readonly at: number; readonly news: readonly VirtualServerNews[] }
  | {
      readonly type: 'start';
      readonly configuration: HealthConfiguration;
      /** As of the election. */
      readonly isHeir?: boolean;
      readonly orphaned?: AwaitHeir | undefined;
    }
  | { readonly type: 'configure'; readonly configuration: HealthConfiguration }
  /** What has become of a vrrp_instance, for connection synchronisation. */
  | { readonly type: 'instance'; readonly name: string; readonly isMaster: boolean }
  /** An operator sets the weight of a real server; answered by `overridden`. */
  | { readonly type: 'override'; readonly id: number; readonly override: Override }
  /** After `start` all that is known, then what changes. */
  | { readonly type: 'fact'; readonly fact: Fact }
  /** Main has run a command. */
  | { readonly type: 'command-ended'; readonly id: number; readonly outcome: CommandOutcome }
  | { readonly type: 'status'; readonly id: number }
  | { readonly type: 'ping' }
  | { readonly type: 'stop' };

/** What both kinds of child say. `stopped` is the last word: everything that was ours is released. */
export type FromChild =
  /** As an heir: ready for the estate. */
  | { readonly type: 'prepared' }
  /** `inherited`: what the process before us need not leave in order. */
  | { readonly type: 'started'; readonly inherited?: readonly string[] }
  | { readonly type: 'awaiting-heir'; readonly id: number }
  | { readonly type: 'configured' }
  | { readonly type: 'log'; readonly record: LogRecord }
  | { readonly type: 'pong' }
  /** Somebody sent a signal to the child that is meant for the agent. */
  | { readonly type: 'dump'; readonly request: DumpRequest }
  | { readonly type: 'stopped' };

export type FromElection =
  | FromChild
  /** A BFD session, for checkers. */
  | { readonly type: 'session'; readonly result: TrackResult }
  | { readonly type: 'snapshot'; readonly id: number; readonly routers: readonly RouterSnapshot[] }
  | { readonly type: 'notice'; readonly notice: VrrpNotice }
  | { readonly type: 'given-away'; readonly id: number; readonly given: readonly GivenAway[] }
  | {
      readonly type: 'status';
      readonly id: number;
      readonly instances: readonly InstanceReport[];
      readonly strayPackets: Readonly<Record<string, number>>;
      readonly bfd?: readonly BfdReport[];
      /** Absent while it starts. */
      readonly lateness?: LatenessReport;
    };

export type FromHealth =
  | FromChild
  | { readonly type: 'lvs-notice'; readonly notice: LvsNotice }
  | ({ readonly type: 'overridden'; readonly id: number } & OverrideAnswer)
  | { readonly type: 'run-command'; readonly id: number; readonly script: Script; readonly timeout: Duration }
  | { readonly type: 'stop-command'; readonly id: number }
  | {
      readonly type: 'status';
      readonly id: number;
      readonly ipvs: IpvsReport;
      readonly virtualServers: readonly VirtualServerReport[];
    };
