/**
 * Lets the checkers of a configuration probe when they are due, and says when a server goes up or down by them. What
 * follows for services and the IPVS table is for others.
 */
import { Canceller } from '../base/cancellation.ts';
import { instant, milliseconds } from '../base/time.ts';
import type { CheckIo, CheckResult, Fact } from '../checks/checker.ts';
import type { HealthEffect } from '../checks/health.ts';
import { checkerKind, isTimed } from '../checks/index.ts';
import { now } from '../io/clock.ts';
import { DeadlineTimer } from '../io/deadline-timer.ts';
import type { ServerState } from '../ipvs/pool.ts';
import type { RealServer, VirtualServer } from '../ipvs/virtual-server.ts';
import type { CheckReport } from '../status/report.ts';
import type { Channel } from './channel.ts';
import { type CheckerEntry, type CheckerEstate, HealthBook } from './health-book.ts';

export interface CheckingWorld {
  readonly log: Channel<never>['log'];
  /** The health or the weight of a real server in it is another, by a checker of that kind. */
  changed(virtualServerId: string, kind: CheckReport['kind']): void;
  /** Nobody is to be asked for it now. */
  isSuspended(virtualServerId: string): boolean;
}

/** Nobody notices it, and ten thousand checks wake the process a tenth as often. */
const GRID = milliseconds(5);

const SUSPENDED: CheckResult = { outcome: 'inconclusive', reason: 'suspended: the address is not on this host' };

/** See the file's head. */
export class Checking {
  readonly #world: CheckingWorld;
  readonly #book = new HealthBook();
  readonly #timer: DeadlineTimer;
  #io: CheckIo | undefined;
  #isConfigured = false;
  #hasBegun = false;
  #isStopped = false;

  constructor(world: CheckingWorld) {
    this.#world = world;
    this.#timer = new DeadlineTimer(() => this.#wake());
  }

  /** Whether something is known of the checkers. */
  get isConfigured(): boolean {
    return this.#isConfigured;
  }

