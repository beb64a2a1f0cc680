/**
 * The only door to the native addon: its types, and where the compiled file is found.
 *
 * The addon knows no protocol. A function is one system call; an error is like Node's own (`code`, `errno`,
 * `syscall`). Constants are in constants.ts. It is loaded at the first call of `native()`, so a command that needs no
 * socket runs without it.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A socket address, by family. Multi-byte addresses are in network order. */
export type SocketAddress =
  | { readonly family: 'inet'; readonly address: Uint8Array; readonly port: number }
  | { readonly family: 'inet6'; readonly address: Uint8Array; readonly port: number; readonly scopeId: number }
  | {
      readonly family: 'packet';
      readonly interfaceIndex: number;
      /** EtherType in host order, e.g. 0x0806 */
      readonly protocol: number;
      readonly hardwareAddress: Uint8Array;
    }
  | { readonly family: 'netlink'; readonly portId: number; readonly groups: number }
  /** A leading NUL byte stands for the abstract namespace. */
  | { readonly family: 'unix'; readonly path: string };

/** One datagram with what the kernel says about it (as far as the matching socket options are on). */
export interface ReceivedMessage {
  /** A copy that belongs to the caller. */
  readonly bytes: Uint8Array;
  readonly from: SocketAddress | undefined;
  /** Monotonic microseconds: the kernel's receive stamp where SO_TIMESTAMPNS is on, else the time of the read. */
  readonly receivedAt: number;
  /** From IP_PKTINFO or IPV6_PKTINFO. */
  readonly interfaceIndex: number | undefined;
  /** From IP_PKTINFO or IPV6_PKTINFO: 4 or 16 bytes. */
  readonly destination: Uint8Array | undefined;
  /** From IP_RECVTTL or IPV6_RECVHOPLIMIT. */
  readonly hopLimit: number | undefined;
  /** The datagram was longer than the buffer. */
  readonly truncated: boolean;
}

/** A non-blocking, close-on-exec socket whose descriptor belongs to this object. */
export interface NativeSocket {
  readonly fd: number;
  bind(address: SocketAddress): void;
  connect(address: SocketAddress): void;
  /** getsockname(2). */
  name(): SocketAddress;
  /** A number is passed as an int, text with its NUL, bytes as they are. */
  setOption(level: number, option: number, value: number | string | Uint8Array): void;
  getOption(level: number, option: number, length: number): Uint8Array;
  /** One sendto(2); the number of bytes sent. Throws with `code` 'EAGAIN' when the queue is full. */
  send(bytes: Uint8Array, to?: SocketAddress): number;
  /**
   * One send(2) to where the socket is connected (netlink: the kernel), on a thread of its own with the scheduling of this
   * one, in the order of the calls; also when the socket is closed meanwhile. Rejects as `send` throws.
   */
  sendAside(bytes: Uint8Array): Promise<void>;
  /** One recvmsg(2); undefined when nothing waits. Throws on a socket error (ENOBUFS, ENETDOWN), which clears it. */
  receive(): ReceivedMessage | undefined;
  /**
   * Calls back when there is something to receive or an error to collect with `receive`; undefined stops. Level
   * triggered: what is not received calls again. While a callback is set the socket keeps the process alive.
   */
  onReadable(callback: (() => void) | undefined): void;
  /** Idempotent. */
  close(): void;
}

/** How a connection is made besides where to. */
export interface ConnectOptions {
  /** Where from. */
  readonly from?: SocketAddress | undefined;
  /** SO_BINDTODEVICE. */
  readonly interface?: string | undefined;
  /** SO_MARK, 0-4294967295; 0: none. */
  readonly mark?: number | undefined;
  /** Hand the descriptor over instead of closing the connection with a reset. */
  readonly keep?: boolean | undefined;
}

/** TCP connections that are being made, behind one epoll descriptor. Keeps the process alive while there are any. */
export interface NativeConnector {
  /**
   * Begins an attempt. 0: it will be among the ended ones; else the error of the system call that was refused.
   * @param id 0-4294967295, of no attempt that is on its way
   */
  start(id: number, to: SocketAddress, options?: ConnectOptions): number;
  /** Ends an attempt without a word; nothing happens when it has ended. */
  cancel(id: number): void;
  /** Cancels all; idempotent. */
  close(): void;
}

/** A timerfd on CLOCK_MONOTONIC. Keeps the process alive until closed. */
export interface NativeTimer {
  /** Fires once at the monotonic time in microseconds (at once when past); undefined disarms. */
  set(at: number | undefined): void;
  close(): void;
}

