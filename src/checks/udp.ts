/** UDP_CHECK: healthy when a datagram is not refused, or answered as it should be. keepalived.conf(5) "UDP_CHECK". */
import { inSeconds } from '../base/time.ts';
import { type CheckerKind, type CheckResult, type DatagramOutcome, HEALTHY, targetOf, unhealthy } from './checker.ts';
import type { Connection, UdpChecker } from './checker-config.ts';

/** What is sent where nothing else is wanted: 32 bytes. */
const DEFAULT_PAYLOAD = Buffer.from('holdfast check - holdfast check ');

export const udpCheck: CheckerKind<UdpChecker> = {
  keyword: 'UDP_CHECK',
  async check(config, io, signal) {
    const payload = config.payload === undefined ? DEFAULT_PAYLOAD : Buffer.from(config.payload, 'hex');
    const outcome = await io.exchange(targetOf(config), payload, signal);
    if (outcome.type === 'silence' && !config.requireReply) return HEALTHY;
    if (outcome.type !== 'reply') return datagramResult(outcome, config);
    return config.requireReply ? judgeReply(config, outcome.bytes) : HEALTHY;
  },
};

/** Length and, where a pattern is given, the bytes. */
function judgeReply({ minReplyLength, maxReplyLength, reply }: UdpChecker, bytes: Uint8Array): CheckResult {
  const { length } = bytes;
  if (length < minReplyLength || length > maxReplyLength) {
    return unhealthy(`a reply of ${length} bytes, expected ${minReplyLength} to ${maxReplyLength}`);
  }
  if (reply === undefined) return HEALTHY;
  const [wanted, mask] = [Buffer.from(reply.bytes, 'hex'), Buffer.from(reply.mask, 'hex')];
  if (length < wanted.length) return unhealthy(`a reply of ${length} bytes, expected ${wanted.length} at least`);
  for (let i = 0; i < wanted.length; i++) {
    const [got, want, bits] = [bytes[i] as number, wanted[i] as number, mask[i] as number];
    if ((got & bits) !== (want & bits))
      return unhealthy(`byte ${i} of the reply is ${hex(got)}, expected ${hex(want)}`);
  }
  return HEALTHY;
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

/** What follows from no reply. */
export function datagramResult(
  outcome: Exclude<DatagramOutcome, { type: 'reply' }>,
  { connectTimeout }: Pick<Connection, 'connectTimeout'>,
): CheckResult {
  if (outcome.type === 'silence') return unhealthy(`no answer within ${inSeconds(connectTimeout)} s`);
  return { outcome: outcome.local ? 'inconclusive' : 'unhealthy', reason: outcome.reason };
}
