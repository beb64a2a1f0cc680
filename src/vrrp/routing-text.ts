/** Routes and rules as ip(8) writes them, for the log and for status: where they lead and when they count. */
import { familyOf } from '../base/address.ts';
import type { Prefix, Route, Rule, RuleAction } from './route.ts';

/** `blackhole 198.51.100.0/24 table 100`; what TCP is told of a route is left out. */
export function routeText(route: Route): string {
  const { type, destination, from, gateway, interface: dev, source, table, tos, metric, nextHops = [] } = route;
  return wordsOf(
    type === undefined || type === 'unicast' ? undefined : String(type),
    prefixText(destination, familyOf(destination.address) === 'inet6'),
    option('from', from && prefixText(from)),
    option('via', gateway),
    option('dev', dev),
    option('src', source),
    option('tos', tos || undefined),
    option('table', table),
    option('metric', metric),
    ...nextHops.map((hop) =>
      wordsOf('nexthop', option('via', hop.gateway), option('dev', hop.interface), option('weight', hop.weight)),
    ),
  );
}

/** `from 198.51.100.0/24 table 100 priority 77`. */
export function ruleText(rule: Rule): string {
  const { family, not, from, to, firewallMark, firewallMask, tos, inputInterface, outputInterface, action } = rule;
  const mask = firewallMask === undefined ? '' : `/0x${firewallMask.toString(16)}`;
  return wordsOf(
    family === 'inet6' ? 'inet6' : undefined,
    not && 'not',
    option('from', from === undefined ? 'all' : prefixText(from)),
    option('to', to && prefixText(to)),
    option('tos', tos || undefined),
    option('fwmark', firewallMark === undefined ? undefined : `0x${firewallMark.toString(16)}${mask}`),
    option('iif', inputInterface),
    option('oif', outputInterface),
    actionText(action),
    option('priority', rule.priority),
  );
}

const actionText = (action: RuleAction): string =>
  action.type === 'table' ? `table ${action.table}` : action.type === 'goto' ? `goto ${action.target}` : action.type;

const prefixText = ({ address, prefixLength }: Prefix, isIpv6 = false): string =>
  prefixLength > 0 ? `${address}/${prefixLength}` : isIpv6 ? 'inet6 default' : 'default';

const option = (word: string, value: string | number | undefined): string | undefined =>
  value === undefined ? undefined : `${word} ${value}`;

const wordsOf = (...words: readonly (string | undefined)[]): string =>
  words.filter((word) => word !== undefined).join(' ');
