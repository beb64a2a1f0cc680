/**
 * Everything by which main and the world outside the election learn of each other: tracked scripts, files and processes on
 * the way in, notifications on the way out. Nothing here is ever waited for by the election.
 */
import { type Duration, inMilliseconds } from '../base/time.ts';
import type { Script } from '../config/script.ts';
import { now } from '../io/clock.ts';
import { FileWatcher } from '../io/file-watcher.ts';
import { runningProcesses } from '../io/processes.ts';
import { startCommand } from '../io/run-command.ts';
import { readBeginning, writeSmallFile } from '../io/small-file.ts';
import type { LvsNotice } from '../ipvs/notice.ts';
import type { NotificationReport } from '../status/report.ts';
import type { VrrpNotice } from '../vrrp/notice.ts';
import { TRACK_FILE_BYTES } from '../vrrp/track-file.ts';
import type { TrackResult } from '../vrrp/track-result.ts';
import { CommandDesk } from './command-desk.ts';
import { FileTrackers } from './file-trackers.ts';
import type { GlobalDefinitions } from './global-keywords.ts';
import type { NotifyFifo as NotifyFifoValue } from './global-values.ts';
import type { LogLevel, ToHealth } from './messages.ts';
import { messengersConfig } from './messenger-config.ts';
import { Messengers, realMessengers } from './messengers.ts';
import { Notifier, type NotifyFifos } from './notifier.ts';
import { type FifoConfig, NotifyFifo } from './notify-fifo.ts';
import { ProcessTrackers, type ProcessTrackReport } from './process-trackers.ts';
import type { Configuration } from './root.ts';
import {
  resolveAccount,
  resolveScript,
  type ScriptDefaults,
  type ScriptHost,
  scriptDefaults,
  scriptHost,
} from './runnable.ts';
import { describeEnding, ScriptRunner, succeeded } from './script-runner.ts';
import { ScriptTrackers } from './script-trackers.ts';

export interface OutsideWorld {
  /** For the election, and for the checkers. */
  report(result: TrackResult): void;
  /** For the health process. */
  commandEnded(message: Extract<ToHealth, { type: 'command-ended' }>): void;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number | undefined>): void;
}

/** See the file's head. */
export class Outside {
  readonly #runner: ScriptRunner;
  readonly #scripts: ScriptTrackers;
  readonly #files: FileTrackers;
  readonly #processes: ProcessTrackers;
  readonly #notifier: Notifier;
  readonly #messengers: Messengers;
  readonly #commands: CommandDesk;
  readonly #log: OutsideWorld['log'];
  #watcher: FileWatcher | undefined;
  #defaults: ScriptDefaults;
  #host: ScriptHost;

