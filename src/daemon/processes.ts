/**
 * The other processes of the agent as main sees them together: election, health and the guard. What each is told at its start, what
 * it is asked, and that all of them answer.
 */
import type { ChildProcess } from 'node:child_process';
import { uptime } from 'node:os';
import { equalData } from '../base/equal.ts';
import { type Duration, inMilliseconds, scale, seconds, sum } from '../base/time.ts';
import { CHILD_WAIT_TIME, Child, ROUTER_WAIT_TIME } from './child.ts';
import type { EarlyNews } from './early-news.ts';
import { electionConfiguration } from './election-configuration.ts';
import type { Role } from './fork-role.ts';
import { GuardKeeper } from './guard-keeper.ts';
import { healthConfiguration } from './health-configuration.ts';
import type {
  AwaitHeir,
  ElectionConfiguration,
  FromElection,
  FromHealth,
  LogLevel,
  LogRecord,
  ToElection,
  ToHealth,
} from './messages.ts';
import { ChildPidFiles } from './pid-file.ts';
import { Questions } from './questions.ts';
import type { Configuration } from './root.ts';
import { inPieces, NewsWriter, type VirtualServerNews } from './virtual-server-news.ts';
import { isWanted } from './wanted.ts';

/** Asked processes answer within this, or `status` does without them. */
const ANSWER_TIME = seconds(2);
/** A process that has not answered a ping for this long counts as hung. */
const HUNG_AFTER = seconds(10);
/** How long an election that the guard has acted for may take to say that it runs again. */
const ANSWERS_WITHIN = seconds(2);
/** keepalived runs at normal priority unless vrrp_rt_priority says otherwise; an election that is late is a fault. */
const DEFAULT_REAL_TIME_PRIORITY = 50;

type Of<From, Type extends string> = Extract<From, { readonly type: Type }>;

export interface ProcessesOptions {
  /** Of the processes; of BFD: another name for that of the election. */
  readonly childPidFiles: { readonly vrrp: string; readonly checkers: string; readonly bfd: string | undefined };
  readonly runElection: boolean;
  readonly runHealth: boolean;
  readonly runBfd: boolean;
  readonly respawn: boolean;
  /** How long the election may be silent before the guard acts; undefined: two Advertisement_Intervals. */
  readonly guardLimit: Duration | 'off' | undefined;
  /** Processes that were started for a role already; one that is taken out is ours. */
  readonly early?: Map<Role, ChildProcess | undefined>;
  /** What one of them has heard. */
  readonly earlyNews?: EarlyNews | undefined;
}

export interface ProcessesWorld {
  configuration(): Configuration;
  /** Whether a process of an earlier main has to be taken over from. */
  isHeir(role: Role): boolean;
  /** What they do when main dies without a word. */
  orphaned(): AwaitHeir | undefined;
  /** A process has heard how to start: what else it has to know. */
  started(role: Role): void;
  /** What is no answer to a question. */
  hear(role: Role, message: FromElection | FromHealth): void;
  /** It died without being asked to; `retryIn` is undefined when it is not started again. */
  died(role: Role, how: string, retryIn: Duration | undefined): void;
  log(level: LogLevel, event: string, message: string, fields: LogRecord['fields']): void;
}

/** See the file's head. */
export class Processes {
  /** Undefined: it is not to be run. */
  readonly election: Child<ToElection, FromElection> | undefined;
  readonly health: Child<ToHealth, FromHealth> | undefined;
  readonly roles: readonly Role[];
  readonly #options: ProcessesOptions;
  readonly #world: ProcessesWorld;
  readonly #guard: GuardKeeper | undefined;
  readonly #questions = new Questions(ANSWER_TIME);
  readonly #news: NewsWriter;
  #earlyNews: EarlyNews | undefined;
  readonly #electionPid: ChildPidFiles;
  readonly #healthPid: ChildPidFiles;
  #electionIsTold: ElectionConfiguration | undefined;
  #hasBegun = false;
  #stopping = false;

