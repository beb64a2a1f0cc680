/**
 * The health process: checks the real servers and keeps the IPVS table as their health demands. VRRP is not known here.
 */
import type { Result } from '../base/result.ts';
import type { CommandOutcome, Fact } from '../checks/checker.ts';
import { lockMemory, useNiceness, useOrdinaryTime, useRealTime } from '../io/scheduling.ts';
import { giveBackMemorySoon, takeMemory } from '../io/spare-memory.ts';
import { destinationOf } from '../ipvs/desired.ts';
import { type Override, type OverrideAnswer, Overrides } from '../ipvs/overrides.ts';
import { type ServerState, sorryServes } from '../ipvs/pool.ts';
import { servicesOf } from '../ipvs/services.ts';
import { destinationId, serviceId } from '../ipvs/table.ts';
import type { RealServer, VirtualServer } from '../ipvs/virtual-server.ts';
import type { VirtualServerReport } from '../status/report.ts';
import { type Channel, openChannel } from './channel.ts';
import { checkIo } from './check-io.ts';
import { Checking } from './checking.ts';
import { CommandClient } from './command-desk.ts';
import type { CheckerEstate } from './health-book.ts';
import { idleCheckers, idleSentence } from './idle-checkers.ts';
import { IpvsSettings } from './ipvs-settings.ts';
import { IpvsTable } from './ipvs-table.ts';
import { type MarkEstate, MarkKeeper } from './mark-keeper.ts';
import type { FromHealth, HealthConfiguration, HealthScheduling, ToHealth } from './messages.ts';
import { Pools } from './pools.ts';
import { Succession } from './succession.ts';
import { Suspension } from './suspension.ts';
import { NewsReader } from './virtual-server-news.ts';

