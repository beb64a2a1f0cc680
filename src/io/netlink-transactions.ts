/**
 * Transactions over netlink: requests between two marks in one datagram, which the kernel carries out all or not at all
 * (nfnetlink, linux/netfilter/nfnetlink.h).
 *
 * Keeps book for netlink-socket.ts. The kernel acknowledges the last request and says what was wrong with any; the first
 * complaint is the outcome. What concerns the whole (no permission, no memory at the end) is answered to the first mark.
 */

import {
  decodeAcknowledgement,
  encodeMessages,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_REQUEST,
  NLMSG_ERROR,
} from '../wire/netlink.ts';
import { NetlinkError } from './netlink-error.ts';
import type { NetlinkRequest } from './netlink-socket.ts';

/** A mark: its message type and its body. */
export type Mark = Pick<NetlinkRequest, 'type' | 'body'>;

interface Transaction {
  readonly purposes: readonly string[];
  /** Of the first mark; the requests follow, and the last of them is acknowledged. */
  readonly first: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** The first complaint. */
  error?: NetlinkError;
  /** Sent before an overrun: its answers may be lost. */
  doubtful: boolean;
}

/** See the file's head. */
export class NetlinkTransactions {
  readonly #open = new Map<number, Transaction>();

  /**
   * A transaction and the datagram that is to be sent for it.
   * @param purpose of the whole
   * @param first so many consecutive numbers begin here as there are requests and marks
   */
  begin(
    purpose: string,
    marks: { readonly begin: Mark; readonly end: Mark },
    requests: readonly NetlinkRequest[],
    first: number,
  ): { readonly datagram: Uint8Array; readonly outcome: Promise<void>; readonly abandon: (error: unknown) => void } {
    const messages = [marks.begin, ...requests, marks.end].map((each: Mark & Partial<NetlinkRequest>, i) => ({
      type: each.type,
      flags: NLM_F_REQUEST | (each.flags ?? 0) | (i === requests.length ? NLM_F_ACK : 0),
      sequence: first + i,
      portId: 0,
      body: each.body,
    }));
    const sequences = messages.map(({ sequence }) => sequence);
    let transaction: Transaction | undefined;
    const outcome = new Promise<void>((resolve, reject) => {
      const purposes = [purpose, ...requests.map((request) => request.purpose), purpose];
      transaction = { purposes, first, resolve, reject, doubtful: false };
      for (const sequence of sequences) this.#open.set(sequence, transaction as Transaction);
    });
    const abandon = (error: unknown): void => {
      if (transaction !== undefined) this.#end(transaction, error);
    };
    return { datagram: encodeMessages(messages), outcome, abandon };
  }

  /** Takes an answer; false when it belongs to no transaction. */
  take(message: NetlinkMessage): boolean {
    const transaction = this.#open.get(message.sequence);
    if (transaction === undefined) return false;
    if (message.type !== NLMSG_ERROR) return true;
    const at = message.sequence - transaction.first;
    const purpose = transaction.purposes[at] ?? '';
    const answer = decodeAcknowledgement(message);
    if (!answer.ok) {
      transaction.error ??= NetlinkError.withCode(purpose, 'EBADMSG', `unreadable answer: ${answer.reason}`);
    } else if (answer.value.errno !== 0) {
      transaction.error ??= NetlinkError.answered(purpose, answer.value.errno, answer.value.extended);
    }
    const isLast = at === transaction.purposes.length - 2;
    if (isLast || (at === 0 && transaction.error !== undefined)) this.#end(transaction, transaction.error);
    return true;
  }

  /** Messages were lost. */
  overrun(): void {
    for (const transaction of this.#open.values()) transaction.doubtful = true;
  }

  /** Nothing is left to be received: what is doubtful gets no answer any more. */
  drained(): void {
    for (const transaction of this.#open.values()) {
      if (!transaction.doubtful) continue;
      const [purpose = ''] = transaction.purposes;
      this.#end(transaction, transaction.error ?? NetlinkError.withCode(purpose, 'ENOBUFS', 'the answer was lost'));
    }
  }

  /** The socket is closed. */
  close(): void {
    for (const transaction of this.#open.values()) {
      const [purpose = ''] = transaction.purposes;
      this.#end(transaction, NetlinkError.withCode(purpose, 'ECANCELED', 'the socket was closed'));
    }
  }

  #end(transaction: Transaction, error: unknown): void {
    for (let i = 0; i < transaction.purposes.length; i++) this.#open.delete(transaction.first + i);
    if (error === undefined) transaction.resolve();
    else transaction.reject(error);
  }
}
