/**
 * A netlink socket: requests with their answers, dumps, batches, and multicast events.
 *
 * Knows headers, sequence numbers and lost messages, for rtnetlink and generic netlink alike; what the messages say is
 * the business of the codecs in src/wire and of route-netlink.ts and ipvs-client.ts. The kernel carries out a request
 * inside sendmsg(2), so its answer is either in the receive queue when that returns, or lost because the queue was
 * full. netlink(7).
 */

import {
  decodeAcknowledgement,
  decodeDone,
  decodeMessages,
  encodeMessages,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_NOOP,
  NLMSG_OVERRUN,
} from '../wire/netlink.ts';
import {
  AF_NETLINK,
  NETLINK_ADD_MEMBERSHIP,
  NETLINK_CAP_ACK,
  NETLINK_EXT_ACK,
  NETLINK_GENERIC,
  NETLINK_GET_STRICT_CHK,
  NETLINK_NETFILTER,
  NETLINK_ROUTE,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_SNDBUFFORCE,
  SOCK_RAW,
  SOL_NETLINK,
  SOL_SOCKET,
} from './constants.ts';
import { type NativeSocket, native, type ReceivedMessage } from './native.ts';
import { type BatchedRequest, NetlinkBatches, type Outcomes } from './netlink-batches.ts';
import { NetlinkError } from './netlink-error.ts';
import { type Mark, NetlinkTransactions } from './netlink-transactions.ts';
import { isSystemCallError, withPurpose } from './system-error.ts';

/** Requests without an answer yet: their answers fit into any receive buffer. */
const OUTSTANDING_MAX = 64;
/** How many requests of a batch are in one datagram: their refusals fit into the receive buffer, and it into SENT_MAX. */
const BATCH_MAX = 256;
/** Datagrams taken at a time before the loop is given back; what is left calls again. */
const DATAGRAMS_PER_TURN = 32;
/** How often a dump is begun before it is given up. */
const DUMP_ATTEMPTS = 10;
const SEQUENCE_MAX = 0xffff_ffff;
export const DEFAULT_RECEIVE_BUFFER = 1 << 20;
/** What fits into the send buffer of any system. */
const SENT_MAX = 1 << 17;

/** What a request asks for. */
export interface NetlinkRequest {
  readonly type: number;
  /** Besides NLM_F_REQUEST, NLM_F_ACK and NLM_F_DUMP, which are added. */
  readonly flags?: number;
  readonly body: Uint8Array;
  /** What it is for, as it stands in the error: `adding 192.0.2.15/24 to eth0`. */
  readonly purpose: string;
}

/** What arrives without being asked for. After an overrun nobody knows what was missed: read everything again. */
export type NetlinkEvent =
  | { readonly type: 'message'; readonly message: NetlinkMessage }
  | { readonly type: 'overrun' };

export interface NetlinkSocketOptions {
  /** NETLINK_ROUTE, NETLINK_GENERIC or NETLINK_NETFILTER. */
  readonly protocol: number;
  /** Multicast groups, 1-32. */
  readonly groups?: readonly number[];
  /** Bytes; 1 MiB unless given. The kernel counts about 1 KiB a message, however small. */
  readonly receiveBuffer?: number;
  /**
   * Requests are carried out on another thread, one after another: the kernel may let it wait for whoever else changes the
   * network on this host, and it may take a while.
   */
  readonly aside?: boolean;
  /** The socket below; another one in tests. */
  readonly createSocket?: (protocol: number) => NativeSocket;
}

interface Pending {
  readonly request: NetlinkRequest;
  readonly isDump: boolean;
  readonly resolve: (parts: readonly NetlinkMessage[]) => void;
  readonly reject: (error: unknown) => void;
  /** The answers so far. */
  parts: NetlinkMessage[];
  /** Begun how often. */
  attempts: number;
  /** The kernel's table changed under the dump. */
  interrupted: boolean;
  /** Sent before an overrun, so parts of its answer may be lost; all of it, if nothing is left in the queue. */
  doubtful: boolean;
}

