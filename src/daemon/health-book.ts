/**
 * All checkers of a configuration with their state: which are due, what a result changes, which real servers are healthy, and
 * what weight they are to have. Checkers of several virtual servers that ask the same question of the same server in the same
 * way are one. A checker keeps its state over a reload as long as it asks the same question, however often it does.
 */
import type { Canceller } from '../base/cancellation.ts';
import { equalData } from '../base/equal.ts';
import { DueHeap } from '../base/heap.ts';
import { type Instant, ZERO } from '../base/time.ts';
import type { CheckResult, Fact } from '../checks/checker.ts';
import type { CheckerConfig, TimedChecker, Timing, ToldChecker, UnplacedChecker } from '../checks/checker-config.ts';
import {
  type Health,
  type HealthEffect,
  type HealthEvent,
  healthTransition,
  newHealth,
  type Pace,
  toldHealth,
} from '../checks/health.ts';
import { isActedOn, isTimed, toldCheckerKind } from '../checks/index.ts';
import { effectiveWeight } from '../checks/weight.ts';
import type { ServerState } from '../ipvs/pool.ts';
import type { RealServer, VirtualServer } from '../ipvs/virtual-server.ts';
import { checkersOf } from './real-server-checkers.ts';

/** A real server that a checker speaks for. */
export interface CheckedServer {
  readonly virtualServerId: string;
  readonly realServerId: string;
}

/** What the last probe of a checker said. */
export interface LastCheck {
  readonly result: CheckResult;
  /** What it means for the server: null: nothing is known yet. */
  readonly healthy: boolean | null;
  /** Milliseconds of Unix time. */
  readonly at: number;
  readonly took_ms: number;
}

/** One checker, of one real server or of the same one in several virtual servers. */
export interface CheckerEntry {
  readonly id: string;
  config: TimedChecker | ToldChecker;
  pace: Pace;
  servers: CheckedServer[];
  health: Health;
  /** Ends the probe that is on its way. */
  abort: Canceller | undefined;
  last: LastCheck | undefined;
}

export interface BookOptions {
  /** See the file's head. */
  readonly merges: boolean;
  /** From 0 to 1, anew for each call. */
  readonly random: () => number;
}

/** A checker as plain data, for the process that takes the place of this one. */
export type CheckerEstate = Omit<CheckerEntry, 'abort'>;

/** See the file's head. */
export class HealthBook {
  readonly #due = new DueHeap();
  readonly #facts = new Map<string, Fact>();
  #entries = new Map<string, CheckerEntry>();
  #byServer = new Map<string, CheckerEntry[]>();
  #lastId = 0;

  get nextAt(): Instant | undefined {
    return this.#due.nextAt;
  }

  entry(id: string): CheckerEntry | undefined {
    return this.#entries.get(id);
  }

