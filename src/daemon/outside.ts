/**
 * Everything by which main and the world outside the election learn of each other: tracked scripts, files and processes on
 * the way in. Nothing here is ever waited for by the election.
 */
import { now } from '../io/clock.ts';
import { FileWatcher } from '../io/file-watcher.ts';
import { runningProcesses } from '../io/processes.ts';
import { startCommand } from '../io/run-command.ts';
import { readBeginning, writeSmallFile } from '../io/small-file.ts';
import { TRACK_FILE_BYTES } from '../vrrp/track-file.ts';
import type { TrackResult } from '../vrrp/track-result.ts';
import { FileTrackers } from './file-trackers.ts';
import type { LogLevel } from './messages.ts';
import { ProcessTrackers } from './process-trackers.ts';
import type { Configuration } from './root.ts';
import { resolveScript, type ScriptDefaults, type ScriptHost, scriptDefaults, scriptHost } from './runnable.ts';
import { ScriptRunner } from './script-runner.ts';
import { ScriptTrackers } from './script-trackers.ts';

export interface OutsideWorld {
  /** For the election. */
  report(result: TrackResult): void;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number | undefined>): void;
}

/** See the file's head. */
export class Outside {
  readonly #runner: ScriptRunner;
  readonly #scripts: ScriptTrackers;
  readonly #files: FileTrackers;
  readonly #processes: ProcessTrackers;
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
  }

  /** Start and reload. */
  configure({ global, tracked }: Configuration): void {
    this.#defaults = scriptDefaults(global);
    this.#host = thisHost();
    this.#files.configure(tracked.files);
    this.#processes.configure(tracked.processes);
    this.#scripts.configure(tracked.scripts);
  }

  /** What is known of everything that is tracked, for an election that knows nothing. */
  results(): TrackResult[] {
    return [...this.#files.results(), ...this.#processes.results(), ...this.#scripts.results()];
  }

  /** Nothing is tracked any more; scripts that run are ended. */
  async close(): Promise<void> {
    this.#scripts.close();
    this.#files.close();
    this.#processes.close();
    this.#watcher?.close();
    await this.#runner.close();
  }
}

const thisHost = (): ScriptHost => scriptHost({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });
