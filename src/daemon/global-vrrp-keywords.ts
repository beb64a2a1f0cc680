/** global_defs: what holds for all virtual routers, and the firewall and sockets they use. keepalived.conf(5). */
import { type IpAddress, parseAddress } from '../base/address.ts';
import { seconds, ZERO } from '../base/time.ts';
import { flag, LATER, optional, value } from '../config/table.ts';
import {
  boolean,
  decimalSeconds,
  INT32_MAX,
  integer,
  TIMER_MAX,
  UINT32_MAX,
  wholeSeconds,
  words,
} from '../config/values.ts';
import { protocolVersion } from '../vrrp/keywords.ts';
import {
  advertisementGroup,
  anyWord,
  extraGarp,
  flagOrBoolean,
  optionalWord,
  receiveBufferPolicy,
  tableName,
} from './global-values.ts';

/** RFC 3768 §5.2.2. */
const VRRP_GROUP = parseAddress('224.0.0.18') as IpAddress;
/** RFC 5798 §5.1.2.2. */
const VRRP_GROUP_IPV6 = parseAddress('ff02::12') as IpAddress;
const RFC_GARP_DELAY = seconds(5);
/** Longest time in whole seconds that keepalived keeps in microseconds of 32 bits. */
const SECONDS_MAX = Math.floor(TIMER_MAX);
const COMPLAINS = { missingIs: 5 } as const;

const count = () => integer(0, UINT32_MAX, { zeroBecomes: 1, leading: true });
const bytes = () => integer(0, UINT32_MAX);
const interval = () => decimalSeconds(0.000001, TIMER_MAX, { zeroIsOff: true });

const garpKeywords = {
  garpMasterDelay: optional(
    'vrrp_garp_master_delay',
    wholeSeconds(0, SECONDS_MAX, { leading: true }),
    RFC_GARP_DELAY,
    'Wait before the second round of gratuitous ARP; 0: no second round.',
  ),
  garpMasterRepeat: optional('vrrp_garp_master_repeat', count(), 5, 'Gratuitous ARPs of each address in a round.'),
  garpMasterRefresh: optional(
    'vrrp_garp_master_refresh',
    wholeSeconds(0, UINT32_MAX, { leading: true }),
    ZERO,
    'Gratuitous ARP again this often while MASTER; 0: never.',
  ),
  garpMasterRefreshRepeat: optional('vrrp_garp_master_refresh_repeat', count(), 1, 'Gratuitous ARPs in a refresh.'),
  garpLowerPriorityDelay: value(
    'vrrp_garp_lower_prio_delay',
    wholeSeconds(0, SECONDS_MAX, { leading: true }),
    'Wait before the second round after an advertisement of lower priority; as vrrp_garp_master_delay unless given.',
  ),
  garpLowerPriorityRepeat: value(
    'vrrp_garp_lower_prio_repeat',
    integer(0, INT32_MAX, { leading: true }),
    'Gratuitous ARPs after an advertisement of lower priority; as vrrp_garp_master_repeat unless given.',
  ),
  garpInterval: value('vrrp_garp_interval', interval(), 'Least time between two gratuitous ARPs of an interface.'),
  gnaInterval: value(
    'vrrp_gna_interval',
    interval(),
    'Least time between two unsolicited neighbour advertisements of an interface.',
  ),
  minGarp: value(
    'vrrp_min_garp',
    boolean(),
    'One gratuitous ARP of each address, and no second round, where nothing else is said.',
  ),
  garpExtraInterface: value(
    'vrrp_garp_extra_if',
    extraGarp,
    'Gratuitous ARP this often on interfaces that send no advertisements; with all not only on virtual MAC ones.',
    {
      ...COMPLAINS,
      aliases: [{ word: 'vrrp_vmac_garp_intvl', message: 'vrrp_vmac_garp_intvl is now called vrrp_garp_extra_if' }],
    },
  ),
};