  /** From now on these are the checkers. One that is new begins after its warm-up; one that is gone is aborted. */
  configure(virtualServers: readonly VirtualServer[], now: Instant, { merges, random }: BookOptions): void {
    const before = { entries: this.#entries, byServer: this.#byServer };
    this.#entries = new Map();
    this.#byServer = new Map();
    let byProbe: Map<string, CheckerEntry> | undefined;
    /** One that asked the same for another server, or in another place. */
    const moved = (config: CheckerConfig) => {
      byProbe ??= new Map([...before.entries.values()].map((entry) => [probeOf(entry.config), entry]));
      return byProbe.size === 0 ? undefined : byProbe.get(probeOf(config));
    };
    const shared = new Map<string, CheckerEntry[]>();
    for (const virtualServer of virtualServers) {
      for (const realServer of virtualServer.realServers) {
        const server = { virtualServerId: virtualServer.id, realServerId: realServer.id };
        const key = serverKey(server.virtualServerId, server.realServerId);
        const entries = checkersOf(realServer)
          .filter(isActedOn)
          .map((config, i) => {
            const share = merges && canBeShared(config) ? shareOf(config) : undefined;
            const mates = share === undefined ? undefined : shared.get(share);
            const same = mates?.find((mate) => equalData(mate.config, config));
            if (same !== undefined) {
              same.servers.push(server);
              return same;
            }
            const old = before.byServer.get(key)?.[i];
            const known = old && asksTheSame(old.config, config) ? old : moved(config);
            const entry = this.#enter(config, server, known, now, random);
            if (mates !== undefined) mates.push(entry);
            else if (share !== undefined) shared.set(share, [entry]);
            return entry;
          });
        this.#byServer.set(key, entries);
      }
    }
    for (const [id, entry] of before.entries) {
      if (this.#entries.get(id) === entry) continue;
      entry.abort?.abort();
      this.#due.delete(id);
    }
    for (const entry of this.#entries.values()) this.#schedule(entry);
  }

  /** All checkers as they are. */
  estate(): readonly CheckerEstate[] {
    return [...this.#entries.values()].map(({ abort: _, ...entry }) => entry);
  }

  /** The next `configure` finds these as if they had always been here. A probe that was on its way is made again. */
  inherit(left: readonly CheckerEstate[], now: Instant): void {
    for (const { health, ...rest } of left) {
      const nextAt = isTimed(rest.config) ? (health.nextAt ?? now) : health.nextAt;
      const entry: CheckerEntry = { ...rest, health: { ...health, nextAt }, abort: undefined };
      this.#lastId = Math.max(this.#lastId, Number(entry.id));
      this.#entries.set(entry.id, entry);
      for (const { virtualServerId, realServerId } of entry.servers) {
        const key = serverKey(virtualServerId, realServerId);
        this.#byServer.set(key, [...(this.#byServer.get(key) ?? []), entry]);
      }
    }
  }

  /** The checkers that are due at `now`, each once. */
  takeDue(now: Instant): CheckerEntry[] {
    const due: CheckerEntry[] = [];
    for (let id = this.#due.takeDue(now); id !== undefined; id = this.#due.takeDue(now)) {
      const entry = this.#entries.get(id);
      if (entry) due.push(entry);
    }
    return due;
  }

  /** Something happened to a checker; what is to be done about it. */
  handle(entry: CheckerEntry, event: HealthEvent, now: Instant): readonly HealthEffect[] {
    const { health, effects } = healthTransition(entry.pace, entry.health, event, now);
    // into the object that is there: a new one that stays until the next check has to be moved about in memory
    Object.assign(entry.health, health);
    if (this.#entries.get(entry.id) === entry) this.#schedule(entry);
    return effects;
  }

  /** Keeps a fact for those that are told; whom it concerns, and what it means to them. */
  tell(fact: Fact): (readonly [CheckerEntry, CheckResult])[] {
    this.#facts.set(factKey(fact), fact);
    return this.#toldOf(fact);
  }

  /** All that is known, as `tell`: for checkers that are new. */
  toldNow(): (readonly [CheckerEntry, CheckResult])[] {
    return [...this.#facts.values()].flatMap((fact) => this.#toldOf(fact));
  }

  #toldOf(fact: Fact): (readonly [CheckerEntry, CheckResult])[] {
    return [...this.#entries.values()].flatMap((entry) => {
      const kind = toldCheckerKind(entry.config.kind);
      if (kind === undefined || factKey(kind.subject(entry.config)) !== factKey(fact)) return [];
      return [[entry, kind.judge(entry.config, fact)] as const];
    });
  }

  /** Notes what a probe found, for `status`. */
  note(entry: CheckerEntry, result: CheckResult, at: number, took_ms: number): void {
    const healthy = result.outcome === 'inconclusive' ? (entry.last?.healthy ?? null) : result.outcome === 'healthy';
    if (entry.last === undefined) entry.last = { result, healthy, at, took_ms };
    else Object.assign(entry.last, { result, healthy, at, took_ms });
  }

  /** A real server is healthy when all of its checkers are up; one without checkers always is. */
  healthOf(virtualServerId: string, { id, settings: { weight, checkers } }: RealServer): ServerState {
    if (this.#byServer.size === 0) return { isUp: !checkers.some(beginsDown), weight };
    const entries = this.checksOf(virtualServerId, id);
    return {
      isUp: entries.every((entry) => entry.health.up),
      weight: effectiveWeight(
        weight,
        entries.map((entry) => entry.health.weight),
      ),
    };
  }

  checksOf(virtualServerId: string, realServerId: string): readonly CheckerEntry[] {
    return this.#byServer.get(serverKey(virtualServerId, realServerId)) ?? [];
  }

  /** Aborts what is on its way; nothing is due any more. */
  close(): void {
    for (const entry of this.#entries.values()) {
      entry.abort?.abort();
      this.#due.delete(entry.id);
    }
    this.#entries = new Map();
  }

  /** @param known a checker of before that asks the same */
  #enter(
    config: TimedChecker | ToldChecker,
    server: CheckedServer,
    known: CheckerEntry | undefined,
    now: Instant,
    random: () => number,
  ): CheckerEntry {
    const pace = paceOf(config);
    if (known !== undefined && !this.#entries.has(known.id)) {
      this.#entries.set(known.id, known);
      return Object.assign(known, { config, pace, servers: [server] });
    }
    this.#lastId += 1;
    const fresh = isTimed(config) ? newHealth(config, now, random()) : toldHealth(!pace.alpha, now);
    const entry: CheckerEntry = {
      id: String(this.#lastId),
      config,
      pace,
      // an array that grows from nothing has room for seventeen at once
      servers: [server],
      // of what was one and is now several: the same, from its next probe on
      health: known === undefined ? fresh : { ...known.health, probe: 0, nextAt: fresh.nextAt },
      abort: undefined,
      last: known?.last && { ...known.last },
    };
    this.#entries.set(entry.id, entry);
    return entry;
  }

  #schedule(entry: CheckerEntry): void {
    this.#due.set(entry.id, entry.health.nextAt);
  }
}

/** Commands may be counted by whoever wrote them: each is run as often as it is configured. */
const canBeShared = (config: CheckerConfig): boolean => isTimed(config) && config.kind !== 'MISC_CHECK';

/** The same for all that may be the same. */
const shareOf = (config: CheckerConfig): string =>
  'connectAddress' in config ? `${config.kind} ${config.connectAddress} ${config.connectPort}` : config.kind;

const NEVER: Pace = {
  retry: 0,
  delayBeforeRetry: ZERO,
  delayLoop: ZERO,
  warmup: ZERO,
  alpha: false,
  logAllFailures: false,
};

function paceOf(config: TimedChecker | ToldChecker): Pace {
  if (config.kind === 'FILE_CHECK') return NEVER;
  if (config.kind === 'BFD_CHECK') return { ...NEVER, alpha: config.alpha };
  return config.kind === 'MISC_CHECK' ? { ...config, runsFromStart: true } : config;
}

/** keepalived.conf(5) "alpha": down until it has succeeded once. */
const beginsDown = (checker: UnplacedChecker): boolean => isActedOn(checker) && 'alpha' in checker && checker.alpha;

/** What says when and how often a checker asks, and not what. */
const PACE_KEYS: ReadonlySet<string> = new Set<keyof Timing>([
  'retry',
  'delayBeforeRetry',
  'delayLoop',
  'warmup',
  'alpha',
  'logAllFailures',
]);

/** What a checker asks. */
function probeOf(config: CheckerConfig): string {
  return JSON.stringify(Object.entries(config).filter(([key]) => !PACE_KEYS.has(key)));
}

/** Whether two ask the same. */
function asksTheSame(a: CheckerConfig, b: CheckerConfig): boolean {
  const [these, those] = [a, b] as unknown as [Record<string, unknown>, Record<string, unknown>];
  return Object.keys({ ...these, ...those }).every((key) => PACE_KEYS.has(key) || equalData(these[key], those[key]));
}

const serverKey = (virtualServerId: string, realServerId: string): string => `${virtualServerId} ${realServerId}`;

const factKey = ({ kind, name }: Pick<Fact, 'kind' | 'name'>): string => `${kind} ${name}`;
