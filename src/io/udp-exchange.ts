/** One datagram out and, if one comes, one back, over a connected socket: what a closed port says is heard too. */

import { familyOf } from '../base/address.ts';
import type { Cancellation } from '../base/cancellation.ts';
import { inMilliseconds } from '../base/time.ts';
import { AF_INET, AF_INET6, SO_BINDTODEVICE, SO_MARK, SOCK_DGRAM, SOL_SOCKET } from './constants.ts';
import { type NativeSocket, native } from './native.ts';
import { type ConnectRequest, isLocalFault, socketAddress, sourceAddress } from './tcp-connect.ts';

/** `silence`: nothing came in time. `local`: the fault is on this host. */
export type UdpOutcome =
  | { readonly type: 'reply'; readonly bytes: Uint8Array }
  | { readonly type: 'silence' }
  | { readonly type: 'fault'; readonly reason: string; readonly local: boolean };

/** A socket as a probe needs it. */
export interface SocketKind {
  /** SOCK_DGRAM, SOCK_RAW. */
  readonly type: number;
  /** 0: the usual one. */
  readonly protocol: number;
}

/**
 * Sends and waits. Never rejects.
 * @param isReply whether a datagram is the one that is waited for; others are passed over
 */
export const udpExchange = (
  request: ConnectRequest,
  payload: Uint8Array,
  signal: Cancellation,
  isReply: (bytes: Uint8Array) => boolean = () => true,
): Promise<UdpOutcome> =>
  exchange(request, { type: SOCK_DGRAM, protocol: 0 }, payload, signal, (bytes) =>
    isReply(bytes) ? bytes : undefined,
  );

/**
 * The same over any kind of socket that sends messages.
 * @param take the reply in a message; undefined: it is none
 */
export function exchange(
  request: ConnectRequest,
  kind: SocketKind,
  payload: Uint8Array,
  signal: Cancellation,
  take: (bytes: Uint8Array) => Uint8Array | undefined,
): Promise<UdpOutcome> {
  return new Promise((resolve) => {
    let socket: NativeSocket | undefined;
    const settle = (outcome: UdpOutcome) => {
      clearTimeout(late);
      signal.removeEventListener('abort', abort);
      socket?.close();
      resolve(outcome);
    };
    const fail = (error: unknown) => {
      const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      settle({ type: 'fault', reason: code, local: isLocalFault(code) });
    };
    const abort = () => settle({ type: 'fault', reason: 'aborted', local: true });
    const late = setTimeout(() => settle({ type: 'silence' }), inMilliseconds(request.timeout));
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    try {
      const opened = open(request, kind);
      socket = opened;
      opened.onReadable(() => {
        try {
          for (let message = opened.receive(); message !== undefined; message = opened.receive()) {
            const reply = take(message.bytes);
            if (reply === undefined) continue;
            settle({ type: 'reply', bytes: reply });
            return;
          }
        } catch (error) {
          fail(error);
        }
      });
      opened.send(payload);
    } catch (error) {
      fail(error);
    }
  });
}

/** The kernel hands over only what comes from where it is connected to. */
function open(request: ConnectRequest, { type, protocol }: SocketKind): NativeSocket {
  const { address, port, bindInterface, fwmark = 0 } = request;
  const socket = new (native().Socket)(familyOf(address) === 'inet' ? AF_INET : AF_INET6, type, protocol);
  try {
    if (fwmark !== 0) socket.setOption(SOL_SOCKET, SO_MARK, fwmark);
    if (bindInterface !== undefined) socket.setOption(SOL_SOCKET, SO_BINDTODEVICE, bindInterface);
    const from = sourceAddress(request);
    if (from !== undefined) socket.bind(from);
    socket.connect(socketAddress(address, port, bindInterface));
  } catch (error) {
    socket.close();
    throw error;
  }
  return socket;
}
