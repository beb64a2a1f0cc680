/**
 * Tells the world what happened: scripts, FIFOs. What the election and the health process say arrives here in the order of
 * events, and nothing here makes them wait.
 */
import { type Duration, seconds } from '../base/time.ts';
import { type LvsNotice, lvsFifoLine } from '../ipvs/notice.ts';
import type { NotifyScripts } from '../vrrp/instance.ts';
import type { VrrpNotice } from '../vrrp/notice.ts';
import { fifoLine, isState, notifyCommands } from '../vrrp/notifications.ts';
import type { LogLevel } from './messages.ts';
import type { FifoConfig, NotifyFifo } from './notify-fifo.ts';
import { NotifyQueues, type NotifyReport } from './notify-queue.ts';
import type { ScriptRunner } from './script-runner.ts';

/** How long the scripts of STOP may take together, before the agent ends without them. */
const STOP_TIME: Duration = seconds(5);

/** What is told about an instance or a group. */
export interface NotifySubject {
  readonly subject: VrrpNotice['subject'];
  readonly name: string;
  readonly scripts: NotifyScripts;
}

/** The pipes of the configuration: all changes, those of virtual routers, those of virtual servers. */
export interface NotifyFifos {
  readonly all?: FifoConfig;
  readonly vrrp?: FifoConfig;
  readonly lvs?: FifoConfig;
}

export interface NotifierConfig {
  readonly subjects: readonly NotifySubject[];
  readonly fifos: NotifyFifos;
  /** keepalived.conf(5) "fifo_write_vrrp_states_on_reload" */
  readonly repeatsStatesOnReload: boolean;
}

export interface NotifierWorld {
  readonly runner: ScriptRunner;
  openFifo(config: FifoConfig): Pick<NotifyFifo, 'config' | 'write' | 'close'>;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number | undefined>): void;
}

type Fifo = ReturnType<NotifierWorld['openFifo']>;

/** See the file's head. */
export class Notifier {
  readonly #world: NotifierWorld;
  readonly #queues: NotifyQueues;
  #subjects = new Map<string, NotifySubject>();
  /** What was configured before, for those whose removal is still to be told. */
  #former = new Map<string, NotifySubject>();
  readonly #states = new Map<string, VrrpNotice>();
  readonly #fifos = new Map<keyof NotifyFifos, Fifo>();
  #isConfigured = false;

  constructor(world: NotifierWorld) {
    this.#world = world;
    this.#queues = new NotifyQueues(world);
  }

  /** Start and reload: a pipe that stays the same is not touched. */
  configure({ subjects, fifos, repeatsStatesOnReload }: NotifierConfig): void {
    this.#former = this.#subjects;
    this.#subjects = new Map(subjects.map((one) => [keyOf(one), one]));
    for (const kind of ['all', 'vrrp', 'lvs'] as const) this.#openFifo(kind, fifos[kind]);
    if (repeatsStatesOnReload && this.#isConfigured) {
      for (const [key, notice] of this.#states) if (this.#subjects.has(key)) this.#write('vrrp', fifoLine(notice));
    }
    this.#isConfigured = true;
  }

  /** Something happened to a virtual router or a group. */
  vrrp(notice: VrrpNotice): void {
    const key = keyOf(notice);
    const subject = this.#subjects.get(key) ?? this.#former.get(key);
    const commands = notifyCommands(notice, subject?.scripts ?? {});
    if (isState(notice.event)) {
      this.#queues.add(key, notice.event, commands);
      this.#states.set(key, notice);
    } else if (commands.length > 0) this.#queues.add(`${key} ${notice.event}`, notice.event, commands);
    this.#write('vrrp', fifoLine(notice));
  }

  /** Something happened to a virtual or a real server. */
  lvs(notice: LvsNotice): void {
    const { subject, virtualServer, realServer, isUp, command } = notice;
    const name = [subject, realServer, virtualServer].filter((part) => part !== undefined).join(' ');
    this.#queues.add(name, isUp ? 'UP' : 'DOWN', command === undefined ? [] : [command]);
    this.#write('lvs', lvsFifoLine(notice));
  }

  get reports(): readonly NotifyReport[] {
    return this.#queues.reports;
  }

  /** The agent ends, and everything has been told: waits for the last scripts, and for the readers of the pipes. */
  async close(): Promise<void> {
    this.#queues.hurry();
    await this.#queues.drained(STOP_TIME);
    await Promise.all([...this.#fifos.values()].map((fifo) => fifo.close()));
    this.#fifos.clear();
  }

  #write(kind: 'vrrp' | 'lvs', line: string): void {
    this.#fifos.get('all')?.write(line);
    this.#fifos.get(kind)?.write(line);
  }

  #openFifo(kind: keyof NotifyFifos, config: FifoConfig | undefined): void {
    const old = this.#fifos.get(kind);
    if (old !== undefined && JSON.stringify(old.config) === JSON.stringify(config)) return;
    this.#fifos.delete(kind);
    const open = () => {
      if (config === undefined) return;
      try {
        this.#fifos.set(kind, this.#world.openFifo(config));
      } catch (error) {
        const { path } = config;
        const sentence = `FIFO ${path} cannot be used: ${(error as Error).message}; nothing is told there`;
        this.#world.log('error', 'fifo-failed', sentence, { path });
      }
    };
    // the old one is removed in the end, perhaps under the same path
    if (old === undefined) open();
    else void old.close().then(open);
  }
}

const keyOf = ({ subject, name }: { readonly subject: string; readonly name: string }): string => `${subject} ${name}`;
