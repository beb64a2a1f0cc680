/**
 * The steps of the drill: each does something to the cluster, waits for what must follow, and says what it saw. A step
 * that throws has failed.
 */

import { type Agent, differences } from './agents.ts';
import {
  type Cluster,
  type DirectorName,
  directors,
  INNER_GATEWAY,
  realServers,
  type ServiceEntry,
  VIRTUAL_IP,
} from './cluster.ts';
import type { HttpProbe } from './probes.ts';
import { until } from './process.ts';

/** Version 2, advert_int 1, priority 50 (director2): (256 - 50) / 256 of a second. RFC 3768 §6.1 */
const SKEW_TIME_MS = 805;
/** 3 × Advertisement_Interval + Skew_Time, of director2. */
const MASTER_DOWN_INTERVAL_MS = 3_000 + SKEW_TIME_MS;
/** For programs to start, and for checks to notice (delay_loop and retries): nothing is promised about these. */
const PATIENCE_MS = 90_000;

export interface Drill {
  readonly cluster: Cluster;
  readonly agents: Readonly<Record<DirectorName, Agent>>;
  readonly http: HttpProbe;
  /** What the machine may add to the time that the protocol takes, in milliseconds. */
  readonly latencyMs: number;
  readonly say: (line: string) => void;
}

export interface Step {
  readonly name: string;
  readonly expected: string;
  /** The client may be without an echo for so long, in milliseconds; undefined: not measured. */
  readonly gapLimit?: (drill: Drill) => number;
  /** Does the step; returns what was seen. */
  readonly run: (drill: Drill) => Promise<string>;
}

/** The client notices nothing but the machine's own latency. */
const unnoticed = ({ latencyMs }: Drill): number => latencyMs;

/** The backup waits for its Master_Down_Timer. */
const masterDown = ({ latencyMs }: Drill): number => MASTER_DOWN_INTERVAL_MS + latencyMs;

/** The backup is told, and waits for Skew_Time. */
const plannedStop = ({ latencyMs }: Drill): number => SKEW_TIME_MS + latencyMs;

