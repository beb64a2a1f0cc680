/** Configured routes and rules as messages to the kernel: names become numbers, durations the kernel's units. */
import { familyOf } from '../base/address.ts';
import { assertNever } from '../base/assert.ts';
import { type Duration, microseconds, milliseconds } from '../base/time.ts';
import { HOLDFAST_PROTOCOL } from '../vrrp/addresses.ts';
import type { Encapsulation, NextHop, Route, RouteMetrics, RouteType, Rule, RuleAction } from '../vrrp/route.ts';
import type { EncapsulationMessage } from '../wire/rtnetlink-encapsulation.ts';
import { RT_TABLE_MAIN, RT_TABLE_UNSPEC } from '../wire/rtnetlink-head.ts';
import { lockBit, type MetricsMessage, RTAX_FEATURE_ECN } from '../wire/rtnetlink-metrics.ts';
import { type NextHopMessage, RTNH_F_ONLINK } from '../wire/rtnetlink-next-hop.ts';
import type { RouteMessage } from '../wire/rtnetlink-route.ts';
import {
  FIB_RULE_INVERT,
  FR_ACT_BLACKHOLE,
  FR_ACT_GOTO,
  FR_ACT_NOP,
  FR_ACT_PROHIBIT,
  FR_ACT_TO_TBL,
  FR_ACT_UNREACHABLE,
  type RuleMessage,
} from '../wire/rtnetlink-rule.ts';

/** The index of an interface by its name; undefined when there is none of that name. */
export type IndexOf = (name: string) => number | undefined;

/** The kernel's numbers of types: RTN_* in linux/rtnetlink.h. */
const ROUTE_TYPES: { readonly [T in Exclude<RouteType, number>]: number } = {
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
  nat: 10,
  xresolve: 11,
};

/** RTAX_RTT is in eighths of a millisecond, RTAX_RTTVAR in quarters, RTAX_RTO_MIN in whole ones. */
const ROUND_TRIP_UNIT = microseconds(125);
const VARIANCE_UNIT = microseconds(250);
const RETRANSMISSION_UNIT = milliseconds(1);

/** The message of a route, ours unless its protocol says otherwise; undefined when an interface of it is not there. */
export function routeMessage(route: Route, indexOf: IndexOf): RouteMessage | undefined {
  const { type = 'unicast', gateway, source, from, realms, encapsulation, nextHops } = route;
  const outputInterface = route.interface === undefined ? undefined : indexOf(route.interface);
  if (route.interface !== undefined && outputInterface === undefined) return undefined;
  const hops = nextHops?.map((hop) => nextHopMessage(hop, indexOf));
  if (hops?.includes(undefined)) return undefined;
  const metrics = metricsMessage(route);
  return {
    family: familyOf(route.destination.address),
    destination: route.destination,
    ...(from === undefined ? {} : { source: from }),
    typeOfService: route.tos ?? 0,
    table: route.table ?? RT_TABLE_MAIN,
    protocol: route.protocol ?? HOLDFAST_PROTOCOL,
    scope: route.scope ?? 0,
    routeType: typeof type === 'number' ? type : ROUTE_TYPES[type],
    flags: route.onlink ? RTNH_F_ONLINK : 0,
    ...(outputInterface === undefined ? {} : { outputInterface }),
    ...(gateway === undefined ? {} : { gateway }),
    ...(route.metric === undefined ? {} : { priority: route.metric }),
    ...(source === undefined ? {} : { preferredSource: source }),
    ...(realms === undefined ? {} : { flow: realms }),
    ...(encapsulation === undefined ? {} : { encapsulation: encapsulationMessage(encapsulation) }),
    ...(metrics === undefined ? {} : { metrics }),
    ...(hops === undefined ? {} : { nextHops: hops as NextHopMessage[] }),
    ...(route.routerPreference ? { routerPreference: route.routerPreference } : {}),
    ...(route.expires === undefined ? {} : { expires: route.expires }),
    ...(route.ttlPropagate === undefined ? {} : { ttlPropagate: route.ttlPropagate ? 1 : 0 }),
  };
}

