/** Transactions over a netlink socket that answers what it is told to; the real kernel is in test/netns/nftables.test.ts. */
import { describe, expect, it } from 'vitest';
import { NETLINK_NETFILTER } from '../../src/io/constants.ts';
import type { NativeSocket, ReceivedMessage } from '../../src/io/native.ts';
import { NetlinkSocket } from '../../src/io/netlink-socket.ts';
import {
  decodeMessages,
  encodeAcknowledgement,
  encodeMessage,
  type NetlinkMessage,
  NLMSG_ERROR,
} from '../../src/wire/netlink.ts';
import { systemCallError } from '../support/fake-kernel.ts';

const ENOENT = 2;
const EPERM = 1;
const MARKS = {
  begin: { type: 16, body: Uint8Array.of(0, 0, 0, 10) },
  end: { type: 17, body: Uint8Array.of(0, 0, 0, 10) },
};
const requests = ['first', 'second', 'third'].map((purpose, i) => ({
  type: 0x0a00 + i,
  flags: 0x400,
  body: Uint8Array.of(1, 2, 3, 4),
  purpose,
}));

/** A socket whose kernel answers the messages of a datagram as `answer` says: with an errno, or not at all. */
function open(answer: (message: NetlinkMessage, at: number) => number | undefined) {
  const sent: NetlinkMessage[][] = [];
  const queue: (Uint8Array | Error)[] = [];
  let readable: (() => void) | undefined;
  const wake = () => setImmediate(() => readable?.());
  const fake: NativeSocket = {
    fd: -1,
    bind() {},
    connect() {},
    name: () => ({ family: 'netlink', portId: 4711, groups: 0 }),
    setOption() {},
    getOption: () => new Uint8Array(0),
    send(bytes) {
      const messages = decodeMessages(bytes);
      if (!messages.ok) throw new Error('garbage');
      sent.push([...messages.value]);
      for (const [at, message] of messages.value.entries()) {
        const errno = answer(message, at);
        if (errno === undefined) continue;
        const { body, ...header } = message;
        const request = { ...header, length: 16 + body.length };
        const acknowledgement = encodeAcknowledgement({ errno, request, extended: {} });
        queue.push(encodeMessage({ type: NLMSG_ERROR, sequence: message.sequence, portId: 4711, ...acknowledgement }));
      }
      wake();
      return bytes.length;
    },
    sendAside: async () => {},
    receive(): ReceivedMessage | undefined {
      const next = queue.shift();
      if (next instanceof Error) throw next;
      if (next === undefined) return undefined;
      const from = { family: 'netlink', portId: 0, groups: 0 } as const;
      const rest = { interfaceIndex: undefined, destination: undefined, hopLimit: undefined, truncated: false };
      return { bytes: next, from, receivedAt: 0, ...rest };
    },
    onReadable(callback) {
      readable = callback;
    },
    close() {},
  };
  const socket = NetlinkSocket.open({ protocol: NETLINK_NETFILTER, createSocket: () => fake });
  return { socket, sent, queue, wake, run: () => socket.transaction('the whole', MARKS, requests) };
}

const lastSucceeds = (_: NetlinkMessage, at: number) => (at === 3 ? 0 : undefined);

describe('a netlink transaction', () => {
  it('is one datagram between two marks, with consecutive numbers, and only its last request is to be acknowledged', async () => {
    const { run, sent } = open(lastSucceeds);
    await run();
    await run();
    expect(sent.map((messages) => messages.map(({ type, flags }) => [type, flags]))).toEqual(
      Array.from({ length: 2 }, () => [
        [16, 0x001],
        [0x0a00, 0x401],
        [0x0a01, 0x401],
        [0x0a02, 0x405],
        [17, 0x001],
      ]),
    );
    expect(sent.flat().map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('fails with the first request that was refused', async () => {
    const { run } = open((_, at) => [undefined, undefined, ENOENT, EPERM][at]);
    await expect(run()).rejects.toMatchObject({ code: 'ENOENT', purpose: 'second', name: 'NetlinkError' });
  });

  it('fails with what concerns the whole', async () => {
    const { run } = open((_, at) => (at === 0 ? EPERM : undefined));
    await expect(run()).rejects.toMatchObject({ code: 'EPERM', purpose: 'the whole' });
  });

  it('ordinary requests on the same socket have their own answers', async () => {
    const { socket, run } = open(({ type }) => (type === 0x0a02 ? 0 : type === 5 ? ENOENT : undefined));
    const [transaction, request] = [run(), socket.request({ type: 5, body: new Uint8Array(0), purpose: 'alone' })];
    await expect(request).rejects.toMatchObject({ code: 'ENOENT', purpose: 'alone' });
    await transaction;
  });

  it('fails when its answer was lost', async () => {
    const { run, queue, wake } = open(() => undefined);
    const outcome = run();
    queue.push(systemCallError('ENOBUFS', 'recvmsg'));
    wake();
    await expect(outcome).rejects.toMatchObject({ code: 'ENOBUFS', purpose: 'the whole' });
  });

  it('fails when the socket is closed before or after', async () => {
    const { socket, run } = open(() => undefined);
    const outcome = run();
    socket.close();
    await expect(outcome).rejects.toMatchObject({ code: 'ECANCELED', purpose: 'the whole' });
    await expect(run()).rejects.toMatchObject({ code: 'ECANCELED' });
  });

  it('fails when it cannot be sent', async () => {
    const { run } = open(() => {
      throw systemCallError('EMSGSIZE', 'sendto');
    });
    await expect(run()).rejects.toMatchObject({ code: 'EMSGSIZE', purpose: 'the whole' });
  });
});
