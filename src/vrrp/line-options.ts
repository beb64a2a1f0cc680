/** What the words mean that may stand in lines of addresses, peers and tracked things: `holdfast config explain label`. */
import { lineOptions } from '../config/table.ts';

/** Of virtual_ipaddress, virtual_ipaddress_excluded and static_ipaddress. */
const ADDRESS = {
  dev: ['an interface', 'Interface that the address is put on; without it the one of the instance.'],
  scope: ['global, site, link, host, nowhere or a number from 0 to 255', 'How far the address is valid. IPv4 only.'],
  label: ['at most 15 bytes', 'Name of the address in ifconfig, as eth0:1. IPv4 only.'],
  brd: ['an address, + or -', 'Broadcast address: + is the last one of the network, - is none. IPv4 only.'],
  broadcast: ['an address, + or -', 'Another spelling of brd.'],
  peer: ['an address', 'The other end of a point-to-point link. The address has no prefix length then.'],
  preferred_lft: [
    'seconds or forever',
    'How long the address is chosen for new connections; 0: never. IPv6 addresses of /128 have 0 unless they say.',
  ],
  home: ['nothing', 'Marks the home address of mobile IPv6.'],
  '-nodad': ['nothing', 'IPv6: with duplicate address detection, which virtual addresses have not by themselves.'],
  mngtmpaddr: ['nothing', 'IPv6: a template for temporary addresses.'],
  noprefixroute: ['nothing', 'The address brings no route to its network.'],
  autojoin: ['nothing', 'The kernel joins the multicast group of the address.'],
  no_track: ['nothing', 'Losing the address, or its interface, is no fault.'],
} as const;

export const addressOptions = lineOptions({
  ...ADDRESS,
  use_vmac: ['nothing', 'The address is put on a virtual MAC interface of its own.'],
});
export const staticAddressOptions = lineOptions({
  ...ADDRESS,
  track_group: ['a name', 'The track_group whose instances the address follows.'],
});

/** Of unicast_peer. */
export const peerOptions = lineOptions({
  min_ttl: ['0 to 255', 'Advertisements of the peer that arrive with a smaller TTL are dropped.'],
  max_ttl: ['0 to 255', 'Advertisements of the peer that arrive with a larger TTL are dropped.'],
});

/** Of the track_… blocks. @param max the largest weight */
export const trackOptions = (max: number) =>
  lineOptions({
    weight: [
      `a number from -${max} to ${max}, then reverse if wanted`,
      'What it does to the priority, instead of the weight that it says itself: a positive one is added while all is ' +
        'well, a negative one when it has failed; 0: failing is a FAULT.',
    ],
    reverse: ['nothing', 'After the weight: success counts as failure.'],
    noreverse: ['nothing', 'After the weight: takes reverse of the definition back.'],
  });