function nextHopMessage(hop: NextHop, indexOf: IndexOf): NextHopMessage | undefined {
  const outputInterface = hop.interface === undefined ? undefined : indexOf(hop.interface);
  if (hop.interface !== undefined && outputInterface === undefined) return undefined;
  const { gateway, realms, encapsulation } = hop;
  return {
    flags: hop.onlink ? RTNH_F_ONLINK : 0,
    weight: hop.weight ?? 1,
    ...(outputInterface === undefined ? {} : { outputInterface }),
    ...(gateway === undefined ? {} : { gateway }),
    ...(realms === undefined ? {} : { flow: realms }),
    ...(encapsulation === undefined ? {} : { encapsulation: encapsulationMessage(encapsulation) }),
  };
}

function encapsulationMessage(encapsulation: Encapsulation): EncapsulationMessage {
  if (encapsulation.type === 'mpls' || encapsulation.type === 'ila') return encapsulation;
  const { id, ...others } = encapsulation;
  return id === undefined ? others : { ...others, id: BigInt(id) };
}

const inUnits = (duration: Duration, unit: Duration): number => Math.round(duration / unit);

/** Undefined when there are none: no attribute at all then. */
function metricsMessage({ metrics, locked = [] }: Route): MetricsMessage | undefined {
  const { roundTripTime, roundTripVariance, retransmissionMinimum, explicitCongestionNotification, ...same } =
    metrics ?? ({} as RouteMetrics);
  const message: MetricsMessage = {
    ...same,
    ...(roundTripTime === undefined ? {} : { roundTripTime: inUnits(roundTripTime, ROUND_TRIP_UNIT) }),
    ...(roundTripVariance === undefined ? {} : { roundTripVariance: inUnits(roundTripVariance, VARIANCE_UNIT) }),
    ...(retransmissionMinimum === undefined
      ? {}
      : { retransmissionMinimum: inUnits(retransmissionMinimum, RETRANSMISSION_UNIT) }),
    ...(explicitCongestionNotification ? { features: RTAX_FEATURE_ECN } : {}),
    ...(locked.length === 0 ? {} : { lock: locked.reduce((bits, metric) => bits | lockBit(metric), 0) }),
  };
  return Object.keys(message).length === 0 ? undefined : message;
}

/** The message of a rule. Interfaces of rules are names to the kernel too, and need not be there. */
export function ruleMessage(rule: Rule): RuleMessage {
  const { action, tunnelId, realms, tracked: _tracked, trackGroup: _trackGroup, not, from, to, ...same } = rule;
  const { firewallMark, firewallMask, suppressInterfaceGroup, suppressPrefixLength, tos = 0, ...selectors } = same;
  return {
    protocol: HOLDFAST_PROTOCOL,
    ...selectors,
    ...(to === undefined ? {} : { destination: to }),
    ...(from === undefined ? {} : { source: from }),
    typeOfService: tos,
    flags: not ? FIB_RULE_INVERT : 0,
    ...actionOf(action),
    ...(firewallMark === undefined ? {} : { fwmark: firewallMark }),
    ...(firewallMask === undefined ? {} : { fwmask: firewallMask }),
    ...(realms === undefined ? {} : { flow: realms }),
    ...(suppressPrefixLength === undefined ? {} : { suppressPrefixLength }),
    ...(suppressInterfaceGroup === undefined ? {} : { suppressInterfaceGroup }),
    ...(tunnelId === undefined ? {} : { tunnelId: BigInt(tunnelId) }),
  };
}

function actionOf(action: RuleAction): Pick<RuleMessage, 'action' | 'table' | 'goto' | 'l3mdev'> {
  switch (action.type) {
    case 'table':
      return { action: FR_ACT_TO_TBL, table: action.table };
    case 'l3mdev':
      return { action: FR_ACT_TO_TBL, table: RT_TABLE_UNSPEC, l3mdev: 1 };
    case 'goto':
      return { action: FR_ACT_GOTO, table: RT_TABLE_UNSPEC, goto: action.target };
    case 'nop':
      return { action: FR_ACT_NOP, table: RT_TABLE_UNSPEC };
    case 'blackhole':
      return { action: FR_ACT_BLACKHOLE, table: RT_TABLE_UNSPEC };
    case 'prohibit':
      return { action: FR_ACT_PROHIBIT, table: RT_TABLE_UNSPEC };
    case 'unreachable':
      return { action: FR_ACT_UNREACHABLE, table: RT_TABLE_UNSPEC };
    default:
      return assertNever(action);
  }
}