export const steps: readonly Step[] = [
  {
    name: 'election',
    expected: `director1 MASTER, director2 BACKUP, ${VIRTUAL_IP} on director1 only`,
    async run(drill) {
      for (const name of directors) drill.agents[name].start();
      const seen = await reign(drill, 'director1', PATIENCE_MS);
      await tableIs(drill, directors, realServers);
      await answers(drill);
      return seen;
    },
  },
  {
    name: 'requests are spread',
    expected: 'answers in the ratio of the weights',
    gapLimit: unnoticed,
    async run(drill) {
      const destinations = (await drill.cluster.ipvs('director1'))[0]?.destinations ?? [];
      const weights = realServers.map((name) => weightOf(drill.cluster, name, destinations));
      const rounds = Math.max(1, Math.floor(30 / sum(weights)));
      const requests = await drill.http.next(rounds * sum(weights), PATIENCE_MS);
      const counts = realServers.map((name) => requests.filter((answer) => answer.server === name).length);
      const seen = `weights ${weights.join(':')}, answers ${counts.join(':')}`;
      if (counts.some((count, i) => count !== rounds * (weights[i] ?? 0))) throw new Error(seen);
      return seen;
    },
  },
  {
    name: 'a real server is killed',
    expected: 'rs2 leaves both tables, requests go to rs1',
    gapLimit: unnoticed,
    async run(drill) {
      await drill.cluster.killServer('rs2');
      const took = await tableIs(drill, directors, ['rs1']);
      return `removed from both tables ${took}; ${await onlyFrom(drill, ['rs1'])}`;
    },
  },
  {
    name: 'the real server is back',
    expected: 'rs2 returns to both tables with its weight',
    gapLimit: unnoticed,
    async run(drill) {
      await drill.cluster.startServer('rs2');
      const took = await tableIs(drill, directors, realServers);
      return `added to both tables ${took}; ${await onlyFrom(drill, realServers)}`;
    },
  },
  {
    name: 'the master is stopped (SIGTERM)',
    expected: `director2 MASTER within Skew_Time; director1 leaves no address, table entry, process`,
    gapLimit: plannedStop,
    async run(drill) {
      const stopped = drill.agents.director1.stop();
      const seen = await reign(drill, 'director2', SKEW_TIME_MS + drill.latencyMs + 5_000);
      await stopped;
      await leftNothing(drill, 'director1');
      await answers(drill);
      return `${seen}; director1 left nothing`;
    },
  },
  {
    name: 'the master is back',
    expected: 'director1 preempts: MASTER again',
    gapLimit: unnoticed,
    async run(drill) {
      drill.agents.director1.start();
      const seen = await reign(drill, 'director1', PATIENCE_MS);
      await tableIs(drill, directors, realServers);
      await answers(drill);
      return seen;
    },
  },
  {
    name: "the master's link is cut",
    expected: 'director2 MASTER within Master_Down_Interval',
    gapLimit: masterDown,
    async run(drill) {
      await drill.cluster.cutLink('director1');
      const seen = await takeover(drill);
      await answers(drill);
      return seen;
    },
  },
  {
    name: 'the link is restored',
    expected: 'director1 preempts: MASTER again',
    gapLimit: unnoticed,
    async run(drill) {
      await drill.cluster.restoreLink('director1');
      const seen = await reign(drill, 'director1', PATIENCE_MS);
      // What the checks found out while the link was down is set right by the checks again.
      await tableIs(drill, directors, realServers);
      await answers(drill);
      return seen;
    },
  },
  {
    name: 'the master is killed (SIGKILL)',
    expected: 'director2 MASTER within Master_Down_Interval (the dead node keeps its address until the guard exists)',
    gapLimit: masterDown,
    async run(drill) {
      await drill.agents.director1.kill();
      const seen = await takeover(drill);
      const kept = (await drill.cluster.addresses('director1')).includes(VIRTUAL_IP);
      await answers(drill);
      return `${seen}; the dead director1 ${kept ? 'still has' : 'no longer has'} ${VIRTUAL_IP}`;
    },
  },
  {
    name: 'the killed agent is started again',
    expected: 'director1 MASTER, one holder again, its table in order',
    gapLimit: unnoticed,
    async run(drill) {
      drill.agents.director1.start();
      const seen = await reign(drill, 'director1', PATIENCE_MS);
      await tableIs(drill, directors, realServers);
      await answers(drill);
      return seen;
    },
  },
  {
    name: 'both are stopped',
    expected: 'no address, table entry or process left',
    async run(drill) {
      await Promise.all(directors.map((name) => drill.agents[name].stop()));
      for (const name of directors) await leftNothing(drill, name);
      return 'nothing left';
    },
  },
];

/** Waits until `master` says MASTER, the other says BACKUP (or is not running), and only `master` has the addresses. */
async function reign(drill: Drill, master: DirectorName, withinMs: number): Promise<string> {
  const other = directors.find((name) => name !== master) ?? master;
  const took = stopwatch();
  await until(`${master} is the only MASTER and the only one with ${VIRTUAL_IP}`, withinMs, async () => {
    if (!drill.agents[master].running) throw new Error(`the agent of ${master} has ended`);
    const holders = await drill.cluster.holders(VIRTUAL_IP);
    if (holders.length !== 1 || holders[0] !== master) return undefined;
    if (!(await holdsInnerGateway(drill, master))) return undefined;
    if (!/^MASTER(\+MASTER)*$/.test((await drill.agents[master].view())?.state ?? '')) return undefined;
    if (!drill.agents[other].running) return true;
    return /^(BACKUP|FAULT)/.test((await drill.agents[other].view())?.state ?? '') ? true : undefined;
  });
  return `${VIRTUAL_IP} on ${master} only ${took()}`;
}

