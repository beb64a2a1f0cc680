/**
 * Keeps the packet filter in front of addresses that are held but not answered for (keepalived.conf(5) "no_accept"). It is
 * there before the first of them and goes after the last; nobody but us knows of the tables (vrrp/firewall.ts).
 */
import { NftablesClient } from '../io/nftables-client.ts';
import {
  type FirewallSettings,
  firewallTables,
  type RefusedAddress,
  type VirtualMacInterface,
} from '../vrrp/firewall.ts';
import { DEFAULT_FIREWALL } from './firewall-settings.ts';
import type { Holder } from './holder.ts';
import type { KeeperWorld } from './possession-keeper.ts';

/** See the file's head. */
export class FirewallKeeper {
  readonly #world: Pick<KeeperWorld, 'interfaces' | 'log'>;
  #client: NftablesClient | undefined;
  #settings = DEFAULT_FIREWALL;
  readonly #refused = new Map<Holder, readonly RefusedAddress[]>();
  #virtualMacs: readonly VirtualMacInterface[] = [];
  #problem: string | undefined;

  constructor(world: Pick<KeeperWorld, 'interfaces' | 'log'>) {
    this.#world = world;
  }

  /** Why packets are not dropped that should be; undefined: they are. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Start and reload. */
  configure(settings: FirewallSettings): Promise<void> {
    this.#settings = settings;
    return this.#apply();
  }

  /** Interfaces with a virtual MAC: reports of groups leave by the interface below them. */
  useVirtualMacs(virtualMacs: readonly VirtualMacInterface[]): Promise<void> {
    this.#virtualMacs = virtualMacs;
    return this.#apply();
  }

  /** Before the holder's addresses are there: packets to them are dropped. */
  async widen(holder: Holder): Promise<void> {
    const wanted = this.#wantedBy(holder);
    if (wanted.length === 0) return;
    await this.#set(holder, [...(this.#refused.get(holder) ?? []), ...wanted]);
  }

  /** After its addresses have gone: nothing else is dropped any more. */
  narrow(holder: Holder): Promise<void> {
    return this.#set(holder, this.#wantedBy(holder));
  }

  /** The tables go as well. Idempotent. */
  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  #wantedBy({ isEntitled, refusesPackets, all }: Holder): readonly RefusedAddress[] {
    if (!isEntitled || !refusesPackets) return [];
    return all.addresses.flatMap(({ address, interface: name }) => {
      const interfaceIndex = this.#world.interfaces.link(name)?.index;
      return interfaceIndex === undefined ? [] : [{ address, interfaceIndex }];
    });
  }

  async #set(holder: Holder, refused: readonly RefusedAddress[]): Promise<void> {
    if (refused.length === 0 && !this.#refused.has(holder)) return;
    if (refused.length === 0) this.#refused.delete(holder);
    else this.#refused.set(holder, refused);
    await this.#apply();
  }

  async #apply(): Promise<void> {
    const all = [...this.#refused.values()].flat();
    const refused = [...new Map(all.map((one) => [`${one.address} ${one.interfaceIndex}`, one])).values()];
    const firewall = { refused, virtualMacs: this.#virtualMacs };
    if (this.#client === undefined && refused.length === 0 && this.#virtualMacs.length === 0) return;
    try {
      this.#client ??= this.#open();
      await this.#client.apply(firewallTables(firewall, { ...this.#settings, duplicates: true }));
      this.#problem = undefined;
    } catch (error) {
      this.#failed(error as Error);
    }
  }

  #open(): NftablesClient {
    const client = NftablesClient.open({ aside: true });
    client.onMended((error) => {
      if (error !== undefined) this.#failed(error);
      else
        this.#world.log('warning', 'firewall-mended', 'somebody changed our nftables tables; they are as before', {});
    });
    return client;
  }

  #failed(error: Error): void {
    const sentence = `the packet filter for virtual addresses and virtual MACs cannot be set: ${error.message}`;
    if (this.#problem !== sentence) this.#world.log('error', 'firewall-failed', sentence, {});
    this.#problem = sentence;
  }
}
