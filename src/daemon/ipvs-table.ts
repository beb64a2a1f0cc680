/**
 * Keeps the kernel's IPVS table as it should be: knows how it is, compares, asks for the difference. Start, a check's result,
 * reload, a refused command, a foreign change and stop are the same call. The table is read at the start, from time to time,
 * and when a command was refused; in between, what was carried out is how it is.
 *
 * Without IPVS in the kernel it says so once and tries again from time to time; everything else goes on.
 */
import { inMilliseconds, milliseconds, seconds } from '../base/time.ts';
import { IpvsClient, IpvsUnavailable } from '../io/ipvs-client.ts';
import { loadKernelModule } from '../io/kernel-module.ts';
import type { NetlinkError } from '../io/netlink-error.ts';
import { plan, sameEntry, sameService } from '../ipvs/plan.ts';
import { destinationId, serviceId, type Table, type TableEntry } from '../ipvs/table.ts';
import type { IpvsReport } from '../status/report.ts';
import type { IpvsCommand, Service } from '../wire/ipvs.ts';
import type { LogLevel } from './messages.ts';

/** How often everything is compared without any reason of our own: somebody else may have changed it. */
const COMPARE_EVERY = seconds(5);
/** How often only the services are: they are read in one answer, and `ipvsadm -C` takes them all. */
const GLANCE_EVERY = milliseconds(500);
/** Passes of compare and repair before the next reason is waited for: a command may fail for good. */
const MAX_PASSES = 3;
/** Commands at once from which on they are counted in the log, and not listed. */
const LISTED_MAX = 200;

export interface IpvsTableWorld {
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number | undefined>): void;
  /** The kernel's table; rejects as IpvsClient.open does. */
  open?(): Promise<Pick<IpvsClient, 'table' | 'services' | 'execute' | 'close'>>;
}

/** See the file's head. */
export class IpvsTable {
  readonly #world: IpvsTableWorld;
  /** Services that this process has made or found under a configured name: the only ones it may remove. */
  readonly #owned = new Set<string>();
  #client: Awaited<ReturnType<NonNullable<IpvsTableWorld['open']>>> | undefined;
  #unavailable: string | undefined;
  readonly #desired = new Map<string, TableEntry>();
  /** Our part of the table as the kernel has it, as far as we know; undefined: to be read first. */
  #actual: Map<string, TableEntry> | undefined;
  /** Services whose difference is still to be made good. */
  readonly #due = new Set<string>();
  /** Services of which the kernel has refused something. */
  readonly #unsettled = new Set<string>();
  #look: 'all' | 'services' | undefined;
  #work: Promise<void> | undefined;
  #timers: NodeJS.Timeout[] = [];
  /** Failures that were said already, by command. */
  readonly #said = new Set<string>();

  constructor(world: IpvsTableWorld) {
    this.#world = world;
  }

  /** A service of ours as the kernel had it last. */
  entryOf(id: string): TableEntry | undefined {
    return this.#actual?.get(id);
  }

