/**
 * The main process: reads the configuration, starts and watches the election and health processes, answers `status`,
 * writes the log, follows signals. It never touches the election's timing.
 */
import type { ChildProcess } from 'node:child_process';
import type { Server } from 'node:http';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { type Duration, inMilliseconds, inSeconds, scale, seconds, sum } from '../base/time.ts';
import type { Diagnostic } from '../config/diagnostics.ts';
import { makeDirectory } from '../io/make-directory.ts';
import { replaceProcess } from '../io/replace-process.ts';
import { isBeingRestarted } from '../io/service-job.ts';
import { ServiceManager } from '../io/service-manager.ts';
import type { StatusReport } from '../status/report.ts';
import { agentStatus } from './agent-status.ts';
import { Changeover } from './changeover.ts';
import { CHILD_WAIT_TIME, Child, ROUTER_WAIT_TIME } from './child.ts';
import { BadRequest, closeControlServer, openControlServer } from './control-server.ts';
import { logDiagnostics } from './diagnostic-log.ts';
import { Dumps } from './dumps.ts';
import { electionConfiguration } from './election-configuration.ts';
import type { ElectionEstate } from './estate.ts';
import type { Role } from './fork-role.ts';
import { GuardKeeper } from './guard-keeper.ts';
import { healthConfiguration } from './health-configuration.ts';
import { HealthFeed } from './health-feed.ts';
import type { Log } from './log.ts';
import type { FromElection, FromHealth, LogLevel, LogRecord, ToElection, ToHealth } from './messages.ts';
import { Outside } from './outside.ts';
import { ChildPidFiles, removePidFile, writePidFile } from './pid-file.ts';
import { Questions } from './questions.ts';
import type { Configuration, ReadOutcome } from './root.ts';
import { followDumpSignals } from './signals.ts';
import { VERSION } from './version.ts';
import { Wishes } from './wishes.ts';

/** Asked children answer within this, or `status` does without them. */
const ANSWER_TIME = seconds(2);
/** A child that has not answered a ping for this long counts as hung: the service manager's watchdog is not fed. */
const HUNG_AFTER = seconds(10);
/** How long an election that the guard has acted for may take to say that it runs again. */
const ANSWERS_WITHIN = seconds(2);
/** keepalived runs at normal priority unless vrrp_rt_priority says otherwise; an election that is late is a fault. */
const DEFAULT_REAL_TIME_PRIORITY = 50;

/** Attempts to start a process that has never started before the agent gives up. */
const MAX_STILLBORN = 3;

const NO_GUARD = 'there is no guard: an agent that is killed or hangs now keeps its addresses';

export interface SupervisorOptions {
  readonly configurationFile: string;
  /** Reads and checks the configuration; throws when the file cannot be read. */
  readonly readConfiguration: () => ReadOutcome;
  readonly runDirectory: string;
  /** Where the agent was started: relative names of files are meant from there. */
  readonly directory: string;
  readonly pidFile: string;
  /** Of the processes; of BFD: another name for that of the election. */
  readonly childPidFiles: { readonly vrrp: string; readonly checkers: string; readonly bfd: string | undefined };
  readonly runElection: boolean;
  readonly runHealth: boolean;
  readonly runBfd: boolean;
  readonly respawn: boolean;
  /** How long the election may be silent before the guard acts; undefined: two Advertisement_Intervals, 0: for ever. */
  readonly guardLimit: Duration | 'off' | undefined;
  readonly log: Log;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A process that was started for the election already; from then on it is ours. */
  readonly takeElection?: () => ChildProcess | undefined;
}

