/**
 * How a Master answers somebody who gives up, or who speaks as the Master and has to give way: at once (RFC 3768 §6.4.3 for
 * priority zero, RFC 9568 §6.4.3), but at a pace that no flood can drive.
 */
import { earliest, type Instant, later, scale } from '../base/time.ts';
import { announceAfterLowerPriority } from './announcements.ts';
import { advertise, announce } from './effects.ts';
import type { Effect, Master, Transition, VirtualRouterConfig } from './vocabulary.ts';

/** How often another Master is answered at once within an Advertisement_Interval. */
const ANSWERS_PER_INTERVAL = 4;

/** Somebody speaks as the Master who has to give way: he is told so, and the switches are. */
export function challenged(config: VirtualRouterConfig, state: Master, now: Instant): Transition {
  const answered = config.lowerPriorityNoAdvert ? { state, effects: [] } : answer(config, state, now);
  if (isSpent(state, now)) return answered;
  const { announcements, rounds } = announceAfterLowerPriority(config.garp, state.announcements, now);
  return {
    state: { ...answered.state, announcements, answerFrom: nextAnswer(config, now) },
    effects: [...answered.effects, ...announce(rounds)],
  };
}

/**
 * Says at once who is Master, but not more than a few times an interval: whoever floods us with advertisements must not
 * make us flood the others. What cannot be said at once is said with the next advertisement, which comes earlier then.
 */
export function answer(
  config: VirtualRouterConfig,
  state: Master,
  now: Instant,
): { state: Master; effects: readonly Effect[] } {
  if (isSpent(state, now)) {
    return { state: { ...state, adverAt: earliest(state.adverAt, state.answerFrom) ?? state.adverAt }, effects: [] };
  }
  const adverAt = later(now, config.advertisementInterval);
  return {
    state: { ...state, adverAt, answerFrom: nextAnswer(config, now) },
    effects: [advertise(config.priority)],
  };
}

const isSpent = (state: Master, now: Instant): boolean => state.answerFrom !== undefined && now < state.answerFrom;

const nextAnswer = (config: VirtualRouterConfig, now: Instant): Instant =>
  later(now, scale(config.advertisementInterval, 1, ANSWERS_PER_INTERVAL));
