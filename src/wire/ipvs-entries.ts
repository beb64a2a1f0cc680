/**
 * What the kernel says about its IPVS table: services and destinations with their counters. linux/ip_vs.h.
 */

import type { Family } from '../base/address.ts';
import { fault, ok, type Result } from '../base/result.ts';
import { type Destination, decodeIpvs, encodeIpvs, type IpvsFault, type Service } from './ipvs.ts';
import {
  type DestinationValues,
  destinationAttributes,
  destinationFromValues,
  destinationToValues,
  type ServiceValues,
  serviceAttributes,
  serviceFromValues,
  serviceToValues,
} from './ipvs-attributes.ts';
import { attributeTable, decodeAttributes, encodeAttributes } from './netlink-attributes.ts';

/** Counters since the entry was made, and rates that the kernel estimates. Exact up to 2^53-1, where they stay. */
export interface Statistics {
  readonly connections: number;
  readonly incomingPackets: number;
  readonly outgoingPackets: number;
  readonly incomingBytes: number;
  readonly outgoingBytes: number;
  /** Rates, per second. */
  readonly connectionRate: number;
  readonly incomingPacketRate: number;
  readonly outgoingPacketRate: number;
  readonly incomingByteRate: number;
  readonly outgoingByteRate: number;
}

/** A service in the kernel's table. */
export interface ServiceEntry {
  readonly service: Service;
  readonly statistics: Statistics;
}

/** A destination in the kernel's table. */
export interface DestinationEntry {
  readonly destination: Destination;
  readonly activeConnections: number;
  readonly inactiveConnections: number;
  readonly persistentConnections: number;
  readonly statistics: Statistics;
}

/** IPVS_STATS_ATTR_* inside IPVS_*_ATTR_STATS64 (Linux 4.1 and later): all of 64 bits. */
const statistics64Attributes = attributeTable({
  connections: [1, 'IPVS_STATS_ATTR_CONNS', 'u64'],
  incomingPackets: [2, 'IPVS_STATS_ATTR_INPKTS', 'u64'],
  outgoingPackets: [3, 'IPVS_STATS_ATTR_OUTPKTS', 'u64'],
  incomingBytes: [4, 'IPVS_STATS_ATTR_INBYTES', 'u64'],
  outgoingBytes: [5, 'IPVS_STATS_ATTR_OUTBYTES', 'u64'],
  connectionRate: [6, 'IPVS_STATS_ATTR_CPS', 'u64'],
  incomingPacketRate: [7, 'IPVS_STATS_ATTR_INPPS', 'u64'],
  outgoingPacketRate: [8, 'IPVS_STATS_ATTR_OUTPPS', 'u64'],
  incomingByteRate: [9, 'IPVS_STATS_ATTR_INBPS', 'u64'],
  outgoingByteRate: [10, 'IPVS_STATS_ATTR_OUTBPS', 'u64'],
});

/** The same inside IPVS_*_ATTR_STATS: bytes of 64 bits, the rest of 32. */
const statisticsAttributes = attributeTable({
  connections: [1, 'IPVS_STATS_ATTR_CONNS', 'u32'],
  incomingPackets: [2, 'IPVS_STATS_ATTR_INPKTS', 'u32'],
  outgoingPackets: [3, 'IPVS_STATS_ATTR_OUTPKTS', 'u32'],
  incomingBytes: [4, 'IPVS_STATS_ATTR_INBYTES', 'u64'],
  outgoingBytes: [5, 'IPVS_STATS_ATTR_OUTBYTES', 'u64'],
  connectionRate: [6, 'IPVS_STATS_ATTR_CPS', 'u32'],
  incomingPacketRate: [7, 'IPVS_STATS_ATTR_INPPS', 'u32'],
  outgoingPacketRate: [8, 'IPVS_STATS_ATTR_OUTPPS', 'u32'],
  incomingByteRate: [9, 'IPVS_STATS_ATTR_INBPS', 'u32'],
  outgoingByteRate: [10, 'IPVS_STATS_ATTR_OUTBPS', 'u32'],
});

