/**
 * keepalived.conf(5) "promote_secondaries": with the first address of a network the others stay. Set on interfaces of
 * instances that ask for it, from start to stop.
 */
import { KernelSettings } from '../io/kernel-settings.ts';
import type { RouteNetlink } from '../io/route-netlink.ts';
import type { VrrpInstance } from '../vrrp/instance.ts';
import type { Interfaces } from './interfaces.ts';
import type { KeeperWorld } from './possession-keeper.ts';

const pathOf = (name: string): string => `net/ipv4/conf/${name}/promote_secondaries`;

/** See the file's head. */
export class Promotion {
  readonly #settings: KernelSettings;
  readonly #log: KeeperWorld['log'];
  #names: ReadonlySet<string> = new Set();

  constructor(route: RouteNetlink, interfaces: Interfaces, log: KeeperWorld['log']) {
    this.#log = log;
    this.#settings = new KernelSettings(async (name, setting, value) => {
      const index = interfaces.link(name)?.index;
      if (index !== undefined) await route.setIpv4(index, { [setting]: value });
    });
  }

  /** Start and reload. */
  async configure(instances: readonly VrrpInstance[]): Promise<void> {
    const before = this.#names;
    this.#names = new Set(instances.flatMap((one) => (one.promoteSecondaries ? [one.interface] : [])));
    for (const name of before) if (!this.#names.has(name)) await this.#restore(pathOf(name));
    for (const name of this.#names) await this.interfaceChanged(name);
  }

  /** An interface that was made anew has the setting of new ones. */
  async interfaceChanged(name: string): Promise<void> {
    if (!this.#names.has(name)) return;
    try {
      await this.#settings.set(pathOf(name), 1);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Everything as it was. */
  restore(): Promise<void> {
    return this.#restore();
  }

  async #restore(path?: string): Promise<void> {
    try {
      await this.#settings.restore(path);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#log('warning', 'setting-failed', `promote_secondaries: ${(error as Error).message}`, {});
  }
}
