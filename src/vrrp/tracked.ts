/**
 * What main tracks for the virtual routers, as it is configured, every default filled in: vrrp_script, track_file and
 * vrrp_track_process of keepalived.conf(5). Which instance tracks what, and with which weight, is in instance.ts.
 */
import { type Duration, seconds, ZERO } from '../base/time.ts';
import { readScript, type Script } from '../config/script.ts';
import type { ScriptReading, TrackFileReading, TrackProcessReading, Weight } from './tracking-keywords.ts';

/** A command whose result counts. */
export interface VrrpScript extends Weight {
  readonly name: string;
  readonly script: Script;
  /** From the start of one run to the start of the next, never zero. */
  readonly interval: Duration;
  /** What takes longer has failed; absent: longer than the interval. */
  readonly timeout?: Duration;
  /** Successes in a row that make it up, at least 1. */
  readonly rise: number;
  /** Failures in a row that make it down, at least 1. */
  readonly fall: number;
  /** Counts as failed until the first result; otherwise nothing counts until then. */
  readonly initFail: boolean;
}

/** A file that holds a number. */
export interface TrackFile extends Weight {
  readonly name: string;
  /** Absolute, or seen from where the agent was started. */
  readonly file: string;
  /** What is written into it at the start, where it is not there; `overwrite`: also where it is. */
  readonly initial?: { readonly value: number; readonly overwrite: boolean };
  /** No instance tracks it, so it is not read for them. */
  readonly idle?: true;
}

/** Processes that must run, or must not. */
export interface TrackProcess extends Weight {
  readonly name: string;
  /** The name of the process, then its parameters. */
  readonly process: readonly string[];
  /** `none`: parameters do not count unless there are some. keepalived.conf(5) "param_match" */
  readonly parameterMatch: 'none' | 'exact' | 'partial' | 'initial';
  /** The name is looked for in the command line rather than in the name that the kernel keeps. */
  readonly fullCommand: boolean;
  readonly quorum: number;
  /** Absent: as many as there are. */
  readonly quorumMax?: number;
  /** How long a quorum must have been there to count. */
  readonly forkDelay: Duration;
  /** How long it must have been gone to count as gone. */
  readonly terminateDelay: Duration;
  /** No instance tracks it, so it is not counted. */
  readonly idle?: true;
}

/** Everything that main tracks. A name stands once in each. */
export interface Tracked {
  readonly scripts: readonly VrrpScript[];
  readonly files: readonly TrackFile[];
  readonly processes: readonly TrackProcess[];
}

/** The words of the blocks. */
export interface TrackedReadings {
  readonly scripts: readonly ScriptReading[];
  readonly trackFiles: readonly TrackFileReading[];
  readonly trackProcesses: readonly TrackProcessReading[];
}

const DEFAULT_INTERVAL = seconds(1);
const NO_WEIGHT: Weight = { weight: 0, reverse: false };
const FILE_WEIGHT: Weight = { weight: 1, reverse: false };

/** What the blocks come to. What lacks its script, file or process is left out; that was said when it was read. */
export function buildTracked({ scripts, trackFiles, trackProcesses }: TrackedReadings): Tracked {
  return {
    scripts: byName(scripts, buildScript),
    files: byName(trackFiles, buildFile),
    processes: byName(trackProcesses, buildProcess),
  };
}

/** The first one of each name counts. */
function byName<Reading extends { readonly header: readonly { readonly text: string }[] }, Built>(
  readings: readonly Reading[],
  build: (name: string, reading: Reading) => Built | undefined,
): Built[] {
  const built = new Map<string, Built>();
  for (const reading of readings) {
    const name = reading.header[0]?.text ?? '';
    const one = build(name, reading);
    if (one !== undefined && !built.has(name)) built.set(name, one);
  }
  return [...built.values()];
}

function buildScript(name: string, { values, at }: ScriptReading): VrrpScript | undefined {
  const command = at('script')?.args[0];
  if (values.script === undefined || command === undefined) return undefined;
  const script = readScript([command, ...(at('user')?.args ?? [])]);
  if (script === undefined) return undefined;
  const interval = values.interval ?? DEFAULT_INTERVAL;
  const { timeout, rise = 1, fall = 1, initFail } = values;
  return {
    name,
    script,
    interval,
    ...(timeout === undefined ? {} : { timeout }),
    rise,
    fall,
    initFail,
    ...(values.weight ?? NO_WEIGHT),
  };
}

function buildFile(name: string, { values }: TrackFileReading): TrackFile | undefined {
  if (values.file === undefined) return undefined;
  const words = values.initialValue;
  const number = words?.find((word) => word !== 'overwrite');
  const initial = { value: Number(number ?? 0), overwrite: words?.includes('overwrite') ?? false };
  return {
    name,
    file: values.file,
    ...(words === undefined ? {} : { initial }),
    ...(values.weight ?? FILE_WEIGHT),
  };
}

function buildProcess(name: string, { values }: TrackProcessReading): TrackProcess | undefined {
  const { process: words, quorum = 1, quorumMax, delay = ZERO, parameterMatch, fullCommand } = values;
  if (words === undefined) return undefined;
  return {
    name,
    process: words,
    parameterMatch: parameterMatch === true ? 'exact' : (parameterMatch ?? (words.length > 1 ? 'exact' : 'none')),
    fullCommand,
    quorum,
    ...(quorumMax === undefined || (quorumMax > 0 && quorumMax < quorum) ? {} : { quorumMax }),
    forkDelay: values.forkDelay ?? delay,
    terminateDelay: values.terminateDelay ?? delay,
    ...(values.weight ?? NO_WEIGHT),
  };
}
