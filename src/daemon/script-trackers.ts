/**
 * The vrrp_scripts of a configuration at run time: runs each when it is due, and tells what came of it. When that is, and
 * what a result means, is in vrrp/track-script.ts.
 */
import { type Instant, inMilliseconds } from '../base/time.ts';
import type { TrackResult } from '../vrrp/track-result.ts';
import {
  newTrackScript,
  reconfigured,
  type TrackScriptEffect,
  type TrackScriptEvent,
  type TrackScriptState,
  transition,
} from '../vrrp/track-script.ts';
import type { VrrpScript } from '../vrrp/tracked.ts';
import type { LogLevel } from './messages.ts';
import { describeEnding, type ScriptOutcome, type ScriptRun, type ScriptRunner, succeeded } from './script-runner.ts';

export interface ScriptTrackersWorld {
  now(): Instant;
  readonly runner: ScriptRunner;
  report(result: TrackResult): void;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number | undefined>): void;
}

/** What `status` and the dumps show of a script. */
export interface ScriptTrackReport {
  readonly name: string;
  readonly script: VrrpScript;
  readonly state: TrackScriptState;
  /** The last run that is over; undefined: none. */
  readonly last: ScriptOutcome | undefined;
}

interface Tracker {
  script: VrrpScript;
  state: TrackScriptState;
  run: ScriptRun | undefined;
  last: ScriptOutcome | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** See the file's head. */
export class ScriptTrackers {
  readonly #world: ScriptTrackersWorld;
  readonly #trackers = new Map<string, Tracker>();
  readonly #inherited = new Map<string, boolean>();

  constructor(world: ScriptTrackersWorld) {
    this.#world = world;
  }

  /** What is known from an earlier life; for the next `configure`. */
  inherit(results: readonly TrackResult[]): void {
    for (const result of results) if (result.kind === 'script') this.#inherited.set(result.name, result.isUp);
  }

  /** Start and reload: a script keeps what is known of it under its name; one whose command changed runs at once. */
  configure(scripts: readonly VrrpScript[]): void {
    const wanted = new Map(scripts.map((script) => [script.name, script]));
    for (const [name, tracker] of this.#trackers) {
      if (wanted.has(name)) continue;
      tracker.run?.stop();
      letGo(tracker);
      this.#trackers.delete(name);
    }
    for (const [name, script] of wanted) {
      const tracker = this.#trackers.get(name);
      if (tracker) this.#change(tracker, script);
      else this.#begin(script);
    }
    this.#inherited.clear();
  }

  /** What is known now, for an election that knows nothing. */
  results(): TrackResult[] {
    return [...this.#trackers.values()].flatMap(({ script: { name }, state: { isUp } }) =>
      isUp === undefined ? [] : [{ kind: 'script' as const, name, isUp }],
    );
  }

  get reports(): readonly ScriptTrackReport[] {
    return [...this.#trackers.values()].map(({ script, state, last }) => ({ name: script.name, script, state, last }));
  }

  /** Starts nothing any more; what runs is ended by the runner. */
  close(): void {
    for (const tracker of this.#trackers.values()) letGo(tracker);
    this.#trackers.clear();
  }

  #begin(script: VrrpScript): void {
    const state = newTrackScript(script, this.#world.now(), this.#inherited.get(script.name));
    const tracker: Tracker = { script, state, run: undefined, last: undefined, timer: undefined };
    this.#trackers.set(script.name, tracker);
    if (state.isUp !== undefined) this.#world.report({ kind: 'script', name: script.name, isUp: state.isUp });
    this.#handle(tracker, { type: 'clock' });
  }

  #change(tracker: Tracker, script: VrrpScript): void {
    const isSame = JSON.stringify(tracker.script.script) === JSON.stringify(script.script);
    const now = this.#world.now();
    const state = reconfigured(tracker.script, script, tracker.state, now);
    tracker.script = script;
    tracker.state = isSame ? state : { ...state, dueAt: now, run: 'none' };
    if (!isSame) {
      tracker.run?.stop();
      tracker.run = undefined;
    }
    this.#handle(tracker, { type: 'clock' });
  }

  #handle(tracker: Tracker, event: TrackScriptEvent): void {
    const { state, effects } = transition(tracker.script, tracker.state, event, this.#world.now());
    tracker.state = state;
    for (const effect of effects) this.#perform(tracker, effect);
    clearTimeout(tracker.timer);
    tracker.timer = setTimeout(
      () => this.#handle(tracker, { type: 'clock' }),
      Math.max(0, Math.ceil(inMilliseconds((tracker.state.dueAt - this.#world.now()) as never))),
    );
  }

  #perform(tracker: Tracker, effect: TrackScriptEffect): void {
    const { name } = tracker.script;
    switch (effect.type) {
      case 'run':
        this.#run(tracker);
        break;
      case 'skip':
        this.#world.log('warning', 'script-skipped', `VRRP_Script(${name}) still runs, so it is not run again`, {
          script: name,
        });
        break;
      case 'report':
        this.#world.report({ kind: 'script', name, isUp: effect.isUp });
    }
  }

  #run(tracker: Tracker): void {
    const { script, interval, timeout = interval } = tracker.script;
    const run = this.#world.runner.run(script, timeout, () => {
      if (tracker.run === run) this.#count(tracker, { type: 'timed-out' }, 'timed_out');
    });
    tracker.run = run;
    void run.ended.then((outcome) => {
      if (tracker.run !== run) return; // another command by now, or nobody tracks it any more
      tracker.run = undefined;
      const before = tracker.last?.ending;
      tracker.last = outcome;
      const { name } = tracker.script;
      const how = describeEnding(outcome.ending);
      if (outcome.ending.how === 'not-started' && before?.how !== 'not-started') {
        this.#world.log('warning', 'script-not-run', `VRRP_Script(${name}) ${how}; that counts as a failure`, {
          script: name,
        });
      } else if (statusOf(outcome.ending) !== statusOf(before)) {
        this.#world.log('info', 'script-result', `Script \`${name}\` now returning ${statusOf(outcome.ending)}`, {
          script: name,
        });
      }
      this.#count(tracker, { type: 'ended', succeeded: succeeded(outcome) }, how);
    });
  }

  /** Lets a result count, and says so when the script goes up or down by it. */
  #count(tracker: Tracker, event: TrackScriptEvent, how: string): void {
    const before = tracker.state;
    this.#handle(tracker, event);
    const { isUp, isNew } = tracker.state;
    if (isUp === before.isUp && isNew === before.isNew) return;
    const { name } = tracker.script;
    const sentence = isUp ? `VRRP_Script(${name}) succeeded` : `VRRP_Script(${name}) failed (${how})`;
    this.#world.log(isUp ? 'notice' : 'warning', isUp ? 'script-up' : 'script-down', sentence, { script: name });
  }
}

/** No run starts any more, and the one that runs tells nothing. */
function letGo(tracker: Tracker): void {
  clearTimeout(tracker.timer);
  tracker.run = undefined;
}

/** As a shell has it in $?; undefined before the first run and where there is none. */
function statusOf(ending: ScriptOutcome['ending'] | undefined): number | string | undefined {
  if (ending?.how === 'exited') return ending.status;
  return ending?.how === 'killed' ? ending.signal : undefined;
}
