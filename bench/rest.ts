/**
 * How long an agent takes to start, and what it uses when nothing happens: memory and processor time of all its processes,
 * with 1, 100 and 255 virtual routers. holdfast and keepalived in turn.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pair } from '../test/interop/pair.ts';
import type { PairAgent, PairAgentName } from '../test/interop/pair-agent.ts';
import { until } from '../test/lab/process.ts';

export interface Settings {
  readonly rounds: number;
  readonly instances: readonly number[];
  /** How long the processor time is counted. */
  readonly seconds: number;
  readonly json: string;
}

export interface Run {
  readonly agent: PairAgentName;
  readonly instances: number;
  /** From exec, in milliseconds. */
  readonly firstLineMs: number;
  /** To the last instance being BACKUP. */
  readonly electingMs: number;
  /** To the last instance being MASTER, less its Master_Down_Interval. */
  readonly masterMs: number;
  /** All processes together, in MiB. */
  readonly pss: number;
  readonly rss: number;
  readonly processes: number;
  /** Of one processor, in percent, as MASTER at 1 s. */
  readonly cpu: number;
  /** `node -e 0` beside it, in milliseconds. */
  readonly nodeMs: number;
}

const PRIORITY = 150;
/** 3 s and (256 - 150) / 256 of one second, RFC 3768 §6.1. */
const DOWN_MS = 3_000 + ((256 - PRIORITY) / 256) * 1000;
/** V8 gives memory back some seconds after a start. */
const SETTLE_MS = 20_000;
const TICK_MS = 10;

const instance = (n: number): string => `vrrp_instance VI_${n} {
 state BACKUP
 interface eth0
 virtual_router_id ${n}
 priority ${PRIORITY}
 advert_int 1
 virtual_ipaddress {
  10.7.${n}.1/32
 }
}
`;

/** One service with ten real servers, each with a check. */
const service = (): string => `virtual_server 10.8.0.1 80 {
 delay_loop 6
 lb_algo rr
 lb_kind DR
 protocol TCP
${Array.from({ length: 10 }, (_, i) => ` real_server 192.168.4.${100 + i} 80 {\n  weight 1\n  TCP_CHECK {\n   connect_timeout 1\n  }\n }\n`).join('')}}
`;

function memoryOf(pid: number): { pss: number; rss: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) / 1024;
  return { pss: of('Pss'), rss: of('Rss') };
}

function ticksOf(pid: number): number {
  const words = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(words[11]) + Number(words[12]);
}

const statesIn = (agent: PairAgent, state: string) => agent.states().filter((one) => one === state).length;

async function measure({ seconds }: Settings, name: PairAgentName, instances: number): Promise<Run> {
  const nodeFrom = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  const nodeMs = performance.now() - nodeFrom;
  const pair = await Pair.build();
  try {
    const text = Array.from({ length: instances }, (_, i) => instance(i + 1)).join('') + service();
    // without IPVS in the kernel keepalived would end: its checks are left out
    const agent = pair.agent('a', name, text, [], name === 'keepalived' ? ['--vrrp'] : []);
    const from = performance.now();
    const since = (what: string, is: () => boolean) =>
      until(what, 60_000, () => (is() ? true : undefined)).then(() => performance.now() - from);
    agent.start();
    const firstLineMs = agent.lineTimes.length > 0 ? 0 : await firstLine(agent, from);
    await since('all are BACKUP', () => statesIn(agent, 'BACKUP') >= instances);
    await since('all are MASTER', () => statesIn(agent, 'MASTER') >= instances);
    await sleep(SETTLE_MS);
    const pids = await agent.pids();
    const before = pids.map(ticksOf);
    await sleep(seconds * 1000);
    const ticks = pids.map(ticksOf).reduce((all, value, i) => all + value - (before[i] ?? 0), 0);
    const memory = pids.map(memoryOf);
    return {
      agent: name,
      instances,
      firstLineMs,
      electingMs: lastLine(agent, 'BACKUP') - from,
      masterMs: lastLine(agent, 'MASTER') - from - DOWN_MS,
      pss: memory.reduce((all, { pss }) => all + pss, 0),
      rss: memory.reduce((all, { rss }) => all + rss, 0),
      processes: pids.length,
      cpu: (ticks * TICK_MS) / (seconds * 10),
      nodeMs,
    };
  } finally {
    await pair.close();
  }
}

async function firstLine(agent: PairAgent, from: number): Promise<number> {
  await until('a line', 60_000, () => agent.lineTimes[0]);
  return (agent.lineTimes[0] as number) - from;
}

/** When the last line about that state came. */
const lastLine = (agent: PairAgent, state: string): number =>
  agent.lineTimes[agent.lines.findLastIndex((line) => line.includes(`Entering ${state} STATE`))] ?? Number.NaN;

async function main(settings: Settings): Promise<void> {
  const runs: Run[] = [];
  for (let round = 0; round < settings.rounds; round++) {
    for (const instances of settings.instances) {
      for (const name of ['holdfast', 'keepalived'] as const) {
        const run = await measure(settings, name, instances);
        runs.push(run);
        const { firstLineMs, electingMs, pss, cpu } = run;
        process.stderr.write(
          `${instances} instances, ${name}: first line ${firstLineMs.toFixed(0)} ms, electing ${electingMs.toFixed(0)} ms, ${pss.toFixed(1)} MiB, ${cpu.toFixed(2)} %\n`,
        );
        writeFileSync(settings.json, JSON.stringify(runs));
      }
    }
  }
}

await main(JSON.parse(process.argv[2] ?? '{}') as Settings);