/** Waits until director2 has the addresses, whatever is with director1, which cannot be asked. */
async function takeover(drill: Drill): Promise<string> {
  const took = stopwatch();
  await until(`director2 has ${VIRTUAL_IP}`, MASTER_DOWN_INTERVAL_MS + drill.latencyMs + 5_000, async () => {
    const holders = await drill.cluster.holders(VIRTUAL_IP);
    return holders.includes('director2') && (await holdsInnerGateway(drill, 'director2')) ? true : undefined;
  });
  return `${VIRTUAL_IP} on director2 ${took()}`;
}

/** NAT only: the real servers' gateway goes with the virtual IP, or their answers go nowhere. */
async function holdsInnerGateway({ cluster }: Drill, director: DirectorName): Promise<boolean> {
  return cluster.mode !== 'nat' || (await cluster.addresses(director)).includes(INNER_GATEWAY);
}

/** Waits until the tables of the directors hold the one service with exactly these real servers, none at weight 0. */
async function tableIs(drill: Drill, of: readonly DirectorName[], expected: readonly string[]): Promise<string> {
  const took = stopwatch();
  for (const director of of) {
    await until(`the table of ${director} has ${expected.join(' and ')}`, PATIENCE_MS, async () => {
      const [service, ...others] = await drill.cluster.ipvs(director);
      if (service === undefined || others.length > 0) return undefined;
      const there = realServers.filter((name) => weightOf(drill.cluster, name, service.destinations) > 0);
      const exact = there.length === expected.length && service.destinations.length === expected.length;
      return exact && there.every((name) => expected.includes(name)) ? true : undefined;
    });
  }
  return took();
}

/** The weight of a real server in a table; 0 when it is not there. */
function weightOf(cluster: Cluster, name: 'rs1' | 'rs2', destinations: ServiceEntry['destinations']): number {
  return destinations.find(({ id }) => id === `${cluster.serverAddress(name)}:80`)?.weight ?? 0;
}

/** Waits until the service answers through the virtual IP. */
async function answers(drill: Drill): Promise<void> {
  await until('the service answers through the virtual IP', 15_000, async () => {
    const [answer] = await drill.http.next(1, 15_000);
    return answer?.server;
  });
}

/**
 * Waits until ten requests in a row are answered by these real servers, all of them and nobody else. What is read first
 * may have been under way before the table was changed.
 */
async function onlyFrom(drill: Drill, expected: readonly string[]): Promise<string> {
  let seen = new Set<string>();
  const text = () => `then answers from ${[...seen].sort().join(' and ')}`;
  await until('', 15_000, async () => {
    seen = new Set((await drill.http.next(10, 15_000)).map((answer) => answer.server ?? 'nobody'));
    return seen.size === expected.length && expected.every((name) => seen.has(name)) ? true : undefined;
  }).catch(() => {
    throw new Error(text());
  });
  return text();
}

/** Makes sure that a stopped agent left neither an address nor a table entry nor a process. */
async function leftNothing({ cluster }: Drill, director: DirectorName): Promise<void> {
  const addresses = (await cluster.addresses(director)).filter((a) => a === VIRTUAL_IP || a === INNER_GATEWAY);
  const entries = (await cluster.ipvs(director)).map((entry) => entry.id);
  const processes = (await cluster.processes(director)).map((pid) => `process ${pid}`);
  const left = [...addresses, ...entries, ...processes];
  if (left.length > 0) throw new Error(`left on ${director}: ${left.join(', ')}`);
}

/** Waits until what each running agent says of itself agrees with its kernel; throws with what does not. */
export async function viewsAgree({ cluster, agents }: Drill): Promise<void> {
  for (const director of directors.filter((name) => agents[name].running)) {
    let said: string[] = [];
    await until('', 10_000, async () => {
      const view = await agents[director].view();
      said = view
        ? differences(view, await cluster.addresses(director), await cluster.ipvs(director))
        : ['says nothing of its state'];
      return said.length === 0 ? true : undefined;
    }).catch(() => {
      throw new Error(`${director} ${said.join('; ')}`);
    });
  }
}

/** Says how long ago it was made: 'after 3.1 s'. */
function stopwatch(): () => string {
  const startedAt = performance.now();
  return () => `after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