/** An inotify descriptor. Keeps the process alive until closed. */
export interface NativeInotify {
  /** inotify_add_watch(2); the number of the watch, the same one for the same file. */
  add(path: string, mask: number): number;
  /** inotify_rm_watch(2); a watch whose file is gone is gone too: EINVAL. */
  remove(watch: number): void;
  /** One read(2) of whole `struct inotify_event`s; undefined when there are none. */
  read(): Uint8Array | undefined;
  /** Idempotent. */
  close(): void;
}

/** A signal that calls back instead of ending the process. Does not keep the process alive. */
export interface NativeSignalListener {
  /** The signal is as it was before; idempotent. */
  close(): void;
}

export interface Native {
  /**
   * Calls back with three numbers for each attempt that has ended: its id, as a signed number; 0 or the error, positive; the
   * descriptor, which is then the caller's to close, or -1.
   */
  readonly Connector: new (
    callback: (ended: Int32Array) => void,
  ) => NativeConnector;
  /** Calls back while there is something to read: what is not read calls again. */
  readonly Inotify: new (
    callback: () => void,
  ) => NativeInotify;
  /** Signals 1-64 by number, as many listeners as wanted. */
  readonly SignalListener: new (
    signal: number,
    callback: () => void,
  ) => NativeSignalListener;
  readonly Socket: new (domain: number, type: number, protocol: number) => NativeSocket;
  readonly Timer: new (callback: () => void) => NativeTimer;
  /** CLOCK_MONOTONIC in whole microseconds. */
  monotonicNow(): number;
  /** sched_setscheduler(2) of every thread; policy from constants.ts, may be or-ed with SCHED_RESET_ON_FORK. */
  setScheduler(policy: number, priority: number): void;
  /** sched_getscheduler(2) of this thread. */
  getScheduler(): { policy: number; priority: number };
  /** mlock2(2) with MLOCK_ONFAULT: what is touched of these bytes of our address space stays in memory. */
  lockMemory(start: number, length: number): void;
  /** if_nametoindex(3); throws ENODEV. */
  interfaceIndex(name: string): number;
  /** unshare(2) of this thread, e.g. CLONE_NEWNET in tests. */
  unshare(flags: number): void;
  /** setns(2) of this thread with an open descriptor of a namespace. */
  setNamespace(fd: number, type: number): void;
  /** prctl(PR_SET_PDEATHSIG). */
  setParentDeathSignal(signal: number): void;
  /** mkfifo(3); the mode is lessened by the mask of the process. */
  makeFifo(path: string, mode: number): void;
  /** execve(2): this process becomes another program; it returns only by throwing. `environment`: NAME=value. */
  execute(path: string, words: readonly string[], environment: readonly string[]): never;
  /** waitpid(2) with WNOHANG: true when that process has ended or is no child of ours. Not for children that Node made. */
  reap(pid: number): boolean;
}

/** From src/io or dist up to the root of the package. */
const LEVELS = 4;

let loaded: Native | undefined;

/** The addon, loaded at the first call. Throws with what was looked for and how to get it. */
export function native(): Native {
  loaded ??= load(findAddon(process.env, import.meta.dirname, existsSync));
  return loaded;
}

/**
 * Where the compiled addon is: `$HOLDFAST_ADDON`, else the first of native/build/Release/holdfast.node (built here) and
 * prebuilds/linux-<arch>/holdfast.node (delivered) in the folder of this module or the ones above it.
 */
export function findAddon(
  environment: Readonly<Record<string, string | undefined>>,
  from: string,
  exists: (path: string) => boolean,
): string {
  const chosen = environment.HOLDFAST_ADDON;
  const candidates = chosen ? [chosen] : ancestors(from, LEVELS).flatMap(placesIn);
  const found = candidates.find(exists);
  if (found !== undefined) return found;
  const places = candidates.map((path) => `\n  ${path}`).join('');
  throw new Error(`the native addon of holdfast is missing; run \`npm run build:native\`. Looked for:${places}`);
}

/** Where the guard program is: beside the addon. Throws as `findAddon`. */
export const findGuard = (): string =>
  join(dirname(findAddon(process.env, import.meta.dirname, existsSync)), 'holdfast-guard');

const placesIn = (folder: string): string[] => [
  join(folder, 'native', 'build', 'Release', 'holdfast.node'),
  join(folder, 'prebuilds', `linux-${process.arch}`, 'holdfast.node'),
];

function ancestors(folder: string, count: number): string[] {
  const parent = dirname(folder);
  return count === 1 || parent === folder ? [folder] : [folder, ...ancestors(parent, count - 1)];
}

function load(path: string): Native {
  try {
    return createRequire(import.meta.filename)(path) as Native;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the native addon ${path} cannot be loaded; run \`npm run build:native\`: ${why}`, { cause });
  }
}
