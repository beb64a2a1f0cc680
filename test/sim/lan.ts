/**
 * A simulated LAN of virtual routers of one VRID, in virtual time: the real state machine, and around it messages with
 * latency and loss, partitions, crashes, pauses and clocks that are late or strike for nothing.
 *
 * Every step is held against what must be true of every step (`#check…`); what must be true in the long run is
 * scenario.ts's. A violation throws with the last steps.
 */

import type { IpAddress } from '../../src/base/address.ts';
import { assertNever } from '../../src/base/assert.ts';
import { type Duration, type Instant, instant, later } from '../../src/base/time.ts';
import {
  type Cause,
  type Effect,
  type Event,
  INITIALIZE,
  nextDeadline,
  type State,
  transition,
  type VirtualRouterConfig,
} from '../../src/vrrp/virtual-router.ts';
import type { Random } from './random.ts';

/** How the LAN and the machines on it behave. */
export interface Quality {
  readonly latencyMin: Duration;
  readonly latencyMax: Duration;
  /** How much later than its deadline a clock event may come. */
  readonly latenessMax: Duration;
  /** Part of the messages that never arrive, 0-1. */
  readonly loss: number;
}

/** One machine on the LAN. */
export interface Node {
  readonly name: string;
  config: VirtualRouterConfig;
  state: State;
  /** Whether the machine runs at all. */
  up: boolean;
  /** Paused (SIGSTOP, a stopped virtual machine): holds what it has and does nothing. */
  paused: boolean;
  /** Nodes of different sides do not hear each other. */
  side: number;
  /** Whether it has the virtual addresses. */
  holds: boolean;
  wakeAt: Instant | undefined;
  /** What has arrived while it was paused. */
  readonly inbox: { readonly at: Instant; readonly event: Event }[];
}

/** A change of state, as the machine reported it. */
export interface Change {
  readonly at: Instant;
  readonly node: string;
  readonly from: State['name'];
  readonly to: State['name'];
  readonly cause: Cause;
}

interface Message {
  readonly at: Instant;
  readonly from: Node;
  readonly to: Node;
  readonly event: Event;
}

const STRAY_CLOCK = 0.05;
const SHOWN_STEPS = 30;

export class Lan {
  now: Instant = instant(1_000_000_000);
  readonly nodes: Node[] = [];
  readonly changes: Change[] = [];
  /** One line for every event that was handled. */
  readonly trace: string[] = [];
  /** Called after every step. */
  onStep: () => void = () => {};
  quality: Quality;
  readonly #random: Random;
  readonly #messages: Message[] = [];

  constructor(random: Random, quality: Quality) {
    this.#random = random;
    this.quality = quality;
  }

  /** A machine that is off; its address is that of the configuration. */
  add(config: VirtualRouterConfig): Node {
    const name = String.fromCharCode(65 + this.nodes.length);
    const node: Node = {
      name,
      config,
      state: INITIALIZE,
      up: false,
      paused: false,
      side: 0,
      holds: false,
      wakeAt: undefined,
      inbox: [],
    };
    this.nodes.push(node);
    return node;
  }

  start(node: Node): void {
    node.up = true;
    this.handle(node, { type: 'startup', faults: [] });
  }

  /** In order: with a farewell. */
  stop(node: Node): void {
    this.handle(node, { type: 'shutdown' });
    node.up = false;
  }

  /** Power off: without a word. */
  crash(node: Node): void {
    this.#note(`${node.name} crashes`);
    node.up = false;
    node.paused = false;
    node.inbox.length = 0;
    node.state = INITIALIZE;
    node.holds = false;
    node.wakeAt = undefined;
    this.onStep();
  }

  pause(node: Node): void {
    this.#note(`${node.name} is paused`);
    node.paused = true;
  }

  /** First what has arrived meanwhile, at the time of its arrival; then the clock. */
  resume(node: Node): void {
    this.#note(`${node.name} goes on`);
    node.paused = false;
    for (const { at, event } of node.inbox.splice(0)) this.handle(node, event, at);
    this.handle(node, { type: 'clock' });
  }

  configure(node: Node, config: VirtualRouterConfig, event: Event = { type: 'configured' }): void {
    node.config = config;
    this.handle(node, event);
  }

  /** Puts every node on the side that `sideOf` says. What is under way still arrives. */
  partition(sideOf: (node: Node) => number): void {
    for (const node of this.nodes) node.side = sideOf(node);
    this.#note(`sides ${this.nodes.map((node) => node.side).join('')}`);
  }

  heal(): void {
    this.partition(() => 0);
  }

  /** The nodes of each side that take part. */
  sides(): readonly (readonly Node[])[] {
    const sides = new Map<number, Node[]>();
    for (const node of this.nodes) {
      if (!node.up || node.state.name === 'Fault') continue;
      sides.set(node.side, [...(sides.get(node.side) ?? []), node]);
    }
    return [...sides.values()];
  }

  run(duration: Duration): void {
    const end = later(this.now, duration);
    for (let step = this.#nextStep(end); step !== undefined; step = this.#nextStep(end)) {
      this.now = step.at;
      if ('wake' in step) this.handle(step.wake, { type: 'clock' });
      else this.#deliver(step);
    }
    this.now = end;
  }

