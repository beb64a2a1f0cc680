/**
 * Random LANs and what must be true of them in the long run: after every single fault on a quiet LAN, and after a storm
 * of faults once the LAN has been made whole.
 */

import { type Duration, microseconds, milliseconds, scale, seconds, sum, ZERO } from '../../src/base/time.ts';
import type { VirtualRouterConfig } from '../../src/vrrp/virtual-router.ts';
import { config as exampleConfig } from '../vrrp/example.ts';
import { Lan, lanAddress, type Node, type Quality } from './lan.ts';
import { Random } from './random.ts';

/** A LAN whose messages all arrive, within a millisecond. */
export const quiet: Quality = {
  latencyMin: microseconds(50),
  latencyMax: milliseconds(1),
  latenessMax: microseconds(500),
  loss: 0,
};

/** A LAN with two to five running routers that has come to rest. */
export function randomLan(random: Random): Lan {
  const lan = new Lan(random, quiet);
  for (const config of randomConfigs(random)) lan.add(config);
  for (const node of lan.nodes) lan.start(node);
  settle(lan);
  return lan;
}

function randomConfigs(random: Random): readonly VirtualRouterConfig[] {
  const version = random.pick([2, 3] as const);
  const common = {
    version,
    advertisementInterval:
      version === 2 ? seconds(random.pick([1, 1, 5])) : milliseconds(random.pick([10, 100, 1_000])),
    preemptDelay: random.pick([ZERO, ZERO, seconds(2)]),
    downTimerAdverts: random.pick([3, 3, 2, 5]),
  };
  const owner = random.chance(0.2);
  const equalPriorities = random.chance(0.2);
  const ownIntervals = version === 3 && random.chance(0.2);
  return Array.from({ length: random.integer(2, 5) }, (_, i) => {
    const priority = equalPriorities ? 100 : random.integer(1, 254);
    return exampleConfig({
      ...common,
      ...(ownIntervals ? { advertisementInterval: milliseconds(random.pick([10, 100, 500])) } : {}),
      priority: owner && i === 0 ? 255 : priority,
      localAddress: lanAddress(random.integer(0, 40) * 5 + i + 1),
      preemptMode: random.chance(0.7),
      lowerPriorityNoAdvert: random.chance(0.2),
      higherPrioritySendAdvert: random.chance(0.2),
    });
  });
}

/** Runs until nothing should change any more, and checks that this is so. */
export function settle(lan: Lan): void {
  lan.run(settlingTime(lan));
  checkSettled(lan);
  const changes = lan.changes.length;
  lan.run(scale(longestDownInterval(lan), 2));
  if (lan.changes.length !== changes) lan.fail('it does not come to rest');
}

/**
 * A Backup begins to wait at the latest one Master_Down_Interval after a disturbance, because somebody has to be Master
 * first; then preempt_delay; then its own Master_Down_Interval; and one more for who it has outrun.
 */
const settlingTime = (lan: Lan): Duration =>
  sum(scale(longestDownInterval(lan), 3), ...lan.nodes.map(({ config }) => config.preemptDelay), scale(TICK, 20));

const TICK = sum(quiet.latencyMax, quiet.latenessMax);

function longestDownInterval(lan: Lan): Duration {
  const longest = Math.max(...lan.nodes.map(({ config }) => config.advertisementInterval)) as Duration;
  return Math.max(...lan.nodes.map(({ config }) => downInterval(config, longest))) as Duration;
}

/** RFC 3768 §6.1 and RFC 5798 §6.1 once more, so that a mistake in timers.ts cannot hide here. */
const skewTime = ({ version, priority }: VirtualRouterConfig, interval: Duration): Duration =>
  microseconds(((version === 2 ? 1_000_000 : interval) / 256) * (256 - priority));

const downInterval = (config: VirtualRouterConfig, interval: Duration): Duration =>
  microseconds(interval * config.downTimerAdverts + skewTime(config, interval));

/** One Master on each side, and nobody waiting who would not leave it at that. */
function checkSettled(lan: Lan): void {
  for (const side of lan.sides()) {
    const masters = side.filter((node) => node.state.name === 'Master');
    const [master] = masters;
    if (master === undefined || masters.length > 1) {
      lan.fail(`${masters.length} Masters among ${side.map((node) => node.name).join('')}`);
    }
    const waiting = side.find(({ config }) => preempts(config) && config.priority > master.config.priority);
    if (waiting !== undefined) lan.fail(`${waiting.name} does not preempt ${master.name}`);
  }
}

