/** Values of virtual servers and real servers that are more than a number or a word. keepalived.conf(5) "lvs_sched", "lvs_method". */
import { type IpAddress, parseAddress } from '../base/address.ts';
import { type Duration, seconds } from '../base/time.ts';
import type { Report } from '../config/diagnostics.ts';
import type { Word } from '../config/tape.ts';
import {
  type Complaints,
  hostAddress,
  integer,
  oneOf,
  oneWord,
  port as portType,
  SILENT,
  type ValueType,
  wholeSeconds,
  wordOf,
  words,
} from '../config/values.ts';
import type { Protocol, Tunnel } from '../wire/ipvs.ts';
import type { Forwarding } from './virtual-server.ts';

/** Schedulers of the kernel. */
export const scheduler = wordOf(
  'rr',
  'wrr',
  'lc',
  'wlc',
  'lblc',
  'lblcr',
  'sh',
  'mh',
  'dh',
  'fo',
  'ovf',
  'sed',
  'nq',
  'twos',
);

/** IP_VS_SVC_F_SCHED1 to 3 of linux/ip_vs.h as bits 0 to 2, by keyword. */
export const SCHEDULER_FLAGS = {
  flag1: 1,
  flag2: 2,
  flag3: 4,
  shFallback: 1,
  shPort: 2,
  mhFallback: 1,
  mhPort: 2,
} as const;

const METHODS = oneOf({ NAT: 'masquerading', DR: 'direct-route', TUN: 'tunnel' });
const TUNNEL_TYPES = oneOf<Tunnel['type']>({ ipip: 'ipip', gue: 'gue', gre: 'gre' });
const CHECKSUMS: Readonly<Record<string, number>> = { nocsum: 0, csum: 1, remcsum: 2 };

/** What the words after the method say, or what is wrong with them. */
function tunnelOf(options: readonly Word[]): Tunnel | { readonly at: Word | undefined; readonly problem: string } {
  let type: Tunnel['type'] = 'ipip';
  let port: number | undefined;
  let flags = 0;
  const silent: Complaints = { refuse: () => undefined, correct: () => undefined };
  const rest = options[Symbol.iterator]();
  for (const at of rest) {
    const sum = Object.hasOwn(CHECKSUMS, at.text) ? CHECKSUMS[at.text] : undefined;
    if (sum !== undefined) flags = sum;
    else if (at.text === 'type' || at.text === 'port') {
      const { value: word } = rest.next() as { value: Word | undefined };
      const kind = at.text === 'type' ? TUNNEL_TYPES : portType();
      const value = word && kind.read([word], silent);
      if (value === undefined) return { at: word ?? at, problem: `expected ${kind.expected} after ${at.text}` };
      if (typeof value === 'number') port = value;
      else type = value;
    } else return { at, problem: `'${at.text}' is no option of a tunnel` };
  }
  const [at] = options;
  if ((type === 'gue') !== (port !== undefined)) return { at, problem: 'gue tunnels need a port, others have none' };
  if (type === 'ipip' && flags !== 0) return { at, problem: 'ipip tunnels have no checksums' };
  if (type === 'gre' && flags === CHECKSUMS.remcsum) return { at, problem: 'gre tunnels have no remote checksums' };
  return { type, port: port ?? 0, flags };
}

const checksumWords = ({ type, flags }: Tunnel): string[] =>
  type === 'ipip' ? [] : [Object.keys(CHECKSUMS).find((word) => CHECKSUMS[word] === flags) ?? 'nocsum'];

const methodText = ({ forwardingMethod, tunnel }: Forwarding): string => {
  const method = METHODS.show(forwardingMethod as 'tunnel');
  if (tunnel === undefined || forwardingMethod !== 'tunnel') return method;
  const { type, port } = tunnel;
  return [method, 'type', type, ...(port === 0 ? [] : ['port', port]), ...checksumWords(tunnel)].join(' ');
};

/** `NAT`, `DR`, or `TUN [type ipip|gue port N|gre] [nocsum|csum|remcsum]`. A mistake in the options leaves the method. */
export const method: ValueType<Forwarding> = {
  ...words('NAT, DR or TUN; TUN may be followed by type ipip, gue or gre, port, and nocsum, csum or remcsum', 1, 8),
  strict: true,
  read([kind, ...options], complaints) {
    const forwardingMethod = kind && METHODS.read([kind], complaints);
    if (forwardingMethod === undefined) return undefined;
    if (options.length === 0) return { forwardingMethod };
    const tunnel = tunnelOf(options);
    const [first] = options as [Word];
    if ('problem' in tunnel) {
      const instead = forwardingMethod === 'tunnel' ? 'the tunnels are ipip' : `${kind?.text} is used`;
      complaints.correct(tunnel.at ?? first, `${tunnel.problem}; ${instead}`);
      return { forwardingMethod };
    }
    if (forwardingMethod !== 'tunnel') {
      complaints.correct(first, `${kind?.text} has no tunnels; the options are ignored`, SILENT);
      return { forwardingMethod };
    }
    return tunnel.type === 'ipip' ? { forwardingMethod } : { forwardingMethod, tunnel };
  },
  show: methodText,
};

