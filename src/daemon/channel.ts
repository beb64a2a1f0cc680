/**
 * The child's end of the channel to main: typed messages, log records, and what to do when main is gone.
 */
import type { FromChild, LogLevel } from './messages.ts';
import { followDumpSignals } from './signals.ts';

export interface Channel<From> {
  send(message: From): void;
  /** A fact for the log of main. Fields that are undefined are left out. */
  log(
    level: LogLevel,
    event: string,
    message: string,
    fields?: Record<string, string | number | boolean | undefined>,
  ): void;
  /** What main was to be told since it is gone, as far as the next one can still use it. */
  missed(): readonly object[];
  /** Ends the connection, so that the process can end. */
  close(): void;
}

/** More than this is not kept for the next main. */
const MAX_MISSED = 1_000;
const KEPT = new Set(['log', 'notice', 'lvs-notice']);

/**
 * Connects a child process to main.
 * @param onMessage every message, in order
 * @param onOrphaned main died: release everything; may be called twice
 */
export function openChannel<To, From extends { readonly type: string } = FromChild>(
  onMessage: (message: To) => void,
  onOrphaned: (why: string) => void,
): Channel<From> {
  const missed: object[] = [];
  const send = (message: From | FromChild) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => {});
    else if (KEPT.has(message.type) && missed.length < MAX_MISSED) missed.push(message);
  };
  process.on('message', (message) => onMessage(message as To));
  process.on('disconnect', () => onOrphaned('the main process is gone'));
  // Ctrl-C reaches the whole foreground group: main decides what it means
  process.on('SIGINT', () => {});
  process.on('SIGHUP', () => {});
  followDumpSignals((request) => send({ type: 'dump', request }));
  // so does a SIGTERM to the whole group, as from systemd: main stops the others in order
  process.on('SIGTERM', () => {});
  // main may be gone before anybody listened
  if (!process.connected) setImmediate(() => onOrphaned('the main process is gone'));
  return {
    send,
    log: (level, event, message, fields = {}) => send({ type: 'log', record: { level, event, message, fields } }),
    missed: () => missed,
    close: () => {
      if (process.connected) process.disconnect();
    },
  };
}