const preempts = (config: VirtualRouterConfig): boolean => config.preemptMode || config.priority === 255;

/** How many routers become Master because of a single fault; undefined: that depends on chance. */
type Takeovers = number | undefined;

interface FaultKind {
  readonly name: string;
  /** Undefined when it cannot happen now; else it has happened, and this is what must follow. */
  apply(lan: Lan, random: Random): { readonly takeovers: Takeovers; readonly farewell?: true } | undefined;
}

const masterOf = (lan: Lan): Node | undefined => lan.nodes.find((node) => node.state.name === 'Master');

const takesOver = (lan: Lan, node: Node): number => {
  const master = masterOf(lan);
  if (master === undefined) return 1;
  return preempts(node.config) && node.config.priority > master.config.priority ? 1 : 0;
};

/** The faults, and what ends them; each is applied to a LAN at rest that is in one piece. */
const faults: readonly FaultKind[] = [
  {
    name: 'crash',
    apply(lan, random) {
      const node = random.pick(lan.nodes);
      if (!node.up) return undefined;
      const takeovers = leaves(lan, node);
      lan.crash(node);
      return { takeovers };
    },
  },
  {
    name: 'stop',
    apply(lan, random) {
      const node = random.pick(lan.nodes);
      if (!node.up) return undefined;
      const takeovers = leaves(lan, node);
      lan.stop(node);
      return { takeovers, farewell: true };
    },
  },
  {
    name: 'interface down',
    apply(lan, random) {
      const node = random.pick(lan.nodes);
      if (!node.up || node.state.name === 'Fault') return undefined;
      const takeovers = leaves(lan, node);
      lan.handle(node, { type: 'fault', reason: 'interface-down' });
      return { takeovers, farewell: true };
    },
  },
  {
    name: 'interface up',
    apply(lan) {
      const node = lan.nodes.find(({ state }) => state.name === 'Fault');
      if (node === undefined) return undefined;
      const takeovers = takesOver(lan, node);
      lan.handle(node, { type: 'fault-cleared', reason: 'interface-down' });
      return { takeovers };
    },
  },
  {
    name: 'start',
    apply(lan) {
      const node = lan.nodes.find(({ up }) => !up);
      if (node === undefined) return undefined;
      const takeovers = takesOver(lan, node);
      lan.start(node);
      return { takeovers };
    },
  },
  {
    name: 'addresses lost',
    apply(lan) {
      const master = masterOf(lan);
      if (master === undefined) return undefined;
      master.holds = false;
      lan.handle(master, { type: 'addresses-lost' });
      return { takeovers: 0 };
    },
  },
  {
    name: 'partition',
    apply(lan, random) {
      lan.partition(() => random.integer(0, 1));
      return { takeovers: lan.sides().filter((side) => side.every(({ state }) => state.name !== 'Master')).length };
    },
  },
  {
    name: 'another priority',
    apply(lan, random) {
      const node = random.pick(lan.nodes);
      if (!node.up || node.config.priority === 255) return undefined;
      lan.configure(
        node,
        { ...node.config, priority: random.integer(1, 254) },
        { type: 'configured', onlyPriority: true },
      );
      const overtaken = lan.sides().some((side) => side.some((other) => takesOver(lan, other) === 1));
      return { takeovers: node.config.preemptDelay === ZERO ? Number(overtaken) : undefined };
    },
  },
];

const leaves = (lan: Lan, node: Node): number =>
  node.state.name === 'Master' && lan.sides().some((side) => side.length > 1) ? 1 : 0;

/** One random fault on a LAN at rest, and all that must follow from it. Heals a partition again. */
export function singleFault(lan: Lan, random: Random): void {
  const kind = random.pick(faults);
  lan.trace.push(`${lan.now} — ${kind.name}`);
  const before = lan.changes.length;
  const outcome = kind.apply(lan, random);
  if (outcome === undefined) return;
  const bounds = lan.sides().map((side) => ({ side, within: takeoverBound(side, outcome.farewell === true) }));
  const started = lan.now;
  for (const { side, within } of bounds.toSorted((a, b) => a.within - b.within)) {
    const left = (started + within - lan.now) as Duration;
    if (left > 0) lan.run(left);
    if (!side.some(({ holds }) => holds)) {
      lan.fail(
        `${kind.name}: nobody among ${side.map(({ name }) => name).join('')} holds the addresses after ${within} µs`,
      );
    }
  }
  settle(lan);
  checkTakeovers(lan, before, kind.name, outcome.takeovers);

  if (lan.nodes.every((node) => node.side === 0)) return;
  const split = lan.changes.length;
  lan.heal();
  settle(lan);
  checkTakeovers(lan, split, 'heal', 0);
}

