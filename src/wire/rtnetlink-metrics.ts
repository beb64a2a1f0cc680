/** What TCP is told about a route: the attribute RTA_METRICS. enum of RTAX_* in linux/rtnetlink.h. */

import type { Result } from '../base/result.ts';
import {
  type AttributeFault,
  type AttributeValues,
  attributeTable,
  decodeAttributes,
  encodeAttributes,
} from './netlink-attributes.ts';

/** In the order in which keepalived sends them. */
const metricAttributes = attributeTable({
  /** At most 15 bytes. */
  congestionControl: [16, 'RTAX_CC_ALGO', 'string'],
  /** In eighths of a millisecond. */
  roundTripTime: [4, 'RTAX_RTT', 'u32'],
  /** In quarters of a millisecond. */
  roundTripVariance: [5, 'RTAX_RTTVAR', 'u32'],
  /** In milliseconds. */
  retransmissionMinimum: [13, 'RTAX_RTO_MIN', 'u32'],
  /** RTAX_FEATURE_*: 1 Explicit Congestion Notification. */
  features: [12, 'RTAX_FEATURES', 'u32'],
  mtu: [2, 'RTAX_MTU', 'u32'],
  window: [3, 'RTAX_WINDOW', 'u32'],
  slowStartThreshold: [6, 'RTAX_SSTHRESH', 'u32'],
  congestionWindow: [7, 'RTAX_CWND', 'u32'],
  advertisedMss: [8, 'RTAX_ADVMSS', 'u32'],
  reordering: [9, 'RTAX_REORDERING', 'u32'],
  hopLimit: [10, 'RTAX_HOPLIMIT', 'u32'],
  initialCongestionWindow: [11, 'RTAX_INITCWND', 'u32'],
  initialReceiveWindow: [14, 'RTAX_INITRWND', 'u32'],
  quickAck: [15, 'RTAX_QUICKACK', 'u32'],
  fastOpenNoCookie: [17, 'RTAX_FASTOPEN_NO_COOKIE', 'u32'],
  /** Bit n: the metric of number n is not changed by what TCP learns. */
  lock: [1, 'RTAX_LOCK', 'u32'],
});

/** The kernel's numbers, in its units: see the table above for them. */
export type MetricsMessage = AttributeValues<typeof metricAttributes>;

/** RTAX_FEATURE_ECN in linux/rtnetlink.h. */
export const RTAX_FEATURE_ECN = 1;

/** The bit of a metric in `lock`. */
export const lockBit = (metric: Exclude<keyof MetricsMessage, 'lock'>): number =>
  2 ** metricAttributes.entries[metric][0];

/** Reads the value of RTA_METRICS. */
export const decodeMetrics = (bytes: Uint8Array): Result<MetricsMessage, AttributeFault> =>
  decodeAttributes(metricAttributes, bytes);

/** The value of RTA_METRICS. */
export const encodeMetrics = (metrics: MetricsMessage): Uint8Array => encodeAttributes(metricAttributes, metrics);
