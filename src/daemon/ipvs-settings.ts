/**
 * What belongs to IPVS as a whole: the timeouts of connections, the daemons that share them with other directors, and
 * emptying the table. keepalived.conf(5) "lvs_timeouts", "lvs_sync_daemon", "lvs_flush".
 */
import { type Duration, ZERO } from '../base/time.ts';
import type { IpvsClient } from '../io/ipvs-client.ts';
import { IpvsClient as Client } from '../io/ipvs-client.ts';
import { planDaemons, type RunningDaemon, type SyncDaemon, wantedDaemons } from '../ipvs/sync-daemon.ts';
import type { DaemonCommand, IpvsTimeouts } from '../wire/ipvs-control.ts';
import type { LogLevel } from './messages.ts';

/** Plain data. */
export interface LvsSettings {
  readonly syncDaemon?: SyncDaemon;
  /** What is absent stays as the kernel has it. */
  readonly timeouts?: Partial<IpvsTimeouts>;
  /** Empty the whole table at the start. */
  readonly flush: boolean;
  /** Empty it at the end: `all`, or by our services only. */
  readonly flushOnStop?: 'all' | 'services';
}

export type SettingsClient = Pick<IpvsClient, 'flush' | 'timeouts' | 'setTimeouts' | 'syncDaemon' | 'close'>;

export interface IpvsSettingsWorld {
  open?(): Promise<SettingsClient>;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number | undefined>): void;
}

/** See the file's head. One thing is done after the other. */
export class IpvsSettings {
  readonly #world: IpvsSettingsWorld;
  #settings: LvsSettings = { flush: false };
  #client: SettingsClient | undefined;
  #masters = new Set<string>();
  #running: readonly RunningDaemon[] = [];
  /** As they were before we changed them. */
  #original: IpvsTimeouts | undefined;
  #isStarted = false;
  #work: Promise<void> = Promise.resolve();

  constructor(world: IpvsSettingsWorld) {
    this.#world = world;
  }

  /** Start and reload. Resolves when it is done, or cannot be done: which is logged. */
  configure(settings: LvsSettings): Promise<void> {
    this.#settings = settings;
    const isStart = !this.#isStarted;
    this.#isStarted = true;
    return this.#then(async () => {
      if (isStart && settings.flush) await this.#try('emptying the IPVS table', (client) => client.flush());
      await this.#setTimeouts();
      await this.#settleDaemons();
    });
  }

  /** The state of an instance, whenever it changes. */
  heard(instance: string, isMaster: boolean): Promise<void> {
    if (isMaster) this.#masters.add(instance);
    else this.#masters.delete(instance);
    return this.#settings.syncDaemon?.instance === instance ? this.#then(() => this.#settleDaemons()) : this.#work;
  }

  /** For the process that takes the place of this one. */
  estate() {
    return { masters: [...this.#masters], running: this.#running, original: this.#original };
  }

  /** Before `configure`: what another process has started and changed is ours. */
  inherit({ masters, running, original }: ReturnType<IpvsSettings['estate']>): void {
    this.#masters = new Set(masters);
    this.#running = running;
    this.#original = original;
    this.#isStarted = true;
  }

  /** Another process goes on with everything. */
  abandon(): Promise<void> {
    return this.#then(async () => this.#client?.close());
  }

  /** Puts back what was changed, and lets go of the socket. */
  close(): Promise<void> {
    const { flushOnStop } = this.#settings;
    this.#settings = { flush: false };
    return this.#then(async () => {
      if (flushOnStop === 'all') await this.#try('emptying the IPVS table', (client) => client.flush());
      await this.#setTimeouts();
      await this.#settleDaemons();
      this.#client?.close();
      this.#client = undefined;
    });
  }

  #then(step: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(step);
    return this.#work;
  }

  async #setTimeouts(): Promise<void> {
    const { timeouts } = this.#settings;
    if (timeouts === undefined && this.#original === undefined) return;
    await this.#try('setting the IPVS timeouts', async (client) => {
      this.#original ??= await client.timeouts();
      const wanted = { ...this.#original, ...timeouts };
      const now = await client.timeouts();
      const change = (name: keyof IpvsTimeouts): Duration => (wanted[name] === now[name] ? ZERO : wanted[name]);
      const changes = { tcp: change('tcp'), tcpFin: change('tcpFin'), udp: change('udp') };
      if (Object.values(changes).some((value) => value !== ZERO)) await client.setTimeouts(changes);
      if (timeouts === undefined) this.#original = undefined;
    });
  }

  async #settleDaemons(): Promise<void> {
    const { syncDaemon } = this.#settings;
    const wanted = wantedDaemons(syncDaemon, this.#masters.has(syncDaemon?.instance ?? ''));
    for (const command of planDaemons(this.#running, wanted)) {
      const { state, syncId } = command;
      if (command.command === 'delete-daemon') this.#running = this.#running.filter((one) => one.state !== state);
      const verb = command.command === 'new-daemon' ? 'starting' : 'stopping';
      const purpose = `${verb} the ${state} of connection synchronisation, id ${syncId}`;
      const isDone = await this.#try(purpose, (client) => carryOut(client, command));
      if (!isDone) continue;
      this.#world.log('info', 'sync-daemon', purpose, { state, sync_id: syncId });
      if (command.command === 'new-daemon') this.#running = [...this.#running, command];
    }
  }

  async #try(purpose: string, act: (client: SettingsClient) => Promise<void>): Promise<boolean> {
    try {
      this.#client ??= await (this.#world.open ?? (() => Client.open()))();
      await act(this.#client);
      return true;
    } catch (error) {
      this.#world.log('error', 'ipvs-failed', `${purpose}: ${(error as Error).message}`, {});
      return false;
    }
  }
}

/** One that an earlier life left, with other options perhaps, is stopped first. */
async function carryOut(client: SettingsClient, command: DaemonCommand): Promise<void> {
  const { state, syncId } = command;
  try {
    await client.syncDaemon(command);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (command.command === 'delete-daemon' && code === 'ESRCH') return;
    if (command.command !== 'new-daemon' || code !== 'EEXIST') throw error;
    await client.syncDaemon({ command: 'delete-daemon', state, syncId });
    await client.syncDaemon(command);
  }
}
