/**
 * virtual_server and real_server of keepalived.conf(5): their words, and what the IPVS table is made from.
 * What the keywords say about each other is in virtual-servers.ts.
 */
import type { Family, IpAddress } from '../base/address.ts';
import { type Duration, seconds } from '../base/time.ts';
import type { CheckerConfig, GivenChecker } from '../checks/keywords.ts';
import {
  blocks,
  choice,
  flag,
  type Header,
  LATER,
  obsolete,
  opaque,
  optional,
  type Reading,
  table,
  type Variant,
  value,
} from '../config/table.ts';
import {
  boolean,
  decimalSeconds,
  granularity,
  INT32_MAX,
  integer,
  oneOf,
  oneWord,
  text,
  UINT32_MAX,
  type ValueType,
  wholeSeconds,
  wordOf,
  words,
} from '../config/values.ts';
import type { ForwardingMethod, Protocol, ServiceKey } from '../wire/ipvs.ts';

/** A real server as it is configured, every default filled in. */
export interface RealServer {
  /** `192.168.4.100:80` */
  readonly id: string;
  readonly address: IpAddress;
  /** 0-65535 */
  readonly port: number;
  /** 0 to 2^31 - 1 */
  readonly weight: number;
  readonly forwardingMethod: ForwardingMethod;
  /** A failed server stays in the table with weight 0. */
  readonly inhibitOnFailure: boolean;
  /** Connections; 0: no limit. */
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
  readonly checkers: readonly CheckerConfig[];
}

/** A virtual server as it is configured, every default filled in. */
export interface VirtualServer {
  /** `serviceId` of its key. */
  readonly id: string;
  readonly key: ServiceKey;
  readonly scheduler: string;
  /** Bits 0 to 2 are the scheduler's flags 1 to 3. */
  readonly schedulerFlags: number;
  readonly forwardingMethod: ForwardingMethod;
  /** Whole seconds; zero: not persistent. */
  readonly persistenceTimeout: Duration;
  /** Length of the prefix that counts as one client: 0-32 or 1-128. */
  readonly persistenceGranularity: number;
  readonly onePacket: boolean;
  /** Its servers are down until their first successful check. */
  readonly alpha: boolean;
  readonly realServers: readonly RealServer[];
}

/** What persistence_timeout means without a value, and what some keywords switch on. */
export const DEFAULT_PERSISTENCE = seconds(360);
const PERSISTENCE_MAX = 2678400;
const MICROSECOND = 0.000001;
const TIMEOUT_MAX = 4294.967295;

/** A scheduler with its flags, as bits. */
export interface GivenScheduler {
  readonly name: string;
  readonly flags: number;
}

const SCHEDULERS = [
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
] as const;

/** IP_VS_SVC_F_SCHED1 to 3 of linux/ip_vs.h as bits 0 to 2, and the scheduler they are for. */
export const SCHEDULER_FLAGS: Readonly<Record<string, { readonly bit: number; readonly scheduler?: string }>> = {
  'flag-1': { bit: 1 },
  'flag-2': { bit: 2 },
  'flag-3': { bit: 4 },
  'sh-fallback': { bit: 1, scheduler: 'sh' },
  'sh-port': { bit: 2, scheduler: 'sh' },
  'mh-fallback': { bit: 1, scheduler: 'mh' },
  'mh-port': { bit: 2, scheduler: 'mh' },
};

const scheduler: ValueType<GivenScheduler> = {
  ...words(`a scheduler (${SCHEDULERS.join(', ')}) and its flags`, 1, 4),
  read([name, ...flags], complaints) {
    const known = name && wordOf(...SCHEDULERS).read([name], complaints);
    if (known === undefined) return undefined;
    let bits = 0;
    for (const word of flags) {
      const flagged = Object.hasOwn(SCHEDULER_FLAGS, word.text) ? SCHEDULER_FLAGS[word.text] : undefined;
      if (flagged !== undefined && (flagged.scheduler ?? known) === known) bits |= flagged.bit;
      else complaints.correct(word, `'${word.text}' is not a flag of the scheduler ${known}; it is ignored`);
    }
    return { name: known, flags: bits };
  },
  show: ({ name }) => name,
  write: ({ name, flags }) =>
    [name, ...[1, 2, 3].filter((n) => flags & (1 << (n - 1))).map((n) => `flag-${n}`)].join(' '),
};

