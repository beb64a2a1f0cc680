/**
 * The attributes of an IPVS service and of a destination: linux/ip_vs.h.
 *
 * The order of the entries is keepalived's. Messages are made of these in ipvs.ts and ipvs-entries.ts.
 */

import {
  addressBytes,
  addressFromBytes,
  addressLength,
  type Family,
  familyOf,
  type IpAddress,
  maxPrefixLength,
} from '../base/address.ts';
import { assert } from '../base/assert.ts';
import { viewOf } from '../base/bytes.ts';
import { fault, ok, type Result } from '../base/result.ts';
import { seconds, ZERO } from '../base/time.ts';
import type { Destination, ForwardingMethod, IpvsFault, Protocol, Service, ServiceKey, Tunnel } from './ipvs.ts';
import { type AttributeValues, attributeTable, decodeAttributes } from './netlink-attributes.ts';
import { familyNumber, familyOfNumber } from './rtnetlink.ts';

/** IPVS_SVC_ATTR_* */
export const serviceAttributes = attributeTable({
  family: [1, 'IPVS_SVC_ATTR_AF', 'u16'],
  protocol: [2, 'IPVS_SVC_ATTR_PROTOCOL', 'u16'],
  address: [3, 'IPVS_SVC_ATTR_ADDR', 'bytes'],
  port: [4, 'IPVS_SVC_ATTR_PORT', 'u16be'],
  fwmark: [5, 'IPVS_SVC_ATTR_FWMARK', 'u32'],
  scheduler: [6, 'IPVS_SVC_ATTR_SCHED_NAME', 'string'],
  persistenceEngine: [11, 'IPVS_SVC_ATTR_PE_NAME', 'string'],
  flags: [7, 'IPVS_SVC_ATTR_FLAGS', 'bytes'],
  timeout: [8, 'IPVS_SVC_ATTR_TIMEOUT', 'u32'],
  netmask: [9, 'IPVS_SVC_ATTR_NETMASK', 'bytes'],
  statistics: [10, 'IPVS_SVC_ATTR_STATS', 'nested'],
  statistics64: [12, 'IPVS_SVC_ATTR_STATS64', 'nested'],
});

/** IPVS_DEST_ATTR_* */
export const destinationAttributes = attributeTable({
  family: [11, 'IPVS_DEST_ATTR_ADDR_FAMILY', 'u16'],
  address: [1, 'IPVS_DEST_ATTR_ADDR', 'bytes'],
  port: [2, 'IPVS_DEST_ATTR_PORT', 'u16be'],
  forwardingMethod: [3, 'IPVS_DEST_ATTR_FWD_METHOD', 'u32'],
  weight: [4, 'IPVS_DEST_ATTR_WEIGHT', 's32'],
  tunnelType: [13, 'IPVS_DEST_ATTR_TUN_TYPE', 'u8'],
  tunnelPort: [14, 'IPVS_DEST_ATTR_TUN_PORT', 'u16be'],
  tunnelFlags: [15, 'IPVS_DEST_ATTR_TUN_FLAGS', 'u16'],
  upperThreshold: [5, 'IPVS_DEST_ATTR_U_THRESH', 'u32'],
  lowerThreshold: [6, 'IPVS_DEST_ATTR_L_THRESH', 'u32'],
  activeConnections: [7, 'IPVS_DEST_ATTR_ACTIVE_CONNS', 'u32'],
  inactiveConnections: [8, 'IPVS_DEST_ATTR_INACT_CONNS', 'u32'],
  persistentConnections: [9, 'IPVS_DEST_ATTR_PERSIST_CONNS', 'u32'],
  statistics: [10, 'IPVS_DEST_ATTR_STATS', 'nested'],
  statistics64: [12, 'IPVS_DEST_ATTR_STATS64', 'nested'],
});

export type ServiceValues = AttributeValues<typeof serviceAttributes>;
export type DestinationValues = AttributeValues<typeof destinationAttributes>;

