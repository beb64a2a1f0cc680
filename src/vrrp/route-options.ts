/** What the words mean that may stand in lines of routes and rules: `holdfast config explain via`. They are ip(8)'s. */
import { lineOptions } from '../config/table.ts';

const NUMBER = 'a number';
const LOCKABLE = 'lock if wanted, and a number';
const TIME = 'lock if wanted, and a time as 10s or 10ms';
const NAME_OR_NUMBER = 'a name or a number';

const ROUTE = {
  to: ['a network, an address or default', 'The destination; the word may be left out.'],
  via: ['inet or inet6 if wanted, and an address', 'The next router.'],
  gw: ['an address', 'Obsolete spelling of via.'],
  or: ['an address', 'Obsolete: a second router; write nexthop.'],
  dev: ['an interface', 'Interface that packets leave by.'],
  oif: ['an interface', 'Another spelling of dev.'],
  src: ['an address', 'Address that own packets have as their source.'],
  from: ['a network', 'Only packets from there. IPv6 only.'],
  vrf: ['an interface', 'The VRF that the route belongs to.'],
  table: [NAME_OR_NUMBER, 'Routing table; main unless given.'],
  scope: [NAME_OR_NUMBER, 'How far the destination is: global, site, link, host or nowhere. IPv4 only.'],
  metric: [NUMBER, 'Of two routes the one with the smaller metric counts.'],
  priority: [NUMBER, 'Another spelling of metric.'],
  preference: [NUMBER, 'Another spelling of metric.'],
  tos: [NAME_OR_NUMBER, 'Only packets of this type of service. IPv4 only.'],
  dsfield: [NAME_OR_NUMBER, 'Another spelling of tos.'],
  protocol: [
    NAME_OR_NUMBER,
    'Who has made the route; counts only with no_track, others are marked as keepalived marks them.',
  ],
  onlink: ['nothing', 'The next router is on this link, even if no address says so.'],
  mtu: [LOCKABLE, 'Largest packet along the route, in bytes.'],
  hoplimit: [NUMBER, 'TTL or hop limit of packets along the route.'],
  advmss: [LOCKABLE, 'Segment size that TCP tells others, in bytes.'],
  rtt: [TIME, 'First guess of the round trip time.'],
  rttvar: [TIME, 'First guess of how much the round trip time varies.'],
  rto_min: [TIME, 'Least time before TCP sends again.'],
  reordering: [LOCKABLE, 'How much reordering TCP expects.'],
  window: [NUMBER, 'Largest window that TCP offers, in bytes.'],
  cwnd: [LOCKABLE, 'Upper limit of the congestion window.'],
  ssthresh: [LOCKABLE, 'First guess of the slow start threshold.'],
  initcwnd: [NUMBER, 'Congestion window of a new connection, in segments.'],
  initrwnd: [NUMBER, 'Receive window of a new connection, in segments.'],
  quickack: ['0 or 1', 'Acknowledge without delay.'],
  fastopen_no_cookie: ['0 or 1', 'TCP Fast Open without a cookie.'],
  realms: ['[FROM/]TO', 'Realms for accounting. IPv4 only.'],
  features: ['ecn', 'Explicit congestion notification along the route.'],
  congctl: ['lock if wanted, and a name', 'Congestion control of TCP.'],
  pref: ['low, medium, high or a number', 'Preference of the router. IPv6 only.'],
  expires: ['seconds', 'When the route goes by itself. IPv6 only.'],
  'ttl-propagate': ['enabled or disabled', 'Whether the TTL goes on in an MPLS tunnel.'],
  encap: ['ip, ip6, mpls or ila with their own words', 'Puts packets into a tunnel.'],
  as: ['an address', 'Accepted, without effect.'],
  inet: ['nothing', 'The route is one of IPv4.'],
  inet6: ['nothing', 'The route is one of IPv6.'],
  add: ['nothing', 'The route is added, and must be new.'],
  prepend: ['nothing', 'The route is put before others of its kind; the default.'],
  append: ['nothing', 'The route is put behind others of its kind.'],
  no_track: ['nothing', 'Losing the route is no fault.'],
  nexthop: [
    'via, dev, weight, onlink, realms, encap, again and again',
    'One of several ways; the last option of the line.',
  ],
} as const;

export const routeOptions = lineOptions(ROUTE);
export const staticRouteOptions = lineOptions({
  ...ROUTE,
  track_group: ['a name', 'The track_group whose instances the route follows; needs dev.'],
});

const RULE = {
  from: ['a network or an address', 'Packets from there.'],
  to: ['a network or an address', 'Packets to there.'],
  fwmark: ['a number, or NUMBER/MASK', 'Packets with this firewall mark.'],
  iif: ['an interface', 'Packets that came in there.'],
  dev: ['an interface', 'Another spelling of iif.'],
  oif: ['an interface', 'Packets of sockets that are bound to it.'],
  tos: [NAME_OR_NUMBER, 'Packets of this type of service.'],
  dsfield: [NAME_OR_NUMBER, 'Another spelling of tos.'],
  ipproto: [NAME_OR_NUMBER, 'Packets of this IP protocol.'],
  sport: ['FIRST-LAST', 'Packets from these ports.'],
  dport: ['FIRST-LAST', 'Packets to these ports.'],
  uidrange: ['FIRST-LAST', 'Packets of these users.'],
  'tunnel-id': [NUMBER, 'Packets of this tunnel.'],
  not: ['nothing', 'All packets but these.'],
  table: [NAME_OR_NUMBER, 'What is done: this routing table is used.'],
  lookup: [NAME_OR_NUMBER, 'Another spelling of table.'],
  goto: [NUMBER, 'What is done: go on with the rule of this preference, which is a larger one.'],
  nop: ['nothing', 'What is done: nothing, go on with the next rule.'],
  blackhole: ['nothing', 'What is done: packets vanish.'],
  unreachable: ['nothing', 'What is done: the sender is told that there is no way.'],
  prohibit: ['nothing', 'What is done: the sender is told that it may not.'],
  type: ['blackhole, unreachable or prohibit', 'May stand before these words.'],
  l3mdev: ['nothing', 'What is done: the table of the VRF is used.'],
  preference: [NUMBER, 'Rules are looked at in this order, the smallest first.'],
  priority: [NUMBER, 'Another spelling of preference.'],
  order: [NUMBER, 'Another spelling of preference.'],
  realms: ['[FROM/]TO', 'Realms for accounting. IPv4 only.'],
  suppress_prefixlength: [NUMBER, 'Routes with a prefix of this length or less do not count.'],
  sup_pl: [NUMBER, 'Another spelling of suppress_prefixlength.'],
  suppress_ifgroup: [NAME_OR_NUMBER, 'Routes by interfaces of this group do not count.'],
  sup_group: [NAME_OR_NUMBER, 'Another spelling of suppress_ifgroup.'],
  protocol: ['0 to 255', 'Who has made the rule; counts only with no_track.'],
  inet: ['nothing', 'The rule is one of IPv4; the default.'],
  inet6: ['nothing', 'The rule is one of IPv6.'],
  no_track: ['nothing', 'Losing the rule is no fault.'],
} as const;

export const ruleOptions = lineOptions(RULE);
export const staticRuleOptions = lineOptions({
  ...RULE,
  track_group: ['a name', 'The track_group whose instances the rule follows; needs iif.'],
});
