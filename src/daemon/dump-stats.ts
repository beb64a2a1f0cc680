/** What keepalived counts of a virtual router, and `keepalived.stats`, the file that it writes them into at SIGUSR2. */
import type { RouterSnapshot } from './router-snapshot.ts';

/** keepalived's counters. */
export interface VrrpStatistics {
  readonly received: number;
  readonly sent: number;
  readonly becameMaster: number;
  readonly releasedMaster: number;
  readonly lengthErrors: number;
  readonly intervalErrors: number;
  readonly ttlErrors: number;
  readonly typeErrors: number;
  readonly addressListErrors: number;
  readonly authenticationTypeErrors: number;
  readonly authenticationTypeMismatches: number;
  readonly authenticationFailures: number;
  readonly priorityZeroReceived: number;
  readonly priorityZeroSent: number;
}

/** Ours, sorted into keepalived's. */
export function statisticsOf(counters: RouterSnapshot['counters']): VrrpStatistics {
  const total = (...names: readonly string[]) => names.reduce((sum, name) => sum + (counters[name] ?? 0), 0);
  return {
    received: total('advertisements received'),
    sent: total('advertisements sent'),
    becameMaster: total('became master'),
    releasedMaster: total('released master'),
    lengthErrors: total('refused too-short', 'refused too-long'),
    intervalErrors: total('refused advertisement-interval'),
    ttlErrors: total('refused ttl'),
    typeErrors: total('refused type'),
    // listened to all the same: there it is an error
    addressListErrors: total('warned address-list'),
    // a type that nobody knows is one that is not ours
    authenticationTypeErrors: 0,
    authenticationTypeMismatches: total('refused authentication-type', 'refused authentication-header-missing'),
    authenticationFailures: total(
      'refused password',
      'refused authentication-header-digest',
      'refused authentication-header-index',
      'refused authentication-header-replay',
    ),
    priorityZeroReceived: total('priority zero received'),
    priorityZeroSent: total('priority zero sent'),
  };
}

/** All instances, in the order of the configuration. */
export const statsText = (snapshots: readonly RouterSnapshot[]): string => snapshots.map(textOf).join('');

function textOf({ name, counters }: RouterSnapshot): string {
  const stats = statisticsOf(counters);
  return `VRRP Instance: ${name}
  Advertisements:
    Received: ${stats.received}
    Sent: ${stats.sent}
  Became master: ${stats.becameMaster}
  Released master: ${stats.releasedMaster}
  Packet Errors:
    Length: ${stats.lengthErrors}
    TTL: ${stats.ttlErrors}
    Invalid Type: ${stats.typeErrors}
    Advertisement Interval: ${stats.intervalErrors}
    Address List: ${stats.addressListErrors}
  Authentication Errors:
    Invalid Type: ${stats.authenticationTypeErrors}
    Type Mismatch: ${stats.authenticationTypeMismatches}
    Failure: ${stats.authenticationFailures}
  Priority Zero:
    Received: ${stats.priorityZeroReceived}
    Sent: ${stats.priorityZeroSent}
`;
}
