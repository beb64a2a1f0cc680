/**
 * Sync groups in virtual time: nodes with one member on each of several segments, the real group and state machines, and
 * around them messages with latency and loss, cables that are pulled, crashes and segments that fall apart.
 */
import { assertNever } from '../../src/base/assert.ts';
import { type Duration, type Instant, instant, later, microseconds } from '../../src/base/time.ts';
import { faultsOfMates, groupState, groupTransition } from '../../src/vrrp/sync-group.ts';
import {
  type Effect,
  type Event,
  INITIALIZE,
  nextDeadline,
  type State,
  type VirtualRouterConfig,
} from '../../src/vrrp/virtual-router.ts';
import type { Random } from './random.ts';

/** One virtual router of a node; its segment has its index. */
export interface GroupMember {
  readonly name: string;
  config: VirtualRouterConfig;
  state: State;
  holds: boolean;
  /** The cable is in. */
  isConnected: boolean;
}

export interface GroupNode {
  readonly name: string;
  readonly members: readonly GroupMember[];
  up: boolean;
  /** Nodes of different sides of a segment do not hear each other there. */
  readonly sides: number[];
}

interface Message {
  readonly at: Instant;
  readonly to: GroupNode;
  readonly segment: number;
  readonly event: Event;
}

const LATENCY_MAX = 1_000;
const SHOWN_STEPS = 40;

