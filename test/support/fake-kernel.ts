/**
 * A kernel behind netlink as far as holdfast uses it: interfaces, addresses and the IPVS table, answered with real
 * bytes and with Linux's errors (each seen on Linux 6.1 or 6.18). No process boundary and no waiting: a request is
 * carried out inside `send`, as in the kernel, and the answers lie in the socket's queue when it returns.
 *
 *   const kernel = fakeKernel();
 *   const client = await IpvsClient.open({ createSocket: kernel.createSocket });
 */

import { constants } from 'node:os';
import { concatBytes } from '../../src/base/bytes.ts';
import {
  NETLINK_ADD_MEMBERSHIP,
  NETLINK_GENERIC,
  NETLINK_ROUTE,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOL_NETLINK,
  SOL_SOCKET,
} from '../../src/io/constants.ts';
import type { NativeSocket, ReceivedMessage, SocketAddress } from '../../src/io/native.ts';
import {
  decodeMessages,
  type ExtendedAck,
  encodeAcknowledgement,
  encodeMessage,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_MULTI,
  NLMSG_DONE,
  NLMSG_ERROR,
} from '../../src/wire/netlink.ts';
import { FakeIpvs } from './fake-ipvs.ts';
import { FakeRoute } from './fake-route.ts';

/** What a subsystem says to one request: parts of a dump, one answer, or the name of an errno. */
export type FakeAnswer =
  | { readonly parts: readonly Part[] }
  | { readonly error: ErrorName; readonly message?: string }
  | { readonly done: true };

/** Type and body of a message. */
export interface Part {
  readonly type: number;
  readonly body: Uint8Array;
}

export type ErrorName = keyof typeof constants.errno;

/** See the file's head. */
export interface FakeKernel {
  readonly route: FakeRoute;
  readonly ipvs: FakeIpvs;
  readonly sockets: readonly FakeNetlinkSocket[];
  /** For `createSocket` of NetlinkSocket and everything built on it. */
  readonly createSocket: (protocol: number) => FakeNetlinkSocket;
  /** The next dumps of all sockets are marked as inconsistent. */
  interruptDumps(count: number): void;
}

/** A kernel with a loopback interface and an empty table. */
export function fakeKernel(): FakeKernel {
  const sockets: FakeNetlinkSocket[] = [];
  const broadcast = (group: number, part: Part) => {
    for (const socket of sockets) socket.hear(group, part);
  };
  const route = new FakeRoute(broadcast);
  const ipvs = new FakeIpvs();
  const interruptions = { left: 0 };
  const subsystems = new Map<number, (message: NetlinkMessage) => FakeAnswer>([
    [NETLINK_ROUTE, (message) => route.handle(message)],
    [NETLINK_GENERIC, (message) => ipvs.handle(message)],
  ]);
  return {
    route,
    ipvs,
    sockets,
    createSocket(protocol) {
      const handle = subsystems.get(protocol);
      if (handle === undefined) throw systemCallError('EPROTONOSUPPORT', 'socket');
      const socket = new FakeNetlinkSocket(1000 + sockets.length, handle, interruptions);
      sockets.push(socket);
      return socket;
    },
    interruptDumps(count) {
      interruptions.left = count;
    },
  };
}

/** Messages in one datagram of a dump. */
const DUMP_PARTS_PER_DATAGRAM = 4;
/** What the kernel counts for a message in the receive buffer, however small. */
const MESSAGE_COST = 768;

/** A netlink socket on the fake kernel. */
export class FakeNetlinkSocket implements NativeSocket {
  readonly fd = -1;
  /** Every datagram sent, for tests about batches. */
  readonly sent: Uint8Array[] = [];
  /** The next sends fail with this. */
  sendError: ErrorName | undefined;
  readonly #portId: number;
  readonly #handle: (message: NetlinkMessage) => FakeAnswer;
  readonly #interruptions: { left: number };
  readonly #groups = new Set<number>();
  #queue: ReceivedMessage[] = [];
  /** What is left of the running dump: the kernel goes on with it when there is room, and loses nothing of it. */
  #dump: Uint8Array[] = [];
  #receiveBuffer = 212_992;
  #overrun = false;
  #closed = false;
  #callback: (() => void) | undefined;

  constructor(portId: number, handle: (message: NetlinkMessage) => FakeAnswer, interruptions: { left: number }) {
    this.#portId = portId;
    this.#handle = handle;
    this.#interruptions = interruptions;
  }

  bind(): void {}
  connect(): void {}