/** See the file's head. While open it keeps the process alive. */
export class NetlinkSocket {
  readonly #socket: NativeSocket;
  readonly #waiting: Pending[] = [];
  readonly #outstanding = new Map<number, Pending>();
  readonly #transactions = new NetlinkTransactions();
  readonly #batches = new NetlinkBatches();
  #sequence = 0;
  readonly #aside: boolean;
  /** What can be sent at once. */
  #room = SENT_MAX;
  #closed = false;
  #onEvent: (event: NetlinkEvent) => void = () => {};

  /** Throws SystemError. */
  static open(options: NetlinkSocketOptions): NetlinkSocket {
    const {
      protocol,
      groups = [],
      receiveBuffer = DEFAULT_RECEIVE_BUFFER,
      createSocket = createNativeSocket,
      aside = false,
    } = options;
    return withPurpose(`${PROTOCOL_NAMES[protocol] ?? 'netlink'} socket`, () => {
      const socket = createSocket(protocol);
      try {
        setReceiveBuffer(socket, receiveBuffer);
        for (const option of [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK]) setIfKnown(socket, option);
        socket.bind({ family: 'netlink', portId: KERNEL_CHOOSES, groups: 0 });
        for (const group of groups) socket.setOption(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group);
      } catch (error) {
        socket.close();
        throw error;
      }
      return new NetlinkSocket(socket, aside);
    });
  }

