/**
 * The main process: reads the configuration, starts and watches the election and health processes, answers `status`,
 * writes the log, follows signals. It never touches the election's timing.
 */
import type { Server } from 'node:http';
import { join } from 'node:path';
import { type Duration, inSeconds } from '../base/time.ts';
import type { Diagnostic } from '../config/diagnostics.ts';
import { makeDirectory } from '../io/make-directory.ts';
import { replaceProcess, tookPlace } from '../io/replace-process.ts';
import { isBeingRestarted } from '../io/service-job.ts';
import { ServiceManager } from '../io/service-manager.ts';
import { giveBackMemorySoon, takeMemory } from '../io/spare-memory.ts';
import type { StatusReport } from '../status/report.ts';
import { agentStatus } from './agent-status.ts';
import { Changeover } from './changeover.ts';
import { BadRequest, closeControlServer, openControlServer } from './control-server.ts';
import { logDiagnostics } from './diagnostic-log.ts';
import { Dumps } from './dumps.ts';
import type { ElectionEstate } from './estate.ts';
import type { Role } from './fork-role.ts';
import { HealthFeed } from './health-feed.ts';
import type { Log } from './log.ts';
import type { FromElection, FromHealth, LogLevel, LogRecord } from './messages.ts';
import { Outside } from './outside.ts';
import { removePidFile, writePidFile } from './pid-file.ts';
import { Processes, type ProcessesOptions } from './processes.ts';
import type { Configuration, ReadOutcome } from './root.ts';
import { followDumpSignals } from './signals.ts';
import { VERSION } from './version.ts';
import { Wishes } from './wishes.ts';

/** Attempts to start a process that has never started before the agent gives up. */
const MAX_STILLBORN = 3;

const NO_GUARD = 'there is no guard: an agent that is killed or hangs now keeps its addresses';

export interface SupervisorOptions extends ProcessesOptions {
  readonly configurationFile: string;
  /** Reads and checks the configuration; throws when the file cannot be read. */
  readonly readConfiguration: () => ReadOutcome;
  readonly runDirectory: string;
  /** Where the agent was started: relative names of files are meant from there. */
  readonly directory: string;
  readonly pidFile: string;
  readonly log: Log;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** See the file's head. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #serviceManager: ServiceManager;
  readonly #processes: Processes;
  readonly #startedAt = new Date();
  readonly #feed = new HealthFeed((message) => this.#processes.health?.send(message));
  readonly #wishes: Wishes;
  readonly #outside: Outside;
  readonly #dumps: Dumps;
  readonly #changeover: Changeover;
  #configuration: Configuration;
  #diagnostics: readonly Diagnostic[];
  #refused: string | undefined;
  #server: Server | undefined;
  /** Roles that have not started yet, in this life of the agent. */
  readonly #starting = new Set<string>();
  /** Deaths of a role before it has started once: it will never start. */
  readonly #stillborn = new Map<string, number>();
  /** Roles that a reload still waits for, and what they will say. */
  readonly #reloading = new Map<Role, 'started' | 'configured'>();
  /** While children are asked to wait for the next main. */
  #leaving: Promise<boolean> | undefined;
  /** What a reload could not change. */
  #needsRestart: string | undefined;
  #stopping = false;
  #watchdog: NodeJS.Timeout | undefined;
  #ended: (status: number) => void = () => {};