  report(): IpvsReport {
    if (this.#unavailable !== undefined) return { available: false, reason: this.#unavailable };
    if (!this.#client) return { available: false, reason: 'not looked for: no virtual server is configured' };
    return { available: true };
  }

  /** From now on the table should be this. Resolves when it is, or when it cannot be made so for now. */
  settle(desired: Table): Promise<void> {
    const wanted = new Set(desired.map(({ service }) => serviceId(service.key)));
    for (const id of this.#desired.keys()) {
      if (wanted.has(id)) continue;
      this.#desired.delete(id);
      this.#due.add(id);
    }
    return this.settlePart(desired);
  }

  /** These services should be so; the others are as they were. */
  settlePart(entries: Table): Promise<void> {
    for (const entry of entries) {
      const id = serviceId(entry.service.key);
      this.#desired.set(id, entry);
      this.#owned.add(id);
      this.#due.add(id);
    }
    if (this.#desired.size > 0 && this.#timers.length === 0) {
      this.#timers = [
        setInterval(() => void this.#run('all'), inMilliseconds(COMPARE_EVERY)),
        setInterval(() => this.#client && void this.#run('services'), inMilliseconds(GLANCE_EVERY)),
      ];
    }
    return this.#run();
  }

  /** Services that are ours to remove, by id. */
  get owned(): readonly string[] {
    return [...this.#owned];
  }

  /** What another process of ours has made is ours too. */
  adopt(owned: readonly string[]): void {
    for (const id of owned) {
      this.#owned.add(id);
      this.#due.add(id);
    }
  }

  /** Lets go of the socket and leaves the table as it is. */
  abandon(): Promise<void> {
    return this.close({ keep: true });
  }

  /** Somebody may have changed the table: it is read and compared. */
  compare(): Promise<void> {
    return this.#run('all');
  }

  /** Removes everything that is ours, unless it is to stay, and lets go of the socket. */
  async close({ keep = false } = {}): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    if (!keep && this.#owned.size > 0) {
      for (const id of this.#owned) this.#due.add(id);
      this.#desired.clear();
      await this.#run();
    }
    await this.#work;
    this.#client?.close();
    this.#client = undefined;
  }

  /** One reconciliation at a time; what comes meanwhile is one more afterwards. */
  #run(look?: 'all' | 'services'): Promise<void> {
    if (this.#look !== 'all') this.#look = look ?? this.#look;
    this.#work ??= this.#rounds().finally(() => {
      this.#work = undefined;
    });
    return this.#work;
  }

  async #rounds(): Promise<void> {
    for (let passes = 0; this.#due.size > 0 || this.#look !== undefined; passes++) {
      const look = this.#look;
      this.#look = undefined;
      if (this.#owned.size === 0 || !(await this.#open())) {
        this.#due.clear();
        return;
      }
      try {
        if (look !== undefined || this.#actual === undefined) await this.#compare(look ?? 'all');
        const refused = await this.#makeGood(passes + 1 === MAX_PASSES);
        if (refused.length === 0) passes = 0;
        else if (passes + 1 < MAX_PASSES) {
          // what we thought of it was wrong
          this.#actual = undefined;
          for (const id of refused) this.#due.add(id);
        }
      } catch (error) {
        this.#actual = undefined;
        if (error instanceof IpvsUnavailable) this.#lose(error.message);
        else this.#log('error', 'ipvs-failed', `the IPVS table could not be read: ${(error as Error).message}`);
        return;
      }
    }
  }

  /** Reads the table. What differs from what we knew of it is somebody else's doing, and due. */
  async #compare(look: 'all' | 'services'): Promise<void> {
    const client = this.#client;
    if (!client) return;
    const known = this.#actual;
    const actual = look === 'services' && known ? this.#glance(await client.services(), known) : 'unsure';
    if (actual === 'as known') return;
    this.#actual = actual === 'unsure' ? await this.#read(client, known) : actual;
    const isOurs = (id: string) => known === undefined || this.#unsettled.has(id);
    const foreign: IpvsCommand[] = [];
    for (const id of this.#owned) {
      // what we are about to change ourselves is no drift
      if (this.#due.has(id)) continue;
      const commands = this.#planOf(id);
      if (commands.length > 0 && !isOurs(id)) foreign.push(...commands);
      if (commands.length > 0) this.#due.add(id);
    }
    if (foreign.length > 0) {
      const what = describe(foreign);
      this.#log('warning', 'ipvs-drift', `the IPVS table was changed by somebody: ${what}; putting it back`);
    }
    if (this.#due.size === 0) this.#said.clear();
  }

  /** Our part of the kernel's table. What is as it was known stays the same object. */
  async #read(
    client: Pick<IpvsClient, 'table'>,
    known: ReadonlyMap<string, TableEntry> | undefined,
  ): Promise<Map<string, TableEntry>> {
    const table = await client.table((entry) => {
      const before = known?.get(serviceId(entry.service.key));
      return before !== undefined && sameEntry(entry, before) ? before : entry;
    });
    const entries = table.map((entry) => [serviceId(entry.service.key), entry] as const);
    return new Map(entries.filter(([id]) => this.#owned.has(id)));
  }

  /**
   * What the services tell of the table. Where some are only missing, as after `ipvsadm -C`, that is known without reading
   * destinations, which takes a question for each service.
   */
  #glance(
    services: readonly Service[],
    known: ReadonlyMap<string, TableEntry>,
  ): 'as known' | 'unsure' | Map<string, TableEntry> {
    const present = new Map<string, TableEntry>();
    for (const service of services) {
      const id = serviceId(service.key);
      if (!this.#owned.has(id)) continue;
      const entry = known.get(id);
      if (entry === undefined || !sameService(entry.service, service)) return 'unsure';
      present.set(id, entry);
    }
    return present.size === known.size ? 'as known' : present;
  }

  #planOf(id: string): IpvsCommand[] {
    const [actual, desired] = [this.#actual?.get(id), this.#desired.get(id)];
    if (actual === desired && desired !== undefined) return [];
    return plan(actual ? [actual] : [], desired ? [desired] : [], this.#owned);
  }

  /**
   * Carries out what is due; returns the services where something was refused.
   * @param isLast it will not be tried again at once, so that everything that was refused is said
   */
  async #makeGood(isLast: boolean): Promise<string[]> {
    const [client, known] = [this.#client, this.#actual];
    if (!client || !known) return [];
    const ids = [...this.#due];
    this.#due.clear();
    const pick = (table: ReadonlyMap<string, TableEntry>) => ids.flatMap((id) => table.get(id) ?? []);
    const commands = plan(pick(known), pick(this.#desired), this.#owned);
    const targets = new Map(ids.map((id) => [id, this.#desired.get(id)]));
    if (commands.length === 0) {
      // the one in memory is enough
      for (const [id, target] of targets) if (target) known.set(id, target);
      return [];
    }
    const outcomes = await client.execute(commands);
    const refused = new Set<string>();
    const done: IpvsCommand[] = [];
    commands.forEach((command, i) => {
      const error = outcomes[i];
      if (!error) {
        done.push(command);
        return;
      }
      refused.add(serviceId(command.service.key));
      if (isAlreadySo(command, error.code) || (!isLast && isWithoutService(command, error.code))) return;
      this.#failed(command, explain(command, error));
    });
    for (const [id, target] of targets) {
      if (refused.has(id)) {
        this.#unsettled.add(id);
        continue;
      }
      this.#unsettled.delete(id);
      if (target) known.set(id, target);
      else {
        known.delete(id);
        this.#owned.delete(id);
      }
    }
    if (done.length <= LISTED_MAX) for (const command of done) this.#log('info', 'ipvs', sentenceOf(command));
    else this.#log('info', 'ipvs', describe(done));
    return [...refused];
  }

  #failed(command: IpvsCommand, message: string): void {
    const what = sentenceOf(command);
    if (this.#said.has(what)) return;
    this.#said.add(what);
    this.#log('error', 'ipvs-failed', `${what}: ${message}`);
  }

  async #open(): Promise<boolean> {
    if (this.#client) return true;
    const open = this.#world.open ?? (() => IpvsClient.open());
    try {
      this.#client = await open();
    } catch (first) {
      // as keepalived: perhaps the module is there and only not loaded
      if (this.#unavailable === undefined && (await loadKernelModule('ip_vs'))) {
        this.#client = await open().catch(() => undefined);
      }
      if (!this.#client) {
        this.#lose((first as Error).message);
        return false;
      }
    }
    if (this.#unavailable !== undefined) {
      this.#log('notice', 'ipvs-available', 'the kernel has IPVS now');
      for (const id of this.#desired.keys()) this.#due.add(id);
    }
    this.#unavailable = undefined;
    return true;
  }

  #lose(reason: string): void {
    this.#client?.close();
    this.#client = undefined;
    this.#actual = undefined;
    if (this.#unavailable === reason) return;
    this.#unavailable = reason;
    this.#log('error', 'ipvs-unavailable', `virtual servers do not work, VRRP goes on: ${reason}`);
  }

  #log(level: LogLevel, event: string, message: string): void {
    this.#world.log(level, event, message, {});
  }
}

/** Somebody was faster: what was asked for is so. */
const isAlreadySo = ({ command }: IpvsCommand, code: string): boolean =>
  (command.startsWith('new-') && code === 'EEXIST') ||
  (command.startsWith('delete-') && (code === 'ENOENT' || code === 'ESRCH'));

/** Somebody has removed the service: the table is read, and everything of it is made anew. */
const isWithoutService = ({ command }: IpvsCommand, code: string): boolean =>
  command !== 'new-service' && code === 'ESRCH';

function explain(command: IpvsCommand, error: NetlinkError): string {
  const { scheduler } = command.service;
  const isUnknownScheduler = error.code === 'ENOENT' && command.command.endsWith('-service');
  return isUnknownScheduler ? `the kernel has no scheduler '${scheduler}': modprobe ip_vs_${scheduler}` : error.message;
}

/** A command as a sentence: "add real server 192.168.4.100:80 to 192.168.4.15:80/TCP (weight 1)". */
function sentenceOf(command: IpvsCommand): string {
  const service = serviceId(command.service.key);
  switch (command.command) {
    case 'new-service':
      return `add virtual server ${service} (${command.service.scheduler})`;
    case 'set-service':
      return `change virtual server ${service} (${command.service.scheduler})`;
    case 'delete-service':
      return `remove virtual server ${service}`;
    case 'new-destination':
      return `add real server ${destinationId(command.destination)} to ${service} (weight ${command.destination.weight})`;
    case 'set-destination':
      return `change real server ${destinationId(command.destination)} of ${service} (weight ${command.destination.weight})`;
    case 'delete-destination':
      return `remove real server ${destinationId(command.destination)} from ${service}`;
  }
}

const describe = (commands: readonly IpvsCommand[]): string => {
  const shown = commands.slice(0, 3).map(sentenceOf).join(', ');
  return commands.length > 3 ? `${shown} and ${commands.length - 3} more` : shown;
};
