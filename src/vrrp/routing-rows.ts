/**
 * When a route or a rule of the kernel is the one that was asked for. The kernel says more than it was told (the
 * interface of a gateway, defaults, states of links), and it says some of it in other words; what is left is compared as
 * a text. linux/rtnetlink.h, linux/fib_rules.h.
 */
import type { EncapsulationMessage } from '../wire/rtnetlink-encapsulation.ts';
import type { Prefix } from '../wire/rtnetlink-head.ts';
import type { MetricsMessage } from '../wire/rtnetlink-metrics.ts';
import { type NextHopMessage, RTNH_F_ONLINK } from '../wire/rtnetlink-next-hop.ts';
import type { RouteMessage } from '../wire/rtnetlink-route.ts';
import { FIB_RULE_INVERT, type RuleMessage } from '../wire/rtnetlink-rule.ts';

/** IP6_RT_PRIO_USER in the kernel: the metric of a route of IPv6 without one. */
const IPV6_METRIC = 1024;
/** RTN_BLACKHOLE to RTN_THROW in linux/rtnetlink.h: they have no next hop. */
const WITHOUT_HOP = { first: 6, last: 9 };
/** The kernel's upper bounds: ip_metrics_convert. */
const BOUNDS: Readonly<Partial<Record<keyof MetricsMessage, number>>> = {
  advertisedMss: 65_535 - 40,
  mtu: 65_535 - 15,
  hopLimit: 255,
};

/** Each way of a route of IPv6 is a route of its own to the kernel; one of IPv4 is one, with all its ways. */
export function singleRoutes(message: RouteMessage): readonly RouteMessage[] {
  const { family, nextHops } = message;
  if (family === 'inet' || nextHops === undefined) return [message];
  return nextHops.map((hop) => ({ ...message, nextHops: [hop] }));
}

/**
 * Identity of a route. @param isGiven whether its interfaces were named, or are what the kernel found for a gateway
 */
export function routeRow(message: RouteMessage, isGiven = true): string {
  const { family, destination, source, typeOfService, table, protocol, scope, routeType, priority } = message;
  const isIpv4 = family === 'inet';
  const hasHop = routeType < WITHOUT_HOP.first || routeType > WITHOUT_HOP.last;
  return JSON.stringify([
    family,
    prefixText(destination),
    prefixText(source),
    isIpv4 ? typeOfService : 0,
    table,
    protocol,
    isIpv4 ? scope : 0,
    routeType,
    priority ?? (isIpv4 ? 0 : IPV6_METRIC),
    message.preferredSource,
    metricsText(message.metrics),
    message.routerPreference,
    hasHop ? hopsOf(message, isGiven) : [],
  ]);
}

/** Where a route stands: those that differ only in how packets go on are at one place. */
export const routePlace = ({ family, destination, typeOfService, table, priority }: RouteMessage): string =>
  JSON.stringify([
    family,
    prefixText(destination),
    family === 'inet' ? typeOfService : 0,
    table,
    priority ?? (family === 'inet' ? 0 : IPV6_METRIC),
  ]);

/** Identity of a rule. */
export const ruleRow = (message: RuleMessage): string => {
  const { family, destination, source, typeOfService, table, action, flags, priority = 0, ...rest } = message;
  const { fwmark = 0, fwmask, tunnelId, ...selectors } = rest;
  return JSON.stringify([
    family,
    prefixText(destination),
    prefixText(source),
    typeOfService,
    table,
    action,
    flags & FIB_RULE_INVERT,
    priority,
    fwmark,
    fwmask ?? (fwmark === 0 ? 0 : 0xffff_ffff),
    String(tunnelId ?? 0),
    Object.entries(selectors)
      .filter(([, value]) => value !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
};

const prefixText = (prefix: Prefix | undefined): string =>
  prefix === undefined || prefix.prefixLength === 0 ? '' : `${prefix.address}/${prefix.prefixLength}`;

function hopsOf(message: RouteMessage, isGiven: boolean): readonly unknown[] {
  const { family, flags, nextHops, outputInterface, gateway, flow, encapsulation } = message;
  const single: NextHopMessage = {
    flags,
    weight: 1,
    ...(outputInterface === undefined ? {} : { outputInterface }),
    ...(gateway === undefined ? {} : { gateway }),
    ...(flow === undefined ? {} : { flow }),
    ...(encapsulation === undefined ? {} : { encapsulation }),
  };
  const hops = nextHops ?? [single];
  return hops.map((hop) => [
    hop.flags & RTNH_F_ONLINK,
    // of one way nobody keeps the weight, nor of the ways of IPv6 when one is left
    family === 'inet' && hops.length > 1 ? hop.weight : 1,
    isGiven ? hop.outputInterface : undefined,
    hop.gateway,
    hop.flow ?? 0,
    encapsulationText(hop.encapsulation),
  ]);
}

function encapsulationText(encapsulation: EncapsulationMessage | undefined): unknown {
  if (encapsulation === undefined) return undefined;
  if (encapsulation.type !== 'ip' && encapsulation.type !== 'ip6') return encapsulation;
  const { type, id = 0n, destination, source, trafficClass = 0, hopLimit = 0 } = encapsulation;
  const given = [destination, source].map((address) =>
    address === '0.0.0.0' || address === '::' ? undefined : address,
  );
  return [type, String(id), ...given, trafficClass, hopLimit];
}

/** Those that say something. */
const metricsText = (metrics: MetricsMessage = {}): unknown =>
  Object.entries(metrics)
    .filter(([, value]) => value !== undefined && value !== 0)
    .map(([key, value]) => {
      const bound = BOUNDS[key as keyof MetricsMessage];
      return [key, typeof value === 'number' && bound !== undefined ? Math.min(value, bound) : value];
    })
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
