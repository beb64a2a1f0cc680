/**
 * All checkers of a configuration with their state: which are due, what a result changes, which real servers are
 * healthy. A checker keeps its state over a reload as long as it asks the same question, however often it does.
 */
import { DueHeap } from '../base/heap.ts';
import type { Instant } from '../base/time.ts';
import type { CheckResult } from '../checks/checker.ts';
import type { TimedChecker } from '../checks/checker-config.ts';
import { type Health, type HealthEffect, type HealthEvent, healthTransition, newHealth } from '../checks/health.ts';
import { isActedOn } from '../checks/index.ts';
import type { RealServer, VirtualServer } from '../ipvs/virtual-server.ts';
import type { CheckReport } from '../status/report.ts';

/** One checker of one real server. */
export interface CheckerEntry {
  readonly id: string;
  readonly virtualServerId: string;
  readonly realServerId: string;
  config: TimedChecker;
  health: Health;
  /** Ends the probe that is on its way. */
  abort: AbortController | undefined;
  startedAt: number;
  last: CheckReport;
}

/** See the file's head. */
export class HealthBook {
  readonly #due = new DueHeap();
  #entries = new Map<string, CheckerEntry>();
  #byServer = new Map<string, CheckerEntry[]>();

  get nextAt(): Instant | undefined {
    return this.#due.nextAt;
  }

  entry(id: string): CheckerEntry | undefined {
    return this.#entries.get(id);
  }

  /**
   * From now on these are the checkers. One that is new begins after its warm-up; one that is gone is aborted.
   * @param random from 0 to 1, anew for each call
   */
  configure(virtualServers: readonly VirtualServer[], now: Instant, random: () => number): void {
    const before = this.#entries;
    this.#entries = new Map();
    this.#byServer = new Map();
    for (const virtualServer of virtualServers) {
      for (const realServer of virtualServer.realServers) {
        const entries = realServer.checkers.filter(isActedOn).map((config, i) => {
          const id = `${virtualServer.id} ${realServer.id} ${i}`;
          const old = before.get(id);
          if (old && probeOf(old.config) === probeOf(config)) return Object.assign(old, { config });
          return newEntry(id, virtualServer, realServer, config, newHealth(config, now, random()));
        });
        for (const entry of entries) this.#entries.set(entry.id, entry);
        this.#byServer.set(serverKey(virtualServer.id, realServer.id), entries);
      }
    }
    for (const [id, entry] of before) {
      if (this.#entries.get(id) === entry) continue;
      entry.abort?.abort();
      this.#due.delete(id);
    }
    for (const entry of this.#entries.values()) this.#schedule(entry);
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
    const { health, effects } = healthTransition(entry.config, entry.health, event, now);
    entry.health = health;
    if (this.#entries.get(entry.id) === entry) this.#schedule(entry);
    return effects;
  }

  /** Notes what a probe found, for `status`. */
  note(entry: CheckerEntry, result: CheckResult, at: Date, took_ms: number): void {
    const time = { at: at.toISOString(), took_ms: Math.round(took_ms * 10) / 10 };
    const { kind } = entry.config;
    if (result.outcome === 'healthy') entry.last = { kind, healthy: true, ...time };
    else {
      const healthy = result.outcome === 'inconclusive' ? entry.last.healthy : false;
      entry.last = { kind, healthy, reason: result.reason, ...time };
    }
  }

  /** A real server is healthy when all of its checkers are up; one without checkers always is. */
  isHealthy(virtualServerId: string, realServerId: string): boolean {
    return this.checksOf(virtualServerId, realServerId).every((entry) => entry.health.up);
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

  #schedule(entry: CheckerEntry): void {
    if (entry.health.nextAt === undefined) this.#due.delete(entry.id);
    else this.#due.set(entry.id, entry.health.nextAt);
  }
}

/** What a checker asks, without when and how often. */
const probeOf = (config: TimedChecker): string => {
  const {
    retry: _r,
    delayBeforeRetry: _b,
    delayLoop: _d,
    warmup: _w,
    alpha: _a,
    logAllFailures: _l,
    ...probe
  } = config;
  return JSON.stringify(probe);
};

const serverKey = (virtualServerId: string, realServerId: string): string => `${virtualServerId} ${realServerId}`;

const newEntry = (
  id: string,
  virtualServer: VirtualServer,
  realServer: RealServer,
  config: TimedChecker,
  health: Health,
): CheckerEntry => ({
  id,
  virtualServerId: virtualServer.id,
  realServerId: realServer.id,
  config,
  health,
  abort: undefined,
  startedAt: 0,
  last: { kind: config.kind, healthy: null },
});