  /** Start and reload. */
  configure(virtualServers: readonly VirtualServer[], merges: boolean, io: CheckIo): void {
    this.#isConfigured = true;
    this.#io = io;
    this.#book.configure(virtualServers, now(), { merges, random: Math.random });
    for (const [entry, result] of this.#book.toldNow()) this.#told(entry, result);
    this.#arm();
  }

  /** The servers are in the table: from now on they are asked. */
  begin(): void {
    this.#hasBegun = true;
    this.#arm();
  }

  /** For the process that takes the place of this one. */
  estate(): readonly CheckerEstate[] {
    return this.#book.estate();
  }

  /** Before `configure`: what another process left. */
  inherit(left: readonly CheckerEstate[]): void {
    this.#isConfigured = true;
    this.#book.inherit(left, now());
  }

  /** Somebody knows something that checkers want to know. */
  tell(fact: Fact): void {
    for (const [entry, result] of this.#book.tell(fact)) this.#told(entry, result);
  }

  healthOf(virtualServerId: string, realServer: RealServer): ServerState {
    return this.#book.healthOf(virtualServerId, realServer);
  }

  reportsOf(virtualServerId: string, realServerId: string): CheckReport[] {
    return this.#book.checksOf(virtualServerId, realServerId).map(reportOf);
  }

  stop(): void {
    this.#isStopped = true;
    this.#book.close();
    this.#timer.close();
  }

  /** What is due within a few milliseconds begins together. */
  #arm(): void {
    if (!this.#hasBegun || this.#isStopped) return;
    const { nextAt } = this.#book;
    this.#timer.set(nextAt === undefined ? undefined : instant(Math.ceil(nextAt / GRID) * GRID));
  }

  #wake(): void {
    const at = now();
    for (const entry of this.#book.takeDue(at)) this.#act(entry, this.#book.handle(entry, { type: 'clock' }, at));
    this.#arm();
  }

  #told(entry: CheckerEntry, result: CheckResult): void {
    this.#book.note(entry, result, Date.now(), 0);
    this.#act(entry, this.#book.handle(entry, { type: 'told', result }, now()));
  }

  #act(entry: CheckerEntry, effects: readonly HealthEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'start-probe') this.#probe(entry, effect.probe, effect.step);
      else {
        this.#note(entry, effect);
        for (const { virtualServerId } of entry.servers) this.#world.changed(virtualServerId, entry.config.kind);
      }
    }
  }

  #probe(entry: CheckerEntry, probe: number, step: number): void {
    const kind = checkerKind(entry.config.kind);
    const io = this.#io;
    if (kind === undefined || io === undefined || !isTimed(entry.config)) {
      throw new Error(`assertion failed: no checker ${entry.config.kind}`);
    }
    if (entry.servers.every(({ virtualServerId }) => this.#world.isSuspended(virtualServerId))) {
      // its time goes on as if it had been asked and had said nothing
      this.#ended(entry, probe, SUSPENDED, 0);
      return;
    }
    entry.abort = new Canceller();
    const startedAt = performance.now();
    void kind.check(entry.config, io, entry.abort, step).then((result) => {
      if (this.#isStopped || this.#book.entry(entry.id) !== entry) return; // gone with a reload
      this.#ended(entry, probe, result, performance.now() - startedAt);
    });
  }

  #ended(entry: CheckerEntry, probe: number, result: CheckResult, took_ms: number): void {
    entry.abort = undefined;
    this.#book.note(entry, result, Date.now(), took_ms);
    if (result.outcome !== 'healthy' && result !== SUSPENDED) this.#logFailure(entry, result);
    this.#act(entry, this.#book.handle(entry, { type: 'result', probe, result }, now()));
    this.#arm();
  }

  /** What does not change anything: an attempt that is followed by another, or one that this host could not make. */
  #logFailure(
    { config, health, servers, pace }: CheckerEntry,
    result: Exclude<CheckResult, { outcome: 'healthy' }>,
  ): void {
    const isChange = health.up && (health.retries >= pace.retry || !health.hasRun);
    if (result.outcome === 'unhealthy' && (!health.up || isChange)) return;
    const level = result.outcome === 'inconclusive' ? 'warning' : pace.logAllFailures ? 'info' : 'debug';
    for (const { realServerId, virtualServerId } of servers) {
      const message = `${config.kind} of ${realServerId} for ${virtualServerId}: ${result.reason}`;
      this.#world.log(level, 'check-failed', message, { real_server: realServerId, virtual_server: virtualServerId });
    }
  }

  #note({ config, servers }: CheckerEntry, effect: Exclude<HealthEffect, { type: 'start-probe' }>): void {
    for (const { realServerId, virtualServerId } of servers) {
      const fields = { real_server: realServerId, virtual_server: virtualServerId, check: config.kind };
      const subject = `${config.kind} of ${realServerId} for ${virtualServerId}`;
      switch (effect.type) {
        case 'went-up':
          this.#world.log('notice', 'check-up', `${subject}: success`, fields);
          break;
        case 'went-down': {
          const { retries, reason } = effect;
          const after = retries === 0 ? '' : ` after ${retries} ${retries === 1 ? 'retry' : 'retries'}`;
          this.#world.log('notice', 'check-down', `${subject}: failed${after} (${reason})`, fields);
          break;
        }
        case 'weight-changed':
          this.#world.log('info', 'check-weight', `${subject}: another weight`, fields);
      }
    }
  }
}

function reportOf({ config: { kind }, last }: CheckerEntry): CheckReport {
  if (last === undefined) return { kind, healthy: null };
  const { result, healthy, at, took_ms } = last;
  return {
    kind,
    healthy,
    ...(result.outcome === 'healthy' ? {} : { reason: result.reason }),
    at: new Date(at).toISOString(),
    took_ms: Math.round(took_ms * 10) / 10,
    ...(result.outcome === 'healthy' && result.certificateEnd !== undefined
      ? { certificateEnd: result.certificateEnd }
      : {}),
  };
}
