/** The section `LVS Topology` of keepalived.data: groups, virtual and real servers, as keepalived 2.2.7 shows them. */
import { assertNever } from '../base/assert.ts';
import { inSeconds } from '../base/time.ts';
import type { BfdChecker, FileChecker } from '../checks/checker-config.ts';
import type {
  CheckDefaults,
  Forwarding,
  GroupMember,
  RealServer,
  SorryServer,
  VirtualServer,
  VirtualServerGroup,
} from '../ipvs/virtual-server.ts';
import { weightText } from './data-instances.ts';
import {
  type DumpHost,
  decimal,
  enabled,
  entry,
  entryIf,
  heading,
  type Lines,
  listed,
  scriptLine,
  yesNo,
} from './data-text.ts';

/** What a real server is doing. */
export interface RealServerState {
  readonly effectiveWeight: number;
  readonly isAlive: boolean;
  readonly failedCheckers: number;
  readonly isSet: boolean;
}

/** What is known of the servers while the agent runs. */
export interface ServiceStates {
  hasQuorum(server: VirtualServer): boolean;
  stateOf(server: VirtualServer, real: RealServer): RealServerState;
}

/** The lines of one group. */
export function groupLines({ name, members }: VirtualServerGroup): Lines {
  const has = (family: string) => members.some((one) => one.family === family);
  return [
    heading('Virtual server group', ' '),
    ` Virtual Server Group = ${name}, IPv4 = ${yesNo(has('inet'))}, IPv6 = ${yesNo(has('inet6'))}`,
    ...members.map(memberLine),
  ];
}

const FAMILIES = { inet: ' IPv4', inet6: ' IPv6' } as const;

function memberLine(member: GroupMember): string {
  if (member.kind === 'fwmark') {
    return entry('FWMARK', `${member.fwmark}${member.family === undefined ? '' : FAMILIES[member.family]}`);
  }
  const { first, last, port } = member;
  const range = first === last ? `VIP = ${first}` : `VIP Range = ${first}-${last}`;
  return `   ${range}, VPORT = ${port}`;
}

/** `[10.0.0.1]:tcp:80`, `FWM 7`, `[GROUP]:0` */
export function serverText({ target, protocol }: VirtualServer): string {
  switch (target.kind) {
    case 'group':
      return `[${target.name}]:${target.index}`;
    case 'fwmark':
      return `FWM ${target.fwmark}`;
    case 'address':
      return endpointText(target, protocol);
    default:
      return assertNever(target);
  }
}

/** `[10.0.0.2]:tcp:80` */
export const endpointText = (
  { address, port }: { readonly address: string; readonly port: number },
  protocol: VirtualServer['protocol'],
): string => `[${address}]:${protocol?.toLowerCase() ?? 'none'}:${port}`;

/** The lines of one virtual server and of the real servers in it. */
export function serverLines(server: VirtualServer, host: DumpHost, states: ServiceStates | undefined): Lines {
  return [
    heading('Virtual server', ' '),
    ` VS ${titleOf(server)}`,
    entryIf('VirtualHost', server.virtualHost),
    server.snmpName !== undefined && entry('SNMP name', `'${server.snmpName}'`),
    entry('Address family', server.family ?? 'IPv4 & IPv6'),
    entry('connection timeout', decimal(inSeconds(server.connectTimeout))),
    entry('delay_loop', decimal(inSeconds(server.delayLoop))),
    entry('lvs_sched', server.scheduler),
    entry('Hashed', 'disabled'),
    ...flagLines(server),
    entry('One packet scheduling', enabled(server.onePacket)),
    ...persistenceLines(server),
    entry('protocol', server.protocol ?? 'none'),
    `   alpha is ${onOff(server.alpha)}`,
    `   omega is ${onOff(server.omega)}`,
    ...retryLines(server),
    `   Inhibit on failure is ${onOff(server.inhibitOnFailure)}`,
    entry('quorum', `${server.quorum}, hysteresis = ${server.hysteresis}`),
    scriptLine('Quorum up notify script', server.quorumUp, host),
    scriptLine('Quorum down notify script', server.quorumDown, host),
    server.haSuspend && '   Using HA suspend',
    entry('Using smtp notification', yesNo(server.smtpAlert)),
    entry(
      server.tunnel === undefined || server.tunnel.type === 'ipip' ? 'default forwarding method' : 'forwarding method',
      forwardingText(server),
    ),
    ...(server.sorryServer === undefined ? [] : sorryLines(server.sorryServer, server)),
    ...(states === undefined
      ? []
      : [entry('alive', 1), entry('quorum_state_up', states.hasQuorum(server) ? 1 : 0), entry('reloaded', 0)]),
    ...server.realServers.flatMap((real) => realServerLines(real, host, states?.stateOf(server, real))),
  ];
}

const onOff = (value: boolean): string => (value ? 'ON' : 'OFF');