/** A forwarding method; tunnel options as they were written. */
export interface GivenMethod {
  readonly method: ForwardingMethod;
  readonly tunnel?: readonly string[];
}

const METHODS = { NAT: 'masquerading', DR: 'direct-route', TUN: 'tunnel' } as const;
const TUNNEL_OPTIONS = new Set(['type', 'ipip', 'gue', 'gre', 'port', 'nocsum', 'csum', 'remcsum']);

const method: ValueType<GivenMethod> = {
  ...words('NAT, DR or TUN', 1, 8),
  strict: true,
  read([kind, ...options], complaints) {
    const known = kind && oneOf(METHODS).read([kind], complaints);
    if (known === undefined) return undefined;
    const given: string[] = [];
    for (const word of options) {
      if (known === 'tunnel' && (TUNNEL_OPTIONS.has(word.text) || /^[0-9]+$/.test(word.text))) given.push(word.text);
      else complaints.correct(word, `'${word.text}' is not an option of ${kind?.text}; it is ignored`);
    }
    return given.length === 0 ? { method: known } : { method: known, tunnel: given };
  },
  show: ({ method: of, tunnel = [] }) => [oneOf(METHODS).show(of as 'tunnel'), ...tunnel].join(' '),
};

const protocol: ValueType<Protocol> = oneWord('TCP, UDP or SCTP', (given) => {
  const upper = given.toUpperCase();
  return upper === 'TCP' || upper === 'UDP' || upper === 'SCTP' ? upper : undefined;
});

const persistence: ValueType<Duration> = {
  ...wholeSeconds(1, PERSISTENCE_MAX),
  minWords: 0,
  read: (given, complaints) =>
    given.length === 0 ? DEFAULT_PERSISTENCE : wholeSeconds(1, PERSISTENCE_MAX).read(given, complaints),
};

const script = () => words('a command');
const methodOptions = { later: (given: GivenMethod) => given.tunnel !== undefined };

/** What a virtual server says for its real servers, and a real server for its checkers. */
const inheritedKeywords = {
  delayBeforeRetry: value(
    'delay_before_retry',
    decimalSeconds(0, Infinity),
    'Wait between a failure and the next attempt.',
  ),
  retry: value('retry', integer(1, UINT32_MAX), 'Further attempts after a failure before the server counts as down.'),
  warmup: value('warmup', decimalSeconds(0, Infinity), 'The first check comes at a random time within this.'),
  connectTimeout: value('connect_timeout', decimalSeconds(MICROSECOND, TIMEOUT_MAX), 'How long an attempt may take.'),
  virtualHost: value('virtualhost', text('a host name'), 'Host that web checks ask for.', { ...LATER, missingIs: 5 }),
  smtpAlert: value('smtp_alert', boolean(), 'Mail about changes.', LATER),
  snmpName: value('snmp_name', text('a name'), 'Name in SNMP.', { ...LATER, missingIs: 5 }),
};

const realServerKeywords = (checkers: readonly Variant<GivenChecker>[]) =>
  table({
    weight: value('weight', integer(0, INT32_MAX), 'Share of the connections; 0: no new ones.'),
    method: value(
      'lvs_method',
      method,
      'Forwarding method, where it is not the one of the virtual server.',
      methodOptions,
    ),
    upperThreshold: optional('uthreshold', integer(0, UINT32_MAX), 0, 'Connections at which no new ones come.'),
    lowerThreshold: optional('lthreshold', integer(0, UINT32_MAX), 0, 'Connections at which new ones come again.'),
    inhibitOnFailure: value('inhibit_on_failure', boolean(), 'Failed: weight 0 instead of removal.'),
    alpha: value('alpha', boolean(), 'Down until the first success.'),
    ...inheritedKeywords,
    delayLoop: value('delay_loop', decimalSeconds(MICROSECOND, Infinity), 'Wait from one check to the next.'),
    notifyUp: value('notify_up', script(), 'Command to run when it comes up.', { ...LATER, once: true }),
    notifyDown: value('notify_down', script(), 'Command to run when it goes down.', { ...LATER, once: true }),
    checkers: choice(checkers),
  });

const REAL_SERVER: Header = { min: 1, max: 2, expected: 'an address and a port', missingIs: 2 };