/** See the file's head. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #serviceManager: ServiceManager;
  readonly #election: Child<ToElection, FromElection> | undefined;
  readonly #guard: GuardKeeper | undefined;
  readonly #health: Child<ToHealth, FromHealth> | undefined;
  readonly #questions = new Questions(ANSWER_TIME);
  readonly #startedAt = new Date();
  readonly #feed = new HealthFeed((message) => this.#health?.send(message));
  readonly #wishes: Wishes;
  readonly #outside: Outside;
  readonly #dumps: Dumps;
  readonly #electionPid: ChildPidFiles;
  readonly #healthPid: ChildPidFiles;
  readonly #changeover: Changeover;
  readonly #roles: readonly Role[];
  #configuration: Configuration;
  #diagnostics: readonly Diagnostic[];
  #refused: string | undefined;
  #server: Server | undefined;
  /** Roles that have not started yet, in this life of the agent. */
  readonly #starting = new Set<string>();
  /** Deaths of a role before it has started once: it will never start. */
  readonly #stillborn = new Map<string, number>();
  /** Roles that a reload still waits for. */
  readonly #reloading = new Set<string>();
  /** What a reload could not change. */
  #needsRestart: string | undefined;
  #stopping = false;
  #watchdog: NodeJS.Timeout | undefined;
  #ended: (status: number) => void = () => {};

  constructor(options: SupervisorOptions, outcome: ReadOutcome) {
    this.#options = options;
    this.#configuration = outcome.configuration;
    this.#outside = new Outside(outcome.configuration, {
      report: (result) => {
        this.#election?.send({ type: 'track-result', result });
        this.#feed.tracked(result);
      },
      commandEnded: (message) => this.#health?.send(message),
      log: (...fact) => this.#log(...fact),
    });
    this.#dumps = new Dumps({
      configuration: () => this.#configuration,
      askElection: async (clear) => {
        const answer = await this.#questions.ask<Extract<FromElection, { type: 'snapshot' }>>((id) =>
          this.#election?.send({ type: 'snapshot', id, clear }),
        );
        return answer?.routers;
      },
      askHealth: async () => {
        const answer = await this.#questions.ask<Extract<FromHealth, { type: 'status' }>>((id) =>
          this.#health?.send({ type: 'status', id }),
        );
        return answer?.virtualServers;
      },
      trackedProcesses: () => this.#outside.trackedProcesses,
      log: (...fact) => this.#log(...fact),
    });
    const failed = (sentence: string) => this.#log('warning', 'pid-file', sentence, {});
    const { vrrp, checkers, bfd } = options.childPidFiles;
    this.#electionPid = new ChildPidFiles([vrrp, bfd], failed);
    this.#healthPid = new ChildPidFiles([checkers], failed);
    this.#diagnostics = outcome.diagnostics;
    this.#serviceManager = new ServiceManager(options.environment);
    this.#roles = [
      ...(options.runElection ? ['election' as const] : []),
      ...(options.runHealth ? ['health' as const] : []),
    ];
    this.#changeover = new Changeover({
      directory: options.runDirectory,
      isRestartedByOthers: this.#serviceManager.isThere,
      send: (role, message) => (role === 'election' ? this.#election : this.#health)?.send(message) ?? false,
      missed: (role, message) => this.#hear(role, message),
      log: (...fact) => this.#log(...fact),
    });
    if (options.runElection) {
      this.#election = new Child<ToElection, FromElection>({
        role: 'election',
        takeFirst: options.takeElection,
        respawn: options.respawn,
        onStart: () => {
          this.#startElection();
          this.#guard?.electionStarted();
        },
        onMessage: (message) => this.#hear('election', message),
        onDeath: (how, retryIn) => this.#died('election', how, retryIn),
      });
    }
    if (options.runElection && options.guardLimit !== 'off') {
      this.#guard = new GuardKeeper({
        onReady: (name) => this.#election?.send({ type: 'guard', name }) ?? false,
        onExecuted: () => this.#endIfHung(),
        log: (...fact) => this.#log(...fact),
      });
    }
    if (options.runHealth) {
      this.#health = new Child<ToHealth, FromHealth>({
        role: 'health',
        respawn: options.respawn,
        onStart: () => this.#startHealth(),
        onMessage: (message) => this.#hear('health', message),
        onDeath: (how, retryIn) => this.#died('health', how, retryIn),
      });
    }
    this.#wishes = new Wishes({
      configuration: () => this.#configuration,
      election: this.#election,
      health: this.#health,
      log: (...fact) => this.#log(...fact),
    });
  }

  /** Runs until a signal ends it; resolves with the exit status. Throws when it cannot start at all. */
  async run(): Promise<number> {
    const { runDirectory, pidFile, configurationFile } = this.#options;
    makeDirectory(runDirectory);
    this.#server = await openControlServer(
      join(runDirectory, 'holdfast.sock'),
      {
        get: { '/status': () => this.status(), '/ready': async () => this.#readiness() },
        post: {
          '/override': (wish) => this.#wishes.override(wish),
          '/restart': () => this.#restart(),
          '/handover': (wish) => this.#wishes.giveAway(wish),
        },
      },
      (error) => this.#log('error', 'control-socket', `control socket: ${error.message}`, {}),
    );
    try {
      writePidFile(pidFile);
    } catch (error) {
      await closeControlServer(this.#server);
      throw error;
    }
    const ended = new Promise<number>((resolve) => {
      this.#ended = resolve;
    });
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void this.#terminate(signal));
    // our own mistake: said, and everything is released in order
    process.on('uncaughtException', (error) => {
      this.#log('error', 'assertion', error.stack ?? error.message, {});
      void this.#stop('an error of holdfast itself', 70);
    });
    process.on('SIGHUP', () => this.#reload());
    process.on('SIGPIPE', () => {});
    followDumpSignals((request) => void this.#dumps.request(request));
    this.#log('notice', 'starting', `holdfast ${VERSION} starting with ${configurationFile}`, { pid: process.pid });
    logDiagnostics(this.#diagnostics, this.#options.log);
    if (this.#election) this.#starting.add('election');
    if (this.#health) this.#starting.add('health');
    const estates = await this.#changeover.find(this.#roles);
    if (estates.size === 0) await this.#outside.startup(this.#configuration.global);
    if (this.#stopping) return ended;
    const { results, routers = [] } = (estates.get('election') ?? {}) as Partial<ElectionEstate>;
    if (results !== undefined) this.#outside.inherit(results);
    for (const { instance, state } of routers) this.#feed.inherit(instance.name, state.name === 'Master');
    this.#outside.configure(this.#configuration);
    this.#election?.start();
    this.#health?.start();
    if (this.#starting.size === 0) this.#ready();
    this.#feedWatchdog();
    return ended;
  }

  /** What `holdfast status` shows. */
  async status(): Promise<StatusReport> {
    const [election, health] = await Promise.all([
      this.#questions.ask<Extract<FromElection, { type: 'status' }>>((id) =>
        this.#election?.send({ type: 'status', id }),
      ),
      this.#questions.ask<Extract<FromHealth, { type: 'status' }>>((id) => this.#health?.send({ type: 'status', id })),
    ]);
    return agentStatus({
      startedAt: this.#startedAt,
      configurationFile: this.#options.configurationFile,
      diagnostics: this.#diagnostics,
      standing: [
        this.#refused,
        this.#needsRestart,
        this.#guard && this.#guard.pid === undefined ? NO_GUARD : undefined,
      ],
      election: this.#election ? (election ?? 'silent') : 'not run',
      health: this.#health ? (health ?? 'silent') : 'not run',
      wantsIpvs: this.#configuration.virtualServers.length > 0,
      notifications: this.#outside.notifications,
    });
  }

  /** The guard acted because the election was silent: one that stays so is killed and started again. */
  #endIfHung(): void {
    this.#election?.send({ type: 'ping' });
    setTimeout(() => {
      if (this.#stopping || !this.#election || this.#election.isResponsive(ANSWERS_WITHIN)) return;
      this.#log('error', 'process-hung', 'the election process does not answer; killing it', { role: 'election' });
      this.#election.kill();
    }, inMilliseconds(ANSWERS_WITHIN)).unref();
  }

  #startElection(): void {
    this.#electionPid.write(this.#election?.pid);
    const { guardLimit } = this.#options;
    this.#election?.send({
      type: 'start',
      runtime: {
        realTimePriority: this.#configuration.global.vrrpRealTimePriority ?? DEFAULT_REAL_TIME_PRIORITY,
        lockMemory: true,
        ...(typeof guardLimit === 'number' ? { guardLimit } : {}),
        isHeir: this.#changeover.isHeir('election'),
      },
      configuration: electionConfiguration(this.#configuration, seconds(uptime()), this.#options.runBfd),
      orphaned: this.#changeover.orphaned,
    });
    for (const result of this.#outside.results()) this.#election?.send({ type: 'track-result', result });
  }

  #startHealth(): void {
    this.#healthPid.write(this.#health?.pid);
    this.#health?.send({
      type: 'start',
      configuration: healthConfiguration(this.#configuration),
      isHeir: this.#changeover.isHeir('health'),
      orphaned: this.#changeover.orphaned,
    });
    this.#feed.tellAll(this.#outside.results());
  }

  #hear(role: Role, message: FromElection | FromHealth): void {
    if (this.#changeover.hear(role, message)) return;
    switch (message.type) {
      case 'log':
        this.#options.log.write(message.record);
        break;
      case 'status':
      case 'snapshot':
        this.#questions.answer(message.id, message);
        break;
      case 'dump':
        void this.#dumps.request(message.request);
        break;
      case 'given-away':
      case 'overridden':
        this.#wishes.hear(message);
        break;
      case 'session':
        this.#feed.session(message.result);
        break;
      case 'notice':
        this.#outside.told(message.notice);
        this.#feed.notice(message.notice);
        break;
      case 'lvs-notice':
        this.#outside.toldOfServers(message.notice);
        break;
      case 'run-command':
      case 'stop-command':
        this.#outside.command(message);
        break;
      case 'started':
        if (this.#starting.delete(role) && this.#starting.size === 0) this.#ready();
        break;
      case 'configured':
        if (this.#reloading.delete(role) && this.#reloading.size === 0) this.#reloaded();
    }
  }

  #ready(): void {
    const { instances, virtualServers } = this.#configuration;
    const summary = `${plural(instances.length, 'instance')}, ${plural(virtualServers.length, 'virtual server')}`;
    this.#log('notice', 'started', `Startup complete: ${summary}`, {});
    this.#serviceManager.ready(summary);
    // the command that put us into the background waits for it
    if (process.connected) process.send?.({ type: 'ready' }, undefined, undefined, () => {});
  }

  #died(role: string, how: string, retryIn: Duration | undefined): void {
    const next = retryIn === undefined ? 'the agent ends' : `starting it again in ${inSeconds(retryIn)} s`;
    if (role === 'health') this.#outside.forgetCommands();
    this.#log('error', 'process-died', `the ${role} process died (${how}); ${next}`, { role });
    if (this.#reloading.delete(role) && this.#reloading.size === 0) this.#reloaded(); // it starts with the new one
    const stillborn = this.#starting.has(role) ? (this.#stillborn.get(role) ?? 0) + 1 : 0;
    this.#stillborn.set(role, stillborn);
    if (retryIn === undefined) void this.#stop(`the ${role} process died`, 1);
    else if (stillborn >= MAX_STILLBORN) void this.#stop(`the ${role} process cannot be started`, 1);
  }

  #reload(): void {
    if (this.#stopping) return;
    this.#serviceManager.reloading();
    let outcome: ReadOutcome;
    try {
      outcome = this.#options.readConfiguration();
    } catch (error) {
      this.#refuse(`reload refused: ${(error as Error).message}; the running configuration stays`);
      return;
    }
    logDiagnostics(outcome.diagnostics, this.#options.log);
    // what is only not acted on yet was no reason not to start either
    const errors = outcome.diagnostics.filter(({ severity, exitCode }) => severity === 'error' && exitCode !== 0);
    if (errors.length > 0) {
      this.#refuse(`reload refused: ${plural(errors.length, 'error')}; the running configuration stays`);
      return;
    }
    this.#refused = undefined;
    this.#noteUnchangeable(outcome.configuration);
    this.#configuration = outcome.configuration;
    this.#diagnostics = outcome.diagnostics;
    if (this.#election) this.#reloading.add('election');
    if (this.#health) this.#reloading.add('health');
    this.#election?.send({
      type: 'configure',
      configuration: electionConfiguration(this.#configuration, seconds(uptime()), this.#options.runBfd),
    });
    this.#health?.send({ type: 'configure', configuration: healthConfiguration(outcome.configuration) });
    this.#outside.configure(outcome.configuration);
    if (this.#reloading.size === 0) this.#reloaded();
  }

  #reloaded(): void {
    this.#log('notice', 'reloaded', 'Reload complete', {});
    this.#serviceManager.ready('running');
  }

  /** What holds for a whole life of the election process. */
  #noteUnchangeable({ global }: Configuration): void {
    const running = this.#configuration.global;
    const changed = [...(global.vrrpRealTimePriority === running.vrrpRealTimePriority ? [] : ['vrrp_rt_priority'])];
    if (changed.length === 0) return;
    this.#needsRestart = `${changed.join(' and ')} changed: that takes effect at the next start of the agent only`;
    this.#log('warning', 'needs-restart', this.#needsRestart, {});
  }

  #refuse(sentence: string): void {
    this.#refused = sentence;
    this.#log('error', 'reload-refused', sentence, {});
    this.#serviceManager.ready(sentence);
  }

  /** For who waits for the end of a restart. */
  #readiness() {
    const isReady = this.#starting.size === 0 && !this.#changeover.isUnderWay && !this.#stopping;
    return { startedAt: this.#startedAt.toISOString(), isReady };
  }

  /**
   * `holdfast restart`: the program anew, in this process. The children go on and wait for it; what would keep it from
   * starting is found before. Resolves when it will happen.
   */
  async #restart(): Promise<object> {
    if (!this.#readiness().isReady || this.#reloading.size > 0)
      throw new BadRequest('not now: the agent is busy with its start, a reload or its end');
    const { diagnostics } = this.#options.readConfiguration();
    const errors = diagnostics.filter(({ severity, exitCode }) => severity === 'error' && exitCode !== 0);
    if (errors.length > 0) {
      logDiagnostics(errors, this.#options.log);
      throw new BadRequest(`${plural(errors.length, 'error')} in the configuration: holdfast -t tells`);
    }
    this.#log('notice', 'restarting', 'restarting: addresses, states and the IPVS table stay as they are', {});
    if (!(await this.#goAway())) throw new Error('a process does not answer: nothing is changed');
    setImmediate(() => void this.#replace());
    return this.#readiness();
  }

  /** From now on the children do without us, and without a word. False: they cannot. */
  async #goAway(): Promise<boolean> {
    if (!(await this.#changeover.leave(this.#roles))) return false;
    this.#stopping = true;
    clearInterval(this.#watchdog);
    this.#election?.expectEnd();
    this.#health?.expectEnd();
    this.#outside.stopTracking();
    return true;
  }

  async #replace(): Promise<void> {
    if (this.#server) await closeControlServer(this.#server);
    await this.#options.log.flush();
    try {
      process.chdir(this.#options.directory);
      replaceProcess();
    } catch (error) {
      this.#log('error', 'cannot-restart', `cannot restart: ${(error as Error).message}; stopping`, {});
      this.#changeover.stay(this.#roles);
      this.#stopping = false;
      await this.#stop('the restart failed', 1);
    }
  }

  /** Asked to end. Where the service manager starts us again at once, the children wait for that. */
  async #terminate(signal: string): Promise<void> {
    if (!this.#stopping && this.#serviceManager.isThere && (await isBeingRestarted()) && !this.#stopping) {
      this.#log('notice', 'restarting', `${signal}: the service manager restarts us; the others go on`, {});
      if (await this.#goAway()) return this.#leaveEverything(0);
    }
    await this.#stop(signal);
  }

  /** The election first: the addresses go, the peer takes over; then the IPVS table. */
  async #stop(why: string, status = 0): Promise<void> {
    if (this.#stopping) {
      this.#election?.send({ type: 'stop', now: true }); // whoever asks twice does not want to wait
      return;
    }
    this.#stopping = true;
    this.#log('notice', 'stopping', `stopping: ${why}`, {});
    this.#serviceManager.stopping();
    clearInterval(this.#watchdog);
    this.#election?.expectEnd();
    this.#health?.expectEnd();
    this.#outside.stopTracking();
    const patience = sum(CHILD_WAIT_TIME, scale(ROUTER_WAIT_TIME, this.#configuration.instances.length, 1));
    await Promise.all([this.#election?.stop({ type: 'stop' }, patience), this.#changeover.end()]);
    await this.#guard?.stop();
    await this.#health?.stop({ type: 'stop' });
    await this.#outside.close(this.#configuration.global);
    await this.#leaveEverything(status);
  }

  async #leaveEverything(status: number): Promise<void> {
    if (this.#server) await closeControlServer(this.#server);
    this.#electionPid.remove();
    this.#healthPid.remove();
    removePidFile(this.#options.pidFile);
    this.#serviceManager.close();
    this.#log('notice', 'stopped', 'Stopped', {});
    this.#ended(status);
  }

  /** systemd's watchdog is fed as long as this loop turns and both children answer. */
  #feedWatchdog(): void {
    const interval = this.#serviceManager.watchdogInterval;
    if (interval === undefined) return;
    this.#watchdog = setInterval(() => {
      const children = [this.#election, this.#health].filter((child) => child !== undefined);
      for (const child of children) child.send({ type: 'ping' });
      if (children.every((child) => child.isResponsive(HUNG_AFTER))) this.#serviceManager.watchdog();
    }, interval / 2_000);
  }

  #log(level: LogLevel, event: string, message: string, fields: LogRecord['fields']): void {
    this.#options.log.write({ level, event, message, fields });
  }
}

const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
