/** A kernel that is nothing but an IPVS table, as `IpvsTable` and `IpvsSettings` ask it. */
import { NetlinkError } from '../../src/io/netlink-error.ts';
import { destinationId, serviceId, type TableEntry } from '../../src/ipvs/table.ts';
import type { IpvsCommand } from '../../src/wire/ipvs.ts';

/** See the file's head. What is asked is counted; what is changed is listed. */
export class FakeIpvsTable {
  readonly entries = new Map<string, TableEntry>();
  readonly commands: string[] = [];
  reads = 0;
  /** Schedulers that the kernel does not have. */
  readonly unknownSchedulers = new Set<string>();

  async table(): Promise<TableEntry[]> {
    this.reads += 1;
    return [...this.entries.values()];
  }

  async services() {
    return [...this.entries.values()].map(({ service }) => service);
  }

  async execute(commands: readonly IpvsCommand[]): Promise<(NetlinkError | undefined)[]> {
    return commands.map((command) => {
      const code = this.#carryOut(command);
      if (code === undefined) this.commands.push(this.#words(command));
      return code === undefined ? undefined : NetlinkError.withCode(command.command, code, '');
    });
  }

  close(): void {}

  #words({ command, service, ...rest }: IpvsCommand): string {
    const destination = 'destination' in rest ? ` ${destinationId(rest.destination)} ${rest.destination.weight}` : '';
    return `${command} ${serviceId(service.key)}${destination}`;
  }

  #carryOut(command: IpvsCommand): 'ENOENT' | 'EEXIST' | 'ESRCH' | undefined {
    const id = serviceId(command.service.key);
    const entry = this.entries.get(id);
    switch (command.command) {
      case 'new-service':
        if (this.unknownSchedulers.has(command.service.scheduler)) return 'ENOENT';
        if (entry) return 'EEXIST';
        this.entries.set(id, { service: command.service, destinations: [] });
        return undefined;
      case 'set-service':
        if (!entry) return 'ESRCH';
        this.entries.set(id, { ...entry, service: command.service });
        return undefined;
      case 'delete-service':
        return this.entries.delete(id) ? undefined : 'ESRCH';
    }
    if (!entry) return 'ESRCH';
    const { destination } = command;
    const isIt = (other: typeof destination) => destinationId(other) === destinationId(destination);
    const isThere = entry.destinations.some(isIt);
    if (isThere === (command.command === 'new-destination')) return isThere ? 'EEXIST' : 'ENOENT';
    const others = entry.destinations.filter((other) => !isIt(other));
    const destinations = command.command === 'delete-destination' ? others : [...others, destination];
    this.entries.set(id, { ...entry, destinations });
    return undefined;
  }
}
