/** One echo request and its reply, over a raw socket: no sysctl has to be changed for it, as for the kernel's ping sockets. */

import { familyOf } from '../base/address.ts';
import type { Cancellation } from '../base/cancellation.ts';
import { decodeEcho, encodeEcho } from '../wire/echo.ts';
import { IPPROTO_ICMP, IPPROTO_ICMPV6, SOCK_RAW } from './constants.ts';
import type { ConnectRequest } from './tcp-connect.ts';
import { exchange, type UdpOutcome } from './udp-exchange.ts';

const DATA = Buffer.alloc(56, 'holdfast ');
/** In front of what a raw socket of IPv4 receives: IHL is its lower half, in words (RFC 791 §3.1). */
const headerLength = (packet: Uint8Array): number => ((packet[0] ?? 0) & 0x0f) * 4;

let sequence = 0;

/** Asks once; ports do not count. Never rejects. */
export function ping(request: ConnectRequest, signal: Cancellation): Promise<UdpOutcome> {
  const family = familyOf(request.address);
  const identifier = process.pid & 0xffff;
  sequence = (sequence + 1) & 0xffff;
  const ours = sequence;
  const kind = { type: SOCK_RAW, protocol: family === 'inet' ? IPPROTO_ICMP : IPPROTO_ICMPV6 };
  const question = encodeEcho(family, { isReply: false, identifier, sequence: ours, data: DATA });
  return exchange({ ...request, port: 0, bindPort: undefined }, kind, question, signal, (bytes) => {
    const echo = decodeEcho(family, family === 'inet' ? bytes.subarray(headerLength(bytes)) : bytes);
    if (!echo.ok || !echo.value.isReply) return undefined;
    return echo.value.identifier === identifier && echo.value.sequence === ours ? echo.value.data : undefined;
  });
}