/** IPPROTO_* in netinet/in.h. */
const PROTOCOLS: { readonly [P in Protocol]: number } = { TCP: 6, UDP: 17, SCTP: 132 };
/** IP_VS_CONN_F_MASQ, _LOCALNODE, _TUNNEL, _DROUTE, _BYPASS and their mask. */
const FORWARDING_METHODS: readonly ForwardingMethod[] = ['masquerading', 'local', 'tunnel', 'direct-route', 'bypass'];
const FORWARDING_MASK = 0x07;
/** IP_VS_CONN_F_TUNNEL_TYPE_* */
const TUNNEL_TYPES: readonly Tunnel['type'][] = ['ipip', 'gue', 'gre'];
/** IP_VS_SVC_F_PERSISTENT, _ONEPACKET, and _SCHED1 as a shift of the three scheduler flags. */
const FLAG_PERSISTENT = 0x01;
const FLAG_ONE_PACKET = 0x04;
const SCHEDULER_FLAGS_SHIFT = 3;
const SCHEDULER_FLAGS_MAX = 7;
/** union nf_inet_addr: an IPv4 address stands in its first four bytes. */
const ADDRESS_FIELD_LENGTH = 16;

/** The values of IPVS_CMD_ATTR_SERVICE. */
export function serviceToValues(service: Service): ServiceValues {
  const { key, scheduler, persistenceTimeout, persistenceGranularity, persistenceEngine } = service;
  assert(
    service.schedulerFlags >= 0 && service.schedulerFlags <= SCHEDULER_FLAGS_MAX,
    'there are three scheduler flags',
  );
  const flags =
    (persistenceTimeout > 0 ? FLAG_PERSISTENT : 0) |
    (service.onePacket ? FLAG_ONE_PACKET : 0) |
    (service.schedulerFlags << SCHEDULER_FLAGS_SHIFT);
  return {
    family: familyNumber(key.family),
    ...(key.kind === 'fwmark' ? { fwmark: key.fwmark } : {}),
    ...(key.kind === 'address'
      ? { protocol: PROTOCOLS[key.protocol], address: addressField(key.address, key.family), port: key.port }
      : {}),
    scheduler,
    ...(persistenceEngine === undefined ? {} : { persistenceEngine }),
    flags: Uint8Array.of(flags, 0, 0, 0, 0xff, 0xff, 0xff, 0xff),
    timeout: persistenceTimeout / seconds(1),
    netmask: netmaskOf(key.family, persistenceGranularity),
  };
}

/** Reads IPVS_CMD_ATTR_SERVICE. */
export function decodeService(bytes: Uint8Array): Result<Service, IpvsFault> {
  const outcome = decodeAttributes(serviceAttributes, bytes);
  return outcome.ok ? serviceFromValues(outcome.value) : outcome;
}

/** The service that the values describe. */
export function serviceFromValues(values: ServiceValues): Result<Service, IpvsFault> {
  const { scheduler, persistenceEngine, timeout, netmask } = values;
  if (values.family === undefined) return fault('missing-attribute');
  const family = familyOfNumber(values.family);
  if (family === undefined) return fault('family');
  const key = keyFromValues(family, values);
  if (!key.ok) return key;
  if (scheduler === undefined || values.flags === undefined || timeout === undefined || netmask === undefined) {
    return fault('missing-attribute');
  }
  if (values.flags.length < 4 || netmask.length !== 4) return fault('attribute-value');
  const flags = viewOf(values.flags).getUint32(0, true);
  return ok({
    key: key.value,
    scheduler,
    persistenceTimeout: (flags & FLAG_PERSISTENT) === 0 ? ZERO : seconds(timeout),
    persistenceGranularity: granularityOf(family, netmask),
    ...(persistenceEngine === undefined || persistenceEngine === '' ? {} : { persistenceEngine }),
    onePacket: (flags & FLAG_ONE_PACKET) !== 0,
    schedulerFlags: (flags >> SCHEDULER_FLAGS_SHIFT) & SCHEDULER_FLAGS_MAX,
  });
}

function keyFromValues(family: Family, values: ServiceValues): Result<ServiceKey, IpvsFault> {
  const { fwmark, protocol: number, address, port } = values;
  if (fwmark !== undefined) return fwmark === 0 ? fault('attribute-value') : ok({ kind: 'fwmark', family, fwmark });
  if (number === undefined || address === undefined || port === undefined) return fault('missing-attribute');
  const protocol = (Object.keys(PROTOCOLS) as Protocol[]).find((name) => PROTOCOLS[name] === number);
  if (protocol === undefined) return fault('protocol');
  if (address.length < addressLength(family)) return fault('attribute-value');
  return ok({ kind: 'address', family, protocol, address: addressOf(address, family), port });
}

