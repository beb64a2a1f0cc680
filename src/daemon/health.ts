/**
 * The health process: checks the real servers and keeps the IPVS table as their health demands. VRRP is not known here.
 */
import type { CheckIo, CheckResult } from '../checks/checker.ts';
import type { HealthEffect } from '../checks/health.ts';
import { checkerKind } from '../checks/index.ts';
import { now } from '../io/clock.ts';
import { DeadlineTimer } from '../io/deadline-timer.ts';
import { tcpConnect } from '../io/tcp-connect.ts';
import { desired, destinationOf } from '../ipvs/desired.ts';
import { servicesOf } from '../ipvs/services.ts';
import { destinationId, serviceId } from '../ipvs/table.ts';
import type { VirtualServer } from '../ipvs/virtual-server.ts';
import type { VirtualServerReport } from '../status/report.ts';
import { type Channel, openChannel } from './channel.ts';
import { type CheckerEntry, HealthBook } from './health-book.ts';
import { idleCheckers, idleSentence } from './idle-checkers.ts';
import { IpvsTable } from './ipvs-table.ts';
import type { FromHealth, ToHealth } from './messages.ts';

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
          void health.configure(message.virtualServers).then(() => channel.send({ type: 'started' }));
          break;
        case 'configure':
          void health.configure(message.virtualServers).then(() => channel.send({ type: 'configured' }));
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
  readonly #table: IpvsTable;
  readonly #timer: DeadlineTimer;
  #virtualServers: readonly VirtualServer[] = [];
  #stopped = false;

  constructor(channel: Channel<FromHealth>) {
    this.#channel = channel;
    this.#table = new IpvsTable({ log: channel.log });
    this.#timer = new DeadlineTimer(() => this.#wake());
  }

  /** Start and reload. Resolves when the table is as it should be. */
  async configure(virtualServers: readonly VirtualServer[]): Promise<void> {
    this.#virtualServers = virtualServers;
    for (const [check, count] of idleCheckers(virtualServers)) {
      this.#channel.log('warning', 'check-not-acted-on', idleSentence(check, count), { check, real_servers: count });
    }
    this.#book.configure(virtualServers, now(), Math.random);
    this.#timer.set(this.#book.nextAt);
    await this.#settle();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#book.close();
    this.#timer.close();
    await this.#table.close();
  }

  report(): Pick<Extract<FromHealth, { type: 'status' }>, 'ipvs' | 'virtualServers'> {
    return { ipvs: this.#table.report(), virtualServers: this.#virtualServers.map((server) => this.#reportOf(server)) };
  }

  #settle(): Promise<void> {
    return this.#table.settle(desired(this.#virtualServers, (vs, rs) => this.#book.isHealthy(vs, rs)));
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
        void this.#settle();
      }
    }
  }

  async #probe(entry: CheckerEntry, probe: number): Promise<void> {
    entry.abort = new AbortController();
    const startedAt = performance.now();
    const result = await checkerKind(entry.config.kind)?.check(entry.config, io, entry.abort.signal);
    if (result === undefined) throw new Error(`assertion failed: no checker ${entry.config.kind}`);
    if (this.#stopped || this.#book.entry(entry.id) !== entry) return; // gone with a reload
    entry.abort = undefined;
    this.#book.note(entry, result, new Date(), performance.now() - startedAt);
    if (result.outcome !== 'healthy') this.#logFailure(entry, result);
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
      const message = `${config.kind} success: Adding service ${realServerId} to VS ${virtualServerId}`;
      this.#channel.log('notice', 'real-server-up', message, fields);
      return;
    }
    const after = effect.retries === 0 ? '' : ` after ${effect.retries} ${effect.retries === 1 ? 'retry' : 'retries'}`;
    const message = `${config.kind} failed${after} (${effect.reason}): Removing service ${realServerId} from VS ${virtualServerId}`;
    this.#channel.log('notice', 'real-server-down', message, fields);
  }

  /** Of a virtual server with several services the first one stands for all. */
  #reportOf(server: VirtualServer): VirtualServerReport {
    const [key] = servicesOf(server);
    const id = key && serviceId(key);
    const entry = this.#table.actual.find(({ service }) => serviceId(service.key) === id);
    const weights = new Map(entry?.destinations.map((d) => [destinationId(d), d.weight]));
    return {
      id: server.id,
      ...(server.protocol === undefined ? {} : { protocol: server.protocol }),
      scheduler: server.scheduler,
      forwardingMethod: server.forwardingMethod,
      inTable: entry !== undefined,
      realServers: server.realServers.map((realServer) => {
        const destination = key && destinationId(destinationOf(realServer, realServer.weight, key));
        return {
          id: realServer.id,
          healthy: this.#book.isHealthy(server.id, realServer.id),
          weight: realServer.weight,
          effectiveWeight: weights.get(destination ?? '') ?? 0,
          inTable: weights.has(destination ?? ''),
          checks: this.#book.checksOf(server.id, realServer.id).map((checker) => checker.last),
        };
      }),
    };
  }
}
