/**
 * Keeps the kernel's IPVS table as it should be: reads it, compares, asks for the difference. Start, a check's result, reload,
 * a refused command, a foreign change and stop are the same call.
 *
 * Without IPVS in the kernel it says so once and tries again from time to time; everything else goes on.
 */
import { inMilliseconds, seconds } from '../base/time.ts';
import { IpvsClient, IpvsUnavailable } from '../io/ipvs-client.ts';
import { loadKernelModule } from '../io/kernel-module.ts';
import type { NetlinkError } from '../io/netlink-error.ts';
import { plan } from '../ipvs/plan.ts';
import { destinationId, serviceId, type Table } from '../ipvs/table.ts';
import type { IpvsReport } from '../status/report.ts';
import type { IpvsCommand } from '../wire/ipvs.ts';
import type { LogLevel } from './messages.ts';

/** How often the table is compared without any reason of our own: somebody else may have changed it. */
const COMPARE_EVERY = seconds(5);
/** Passes of compare and repair before the next reason is waited for: a command may fail for good. */
const MAX_PASSES = 3;

export interface IpvsTableWorld {
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number | undefined>): void;
}

/** See the file's head. */
export class IpvsTable {
  readonly #world: IpvsTableWorld;
  /** Services that this process has made or found under a configured name: the only ones it may remove. */
  readonly #owned = new Set<string>();
  #client: IpvsClient | undefined;
  #unavailable: string | undefined;
  #desired: Table = [];
  #actual: Table = [];
  #work: Promise<void> | undefined;
  #again = false;
  /** We have a reason of our own to expect a difference. */
  #expected = false;
  #compare: NodeJS.Timeout | undefined;
  /** Failures that were said already, by command. */
  readonly #said = new Set<string>();

  constructor(world: IpvsTableWorld) {
    this.#world = world;
  }

  /** Our part of the table as the kernel had it last. */
  get actual(): Table {
    return this.#actual;
  }

  report(): IpvsReport {
    if (this.#unavailable !== undefined) return { available: false, reason: this.#unavailable };
    if (!this.#client) return { available: false, reason: 'not looked for: no virtual server is configured' };
    return { available: true };
  }

  /** From now on the table should be this. Resolves when it is, or when it cannot be made so for now. */
  settle(desired: Table): Promise<void> {
    this.#desired = desired;
    for (const { service } of desired) this.#owned.add(serviceId(service.key));
    if (desired.length > 0) this.#compare ??= setInterval(() => void this.#run(), inMilliseconds(COMPARE_EVERY));
    this.#expected = true;
    return this.#run();
  }

  /** Removes everything that is ours and lets go of the socket. */
  async close(): Promise<void> {
    clearInterval(this.#compare);
    this.#compare = undefined;
    for (let attempt = 0; attempt < MAX_PASSES && this.#owned.size > 0; attempt++) {
      await this.settle([]);
      if (this.#unavailable !== undefined) break;
    }
    this.#client?.close();
    this.#client = undefined;
  }

  /** One reconciliation at a time; what comes meanwhile is one more afterwards. */
  #run(): Promise<void> {
    this.#again = true;
    this.#work ??= this.#passes().finally(() => {
      this.#work = undefined;
    });
    return this.#work;
  }

  async #passes(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      let expected = this.#expected;
      this.#expected = false;
      if (this.#owned.size === 0 || !(await this.#open())) return;
      try {
        for (let pass = 0; pass < MAX_PASSES && (await this.#pass(expected)); pass++) expected = true;
      } catch (error) {
        if (error instanceof IpvsUnavailable) this.#lose(error.message);
        else this.#log('error', 'ipvs-failed', `the IPVS table could not be read: ${(error as Error).message}`);
        return;
      }
    }
  }

  /** Compares once and asks for the difference; false when there was none. */
  async #pass(expected: boolean): Promise<boolean> {
    const client = this.#client;
    if (!client) return false;
    const whole = await client.table();
    this.#actual = whole.filter(({ service }) => this.#owned.has(serviceId(service.key)));
    const commands = plan(whole, this.#desired, this.#owned);
    if (commands.length === 0) {
      this.#said.clear();
      return false;
    }
    if (!expected) {
      this.#log(
        'warning',
        'ipvs-drift',
        `the IPVS table was changed by somebody: ${describe(commands)}; putting it back`,
      );
    }
    const outcomes = await client.execute(commands);
    for (const [i, command] of commands.entries()) {
      const error = outcomes[i];
      if (!error) this.#log('info', 'ipvs', sentenceOf(command));
      else if (!isAlreadySo(command, error.code)) this.#failed(command, explain(command, error));
    }
    return true;
  }

  #failed(command: IpvsCommand, message: string): void {
    const what = sentenceOf(command);
    if (this.#said.has(what)) return;
    this.#said.add(what);
    this.#log('error', 'ipvs-failed', `${what}: ${message}`);
  }

  async #open(): Promise<boolean> {
    if (this.#client) return true;
    try {
      this.#client = await IpvsClient.open();
    } catch (first) {
      // as keepalived: perhaps the module is there and only not loaded
      if (this.#unavailable === undefined && (await loadKernelModule('ip_vs'))) {
        this.#client = await IpvsClient.open().catch(() => undefined);
      }
      if (!this.#client) {
        this.#lose((first as Error).message);
        return false;
      }
    }
    if (this.#unavailable !== undefined) this.#log('notice', 'ipvs-available', 'the kernel has IPVS now');
    this.#unavailable = undefined;
    return true;
  }

  #lose(reason: string): void {
    this.#client?.close();
    this.#client = undefined;
    this.#actual = [];
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
