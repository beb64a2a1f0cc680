/**
 * Batches over netlink: requests in one datagram, each of which the kernel carries out or refuses for itself.
 *
 * Keeps book for netlink-socket.ts. The kernel goes through a datagram in order, and only the last request asks for an
 * acknowledgement: when it comes, every one before it that was not refused is done.
 */

import { ByteWriter } from '../base/bytes.ts';
import { decodeAcknowledgement, type NetlinkMessage, NLM_F_ACK, NLM_F_REQUEST, writeMessage } from '../wire/netlink.ts';
import { NetlinkError } from './netlink-error.ts';
import type { NetlinkRequest } from './netlink-socket.ts';

/** A request whose body is written where it is sent from. */
export type BatchedRequest = Omit<NetlinkRequest, 'body'> & { writeBody(writer: ByteWriter): void };

/** One for each request, at the same place: undefined when it was carried out. */
export type Outcomes = (NetlinkError | undefined)[];

interface Batch {
  readonly requests: readonly BatchedRequest[];
  /** The number of the first request; the others follow. */
  readonly first: number;
  readonly outcomes: Outcomes;
  readonly resolve: (outcomes: Outcomes) => void;
  readonly reject: (error: unknown) => void;
  /** Sent before an overrun: refusals may be lost. */
  doubtful: boolean;
}

/** See the file's head. */
export class NetlinkBatches {
  readonly #open: Batch[] = [];
  readonly #writer = new ByteWriter();

  /**
   * A batch and the datagram that is to be sent for it.
   * @param requests one or more
   * @param first as many consecutive numbers begin here
   */
  begin(
    requests: readonly BatchedRequest[],
    first: number,
  ): {
    readonly datagram: Uint8Array;
    readonly outcomes: Promise<Outcomes>;
    readonly abandon: (error: unknown) => void;
  } {
    const writer = this.#writer;
    writer.length = 0;
    requests.forEach((request, i) => {
      const flags = NLM_F_REQUEST | (request.flags ?? 0) | (i === requests.length - 1 ? NLM_F_ACK : 0);
      const header = { type: request.type, flags, sequence: first + i, portId: 0 };
      writeMessage(writer, header, () => request.writeBody(writer));
    });
    let batch: Batch | undefined;
    const outcomes = new Promise<Outcomes>((resolve, reject) => {
      const none: Outcomes = new Array(requests.length).fill(undefined);
      batch = { requests, first, outcomes: none, resolve, reject, doubtful: false };
      this.#open.push(batch);
    });
    const abandon = (error: unknown): void => {
      if (batch === undefined) return;
      this.#remove(batch);
      batch.reject(error);
    };
    return { datagram: this.#writer.copy(), outcomes, abandon };
  }

  /** Takes an answer; false when it belongs to no batch. */
  take(message: NetlinkMessage): boolean {
    const batch = this.#open.find(({ first, requests }) => {
      return message.sequence >= first && message.sequence < first + requests.length;
    });
    if (batch === undefined) return false;
    const at = message.sequence - batch.first;
    const purpose = batch.requests[at]?.purpose ?? '';
    const answer = decodeAcknowledgement(message);
    if (!answer.ok) {
      batch.outcomes[at] = NetlinkError.withCode(purpose, 'EBADMSG', `unreadable answer: ${answer.reason}`);
    } else if (answer.value.errno !== 0) {
      batch.outcomes[at] = NetlinkError.answered(purpose, answer.value.errno, answer.value.extended);
    }
    const isLast = at === batch.requests.length - 1;
    if (isLast) this.#end(batch, batch.doubtful ? at : 0);
    return true;
  }

  /** Messages were lost. */
  overrun(): void {
    for (const batch of this.#open) batch.doubtful = true;
  }

  /** Nothing is left to be received: what is doubtful gets no answer any more. */
  drained(): void {
    for (const batch of [...this.#open]) if (batch.doubtful) this.#end(batch, batch.requests.length);
  }

  /** The socket is closed. */
  close(): void {
    for (const batch of [...this.#open]) {
      this.#remove(batch);
      batch.resolve(batch.requests.map(({ purpose }) => closed(purpose)));
    }
  }

  /** @param lost so many requests from the first one on may have been refused without our knowing */
  #end(batch: Batch, lost: number): void {
    this.#remove(batch);
    for (let i = 0; i < lost; i++) {
      batch.outcomes[i] ??= NetlinkError.withCode(batch.requests[i]?.purpose ?? '', 'ENOBUFS', 'the answer was lost');
    }
    batch.resolve(batch.outcomes);
  }

  #remove(batch: Batch): void {
    this.#open.splice(this.#open.indexOf(batch), 1);
  }
}

const closed = (purpose: string) => NetlinkError.withCode(purpose, 'ECANCELED', 'the socket was closed');
