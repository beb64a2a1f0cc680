/**
 * keepalived's signals for dumps: SIGUSR1, SIGUSR2 and three real-time signals that Node cannot name. keepalived(8). Each
 * process of the agent listens: scripts send them to whatever pid file they know, and main hears of all.
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

/** What a signal asks for, by keepalived's names. */
export type DumpRequest = 'DATA' | 'STATS' | 'STATS_CLEAR' | 'JSON' | 'TDUMP';

/** From now on none of them ends the process, and SIGUSR1 does not open Node's debugger. */
export function followDumpSignals(onRequest: (request: DumpRequest) => void): void {
  process.on('SIGUSR1', () => onRequest('DATA'));
  process.on('SIGUSR2', () => onRequest('STATS'));
  for (const request of ['STATS_CLEAR', 'JSON', 'TDUMP'] as const) {
    new (native().SignalListener)(SIGNAL_NUMBERS[request] as number, () => onRequest(request));
  }
}