  /** One event for one node: the transition, what is true of every step, and the effects. */
  handle(node: Node, event: Event, at: Instant = this.now): void {
    const before = node.state;
    const { state, effects } = transition(node.config, before, event, at);
    this.#note(`${node.name} ${describe(event)}: ${state.name} ${effects.map(describe).join(', ')}`);
    node.state = state;
    this.#checkChanges(before, state, effects);
    for (const effect of effects) this.#perform(node, before, effect);
    this.#check(node.holds === (state.name === 'Master'), `${node.name} is ${state.name}, holding: ${node.holds}`);
    if (event.type === 'clock') {
      const deadline = nextDeadline(state);
      this.#check(deadline === undefined || deadline > at, `${node.name}'s deadline is in the past twice`);
    }
    this.#wake(node);
    this.onStep();
  }

  /** Ends the run with the last steps. */
  fail(what: string): never {
    throw new Error(`${what}\n${this.trace.slice(-SHOWN_STEPS).join('\n')}`);
  }

  #perform(node: Node, before: State, effect: Effect): void {
    switch (effect.type) {
      case 'send-advertisement':
        this.#checkAdvertisement(node, before, effect.priority);
        for (const other of this.nodes) if (other !== node) this.#send(node, other, effect.priority);
        return;
      case 'take-addresses':
        node.holds = true;
        return;
      case 'release-addresses':
        node.holds = false;
        return;
      case 'announce-addresses':
        this.#check(node.holds && effect.rounds > 0, `${node.name} announces what it does not hold`);
        return;
      case 'state-changed': {
        const { from, to, cause } = effect;
        this.changes.push({ at: this.now, node: node.name, from, to, cause });
        return;
      }
      case 'announce-elsewhere':
      case 'discard':
        return;
      default:
        assertNever(effect);
    }
  }

  #checkAdvertisement(node: Node, before: State, priority: number): void {
    const { name } = node.state;
    const givesAway = node.state.name === 'Master' && node.state.leaving !== undefined;
    const leaves = before.name === 'Master' && (name === 'Initialize' || name === 'Fault' || givesAway);
    this.#check(before.name === 'Master' || name === 'Master', `${node.name} advertises as ${name}`);
    this.#check(priority === (leaves ? 0 : node.config.priority), `${node.name} advertises priority ${priority}`);
  }

  #checkChanges(before: State, after: State, effects: readonly Effect[]): void {
    const reported = effects.filter((effect) => effect.type === 'state-changed').map(({ from, to }) => `${from} ${to}`);
    const actual = before.name === after.name ? [] : [`${before.name} ${after.name}`];
    this.#check(reported.join() === actual.join(), `reported [${reported}], but it was [${actual}]`);
  }

  #check(condition: boolean, what: string): void {
    if (!condition) this.fail(what);
  }

  /** What one node sends to another stays in its order, as on an Ethernet. */
  #send(from: Node, to: Node, priority: number): void {
    const { latencyMin, latencyMax, loss } = this.quality;
    if (from.side !== to.side || this.#random.chance(loss)) return;
    const { localAddress: source, advertisementInterval } = from.config;
    const earlier = this.#messages.findLast((message) => message.from === from && message.to === to);
    const at = instant(Math.max(this.now + this.#random.integer(latencyMin, latencyMax), earlier?.at ?? 0));
    this.#messages.push({ at, from, to, event: { type: 'advertisement', priority, source, advertisementInterval } });
  }

  #deliver(message: Message): void {
    const { to, event } = message;
    if (!to.up) return;
    if (to.paused) {
      to.inbox.push({ at: this.now, event });
      return;
    }
    if (this.#random.chance(STRAY_CLOCK) && (to.wakeAt === undefined || to.wakeAt > this.now)) {
      this.handle(to, { type: 'clock' });
    }
    this.handle(to, event);
  }

  /** The clock is set anew only when the deadline has changed: a late clock is not late again and again. */
  #wake(node: Node): void {
    const deadline = nextDeadline(node.state);
    if (deadline === undefined) {
      node.wakeAt = undefined;
      return;
    }
    const { latenessMax } = this.quality;
    const stillRight = node.wakeAt !== undefined && node.wakeAt >= deadline && node.wakeAt - deadline <= latenessMax;
    if (!stillRight) node.wakeAt = instant(Math.max(this.now, deadline) + this.#random.integer(0, latenessMax));
  }

  /** The earliest thing that happens by `end`; messages before clocks, each in the order of their making. */
  #nextStep(end: Instant): Message | { readonly at: Instant; readonly wake: Node } | undefined {
    let first = -1;
    let at = end;
    for (const [i, message] of this.#messages.entries()) {
      if (message.at < at || (message.at === at && first < 0)) {
        at = message.at;
        first = i;
      }
    }
    let wake: Node | undefined;
    for (const node of this.nodes) {
      if (node.paused || node.wakeAt === undefined || node.wakeAt > end) continue;
      if (node.wakeAt < at || (node.wakeAt === at && first < 0 && wake === undefined)) {
        at = node.wakeAt;
        wake = node;
      }
    }
    if (wake !== undefined) return { at, wake };
    return first < 0 ? undefined : this.#messages.splice(first, 1)[0];
  }

  #note(line: string): void {
    this.trace.push(`${this.now} ${line}`);
  }
}

/** The n-th address of the LAN, from 1. */
export const lanAddress = (n: number): IpAddress => `192.0.2.${n}` as IpAddress;

function describe(step: Event | Effect): string {
  switch (step.type) {
    case 'advertisement':
      return `hears ${step.priority} from ${step.source}`;
    case 'send-advertisement':
      return `sends ${step.priority}`;
    case 'state-changed':
      return step.cause;
    default:
      return step.type;
  }
}
