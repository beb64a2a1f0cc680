/**
 * Keeps the nftables tables that give packets to virtual_server_groups their marks: keepalived.conf(5) "nftables_ipvs". They
 * are there before the services of the marks, and go after them; what others do to them is mended. Where the kernel cannot do
 * it, groups have a service for each address as without the keyword, until it can.
 */
import { inMilliseconds, seconds } from '../base/time.ts';
import { NftablesClient, type TableName } from '../io/nftables-client.ts';
import {
  assignMarks,
  distinct,
  type MarkedRange,
  type MarkSettings,
  type Marks,
  markedRanges,
  markTables,
  withMarks,
} from '../ipvs/firewall-marks.ts';
import type { VirtualServer } from '../ipvs/virtual-server.ts';
import type { LogLevel } from './messages.ts';

/** By this a later process knows them for ours. */
const COMMENT = 'holdfast';
/** How often what was refused is tried again. */
const RETRY_EVERY = seconds(5);

export type MarkClient = Pick<NftablesClient, 'apply' | 'adopt' | 'present' | 'onMended' | 'leave' | 'close'>;

export interface MarkKeeperWorld {
  /** The packet filter; throws SystemError. */
  open?(): MarkClient;
  /** Groups can have marks now, or cannot any more: they are to be served anew. */
  changed(): void;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number>): void;
}

/** Marks as another process left them. Plain data. */
export interface MarkEstate {
  readonly firstMark: number;
  readonly marks: readonly (readonly [key: string, mark: number])[];
  readonly tables: readonly TableName[];
}

/** See the file's head. */
export class MarkKeeper {
  readonly #world: MarkKeeperWorld;
  #client: MarkClient | undefined;
  #settings: MarkSettings | undefined;
  #marks: Marks = new Map();
  /** From which on the marks were counted. */
  #firstMark: number | undefined;
  /** What the tables are to say, and what they say. */
  #wanted: readonly MarkedRange[] = [];
  #present: readonly MarkedRange[] = [];
  #left: readonly TableName[] = [];
  #problem: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(world: MarkKeeperWorld) {
    this.#world = world;
  }

  /**
   * Start and reload, before the services: packets get the marks of now, and still those of before. Resolves with the
   * virtual servers as they are to be served.
   */
  async widen(
    virtualServers: readonly VirtualServer[],
    settings: MarkSettings | undefined,
  ): Promise<readonly VirtualServer[]> {
    if (settings === undefined) {
      this.#settings = undefined;
      this.#wanted = [];
      this.#marks = new Map();
      this.#solved();
      return virtualServers;
    }
    const isCountedAnew = this.#firstMark !== settings.firstMark;
    this.#settings = settings;
    this.#firstMark = settings.firstMark;
    this.#marks = assignMarks(virtualServers, settings.firstMark, isCountedAnew ? new Map() : this.#marks);
    this.#wanted = markedRanges(virtualServers, this.#marks);
    return (await this.#try(distinct([...this.#wanted, ...this.#present])))
      ? withMarks(virtualServers, this.#marks)
      : virtualServers;
  }

  /** After the services: packets get no other marks any more. */
  async narrow(): Promise<void> {
    const isWanted = this.#settings !== undefined && this.#problem === undefined;
    if (isWanted) await this.#try(this.#wanted);
    else await this.#clear();
  }

  /** For the process that takes the place of this one, and from now on has the tables. */
  estate(): MarkEstate {
    this.#client?.leave();
    return { firstMark: this.#firstMark ?? 0, marks: [...this.#marks], tables: this.#client?.present ?? this.#left };
  }

  /** Before the first `widen`: what another process has made is ours. */
  inherit({ firstMark, marks, tables }: MarkEstate): void {
    this.#firstMark = firstMark;
    this.#marks = new Map(marks);
    this.#left = tables;
  }

  /** Another process goes on with the tables. */
  abandon(): void {
    this.#isClosed = true;
    this.#solved();
    this.#client?.close();
    this.#client = undefined;
  }

  /** Removes the tables. */
  async close(): Promise<void> {
    await this.#clear();
    this.abandon();
  }

  /** True: the tables say this. */
  async #try(ranges: readonly MarkedRange[]): Promise<boolean> {
    const settings = this.#settings;
    if (settings === undefined || this.#isClosed) return false;
    if (this.#client === undefined && this.#left.length === 0 && ranges.length === 0) return true;
    try {
      await (await this.#opened()).apply(markTables(ranges, settings));
      this.#present = ranges;
      this.#solved();
      return true;
    } catch (error) {
      this.#failed(error as Error);
      return false;
    }
  }

  /** What stands in the way of that stands in the way of more: it is said already. */
  async #clear(): Promise<void> {
    this.#present = [];
    if (this.#isClosed || (this.#client === undefined && this.#left.length === 0)) return;
    try {
      await (await this.#opened()).apply([]);
    } catch (error) {
      if (this.#problem === undefined) this.#failed(error as Error);
    }
    if (this.#settings !== undefined) return;
    this.#client?.close();
    this.#client = undefined;
  }

  async #opened(): Promise<MarkClient> {
    const client = this.#client ?? (this.#world.open ?? openClient)();
    if (client !== this.#client) {
      this.#client = client;
      client.onMended((error) => this.#mended(error));
    }
    const left = this.#left;
    this.#left = [];
    if (left.length > 0) await client.adopt(left);
    return client;
  }

  #mended(error: Error | undefined): void {
    if (this.#isClosed) return;
    if (error === undefined) {
      const sentence = 'somebody changed our nftables tables for virtual_server_groups; they are as before';
      this.#world.log('warning', 'firewall-marks-mended', sentence, {});
      return;
    }
    this.#present = [];
    this.#failed(error);
    this.#world.changed();
  }

  #failed(error: Error): void {
    const sentence = `virtual_server_groups have a service for each address, nftables cannot set their firewall marks: ${reasonOf(error, this.#settings)}`;
    if (this.#problem !== sentence) this.#world.log('error', 'firewall-marks-failed', sentence, {});
    this.#problem = sentence;
    this.#timer ??= setInterval(() => void this.#tryAgain(), inMilliseconds(RETRY_EVERY));
  }

  /** Only where it works the services change. */
  async #tryAgain(): Promise<void> {
    if (!(await this.#try(this.#wanted))) return;
    this.#world.log('notice', 'firewall-marks', 'nftables sets the firewall marks of virtual_server_groups now', {});
    this.#world.changed();
  }

  #solved(): void {
    this.#problem = undefined;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

const openClient = (): MarkClient => NftablesClient.open({ aside: true, owned: false, comment: COMMENT });

function reasonOf(error: Error, settings: MarkSettings | undefined): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST') return `there is a table ${settings?.table} that somebody else has made`;
  if (code === 'EOPNOTSUPP' || code === 'ENOTSUP')
    return `the kernel lacks nftables with maps of ranges (${error.message})`;
  return error.message;
}