function titleOf(server: VirtualServer): string {
  const { target } = server;
  switch (target.kind) {
    case 'group':
      return `GROUP = ${serverText(server)}`;
    case 'fwmark':
      return `FWMARK = ${target.fwmark}`;
    case 'address':
      return `VIP = ${target.address}, VPORT = ${target.port}`;
    default:
      return assertNever(target);
  }
}

/** IP_VS_SVC_F_SCHED1 to 3, and what sh and mh call the first two. */
function flagLines({ scheduler, schedulerFlags }: VirtualServer): Lines {
  const isSet = (bit: number) => enabled((schedulerFlags & bit) !== 0);
  if (scheduler === 'sh' || scheduler === 'mh') {
    return [entry(`${scheduler}-port`, isSet(2)), entry(`${scheduler}-fallback`, isSet(1))];
  }
  return [entry('flag-1', isSet(1)), entry('flag-2', isSet(2)), entry('flag-3', isSet(4))];
}

function persistenceLines({ persistenceTimeout, persistenceGranularity: granularity }: VirtualServer): Lines {
  return [
    persistenceTimeout > 0 && entry('persistence timeout', inSeconds(persistenceTimeout)),
    granularity !== undefined &&
      entry('persistence granularity', granularity.family === 'inet' ? granularity.mask : granularity.prefixLength),
  ];
}

const retryLines = ({ retry, delayBeforeRetry, warmup }: CheckDefaults): Lines => [
  entryIf('Retry count', retry),
  delayBeforeRetry !== undefined && entry('Retry delay', decimal(inSeconds(delayBeforeRetry))),
  warmup !== undefined && entry('Warmup', decimal(inSeconds(warmup))),
];

const METHODS = {
  masquerading: 'NAT',
  'direct-route': 'DR',
  tunnel: 'TUN',
  local: 'LOCAL',
  bypass: 'BYPASS',
} as const;
const CHECKSUM_FLAG = 1;
const REMOTE_CHECKSUM_FLAG = 2;

function forwardingText({ forwardingMethod, tunnel }: Forwarding): string {
  const method = METHODS[forwardingMethod];
  if (forwardingMethod !== 'tunnel') return method;
  if (tunnel === undefined || tunnel.type === 'ipip') return `${method}, type = IPIP`;
  const port = tunnel.type === 'gue' ? `, port = ${tunnel.port}` : '';
  const checksum =
    tunnel.flags & CHECKSUM_FLAG ? 'checksum' : tunnel.flags & REMOTE_CHECKSUM_FLAG ? 'remote checksum' : 'no checksum';
  return `${method}, type = ${tunnel.type.toUpperCase()}${port}, ${checksum}`;
}

const sorryLines = (sorry: SorryServer, { protocol }: VirtualServer): Lines => [
  entry(`sorry server${sorry.isRealServer ? ' (duplicates rs)' : ''}`, endpointText(sorry, protocol)),
  entry('forwarding method', forwardingText(sorry), '     '),
  `     Inhibit on failure is ${onOff(sorry.inhibit)}`,
];

function realServerLines(real: RealServer, host: DumpHost, state: RealServerState | undefined): Lines {
  const { address, port, settings } = real;
  const { weight } = settings;
  const files = settings.checkers.filter((one): one is FileChecker => one.kind === 'FILE_CHECK');
  const sessions = settings.checkers.filter((one): one is BfdChecker => one.kind === 'BFD_CHECK');
  return [
    heading('Real server', '   '),
    `   RIP = ${address}, RPORT = ${port}, WEIGHT = ${weight} EFF WEIGHT = ${state?.effectiveWeight ?? weight}`,
    entry('forwarding method', forwardingText(settings)),
    `   Alpha is ${onOff(settings.alpha)}`,
    entry('connection timeout', decimal(inSeconds(settings.connectTimeout))),
    entry('connection limit range', `${settings.lowerThreshold} -> ${settings.upperThreshold}`),
    entry('Delay loop', decimal(inSeconds(settings.delayLoop))),
    ...retryLines(settings),
    `   Inhibit on failure is ${onOff(settings.inhibitOnFailure)}`,
    scriptLine('RS up notify script', settings.notifyUp, host, '     '),
    scriptLine('RS down notify script', settings.notifyDown, host, '     '),
    settings.virtualHost !== undefined && entry('VirtualHost', `'${settings.virtualHost}'`, '    '),
    entryIf('SNMP name', settings.snmpName),
    entry('Using smtp notification', yesNo(settings.smtpAlert)),
    entry('initial weight', weight),
    ...(state === undefined
      ? []
      : [
          entry('effective weight', state.effectiveWeight),
          entry('alive', state.isAlive ? 1 : 0),
          entry('num failed checkers', state.failedCheckers),
          entry('RS set', state.isSet ? 1 : 0),
          entry('reloaded', 0),
        ]),
    ...listed(
      'Tracked Files',
      files.map((one) => `${one.trackFile}, ${weightText(one)}`),
    ),
    ...listed(
      'Tracked BFDs',
      sessions.map(({ session }) => session),
    ),
  ];
}
