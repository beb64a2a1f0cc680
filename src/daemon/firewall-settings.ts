/** keepalived.conf(5) "nftables", "nftables_priority", "nftables_counters". */
import type { FirewallSettings } from '../vrrp/firewall.ts';
import type { GlobalDefinitions } from './global-keywords.ts';

export const DEFAULT_FIREWALL: FirewallSettings = { table: 'keepalived', priority: -1, counters: false };

export const firewallSettings = (global: GlobalDefinitions): FirewallSettings => ({
  table: global.nftables ?? DEFAULT_FIREWALL.table,
  priority: global.nftablesPriority,
  counters: global.nftablesCounters,
});
