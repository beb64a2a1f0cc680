/** The IPVS table as data: virtual services with their destinations, and their textual identity. linux/ip_vs.h. */
import { assertNever } from '../base/assert.ts';
import type { Destination, Service, ServiceKey } from '../wire/ipvs.ts';

/** A virtual service and where its connections go. */
export interface TableEntry {
  readonly service: Service;
  /** In no particular order; no two of the same address and port. */
  readonly destinations: readonly Destination[];
}

/** No two entries have the same key. */
export type Table = readonly TableEntry[];

/** Identity of a service as text: `192.168.4.15:80/TCP`, `[fd00::1]:80/TCP`, `FWM 7`, `FWM 7 inet6`. */
export function serviceId(key: ServiceKey): string {
  switch (key.kind) {
    case 'address':
      return `${destinationId(key)}/${key.protocol}`;
    case 'fwmark':
      return key.family === 'inet' ? `FWM ${key.fwmark}` : `FWM ${key.fwmark} inet6`;
    default:
      return assertNever(key);
  }
}

/** Identity of a destination within its service: `192.168.4.100:80`, `[fd00::2]:80`. */
export const destinationId = ({ address, port }: Pick<Destination, 'address' | 'port'>): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
