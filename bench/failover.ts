/**
 * What a client notices of a failover: holdfast and the real keepalived in turn, on the same segment, with the same files.
 *
 * Per run: the longest time of lost echo requests to the virtual IP (one every 2 ms; 0: none was lost), how long both directors had the
 * address (from the kernel's own events), and when the successor first advertised. Nothing is judged here.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Agent, type AgentName, makeAgent } from '../test/lab/agents.ts';
import { Cluster, type DirectorName, directors, VIRTUAL_IP } from '../test/lab/cluster.ts';
import { EchoProbe } from '../test/lab/probes.ts';
import { Background, until } from '../test/lab/process.ts';

export interface Settings {
  readonly rounds: number;
  readonly variants: readonly string[];
  readonly events: readonly string[];
  /** Where the result goes, as JSON. */
  readonly json: string;
}

/** How often is advertised, and in which version. */
interface Variant {
  readonly name: string;
  readonly lines: string;
  /** Master_Down_Interval of the backup, in milliseconds. */
  readonly downMs: number;
}

const BACKUP_PRIORITY = 100;
const SKEW = (256 - BACKUP_PRIORITY) / 256;
const variant = (name: string, version: 2 | 3, seconds: number): Variant => ({
  name,
  lines: `version ${version}\n advert_int ${seconds}`,
  downMs: (3 * seconds + SKEW * (version === 2 ? 1 : seconds)) * 1000,
});

const VARIANTS: readonly Variant[] = [
  variant('v2 1 s', 2, 1),
  variant('v3 100 ms', 3, 0.1),
  variant('v3 10 ms', 3, 0.01),
];

/**
 * What happens to the MASTER. `return` is its start after a stop: it has the higher priority. `mixed` is a stop where the other
 * agent is the BACKUP.
 */
const EVENTS = ['stop', 'mixed', 'kill', 'hang', 'link', 'return'] as const;
type EventName = (typeof EVENTS)[number];

export interface Run {
  readonly agent: AgentName;
  readonly variant: string;
  readonly event: EventName;
  readonly gapMs: number;
  /** Longest time that both had the address; undefined: until the run ended. */
  readonly overlapMs: number | undefined;
}

const OTHER: Readonly<Record<AgentName, AgentName>> = { holdfast: 'keepalived', keepalived: 'holdfast' };
const ADDED = `inet ${VIRTUAL_IP}/`;

/** When a director got the address and when it lost it, in milliseconds since the epoch. */
class Holding {
  readonly spans: { from: number; to?: number }[] = [];
  readonly #monitor: Background;

  constructor(cluster: Cluster, director: DirectorName) {
    this.#monitor = new Background(
      'stdbuf',
      ['-oL', 'ip', 'netns', 'exec', cluster.namespaceOf(director), 'ip', '-4', '-o', '-ts', 'monitor', 'address'],
      (line) => this.#read(line),
    );
  }

  #read(line: string): void {
    const at = Date.parse(/^\[([^\]]+)\]/.exec(line)?.[1] ?? '');
    if (Number.isNaN(at) || !line.includes(ADDED)) return;
    const last = this.spans.at(-1);
    if (!line.includes('Deleted')) this.spans.push({ from: at });
    else if (last) last.to = at;
  }

  async stop(): Promise<void> {
    this.#monitor.signal('SIGTERM');
    await this.#monitor.ended;
  }
}

/** The longest time that two had it at once, among what happened since `since`; undefined: both have it still. */
function overlap([a, b]: readonly Holding[], since: number): number | undefined {
  let longest = 0;
  for (const x of a?.spans ?? []) {
    for (const y of b?.spans ?? []) {
      if (x.to === undefined && y.to === undefined) return undefined;
      const ends = Math.min(x.to ?? Number.POSITIVE_INFINITY, y.to ?? Number.POSITIVE_INFINITY);
      if (ends >= since) longest = Math.max(longest, ends - Math.max(x.from, y.from));
    }
  }
  return longest;
}

const configuration = (priority: number, { lines }: Variant): string => `vrrp_instance VI_1 {
 state BACKUP
 interface eth0
 virtual_router_id 50
 priority ${priority}
 ${lines}
 virtual_ipaddress {
  ${VIRTUAL_IP}
 }
}
`;

