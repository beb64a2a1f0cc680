/**
 * Addresses, routes and rules as keepalived 2.2.7 shows them in its dumps, word for word. Some of it is odd and stays so:
 * tools read it.
 */
import { familyOf, maxPrefixLength } from '../base/address.ts';
import { type Duration, inMilliseconds, inSeconds } from '../base/time.ts';
import type { VirtualAddress } from '../vrrp/instance.ts';
import type {
  Encapsulation,
  LockableMetric,
  NextHop,
  Prefix,
  Route,
  RouteMetrics,
  Rule,
  RuleAction,
} from '../vrrp/route.ts';
import type { StaticAddress } from '../vrrp/statics.ts';

/** Seconds that mean forever. */
const FOREVER = 0xffffffff;
const SCOPE_NAMES: Readonly<Record<number, string>> = {
  0: 'global',
  200: 'site',
  253: 'link',
  254: 'host',
  255: 'nowhere',
};
const MAIN_TABLE = 254;
const PREFERENCES: Readonly<Record<number, string>> = { 0: 'medium', 1: 'high', 3: 'low' };

/** The words that are there. */
const line = (words: readonly (string | false | undefined)[]): string => words.filter((word) => word).join(' ');

/** A word and its value, where there is one. */
const given = (word: string, value: string | number | undefined): string | undefined =>
  value === undefined ? undefined : `${word} ${value}`;

/** `10.0.0.0/8`; a whole address stands alone. */
export function prefixText({ address, prefixLength }: Prefix): string {
  return prefixLength === maxPrefixLength(familyOf(address)) ? address : `${address}/${prefixLength}`;
}

/** A virtual or static address. @param isSet whether the kernel has it from us */
export function addressText(entry: VirtualAddress | StaticAddress, isSet = false): string {
  const { address, prefixLength, virtualMac, peer, preferredLifetime } = entry;
  const isIpv6 = familyOf(address) === 'inet6';
  return line([
    prefixText(entry),
    given('brd', entry.broadcast),
    `dev ${virtualMac === undefined ? '' : `${virtualMac}@`}${entry.interface}`,
    entry.useVmac && 'use_vmac',
    `scope ${SCOPE_NAMES[entry.scope] ?? entry.scope}`,
    given('label', entry.label),
    peer && `peer ${peer}/${maxPrefixLength(familyOf(peer))}`,
    entry.home && 'home',
    entry.detectDuplicates && '-nodad',
    entry.manageTemporary && 'mngtmpaddr',
    entry.noPrefixRoute && 'noprefixroute',
    entry.autojoin && 'autojoin',
    entry.noTrack && 'no_track',
    'trackGroup' in entry && given('track_group', entry.trackGroup),
    isIpv6 && lifetimeText(preferredLifetime ?? (prefixLength === maxPrefixLength('inet6') ? 0 : FOREVER)),
    isSet && 'set',
  ]);
}

const lifetimeText = (lifetime: number): string =>
  lifetime === 0 ? 'deprecated' : `preferred_lft ${lifetime === FOREVER ? 'forever' : lifetime}`;

/** A virtual or static route. */
export function routeText(route: Route): string {
  const { type, gateway, interface: name, table, encapsulation, nextHops = [] } = route;
  return line([
    route.action,
    type !== undefined && type !== 'unicast' && String(type),
    prefixText(route.destination),
    route.from && `from ${prefixText(route.from)}`,
    given('src', route.source),
    given('tos', route.tos),
    encapsulation && encapsulationText(encapsulation),
    gateway && `via ${familyOf(gateway)} ${gateway}`,
    given('dev', name),
    table !== undefined && table !== MAIN_TABLE && `table ${table}`,
    given('proto', route.protocol),
    given('scope', route.scope),
    given('metric', route.metric),
    // keepalived does not show it for IPv6
    route.onlink && familyOf(route.destination.address) === 'inet' && 'onlink',
    route.realms !== undefined && realmsText(route.realms),
    route.expires !== undefined && `expires ${route.expires}sec`,
    ...metricsText(route.metrics ?? {}, route.locked ?? []),
    route.ttlPropagate !== undefined && `ttl-propagate ${route.ttlPropagate ? 'enabled' : 'disabled'}`,
    route.routerPreference !== undefined && `pref ${PREFERENCES[route.routerPreference] ?? route.routerPreference}`,
    ...nextHops.map(nextHopText),
    !route.tracked && 'no_track',
    given('track_group', route.trackGroup),
  ]);
}

const REALM_BITS = 16;
const REALM_MASK = 0xffff;

/** Both realms, or the one. */
function realmsText(realms: number): string {
  const from = realms >>> REALM_BITS;
  const to = realms & REALM_MASK;
  return from === 0 ? `realm ${to}` : `realms ${from}/${to}`;
}

function nextHopText({ gateway, interface: name, weight, onlink, realms, encapsulation }: NextHop): string {
  return line([
    'nexthop',
    gateway && `via ${familyOf(gateway)} ${gateway}`,
    given('dev', name),
    given('weight', weight),
    onlink && 'onlink',
    encapsulation && encapsulationText(encapsulation),
    realms !== undefined && `realm ${realms & REALM_MASK}`,
  ]);
}