/** Promise P1: somebody holds the addresses within Master_Down_Interval (after a farewell Skew_Time) + latency. */
function takeoverBound(side: readonly Node[], farewell: boolean): Duration {
  const waits = side.map(({ config, state }) => {
    if (state.name !== 'Backup') return ZERO;
    return (farewell ? skewTime : downInterval)(config, state.masterAdverInterval);
  });
  if (side.some(({ state }) => state.name === 'Master')) return ZERO;
  return sum(Math.min(...waits) as Duration, TICK);
}

function checkTakeovers(lan: Lan, since: number, what: string, expected: Takeovers): void {
  if (expected === undefined || !isClear(lan)) return;
  const takeovers = lan.changes.slice(since).filter(({ to }) => to === 'Master');
  if (takeovers.length !== expected) {
    lan.fail(`${what}: ${takeovers.length} takeovers (${takeovers.map(({ node }) => node)}) instead of ${expected}`);
  }
}

/** Whether the order of takeovers follows from the priorities: they are further apart than messages and clocks are late. */
function isClear(lan: Lan): boolean {
  const interval = lan.nodes[0]?.config.advertisementInterval ?? ZERO;
  if (lan.nodes.some(({ config }) => config.advertisementInterval !== interval)) return false;
  const skews = lan.nodes.map(({ config }) => skewTime(config, interval)).toSorted((a, b) => a - b);
  return skews.every((skew, i) => i === 0 || skew - (skews[i - 1] ?? 0) > 2 * TICK) && (skews[0] ?? 0) > TICK;
}

/** Forty faults, one on top of the other, on a LAN that loses up to 70 % of its messages; then everything is repaired. */
export function storm(lan: Lan, random: Random): void {
  const interval = Math.max(...lan.nodes.map(({ config }) => config.advertisementInterval));
  for (let i = 0; i < 40; i++) {
    lan.quality = { ...quiet, loss: random.next() * 0.7 };
    disturb(lan, random);
    lan.run(microseconds(random.integer(0, 3 * interval)));
  }
  lan.quality = quiet;
  lan.heal();
  for (const node of lan.nodes) {
    if (node.paused) lan.resume(node);
    if (!node.up) lan.start(node);
    if (node.state.name === 'Fault') lan.handle(node, { type: 'fault-cleared', reason: 'interface-down' });
  }
  settle(lan);
}

function disturb(lan: Lan, random: Random): void {
  const node = random.pick(lan.nodes);
  if (node.paused) lan.resume(node);
  else if (!node.up) lan.start(node);
  else random.pick(disturbances)(lan, node, random);
}

const disturbances: readonly ((lan: Lan, node: Node, random: Random) => void)[] = [
  (lan, node) => lan.crash(node),
  (lan, node) => lan.stop(node),
  (lan, node) => lan.pause(node),
  (lan, _, random) => lan.partition(() => random.integer(0, 2)),
  (lan) => lan.heal(),
  (lan, node) => {
    const type = node.state.name === 'Fault' ? 'fault-cleared' : 'fault';
    lan.handle(node, { type, reason: 'interface-down' });
  },
  (lan, node, random) => {
    const priority = node.config.priority === 255 ? 255 : random.integer(1, 254);
    lan.configure(node, { ...node.config, priority });
  },
  (lan, node) => lan.handle(node, { type: 'addresses-lost' }),
  (lan, node) => lan.handle(node, { type: 'give-away' }),
];

/** The whole life of one seed; `lan` of the outcome has its trace. */
export function life(seed: number, weather: 'single faults' | 'storm'): Lan {
  const random = new Random(seed);
  const lan = randomLan(random);
  if (weather === 'storm') storm(lan, random);
  else for (let i = 0; i < 6; i++) singleFault(lan, random);
  return lan;
}