/** Of a destination: 0 to 2147483647. */
export const assertWeight = (weight: number): void =>
  assert(weight >= 0 && weight <= 0x7fff_ffff, `a weight is from 0 to 2147483647, not ${weight}`);

/** The values of IPVS_CMD_ATTR_DEST. */
export function destinationToValues(destination: Destination): DestinationValues {
  const { family, address, port, forwardingMethod, weight, upperThreshold, lowerThreshold } = destination;
  assertWeight(weight);
  const tunnel = destination.tunnel ?? { type: 'ipip', port: 0, flags: 0 };
  return {
    family: familyNumber(family),
    address: addressField(address, family),
    port,
    forwardingMethod: FORWARDING_METHODS.indexOf(forwardingMethod),
    weight,
    ...(forwardingMethod === 'tunnel' ? { tunnelType: TUNNEL_TYPES.indexOf(tunnel.type) } : {}),
    ...(forwardingMethod === 'tunnel' && tunnel.port !== 0 ? { tunnelPort: tunnel.port } : {}),
    ...(forwardingMethod === 'tunnel' && tunnel.flags !== 0 ? { tunnelFlags: tunnel.flags } : {}),
    upperThreshold,
    lowerThreshold,
  };
}

/** Reads IPVS_CMD_ATTR_DEST. @param serviceFamily for kernels before 3.18, which do not say the destination's own */
export function decodeDestination(bytes: Uint8Array, serviceFamily: Family): Result<Destination, IpvsFault> {
  const outcome = decodeAttributes(destinationAttributes, bytes);
  return outcome.ok ? destinationFromValues(outcome.value, serviceFamily) : outcome;
}

/** The destination that the values describe. */
export function destinationFromValues(
  values: DestinationValues,
  serviceFamily: Family,
): Result<Destination, IpvsFault> {
  const { address, port, weight, upperThreshold, lowerThreshold } = values;
  const family = values.family === undefined ? serviceFamily : familyOfNumber(values.family);
  if (family === undefined) return fault('family');
  if (address === undefined || port === undefined || values.forwardingMethod === undefined) {
    return fault('missing-attribute');
  }
  if (weight === undefined || upperThreshold === undefined || lowerThreshold === undefined) {
    return fault('missing-attribute');
  }
  if (address.length < addressLength(family) || weight < 0) return fault('attribute-value');
  const forwardingMethod = FORWARDING_METHODS[values.forwardingMethod & FORWARDING_MASK];
  if (forwardingMethod === undefined) return fault('forwarding-method');
  const tunnelType = TUNNEL_TYPES[values.tunnelType ?? 0];
  if (tunnelType === undefined) return fault('tunnel-type');
  const tunnel = { type: tunnelType, port: values.tunnelPort ?? 0, flags: values.tunnelFlags ?? 0 };
  const isPlain = tunnel.type === 'ipip' && tunnel.port === 0 && tunnel.flags === 0;
  return ok({
    family,
    address: addressOf(address, family),
    port,
    forwardingMethod,
    weight,
    upperThreshold,
    lowerThreshold,
    ...(forwardingMethod === 'tunnel' && !isPlain ? { tunnel } : {}),
  });
}

const addressOf = (field: Uint8Array, family: Family): IpAddress =>
  addressFromBytes(field.subarray(0, addressLength(family)));

function addressField(address: IpAddress, family: Family): Uint8Array {
  assert(familyOf(address) === family, `${address} is not of family ${family}`);
  const field = new Uint8Array(ADDRESS_FIELD_LENGTH).fill(0);
  field.set(addressBytes(address));
  return field;
}

/** IPv4: the mask in network order. IPv6: the prefix length as a number. */
function netmaskOf(family: Family, granularity: number): Uint8Array {
  assert(granularity >= 0 && granularity <= maxPrefixLength(family), `no persistence granularity: ${granularity}`);
  if (family === 'inet6') return Uint8Array.of(granularity, 0, 0, 0);
  const mask = granularity === 0 ? 0 : 0xffff_ffff << (32 - granularity);
  return Uint8Array.of(mask >>> 24, mask >>> 16, mask >>> 8, mask);
}

/** Of an IPv4 mask with holes, which ipvsadm allows, the ones in front. */
function granularityOf(family: Family, netmask: Uint8Array): number {
  if (family === 'inet6') return Math.min(viewOf(netmask).getUint32(0, true), maxPrefixLength(family));
  return Math.clz32(~viewOf(netmask).getUint32(0));
}
