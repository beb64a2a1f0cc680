/**
 * Virtual routers that change state together: keepalived.conf(5) "vrrp_sync_group".
 *
 * The group is Master when every member wants to be: one whose Master_Down_Timer fires alone remembers that, and waits on.
 * As soon as one is Master all are; as soon as one is a Backup again all are. FAULT is not decided here: a member has the
 * faults of its mates (`faultsOfMates`), so that all come and go together.
 *
 * Pure. One event for one member gives the transitions of all.
 */

import { type Instant, later } from '../base/time.ts';
import { downInterval } from './listening.ts';
import { transition } from './virtual-router.ts';
import type { Backup, Event, State, Transition, VirtualRouterConfig } from './vocabulary.ts';

/** A virtual router in a group. */
export interface Member {
  /** As messages name it. */
  readonly name: string;
  readonly config: VirtualRouterConfig;
  readonly state: State;
}

/**
 * What an event for the member at `index` does to all members, in their order. The effects are to be carried out in
 * `order`: those of the member itself, then those of its mates.
 */
export interface GroupTransition {
  readonly transitions: readonly Transition[];
  readonly order: readonly number[];
}

/** The transition of all members of a group for an event that happened to one of them. */
export function groupTransition(
  members: readonly Member[],
  index: number,
  event: Event,
  now: Instant,
): GroupTransition {
  const member = members[index] as Member;
  const mates = members.flatMap((_, i) => (i === index ? [] : [i]));
  const order = [index, ...mates];
  const transitions: Transition[] = members.map(({ state }) => ({ state, effects: [] }));
  if (event.type === 'clock' && member.state.name === 'Backup' && now >= member.state.masterDownAt) {
    if (!mates.every((i) => wantsMaster((members[i] as Member).state, now))) {
      transitions[index] = { state: heldBack(member.config, member.state, now), effects: [] };
      return { transitions, order };
    }
  }
  const own = transition(member.config, member.state, event, now);
  transitions[index] = own;
  const consequence = consequenceOf(member, own) ?? afterAcceptance(member, own, event);
  if (consequence === undefined) return { transitions, order };
  for (const i of mates) {
    const { config, state } = members[i] as Member;
    transitions[i] = transition(config, state, consequence, now);
  }
  return { transitions, order };
}

/** Why a member cannot take part because others cannot: one sentence for each of their faults. */
export const faultsOfMates = (
  mates: readonly { readonly name: string; readonly faults: readonly string[] }[],
): string[] => mates.flatMap(({ name, faults }) => faults.map((fault) => `${name} of its sync group: ${fault}`));

/** The state that all members are in; undefined while they differ. */
export function groupState(states: readonly State[]): State['name'] | undefined {
  const [first] = states;
  return first !== undefined && states.every(({ name }) => name === first.name) ? first.name : undefined;
}

/** What the mates are told of what became of a member. */
function consequenceOf(member: Member, { state, effects }: Transition): Event | undefined {
  const before = member.state.name;
  if (before !== 'Master' && state.name === 'Master') return { type: 'sync', to: 'Master', by: member.name };
  if (before === 'Master' && state.name === 'Backup') return { type: 'sync', to: 'Backup', by: member.name };
  const isChallenged =
    before === 'Master' &&
    effects.some(
      (effect) =>
        effect.type === 'discard' &&
        (effect.reason === 'lower-priority' || effect.reason === 'equal-priority-lower-address'),
    );
  return isChallenged ? { type: 'mate-challenged' } : undefined;
}

/** A reload may put a Backup beside Masters: when it accepts another Master, they cannot stay. */
function afterAcceptance(member: Member, { state }: Transition, event: Event): Event | undefined {
  const isAccepted =
    event.type === 'advertisement' &&
    event.priority > 0 &&
    state.name === 'Backup' &&
    member.state.name === 'Backup' &&
    state.masterDownSetAt !== member.state.masterDownSetAt;
  return isAccepted ? { type: 'sync', to: 'Backup', by: member.name } : undefined;
}

/** Whether nothing keeps the member from being Master now. */
function wantsMaster(state: State, now: Instant): boolean {
  if (state.name === 'Master') return state.leaving === undefined;
  return state.name === 'Backup' && (state.wantsMaster === true || now >= state.masterDownAt);
}

/** Its timer has fired and its mates are not ready: it waits once more, and remembers. */
function heldBack(config: VirtualRouterConfig, state: Backup, now: Instant): Backup {
  const masterDownAt = later(now, downInterval(config, state.masterAdverInterval));
  return { ...state, masterDownSetAt: now, masterDownAt, releasedBy: undefined, wantsMaster: true };
}
