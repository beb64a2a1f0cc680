/**
 * Signals that keepalived has a meaning for and holdfast has not yet: they must not end the agent, and SIGUSR1 must not
 * open Node's debugger.
 */
import { native } from '../io/native.ts';

/** What `--signum` answers: keepalived(8), on Linux with glibc. */
export const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  STOP: 15,
  RELOAD: 1,
  DATA: 10,
  STATS: 12,
  STATS_CLEAR: 63,
  JSON: 36,
  TDUMP: 64,
};

/** Takes SIGUSR1 and SIGUSR2 over and ignores keepalived's real-time signals. */
export function tameSignals(onSignal: (name: string) => void): void {
  process.on('SIGUSR1', () => onSignal('SIGUSR1'));
  process.on('SIGUSR2', () => onSignal('SIGUSR2'));
  for (const name of ['JSON', 'STATS_CLEAR', 'TDUMP']) native().ignoreSignal(SIGNAL_NUMBERS[name] ?? 0);
}
