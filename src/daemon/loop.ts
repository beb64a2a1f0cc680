/**
 * The one place that calls `transition`: takes an event, stores the new state, performs the effects, arms one timer.
 *
 * What has arrived is handled before any deadline is looked at, each packet with the kernel's time of its arrival: a
 * process that was stalled (a paused machine, a long collection of garbage) never takes over from a live master. A flood
 * is read in slices, and deadlines are then measured against the last packet read, not against the clock.
 */
import { earliest, elapsed, type Instant } from '../base/time.ts';
import type { VrrpNotice } from '../vrrp/notice.ts';
import { groupState, groupTransition } from '../vrrp/sync-group.ts';
import { type DiscardReason, type Effect, type Event, nextDeadline, transition } from '../vrrp/virtual-router.ts';
import type { LogLevel } from './messages.ts';
import { count, notifiedState, type Router, type RouterGroup, stateWord } from './router.ts';

export interface LoopWorld {
  now(): Instant;
  /** Wakes the loop at the instant (at once when past); undefined: no deadline. */
  wakeAt(at: Instant | undefined): void;
  /** Handles the packets that wait, oldest first; says until when it knows them all where it had to leave some. */
  drain(): Instant | undefined;
  perform(router: Router, effect: Effect): void;
  /** For scripts, FIFOs and mails. */
  tell(notice: VrrpNotice): void;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number | undefined>): void;
}

/** See the file's head. */
export class ElectionLoop {
  readonly routers = new Map<string, Router>();
  readonly #world: LoopWorld;

  constructor(world: LoopWorld) {
    this.#world = world;
  }

  /** Something happened to one router, and with it to the group that it is in; `at` is when. */
  handle(router: Router, event: Event, at: Instant): void {
    const { group } = router;
    if (group === undefined) {
      const { state, effects } = transition(router.config, router.state, event, at);
      router.state = state;
      this.#carryOut(router, effects, at);
      return;
    }
    const members = group.members.map(({ instance, config, state }) => ({ name: instance.name, config, state }));
    const { transitions, order } = groupTransition(members, group.members.indexOf(router), event, at);
    for (const [i, { state }] of transitions.entries()) (group.members[i] as Router).state = state;
    for (const i of order) this.#carryOut(group.members[i] as Router, transitions[i]?.effects ?? [], at);
    this.#noteGroup(group);
  }

  /** Something happened to one router now; then what else is due. */
  dispatch(router: Router, event: Event): void {
    this.handle(router, event, this.#world.now());
    this.arm();
  }

  /** Something happened that concerns whoever listens to it. */
  dispatchAll(event: Event): void {
    const now = this.#world.now();
    for (const router of this.routers.values()) this.handle(router, event, now);
    this.arm();
  }

  /** The timer fired or a socket is readable: first what has arrived, then the deadlines that have passed. */
  wake(): void {
    const now = this.#world.drain() ?? this.#world.now();
    for (const router of this.routers.values()) {
      const deadline = nextDeadline(router.state);
      if (deadline !== undefined && deadline <= now) this.handle(router, { type: 'clock' }, now);
    }
    this.arm();
  }

  /** One timer for the smallest deadline. */
  arm(): void {
    let next: Instant | undefined;
    for (const router of this.routers.values()) next = earliest(next, nextDeadline(router.state));
    this.#world.wakeAt(next);
  }

  #carryOut(router: Router, effects: readonly Effect[], at: Instant): void {
    for (const effect of effects) {
      if (effect.type === 'state-changed') this.#note(router, effect);
      else if (effect.type === 'discard') this.#discarded(router, effect.reason, at);
      else this.#world.perform(router, effect);
    }
  }

  /** keepalived.conf(5) "notify_master_rx_lower_pri": told once an interval at most, however many are heard. */
  #discarded(router: Router, reason: DiscardReason, at: Instant): void {
    count(router, `discarded ${reason}`);
    if (router.state.name !== 'Master' || (reason !== 'lower-priority' && reason !== 'equal-priority-lower-address')) {
      return;
    }
    const { config, lowerToldAt } = router;
    if (lowerToldAt !== undefined && elapsed(lowerToldAt, at) < config.advertisementInterval) return;
    router.lowerToldAt = at;
    const { priority } = config;
    this.#world.tell({ subject: 'INSTANCE', name: router.instance.name, event: 'MASTER_RX_LOWER_PRI', priority });
  }

  /** A group is told of when all of its members have arrived. Removed by a reload it leaves without a word. */
  #noteGroup(group: RouterGroup): void {
    const state = groupState(group.members.map((member) => member.state));
    if (state === undefined || state === group.told) return;
    group.told = state;
    const { name } = group;
    this.#world.log('notice', 'group-state-change', `VRRP_Group(${name}) Entering ${stateWord(state)} STATE`, {
      group: name,
      to: stateWord(state),
    });
    if (state === 'Initialize' && group.members.every(({ isRemoved }) => isRemoved)) return;
    const event = state === 'Initialize' ? 'STOP' : (stateWord(state) as 'MASTER' | 'BACKUP' | 'FAULT');
    this.#world.tell({ subject: 'GROUP', name, event, priority: 0 });
  }

  #note(router: Router, effect: Extract<Effect, { type: 'state-changed' }>): void {
    const { name, vrid } = router.instance;
    const [from, to] = [stateWord(effect.from), stateWord(effect.to)];
    router.since = new Date();
    router.cause = effect.cause;
    router.detail = effect.detail ?? '';
    router.transitions += 1;
    if (to === 'MASTER') count(router, 'became master');
    if (from === 'MASTER') count(router, 'released master');
    if (effect.to === 'Master' && router.standsBack) {
      router.standsBack = false; // there was nobody else: what was given away is ours again
      router.config = { ...router.config, standsBack: false };
    }
    this.#world.log(
      'notice',
      'state-change',
      `(${name}) Entering ${to} STATE${effect.detail === undefined ? '' : `: ${effect.detail}`}`,
      { instance: name, vrid, from, to, cause: effect.cause },
    );
    const priority = router.config.priority;
    this.#world.tell({ subject: 'INSTANCE', name, event: notifiedState(router, effect.to), priority });
  }
}