/** See the file's head. */
export class GroupLan {
  now: Instant = instant(1_000_000_000);
  loss = 0;
  readonly nodes: GroupNode[] = [];
  readonly trace: string[] = [];
  changes = 0;
  readonly #random: Random;
  #messages: Message[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  add(configs: readonly VirtualRouterConfig[]): GroupNode {
    const name = String.fromCharCode(65 + this.nodes.length);
    const members = configs.map((config, i) => ({
      name: `${name}${i + 1}`,
      config,
      state: INITIALIZE as State,
      holds: false,
      isConnected: true,
    }));
    const node: GroupNode = { name, members, up: false, sides: configs.map(() => 0) };
    this.nodes.push(node);
    return node;
  }

  start(node: GroupNode): void {
    node.up = true;
    for (const [i] of node.members.entries())
      this.handle(node, i, { type: 'startup', faults: this.#faultsOf(node, i) });
    this.#checkUniform(node);
  }

  crash(node: GroupNode): void {
    this.trace.push(`${this.now} ${node.name} crashes`);
    node.up = false;
    for (const member of node.members) {
      member.state = INITIALIZE;
      member.holds = false;
    }
  }

  /** In order, all members one after the other. */
  stop(node: GroupNode): void {
    for (const [i] of node.members.entries()) this.handle(node, i, { type: 'shutdown' });
    node.up = false;
  }

  /** Puts a cable in or pulls it; all faults follow, as the daemon tells them. */
  plug(node: GroupNode, segment: number, isConnected: boolean): void {
    const member = node.members[segment] as GroupMember;
    member.isConnected = isConnected;
    this.trace.push(`${this.now} ${member.name} ${isConnected ? 'connected' : 'unplugged'}`);
    if (!node.up) return;
    for (const [i] of node.members.entries()) this.#follow(node, i);
    this.#checkUniform(node);
  }

  run(duration: Duration): void {
    const end = later(this.now, duration);
    for (;;) {
      const message = this.#messages.reduce<Message | undefined>(
        (a, b) => (a === undefined || b.at < a.at ? b : a),
        undefined,
      );
      const due = this.#earliestDeadline();
      if (message !== undefined && message.at <= end && (due === undefined || message.at <= due.at)) {
        this.now = message.at;
        this.#messages = this.#messages.filter((other) => other !== message);
        const member = message.to.members[message.segment] as GroupMember;
        if (message.to.up && member.isConnected) this.handle(message.to, message.segment, message.event);
      } else if (due !== undefined && due.at <= end) {
        this.now = instant(Math.max(this.now, due.at));
        this.handle(due.node, due.index, { type: 'clock' });
      } else break;
    }
    this.now = end;
  }

  /** Nodes whose members are all Master. */
  masters(): GroupNode[] {
    return this.nodes.filter((node) => groupState(node.members.map(({ state }) => state)) === 'Master');
  }

  handle(node: GroupNode, index: number, event: Event): void {
    const { transitions, order } = groupTransition(node.members, index, event, this.now);
    const before = node.members.map(({ state }) => state);
    for (const i of order) (node.members[i] as GroupMember).state = transitions[i]?.state ?? INITIALIZE;
    for (const i of order) {
      for (const effect of transitions[i]?.effects ?? []) this.#perform(node, i, before[i] as State, effect);
    }
    for (const member of node.members) {
      const isMaster = member.state.name === 'Master';
      if (member.holds !== isMaster) this.fail(`${member.name} is ${member.state.name}, holding: ${member.holds}`);
    }
    this.trace.push(
      `${this.now} ${node.members[index]?.name} ${event.type}: ${node.members.map(({ state }) => state.name)}`,
    );
    if (event.type === 'clock' || event.type === 'advertisement') this.#checkUniform(node);
  }

  fail(what: string): never {
    throw new Error(`${what}\n${this.trace.slice(-SHOWN_STEPS).join('\n')}`);
  }

  /** What must be true between events: no member is Master without its mates. */
  #checkUniform(node: GroupNode): void {
    const names = new Set(node.members.map(({ state }) => state.name));
    if (names.size > 1 && (names.has('Master') || names.has('Fault'))) {
      this.fail(`${node.name} is ${node.members.map(({ state }) => state.name)}`);
    }
  }

  #faultsOf(node: GroupNode, index: number): string[] {
    const all = node.members.map(({ name, isConnected }) => ({ name, faults: isConnected ? [] : ['no carrier'] }));
    return [...(all[index]?.faults ?? []), ...faultsOfMates(all.filter((_, i) => i !== index))];
  }

  #follow(node: GroupNode, index: number): void {
    const faults = this.#faultsOf(node, index);
    const { state } = node.members[index] as GroupMember;
    const before = state.name === 'Fault' ? state.reasons : [];
    for (const reason of faults) if (!before.includes(reason)) this.handle(node, index, { type: 'fault', reason });
    for (const reason of before) {
      if (!faults.includes(reason)) this.handle(node, index, { type: 'fault-cleared', reason });
    }
  }

  #perform(node: GroupNode, index: number, before: State, effect: Effect): void {
    const member = node.members[index] as GroupMember;
    switch (effect.type) {
      case 'send-advertisement':
        if (before.name !== 'Master' && member.state.name !== 'Master') this.fail(`${member.name} advertises`);
        this.#send(node, index, effect.priority);
        break;
      case 'take-addresses':
        member.holds = true;
        break;
      case 'release-addresses':
        member.holds = false;
        break;
      case 'state-changed':
        this.changes += 1;
        break;
      case 'announce-addresses':
      case 'announce-elsewhere':
      case 'discard':
        break;
      default:
        assertNever(effect);
    }
  }

  #send(from: GroupNode, segment: number, priority: number): void {
    const member = from.members[segment] as GroupMember;
    if (!member.isConnected) return;
    const { localAddress: source, advertisementInterval } = member.config;
    for (const to of this.nodes) {
      if (to === from || to.sides[segment] !== from.sides[segment] || this.#random.chance(this.loss)) continue;
      const at = later(this.now, microseconds(this.#random.integer(50, LATENCY_MAX)));
      this.#messages.push({
        at,
        to,
        segment,
        event: { type: 'advertisement', priority, source, advertisementInterval },
      });
    }
  }

  #earliestDeadline(): { node: GroupNode; index: number; at: Instant } | undefined {
    let first: { node: GroupNode; index: number; at: Instant } | undefined;
    for (const node of this.nodes) {
      for (const [index, { state }] of node.members.entries()) {
        const at = nextDeadline(state);
        if (node.up && at !== undefined && (first === undefined || at < first.at)) first = { node, index, at };
      }
    }
    return first;
  }
}