  private constructor(socket: NativeSocket, aside: boolean) {
    this.#socket = socket;
    this.#aside = aside;
    socket.onReadable(() => this.#receive());
  }

  /** Called for every message to a group of ours, and when some were lost. One callback; the last one counts. */
  onEvent(callback: (event: NetlinkEvent) => void): void {
    this.#onEvent = callback;
  }

  /** Resolves when the kernel has acknowledged, with what it answered before. Rejects with NetlinkError. */
  request(request: NetlinkRequest): Promise<readonly NetlinkMessage[]> {
    const answer = this.#enqueue(request, false);
    this.#send();
    return answer;
  }

  /** Resolves with all parts of one consistent dump. Rejects with NetlinkError, EINTR when no dump was consistent. */
  dump(request: NetlinkRequest): Promise<readonly NetlinkMessage[]> {
    const answer = this.#enqueue(request, true);
    this.#send();
    return answer;
  }

  /**
   * Several requests, carried out in order, the next one also when the one before failed. What was refused stands at the
   * place of its request. The event loop is given back in between, however many there are. Rejects only when something is wrong
   * with ourselves.
   */
  async batch(requests: readonly BatchedRequest[]): Promise<Outcomes> {
    const outcomes: Outcomes = [];
    for (let start = 0; start < requests.length; start += BATCH_MAX) {
      outcomes.push(...(await this.#sendBatch(requests.slice(start, start + BATCH_MAX))));
    }
    return outcomes;
  }

  async #sendBatch(requests: readonly BatchedRequest[]): Promise<Outcomes> {
    const failed = ({ purpose }: BatchedRequest, error: unknown) => {
      if (isSystemCallError(error)) return new NetlinkError(purpose, error);
      throw error;
    };
    if (this.#closed) {
      return requests.map(({ purpose }) => NetlinkError.withCode(purpose, 'ECANCELED', 'the socket is closed'));
    }
    const begun = this.#batches.begin(requests, this.#reserve(requests.length));
    this.#transmit(begun.datagram, begun.abandon);
    return begun.outcomes.catch((error: unknown) => requests.map((request) => failed(request, error)));
  }

  /**
   * Requests that the kernel carries out all or not at all, between the marks of its subsystem, in one datagram. Resolves
   * when all are carried out. Rejects with NetlinkError, with the purpose of the first request that was refused.
   */
  async transaction(
    purpose: string,
    marks: { readonly begin: Mark; readonly end: Mark },
    requests: readonly NetlinkRequest[],
  ): Promise<void> {
    if (this.#closed) throw NetlinkError.withCode(purpose, 'ECANCELED', 'the socket is closed');
    const begun = this.#transactions.begin(purpose, marks, requests, this.#reserve(requests.length + 2));
    this.#makeRoom(begun.datagram.length);
    this.#transmit(begun.datagram, (error) => {
      begun.abandon(isSystemCallError(error) ? new NetlinkError(purpose, error) : error);
    });
    await begun.outcome;
  }

  /** The kernel's number for this socket: what somebody did over it is announced with it. */
  get portId(): number {
    const name = this.#socket.name();
    return name.family === 'netlink' ? name.portId : 0;
  }

  /** Rejects what waits for an answer with ECANCELED. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    this.#transactions.close();
    this.#batches.close();
    const pending = [...this.#outstanding.values(), ...this.#waiting];
    this.#outstanding.clear();
    this.#waiting.length = 0;
    for (const { request, reject } of pending) {
      reject(NetlinkError.withCode(request.purpose, 'ECANCELED', 'the socket was closed'));
    }
  }

  #enqueue(request: NetlinkRequest, isDump: boolean): Promise<readonly NetlinkMessage[]> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(NetlinkError.withCode(request.purpose, 'ECANCELED', 'the socket is closed'));
        return;
      }
      this.#waiting.push({
        request,
        isDump,
        resolve,
        reject,
        parts: [],
        attempts: 0,
        interrupted: false,
        doubtful: false,
      });
    });
  }

  /** Sends what may be sent now. The rest follows when answers have come. */
  #send(): void {
    for (let chunk = this.#nextChunk(); chunk.length > 0; chunk = this.#nextChunk()) {
      const sequences = chunk.map((pending) => this.#begin(pending));
      const messages = chunk.map(({ request, isDump }, i) => ({
        type: request.type,
        flags: NLM_F_REQUEST | (isDump ? NLM_F_DUMP : NLM_F_ACK) | (request.flags ?? 0),
        sequence: sequences[i] ?? 0,
        portId: 0,
        body: request.body,
      }));
      this.#transmit(encodeMessages(messages), (error) => {
        for (const sequence of sequences) this.#outstanding.delete(sequence);
        for (const { request, reject } of chunk) {
          reject(isSystemCallError(error) ? new NetlinkError(request.purpose, error) : error);
        }
      });
    }
  }

  /** A transaction is one datagram, however large. */
  #makeRoom(bytes: number): void {
    if (bytes <= this.#room) return;
    try {
      this.#socket.setOption(SOL_SOCKET, SO_SNDBUFFORCE, bytes);
      this.#room = bytes;
    } catch {
      // without CAP_NET_ADMIN: it is sent, or refused with EMSGSIZE
    }
  }

  #transmit(datagram: Uint8Array, onError: (error: unknown) => void): void {
    if (this.#aside) {
      this.#socket.sendAside(datagram).catch(onError);
      return;
    }
    try {
      this.#socket.send(datagram);
    } catch (error) {
      onError(error);
    }
  }

  /** A dump goes alone, and one at a time: the kernel answers EBUSY to a second one. */
  #nextChunk(): Pending[] {
    const first = this.#waiting[0];
    const room = OUTSTANDING_MAX - this.#outstanding.size;
    if (first === undefined || room <= 0) return [];
    if (!first.isDump) {
      const firstDump = this.#waiting.findIndex((pending) => pending.isDump);
      return this.#waiting.splice(0, Math.min(room, firstDump < 0 ? room : firstDump));
    }
    const isDumping = [...this.#outstanding.values()].some((pending) => pending.isDump);
    return isDumping ? [] : this.#waiting.splice(0, 1);
  }

  #begin(pending: Pending): number {
    const sequence = this.#reserve(1);
    this.#outstanding.set(sequence, pending);
    pending.attempts++;
    return sequence;
  }

  /** The first of so many consecutive numbers. */
  #reserve(count: number): number {
    if (this.#sequence + count > SEQUENCE_MAX) this.#sequence = 0;
    this.#sequence += count;
    return this.#sequence - count + 1;
  }

  #receive(): void {
    for (let i = 0; i < DATAGRAMS_PER_TURN && !this.#closed; i++) {
      let received: ReceivedMessage | undefined;
      try {
        received = this.#socket.receive();
      } catch (error) {
        if (!isSystemCallError(error)) throw error;
        this.#overrun(); // ENOBUFS, the only error of a netlink socket
        continue;
      }
      if (received === undefined) {
        this.#settleDoubtful();
        break;
      }
      this.#take(received);
    }
    if (!this.#closed) this.#send();
  }

  #take({ from, bytes, truncated }: ReceivedMessage): void {
    if (from?.family !== 'netlink' || from.portId !== KERNEL) return;
    const messages = decodeMessages(bytes);
    if (truncated || !messages.ok) {
      this.#overrun();
      return;
    }
    for (const message of messages.value) {
      if (this.#closed) return;
      if (from.groups !== 0) this.#onEvent({ type: 'message', message });
      else this.#answer(message);
    }
  }

  #answer(message: NetlinkMessage): void {
    if (this.#transactions.take(message) || this.#batches.take(message)) return;
    const pending = this.#outstanding.get(message.sequence);
    if (pending === undefined) return;
    if ((message.flags & NLM_F_DUMP_INTR) !== 0) pending.interrupted = true;
    switch (message.type) {
      case NLMSG_NOOP:
        break;
      case NLMSG_OVERRUN:
        this.#overrun();
        break;
      case NLMSG_ERROR:
        this.#settle(message.sequence, pending, decodeAcknowledgement(message));
        break;
      case NLMSG_DONE:
        this.#settle(message.sequence, pending, decodeDone(message));
        break;
      default:
        pending.parts.push(message);
    }
  }

  #settle(sequence: number, pending: Pending, outcome: ReturnType<typeof decodeDone>): void {
    const { purpose } = pending.request;
    this.#outstanding.delete(sequence);
    if (!outcome.ok) {
      pending.reject(NetlinkError.withCode(purpose, 'EBADMSG', `unreadable answer: ${outcome.reason}`));
    } else if (outcome.value.errno !== 0) {
      pending.reject(NetlinkError.answered(purpose, outcome.value.errno, outcome.value.extended));
    } else if (pending.interrupted) {
      this.#again(pending, 'EINTR', 'the table changed during every dump');
    } else if (pending.isDump && pending.doubtful) {
      this.#again(pending, 'ENOBUFS', 'parts of every dump were lost');
    } else {
      pending.resolve(pending.parts);
    }
  }

  /** Messages were lost. Which answers are among them is known when the queue is empty. */
  #overrun(): void {
    for (const pending of this.#outstanding.values()) pending.doubtful = true;
    this.#transactions.overrun();
    this.#batches.overrun();
    this.#onEvent({ type: 'overrun' });
  }

  /** The queue is empty, so what was sent before an overrun and has no answer will get none. */
  #settleDoubtful(): void {
    this.#transactions.drained();
    this.#batches.drained();
    for (const [sequence, pending] of this.#outstanding) {
      if (!pending.doubtful) continue;
      this.#outstanding.delete(sequence);
      if (pending.isDump) this.#again(pending, 'ENOBUFS', LOST);
      else pending.reject(lostAnswer(pending));
    }
  }

  /** Begins a dump once more, before everything else, or gives it up. */
  #again(pending: Pending, code: 'EINTR' | 'ENOBUFS', reason: string): void {
    if (pending.attempts < DUMP_ATTEMPTS) {
      this.#waiting.unshift({ ...pending, parts: [], interrupted: false, doubtful: false });
    } else {
      pending.reject(NetlinkError.withCode(pending.request.purpose, code, reason));
    }
  }
}

