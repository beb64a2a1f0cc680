/**
 * The vrrp_track_processes of a configuration at run time: counts the processes that each means, and tells whether there are
 * enough. They are counted once a second, and less often where counting takes long.
 */
import { type Duration, earliest, type Instant, inMilliseconds, later, milliseconds, seconds } from '../base/time.ts';
import {
  isMeant,
  NEW_TRACK_PROCESS,
  needsCommandLine,
  type ProcessInfo,
  type TrackProcessEvent,
  type TrackProcessState,
  transition,
} from '../vrrp/track-process.ts';
import type { TrackResult } from '../vrrp/track-result.ts';
import type { TrackProcess } from '../vrrp/tracked.ts';
import type { LogLevel } from './messages.ts';

export interface ProcessTrackersWorld {
  now(): Instant;
  processes(withCommandLine: boolean): readonly ProcessInfo[];
  report(result: TrackResult): void;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number | undefined>): void;
}

/** What `status` and the dumps show of it. */
export interface ProcessTrackReport {
  readonly name: string;
  readonly process: TrackProcess;
  readonly state: TrackProcessState;
}

interface Tracker {
  process: TrackProcess;
  state: TrackProcessState;
}

const COUNT_EVERY = seconds(1);
/** Counting takes at most this part of the main process's time. */
const MAX_SHARE = 1 / 20;

/** See the file's head. */
export class ProcessTrackers {
  readonly #world: ProcessTrackersWorld;
  readonly #trackers = new Map<string, Tracker>();
  #timer: NodeJS.Timeout | undefined;
  #countAt: Instant | undefined;

  constructor(world: ProcessTrackersWorld) {
    this.#world = world;
  }

  /** Start and reload: what is known of a name stays, unless other processes are meant by it. */
  configure(processes: readonly TrackProcess[]): void {
    const wanted = new Map(processes.map((process) => [process.name, process]));
    for (const name of this.#trackers.keys()) if (!wanted.has(name)) this.#trackers.delete(name);
    for (const [name, process] of wanted) {
      const tracker = this.#trackers.get(name);
      if (tracker) tracker.process = process;
      else this.#trackers.set(name, { process, state: NEW_TRACK_PROCESS });
    }
    this.#count();
  }

  /** What is known now, for an election that knows nothing. */
  results(): TrackResult[] {
    return [...this.#trackers.values()].flatMap(({ process: { name }, state: { isUp } }) =>
      isUp === undefined ? [] : [{ kind: 'process' as const, name, isUp }],
    );
  }

  get reports(): readonly ProcessTrackReport[] {
    return [...this.#trackers.values()].map(({ process, state }) => ({ name: process.name, process, state }));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#trackers.clear();
  }

  #count(): void {
    const trackers = [...this.#trackers.values()];
    this.#countAt = undefined;
    if (trackers.length > 0) {
      const begunAt = this.#world.now();
      const processes = this.#world.processes(trackers.some(({ process }) => needsCommandLine(process)));
      for (const tracker of trackers) {
        const count = processes.filter((info) => isMeant(tracker.process, info)).length;
        this.#handle(tracker, { type: 'counted', count });
      }
      const took = this.#world.now() - begunAt;
      this.#countAt = later(this.#world.now(), Math.max(COUNT_EVERY, took / MAX_SHARE) as Duration);
    }
    this.#arm();
  }

  #wake(): void {
    for (const tracker of this.#trackers.values()) this.#handle(tracker, { type: 'clock' });
    if (this.#countAt !== undefined && this.#world.now() >= this.#countAt) this.#count();
    else this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    let next = this.#countAt;
    for (const { state } of this.#trackers.values()) next = earliest(next, state.turnAt);
    if (next === undefined) return;
    const wait = milliseconds(Math.max(0, Math.ceil((next - this.#world.now()) / 1000)));
    this.#timer = setTimeout(() => this.#wake(), inMilliseconds(wait));
  }

  #handle(tracker: Tracker, event: TrackProcessEvent): void {
    const before = tracker.state.isUp;
    tracker.state = transition(tracker.process, tracker.state, event, this.#world.now());
    const { isUp, count } = tracker.state;
    if (isUp === undefined || isUp === before) return;
    const { name } = tracker.process;
    const sentence = `quorum ${isUp ? 'gained' : 'lost'} for tracked process ${name}: ${count} of it`;
    this.#world.log(isUp ? 'notice' : 'warning', isUp ? 'process-up' : 'process-down', sentence, {
      process: name,
      count,
    });
    this.#world.report({ kind: 'process', name, isUp });
  }
}
