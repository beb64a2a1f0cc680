/** One echo request and its reply, over a raw socket: no sysctl has to be changed for it, as for the kernel's ping sockets. */
import { addressBytes, familyOf, type IpAddress } from '../base/address.ts';
import { type Duration, inMilliseconds } from '../base/time.ts';
import { decodeEcho, encodeEcho } from '../wire/echo.ts';
import { AF_INET, AF_INET6, IPPROTO_ICMP, IPPROTO_ICMPV6, SOCK_RAW } from './constants.ts';
import { type NativeSocket, native, type SocketAddress } from './native.ts';
import { isLocalFault } from './tcp-connect.ts';
import type { UdpOutcome } from './udp-exchange.ts';

export interface PingRequest {
  readonly address: IpAddress;
  readonly timeout: Duration;
  readonly bindAddress?: IpAddress | undefined;
}

const DATA = Buffer.alloc(56, 'holdfast ');
/** In front of what a raw socket of IPv4 receives: IHL is its lower half, in words (RFC 791 §3.1). */
const headerLength = (packet: Uint8Array): number => ((packet[0] ?? 0) & 0x0f) * 4;

let sequence = 0;

/** Asks once. Never rejects. */
export function ping(request: PingRequest, signal: AbortSignal): Promise<UdpOutcome> {
  const { address, timeout, bindAddress } = request;
  const family = familyOf(address);
  const identifier = process.pid & 0xffff;
  sequence = (sequence + 1) & 0xffff;
  const ours = sequence;
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
    const late = setTimeout(() => settle({ type: 'silence' }), inMilliseconds(timeout));
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    try {
      const open = family === 'inet' ? ([AF_INET, IPPROTO_ICMP] as const) : ([AF_INET6, IPPROTO_ICMPV6] as const);
      const raw = new (native().Socket)(open[0], SOCK_RAW, open[1]);
      socket = raw;
      if (bindAddress !== undefined) raw.bind(socketAddress(bindAddress));
      // the kernel then hands over only what comes from there
      raw.connect(socketAddress(address));
      raw.onReadable(() => {
        try {
          for (let message = raw.receive(); message !== undefined; message = raw.receive()) {
            const body = family === 'inet' ? message.bytes.subarray(headerLength(message.bytes)) : message.bytes;
            const echo = decodeEcho(family, body);
            if (!echo.ok || !echo.value.isReply) continue;
            if (echo.value.identifier !== identifier || echo.value.sequence !== ours) continue;
            settle({ type: 'reply', bytes: echo.value.data });
            return;
          }
        } catch (error) {
          fail(error);
        }
      });
      raw.send(encodeEcho(family, { isReply: false, identifier, sequence: ours, data: DATA }));
    } catch (error) {
      fail(error);
    }
  });
}

const socketAddress = (address: IpAddress): SocketAddress =>
  familyOf(address) === 'inet'
    ? { family: 'inet', address: addressBytes(address), port: 0 }
    : { family: 'inet6', address: addressBytes(address), port: 0, scopeId: 0 };