const LOST = 'the answer was lost';
const lostAnswer = ({ request }: Pending) => NetlinkError.withCode(request.purpose, 'ENOBUFS', LOST);

const PROTOCOL_NAMES: Readonly<Record<number, string>> = {
  [NETLINK_ROUTE]: 'rtnetlink',
  [NETLINK_GENERIC]: 'generic netlink',
  [NETLINK_NETFILTER]: 'nfnetlink',
};

/** The port of the kernel; other processes can send to ours. To bind(2) the same number says: any free port. */
const KERNEL = 0;
const KERNEL_CHOOSES = 0;

const createNativeSocket = (protocol: number): NativeSocket => new (native().Socket)(AF_NETLINK, SOCK_RAW, protocol);

/** Beyond net.core.rmem_max where CAP_NET_ADMIN allows it. */
function setReceiveBuffer(socket: NativeSocket, bytes: number): void {
  try {
    socket.setOption(SOL_SOCKET, SO_RCVBUFFORCE, bytes);
  } catch {
    socket.setOption(SOL_SOCKET, SO_RCVBUF, bytes);
  }
}

/** Conveniences of newer kernels (4.12, 4.3, 4.20); everything works without them. */
function setIfKnown(socket: NativeSocket, option: number): void {
  try {
    socket.setOption(SOL_NETLINK, option, 1);
  } catch {
    // ENOPROTOOPT
  }
}
