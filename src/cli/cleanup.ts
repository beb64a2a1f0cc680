/**
 * `holdfast cleanup`: removes what an agent that is gone left in the kernel, for service managers and for people. The
 * guard does the same at once; this is for what happens when both were killed.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Elder } from '../daemon/elder.ts';
import { runningAgent } from '../daemon/pid-file.ts';
import { allAddresses } from '../daemon/router.ts';
import { kernelIsAtLeast } from '../io/kernel-version.ts';
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
 * Removes the addresses of the configuration that carry our mark, and all interfaces that do. IPVS stays: established connections need it.
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
  let known: ReturnType<typeof allAddresses>;
  try {
    const { configuration } = readConfigurationFile(file ?? configurationFile(existsSync));
    known = configuration.instances.flatMap(allAddresses);
  } catch (error) {
    process.stderr.write(`holdfast: ${(error as Error).message}\n`);
    return EXIT_NO_CONFIGURATION;
  }
  const route = RouteNetlink.open();
  try {
    const links = await route.links();
    const names = new Map(links.map(({ index, name }) => [index, name]));
    const rows = (await route.addresses()).map((entry) => ({
      interface: names.get(entry.interfaceIndex) ?? '',
      address: entry.address,
      prefixLength: entry.prefixLength,
      protocol: entry.protocol,
      interfaceIndex: entry.interfaceIndex,
    }));
    const plan = planAddresses({ actual: rows, desired: [], known, kernelKeepsProtocol: kernelIsAtLeast(5, 18) });
    const surplus = new Set<unknown>(plan.remove);
    for (const row of rows.filter((candidate) => surplus.has(candidate)).reverse()) {
      if (!dryRun) await route.deleteAddress(row);
      const verb = dryRun ? 'would remove' : 'removed';
      process.stdout.write(`${verb} ${row.address}/${row.prefixLength} dev ${row.interface}\n`);
    }
    for (const { index, name } of links.filter(({ alias }) => alias === HOLDFAST_ALIAS)) {
      if (!dryRun) await route.deleteLink(index);
      process.stdout.write(`${dryRun ? 'would remove' : 'removed'} interface ${name}\n`);
    }
    return 0;
  } catch (error) {
    process.stderr.write(`holdfast: ${(error as Error).message}\n`);
    return 1;
  } finally {
    route.close();
  }
}
