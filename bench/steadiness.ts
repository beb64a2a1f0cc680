/**
 * Does anything disturb the advertisements? Two nodes with the same agent, a state of the machine, and the packets that the
 * segment saw: how late each advertisement of the MASTER was, and how often the BACKUP took over although nothing had
 * happened. holdfast and keepalived in turn.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADDRESS, Pair } from '../test/interop/pair.ts';
import type { PairAgent, PairAgentName } from '../test/interop/pair-agent.ts';
import { Background, until } from '../test/lab/process.ts';
import { heardIn } from './capture-file.ts';

export interface Settings {
  readonly rounds: number;
  /** How long each run is watched. */
  readonly seconds: number;
  readonly variants: readonly string[];
  readonly states: readonly string[];
  readonly agents: readonly PairAgentName[];
  readonly directory: string;
  readonly json: string;
}

/** keepalived runs at normal priority unless it is told otherwise; at 10 ms both are told. */
const VARIANTS: Readonly<
  Record<string, { readonly lines: string; readonly interval: number; readonly global: string }>
> = {
  'v2 1 s': { lines: 'version 2\n advert_int 1', interval: 1, global: '' },
  'v3 100 ms': { lines: 'version 3\n advert_int 0.1', interval: 0.1, global: '' },
  'v3 10 ms': { lines: 'version 3\n advert_int 0.01', interval: 0.01, global: ' vrrp_rt_priority 50\n' },
};

/** What the machine, or the agent, does meanwhile. */
const STATES: readonly {
  readonly name: string;
  /** Processes that use a processor each as far as they get it. */
  readonly busy?: number;
  /** Real servers in the file. */
  readonly realServers?: number;
  /** Reload it, again and again. */
  readonly reloads?: true;
  /** The main process makes and drops 100 MB of objects. */
  readonly churns?: true;
}[] = [
  { name: 'idle' },
  { name: '4 busy', busy: 4 },
  { name: '8 busy', busy: 8 },
  { name: 'reloads', realServers: 10_000, reloads: true },
  { name: 'checks', realServers: 10_000 },
  { name: 'churn', churns: true },
  { name: 'all at once', busy: 8, realServers: 10_000, reloads: true, churns: true },
];
type State = (typeof STATES)[number];

export interface Run {
  readonly agent: PairAgentName;
  readonly variant: string;
  readonly state: string;
  readonly seconds: number;
  readonly advertisements: number;
  /** How often the backup began to advertise. */
  readonly takeovers: number;
  /** How often the guard of holdfast acted. */
  readonly withdrawals: number;
  readonly reloads: number;
  /** How much later than an interval after the one before, in milliseconds; 0: earlier. */
  readonly late: { readonly p50: number; readonly p99: number; readonly p999: number; readonly max: number };
  readonly load: string;
}

const VIRTUAL_IP = '192.168.4.15';
const RELOAD_EVERY_MS = 3_000;
/** Keeps 100 MB of small objects and replaces them, in main only: children have a word that begins with '@'. */
const CHURN = `if (!process.argv.some((word) => word.startsWith('@'))) {
  const kept = [];
  setInterval(() => {
    for (let i = 0; i < 20_000; i++) kept.push({ i, text: 'x'.repeat(i % 40), more: [i, i + 1, i + 2] });
    while (kept.length > 700_000) kept.splice(0, 20_000);
  }, 20);
}
`;

/** Checks are answered at once: nobody listens on these addresses of this host. */
function virtualServers(count: number): string {
  const lines = [];
  for (let i = 0; i < count; i++) {
    if (i % 100 === 0) {
      if (i > 0) lines.push('}');
      lines.push(
        `virtual_server 10.1.${i / 100}.1 80 {`,
        ' delay_loop 6',
        ' lb_algo wrr',
        ' lb_kind NAT',
        ' protocol TCP',
      );
    }
    lines.push(` real_server 127.1.${i >> 8}.${i & 0xff} 80 {`, '  weight 1', '  TCP_CHECK {', '   connect_timeout 1');
    lines.push('   warmup 6', '  }', ' }');
  }
  return count === 0 ? '' : `${lines.join('\n')}\n}\n`;
}

function configuration(variant: string, priority: number, realServers: number): string {
  const { lines, global } = VARIANTS[variant] as (typeof VARIANTS)[string];
  return `global_defs {
${global}}
vrrp_instance VI_1 {
 state BACKUP
 interface eth0
 virtual_router_id 50
 priority ${priority}
 ${lines}
 virtual_ipaddress {
  ${VIRTUAL_IP}
 }
}
${virtualServers(realServers)}`;
}

/** A kernel without IPVS ends keepalived: its VRRP alone reads the same file, and makes no checks. */
const canRun = (agent: PairAgentName, state: State): boolean =>
  agent === 'holdfast' || (state.name !== 'checks' && !state.churns);

async function measure(settings: Settings, agentName: PairAgentName, variant: string, state: State): Promise<Run> {
  const pair = await Pair.build();
  const busy: ChildProcess[] = [];
  try {
    const { realServers = 0 } = state;
    const churn = join(settings.directory, 'churn.cjs');
    writeFileSync(churn, CHURN);
    const wrapper = state.churns ? ['env', `NODE_OPTIONS=--require=${churn}`] : [];
    const only = agentName === 'keepalived' ? ['--vrrp'] : [];
    const text = configuration(variant, 150, realServers);
    const [master, backup] = [
      pair.agent('a', agentName, text, wrapper, only),
      pair.agent('b', agentName, configuration(variant, 100, 0), [], only),
    ] as [PairAgent, PairAgent];
    master.start();
    await until('a is MASTER', 60_000, () => (master.states().at(-1) === 'MASTER' ? true : undefined));
    backup.start();
    await until('b is BACKUP', 60_000, () => (backup.states().at(-1) === 'BACKUP' ? true : undefined));
    await sleep(realServers > 0 ? 5_000 : 2_000);
    for (let i = 0; i < (state.busy ?? 0); i++)
      busy.push(spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }));
    const captureFile = join(settings.directory, 'steadiness.pcap');
    let listening = false;
    const words = ['-i', 'bridge', '-B', '32768', '-s', '96', '-n', '-w', captureFile, 'ip proto 112'];
    const tcpdump = new Background(...pair.command('segment', 'nice', '-n', '-10', 'tcpdump', ...words), (line) => {
      listening ||= line.includes('listening on');
    });
    await until('tcpdump listens', 20_000, () => (listening ? true : undefined));
    let reloads = 0;
    const until_ = performance.now() + settings.seconds * 1000;
    while (performance.now() < until_) {
      if (state.reloads) {
        master.reload(text);
        reloads += 1;
      }
      await sleep(Math.min(RELOAD_EVERY_MS, Math.max(0, until_ - performance.now())));
    }
    const load = readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' ');
    tcpdump.signal('SIGTERM');
    await tcpdump.ended;
    const withdrawals = master.lines.filter((line) => line.includes('the guard acted')).length;
    const { interval } = VARIANTS[variant] as (typeof VARIANTS)[string];
    const common = {
      agent: agentName,
      variant,
      state: state.name,
      seconds: settings.seconds,
      withdrawals,
      reloads,
      load,
    };
    return { ...common, ...judge(readFileSync(captureFile), interval) };
  } finally {
    for (const process of busy) process.kill('SIGKILL');
    await pair.close();
  }
}

function judge(file: Uint8Array, interval: number): Pick<Run, 'advertisements' | 'takeovers' | 'late'> {
  const late: number[] = [];
  let [advertisements, takeovers] = [0, 0];
  let [last, speaker] = [undefined as number | undefined, ADDRESS.a];
  for (const { at, source } of heardIn(file)) {
    if (source !== speaker && source === ADDRESS.b) takeovers += 1;
    // an advertisement that answers another MASTER is in no rhythm
    if (source === ADDRESS.a && speaker === ADDRESS.a && last !== undefined) {
      late.push(Math.max(0, (at - last - interval) * 1000));
    }
    if (source === ADDRESS.a) {
      advertisements += 1;
      last = at;
    }
    speaker = source;
  }
  late.sort((a, b) => a - b);
  const part = (share: number) => late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? 0;
  return { advertisements, takeovers, late: { p50: part(0.5), p99: part(0.99), p999: part(0.999), max: part(1) } };
}

async function main(settings: Settings): Promise<void> {
  const runs: Run[] = [];
  const variants = Object.keys(VARIANTS).filter(
    (one) => settings.variants.length === 0 || settings.variants.includes(one),
  );
  const states = STATES.filter(({ name }) => settings.states.length === 0 || settings.states.includes(name));
  for (let round = 0; round < settings.rounds; round++) {
    for (const variant of variants) {
      for (const state of states) {
        for (const agent of settings.agents) {
          if (!canRun(agent, state)) continue;
          const run = await measure(settings, agent, variant, state);
          runs.push(run);
          const { p50, p99, p999, max } = run.late;
          const figures = [p50, p99, p999, max].map((value) => value.toFixed(2)).join(' / ');
          process.stderr.write(
            `${variant}, ${state.name}, ${agent}: late by ${figures} ms (p50 / p99 / p99.9 / max), ${run.takeovers} takeovers, load ${run.load}\n`,
          );
          writeFileSync(settings.json, JSON.stringify(runs));
        }
      }
    }
  }
}

await main(JSON.parse(process.argv[2] ?? '{}') as Settings);
