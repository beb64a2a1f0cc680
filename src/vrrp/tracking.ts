/**
 * What a virtual router's tracked things make of it: its effective priority, the faults that keep it out, and what has
 * to be known before it can begin. keepalived.conf(5) "track_interface", "track_script", "track_file", "track_process",
 * "track_bfd".
 *
 * Pure. Who watches the things, and how often a script has to fail before it counts as failed, is the daemon's.
 */
import { assertNever } from '../base/assert.ts';
import type { Tracked, Tracking } from './instance.ts';

/** What is watched outside of the election. */
export const trackerKinds = ['script', 'file', 'process', 'bfd'] as const;
export type TrackerKind = (typeof trackerKinds)[number];

/**
 * How a tracked thing is. `unknown`: it has no result yet. Of a file, its number; of everything else `up` (the script
 * succeeds, the process runs, the session is up) or `down`.
 */
export type TrackerState = 'unknown' | 'up' | 'down' | number;

/** Who knows how the tracked things are. */
export interface TrackingView {
  /** Why an interface is not up, as a sentence; undefined: it is. */
  interfaceProblem(name: string): string | undefined;
  /** Undefined: nobody watches it, so it has no effect. */
  stateOf(kind: TrackerKind, name: string): TrackerState | undefined;
}

/** What follows for a virtual router. */
export interface Verdict {
  /** 1-254, and 255 for the owner of the addresses, whose priority nothing changes. */
  readonly priority: number;
  /** Sentences; empty: nothing keeps it out. */
  readonly faults: readonly string[];
  /** Things without a result yet whose failure would be a fault: before the first result nothing begins. */
  readonly awaited: readonly string[];
}

const OWNER_PRIORITY = 255;
const PRIORITY_MIN = 1;
const PRIORITY_MAX = 254;
/** A file whose number times weight is at most this is a fault; above FILE_MAX it counts as that. */
const FILE_FAULT = -254;
const FILE_MAX = 253;

/** What one thing does: adds to the priority, keeps out, is waited for. */
type Influence =
  | { readonly type: 'weight'; readonly weight: number }
  | { readonly type: 'fault'; readonly sentence: string }
  | { readonly type: 'awaited'; readonly what: string };

const NOTHING: Influence = { type: 'weight', weight: 0 };

/** The verdict on a virtual router with this configured priority. */
export function judge(tracking: Tracking, configuredPriority: number, view: TrackingView): Verdict {
  const influences = influencesOf(tracking, view);
  const faults = new Set<string>();
  const awaited = new Set<string>();
  let total = configuredPriority;
  for (const influence of influences) {
    if (influence.type === 'weight') total += influence.weight;
    else if (influence.type === 'fault') faults.add(influence.sentence);
    else awaited.add(influence.what);
  }
  const isOwner = configuredPriority === OWNER_PRIORITY;
  const priority = isOwner ? OWNER_PRIORITY : Math.min(PRIORITY_MAX, Math.max(PRIORITY_MIN, total));
  return { priority, faults: [...faults], awaited: [...awaited] };
}

function* influencesOf(tracking: Tracking, view: TrackingView): Generator<Influence> {
  for (const tracked of tracking.interfaces) {
    const problem = view.interfaceProblem(tracked.name);
    yield ofTwo(tracked, problem === undefined, problem ?? `interface ${tracked.name} is up`);
  }
  for (const tracked of tracking.scripts) yield ofReport('script', tracked, view);
  for (const tracked of tracking.files) yield ofReport('file', tracked, view);
  for (const tracked of tracking.processes) yield ofReport('process', tracked, view);
  for (const tracked of tracking.bfd) yield ofReport('bfd', tracked, view);
}

function ofReport(kind: TrackerKind, tracked: Tracked, view: TrackingView): Influence {
  const state = view.stateOf(kind, tracked.name);
  if (state === undefined) return NOTHING;
  if (state === 'unknown') {
    return tracked.weight === 0 ? { type: 'awaited', what: `${subjects[kind]} ${tracked.name}` } : NOTHING;
  }
  if (kind === 'file') return ofFile(tracked, typeof state === 'number' ? state : 0);
  return ofTwo(tracked, state === 'up', sentenceOf(kind, tracked.name, state === 'up'));
}

/** keepalived.conf(5) "track_script" and the others: a positive weight is for the good state, a negative one for the bad. */
function ofTwo({ weight, reverse }: Tracked, isUp: boolean, sentence: string): Influence {
  const isGood = isUp !== reverse;
  if (weight === 0) return isGood ? NOTHING : { type: 'fault', sentence };
  if (isGood !== weight > 0) return NOTHING;
  return { type: 'weight', weight };
}

/** keepalived.conf(5) "track_file": its number times the weight; without a weight any number but zero is a fault. */
function ofFile({ name, weight, reverse }: Tracked, value: number): Influence {
  const sentence = `tracked file ${name} says ${value}`;
  if (weight === 0) return (value === 0) === reverse ? { type: 'fault', sentence } : NOTHING;
  const product = value * weight * (reverse ? -1 : 1);
  if (product <= FILE_FAULT) return { type: 'fault', sentence };
  return { type: 'weight', weight: Math.min(FILE_MAX, product) };
}

const subjects: Readonly<Record<TrackerKind, string>> = {
  script: 'script',
  file: 'tracked file',
  process: 'tracked process',
  bfd: 'BFD session',
};

function sentenceOf(kind: TrackerKind, name: string, isUp: boolean): string {
  const subject = `${subjects[kind]} ${name}`;
  switch (kind) {
    case 'script':
      return `${subject} ${isUp ? 'succeeds' : 'fails'}`;
    case 'process':
      return `${subject} ${isUp ? 'runs' : 'does not run as it should'}`;
    case 'bfd':
      return `${subject} is ${isUp ? 'up' : 'down'}`;
    case 'file':
      return subject;
    default:
      return assertNever(kind);
  }
}