/** IP [PORT], fwmark N or group NAME. */
export const VIRTUAL_SERVER: Header = {
  min: 1,
  max: 2,
  expected: 'an address and a port, fwmark and a number, or group and a name',
  missingIs: 2,
};

/** The words of virtual_server … { }. @param checkers the kinds that a real server may have */
export const virtualServerKeywords = (checkers: readonly Variant<GivenChecker>[]) =>
  table({
    scheduler: value('lvs_sched', scheduler, 'How connections are spread.', { aliases: ['lb_algo'] }),
    method: value('lvs_method', method, 'Forwarding method: NAT, DR or TUN.', {
      aliases: ['lb_kind'],
      ...methodOptions,
    }),
    protocol: value('protocol', protocol, 'Transport protocol; UDP, not TCP, when it is missing.', {
      later: (given) => given === 'SCTP',
    }),
    hashed: flag('hashed', 'Obsolete, without effect.'),
    onePacket: flag('ops', 'Schedule every datagram anew; UDP only.'),
    flag1: flag('flag-1', 'First flag of the scheduler.'),
    flag2: flag('flag-2', 'Second flag of the scheduler.'),
    flag3: flag('flag-3', 'Third flag of the scheduler.'),
    shPort: flag('sh-port', 'Scheduler sh: the port of the client counts.'),
    shFallback: flag('sh-fallback', 'Scheduler sh: another server instead of one of weight 0.'),
    mhPort: flag('mh-port', 'Scheduler mh: the port of the client counts.'),
    mhFallback: flag('mh-fallback', 'Scheduler mh: another server instead of one of weight 0.'),
    persistenceTimeout: value('persistence_timeout', persistence, 'How long a client stays with its server.'),
    persistenceGranularity: value('persistence_granularity', granularity(), 'Which clients count as one.'),
    persistenceEngine: value('persistence_engine', text('a name'), 'What tells clients apart.', LATER),
    delayLoop: optional(
      'delay_loop',
      decimalSeconds(MICROSECOND, Infinity),
      seconds(60),
      'Wait from one check to the next.',
    ),
    haSuspend: flag('ha_suspend', 'Check only while the address is here.', LATER),
    alpha: flag('alpha', 'Servers are down until their first success.'),
    omega: flag('omega', 'Run the notifications of down at the end.', LATER),
    quorum: optional('quorum', integer(1, UINT32_MAX), 1, 'Weight that must be up.', { ...LATER, otherwise: 1 }),
    hysteresis: optional('hysteresis', integer(0, UINT32_MAX), 0, 'Weight around the quorum without a change.', LATER),
    quorumUp: value('quorum_up', script(), 'Command to run when there is a quorum.', { ...LATER, once: true }),
    quorumDown: value('quorum_down', script(), 'Command to run when there is none.', { ...LATER, once: true }),
    sorryServer: value('sorry_server', words('an address and a port', 1, 2), 'Serves without a quorum.', LATER),
    sorryServerInhibit: flag('sorry_server_inhibit', 'It stays in the table with weight 0.', LATER),
    sorryServerMethod: value('sorry_server_lvs_method', method, 'Its forwarding method.', LATER),
    inhibitOnFailure: flag('inhibit_on_failure', 'Failed servers: weight 0 instead of removal.'),
    weight: optional('weight', integer(1, INT32_MAX), 1, 'Weight of real servers that do not say.'),
    ...inheritedKeywords,
    family: value('ip_family', oneOf<Family>({ inet: 'inet', inet6: 'inet6' }), 'Family of a fwmark service.'),
    natMask: obsolete('nat_mask', 'long gone and without effect; delete the line'),
    netMask: obsolete('net_mask', 'long gone and without effect; delete the line'),
    realServers: blocks('real_server', REAL_SERVER, realServerKeywords(checkers), 'A server behind it.'),
  });

/** A virtual_server as it was read. */
export type VirtualServerReading = Reading<ReturnType<typeof virtualServerKeywords>['entries']>;
/** A real_server as it was read. */
export type RealServerReading = Reading<ReturnType<typeof realServerKeywords>['entries']>;

/** Blocks of the top level that belong to IPVS and are not acted on yet. */
export const ipvsBlocks = {
  virtualServerGroups: opaque('virtual_server_group', 'Addresses and marks that virtual servers share.'),
};