/** TCP, UDP or SCTP, in any case. */
export const protocol: ValueType<Protocol> = oneWord('TCP, UDP or SCTP', (given) => {
  const upper = given.toUpperCase();
  return upper === 'TCP' || upper === 'UDP' || upper === 'SCTP' ? upper : undefined;
});

/** What persistence_timeout means without a value, and what some keywords switch on. */
export const DEFAULT_PERSISTENCE = seconds(360);
const PERSISTENCE_MAX = 2678400;

/** Whole seconds, 360 without a word. */
export const persistence: ValueType<Duration> = {
  ...wholeSeconds(1, PERSISTENCE_MAX),
  minWords: 0,
  read: (given, complaints) =>
    given.length === 0 ? DEFAULT_PERSISTENCE : wholeSeconds(1, PERSISTENCE_MAX).read(given, complaints),
};

/** An IPv4 mask as inet_aton(3) reads it: one to four numbers, the last for all bytes that are left. */
export function looseMask(text: string): IpAddress | undefined {
  const parts = text.split('.').map(numberOf);
  const last = parts.pop();
  if (last === undefined || parts.length > 3 || parts.some((part) => part === undefined || part > 255))
    return undefined;
  const left = 4 - parts.length;
  if (last >= 256 ** left) return undefined;
  const bytes = Array.from({ length: left }, (_, i) => Math.floor(last / 256 ** (left - 1 - i)) % 256);
  return parseAddress([...parts, ...bytes].join('.'));
}

function numberOf(text: string): number | undefined {
  if (/^0x[0-9a-f]{1,8}$/i.test(text)) return Number.parseInt(text, 16);
  if (/^0[0-7]{0,11}$/.test(text)) return Number.parseInt(text, 8);
  return /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : undefined;
}

/** A port of a header or of a line; a text of zeros is none. */
const headerPort: ValueType<number> = integer(1, 65535, { leading: true });
const headerAddress = hostAddress();

/** An address and a port, 0 without one. */
export interface Endpoint {
  readonly address: IpAddress;
  /** 0-65535 */
  readonly port: number;
}

/**
 * Address and port where there is nothing to say about them; nearly all are so, and there may be ten thousand of them. Undefined
 * means nothing: `readEndpoint` knows.
 */
export function plainEndpoint(texts: readonly string[]): Endpoint | undefined {
  const first = texts[0];
  const second = texts[1];
  const address = first === undefined ? undefined : parseAddress(first);
  if (address === undefined) return undefined;
  const port = second === undefined ? 0 : (headerPort.quick?.parse(second) as number | undefined);
  return port === undefined ? undefined : { address, port };
}

/** Of a header that `plainEndpoint` has read, if it has. */
export const endpointBefore = ({ plainHeader }: { readonly plainHeader: unknown }): Endpoint | undefined =>
  plainHeader as Endpoint | undefined;

/** Address and port; undefined when there is none, which is said. */
export function readEndpoint(words: readonly Word[], complaints: Complaints): Endpoint | undefined {
  const plain = plainEndpoint(words.map((word) => word.text));
  if (plain !== undefined) return plain;
  const [first, second] = words;
  const address = first && headerAddress.read([first], complaints);
  if (address === undefined) return undefined;
  if (second === undefined) return { address, port: 0 };
  if (/^0+$/.test(second.text)) return { address, port: 0 };
  const port = headerPort.read([second], complaints);
  return port === undefined ? undefined : { address, port };
}

/** `IP [PORT]` as the value of a keyword. */
export const endpoint: ValueType<Endpoint> = {
  ...words('an address and a port', 1, 2),
  read: readEndpoint,
  show: ({ address, port }) => (port === 0 ? address : `${address} ${port}`),
};

/** Complaints about the words before a brace; what they are for is left out then. */
export const complaintsAbout = (left: string, report: Report): Complaints => ({
  refuse: (at, problem, suggestion, verdict) => {
    report.error(at, `${problem}; ${left} is left out`, { ...(suggestion ? { suggestion } : {}), ...verdict });
    return undefined;
  },
  correct: (at, message, verdict) => report.warning(at, message, verdict),
});
