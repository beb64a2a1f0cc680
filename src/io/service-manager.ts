/**
 * What we tell the service manager: sd_notify(3), the datagrams of Type=notify and Type=notify-reload. Without
 * $NOTIFY_SOCKET every call does nothing; telling never blocks and never fails the agent.
 */
import { type Duration, microseconds } from '../base/time.ts';
import { AF_UNIX, SOCK_DGRAM } from './constants.ts';
import { type NativeSocket, native, type SocketAddress } from './native.ts';
import { isSystemCallError } from './system-error.ts';

export class ServiceManager {
  /** How long the service manager waits for a `watchdog()` before it kills us; undefined: it does not wait for us. */
  readonly watchdogInterval: Duration | undefined;
  readonly #to: SocketAddress | undefined;
  #socket: NativeSocket | undefined;

  /**
   * @param environment $NOTIFY_SOCKET (a path, or a name after '@'), $WATCHDOG_USEC, $WATCHDOG_PID
   * @param pid of this process; a watchdog meant for another one is not ours
   */
  constructor(environment: Readonly<Record<string, string | undefined>>, pid: number = process.pid) {
    this.#to = addressOf(environment.NOTIFY_SOCKET);
    this.watchdogInterval = watchdogOf(environment, pid);
  }

  /** Whether there is one that listens. */
  get isThere(): boolean {
    return this.#to !== undefined;
  }

  /** Started, or reloaded; with a sentence for `systemctl status`. */
  ready(status: string): void {
    this.#tell('READY=1', statusLine(status));
  }

  /** The sentence of `systemctl status`. */
  status(status: string): void {
    this.#tell(statusLine(status));
  }

  /** A reload begins; `ready` ends it. */
  reloading(): void {
    this.#tell('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  stopping(): void {
    this.#tell('STOPPING=1');
  }

  /** Still well. To be called at least twice within `watchdogInterval`. */
  watchdog(): void {
    this.#tell('WATCHDOG=1');
  }

  /** Idempotent. */
  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  #tell(...lines: readonly string[]): void {
    if (this.#to === undefined) return;
    try {
      this.#socket ??= new (native().Socket)(AF_UNIX, SOCK_DGRAM, 0);
      this.#socket.send(Buffer.from(lines.join('\n')), this.#to);
    } catch (error) {
      // full or gone: the next message may get through, and there is nobody to complain to
      if (!isSystemCallError(error)) throw error;
    }
  }
}

/** A line break would begin another assignment. */
const statusLine = (status: string): string => `STATUS=${status.replace(/\s*[\r\n]+\s*/g, ' ').trim()}`;

/** Paths and abstract names; other transports (vsock) are for virtual machines' own managers. */
function addressOf(place: string | undefined): SocketAddress | undefined {
  if (place?.startsWith('/')) return { family: 'unix', path: place };
  if (place?.startsWith('@')) return { family: 'unix', path: `\0${place.slice(1)}` };
  return undefined;
}

/** sd_watchdog_enabled(3). */
function watchdogOf(environment: Readonly<Record<string, string | undefined>>, pid: number): Duration | undefined {
  const { WATCHDOG_USEC: interval, WATCHDOG_PID: owner } = environment;
  if (interval === undefined || !/^[1-9][0-9]{0,15}$/.test(interval)) return undefined;
  if (owner !== undefined && owner !== String(pid)) return undefined;
  return microseconds(Number(interval));
}
