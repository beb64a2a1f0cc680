/**
 * virtual_server and real_server of keepalived.conf(5): their words. What they come to is in virtual-server.ts, what they say
 * about each other in virtual-servers.ts and the files beside it.
 */
import type { Family } from '../base/address.ts';
import { type Duration, seconds } from '../base/time.ts';
import type { GivenChecker } from '../checks/keywords.ts';
import { script } from '../config/script.ts';
import {
  blocks,
  choice,
  flag,
  type Header,
  LATER,
  obsolete,
  optional,
  type Reading,
  table,
  type Variant,
  value,
} from '../config/table.ts';
import type { Word } from '../config/tape.ts';
import {
  boolean,
  type Complaints,
  decimalSeconds,
  GIVES_UP,
  INT32_MAX,
  integer,
  oneOf,
  oneWord,
  onlyWord,
  UINT32_MAX,
  unsigned,
  type ValueType,
} from '../config/values.ts';
import {
  complaintsAbout,
  type Endpoint,
  endpoint,
  method,
  persistence,
  plainEndpoint,
  protocol,
  readEndpoint,
  scheduler,
} from './methods.ts';

const MICROSECOND = 0.000001;
const TIMEOUT_MAX = 4294.967295;

const delay = (): ValueType<Duration> => decimalSeconds(0, Infinity);
const interval = (): ValueType<Duration> => decimalSeconds(MICROSECOND, Infinity);
const timeout = (): ValueType<Duration> => decimalSeconds(MICROSECOND, TIMEOUT_MAX);

/** One word of whatever kind; an empty one between quotation marks is one too. */
const anyWord = (expected: string): ValueType<string> => ({ ...oneWord(expected, (given) => given), slashes: true });

/** A number that keepalived takes from the front of a word, too. */
const number = (min: number, max: number): ValueType<number> => unsigned(min, max, { leading: true });

const once = { once: true } as const;

/** What a virtual server says for its real servers, and a real server for its checkers. */
const inheritedKeywords = {
  delayBeforeRetry: value('delay_before_retry', delay(), 'Wait between a failure and the next attempt.'),
  retry: value(
    'retry',
    unsigned(1, UINT32_MAX),
    'Further attempts after a failure before the server counts as down; in a checker it may be 0.',
  ),
  warmup: value('warmup', delay(), 'The first check comes at a random time within this; delay_loop.'),
  connectTimeout: value('connect_timeout', timeout(), 'How long an attempt of a checker may take; 5 s.'),
  virtualHost: value('virtualhost', anyWord('a host name'), 'Host that web checks ask for.', { missingIs: 5 }),
  smtpAlert: value('smtp_alert', boolean(), 'Mail about changes.'),
  snmpName: value('snmp_name', onlyWord('a name'), 'Name in SNMP.', { ...LATER, missingIs: 5 }),
};

const realServerKeywords = (checkers: readonly Variant<GivenChecker>[]) =>
  table({
    weight: value(
      'weight',
      integer(0, INT32_MAX, { leading: true }),
      'Share of the connections; 0: no new ones. As the virtual server says, 1 if it does not.',
    ),
    method: value('lvs_method', method, 'Forwarding method, where it is not the one of the virtual server.'),
    upperThreshold: optional('uthreshold', number(0, UINT32_MAX), 0, 'Connections at which no new ones come.'),
    lowerThreshold: optional('lthreshold', number(0, UINT32_MAX), 0, 'Connections at which new ones come again.'),
    inhibitOnFailure: value('inhibit_on_failure', boolean(), 'Failed: weight 0 instead of removal.'),
    alpha: value('alpha', boolean(), 'Down until the first success of each checker.'),
    ...inheritedKeywords,
    delayLoop: value('delay_loop', interval(), 'Wait from one check to the next.'),
    notifyUp: value('notify_up', script(), 'Command to run when it comes up.', once),
    notifyDown: value('notify_down', script(), 'Command to run when it goes down.', once),
    checkers: choice(checkers),
  });

/** IP [PORT]. */
const REAL_SERVER: Header = {
  min: 1,
  max: 2,
  expected: 'an address and a port',
  missingIs: 2,
  accepts: (given, report) => readEndpoint(given, complaintsAbout('the real_server', report)) !== undefined,
  plainValue: plainEndpoint,
};

/** What a mark may be; 0 is none to the kernel, and keepalived serves something else. */
const fwmark: ValueType<number> = integer(1, UINT32_MAX, { leading: true });

/** What stands before the brace of a virtual_server; undefined when it is nothing that can be served, which is said. */
export function readTarget(
  given: readonly Word[],
  complaints: Complaints,
): { readonly group: string } | { readonly fwmark: number } | Endpoint | undefined {
  const [first, second] = given;
  if (first === undefined) return undefined;
  if (first.text === 'group') {
    const problem = 'expected the name of a group, and keepalived crashes without one';
    return second === undefined ? complaints.refuse(first, problem, undefined, GIVES_UP) : { group: second.text };
  }
  if (first.text !== 'fwmark') return readEndpoint(given, complaints);
  if (second === undefined) {
    const problem = `expected ${fwmark.expected}, and keepalived crashes without one`;
    return complaints.refuse(first, problem, undefined, GIVES_UP);
  }
  const mark = fwmark.read([second], complaints);
  return mark === undefined ? undefined : { fwmark: mark };
}

