/**
 * Thousands of real servers: how fast the table is there, what a reload with one changed server costs, how punctual and how
 * dear the checks are. holdfast and the real keepalived in turn, over the same stand-in for the kernel's IPVS (ipvs-standin.c),
 * checked against one server on loopback that has all addresses. Nothing is judged here.
 */
import { spawn } from 'node:child_process';
import { openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Background, run, until } from '../test/lab/process.ts';
import { type AgentName, commandOf, configurationOf, monotonic, readCounts } from './large-table.ts';

export interface Settings {
  readonly agents: readonly AgentName[];
  readonly rounds: number;
  readonly virtualServers: number;
  readonly realServers: number;
  /** Seconds from one check of a server to the next. */
  readonly delayLoop: number;
  /** Seconds in which checks are watched. */
  readonly seconds: number;
  /** The library to load before the agents. */
  readonly standIn: string;
  /** The server of all addresses (accept-all.c). */
  readonly listener: string;
  /** A directory for files. */
  readonly share: string;
  /** Where the runs go, as JSON. */
  readonly json: string;
}

export interface Run {
  readonly agent: AgentName;
  /** Milliseconds from the start of the program to its first and its last command. */
  readonly firstCommandMs: number;
  readonly completeMs: number;
  /** Processor time until then, in seconds. */
  readonly cpuUntilComplete: number;
  readonly checksPerSecond: number;
  /** How far the time between two checks of a server is from delay_loop, in milliseconds. */
  readonly off: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Processor time for a check, in microseconds, and its share of one processor in percent. */
  readonly cpuPerCheckUs: number;
  readonly cpuPercent: number;
  /** Of all processes together. */
  readonly pssMiB: number;
  /** From the signal to the last command, and how many commands there were. */
  readonly reloadMs: number;
  readonly reloadCommands: number;
  readonly stopMs: number;
  readonly load: string;
}

const TICKS_PER_SECOND = 100;

/** The process and all below it. */
async function family(pid: number): Promise<number[]> {
  const { stdout } = await run('ps', ['-e', '-o', 'pid=,ppid=']);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const found = [pid];
  for (let i = 0; i < found.length; i++)
    found.push(...rows.filter(([, parent]) => parent === found[i]).map(([child]) => child));
  return found;
}

/** Processor time in seconds. */
function cpuOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      return sum + (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    } catch {
      return sum;
    }
  }, 0);
}

function pssOf(pids: readonly number[]): number {
  const kilobytes = pids.map((pid) => {
    const [, pss = '0'] = /^Pss: +(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
    return Number(pss);
  });
  return kilobytes.reduce((sum, one) => sum + one, 0) / 1024;
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;

/** The server of all addresses, in a process of its own: a line with time and address for each connection. */
class Listener {
  readonly #lastSeen = new Map<string, number>();
  #offsets: number[] = [];
  #count = 0;
  readonly #process: Background;

  constructor(program: string, delayLoop: number) {
    this.#process = new Background(program, ['80'], (line) => {
      const [time = '0', address = ''] = line.split(' ');
      const [at, before] = [Number(time) / 1000, this.#lastSeen.get(address)];
      this.#lastSeen.set(address, at);
      this.#count += 1;
      if (before !== undefined) this.#offsets.push(Math.abs(at - before - delayLoop * 1000));
    });
  }

  /** How many servers have been checked so far. */
  get servers(): number {
    return this.#lastSeen.size;
  }

  /** What has come since this was asked last. */
  take(): { count: number; offsets: number[] } {
    const taken = { count: this.#count, offsets: this.#offsets.sort((a, b) => a - b) };
    [this.#count, this.#offsets] = [0, []];
    return taken;
  }

  /** Its port is free afterwards. */
  async close(): Promise<void> {
    this.#process.signal('SIGKILL');
    await this.#process.ended;
  }
}

async function measure(agent: AgentName, settings: Settings): Promise<Run> {
  const { share, standIn, virtualServers, realServers, delayLoop, seconds } = settings;
  const counts = join(share, 'counts');
  const file = join(share, 'agent.conf');
  rmSync(counts, { force: true });
  writeFileSync(file, configurationOf(settings, false));
  const listener = new Listener(settings.listener, delayLoop);
  const startedAt = monotonic();
  const environment = { ...process.env, LD_PRELOAD: standIn, IPVS_STANDIN_COUNTS: counts };
  // its words go to a file: reading them would cost us the processor that is measured
  const log = openSync(join(share, 'agent.log'), 'w');
  const child = spawn(...commandOf(agent, file, share), { env: environment, stdio: ['ignore', log, log] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    const wanted = virtualServers * realServers;
    await until('the table is complete', 120_000, () => (readCounts(counts).destinations >= wanted ? true : undefined));
    const pids = await family(child.pid as number);
    const cpuUntilComplete = cpuOf(pids);
    const { firstAt, lastAt } = readCounts(counts);
    // keepalived takes a while from the table to its checks: the next round after the first of all is seen whole
    await until('every server is checked', 120_000, () => (listener.servers >= wanted ? true : undefined));
    await sleep((delayLoop + 1) * 1000);
    listener.take();
    const [cpuBefore, watchedFrom] = [cpuOf(pids), monotonic()];
    await sleep(seconds * 1000);
    const [cpu, watched] = [cpuOf(pids) - cpuBefore, (monotonic() - watchedFrom) / 1000];
    const { count, offsets } = listener.take();
    const pssMiB = pssOf(pids);

    writeFileSync(file, configurationOf(settings, true));
    const before = readCounts(counts).all;
    const reloadAt = monotonic();
    child.kill('SIGHUP');
    await until('the change is in the table', 120_000, () => (readCounts(counts).all > before ? true : undefined));
    const changedAt = readCounts(counts).lastAt;
    await sleep(3_000);
    const after = readCounts(counts);

    const stopAt = monotonic();
    child.kill('SIGTERM');
    await ended;
    return {
      agent,
      firstCommandMs: firstAt - startedAt,
      completeMs: lastAt - startedAt,
      cpuUntilComplete,
      checksPerSecond: count / watched,
      off: { p50: quantile(offsets, 0.5), p99: quantile(offsets, 0.99), max: offsets.at(-1) ?? 0 },
      cpuPerCheckUs: (cpu / count) * 1e6,
      cpuPercent: (cpu / watched) * 100,
      pssMiB,
      reloadMs: changedAt - reloadAt,
      reloadCommands: after.all - before,
      stopMs: monotonic() - stopAt,
      load: readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' '),
    };
  } finally {
    child.kill('SIGKILL');
    await listener.close();
  }
}

const settings = JSON.parse(process.argv[2] ?? '{}') as Settings;
await run('ip', ['link', 'set', 'lo', 'up']);
writeFileSync('/proc/sys/net/core/somaxconn', '65535');
const runs: Run[] = [];
for (let round = 0; round < settings.rounds; round++) {
  for (const agent of settings.agents) {
    const one = await measure(agent, settings);
    process.stderr.write(
      `${agent}: complete after ${one.completeMs.toFixed(0)} ms, reload ${one.reloadMs.toFixed(0)} ms\n`,
    );
    runs.push(one);
  }
}
writeFileSync(settings.json, JSON.stringify(runs));
