/** DNS_CHECK: healthy when a name server answers a question without an error. keepalived.conf(5) "DNS_CHECK". */
import { decodeAnswer, encodeQuery } from '../wire/dns.ts';
import { type CheckerKind, HEALTHY, targetOf, unhealthy } from './checker.ts';
import type { DnsChecker } from './checker-config.ts';
import { datagramResult } from './udp.ts';

export const dnsCheck: CheckerKind<DnsChecker> = {
  keyword: 'DNS_CHECK',
  async check(config, io, signal) {
    const id = io.randomId();
    const query = encodeQuery({ id, name: config.name, type: config.recordType });
    if (query === undefined) return { outcome: 'inconclusive', reason: `'${config.name}' is no name of the DNS` };
    const isReply = (bytes: Uint8Array): boolean => {
      const answer = decodeAnswer(bytes);
      return answer.ok && answer.value.id === id;
    };
    const outcome = await io.exchange(targetOf(config), query, signal, isReply);
    if (outcome.type !== 'reply') return datagramResult(outcome, config);
    const answer = decodeAnswer(outcome.bytes);
    const code = answer.ok ? answer.value.responseCode : undefined;
    return code === 0 ? HEALTHY : unhealthy(`answer with ${code === undefined ? 'nonsense' : codeText(code)}`);
  },
};

/** RFC 1035 §4.1.1, RCODE. */
const CODES = ['no error', 'format error', 'server failure', 'name error', 'not implemented', 'refused'];

const codeText = (code: number): string => `code ${code} (${CODES[code] ?? 'unknown'})`;
