/** Services and destinations to test with, and a kernel that is nothing but a table. */
import type { IpAddress } from '../../src/base/address.ts';
import { ZERO } from '../../src/base/time.ts';
import { destinationId, serviceId, type Table, type TableEntry } from '../../src/ipvs/table.ts';
import type { Destination, IpvsCommand, Service } from '../../src/wire/ipvs.ts';

export const service = (port: number, different: Partial<Service> = {}): Service => ({
  key: { kind: 'address', family: 'inet', protocol: 'TCP', address: '192.168.4.15' as IpAddress, port },
  scheduler: 'wrr',
  persistenceTimeout: ZERO,
  persistenceGranularity: 32,
  onePacket: false,
  schedulerFlags: 0,
  ...different,
});

export const destination = (host: number, different: Partial<Destination> = {}): Destination => ({
  family: 'inet',
  address: `192.168.4.${host}` as IpAddress,
  port: 80,
  forwardingMethod: 'direct-route',
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
  ...different,
});

export const entry = (port: number, ...destinations: readonly Destination[]): TableEntry => ({
  service: service(port),
  destinations,
});

/** The table after one command, as Linux carries it out; throws where Linux refuses. */
export function apply(table: Table, command: IpvsCommand): Table {
  const id = serviceId(command.service.key);
  const existing = table.find((row) => serviceId(row.service.key) === id);
  if (command.command === 'new-service') {
    if (existing) throw new Error(`EEXIST ${id}`);
    return [...table, { service: command.service, destinations: [] }];
  }
  if (!existing) throw new Error(`ESRCH ${id}`);
  const replace = (row: TableEntry): Table => table.map((old) => (old === existing ? row : old));
  if (command.command === 'delete-service') return table.filter((row) => row !== existing);
  if (!('destination' in command)) return replace({ ...existing, service: command.service });
  const { destination: subject } = command;
  const same = (d: Destination) => destinationId(d) === destinationId(subject);
  if (existing.destinations.some(same) === (command.command === 'new-destination')) {
    throw new Error(`${command.command === 'new-destination' ? 'EEXIST' : 'ENOENT'} ${id} ${destinationId(subject)}`);
  }
  const others = existing.destinations.filter((d) => !same(d));
  return replace({
    ...existing,
    destinations: command.command === 'delete-destination' ? others : [...others, subject],
  });
}

/** A table in one order, to compare with another. */
export const sorted = (table: Table): Table =>
  [...table]
    .map((row) => ({
      ...row,
      destinations: [...row.destinations].sort((a, b) => destinationId(a).localeCompare(destinationId(b))),
    }))
    .sort((a, b) => serviceId(a.service.key).localeCompare(serviceId(b.service.key)));