/** Runs the process until main says stop or is gone. */
export function runHealth(): void {
  takeMemory();
  let ending = false;
  let configuration: CompleteConfiguration | undefined;
  const news = new NewsReader();
  const complete = (message: { readonly configuration: HealthConfiguration }): CompleteConfiguration => ({
    ...message.configuration,
    virtualServers: news.read(),
  });
  const end = async () => {
    if (ending) return;
    ending = true;
    succession.close();
    await health.stop();
    channel.send({ type: 'stopped' });
    channel.close();
  };
  const channel: Channel<FromHealth> = openChannel<ToHealth, FromHealth>(
    (message) => {
      if (ending || succession.handle(message)) return;
      switch (message.type) {
        case 'virtual-servers':
          news.hear(message.at, message.news);
          break;
        case 'start':
          succession.orphaned = message.orphaned;
          configuration = complete(message);
          if (message.isHeir) channel.send({ type: 'prepared' });
          else start();
          break;
        case 'inherit':
          health.inherit(message.estate as HealthEstate | undefined);
          start();
          break;
        case 'alone':
          break; // the table is compared every few seconds
        case 'configure':
          takeMemory();
          void health.configure(complete(message)).then(() => configured('configured'));
          break;
        case 'instance':
          health.heardOfInstance(message.name, message.isMaster);
          break;
        case 'fact':
          health.tell(message.fact);
          break;
        case 'command-ended':
          health.commandEnded(message.id, message.outcome);
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
    () => void succession.mainIsGone(),
  );
  const health = new HealthProcess(channel);
  const configured = (type: 'started' | 'configured') => {
    channel.send({ type });
    giveBackMemorySoon();
  };
  const start = () => {
    if (configuration) void health.configure(configuration).then(() => configured('started'));
  };
  const succession = new Succession('health', channel, {
    estate: () => health.estate(),
    retire: async () => {
      ending = true;
      await health.retire();
      channel.close();
    },
    abandon: () => void end(),
  });
}

type CompleteConfiguration = HealthConfiguration & { readonly virtualServers: readonly VirtualServer[] };

/** What a health process leaves to the one that takes its place. */
interface HealthEstate {
  readonly format: number;
  readonly checkers: readonly CheckerEstate[];
  /** Services in the kernel's table, by id. */
  readonly owned: readonly string[];
  readonly pools: ReturnType<Pools['estate']>;
  readonly overrides: ReturnType<Overrides['estate']>;
  readonly settings: ReturnType<IpvsSettings['estate']>;
  readonly marks?: MarkEstate;
}

/** Another number: another program, whose estate is not taken. */
const ESTATE_FORMAT = 1;

class HealthProcess {
  readonly #channel: Channel<FromHealth>;
  readonly #commands: CommandClient;
  readonly #checking: Checking;
  readonly #pools: Pools;
  readonly #overrides = new Overrides();
  readonly #table: IpvsTable;
  readonly #settings: IpvsSettings;
  readonly #marks: MarkKeeper;
  readonly #suspension: Suspension;
  #configuration: CompleteConfiguration | undefined;
  /** As they are served, groups with the marks in place of their addresses; as they are configured until that is known. */
  #virtualServers: readonly VirtualServer[] = [];
  /** One after the other. */
  #serving: Promise<void> = Promise.resolve();
  #isEnding = false;
  #flushesOnStop = false;
  #scheduling: HealthScheduling = { niceness: 0, lockMemory: false };

  constructor(channel: Channel<FromHealth>) {
    this.#channel = channel;
    this.#table = new IpvsTable({ log: channel.log });
    this.#settings = new IpvsSettings({ log: channel.log });
    this.#marks = new MarkKeeper({ changed: () => void this.#serve(), log: channel.log });
    this.#suspension = new Suspension({ log: channel.log });
    this.#pools = new Pools({
      stateOf: (virtualServer, realServer) => this.#stateOf(virtualServer, realServer),
      tell: (notice) => channel.send({ type: 'lvs-notice', notice }),
      log: channel.log,
    });
    this.#commands = new CommandClient((message) => channel.send(message));
    this.#checking = new Checking({
      log: channel.log,
      changed: (virtualServerId, kind) => this.#refresh(virtualServerId, kind),
      isSuspended: (virtualServerId) => this.#suspension.has(virtualServerId),
    });
  }

  /** Start and reload. Resolves when the table is as it should be. */
  async configure(configuration: CompleteConfiguration): Promise<void> {
    const { virtualServers, lvs, ssl, mergesChecks } = configuration;
    this.#schedule(configuration.scheduling);
    this.#configuration = configuration;
    if (this.#virtualServers.length === 0) this.#virtualServers = virtualServers;
    this.#flushesOnStop = lvs.flushOnStop === 'all';
    const check = () => this.#checking.configure(virtualServers, mergesChecks, checkIo(this.#commands.run, ssl));
    // at the start nobody knows more than the configuration, and the table need not wait for ten thousand checkers
    const isFirst = !this.#checking.isConfigured;
    if (!isFirst) check();
    this.#overrides.keepOnly(virtualServers);
    const around = Promise.all([this.#settings.configure(lvs), this.#suspension.configure(virtualServers)]);
    await this.#serve(around);
    for (const [check, count] of idleCheckers(virtualServers)) {
      this.#channel.log('warning', 'check-not-acted-on', idleSentence(check, count), { check, real_servers: count });
    }
    if (this.#isEnding || this.#configuration !== configuration) return;
    if (isFirst) check();
    this.#checking.begin();
  }

  /** Packets have their marks before there are services for them, and longer. @param around has to be done before the table */
  #serve(around: Promise<unknown> = Promise.resolve()): Promise<void> {
    this.#serving = this.#serving.then(async () => {
      const { virtualServers = [], marks, tellsAll } = this.#configuration ?? {};
      const served = await this.#marks.widen(virtualServers, marks);
      if (this.#isEnding) return;
      this.#virtualServers = served;
      this.#pools.configure(served, tellsAll);
      await around;
      await this.#table.settle(this.#pools.desired());
      this.#pools.tell();
      await this.#marks.narrow();
    });
    return this.#serving;
  }

  /** Does what has changed; what is refused is said and does without. Locked memory stays locked. */
  #schedule(wanted: HealthScheduling): void {
    const before = this.#scheduling;
    this.#scheduling = wanted;
    const tell = (event: string, result: Result<undefined>) => {
      if (!result.ok) this.#channel.log('notice', event, result.reason);
    };
    if (wanted.niceness !== before.niceness) tell('no-niceness', useNiceness(wanted.niceness));
    if (wanted.realTimePriority !== before.realTimePriority) {
      const { realTimePriority } = wanted;
      tell('no-real-time', realTimePriority === undefined ? useOrdinaryTime() : useRealTime(realTimePriority));
    }
    if (wanted.lockMemory && !before.lockMemory) tell('no-memory-lock', lockMemory());
  }

  /** What another process needs to go on; this one goes on too until it is retired. */
  estate(): HealthEstate {
    return {
      format: ESTATE_FORMAT,
      checkers: this.#checking.estate(),
      owned: this.#table.owned,
      pools: this.#pools.estate(),
      overrides: this.#overrides.estate(),
      settings: this.#settings.estate(),
      marks: this.#marks.estate(),
    };
  }

  /** Before `configure`: what is known of the checkers. */
  inherit(estate: HealthEstate | undefined): void {
    if (estate?.format !== ESTATE_FORMAT) return;
    this.#checking.inherit(estate.checkers);
    this.#table.adopt(estate.owned);
    this.#pools.inherit(estate.pools);
    this.#overrides.inherit(estate.overrides);
    this.#settings.inherit(estate.settings);
    if (estate.marks !== undefined) this.#marks.inherit(estate.marks);
  }

  /** Another process goes on: the table stays as it is. */
  async retire(): Promise<void> {
    this.#isEnding = true;
    this.#checking.stop();
    this.#suspension.close();
    this.#marks.abandon();
    await this.#table.abandon();
    await this.#settings.abandon();
  }

  async stop(): Promise<void> {
    this.#isEnding = true;
    this.#checking.stop();
    this.#suspension.close();
    this.#pools.stop();
    await this.#table.close({ keep: this.#flushesOnStop });
    await this.#settings.close();
    await this.#marks.close();
  }

  tell(fact: Fact): void {
    this.#checking.tell(fact);
  }

  commandEnded(id: number, outcome: CommandOutcome): void {
    this.#commands.ended(id, outcome);
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
    return this.#overrides.apply(virtualServer, realServer, this.#checking.healthOf(virtualServer.id, realServer));
  }

  #refresh(virtualServerId: string, checkerKind?: string): void {
    void this.#table.settlePart(this.#pools.refresh(virtualServerId, checkerKind));
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
        const destination = key && destinationId(destinationOf(realServer, realServer.settings.weight, key));
        const override = this.#overrides.of(server, realServer);
        return {
          id: realServer.id,
          healthy: this.#checking.healthOf(server.id, realServer).isUp,
          weight: realServer.settings.weight,
          effectiveWeight: weights.get(destination ?? '') ?? 0,
          inTable: weights.has(destination ?? ''),
          ...(override === undefined ? {} : { override }),
          checks: this.#checking.reportsOf(server.id, realServer.id),
        };
      }),
    };
  }
}
