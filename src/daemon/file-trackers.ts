/** The track_files of a configuration at run time: reads each when it changes, and tells its number. */

import { trackFileValue } from '../vrrp/track-file.ts';
import type { TrackResult } from '../vrrp/track-result.ts';
import type { TrackFile } from '../vrrp/tracked.ts';
import type { LogLevel } from './messages.ts';

export interface FileTrackersWorld {
  /** Calls back when the file may have changed. @returns ends it */
  watch(path: string, onChange: () => void): () => void;
  /** The beginning of a file; undefined: it is not there, or is no file that can be read. */
  read(path: string): string | undefined;
  /** Throws as node:fs does. */
  write(path: string, content: string): void;
  report(result: TrackResult): void;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number | undefined>): void;
}

/** What `status` and the dumps show of a file. */
export interface FileTrackReport {
  readonly name: string;
  readonly file: TrackFile;
  /** The number in it, 0 where there is none. */
  readonly value: number;
}

interface Tracker {
  file: TrackFile;
  value: number;
  stop: () => void;
}

/** See the file's head. */
export class FileTrackers {
  readonly #world: FileTrackersWorld;
  readonly #trackers = new Map<string, Tracker>();
  #isStarted = false;

  constructor(world: FileTrackersWorld) {
    this.#world = world;
  }

  /** The files have been made in an earlier life. */
  inherit(): void {
    this.#isStarted = true;
  }

  /** Start and reload. Files that lack their number are made at the start only: keepalived.conf(5) "init_file". */
  configure(files: readonly TrackFile[]): void {
    const wanted = new Map(files.map((file) => [file.name, file]));
    for (const [name, tracker] of this.#trackers) {
      if (wanted.get(name)?.file === tracker.file.file) continue;
      tracker.stop();
      if (!wanted.has(name)) this.#trackers.delete(name);
    }
    for (const [name, file] of wanted) {
      if (!this.#isStarted) this.#initialise(file);
      const tracker = this.#trackers.get(name);
      if (tracker === undefined) this.#begin(file);
      else if (tracker.file.file === file.file) tracker.file = file;
      else this.#move(tracker, file);
    }
    this.#isStarted = true;
  }

  /** What is known now, for an election that knows nothing. */
  results(): TrackResult[] {
    return [...this.#trackers.values()].map(({ file: { name }, value }) => ({ kind: 'file', name, value }));
  }

  get reports(): readonly FileTrackReport[] {
    return [...this.#trackers.values()].map(({ file, value }) => ({ name: file.name, file, value }));
  }

  close(): void {
    for (const { stop } of this.#trackers.values()) stop();
    this.#trackers.clear();
  }

  #initialise({ name, file, initial }: TrackFile): void {
    if (initial === undefined) return;
    if (!initial.overwrite && this.#world.read(file) !== undefined) return;
    try {
      this.#world.write(file, `${initial.value}\n`);
    } catch (error) {
      this.#world.log('warning', 'track-file', `track_file ${name}: ${file} is not made: ${(error as Error).message}`, {
        file,
      });
    }
  }

  #begin(file: TrackFile): void {
    const tracker: Tracker = { file, value: 0, stop: () => {} };
    this.#trackers.set(file.name, tracker);
    tracker.stop = this.#world.watch(file.file, () => this.#look(tracker));
    tracker.value = this.#read(tracker) ?? 0;
    this.#report(tracker);
  }

  /** Another file under the same name. */
  #move(tracker: Tracker, file: TrackFile): void {
    tracker.file = file;
    tracker.stop = this.#world.watch(file.file, () => this.#look(tracker));
    this.#look(tracker);
  }

  #look(tracker: Tracker): void {
    const value = this.#read(tracker);
    if (value === undefined || value === tracker.value) return;
    const { name } = tracker.file;
    this.#world.log('info', 'track-file', `track_file ${name}: ${tracker.value} becomes ${value}`, { value });
    tracker.value = value;
    this.#report(tracker);
  }

  #read({ file: { name, file } }: Tracker): number | undefined {
    const value = trackFileValue(this.#world.read(file) ?? '');
    if (value === undefined) {
      const sentence = `track_file ${name}: the number in ${file} is too large; the one before it goes on to count`;
      this.#world.log('warning', 'track-file', sentence, { file });
    }
    return value;
  }

  #report({ file: { name }, value }: Tracker): void {
    this.#world.report({ kind: 'file', name, value });
  }
}
