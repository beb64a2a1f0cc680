/**
 * Scenarios of a virtual router's life, made from a seed: what it is configured as, and what happens to it step by step.
 *
 * A step is one second, the interval of every instance. All that happens, happens at whole steps; priorities are such that
 * timers run out half-way between two of them. So no order of events hangs on how busy the machine is.
 */
import type { Family } from '../../../src/base/address.ts';
import type { Version } from '../../../src/vrrp/timers.ts';
import { Random } from '../../sim/random.ts';

/** What is wrong with an advertisement. */
export const FAULTS = [
  'checksum',
  'ttl',
  'version',
  'vrid',
  'authentication',
  'password',
  'interval',
  'addresses',
  'type',
  'length',
  'own-address',
] as const;
export type Fault = (typeof FAULTS)[number];

/** The one with the lower or the higher address than ours. */
export type Peer = 'low' | 'high';

/** One vrrp_instance. */
export interface Member {
  readonly version: Version;
  readonly family: Family;
  readonly priority: number;
  readonly password: boolean;
  readonly unicast: boolean;
  readonly preempt: boolean;
  /** Seconds; 0: none. */
  readonly preemptDelay: number;
  readonly downTimerAdverts: number;
  readonly lowerPriorityNoAdvert: boolean;
  readonly higherPrioritySendAdvert: boolean;
  readonly skipCheckAddresses: boolean;
  /** It has an interface of its own, which can lose its carrier. */
  readonly ownLink: boolean;
  /** Of a tracked file; 0: a fault; undefined: none is tracked. */
  readonly fileWeight: number | undefined;
  /** Of another interface. */
  readonly linkWeight: number | undefined;
}

export type Happening =
  | {
      readonly type: 'advertisement';
      readonly peer: Peer;
      readonly priority: number;
      /** Seconds; version 2 has its own. */
      readonly interval: number;
      readonly fault?: Fault;
    }
  | { readonly type: 'file'; readonly value: number }
  | { readonly type: 'carrier'; readonly up: boolean }
  | { readonly type: 'tracked-link'; readonly up: boolean };

/** At a step, to a member of the scenario. */
export interface Step {
  readonly at: number;
  readonly member: number;
  readonly happening: Happening;
}

export interface Scenario {
  readonly seed: number;
  /** One, or the two of a sync group. */
  readonly members: readonly Member[];
  readonly steps: readonly Step[];
}

/** Until when something may begin to happen. */
const LENGTH = 22;
/** Silence after which everybody who can is MASTER: of down_timer_adverts 5 and an interval of 2 s. */
const LONG = 12;

/** The scenario of a seed, always the same one. */
export function scenarioOf(seed: number): Scenario {
  const random = new Random(seed);
  const inGroup = random.chance(0.12);
  const members = Array.from({ length: inGroup ? 2 : 1 }, () => memberOf(random, inGroup));
  const steps: Step[] = [];
  for (let at = 0; at < LENGTH; ) {
    const member = random.integer(0, members.length - 1);
    const happenings = phase(random, members[member] as Member);
    for (const { after, happening } of happenings.list) steps.push({ at: at + after, member, happening });
    at += happenings.lasts;
  }
  return { seed, members, steps };
}

function memberOf(random: Random, inGroup: boolean): Member {
  const family = random.chance(0.2) ? 'inet6' : 'inet';
  const version = family === 'inet6' || random.chance(0.5) ? 3 : 2;
  const isOwner = !inGroup && random.chance(0.05);
  const preempt = isOwner || random.chance(0.75);
  const unicast = family === 'inet' && random.chance(0.15);
  const tracks = !isOwner && !inGroup;
  return {
    version,
    family,
    priority: isOwner ? 255 : random.integer(110, 140),
    password: version === 2 && random.chance(0.5),
    unicast,
    preempt,
    preemptDelay: !isOwner && preempt && random.chance(0.2) ? 2.5 : 0,
    downTimerAdverts: random.pick([3, 3, 3, 2, 5]),
    lowerPriorityNoAdvert: random.chance(0.15),
    higherPrioritySendAdvert: random.chance(0.15),
    skipCheckAddresses: random.chance(0.15),
    ownLink: random.chance(0.15),
    fileWeight: tracks && random.chance(0.25) ? random.pick([0, 1, -1, 2]) : undefined,
    linkWeight: tracks && random.chance(0.2) ? random.pick([0, 10, -20]) : undefined,
  };
}

interface Phase {
  readonly list: readonly { after: number; happening: Happening }[];
  readonly lasts: number;
}

const silence = (lasts: number): Phase => ({ list: [], lasts });

/** Something that goes on for a while. */
function phase(random: Random, member: Member): Phase {
  const kinds: (() => Phase)[] = [
    () => speak(random, member, random.integer(1, 5)),
    () => speak(random, member, random.integer(1, 5)),
    () => speak(random, member, random.integer(1, 5)),
    () => speak(random, member, random.integer(1, 3), random.pick(FAULTS)),
    () => once({ type: 'advertisement', peer: peerOf(random, member), priority: 0, interval: 1 }, random.pick([1, 2])),
    () => silence(random.pick([1, 2])),
    () => silence(LONG),
  ];
  if (member.fileWeight !== undefined) {
    const values = member.fileWeight === 0 ? [0, 1] : [0, 5, -5, 10];
    kinds.push(() => once({ type: 'file', value: random.pick(values) }, 1));
  }
  if (member.linkWeight !== undefined) kinds.push(() => once({ type: 'tracked-link', up: random.chance(0.5) }, 1));
  if (member.ownLink) kinds.push(() => outage(random));
  return random.pick(kinds)();
}

const once = (happening: Happening, lasts: number): Phase => ({ list: [{ after: 0, happening }], lasts });

/** The kernel may tell of a carrier a second later: what follows does not hang on when. */
const outage = (random: Random): Phase => ({
  list: [
    { after: 0, happening: { type: 'carrier', up: false } },
    { after: 3, happening: { type: 'carrier', up: true } },
  ],
  lasts: 3 + random.pick([2, LONG]),
});

/** Beside an owner of the addresses nobody is one with a higher address: their timers would run out at whole steps. */
const peerOf = (random: Random, { priority }: Member): Peer =>
  priority === 255 ? 'low' : random.pick(['low', 'high']);

function speak(random: Random, member: Member, count: number, fault?: Fault): Phase {
  const peer = peerOf(random, member);
  const priority = random.pick([
    random.integer(1, 80),
    random.integer(170, 254),
    random.integer(170, 254),
    member.priority,
    member.priority === 255 ? 254 : member.priority + 1,
    member.priority - 1,
  ]);
  const interval = member.version === 3 && random.chance(0.15) ? random.pick([0.5, 2]) : 1;
  const happening: Happening = { type: 'advertisement', peer, priority, interval, ...(fault ? { fault } : {}) };
  return { list: Array.from({ length: count }, (_, after) => ({ after, happening })), lasts: count };
}

/** When the last thing happens, and all of its consequences have come. */
export const endOf = ({ steps }: Scenario): number => Math.max(0, ...steps.map(({ at }) => at)) + LONG;

/** One line for a person. */
export function describeScenario({ seed, members, steps }: Scenario): string {
  const said = steps.map(({ at, member, happening }) => {
    const { type, ...rest } = happening;
    return `  ${at} s, ${'AB'[member]}: ${type} ${JSON.stringify(rest)}`;
  });
  return [`seed ${seed}`, ...members.map((member) => `  ${JSON.stringify(member)}`), ...said].join('\n');
}