  constructor(options: ProcessesOptions, world: ProcessesWorld) {
    this.#options = options;
    this.#world = world;
    this.#earlyNews = options.earlyNews;
    this.#news = options.earlyNews?.writer ?? new NewsWriter();
    const failed = (sentence: string) => world.log('warning', 'pid-file', sentence, {});
    const { vrrp, checkers, bfd } = options.childPidFiles;
    this.#electionPid = new ChildPidFiles([vrrp, bfd], failed);
    this.#healthPid = new ChildPidFiles([checkers], failed);
    const { respawn, runElection, runHealth } = options;
    const disorder = (role: Role, how: string) => {
      const sentence = `the ${role} process did not end in order (${how}): it is started once more, to leave nothing behind`;
      world.log('warning', 'process-disorder', sentence, { role });
    };
    const takeFirst = (role: Role) => this.#takeEarly(role);
    this.roles = [...(runElection ? ['election' as const] : []), ...(runHealth ? ['health' as const] : [])];
    if (runElection)
      this.election = new Child<ToElection, FromElection>({
        role: 'election',
        takeFirst,
        respawn,
        onStart: () => this.#startElection(),
        onMessage: (message) => this.#hear('election', message),
        onDeath: (how, retryIn) => world.died('election', how, retryIn),
        onDisorder: (how) => disorder('election', how),
      });
    if (runElection && options.guardLimit !== 'off')
      this.#guard = new GuardKeeper({
        onReady: (name) => this.election?.send({ type: 'guard', name }) ?? false,
        onExecuted: () => this.#endIfHung(),
        log: (...fact) => world.log(...fact),
      });
    if (runHealth)
      this.health = new Child<ToHealth, FromHealth>({
        role: 'health',
        takeFirst,
        respawn,
        onStart: () => this.#startHealth(),
        onMessage: (message) => this.#hear('health', message),
        onDeath: (how, retryIn) => world.died('health', how, retryIn),
        onDisorder: (how) => disorder('health', how),
      });
  }

  /** False: the agent should have a guard, and has none. */
  get isGuarded(): boolean {
    return this.#guard === undefined || !this.runs('election') || this.#guard.pid !== undefined;
  }

  /** Whether a process was started for it, which is started again when it dies. */
  runs(role: Role): boolean {
    return this[role]?.wasStarted ?? false;
  }

  get running(): readonly Role[] {
    return this.roles.filter((role) => this.runs(role));
  }

  /** Starts those for which there is something to do, of the configuration or of an earlier main. */
  start(): void {
    this.#hasBegun = true;
    for (const role of this.roles) {
      if (this.#isWanted(role) || this.#world.isHeir(role)) this[role]?.start();
      else {
        this.#takeEarly(role)?.kill('SIGKILL'); // it has done nothing yet
        (role === 'election' ? this.#electionPid : this.#healthPid).forget();
      }
    }
  }

  /**
   * Tells both what holds from now on, as far as it is new to them, and starts one that has something to do now; one that has
   * nothing to do any more stays. Returns who will say what when it is so; undefined: before `start`, which tells what holds then.
   */
  configure(): ReadonlyMap<Role, 'started' | 'configured'> | undefined {
    if (!this.#hasBegun) return undefined;
    const answers = new Map<Role, 'started' | 'configured'>();
    for (const role of this.roles) {
      if (this.runs(role)) {
        const isTold = role === 'election' ? this.#configureElection() : this.#configureHealth();
        if (isTold) answers.set(role, 'configured');
      } else if (this.#isWanted(role)) {
        this[role]?.start();
        answers.set(role, 'started');
      }
    }
    return answers;
  }

  /** Undefined: it does not run, or does not answer in time. */
  electionStatus(): Promise<Of<FromElection, 'status'> | undefined> {
    return this.#questions.ask((id) => this.election?.send({ type: 'status', id }));
  }

  /** Undefined: it does not run, or does not answer in time. */
  healthStatus(): Promise<Of<FromHealth, 'status'> | undefined> {
    return this.#questions.ask((id) => this.health?.send({ type: 'status', id }));
  }

  /** What a dump shows of the virtual routers; undefined: it does not run, or does not answer in time. */
  snapshot(clear: boolean): Promise<Of<FromElection, 'snapshot'> | undefined> {
    return this.#questions.ask((id) => this.election?.send({ type: 'snapshot', id, clear }));
  }

  /** Asks those that run whether they are well. True when all have answered not long ago. */
  areResponsive(): boolean {
    const children = [this.election, this.health].filter((child) => child?.wasStarted === true);
    for (const child of children) child?.send({ type: 'ping' });
    return children.every((child) => child?.isResponsive(HUNG_AFTER));
  }

  /** From now on a death is no reason to start a process again. */
  expectEnd(): void {
    this.#stopping = true;
    this.election?.expectEnd();
    this.health?.expectEnd();
  }

  /** The election first: the addresses go, the peer takes over; then the IPVS table. `also` ends beside the election. */
  async stop(also: () => Promise<void>): Promise<void> {
    const instances = this.#world.configuration().instances.length;
    const patience = sum(CHILD_WAIT_TIME, scale(ROUTER_WAIT_TIME, instances, 1));
    await Promise.all([this.election?.stop({ type: 'stop' }, patience), also()]);
    await this.#guard?.stop();
    await this.health?.stop({ type: 'stop' });
  }

  removePidFiles(): void {
    this.#electionPid.remove();
    this.#healthPid.remove();
  }

  #hear(role: Role, message: FromElection | FromHealth): void {
    if (message.type === 'status' || message.type === 'snapshot') this.#questions.answer(message.id, message);
    else this.#world.hear(role, message);
  }

  #isWanted(role: Role): boolean {
    return isWanted(role, this.#world.configuration(), this.#options.runBfd);
  }

  /** False: it is not there, or nothing is new for it, and then there is no reason why it should be late. */
  #configureElection(): boolean {
    const before = this.#electionIsTold;
    const configuration = this.#electionConfiguration();
    // the delay is that of a start, and shrinks while the host runs
    if (equalData({ ...before, startupDelay: undefined }, { ...configuration, startupDelay: undefined })) return false;
    return this.election?.send({ type: 'configure', configuration }) ?? false;
  }

  /** False: it is not there. */
  #configureHealth(): boolean {
    const configuration = this.#world.configuration();
    this.#sayVirtualServers(this.#news.changes(configuration.virtualServers));
    return this.health?.send({ type: 'configure', configuration: healthConfiguration(configuration) }) ?? false;
  }

  #electionConfiguration(): ElectionConfiguration {
    const { runBfd } = this.#options;
    this.#electionIsTold = electionConfiguration(this.#world.configuration(), seconds(uptime()), runBfd);
    return this.#electionIsTold;
  }

  #startElection(): void {
    this.#electionPid.write(this.election?.pid);
    const { guardLimit } = this.#options;
    this.election?.send({
      type: 'start',
      runtime: {
        realTimePriority: this.#world.configuration().global.vrrpRealTimePriority ?? DEFAULT_REAL_TIME_PRIORITY,
        niceness: this.#world.configuration().global.vrrpPriority,
        lockMemory: true,
        ...(typeof guardLimit === 'number' ? { guardLimit } : {}),
        isHeir: this.#world.isHeir('election'),
      },
      configuration: this.#electionConfiguration(),
      orphaned: this.#world.orphaned(),
    });
    this.#world.started('election');
    this.#guard?.electionStarted();
  }

  #startHealth(): void {
    this.#healthPid.write(this.health?.pid);
    const configuration = this.#world.configuration();
    const { virtualServers } = configuration;
    const early = this.#earlyNews;
    this.#earlyNews = undefined;
    const isSaid = early !== undefined && early.pid === this.health?.pid && early.virtualServers === virtualServers;
    if (!isSaid) this.#sayVirtualServers(this.#news.all(virtualServers));
    this.health?.send({
      type: 'start',
      configuration: healthConfiguration(configuration),
      isHeir: this.#world.isHeir('health'),
      orphaned: this.#world.orphaned(),
    });
    this.#world.started('health');
  }

  #sayVirtualServers(news: readonly VirtualServerNews[]): void {
    for (const piece of inPieces(news)) this.health?.send({ type: 'virtual-servers', ...piece });
  }

  #takeEarly(role: Role): ChildProcess | undefined {
    const early = this.#options.early?.get(role);
    this.#options.early?.delete(role);
    return early;
  }

  /** The guard acted because the election was silent: one that stays so is killed and started again. */
  #endIfHung(): void {
    this.election?.send({ type: 'ping' });
    setTimeout(() => {
      if (this.#stopping || !this.election || this.election.isResponsive(ANSWERS_WITHIN)) return;
      this.#world.log('error', 'process-hung', 'the election process does not answer; killing it', {
        role: 'election',
      });
      this.election.kill();
    }, inMilliseconds(ANSWERS_WITHIN)).unref();
  }
}
