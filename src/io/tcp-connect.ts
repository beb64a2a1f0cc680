/**
 * TCP connection attempts: made and closed again, as TCP_CHECK wants it, or handed over to a conversation. Made by the
 * addon, because Node can neither mark packets nor bind to an interface, and takes longer.
 */

import { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { addressBytes, familyOf, type IpAddress, isLinkLocal } from '../base/address.ts';
import type { Cancellation } from '../base/cancellation.ts';
import { type Duration, inMilliseconds, inSeconds } from '../base/time.ts';
import { type NativeConnector, native, type SocketAddress } from './native.ts';

/** What to connect to, and from where. */
export interface ConnectRequest {
  readonly address: IpAddress;
  readonly port: number;
  readonly timeout: Duration;
  readonly bindAddress?: IpAddress | undefined;
  readonly bindPort?: number | undefined;
  readonly bindInterface?: string | undefined;
  /** 0: none. */
  readonly fwmark?: number | undefined;
}

/** Why there is no connection. `local`: the fault is on this host. */
export interface ConnectFault {
  readonly ok: false;
  readonly reason: string;
  readonly local: boolean;
}

/** See `tcpConnect`. */
export type TcpOutcome = { readonly ok: true } | ConnectFault;

/** Errors that say nothing about the other side. */
const LOCAL = new Set([
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENODEV',
  'ENOMEM',
  'EPERM',
  'EACCES',
  'EINVAL',
]);

/** Whether an error of that code says nothing about the other side. */
export const isLocalFault = (code: string): boolean => LOCAL.has(code);

/** How the addon wants an address. Throws ENODEV. @param device that a link-local address is on */
export function socketAddress(address: IpAddress, port: number, device?: string): SocketAddress {
  const bytes = addressBytes(address);
  if (familyOf(address) === 'inet') return { family: 'inet', address: bytes, port };
  const scopeId = device !== undefined && isLinkLocal(address) ? native().interfaceIndex(device) : 0;
  return { family: 'inet6', address: bytes, port, scopeId };
}

/** Where a socket is bound to; undefined: the kernel may choose. Throws ENODEV. */
export function sourceAddress({ address, bindAddress, bindPort, bindInterface }: Omit<ConnectRequest, 'timeout'>) {
  if (bindAddress === undefined && bindPort === undefined) return undefined;
  const any = (familyOf(address) === 'inet' ? '0.0.0.0' : '::') as IpAddress;
  return socketAddress(bindAddress ?? any, bindPort ?? 0, bindInterface);
}

/** An attempt that is on its way. */
interface Attempt {
  /** `error` is 0 or what the kernel said, `fd` a descriptor for who wanted to keep it. */
  readonly ended: (error: number, fd: number) => void;
  readonly late: () => void;
  /** When it is late, in milliseconds of `performance.now`. */
  readonly lateAt: number;
}

/** Attempts that are late within so many milliseconds are late together: one timer is enough for all. */
const GRID_MS = 5;

/**
 * The attempts of this thread. Thousands begin and end every second: what each of them has is one object in a place that is
 * used again.
 */
class Attempts {
  readonly #native: NativeConnector;
  /** By number. */
  readonly #attempts: (Attempt | undefined)[] = [];
  readonly #free: number[] = [];
  /** Numbers that are free once all that has ended is told: until then it may be about those who had them. */
  #freeLater: number[] | undefined;
  #count = 0;
  #alarm: NodeJS.Timeout | undefined;
  #alarmAt = Infinity;

  constructor() {
    this.#native = new (native().Connector)((ended) => this.#take(ended));
  }

  /** @returns its number; undefined: it has ended already */
  start(request: ConnectRequest, keep: boolean, ended: Attempt['ended'], late: () => void): number | undefined {
    const { address, port, bindInterface, fwmark = 0 } = request;
    const to = socketAddress(address, port, bindInterface);
    const from = sourceAddress(request);
    const isPlain = from === undefined && bindInterface === undefined && fwmark === 0 && !keep;
    const options = isPlain ? undefined : { from, interface: bindInterface, mark: fwmark, keep };
    const id = this.#free.pop() ?? this.#attempts.length;
    const error = this.#native.start(id, to, options);
    if (error !== 0) {
      this.#release(id);
      ended(error, -1);
      return undefined;
    }
    const lateAt = Math.ceil((performance.now() + inMilliseconds(request.timeout)) / GRID_MS) * GRID_MS;
    this.#attempts[id] = { ended, late, lateAt };
    this.#count++;
    if (lateAt < this.#alarmAt) this.#setAlarm(lateAt);
    return id;
  }

  cancel(id: number): void {
    if (this.#remove(id) !== undefined) this.#native.cancel(id);
  }

  #take(ended: Int32Array): void {
    const freed: number[] = [];
    this.#freeLater = freed;
    for (let at = 0; at < ended.length; at += 3) {
      const [id, error, fd] = [ended[at] as number, ended[at + 1] as number, ended[at + 2] as number];
      const attempt = this.#remove(id);
      if (attempt !== undefined) attempt.ended(error, fd);
      else if (fd >= 0) new Socket({ fd }).destroy(); // was given up while it was being told
    }
    this.#freeLater = undefined;
    for (const id of freed) this.#free.push(id);
  }

  #remove(id: number): Attempt | undefined {
    const attempt = this.#attempts[id];
    if (attempt === undefined) return undefined;
    this.#count--;
    this.#release(id);
    return attempt;
  }

  #release(id: number): void {
    this.#attempts[id] = undefined;
    (this.#freeLater ?? this.#free).push(id);
  }

  #setAlarm(at: number): void {
    clearTimeout(this.#alarm);
    this.#alarmAt = at;
    this.#alarm = setTimeout(() => this.#expire(), at - performance.now()).unref(); // the addon keeps the process alive
  }

  #expire(): void {
    this.#alarmAt = Infinity;
    const now = performance.now();
    let next = Infinity;
    for (const attempt of this.#attempts) {
      if (attempt === undefined) continue;
      if (attempt.lateAt <= now) attempt.late();
      else next = Math.min(next, attempt.lateAt);
    }
    if (next < this.#alarmAt && this.#count > 0) this.#setAlarm(next);
  }
}

let attempts: Attempts | undefined;

/** @param succeeded makes the outcome of a connection; gets a descriptor where `keep` says so */
function attempt<T>(
  request: ConnectRequest,
  signal: Cancellation,
  keep: boolean,
  succeeded: (fd: number) => T,
): Promise<T | ConnectFault> {
  return new Promise((resolve) => {
    let id: number | undefined;
    const settle = (outcome: T | ConnectFault) => {
      signal.removeEventListener('abort', abort);
      if (id !== undefined) attempts?.cancel(id);
      resolve(outcome);
    };
    const failed = (reason: string, local: boolean) => settle({ ok: false, reason, local });
    const abort = () => failed('aborted', true);
    const late = () => failed(`timeout after ${inSeconds(request.timeout)} s`, false);
    const ended = (error: number, fd: number) => {
      id = undefined;
      if (error === 0) settle(succeeded(fd));
      else {
        const code = getSystemErrorName(-error);
        failed(code, isLocalFault(code));
      }
    };
    if (signal.aborted) {
      abort();
      return;
    }
    try {
      attempts ??= new Attempts();
      id = attempts.start(request, keep, ended, late);
    } catch (error) {
      // an interface that is not there
      failed((error as NodeJS.ErrnoException).code ?? (error as Error).message, true);
      return;
    }
    if (id !== undefined) signal.addEventListener('abort', abort, { once: true });
  });
}

const CONNECTED: TcpOutcome = { ok: true };

/**
 * Connects, and closes at once with a reset, so that thousands of checks leave no TIME_WAIT behind. Never rejects: a
 * refusal, a timeout and an abort are outcomes.
 */
export const tcpConnect = (request: ConnectRequest, signal: Cancellation): Promise<TcpOutcome> =>
  attempt(request, signal, false, () => CONNECTED);

/** Connects, for somebody who has more to say. Never rejects. */
export const openConnection = (
  request: ConnectRequest,
  signal: Cancellation,
): Promise<{ readonly ok: true; readonly socket: Socket } | ConnectFault> =>
  attempt(request, signal, true, (fd) => ({ ok: true, socket: new Socket({ fd, readable: true, writable: true }) }));