/** All counters at zero: of an entry just made. */
export const NO_STATISTICS: Statistics = {
  connections: 0,
  incomingPackets: 0,
  outgoingPackets: 0,
  incomingBytes: 0,
  outgoingBytes: 0,
  connectionRate: 0,
  incomingPacketRate: 0,
  outgoingPacketRate: 0,
  incomingByteRate: 0,
  outgoingByteRate: 0,
};

/** Reads one part of the answer to a request for services. */
export function decodeServiceEntry(body: Uint8Array): Result<ServiceEntry, IpvsFault> {
  const values = serviceValues(body);
  if (!values.ok) return values;
  const service = serviceFromValues(values.value);
  if (!service.ok) return service;
  const statistics = decodeStatistics(values.value);
  return statistics.ok ? ok({ service: service.value, statistics: statistics.value }) : statistics;
}

/** The same without what is counted, which takes most of the time. */
export function decodeServiceAlone(body: Uint8Array): Result<Service, IpvsFault> {
  const values = serviceValues(body);
  return values.ok ? serviceFromValues(values.value) : values;
}

function serviceValues(body: Uint8Array): Result<ServiceValues, IpvsFault> {
  const message = decodeIpvs(body);
  if (!message.ok) return message;
  if (message.value.command !== 'new-service') return fault('command');
  return decodeAttributes(serviceAttributes, message.value.service);
}

/** One part of the answer to a request for services. */
export const encodeServiceEntry = ({ service, statistics }: ServiceEntry): Uint8Array =>
  encodeIpvs('new-service', {
    service: encodeAttributes(serviceAttributes, {
      ...serviceToValues(service),
      statistics64: encodeStatistics(statistics),
    }),
  });

/** Reads one part of the answer to a request for destinations. @param serviceFamily of the service asked about */
export function decodeDestinationEntry(body: Uint8Array, serviceFamily: Family): Result<DestinationEntry, IpvsFault> {
  const values = destinationValues(body);
  if (!values.ok) return values;
  const destination = destinationFromValues(values.value, serviceFamily);
  if (!destination.ok) return destination;
  const statistics = decodeStatistics(values.value);
  if (!statistics.ok) return statistics;
  const { activeConnections = 0, inactiveConnections = 0, persistentConnections = 0 } = values.value;
  return ok({
    destination: destination.value,
    activeConnections,
    inactiveConnections,
    persistentConnections,
    statistics: statistics.value,
  });
}

/** The same without what is counted, which takes most of the time. */
export function decodeDestinationAlone(body: Uint8Array, serviceFamily: Family): Result<Destination, IpvsFault> {
  const values = destinationValues(body);
  return values.ok ? destinationFromValues(values.value, serviceFamily) : values;
}

function destinationValues(body: Uint8Array): Result<DestinationValues, IpvsFault> {
  const message = decodeIpvs(body);
  if (!message.ok) return message;
  if (message.value.command !== 'new-destination') return fault('command');
  return decodeAttributes(destinationAttributes, message.value.destination);
}

/** One part of the answer to a request for destinations. */
export function encodeDestinationEntry(entry: DestinationEntry): Uint8Array {
  const { destination, statistics, ...connections } = entry;
  return encodeIpvs('new-destination', {
    destination: encodeAttributes(destinationAttributes, {
      ...destinationToValues(destination),
      ...connections,
      statistics64: encodeStatistics(statistics),
    }),
  });
}

/** The counters of 64 bits if the kernel gives them, else those of 32; what is missing is 0. */
function decodeStatistics(values: {
  readonly statistics?: Uint8Array;
  readonly statistics64?: Uint8Array;
}): Result<Statistics, IpvsFault> {
  const { statistics = new Uint8Array(0), statistics64 } = values;
  const outcome =
    statistics64 === undefined
      ? decodeAttributes(statisticsAttributes, statistics)
      : decodeAttributes(statistics64Attributes, statistics64);
  return outcome.ok ? ok({ ...NO_STATISTICS, ...outcome.value }) : outcome;
}

const encodeStatistics = (statistics: Statistics): Uint8Array =>
  encodeAttributes(statistics64Attributes, { ...statistics });
