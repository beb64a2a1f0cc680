/** A BFD session as it is configured: what bfd_instance of keepalived.conf(5) comes to, every default filled in. */
import { familyOf, type IpAddress } from '../base/address.ts';
import { type Duration, milliseconds } from '../base/time.ts';
import type { BfdReading, Weight } from './tracking-keywords.ts';

/** A session with one neighbour. RFC 5880. */
export interface BfdInstance extends Weight {
  readonly name: string;
  /** Absent: it is never up. */
  readonly neighbour?: IpAddress;
  readonly source?: IpAddress;
  readonly minReceive: Duration;
  readonly minTransmit: Duration;
  readonly idleTransmit: Duration;
  /** 1-255 */
  readonly multiplier: number;
  readonly passive: boolean;
  /** 1-255 */
  readonly ttl: number;
  /** 0-255; how many hops the packets of the neighbour may have made. */
  readonly maxHops: number;
  /** Over routers, on a port of its own: RFC 5883. */
  readonly multihop: boolean;
  /** Virtual routers can track it. */
  readonly tellsVrrp: boolean;
  /** Checkers can look at it. */
  readonly tellsCheckers: boolean;
}

const DEFAULT_INTERVAL_MS = 10;
const DEFAULT_IDLE_MS = 1000;
const DEFAULT_MULTIPLIER = 5;
const DEFAULT_TTL = { inet: 255, inet6: 64 } as const;
/** keepalived takes -1 for the largest number. */
const BYTE_MASK = 0xff;

/** Of two with one name the first one counts. */
export function buildBfdInstances(readings: readonly BfdReading[]): BfdInstance[] {
  const built = new Map<string, BfdInstance>();
  for (const { header, values } of readings) {
    const name = header[0]?.text ?? '';
    const { neighbour, source, weight, vrrp, checker } = values;
    if (built.has(name)) continue;
    const family = neighbour === undefined ? 'inet' : familyOf(neighbour);
    const ttl = values.ttl ?? DEFAULT_TTL[family];
    built.set(name, {
      name,
      ...(neighbour === undefined ? {} : { neighbour }),
      ...(source === undefined || familyOf(source) !== family ? {} : { source }),
      minReceive: milliseconds(values.minReceive ?? DEFAULT_INTERVAL_MS),
      minTransmit: milliseconds(values.minTransmit ?? DEFAULT_INTERVAL_MS),
      idleTransmit: milliseconds(values.idleTransmit ?? DEFAULT_IDLE_MS),
      multiplier: values.multiplier ?? DEFAULT_MULTIPLIER,
      passive: values.passive,
      ttl,
      maxHops: Math.min(ttl, (values.maxHops ?? 0) & BYTE_MASK),
      multihop: values.multihop ?? false,
      weight: weight?.weight ?? 0,
      reverse: weight?.reverse ?? false,
      tellsVrrp: vrrp || !checker,
      tellsCheckers: checker || !vrrp,
    });
  }
  return [...built.values()];
}
