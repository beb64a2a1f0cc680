/** What is there while the agent runs and belongs to no virtual router: static_ipaddress, static_routes, static_rules. */
import type { AddressLine } from './address-keywords.ts';
import type { VirtualAddress } from './instance.ts';
import type { Route, Rule } from './route.ts';
import type { RouteLine } from './route-keywords.ts';
import type { RuleLine } from './rule-keywords.ts';

/** An address that belongs to no virtual router. */
export interface StaticAddress extends VirtualAddress {
  /** Instances that it follows. */
  readonly trackGroup?: string;
}

export interface Statics {
  readonly addresses: readonly StaticAddress[];
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
}

/** keepalived.conf(5) "default_interface". */
const DEFAULT_INTERFACE = 'eth0';

/** @param priorityOf what a rule gets that has no priority of its own */
export function buildStatics(
  lines: {
    readonly staticAddresses: readonly AddressLine[];
    readonly staticRoutes: readonly RouteLine[];
    readonly staticRules: readonly RuleLine[];
  },
  defaultInterface: string = DEFAULT_INTERFACE,
  priorityOf: (line: RuleLine) => number,
): Statics {
  return {
    addresses: lines.staticAddresses.map(({ word: _, interface: name = defaultInterface, ...rest }) => ({
      ...rest,
      interface: name,
    })),
    routes: lines.staticRoutes.map(({ route }) => route),
    rules: lines.staticRules.map((line) => ({ ...line.rule, priority: priorityOf(line) })),
  };
}