/** IP [PORT], fwmark N or group NAME. */
export const VIRTUAL_SERVER: Header = {
  min: 1,
  max: 2,
  expected: 'an address and a port, fwmark and a number, or group and a name',
  missingIs: 2,
  accepts: (given, report) => readTarget(given, complaintsAbout('the virtual_server', report)) !== undefined,
  plainValue: plainEndpoint,
};

/** IP_VS_PENAME_MAXLEN of linux/ip_vs.h. */
const ENGINE_LENGTH_MAX = 16;

const persistenceEngine: ValueType<string> = oneWord(
  `a name of at most ${ENGINE_LENGTH_MAX} characters`,
  (name, word, complaints) => {
    if (name.length <= ENGINE_LENGTH_MAX) return name;
    const cut = name.slice(0, ENGINE_LENGTH_MAX);
    complaints.correct(word, `at most ${ENGINE_LENGTH_MAX} characters; it becomes ${cut}`);
    return cut;
  },
);

/** The words of virtual_server … { }. @param checkers the kinds that a real server may have */
export const virtualServerKeywords = (checkers: readonly Variant<GivenChecker>[]) =>
  table({
    scheduler: value('lvs_sched', scheduler, 'How connections are spread; wlc.', { aliases: ['lb_algo'] }),
    method: value('lvs_method', method, 'Forwarding method: NAT, DR or TUN.', { aliases: ['lb_kind'] }),
    protocol: value('protocol', protocol, 'Transport protocol; UDP, not TCP, when it is missing.'),
    hashed: flag('hashed', 'Obsolete, without effect.'),
    onePacket: flag('ops', 'Schedule every datagram anew; UDP only.'),
    flag1: flag('flag-1', 'First flag of the scheduler.'),
    flag2: flag('flag-2', 'Second flag of the scheduler.'),
    flag3: flag('flag-3', 'Third flag of the scheduler.'),
    shPort: flag('sh-port', 'After lb_algo sh: the port of the client counts.'),
    shFallback: flag('sh-fallback', 'After lb_algo sh: another server instead of one of weight 0.'),
    mhPort: flag('mh-port', 'After lb_algo mh: the port of the client counts.'),
    mhFallback: flag('mh-fallback', 'After lb_algo mh: another server instead of one of weight 0.'),
    persistenceTimeout: value('persistence_timeout', persistence, 'How long a client stays with its server.'),
    persistenceGranularity: value(
      'persistence_granularity',
      anyWord('an IPv4 netmask or an IPv6 prefix length from 1 to 128'),
      'Which clients count as one. Makes the service persistent, and says the family of marks and groups.',
    ),
    persistenceEngine: value('persistence_engine', persistenceEngine, 'What tells clients apart: sip.'),
    delayLoop: optional('delay_loop', interval(), seconds(60), 'Wait from one check to the next.'),
    haSuspend: flag('ha_suspend', 'Check only while the address is here.'),
    alpha: flag('alpha', 'Servers are down until their first success.'),
    omega: flag('omega', 'Run the notifications of down at the end.'),
    quorum: optional('quorum', number(1, UINT32_MAX), 1, 'Weight that must be up.', { otherwise: 1 }),
    hysteresis: optional('hysteresis', number(0, UINT32_MAX), 0, 'Weight around the quorum without a change.'),
    quorumUp: value('quorum_up', script(), 'Command to run when there is a quorum.', once),
    quorumDown: value('quorum_down', script(), 'Command to run when there is none.', once),
    sorryServer: value('sorry_server', endpoint, 'Serves without a quorum.'),
    sorryServerInhibit: flag('sorry_server_inhibit', 'After sorry_server: it stays with weight 0.'),
    sorryServerMethod: value('sorry_server_lvs_method', method, 'After sorry_server: its forwarding method.'),
    inhibitOnFailure: flag('inhibit_on_failure', 'Failed servers: weight 0 instead of removal.'),
    weight: optional('weight', integer(1, INT32_MAX, { leading: true }), 1, 'Weight of real servers that do not say.'),
    ...inheritedKeywords,
    family: value(
      'ip_family',
      oneOf<Family>({ inet: 'inet', inet6: 'inet6' }),
      'Family of a mark or a group, where its servers do not tell.',
    ),
    natMask: obsolete('nat_mask', 'long gone and without effect; delete the line'),
    netMask: obsolete('net_mask', 'long gone and without effect; delete the line'),
    realServers: blocks('real_server', REAL_SERVER, realServerKeywords(checkers), 'A server behind it.'),
  });

/** A virtual_server as it was read. */
export type VirtualServerReading = Reading<ReturnType<typeof virtualServerKeywords>['entries']>;
/** A real_server as it was read. */
export type RealServerReading = Reading<ReturnType<typeof realServerKeywords>['entries']>;