/** Processes of the director's agent, without the guard of holdfast: it is what is left when the agent is gone. */
async function processesOf(cluster: Cluster, director: DirectorName): Promise<number[]> {
  const isAgent = (pid: number) => {
    try {
      return ['node', 'keepalived'].includes(readFileSync(`/proc/${pid}/comm`, 'utf8').trim());
    } catch {
      return false; // gone
    }
  };
  return (await cluster.processes(director)).filter(isAgent);
}

const signalAll = (pids: readonly number[], signal: NodeJS.Signals): void => {
  for (const pid of pids) process.kill(pid, signal);
};

/** One event with one agent on both directors. */
async function measure(agentName: AgentName, wanted: Variant, event: EventName): Promise<Run> {
  const cluster = await Cluster.build('dr');
  const agents: Agent[] = [];
  const holdings = directors.map((director) => new Holding(cluster, director));
  const echo = new EchoProbe(cluster);
  try {
    for (const [n, director] of directors.entries()) {
      const configurationFile = join(cluster.directory, `${director}.conf`);
      writeFileSync(configurationFile, configuration(n === 0 ? 150 : BACKUP_PRIORITY, wanted));
      const name = event === 'mixed' && n === 1 ? OTHER[agentName] : agentName;
      agents.push(makeAgent(name, { cluster, director, configurationFile, onStateChange: () => {} }));
    }
    const [master, backup] = agents as [Agent, Agent];
    const holds = (n: 0 | 1) => {
      const last = holdings[n]?.spans.at(-1);
      return last !== undefined && last.to === undefined ? true : undefined;
    };
    master.start();
    await until('the master holds the address', 10_000, () => holds(0));
    backup.start();
    await sleep(1_000 + Math.random() * Math.min(1_000, wanted.downMs));
    if (event === 'return') {
      await master.stop();
      await until('the backup holds the address', 10_000, () => holds(1));
      await sleep(200);
    }
    await echo.takeLoss();
    const since = Date.now();
    switch (event) {
      case 'stop':
      case 'mixed':
        await master.stop();
        break;
      case 'kill':
        signalAll(await processesOf(cluster, 'director1'), 'SIGKILL');
        break;
      case 'hang':
        signalAll(await processesOf(cluster, 'director1'), 'SIGSTOP');
        break;
      case 'link':
        await cluster.cutLink('director1');
        break;
      case 'return':
        master.start();
    }
    const successor = event === 'return' ? 0 : 1;
    await until('the successor holds the address', 15_000, () => holds(successor));
    await sleep(500);
    const gapMs = await echo.takeLoss();
    const overlapMs = event === 'link' ? 0 : overlap(holdings, since);
    return { agent: agentName, variant: wanted.name, event, gapMs, overlapMs };
  } finally {
    signalAll(await processesOf(cluster, 'director1').catch(() => []), 'SIGCONT');
    for (const agent of agents) if (agent.running) await agent.kill();
    await echo.stop();
    for (const holding of holdings) await holding.stop();
    cluster.close();
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function main(settings: Settings): Promise<void> {
  const runs: Run[] = [];
  const variants = VARIANTS.filter(({ name }) => settings.variants.length === 0 || settings.variants.includes(name));
  const events = EVENTS.filter((name) => settings.events.length === 0 || settings.events.includes(name));
  const total = settings.rounds * variants.length * events.length * 2;
  for (let round = 0; round < settings.rounds; round++) {
    for (const wanted of variants) {
      for (const event of events) {
        for (const agent of ['holdfast', 'keepalived'] as const) {
          const run = await measure(agent, wanted, event);
          runs.push(run);
          const { gapMs, overlapMs } = run;
          const overlapText =
            overlapMs === undefined ? 'two holders at the end' : `both for ${overlapMs.toFixed(0)} ms`;
          process.stderr.write(
            `${runs.length}/${total} ${wanted.name}, ${event}, ${agent}: gap ${gapMs.toFixed(1)} ms, ${overlapText}\n`,
          );
          writeFileSync(settings.json, JSON.stringify(runs));
        }
      }
    }
  }
}

await main(JSON.parse(process.argv[2] ?? '{}') as Settings);
