/**
 * The health process: checks the real servers and keeps the IPVS table as their health demands. VRRP is not known here.
 */
import type { CheckIo, CheckResult } from '../checks/checker.ts';
import type { HealthEffect } from '../checks/health.ts';
import { checkerKind } from '../checks/index.ts';
import { now } from '../io/clock.ts';
import { DeadlineTimer } from '../io/deadline-timer.ts';
import { tcpConnect } from '../io/tcp-connect.ts';
import { destinationOf } from '../ipvs/desired.ts';
import { type Override, type OverrideAnswer, Overrides } from '../ipvs/overrides.ts';
import { type ServerState, sorryServes } from '../ipvs/pool.ts';
import { servicesOf } from '../ipvs/services.ts';
import { destinationId, serviceId } from '../ipvs/table.ts';
import type { RealServer, VirtualServer } from '../ipvs/virtual-server.ts';
import type { VirtualServerReport } from '../status/report.ts';
import { type Channel, openChannel } from './channel.ts';
import { type CheckerEntry, HealthBook } from './health-book.ts';
import { idleCheckers, idleSentence } from './idle-checkers.ts';
import { IpvsSettings } from './ipvs-settings.ts';
import { IpvsTable } from './ipvs-table.ts';
import type { FromHealth, HealthConfiguration, ToHealth } from './messages.ts';
import { Pools } from './pools.ts';
import { Suspension } from './suspension.ts';

const io: CheckIo = { connect: tcpConnect };

/** Runs the process until main says stop or is gone. */
export function runHealth(): void {
  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    await health.stop();
    channel.send({ type: 'stopped' });
    channel.close();
  };
  const channel: Channel<FromHealth> = openChannel<ToHealth, FromHealth>(
    (message) => {
      if (ending) return;
      switch (message.type) {
        case 'start':
          void health.configure(message.configuration).then(() => channel.send({ type: 'started' }));
          break;
        case 'configure':
          void health.configure(message.configuration).then(() => channel.send({ type: 'configured' }));
          break;
        case 'instance':
          health.heardOfInstance(message.name, message.isMaster);
          break;
        case 'override':
          channel.send({ type: 'overridden', id: message.id, ...health.override(message.override) });
          break;
        case 'status':
          channel.send({ type: 'status', id: message.id, ...health.report() });
          break;
        case 'ping':
          channel.send({ type: 'pong' });
          break;
        case 'stop':
          void end();
      }
    },
    () => void end(),
  );
  const health = new HealthProcess(channel);
}

class HealthProcess {
  readonly #channel: Channel<FromHealth>;
  readonly #book = new HealthBook();
  readonly #pools: Pools;
  readonly #overrides = new Overrides();
  readonly #table: IpvsTable;
  readonly #settings: IpvsSettings;
  readonly #suspension: Suspension;
  readonly #timer: DeadlineTimer;
  #virtualServers: readonly VirtualServer[] = [];
  #flushesOnStop = false;
  #stopped = false;

