/** Dumps, decoded. */
import type { Result } from '../base/result.ts';
import { NetlinkError } from './netlink-error.ts';
import type { NetlinkRequest, NetlinkSocket } from './netlink-socket.ts';

/**
 * Everything that a request asks for; what is of families that we do not serve is left out. Rejects with NetlinkError,
 * EBADMSG when the kernel says something that we cannot read.
 */
export async function readAll<Message>(
  socket: NetlinkSocket,
  request: NetlinkRequest,
  decode: (body: Uint8Array) => Result<Message>,
): Promise<Message[]> {
  const values: Message[] = [];
  for (const part of await socket.dump(request)) {
    const outcome = decode(part.body);
    if (outcome.ok) values.push(outcome.value);
    else if (outcome.reason !== 'family') throw NetlinkError.withCode(request.purpose, 'EBADMSG', outcome.reason);
  }
  return values;
}