  name(): SocketAddress {
    return { family: 'netlink', portId: this.#portId, groups: 0 };
  }

  setOption(level: number, option: number, value: number | string | Uint8Array): void {
    if (level === SOL_NETLINK && option === NETLINK_ADD_MEMBERSHIP) this.#groups.add(Number(value));
    if (level === SOL_SOCKET && (option === SO_RCVBUF || option === SO_RCVBUFFORCE))
      this.#receiveBuffer = Number(value);
  }

  getOption(): Uint8Array {
    return new Uint8Array(0);
  }

  send(bytes: Uint8Array): number {
    if (this.sendError !== undefined) throw systemCallError(this.sendError, 'sendto');
    this.sent.push(bytes);
    const messages = decodeMessages(bytes);
    if (!messages.ok) throw new Error(`the fake kernel was sent garbage: ${messages.reason}`);
    for (const message of messages.value) this.#carryOut(message);
    return bytes.length;
  }

  async sendAside(bytes: Uint8Array): Promise<void> {
    this.send(bytes);
  }

  receive(): ReceivedMessage | undefined {
    if (this.#closed) throw systemCallError('EBADF', 'recvmsg');
    if (this.#overrun) {
      this.#overrun = false;
      throw systemCallError('ENOBUFS', 'recvmsg');
    }
    if (this.#queue.length > 0) return this.#queue.shift();
    const next = this.#dump.shift();
    if (next !== undefined) this.inject(next);
    return this.#queue.shift();
  }

  onReadable(callback: (() => void) | undefined): void {
    this.#callback = callback;
    this.#wake();
  }

  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#callback = undefined;
  }

  /** A notification to a group, if this socket is a member of it. */
  hear(group: number, part: Part): void {
    if (!this.#groups.has(group)) return;
    this.inject(encodeMessage({ ...part, flags: 0, sequence: 0, portId: 0 }), { groups: 2 ** (group - 1) });
  }

  /** Puts a datagram into the queue, as the kernel or (with a port) as somebody else; loses it when it is full. */
  inject(bytes: Uint8Array, from: { portId?: number; groups?: number; truncated?: boolean } = {}): void {
    if (this.#closed) return;
    const { portId = 0, groups = 0, truncated = false } = from;
    const used = this.#queue.reduce((total, queued) => total + MESSAGE_COST + queued.bytes.length, 0);
    if (used > this.#receiveBuffer) {
      this.#overrun = true;
    } else {
      const received = { bytes, from: { family: 'netlink', portId, groups }, truncated, receivedAt: 0 } as const;
      this.#queue.push({ ...received, interfaceIndex: undefined, destination: undefined, hopLimit: undefined });
    }
    this.#wake();
  }

  /** Level triggered: as long as something waits, the callback is called again, one turn of the loop later. */
  #wake(): void {
    setImmediate(() => {
      const isReadable = this.#queue.length > 0 || this.#dump.length > 0 || this.#overrun;
      if (this.#callback === undefined || !isReadable) return;
      this.#callback();
      this.#wake();
    });
  }

  #dumpIsBusy(request: NetlinkMessage): boolean {
    return this.#dump.length > 0 && (request.flags & NLM_F_DUMP) === NLM_F_DUMP;
  }

  #carryOut(request: NetlinkMessage): void {
    const answer = this.#dumpIsBusy(request) ? ({ error: 'EBUSY' } as const) : this.#handle(request);
    const isDump = (request.flags & NLM_F_DUMP) === NLM_F_DUMP && 'parts' in answer;
    const header = { sequence: request.sequence, portId: this.#portId };
    if (isDump) {
      const interrupted = this.#interruptions.left-- > 0 ? NLM_F_DUMP_INTR : 0;
      const flags = NLM_F_MULTI | interrupted;
      const messages = answer.parts.map((part) => encodeMessage({ ...part, ...header, flags }));
      messages.push(encodeMessage({ type: NLMSG_DONE, ...header, flags, body: new Uint8Array(4) }));
      for (let i = 0; i < messages.length; i += DUMP_PARTS_PER_DATAGRAM) {
        this.#dump.push(concatBytes(...messages.slice(i, i + DUMP_PARTS_PER_DATAGRAM)));
      }
      this.#wake();
      return;
    }
    if ('parts' in answer) {
      for (const part of answer.parts) this.inject(encodeMessage({ ...part, ...header, flags: 0 }));
    }
    const errno = 'error' in answer ? constants.errno[answer.error] : 0;
    if (errno === 0 && (request.flags & NLM_F_ACK) === 0) return;
    const extended: ExtendedAck = 'error' in answer && answer.message ? { message: answer.message } : {};
    const { body: _, ...requestHeader } = { ...request, length: request.body.length + 16 };
    const acknowledgement = encodeAcknowledgement({ errno, request: requestHeader, extended });
    this.inject(encodeMessage({ type: NLMSG_ERROR, ...header, ...acknowledgement }));
  }
}

/** An error as the addon throws it. */
export function systemCallError(code: ErrorName, syscall: string): Error {
  return Object.assign(new Error(`${syscall} ${code}`), { code, errno: -constants.errno[code], syscall });
}
