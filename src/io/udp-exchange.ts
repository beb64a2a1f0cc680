/** One datagram out and, if one comes, one back, over a connected socket: what a closed port says is heard too. */
import { createSocket } from 'node:dgram';
import { type Duration, inMilliseconds } from '../base/time.ts';
import { isLocalFault } from './tcp-connect.ts';

/** What to send, and where. */
export interface UdpRequest {
  readonly address: string;
  readonly port: number;
  readonly payload: Uint8Array;
  readonly timeout: Duration;
  readonly bindAddress?: string | undefined;
  readonly bindPort?: number | undefined;
}

/** `silence`: nothing came in time. `local`: the fault is on this host. */
export type UdpOutcome =
  | { readonly type: 'reply'; readonly bytes: Uint8Array }
  | { readonly type: 'silence' }
  | { readonly type: 'fault'; readonly reason: string; readonly local: boolean };

/**
 * Sends and waits. Never rejects.
 * @param isReply whether a datagram is the one that is waited for; others are passed over
 */
export function udpExchange(
  request: UdpRequest,
  signal: AbortSignal,
  isReply: (bytes: Uint8Array) => boolean = () => true,
): Promise<UdpOutcome> {
  return new Promise((resolve) => {
    const { address, port, payload, timeout, bindAddress, bindPort } = request;
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    let isSettled = false;
    const settle = (outcome: UdpOutcome) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(late);
      signal.removeEventListener('abort', abort);
      socket.close();
      resolve(outcome);
    };
    const abort = () => settle({ type: 'fault', reason: 'aborted', local: true });
    const late = setTimeout(() => settle({ type: 'silence' }), inMilliseconds(timeout));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.message;
      settle({ type: 'fault', reason: code, local: isLocalFault(code) });
    });
    socket.on('message', (bytes) => {
      if (isReply(bytes)) settle({ type: 'reply', bytes });
    });
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    const connect = () =>
      socket.connect(port, address, () => {
        if (!isSettled) socket.send(payload);
      });
    if (bindAddress === undefined && bindPort === undefined) connect();
    else socket.bind(bindPort ?? 0, bindAddress, connect);
  });
}