const routerKeywords = {
  dynamicInterfaces: value(
    'dynamic_interfaces',
    optionalWord('allow_if_changes'),
    'Interfaces may come later; with allow_if_changes even as another kind of interface. Always so here.',
  ),
  defaultInterface: value(
    'default_interface',
    anyWord('an interface'),
    'Interface of static addresses that name none; eth0 unless given.',
    COMPLAINS,
  ),
  disableLocalIgmp: flag(
    'disable_local_igmp',
    'No IGMP reports for groups of the link (net.ipv4.igmp_link_local_mcast_reports).',
  ),
  multicastGroup: optional(
    'vrrp_mcast_group4',
    advertisementGroup('inet'),
    VRRP_GROUP,
    'Group that advertisements of IPv4 are sent to.',
  ),
  multicastGroupIpv6: optional(
    'vrrp_mcast_group6',
    advertisementGroup('inet6'),
    VRRP_GROUP_IPV6,
    'Group that advertisements of IPv6 are sent to.',
  ),
  checksumAsVersion2: value(
    'v3_checksum_as_v2',
    words('nothing', 0, 0),
    'Version 3 checksum of IPv4 without pseudo header, in all instances.',
    { since: '2.3' },
  ),
  downTimerAdverts: optional(
    'vrrp_down_timer_adverts',
    integer(1, 100, { leading: true }),
    3,
    'Missed advertisements after which a Backup takes over.',
  ),
  lowerPriorityNoAdvert: value(
    'vrrp_lower_prio_no_advert',
    boolean(),
    'Do not answer an advertisement of lower priority.',
  ),
  higherPrioritySendAdvert: optional(
    'vrrp_higher_prio_send_advert',
    boolean(),
    false,
    'Send once more before yielding to a higher priority.',
  ),
  ownerIgnoreAdverts: value(
    'vrrp_owner_ignore_adverts',
    boolean(),
    'Owners of their addresses (priority 255) discard advertisements.',
    { since: '2.3' },
  ),
  vrrpVersion: optional('vrrp_version', protocolVersion, 2, 'VRRP version of instances that do not say, 2 or 3.'),
  checkUnicastSource: flag('vrrp_check_unicast_src', 'Discard unicast advertisements of strangers.'),
  skipCheckAdvertisedAddresses: value(
    'vrrp_skip_check_adv_addr',
    flagOrBoolean,
    'Do not compare the addresses of every advertisement of the same Master; never necessary here.',
  ),
  vrrpStrict: optional('vrrp_strict', flagOrBoolean, false, 'Hold to the RFC where keepalived is more tolerant.'),
  notifyPriorityChanges: value('vrrp_notify_priority_changes', boolean(), 'Tell changes of the priority on the FIFOs.'),
  startupDelay: value('vrrp_startup_delay', decimalSeconds(0.001, TIMER_MAX), 'Wait before the first election.'),
  delayAfterBoot: value(
    'vrrp_delay_after_boot',
    decimalSeconds(0.001, TIMER_MAX),
    'Wait before the first election, counted from the start of the host.',
    { since: '2.3' },
  ),
  logUnknownVrids: flag('log_unknown_vrids', 'Log advertisements of routers that are not configured.'),
  vmacPrefix: optional('vmac_prefix', anyWord('a prefix'), 'vrrp', 'What names of virtual MAC interfaces begin with.', {
    once: true,
  }),
  vmacAddressPrefix: value(
    'vmac_addr_prefix',
    anyWord('a prefix'),
    'The same for those of single addresses; as vmac_prefix unless given.',
    { once: true },
  ),
};

const firewallKeywords = {
  iptables: value(
    'vrrp_iptables',
    words('chains', 0, 2),
    'Chains for no_accept; read as nftables, which takes its place.',
    { deprecated: 'iptables is not used; nftables takes its place' },
  ),
  ipsets: value('vrrp_ipsets', words('names of sets', 0, 6), 'Sets of iptables for no_accept; nftables has its own.', {
    ...LATER,
    deprecated: 'iptables is not used, so there are no sets; a keepalived without iptables does not know the word',
  }),
  nftables: value('nftables', tableName('keepalived'), 'Table for no_accept and virtual MAC interfaces.', {
    once: true,
  }),
  nftablesPriority: optional('nftables_priority', integer(-INT32_MAX - 1, INT32_MAX), -1, 'Priority of its chains.'),
  nftablesCounters: flag('nftables_counters', 'Count packets in its rules.'),
  nftablesInterfaceIndex: flag(
    'nftables_ifindex',
    'Numbers of interfaces instead of names in its sets of link-local addresses; always so here.',
  ),
};

const bufferKeywords = {
  receiveBufferPolicy: value(
    'vrrp_rx_bufs_policy',
    receiveBufferPolicy,
    'What receive buffers are made for; never less than 1 MiB.',
    {
      ...COMPLAINS,
    },
  ),
  receiveBufferMultiplier: optional('vrrp_rx_bufs_multiplier', bufferMultiplier(), 3, 'How many such packets fit in.', {
    ...COMPLAINS,
  }),
  netlinkCommandBuffer: optional(
    'vrrp_netlink_cmd_rcv_bufs',
    bytes(),
    0,
    'Receive buffer in bytes for answers of the kernel; never less than holdfast has anyway.',
    COMPLAINS,
  ),
  netlinkCommandBufferForce: value(
    'vrrp_netlink_cmd_rcv_bufs_force',
    boolean(),
    'Beyond the limit of the system; it is anyway.',
  ),
  netlinkMonitorBuffer: optional(
    'vrrp_netlink_monitor_rcv_bufs',
    bytes(),
    0,
    'Receive buffer in bytes for changes of interfaces and addresses; never less than 4 MiB.',
    COMPLAINS,
  ),
  netlinkMonitorBufferForce: value(
    'vrrp_netlink_monitor_rcv_bufs_force',
    boolean(),
    'Beyond the limit of the system; it is anyway.',
  ),
  processMonitorBuffer: optional(
    'process_monitor_rcv_bufs',
    bytes(),
    0,
    'Receive buffer in bytes for starts and ends of processes; 0: the default of the system.',
    { ...LATER, ...COMPLAINS },
  ),
  processMonitorBufferForce: value(
    'process_monitor_rcv_bufs_force',
    boolean(),
    'Beyond the limit of the system.',
    LATER,
  ),
};

/** A number, and nothing behind it. */
function bufferMultiplier() {
  const type = integer(1, UINT32_MAX);
  const read: typeof type.read = (given, complaints) => {
    const [, surplus] = given;
    return surplus === undefined
      ? type.read(given, complaints)
      : complaints.refuse(surplus, `unexpected '${surplus.text}'`);
  };
  return { ...type, maxWords: Infinity, read };
}

/** Words about virtual routers. */
export const vrrpKeywords = { ...routerKeywords, ...garpKeywords, ...firewallKeywords, ...bufferKeywords };
