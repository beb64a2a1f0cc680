/**
 * `holdfast realserver up|down|status`: makes this host a real server behind DR or TUN, and back. What it does is decided in
 * ipvs/real-server-host.ts.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { familyOf, type IpAddress, parseAddress } from '../base/address.ts';
import { loadKernelModule } from '../io/kernel-module.ts';
import { kernelIsAtLeast } from '../io/kernel-version.ts';
import { makeDirectory } from '../io/make-directory.ts';
import { RouteNetlink } from '../io/route-netlink.ts';
import { readSysctl, writeSysctl } from '../io/sysctl.ts';
import {
  describeStep,
  type HostState,
  type HostStep,
  type HostWish,
  missingInterfaces,
  neededSysctls,
  planDown,
  planUp,
  type SavedSysctls,
} from '../ipvs/real-server-host.ts';
import { RTPROT_KEEPALIVED } from '../wire/rtnetlink.ts';

export interface RealServerOptions {
  readonly action: 'up' | 'down' | 'status';
  readonly mode: 'dr' | 'tun';
  readonly virtualAddresses: readonly string[];
  readonly runDirectory: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

const TUNNEL_MODULES = { inet: 'ipip', inet6: 'ip6_tunnel' } as const;

/** 0 when all is as wanted; for `status` 3 when it is not, as for a service that does not run; 1 when something failed. */
export async function realServer(options: RealServerOptions): Promise<number> {
  const virtualAddresses = options.virtualAddresses.flatMap((text) => parseAddress(text) ?? []);
  const wrong = options.virtualAddresses.find((text) => parseAddress(text) === undefined);
  if (wrong !== undefined) return fail(`--vip: expected an address without prefix length, got '${wrong}'`);
  const wish: HostWish = { mode: options.mode, virtualAddresses };
  const route = RouteNetlink.open();
  try {
    let state = await readHost(route, wish);
    if (options.action === 'up' && missingInterfaces(wish, state).length > 0 && !options.dryRun) {
      for (const address of virtualAddresses) await loadKernelModule(TUNNEL_MODULES[familyOf(address)]);
      state = await readHost(route, wish);
    }
    const missing = missingInterfaces(wish, state);
    if (missing.length > 0 && options.action !== 'down') {
      return fail(`there is no ${missing.join(' and no ')}: load the module with modprobe ipip (IPv6: ip6_tunnel)`);
    }
    return await act(route, wish, state, options);
  } catch (error) {
    return fail((error as Error).message);
  } finally {
    route.close();
  }
}

async function act(route: RouteNetlink, wish: HostWish, state: HostState, options: RealServerOptions): Promise<number> {
  const { action, dryRun, json, runDirectory } = options;
  const file = join(runDirectory, 'realserver.json');
  const saved = readSaved(file);
  const steps = action === 'down' ? planDown(wish, state, saved) : planUp(wish, state);
  const texts = steps.map(describeStep);
  if (json) process.stdout.write(`${JSON.stringify({ version: 1, action, steps: texts }, undefined, 2)}\n`);
  if (action === 'status') {
    if (!json) {
      const head = steps.length === 0 ? 'ready: nothing is missing' : 'not ready; holdfast realserver up would do:';
      process.stdout.write([head, ...texts.map((text) => `  ${text}`), ''].join('\n'));
    }
    return steps.length === 0 ? 0 : 3;
  }
  if (action === 'up' && !dryRun) save(runDirectory, file, saved, steps);
  for (const [n, step] of steps.entries()) {
    if (!dryRun) await perform(route, step);
    if (!json) process.stdout.write(`${dryRun ? 'would: ' : ''}${texts[n]}\n`);
  }
  if (steps.length === 0 && !json) process.stdout.write('nothing to do\n');
  const isUndone = action === 'down' && !dryRun && steps.some(({ type }) => type === 'set-sysctl');
  if (isUndone) rmSync(file, { force: true });
  return 0;
}

async function readHost(route: RouteNetlink, wish: HostWish): Promise<HostState> {
  const links = await route.links();
  const names = new Map(links.map(({ index, name }) => [index, name]));
  // without marks everything on these interfaces counts as ours
  const hasMarks = kernelIsAtLeast(5, 18);
  const addresses = (await route.addresses()).map(({ interfaceIndex, address, prefixLength, protocol }) => ({
    interface: names.get(interfaceIndex) ?? '',
    address,
    prefixLength,
    protocol: hasMarks ? protocol : RTPROT_KEEPALIVED,
  }));
  const sysctls = new Map<string, string>();
  for (const name of neededSysctls(wish).keys()) {
    const value = readSysctl(name);
    if (value !== undefined) sysctls.set(name, value);
  }
  return { addresses, sysctls, links: new Map(links.map(({ name, flags }) => [name, flags.up])) };
}

async function perform(route: RouteNetlink, step: HostStep): Promise<void> {
  if (step.type === 'set-sysctl') {
    writeSysctl(step.name, step.value);
    return;
  }
  const name = step.type === 'set-up' ? step.interface : step.place.interface;
  const interfaceIndex = (await route.links()).find((link) => link.name === name)?.index;
  if (interfaceIndex === undefined) throw new Error(`the interface ${name} is gone`);
  if (step.type === 'set-up') await route.changeLink(interfaceIndex, { up: true });
  else {
    const { address, prefixLength } = step.place;
    const place: { interfaceIndex: number; address: IpAddress; prefixLength: number } = {
      interfaceIndex,
      address,
      prefixLength,
    };
    if (step.type === 'add-address') await route.addAddress(place);
    else await route.deleteAddress(place);
  }
}

/** What was there before the first `up`; a later one does not overwrite it. */
function save(runDirectory: string, file: string, saved: SavedSysctls, steps: readonly HostStep[]): void {
  const changed = steps.flatMap((step) => (step.type === 'set-sysctl' ? [[step.name, step.before] as const] : []));
  if (changed.length === 0) return;
  makeDirectory(runDirectory);
  writeFileSync(file, `${JSON.stringify({ ...Object.fromEntries(changed), ...saved }, undefined, 2)}\n`);
}

function readSaved(file: string): SavedSysctls {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const entries = Object.entries(value ?? {}).filter(
      ([name, text]) => /^net\.ipv4\.conf\.\w+\.\w+$/.test(name) && /^\d$/.test(String(text)),
    );
    return Object.fromEntries(entries) as SavedSysctls;
  } catch {
    return {}; // never up, or up before the last boot, which forgets the values anyway
  }
}

function fail(sentence: string): number {
  process.stderr.write(`holdfast: ${sentence}\n`);
  return 1;
}