  constructor(options: SupervisorOptions, outcome: ReadOutcome) {
    this.#options = options;
    this.#configuration = outcome.configuration;
    this.#diagnostics = outcome.diagnostics;
    this.#serviceManager = new ServiceManager(options.environment);
    const log = this.#log.bind(this);
    this.#outside = new Outside(outcome.configuration, {
      report: (result) => {
        this.#processes.election?.send({ type: 'track-result', result });
        this.#feed.tracked(result);
      },
      commandEnded: (message) => this.#processes.health?.send(message),
      log,
    });
    this.#changeover = new Changeover({
      directory: options.runDirectory,
      isRestartedByOthers: this.#serviceManager.isThere,
      send: (role, message) => this.#processes[role]?.send(message) ?? false,
      missed: (role, message) => this.#hear(role, message),
      log,
    });
    this.#processes = new Processes(options, {
      configuration: () => this.#configuration,
      isHeir: (role) => this.#changeover.isHeir(role),
      orphaned: () => this.#changeover.orphaned,
      started: (role) => this.#informStarted(role),
      hear: (role, message) => this.#hear(role, message),
      died: (...death) => this.#died(...death),
      log,
    });
    this.#dumps = new Dumps({
      configuration: () => this.#configuration,
      askElection: async (clear) => (await this.#processes.snapshot(clear))?.routers,
      askHealth: async () => (await this.#processes.healthStatus())?.virtualServers,
      trackedProcesses: () => this.#outside.trackedProcesses,
      log,
    });
    const { election, health } = this.#processes;
    this.#wishes = new Wishes({ configuration: () => this.#configuration, election, health, log });
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
    for (const role of this.#processes.roles) this.#starting.add(role);
    const estates = await this.#changeover.find(this.#processes.roles);
    const isRestart = tookPlace(process.env) || estates.size > 0;
    if (!isRestart) await this.#outside.startup(this.#configuration.global);
    if (this.#stopping) return ended;
    const { results = [], routers = [] } = (estates.get('election') ?? {}) as Partial<ElectionEstate>;
    if (isRestart) this.#outside.inherit(results);
    for (const { instance, state } of routers) this.#feed.inherit(instance.name, state.name === 'Master');
    this.#outside.configure(this.#configuration);
    this.#processes.start();
    for (const role of this.#processes.roles) if (!this.#processes.runs(role)) this.#starting.delete(role);
    if (this.#starting.size === 0) this.#ready();
    this.#feedWatchdog();
    return ended;
  }

  /** What `holdfast status` shows. */
  async status(): Promise<StatusReport> {
    const processes = this.#processes;
    const [election, health] = await Promise.all([processes.electionStatus(), processes.healthStatus()]);
    return agentStatus({
      startedAt: this.#startedAt,
      configurationFile: this.#options.configurationFile,
      diagnostics: this.#diagnostics,
      standing: [this.#refused, this.#needsRestart, processes.isGuarded ? undefined : NO_GUARD],
      election: processes.runs('election') ? (election ?? 'silent') : 'not run',
      health: processes.runs('health') ? (health ?? 'silent') : 'not run',
      wantsIpvs: this.#configuration.virtualServers.length > 0,
      notifications: this.#outside.notifications,
    });
  }

  /** What a process that has been started has to know beside its configuration. */
  #informStarted(role: Role): void {
    const results = this.#outside.results();
    if (role === 'health') this.#feed.tellAll(results);
    else for (const result of results) this.#processes.election?.send({ type: 'track-result', result });
  }

  #hear(role: Role, message: FromElection | FromHealth): void {
    if (this.#changeover.hear(role, message)) return;
    switch (message.type) {
      case 'log':
        this.#options.log.write(message.record);
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
        this.#answered(role, 'started');
        break;
      case 'configured':
        this.#answered(role, 'configured');
    }
  }

  #ready(): void {
    const { instances, virtualServers } = this.#configuration;
    const summary = `${plural(instances.length, 'instance')}, ${plural(virtualServers.length, 'virtual server')}`;
    this.#log('notice', 'started', `Startup complete: ${summary}`, {});
    this.#serviceManager.ready(summary);
    giveBackMemorySoon();
    // the command that put us into the background waits for it
    if (process.connected) process.send?.({ type: 'ready' }, undefined, undefined, () => {});
  }

  #died(role: Role, how: string, retryIn: Duration | undefined): void {
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
    if (this.#leaving !== undefined) {
      void this.#leaving.then(() => this.#reload()); // if they cannot; the next main reads the file itself
      return;
    }
    this.#serviceManager.reloading();
    takeMemory();
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
    const answers = this.#processes.configure();
    if (answers !== undefined) {
      for (const [role, answer] of answers) this.#reloading.set(role, answer);
      this.#outside.configure(outcome.configuration);
    }
    if (this.#reloading.size === 0) this.#reloaded();
  }

  #answered(role: Role, answer: 'started' | 'configured'): void {
    if (this.#reloading.get(role) !== answer) return;
    this.#reloading.delete(role);
    if (this.#reloading.size === 0) this.#reloaded();
  }

  #reloaded(): void {
    this.#log('notice', 'reloaded', 'Reload complete', {});
    this.#endReload('running');
  }

  /** A start that is still under way says itself when it is ready. */
  #endReload(status: string): void {
    if (this.#starting.size === 0) this.#serviceManager.ready(status);
    giveBackMemorySoon();
  }

  /** What holds for a whole life of the election process. */
  #noteUnchangeable({ global }: Configuration): void {
    if (!this.#processes.runs('election')) return;
    const running = this.#configuration.global;
    const changed = [...(global.vrrpRealTimePriority === running.vrrpRealTimePriority ? [] : ['vrrp_rt_priority'])];
    if (changed.length === 0) return;
    this.#needsRestart = `${changed.join(' and ')} changed: that takes effect at the next start of the agent only`;
    this.#log('warning', 'needs-restart', this.#needsRestart, {});
  }

  #refuse(sentence: string): void {
    this.#refused = sentence;
    this.#log('error', 'reload-refused', sentence, {});
    this.#endReload(sentence);
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
    this.#leaving = this.#changeover.leave(this.#processes.running);
    const canLeave = await this.#leaving;
    this.#leaving = undefined;
    if (!canLeave) return false;
    this.#stopping = true;
    clearInterval(this.#watchdog);
    this.#processes.expectEnd();
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
      this.#changeover.stay(this.#processes.running);
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

  async #stop(why: string, status = 0): Promise<void> {
    if (this.#stopping) {
      this.#processes.election?.send({ type: 'stop', now: true }); // whoever asks twice does not want to wait
      return;
    }
    this.#stopping = true;
    this.#log('notice', 'stopping', `stopping: ${why}`, {});
    this.#serviceManager.stopping();
    clearInterval(this.#watchdog);
    this.#processes.expectEnd();
    this.#outside.stopTracking();
    await this.#processes.stop(() => this.#changeover.end());
    await this.#outside.close(this.#configuration.global);
    await this.#leaveEverything(status);
  }

  async #leaveEverything(status: number): Promise<void> {
    if (this.#server) await closeControlServer(this.#server);
    this.#processes.removePidFiles();
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
      if (this.#processes.areResponsive()) this.#serviceManager.watchdog();
    }, interval / 2_000);
  }

  #log(level: LogLevel, event: string, message: string, fields: LogRecord['fields']): void {
    this.#options.log.write({ level, event, message, fields });
  }
}

const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
