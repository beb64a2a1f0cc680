/**
 * Which commands lead from the table that is to the table that should be.
 *
 * Pure. Everything that adds comes before everything that removes, so that no service loses its last destination while
 * its next one is still to come; a weight that falls to 0 counts as a removal. Only services that are desired or owned
 * are touched.
 */
import type { Destination, IpvsCommand, Service } from '../wire/ipvs.ts';
import { destinationId, serviceId, type Table, type TableEntry } from './table.ts';

/** The commands of a plan, in the order in which the kinds are carried out. */
interface Steps {
  /** A service directly followed by its destinations: it refuses connections until it has one. */
  readonly creations: IpvsCommand[];
  readonly changes: IpvsCommand[];
  readonly drains: IpvsCommand[];
  readonly removals: IpvsCommand[];
}

/**
 * The commands, in the order in which they are to be carried out; none when `actual` is as desired.
 * @param owned ids of services that are ours: removed when they are not desired any more
 */
export function plan(actual: Table, desired: Table, owned: ReadonlySet<string>): IpvsCommand[] {
  const present = new Map(actual.map((entry) => [serviceId(entry.service.key), entry]));
  const wanted = new Set(desired.map((entry) => serviceId(entry.service.key)));
  const steps: Steps = { creations: [], changes: [], drains: [], removals: [] };

  for (const { service, destinations } of desired) {
    const entry = present.get(serviceId(service.key));
    if (!entry) steps.creations.push({ command: 'new-service', service });
    else if (!sameService(entry.service, service)) steps.changes.push({ command: 'set-service', service });
    planDestinations(service, entry?.destinations ?? [], destinations, steps);
  }
  for (const { service } of actual) {
    const id = serviceId(service.key);
    // the kernel removes the destinations with their service
    if (owned.has(id) && !wanted.has(id)) steps.removals.push({ command: 'delete-service', service });
  }
  return [...steps.creations, ...steps.changes, ...steps.drains, ...steps.removals];
}

function planDestinations(
  service: Service,
  actual: readonly Destination[],
  desired: readonly Destination[],
  { creations, changes, drains, removals }: Steps,
): void {
  if (actual.length === 0) {
    for (const destination of desired) creations.push({ command: 'new-destination', service, destination });
    return;
  }
  const present = new Map(actual.map((destination) => [destinationId(destination), destination]));
  const wanted = new Set(desired.map(destinationId));
  for (const destination of desired) {
    const existing = present.get(destinationId(destination));
    if (!existing) creations.push({ command: 'new-destination', service, destination });
    else if (!sameDestination(existing, destination)) {
      const into = destination.weight === 0 ? drains : changes;
      into.push({ command: 'set-destination', service, destination });
    }
  }
  for (const destination of actual) {
    if (!wanted.has(destinationId(destination))) removals.push({ command: 'delete-destination', service, destination });
  }
}

/**
 * Whether nothing leads from one to the other. Quick where the destinations are in the same order or, as in the kernel, in the
 * other one: thousands of services are compared every few seconds, and they are as they were.
 */
export function sameEntry(a: TableEntry, b: TableEntry): boolean {
  if (!sameService(a.service, b.service) || a.destinations.length !== b.destinations.length) return false;
  const last = b.destinations.length - 1;
  const isSame = (one: Destination, other: Destination | undefined): boolean =>
    other !== undefined &&
    one.address === other.address &&
    one.port === other.port &&
    one.family === other.family &&
    sameDestination(one, other);
  return (
    a.destinations.every((one, i) => isSame(one, b.destinations[last - i])) ||
    a.destinations.every((one, i) => isSame(one, b.destinations[i])) ||
    plan([a], [b], NOBODYS).length === 0
  );
}

const NOBODYS: ReadonlySet<string> = new Set();

/** Whether nothing has to be set. */
export const sameService = (a: Service, b: Service): boolean =>
  a.scheduler === b.scheduler &&
  a.persistenceTimeout === b.persistenceTimeout &&
  a.persistenceGranularity === b.persistenceGranularity &&
  a.persistenceEngine === b.persistenceEngine &&
  a.onePacket === b.onePacket &&
  a.schedulerFlags === b.schedulerFlags;

const sameDestination = (a: Destination, b: Destination): boolean =>
  a.forwardingMethod === b.forwardingMethod &&
  a.weight === b.weight &&
  a.upperThreshold === b.upperThreshold &&
  a.lowerThreshold === b.lowerThreshold &&
  tunnelOf(a) === tunnelOf(b);

/** The encapsulation of a tunnel; without further words it is IPIP, which the kernel spells out. */
const tunnelOf = ({ forwardingMethod, tunnel }: Destination): string => {
  const { type, port, flags } = tunnel ?? { type: 'ipip', port: 0, flags: 0 };
  return forwardingMethod === 'tunnel' ? `${type} ${port} ${flags}` : '';
};
