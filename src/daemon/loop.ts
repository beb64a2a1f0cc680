/**
 * The one place that calls `transition`: takes an event, stores the new state, performs the effects, arms one timer.
 *
 * What has arrived is handled before any deadline is looked at, each packet with the kernel's time of its arrival: a
 * process that was stalled (a paused machine, a long collection of garbage) never takes over from a live master. A flood
 * is read in slices, and deadlines are then measured against the last packet read, not against the clock.
 */
import { earliest, type Instant } from '../base/time.ts';
import type { VrrpNotice } from '../vrrp/notice.ts';
import { type Effect, type Event, nextDeadline, transition } from '../vrrp/virtual-router.ts';
import type { LogLevel } from './messages.ts';
import { count, notifiedState, type Router, stateWord } from './router.ts';

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

  /** Something happened to one router; `at` is when. */
  handle(router: Router, event: Event, at: Instant): void {
    const { state, effects } = transition(router.config, router.state, event, at);
    router.state = state;
    for (const effect of effects) {
      if (effect.type === 'state-changed') this.#note(router, effect);
      else if (effect.type === 'discard') count(router, `discarded ${effect.reason}`);
      else this.#world.perform(router, effect);
    }
  }

  /** Something happened to one router now; then what else is due. */
  dispatch(router: Router, event: Event): void {
    this.handle(router, event, this.#world.now());
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

  #note(router: Router, effect: Extract<Effect, { type: 'state-changed' }>): void {
    const { name, vrid } = router.instance;
    const [from, to] = [stateWord(effect.from), stateWord(effect.to)];
    router.since = new Date();
    router.cause = effect.cause;
    router.detail = effect.detail ?? '';
    router.transitions += 1;
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
