/**
 * Which virtual servers are not checked because their address is not on this host: keepalived.conf(5) "ha_suspend". Without
 * any such virtual server nothing is listened to.
 */
import { RouteNetlink } from '../io/route-netlink.ts';
import { virtualServerName } from '../ipvs/names.ts';
import type { VirtualServer } from '../ipvs/virtual-server.ts';
import { Interfaces } from './interfaces.ts';
import type { LogLevel } from './messages.ts';

export interface SuspensionWorld {
  /** The addresses of this host; rejects where they cannot be read. */
  open?(onChange: () => void): Promise<LocalAddresses>;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string>): void;
}

export type LocalAddresses = Pick<Interfaces, 'hasAddress'> & { close(): void };

/** See the file's head. */
export class Suspension {
  readonly #world: SuspensionWorld;
  #virtualServers: readonly VirtualServer[] = [];
  #addresses: LocalAddresses | undefined;
  readonly #suspended = new Set<string>();

  constructor(world: SuspensionWorld) {
    this.#world = world;
  }

  /** Start and reload. */
  async configure(virtualServers: readonly VirtualServer[]): Promise<void> {
    this.#virtualServers = virtualServers.filter(({ haSuspend }) => haSuspend);
    if (this.#virtualServers.length > 0 && this.#addresses === undefined) {
      try {
        this.#addresses = await (this.#world.open ?? openLocalAddresses)(() => this.#follow());
      } catch (error) {
        const sentence = `ha_suspend is without effect, the addresses of this host cannot be read: ${(error as Error).message}`;
        this.#world.log('error', 'ha-suspend', sentence, {});
      }
    } else if (this.#virtualServers.length === 0) this.close();
    this.#follow();
  }

  /** Whether its checkers are to do nothing. */
  has(virtualServerId: string): boolean {
    return this.#suspended.has(virtualServerId);
  }

  close(): void {
    this.#addresses?.close();
    this.#addresses = undefined;
  }

  #follow(): void {
    const there = new Set(this.#virtualServers.map(({ id }) => id));
    for (const id of this.#suspended) if (!there.has(id)) this.#suspended.delete(id);
    for (const virtualServer of this.#virtualServers) {
      const { id, target } = virtualServer;
      const isHere = target.kind !== 'address' || (this.#addresses?.hasAddress(target.address) ?? true);
      if (isHere !== this.#suspended.has(id)) continue;
      if (isHere) this.#suspended.delete(id);
      else this.#suspended.add(id);
      const sentence = `${isHere ? 'Activating' : 'Suspending'} healthcheckers of VS ${virtualServerName(virtualServer)}`;
      this.#world.log('info', 'ha-suspend', sentence, { virtual_server: id });
    }
  }
}

async function openLocalAddresses(onChange: () => void): Promise<LocalAddresses> {
  const route = RouteNetlink.open();
  try {
    const interfaces = await Interfaces.open(route);
    interfaces.onChange(onChange);
    return { hasAddress: (address) => interfaces.hasAddress(address), close: () => route.close() };
  } catch (error) {
    route.close();
    throw error;
  }
}
