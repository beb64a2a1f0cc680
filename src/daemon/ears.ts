/**
 * Where a virtual router speaks and hears: on which interface, with which group, under which protocol. Routers that have
 * the same ear share one socket.
 */
import type { Family, IpAddress } from '../base/address.ts';
import { IPPROTO_AH, IPPROTO_VRRP } from '../io/constants.ts';
import type { VrrpInstance } from '../vrrp/instance.ts';

/** One socket's place. */
export interface Ear {
  /** Identity: equal for routers that share the socket. */
  readonly key: string;
  readonly family: Family;
  /** Absent: packets are heard wherever they come in, at `address`. */
  readonly interface?: string;
  /** The group that is listened to, beside unicast. */
  readonly group?: IpAddress;
  readonly address?: IpAddress;
  readonly protocol: typeof IPPROTO_VRRP | typeof IPPROTO_AH;
  /** In bytes; those who share the socket share that of the first. */
  readonly receiveBuffer?: number;
}

const known = new WeakMap<VrrpInstance, readonly [Ear, ...Ear[]]>();

/** The ears of an instance; the first one is its mouth too. */
export function earsOf(instance: VrrpInstance): readonly [Ear, ...Ear[]] {
  const before = known.get(instance);
  if (before !== undefined) return before;
  const ears = makeEars(instance);
  known.set(instance, ears);
  return ears;
}

function makeEars(instance: VrrpInstance): readonly [Ear, ...Ear[]] {
  const plain = earOf(instance, IPPROTO_VRRP);
  // the other one is for saying that somebody does not authenticate
  return instance.authentication?.type === 'AH' ? [earOf(instance, IPPROTO_AH), plain] : [plain];
}

/** A unicast router joins the group all the same: so it can say that somebody uses multicast. */
function earOf(instance: VrrpInstance, protocol: Ear['protocol']): Ear {
  const { family, multicastGroup: group, receiveBufferPolicy } = instance;
  const name = speaksOn(instance);
  const key = `${family} ${name} ${group} ${protocol}`;
  const receiveBuffer = instance.kernelReceiveBuffer ?? receiveBufferPolicy;
  const buffer = receiveBuffer === undefined ? {} : { receiveBuffer };
  return { key, family, interface: name, group, protocol, ...buffer };
}

/** The interface that advertisements leave and enter through. keepalived.conf(5) "vmac_xmit_base" */
export const speaksOn = ({ interface: name, virtualMac, ipvlan }: VrrpInstance): string =>
  virtualMac !== undefined && !virtualMac.transmitBase ? virtualMac.name : (ipvlan?.name ?? name);
