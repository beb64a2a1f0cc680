/**
 * The state of a vrrp_track_process: which processes it means, and whether there are as many of them as there must be.
 * keepalived.conf(5) "vrrp_track_process".
 */
import { type Duration, type Instant, later } from '../base/time.ts';
import type { TrackProcess } from './tracked.ts';

/** A process as the kernel shows it in /proc. */
export interface ProcessInfo {
  readonly pid: number;
  /** The name that the kernel keeps, at most 15 bytes: /proc/PID/comm. */
  readonly comm: string;
  /** Its words; empty for threads of the kernel: /proc/PID/cmdline. */
  readonly commandLine: readonly string[];
}

/** What the kernel keeps of a name: TASK_COMM_LEN without its NUL. */
const COMM_BYTES = 15;

/** Whether /proc/PID/cmdline is needed to tell. */
export const needsCommandLine = ({ fullCommand, parameterMatch }: MatchConfig): boolean =>
  fullCommand || parameterMatch !== 'none';

type MatchConfig = Pick<TrackProcess, 'process' | 'parameterMatch' | 'fullCommand'>;

/** Whether a process is one of those that are counted. With parameters the whole command line is compared. */
export function isMeant(config: MatchConfig, { comm, commandLine }: ProcessInfo): boolean {
  const [name = '', ...wanted] = config.process;
  if (!needsCommandLine(config)) return comm === new TextDecoder().decode(commOf(name));
  const [program, ...parameters] = commandLine;
  if (program !== name) return false;
  switch (config.parameterMatch) {
    case 'none':
      return true;
    case 'exact':
      return parameters.length === wanted.length && wanted.every((word, i) => parameters[i] === word);
    case 'partial':
      return wanted.every((word, i) => parameters[i] === word);
    case 'initial': {
      const last = wanted.length - 1;
      return wanted.every((word, i) => (i === last ? parameters[i]?.startsWith(word) : parameters[i] === word));
    }
  }
}

const commOf = (name: string): Uint8Array => new TextEncoder().encode(name).subarray(0, COMM_BYTES);

export interface TrackProcessState {
  /** Undefined: never counted. */
  readonly count: number | undefined;
  /** Undefined: nothing is known of it yet. */
  readonly isUp: boolean | undefined;
  /** Until when the count must stay as it is to turn it over; undefined: it need not turn. */
  readonly turnAt: Instant | undefined;
}

export type TrackProcessEvent = { readonly type: 'clock' } | { readonly type: 'counted'; readonly count: number };

type QuorumConfig = Pick<TrackProcess, 'quorum' | 'quorumMax' | 'forkDelay' | 'terminateDelay'>;

export const NEW_TRACK_PROCESS: TrackProcessState = { count: undefined, isUp: undefined, turnAt: undefined };

/** Whether that many are enough and not too many. quorum_max 0: there must be none. */
export const hasQuorum = ({ quorum, quorumMax }: QuorumConfig, count: number): boolean =>
  quorumMax === 0 ? count === 0 : count >= quorum && (quorumMax === undefined || count <= quorumMax);

/** The next state; whether it is up is to be reported where it differs from before. The first count counts at once. */
export function transition(
  config: QuorumConfig,
  state: TrackProcessState,
  event: TrackProcessEvent,
  now: Instant,
): TrackProcessState {
  if (event.type === 'clock') {
    if (state.turnAt === undefined || now < state.turnAt) return state;
    return { ...state, isUp: !state.isUp, turnAt: undefined };
  }
  const { count } = event;
  const isUp = hasQuorum(config, count);
  if (state.isUp === undefined || state.count === undefined) return { count, isUp, turnAt: undefined };
  if (isUp === state.isUp) return { ...state, count, turnAt: undefined };
  if (state.turnAt !== undefined) return { ...state, count };
  const delay: Duration = count > state.count ? config.forkDelay : config.terminateDelay;
  return delay === 0 ? { count, isUp, turnAt: undefined } : { ...state, count, turnAt: later(now, delay) };
}