  constructor(channel: Channel<FromHealth>) {
    this.#channel = channel;
    this.#table = new IpvsTable({ log: channel.log });
    this.#settings = new IpvsSettings({ log: channel.log });
    this.#suspension = new Suspension({ log: channel.log });
    this.#pools = new Pools({
      stateOf: (virtualServer, realServer) => this.#stateOf(virtualServer, realServer),
      tell: (notice) => channel.send({ type: 'lvs-notice', notice }),
      log: channel.log,
    });
    this.#timer = new DeadlineTimer(() => this.#wake());
  }

  /** Start and reload. Resolves when the table is as it should be. */
  async configure({ virtualServers, lvs, tellsAll }: HealthConfiguration): Promise<void> {
    this.#virtualServers = virtualServers;
    this.#flushesOnStop = lvs.flushOnStop === 'all';
    for (const [check, count] of idleCheckers(virtualServers)) {
      this.#channel.log('warning', 'check-not-acted-on', idleSentence(check, count), { check, real_servers: count });
    }
    this.#book.configure(virtualServers, now(), Math.random);
    this.#timer.set(this.#book.nextAt);
    this.#overrides.keepOnly(virtualServers);
    this.#pools.configure(virtualServers, tellsAll);
    await Promise.all([this.#settings.configure(lvs), this.#suspension.configure(virtualServers)]);
    await this.#table.settle(this.#pools.desired());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#book.close();
    this.#timer.close();
    this.#suspension.close();
    this.#pools.stop();
    await this.#table.close({ keep: this.#flushesOnStop });
    await this.#settings.close();
  }

  heardOfInstance(name: string, isMaster: boolean): void {
    void this.#settings.heard(name, isMaster);
  }

  /** An operator wants it so; what came of it. */
  override(override: Override): OverrideAnswer {
    const answer = this.#overrides.set(override, this.#virtualServers);
    for (const id of answer.virtualServers) this.#refresh(id);
    return answer;
  }

  report(): Pick<Extract<FromHealth, { type: 'status' }>, 'ipvs' | 'virtualServers'> {
    return { ipvs: this.#table.report(), virtualServers: this.#virtualServers.map((server) => this.#reportOf(server)) };
  }

  #stateOf(virtualServer: VirtualServer, realServer: RealServer): ServerState {
    const isUp = this.#book.isHealthy(virtualServer.id, realServer.id);
    return this.#overrides.apply(virtualServer, realServer, { isUp, weight: realServer.weight });
  }

  #refresh(virtualServerId: string): void {
    void this.#table.settlePart(this.#pools.refresh(virtualServerId));
  }

  #wake(): void {
    const at = now();
    for (const entry of this.#book.takeDue(at)) this.#act(entry, this.#book.handle(entry, { type: 'clock' }, at));
    this.#timer.set(this.#book.nextAt);
  }

  #act(entry: CheckerEntry, effects: readonly HealthEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'start-probe') void this.#probe(entry, effect.probe);
      else {
        this.#note(entry, effect);
        this.#refresh(entry.virtualServerId);
      }
    }
  }

  async #probe(entry: CheckerEntry, probe: number): Promise<void> {
    entry.abort = new AbortController();
    const startedAt = performance.now();
    if (this.#suspension.has(entry.virtualServerId)) return this.#skip(entry, probe);
    const result = await checkerKind(entry.config.kind)?.check(entry.config, io, entry.abort.signal);
    if (result === undefined) throw new Error(`assertion failed: no checker ${entry.config.kind}`);
    if (this.#stopped || this.#book.entry(entry.id) !== entry) return; // gone with a reload
    entry.abort = undefined;
    this.#book.note(entry, result, new Date(), performance.now() - startedAt);
    if (result.outcome !== 'healthy') this.#logFailure(entry, result);
    this.#act(entry, this.#book.handle(entry, { type: 'result', probe, result }, now()));
    this.#timer.set(this.#book.nextAt);
  }

  /** Its time goes on as if it had been asked and had said nothing. */
  #skip(entry: CheckerEntry, probe: number): void {
    const result = { outcome: 'inconclusive', reason: 'suspended: the address is not on this host' } as const;
    this.#book.note(entry, result, new Date(), 0);
    this.#act(entry, this.#book.handle(entry, { type: 'result', probe, result }, now()));
    this.#timer.set(this.#book.nextAt);
  }

  #logFailure(entry: CheckerEntry, result: Exclude<CheckResult, { outcome: 'healthy' }>): void {
    const { config, realServerId, virtualServerId } = entry;
    // while it is down only the change is worth a line; what this host could not ask is worth a warning
    if (!entry.health.up && result.outcome === 'unhealthy') return;
    const level = result.outcome === 'inconclusive' ? 'warning' : 'info';
    const message = `${config.kind} of ${realServerId} for ${virtualServerId}: ${result.reason}`;
    this.#channel.log(level, 'check-failed', message, { real_server: realServerId, virtual_server: virtualServerId });
  }

  #note(entry: CheckerEntry, effect: Exclude<HealthEffect, { type: 'start-probe' }>): void {
    const { config, realServerId, virtualServerId } = entry;
    const fields = { real_server: realServerId, virtual_server: virtualServerId, check: config.kind };
    if (effect.type === 'went-up') {
      const message = `${config.kind} of ${realServerId} for ${virtualServerId}: success`;
      this.#channel.log('notice', 'check-up', message, fields);
      return;
    }
    const after = effect.retries === 0 ? '' : ` after ${effect.retries} ${effect.retries === 1 ? 'retry' : 'retries'}`;
    const message = `${config.kind} of ${realServerId} for ${virtualServerId}: failed${after} (${effect.reason})`;
    this.#channel.log('notice', 'check-down', message, fields);
  }

  /** Of a virtual server with several services the first one stands for all. */
  #reportOf(server: VirtualServer): VirtualServerReport {
    const [key] = servicesOf(server);
    const entry = key && this.#table.entryOf(serviceId(key));
    const weights = new Map(entry?.destinations.map((d) => [destinationId(d), d.weight]));
    const { sorryServer } = server;
    const pool = this.#pools.poolOf(server.id);
    return {
      id: server.id,
      ...(server.protocol === undefined ? {} : { protocol: server.protocol }),
      scheduler: server.scheduler,
      forwardingMethod: server.forwardingMethod,
      inTable: entry !== undefined,
      quorum: { isUp: pool.hasQuorum, needed: server.quorum, hysteresis: server.hysteresis, weight: pool.weight },
      ...(sorryServer === undefined
        ? {}
        : { sorryServer: { id: destinationId(sorryServer), serves: sorryServes(server, pool) } }),
      realServers: server.realServers.map((realServer) => {
        const destination = key && destinationId(destinationOf(realServer, realServer.weight, key));
        const override = this.#overrides.of(server, realServer);
        return {
          id: realServer.id,
          healthy: this.#book.isHealthy(server.id, realServer.id),
          weight: realServer.weight,
          effectiveWeight: weights.get(destination ?? '') ?? 0,
          inTable: weights.has(destination ?? ''),
          ...(override === undefined ? {} : { override }),
          checks: this.#book.checksOf(server.id, realServer.id).map((checker) => checker.last),
        };
      }),
    };
  }
}
