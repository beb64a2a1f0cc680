/**
 * `holdfast cleanup`: removes what an agent that is gone left in the kernel, for service managers and for people. The
 * guard does the same at once; this is for what happens when both were killed.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Elder } from '../daemon/elder.ts';
import { firewallSettings } from '../daemon/firewall-settings.ts';
import type { Holder } from '../daemon/holder.ts';
import { Interfaces } from '../daemon/interfaces.ts';
import { runningAgent } from '../daemon/pid-file.ts';
import type { Configuration } from '../daemon/root.ts';
import { addressKey, possessionsOf } from '../daemon/router.ts';
import { RoutingKeeper } from '../daemon/routing-keeper.ts';
import { StaticHolder } from '../daemon/static-holder.ts';
import { kernelIsAtLeast } from '../io/kernel-version.ts';
import { NetlinkError } from '../io/netlink-error.ts';
import { NftablesClient } from '../io/nftables-client.ts';
import { RouteNetlink } from '../io/route-netlink.ts';
import { planAddresses } from '../vrrp/addresses.ts';
import { HOLDFAST_ALIAS } from '../vrrp/own-interfaces.ts';
import { readConfigurationFile } from './config-test.ts';
import { configurationFile } from './default-file.ts';

/** keepalived's exit status for a configuration that cannot be read. */
const EXIT_NO_CONFIGURATION = 6;

export interface CleanupOptions {
  readonly runDirectory: string;
  readonly dryRun: boolean;
}

/**
 * Removes the addresses, routes and rules of the configuration that carry our mark, all interfaces that do, and the tables
 * of the packet filter. IPVS stays: established connections need it.
 * @returns 0 when nothing of ours is left, 1 when an agent runs or the kernel refuses, 6 without a configuration
 */
export async function cleanUp(file: string | undefined, { runDirectory, dryRun }: CleanupOptions): Promise<number> {
  const pidFile = join(runDirectory, 'holdfast.pid');
  const running = runningAgent(pidFile);
  if (running !== undefined) {
    process.stderr.write(`holdfast: the agent runs as process ${running} (${pidFile}); stop it first\n`);
    return 1;
  }
  const elder = await Elder.find(runDirectory, 'election');
  if (elder !== undefined) {
    elder.close();
    process.stderr.write('holdfast: the election goes on and waits for the next agent: nothing to clean up\n');
    return 1;
  }
  let configuration: Configuration;
  try {
    ({ configuration } = readConfigurationFile(file ?? configurationFile(existsSync)));
  } catch (error) {
    process.stderr.write(`holdfast: ${(error as Error).message}\n`);
    return EXIT_NO_CONFIGURATION;
  }
  const route = RouteNetlink.open();
  const cleaner = new Cleaner(route, dryRun);
  try {
    const all = [...configuration.instances.map(possessionsOf), configuration.statics];
    const holder = new StaticHolder();
    holder.configure({
      addresses: all.flatMap(({ addresses }) => addresses),
      routes: all.flatMap(({ routes }) => routes),
      rules: all.flatMap(({ rules }) => rules),
      groups: [],
    });
    holder.isEntitled = false;
    await cleaner.routing(holder);
    await cleaner.addresses(holder);
    await cleaner.interfaces();
    await cleaner.tables(firewallSettings(configuration.global).table);
    return 0;
  } catch (error) {
    process.stderr.write(`holdfast: ${(error as Error).message}\n`);
    return 1;
  } finally {
    route.close();
  }
}

/** One kind of thing after the other. */
class Cleaner {
  readonly #route: RouteNetlink;
  readonly #dryRun: boolean;

  constructor(route: RouteNetlink, dryRun: boolean) {
    this.#route = route;
    this.#dryRun = dryRun;
  }

  async routing(holder: Holder): Promise<void> {
    const keeper = new RoutingKeeper({
      interfaces: await Interfaces.open(this.#route),
      holders: () => [],
      failed: (_holder, _effect, error) => {
        throw error;
      },
      log: () => {},
      suspect: () => {},
    });
    try {
      const surplus = await keeper.wouldRelease(holder);
      if (!this.#dryRun) await keeper.release(holder);
      for (const what of surplus) this.#say(what);
    } finally {
      keeper.close();
    }
  }

  async addresses({ all }: Holder): Promise<void> {
    const names = new Map((await this.#route.links()).map(({ index, name }) => [index, name]));
    const rows = (await this.#route.addresses()).map((entry) => ({
      ...entry,
      interface: names.get(entry.interfaceIndex) ?? '',
    }));
    const kernelKeepsProtocol = kernelIsAtLeast(5, 18);
    const plan = planAddresses({ actual: rows, desired: [], known: all.addresses, kernelKeepsProtocol });
    const surplus = new Set<unknown>(plan.remove);
    for (const row of rows.filter((candidate) => surplus.has(candidate)).reverse()) {
      if (!this.#dryRun) await this.#route.deleteAddress(row);
      this.#say(addressKey(row));
    }
  }

  async interfaces(): Promise<void> {
    for (const { index, name, alias } of await this.#route.links()) {
      if (alias !== HOLDFAST_ALIAS) continue;
      if (!this.#dryRun) await this.#route.deleteLink(index);
      this.#say(`interface ${name}`);
    }
  }

  /** Where they do not go with their process: before Linux 5.12. */
  async tables(name: string): Promise<void> {
    const client = NftablesClient.open();
    try {
      for (const family of ['inet', 'inet6'] as const) {
        const table = { family, name };
        if (!(await client.has(table))) continue;
        if (!this.#dryRun) await client.remove(table);
        this.#say(`nftables table ${family === 'inet' ? 'ip' : 'ip6'} ${name}`);
      }
    } catch (error) {
      // a kernel without nftables has no tables either
      if (!(error instanceof NetlinkError) || error.code === 'EPERM') throw error;
    } finally {
      client.close();
    }
  }

  #say(what: string): void {
    process.stdout.write(`${this.#dryRun ? 'would remove' : 'removed'} ${what}\n`);
  }
}
