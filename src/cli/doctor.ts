/**
 * `holdfast doctor`: whether this host is fit for its configuration as a director; what is examined is in
 * daemon/director-host.ts. For real servers there is `holdfast realserver status`.
 */
import { execFile } from 'node:child_process';
import { existsSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { paintFor } from '../base/paint.ts';
import { type Configured, examineDirector, type Finding, type HostFacts } from '../daemon/director-host.ts';
import { runningAgent } from '../daemon/pid-file.ts';
import { IpvsClient } from '../io/ipvs-client.ts';
import { kernelIsAtLeast } from '../io/kernel-version.ts';
import { runningProcesses } from '../io/processes.ts';
import { RouteNetlink } from '../io/route-netlink.ts';
import { readSysctl } from '../io/sysctl.ts';
import { RTPROT_KEEPALIVED } from '../wire/rtnetlink.ts';
import { wantsColour } from './colour.ts';
import { readConfigurationFile } from './config-test.ts';
import { configurationFile } from './default-file.ts';

export interface DoctorOptions {
  readonly runDirectory: string;
  readonly json: boolean;
}

/** The comm of a process has at most 15 bytes. */
const COMM_MAX = 15;
const PATIENCE_MS = 5_000;
/** keepalived's exit status for a configuration that cannot be read. */
const EXIT_NO_CONFIGURATION = 6;

/** 0: nothing wrong; 1: an error, or the host cannot be asked; 3: warnings; 6: no configuration. */
export async function examineHost(file: string | undefined, { runDirectory, json }: DoctorOptions): Promise<number> {
  let configured: Configured;
  try {
    ({ configuration: configured } = readConfigurationFile(file ?? configurationFile(existsSync)));
  } catch (error) {
    process.stderr.write(`holdfast: ${(error as Error).message}\n`);
    return EXIT_NO_CONFIGURATION;
  }
  let findings: readonly Finding[];
  try {
    findings = examineDirector(configured, await factsOf(configured, runDirectory));
  } catch (error) {
    process.stderr.write(`holdfast: ${(error as Error).message}\n`);
    return 1;
  }
  if (json) process.stdout.write(`${JSON.stringify({ version: 1, findings }, undefined, 2)}\n`);
  else process.stdout.write(textOf(findings, wantsColour(process.stdout)));
  if (findings.some(({ severity }) => severity === 'error')) return 1;
  return findings.some(({ severity }) => severity === 'warning') ? 3 : 0;
}

function textOf(findings: readonly Finding[], colour: boolean): string {
  const paint = paintFor(colour);
  const styles = { ok: 'green', note: 'bold', warning: 'yellow', error: 'red' } as const;
  return findings
    .map(({ severity, message, remedy }) => {
      const help = remedy === undefined ? '' : `\n         ${remedy}`;
      return `${paint(styles[severity], severity.padEnd(7))}  ${message}${help}\n`;
    })
    .join('');
}

async function factsOf({ virtualServers }: Configured, runDirectory: string): Promise<HostFacts> {
  const route = RouteNetlink.open();
  try {
    const links = await route.links();
    const names = new Map(links.map(({ index, name }) => [index, name]));
    const hasMarks = kernelIsAtLeast(5, 18);
    const hasAgent = runningAgent(join(runDirectory, 'holdfast.pid')) !== undefined;
    const [whyNoIpvs, ruleset] = [await whyIpvsIsMissing(), await output('nft', ['list', 'ruleset'])];
    const schedulers = [...new Set(virtualServers.map(({ scheduler }) => scheduler))];
    const isMissing = await Promise.all(schedulers.map(async (name) => !(await hasScheduler(name))));
    return {
      sysctl: readSysctl,
      links: new Map(links.map(({ name, flags }) => [name, flags])),
      addresses: (await route.addresses()).map(({ interfaceIndex, address, protocol }) => ({
        interface: names.get(interfaceIndex) ?? '',
        address,
        // without marks those of a running agent cannot be told from others
        isOurs: hasMarks ? protocol === RTPROT_KEEPALIVED : hasAgent,
      })),
      whyNoIpvs,
      missingSchedulers: whyNoIpvs === undefined ? schedulers.filter((_, i) => isMissing[i]) : [],
      ruleset,
      processes: new Set(
        runningProcesses(false)
          .filter(({ pid }) => networkOf(pid) === networkOf('self'))
          .map(({ comm }) => comm.slice(0, COMM_MAX)),
      ),
      hasAgent,
    };
  } finally {
    route.close();
  }
}

/** The network namespace of a process; one in another does no harm. */
function networkOf(pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined; // ended meanwhile
  }
}

async function whyIpvsIsMissing(): Promise<string | undefined> {
  try {
    (await IpvsClient.open()).close();
    return undefined;
  } catch (error) {
    return (await output('modprobe', ['-n', '-q', 'ip_vs'])) === undefined ? (error as Error).message : undefined;
  }
}

/** As a module that is there or can be loaded, or as a part of the kernel. */
const hasScheduler = async (name: string): Promise<boolean> =>
  existsSync(`/sys/module/ip_vs_${name}`) || (await output('modprobe', ['-n', '-q', `ip_vs_${name}`])) !== undefined;

/** What a program prints; undefined when there is none, it fails or takes too long. */
const output = (program: string, args: readonly string[]): Promise<string | undefined> =>
  new Promise((resolve) => {
    const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
    execFile(program, args, { env, timeout: PATIENCE_MS, maxBuffer: 1 << 26 }, (error, stdout) =>
      resolve(error === null ? stdout : undefined),
    );
  });