/** MPLS labels stand in a word of 32 bits above the traffic class, the mark of the last one and the TTL. RFC 3032 §2.1. */
const MPLS_LABEL_SHIFT = 12;
const MPLS_BOTTOM = 0x100;

function encapsulationText(encapsulation: Encapsulation): string {
  switch (encapsulation.type) {
    case 'mpls': {
      const { labels } = encapsulation;
      const words = labels.map((label, i) => {
        const word = label * 2 ** MPLS_LABEL_SHIFT + (i === labels.length - 1 ? MPLS_BOTTOM : 0);
        return word.toString(16);
      });
      return `encap mpls ${words.join('/')}`;
    }
    case 'ila':
      // the bytes of the locator are shown as a number of a little-endian processor
      return `encap ila ${BigInt(`0x${(encapsulation.locator.padStart(16, '0').match(/../g) ?? []).reverse().join('')}`)}`;
    default: {
      const { type, id, destination, source, trafficClass, hopLimit, flags } = encapsulation;
      return line([
        `encap ${type}`,
        given('id', id),
        given('dst', destination),
        given('src', source),
        given(type === 'ip' ? 'tos' : 'tc', trafficClass),
        given(type === 'ip' ? 'ttl' : 'hoplimit', hopLimit),
        flags !== undefined && `flags 0x${flags.toString(16)}`,
      ]);
    }
  }
}

/** Seconds, or less than one in milliseconds. */
const metricTime = (time: Duration): string =>
  inSeconds(time) >= 1 ? `${inSeconds(time)}s` : `${inMilliseconds(time)}ms`;

function metricsText(metrics: RouteMetrics, locked: readonly LockableMetric[]): (string | false | undefined)[] {
  const lockOf = (key: string): string => (locked.includes(key as LockableMetric) ? 'lock ' : '');
  const number = (word: string, key: keyof RouteMetrics) =>
    metrics[key] !== undefined && `${word} ${lockOf(key)}${metrics[key]}`;
  const time = (word: string, key: 'roundTripTime' | 'roundTripVariance' | 'retransmissionMinimum') => {
    const value = metrics[key];
    return value !== undefined && `${word} ${lockOf(key)}${metricTime(value)}`;
  };
  const { congestionControl } = metrics;
  return [
    // keepalived forgets the blank, and has one too many behind it
    congestionControl && `congctl ${congestionControl}${lockOf('congestionControl')}`,
    time('rtt', 'roundTripTime'),
    time('rttvar', 'roundTripVariance'),
    time('rto_min', 'retransmissionMinimum'),
    metrics.explicitCongestionNotification && 'features ecn',
    number('mtu', 'mtu'),
    number('window', 'window'),
    number('ssthresh', 'slowStartThreshold'),
    number('cwnd', 'congestionWindow'),
    number('advmss', 'advertisedMss'),
    number('reordering', 'reordering'),
    number('hoplimit', 'hopLimit'),
    number('initcwnd', 'initialCongestionWindow'),
    number('initrwnd', 'initialReceiveWindow'),
    number('quickack', 'quickAck'),
    number('fastopen_no_cookie', 'fastOpenNoCookie'),
  ];
}

/** A virtual or static rule. */
export function ruleText(rule: Rule): string {
  const { family, from, to, firewallMark, firewallMask, users, sourcePorts, destinationPorts, realms } = rule;
  const hex = (value: number): string => `0x${value.toString(16)}`;
  const range = (word: string, ends: { readonly first: number; readonly last: number } | undefined) =>
    ends && `${word} ${ends.first}-${ends.last}`;
  return line([
    from === undefined && to === undefined && family === 'inet6' && 'inet6',
    rule.not && 'not',
    `from ${from === undefined ? 'all' : prefixText(from)}`,
    to && `to ${prefixText(to)}`,
    `priority ${rule.priority}`,
    `tos ${hex(rule.tos ?? 0)}`,
    firewallMark !== undefined &&
      `fwmark ${hex(firewallMark)}${firewallMask === undefined ? '' : `/${hex(firewallMask)}`}`,
    given('iif', rule.inputInterface),
    given('oif', rule.outputInterface),
    given('suppress_prefixlen', rule.suppressPrefixLength),
    given('suppress_ifgroup', rule.suppressInterfaceGroup),
    rule.tunnelId !== '0' && given('tunnel-id', rule.tunnelId),
    range('uidrange', users),
    rule.action.type === 'l3mdev' && 'l3mdev',
    given('protocol', rule.protocol),
    given('ipproto', rule.ipProtocol),
    range('sport', sourcePorts),
    range('dport', destinationPorts),
    realms !== undefined && `realms ${realms >>> REALM_BITS}/${realms & REALM_MASK}`,
    actionText(rule.action),
    !rule.tracked && 'no_track',
    given('track_group', rule.trackGroup),
  ]);
}

function actionText(action: RuleAction): string {
  switch (action.type) {
    case 'table':
      return `lookup ${action.table}`;
    case 'l3mdev':
      return 'lookup 0';
    case 'goto':
      return `goto ${action.target}`;
    case 'nop':
      return 'nop';
    default:
      return `type ${action.type}`;
  }
}