  constructor(configuration: Configuration, world: OutsideWorld) {
    this.#defaults = scriptDefaults(configuration.global);
    this.#host = thisHost();
    this.#runner = new ScriptRunner({
      resolve: (script) => resolveScript(script, this.#defaults, this.#host),
      start: startCommand,
    });
    this.#scripts = new ScriptTrackers({ now, runner: this.#runner, ...world });
    this.#files = new FileTrackers({
      watch: (path, onChange) => {
        this.#watcher ??= new FileWatcher();
        return this.#watcher.watch(path, onChange);
      },
      read: (path) => readBeginning(path, TRACK_FILE_BYTES),
      write: (path, content) => writeSmallFile(path, content, this.#defaults.umask),
      ...world,
    });
    this.#processes = new ProcessTrackers({ now, processes: runningProcesses, ...world });
    this.#commands = new CommandDesk(this.#runner, world.commandEnded);
    this.#log = world.log;
    const { log } = world;
    const runner = this.#runner;
    this.#messengers = new Messengers({ ...realMessengers, log });
    this.#notifier = new Notifier({ runner, log, openFifo: (config) => new NotifyFifo(config, { runner, log }) });
  }

  /** Before the first `configure`, after a restart: what is known of tracked things, and not to be forgotten. */
  inherit(results: readonly TrackResult[]): void {
    this.#scripts.inherit(results);
    this.#files.inherit();
  }

  /** Start and reload. */
  configure(configuration: Configuration): void {
    const { global, tracked, instances, syncGroups } = configuration;
    this.#defaults = scriptDefaults(global);
    this.#host = thisHost();
    this.#notifier.configure({
      subjects: [
        ...instances.map(({ name, notify }) => ({ subject: 'INSTANCE' as const, name, scripts: notify })),
        ...syncGroups.map(({ name, notify }) => ({ subject: 'GROUP' as const, name, scripts: notify })),
      ],
      fifos: this.#fifos(global),
      repeatsStatesOnReload: global.fifoWriteStatesOnReload,
    });
    this.#messengers.configure(messengersConfig(configuration));
    this.#files.configure(tracked.files);
    this.#processes.configure(tracked.processes.filter(({ idle }) => !idle));
    this.#scripts.configure(tracked.scripts);
  }

  /** What is known of everything that is tracked, for an election that knows nothing. */
  results(): TrackResult[] {
    return [...this.#files.results(), ...this.#processes.results(), ...this.#scripts.results()];
  }

  get trackedProcesses(): readonly ProcessTrackReport[] {
    return this.#processes.reports;
  }

  /** The election has said what happened. */
  told(notice: VrrpNotice): void {
    this.#notifier.vrrp(notice);
    this.#messengers.vrrp(notice);
  }

  /** The health process has said what happened. */
  toldOfServers(notice: LvsNotice): void {
    this.#notifier.lvs(notice);
    this.#messengers.lvs(notice);
  }

  /** The health process wants a command to be run, or to end. */
  command(message: Parameters<CommandDesk['hear']>[0]): void {
    this.#commands.hear(message);
  }

  /** The health process that wanted them is gone. */
  forgetCommands(): void {
    this.#commands.stopAll();
  }

  /** What became of the last notification of each instance, group and server. */
  get notifications(): readonly NotificationReport[] {
    return this.#notifier.reports.map(({ subject, event, keyword, startedAt, outcome }) => ({
      subject,
      event,
      keyword,
      startedAt: startedAt.toISOString(),
      ...(outcome === undefined
        ? {}
        : {
            succeeded: succeeded(outcome),
            result: describeEnding(outcome.ending),
            took_ms: Math.round(inMilliseconds(outcome.took)),
          }),
    }));
  }

  /** keepalived.conf(5) "startup_script": runs it to its end, or to the end of its time, before anything else begins. */
  async startup({ startupScript, startupScriptTimeout }: GlobalDefinitions): Promise<void> {
    await this.#runOwnScript('startup_script', startupScript, startupScriptTimeout);
  }

  /** Nothing is tracked any more. */
  stopTracking(): void {
    this.#scripts.close();
    this.#files.close();
    this.#processes.close();
    this.#watcher?.close();
  }

  /**
   * Everything has been told: waits for the last notifications, runs shutdown_script, and ends what still runs.
   */
  async close({ shutdownScript, shutdownScriptTimeout }: GlobalDefinitions): Promise<void> {
    await Promise.all([this.#notifier.close(), this.#messengers.close()]);
    await this.#runOwnScript('shutdown_script', shutdownScript, shutdownScriptTimeout);
    await this.#runner.close();
  }

  async #runOwnScript(keyword: string, script: Script | undefined, timeout: Duration): Promise<void> {
    if (script === undefined) return;
    const outcome = await this.#runner.run(script, timeout).ended;
    const level = succeeded(outcome) ? 'info' : 'warning';
    this.#log(level, 'own-script', `${keyword} ${describeEnding(outcome.ending)}`, { script: keyword });
  }

  #fifos(global: GlobalDefinitions): NotifyFifos {
    const fifo = (fifo: NotifyFifoValue | undefined, script: Script | true | undefined): FifoConfig | undefined => {
      if (fifo === undefined) return undefined;
      const { path, user } = fifo;
      const owner = resolveAccount(user === undefined ? this.#defaults : fifo, this.#defaults.isSecure, this.#host);
      if (owner.ok) {
        return { path, owner: owner.value, umask: this.#defaults.umask, script: script === true ? undefined : script };
      }
      this.#log('error', 'fifo-failed', `FIFO ${path} is not made: ${owner.reason}`, { path });
      return undefined;
    };
    const all = fifo(global.notifyFifo, global.notifyFifoScript);
    const vrrp = fifo(global.vrrpNotifyFifo, global.vrrpNotifyFifoScript);
    const lvs = fifo(global.lvsNotifyFifo, global.lvsNotifyFifoScript);
    return { ...(all && { all }), ...(vrrp && { vrrp }), ...(lvs && { lvs }) };
  }
}

const thisHost = (): ScriptHost => scriptHost({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });
