/**
 * Many virtual routers on one segment, two nodes, each MASTER of one half: is every advertisement sent, and who is MASTER?
 *
 * Judged by the packets that the segment saw, with the kernel's time stamps, and by what the receivers' sockets lost.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADDRESS, Pair, type Side, sides } from '../test/interop/pair.ts';
import type { PairAgent, PairAgentName } from '../test/interop/pair-agent.ts';
import { Background, until } from '../test/lab/process.ts';
import { heardIn } from './capture-file.ts';

export interface Settings {
  readonly agent: PairAgentName;
  /** 1-255 */
  readonly instances: number;
  /** Advertisement_Interval in seconds. */
  readonly interval: number;
  /** How long is watched, in seconds. */
  readonly seconds: number;
  /** Where the capture and the result go. */
  readonly captureFile: string;
  readonly json: string;
}

export interface Result {
  readonly agent: PairAgentName;
  readonly instances: number;
  readonly interval: number;
  readonly seconds: number;
  readonly advertisements: number;
  /** Advertisements that should have come and did not. */
  readonly missed: number;
  /** Virtual routers that somebody else than their one MASTER has spoken for. */
  readonly disputed: number;
  /** Changes of state on both nodes while it was watched. */
  readonly changes: number;
  /** Packets that a VRRP socket had no room for. */
  readonly dropped: number;
  /** How much later than an interval after the one before, in milliseconds. */
  readonly late: { readonly p50: number; readonly p99: number; readonly p999: number; readonly max: number };
  /** How late each holdfast was by its own account at most since its start, in milliseconds: the rest is the kernel's way. */
  readonly ownLate: readonly number[];
  /** Processor time of each node, in percent of one processor. */
  readonly cpu: readonly number[];
  readonly load: string;
  /** The first lines that were logged while it was watched. */
  readonly said: readonly string[];
}

/** Of which the higher priority is here. */
const homeOf = (vrid: number): Side => (vrid % 2 === 1 ? 'a' : 'b');

const configurationOf = (side: Side, { instances, interval }: Settings): string =>
  Array.from({ length: instances }, (_, i) => i + 1)
    .map(
      (vrid) => `vrrp_instance VI_${vrid} {
 interface eth0
 virtual_router_id ${vrid}
 version 3
 priority ${homeOf(vrid) === side ? 150 : 100}
 advert_int ${interval}
 virtual_ipaddress {
  10.7.${vrid}.1/32
 }
}
`,
    )
    .join('');

/** How many instances are MASTER now, by the log. */
function masters(agent: PairAgent): number {
  const last = new Map<string, string>();
  for (const line of agent.lines) {
    const found = /\((\S+)\) Entering (\w+) STATE/.exec(line);
    if (found) last.set(found[1] as string, found[2] as string);
  }
  return [...last.values()].filter((state) => state === 'MASTER').length;
}

/** Processor time that the processes of a side have had, in clock ticks of 10 ms. */
async function ticks(pair: Pair, side: Side): Promise<number> {
  const { stdout } = await pair.exec(
    side,
    'sh',
    '-c',
    `cat $(ip netns pids ${pair.namespaceOf(side)} | sed 's,.*,/proc/&/stat,')`,
  );
  return stdout
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf(')') + 2).split(' '))
    .reduce((all, words) => all + Number(words[11] ?? 0) + Number(words[12] ?? 0), 0);
}

/** The last column of the kernel's list of raw sockets. */
async function dropped(pair: Pair): Promise<number> {
  const lists = await Promise.all(sides.map((side) => pair.exec(side, 'cat', '/proc/net/raw')));
  return lists
    .flatMap(({ stdout }) => stdout.trim().split('\n').slice(1))
    .reduce((all, line) => all + Number(line.trim().split(/\s+/).at(-1)), 0);
}

async function measure(settings: Settings): Promise<Result> {
  const { instances, interval, seconds, captureFile } = settings;
  const pair = await Pair.build();
  try {
    const agents = sides.map((side) => pair.agent(side, settings.agent, configurationOf(side, settings)));
    for (const agent of agents) agent.start();
    await until('each node is MASTER of its half', 60_000 + 10_000 * interval, () =>
      agents.every((agent, i) => masters(agent) === Math.floor((instances + 1 - i) / 2)) ? true : undefined,
    );
    await sleep(3_000 * interval + 1_000);
    const changesBefore = agents.reduce((all, agent) => all + agent.states().length, 0);
    const before = await Promise.all(sides.map((side) => ticks(pair, side)));
    const linesBefore = agents.map((agent) => agent.lines.length);
    const words = ['-i', 'bridge', '-B', '32768', '-s', '96', '-n', '-w', captureFile, 'ip proto 112'];
    let listening = false;
    const tcpdump = new Background(...pair.command('segment', 'tcpdump', ...words), (line) => {
      listening ||= line.includes('listening on');
    });
    await until('tcpdump listens', 10_000, () => (listening ? true : undefined));
    await sleep(seconds * 1000);
    tcpdump.signal('SIGTERM');
    await tcpdump.ended;
    const reports = await Promise.all(agents.map((agent) => (agent.name === 'holdfast' ? agent.status() : undefined)));
    const after = await Promise.all(sides.map((side) => ticks(pair, side)));
    return {
      agent: settings.agent,
      instances,
      interval,
      seconds,
      ...judge(readFileSync(captureFile), settings),
      changes: agents.reduce((all, agent) => all + agent.states().length, 0) - changesBefore,
      dropped: await dropped(pair),
      ownLate: reports.flatMap((report) => report?.lateness?.max_ms ?? []),
      cpu: after.map((value, i) => (value - (before[i] ?? 0)) / seconds),
      said: agents.flatMap((agent, i) => agent.lines.slice(linesBefore[i]).slice(0, 12)),
      load: readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' '),
    };
  } finally {
    await pair.close();
  }
}

/** What the capture says. */
function judge(file: Uint8Array, { instances, interval }: Settings) {
  const last = new Map<number, number>();
  const disputed = new Set<number>();
  const late: number[] = [];
  let advertisements = 0;
  let missed = 0;
  let [first, end] = [Number.POSITIVE_INFINITY, 0];
  const gap = (seconds: number) => {
    missed += Math.max(0, Math.round(seconds / interval) - 1);
    late.push((seconds - interval) * 1000);
  };
  for (const { at, source, vrid, priority } of heardIn(file)) {
    advertisements += 1;
    first = Math.min(first, at);
    end = at;
    if (source !== ADDRESS[homeOf(vrid)] || priority === 0) disputed.add(vrid);
    const before = last.get(vrid);
    if (before !== undefined) gap(at - before);
    last.set(vrid, at);
  }
  // who fell silent before the end
  for (let vrid = 1; vrid <= instances; vrid++) {
    missed += Math.max(0, Math.round((end - (last.get(vrid) ?? first)) / interval) - 1);
  }
  late.sort((a, b) => a - b);
  const part = (share: number) => late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? 0;
  const [p50, p99, p999, max] = [part(0.5), part(0.99), part(0.999), part(1)];
  return { advertisements, missed, disputed: disputed.size, late: { p50, p99, p999, max } };
}

const settings = JSON.parse(process.argv[2] ?? '{}') as Settings;
writeFileSync(settings.json, JSON.stringify(await measure(settings)));
