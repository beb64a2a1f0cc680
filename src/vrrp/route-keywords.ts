/**
 * The lines of virtual_routes and static_routes: `[TYPE] [to] DESTINATION option…`. keepalived.conf(5) "virtual_routes".
 * What 2.2.7 does with a word is done here too: most of what is wrong drops the line, some of it only the option.
 */
import { type Family, familyOf, type IpAddress } from '../base/address.ts';
import { type Duration, milliseconds, scale } from '../base/time.ts';
import type { Word } from '../config/lexer.ts';
import type { LineType } from '../config/table.ts';
import { UINT32_MAX } from '../config/values.ts';
import { type Draft, everythingOf, LineWords, withoutUndefined } from './line-words.ts';
import { readNextHops } from './next-hops.ts';
import { shippedNames } from './number-names.ts';
import type { LockableMetric, NextHop, Prefix, Route, RouteMetrics, RouteType } from './route.ts';
import { readEncapsulation } from './route-encapsulation.ts';
import { routeOptions, staticRouteOptions } from './route-options.ts';

/** A route line as it was read. */
export interface RouteLine {
  readonly word: Word;
  readonly route: Route;
  /** Interfaces that it names, to look for. */
  readonly interfaces: readonly Word[];
}

interface RouteDraft extends Draft<Omit<Route, 'destination' | 'metrics' | 'locked' | 'nextHops'>> {
  /** Everything is of the family of the other addresses, when they come later. */
  destination?: Prefix | 'everything' | undefined;
  readonly metrics: Draft<RouteMetrics>;
  readonly locked: LockableMetric[];
  nextHops?: NextHop[] | undefined;
  /** Of the addresses so far. */
  family?: Family;
  noTrack?: true;
  readonly interfaces: Word[];
}

/** RTPROT_KEEPALIVED of linux/rtnetlink.h: the mark on what is tracked. */
export const KEEPALIVED_PROTOCOL = 18;
const BYTE_MAX = 255;

/** RTN_* of linux/rtnetlink.h by number. */
const TYPES = [
  undefined,
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
  'nat',
  'xresolve',
] as const;

/** Reads what stands behind an option. */
type Option = (draft: RouteDraft, words: LineWords, option: Word) => void;

const number =
  (key: 'metric', max = UINT32_MAX): Option =>
  (draft, words, option) => {
    draft[key] = words.number(option, 0, max);
  };

/** @param canLock whether `lock` may stand before the number */
const metric =
  (key: NumericMetric, max: number, canLock = false): Option =>
  (draft, words, option) => {
    if (canLock) readLock(draft, words, key as LockableMetric);
    draft.metrics[key] = words.number(option, 0, max) as never;
  };
type NumericMetric = Exclude<keyof RouteMetrics, TimeMetric | 'explicitCongestionNotification' | 'congestionControl'>;

/** What can be locked is locked by `lock` before its value, and by no other line of the same route any more. */
function readLock(draft: RouteDraft, words: LineWords, key: LockableMetric): void {
  if (words.peek()?.text !== 'lock') return;
  words.next();
  if (!draft.locked.includes(key)) draft.locked.push(key);
}

type TimeMetric = 'roundTripTime' | 'roundTripVariance' | 'retransmissionMinimum';

/** The kernel's bounds for times of TCP, as keepalived sees them. */
const TIME_MIN = milliseconds(200);
const TIME_MAX = milliseconds(120_000);

/**
 * A time with s or ms behind it; without, in parts of a millisecond, as the kernel counts.
 * @param parts of a millisecond
 */
const time =
  (key: TimeMetric, parts: number): Option =>
  (draft, words, option) => {
    readLock(draft, words, key);
    const word = words.value(option);
    if (word === undefined) return;
    const [, digits = '', decimals = '', unit] = /^\+?([0-9]{0,15})(\.[0-9]*)?(s|ms)?$/.exec(word.text) ?? [];
    const places = unit === 's' ? 3 : 0;
    const amount = Number(`${digits}${decimals}`);
    const most = unit === 's' ? (parts * 120_000) / 1000 : parts * 120_000;
    if (!(amount <= most) || `${digits}${decimals}` === '') {
      words.drop(
        word,
        `${option.text}: expected a time, as 10s or 10ms, up to ${most}${unit ?? ''}, got '${word.text}'`,
      );
      return;
    }
    if (decimals.length > places + 1) words.warn(word, `${option.text}: more decimals than are counted; it is rounded`);
    const factor = unit === 's' ? 1000 : unit === 'ms' ? 1 : 1 / parts;
    const rounded = Math.round(amount * 10 ** places) / 10 ** places;
    draft.metrics[key] = clamp(scale(milliseconds(1), rounded * factor));
  };

const clamp = (duration: Duration): Duration =>
  duration < TIME_MIN ? TIME_MIN : duration > TIME_MAX ? TIME_MAX : duration;

const interfaceOption: Option = (draft, words, option) => {
  const word = words.value(option);
  if (word === undefined) return;
  draft.interface = word.text;
  draft.interfaces.push(word);
};

const gateway: Option = (draft, words, option) => {
  const family = words.family();
  draft.gateway = fitting(draft, words, option, words.address(option), family);
};

/** The address, when it is of the family of the others; the first one decides. */
function fitting(
  draft: RouteDraft,
  words: LineWords,
  at: Word,
  address: IpAddress | undefined,
  said?: Family,
): IpAddress | undefined {
  if (address === undefined) return undefined;
  const family = familyOf(address);
  draft.family ??= said ?? family;
  if (family === draft.family && family === (said ?? family)) return address;
  return words.drop(at, 'the addresses of a route are of one family');
}

/** Options that only routes of one family have. */
const of =
  (family: Family, read: Option): Option =>
  (draft, words, option) => {
    if (draft.family !== undefined && draft.family !== family) {
      words.drop(option, `${option.text} is for ${family === 'inet' ? 'IPv4' : 'IPv6'} only`);
    } else read(draft, words, option);
  };

/** keepalived 2.2.7 passes over the word behind it, whatever it is. */
const family =
  (given: Family): Option =>
  (draft, words, option) => {
    if (draft.family !== undefined && draft.family !== given) {
      words.drop(option, `${given} does not go with the addresses of the route`);
      return;
    }
    draft.family = given;
    const skipped = words.next();
    if (skipped !== undefined) words.warn(skipped, `'${skipped.text}' behind ${given} is not read`, { exitCode: 0 });
  };

const action =
  (which: Route['action']): Option =>
  (draft) => {
    draft.action = which;
  };

const PREFERENCES: Readonly<Record<string, number>> = { medium: 0, high: 1, low: 3 };

export const OPTIONS: Readonly<Record<string, Option>> = {
  via: gateway,
  gw(draft, words, option) {
    words.warn(option, 'gw is obsolete', { suggestion: 'write via' });
    gateway(draft, words, option);
  },
  or(draft, words, option) {
    words.warn(option, 'or is obsolete', { suggestion: 'write nexthop via … nexthop via …' });
    const address = words.address(option);
    if (address === undefined || draft.nextHops !== undefined) return;
    const first = draft.gateway === undefined ? {} : { gateway: draft.gateway };
    draft.gateway = undefined;
    draft.nextHops = [first, { gateway: address }];
  },
  dev: interfaceOption,
  oif: interfaceOption,
  src(draft, words, option) {
    draft.source = fitting(draft, words, option, words.address(option));
  },
  from: (draft, words, option) => {
    const from = words.prefix(option);
    if (from === undefined) return;
    if (from === 'everything' || familyOf(from.address) === 'inet') words.drop(option, 'from is for IPv6 only');
    else if (fitting(draft, words, option, from.address) !== undefined) draft.from = from;
  },
  vrf(_draft, words, option) {
    const word = words.value(option);
    if (word !== undefined) words.drop(word, `${word.text} is not a VRF that is known here`);
  },
  table(draft, words, option) {
    draft.table = words.named(option, 'table', UINT32_MAX);
  },
  scope(draft, words, option) {
    draft.scope = words.named(option, 'scope', BYTE_MAX);
  },
  metric: number('metric'),
  priority: number('metric'),
  preference: number('metric'),
  tos: trafficClass,
  dsfield: trafficClass,
  protocol(draft, words, option) {
    draft.protocol = words.named(option, 'protocol', BYTE_MAX);
  },
  onlink(draft) {
    draft.onlink = true;
  },
  mtu: metric('mtu', UINT32_MAX, true),
  hoplimit: metric('hopLimit', BYTE_MAX),
  advmss: metric('advertisedMss', UINT32_MAX, true),
  rtt: time('roundTripTime', 8),
  rttvar: time('roundTripVariance', 4),
  rto_min: time('retransmissionMinimum', 1),
  reordering: metric('reordering', UINT32_MAX, true),
  window: metric('window', UINT32_MAX),
  cwnd: metric('congestionWindow', UINT32_MAX, true),
  ssthresh: metric('slowStartThreshold', UINT32_MAX, true),
  initcwnd: metric('initialCongestionWindow', UINT32_MAX),
  initrwnd: metric('initialReceiveWindow', UINT32_MAX),
  quickack: metric('quickAck', 1),
  fastopen_no_cookie: metric('fastOpenNoCookie', 1),
  realms(draft, words, option) {
    draft.realms = words.realms(option);
    if (draft.family === 'inet6') words.drop(option, 'realms are for IPv4 only');
  },
  features(draft, words, option) {
    const word = words.value(option);
    if (word?.text === 'ecn') draft.metrics.explicitCongestionNotification = true;
    else if (word !== undefined) words.warn(word, `the only feature is ecn; '${word.text}' is ignored`);
  },
  congctl(draft, words, option) {
    readLock(draft, words, 'congestionControl');
    draft.metrics.congestionControl = words.value(option)?.text;
  },
  pref: of('inet6', (draft, words, option) => {
    const given = words.peek()?.text ?? '';
    if (!Object.hasOwn(PREFERENCES, given)) draft.routerPreference = words.number(option, 0, BYTE_MAX);
    else {
      words.next();
      draft.routerPreference = PREFERENCES[given];
    }
  }),
  expires: of('inet6', (draft, words, option) => {
    draft.expires = words.number(option, 0, UINT32_MAX);
  }),
  'ttl-propagate'(draft, words, option) {
    const word = words.value(option);
    if (word === undefined) return;
    draft.ttlPropagate = word.text === 'enabled';
    if (word.text !== 'enabled' && word.text !== 'disabled') {
      words.warn(word, `expected enabled or disabled after ttl-propagate, got '${word.text}'; disabled is used`);
    }
  },
  encap(draft, words, option) {
    draft.encapsulation = readEncapsulation(words, option);
  },
  as(_draft, words, option) {
    words.warn(option, 'as is for MPLS only; it is ignored');
    const word = words.value(option);
    if (word?.text === 'to') words.next();
  },
  inet: family('inet'),
  inet6: family('inet6'),
  add: action('add'),
  prepend: action('prepend'),
  append: action('append'),
  no_track(draft) {
    draft.noTrack = true;
  },
  nexthop(draft, words) {
    draft.nextHops = readNextHops(words, draft.family, draft.interfaces);
  },
};

function trafficClass(draft: RouteDraft, words: LineWords, option: Word): void {
  draft.tos = words.named(option, 'dsfield', BYTE_MAX);
}

/** @param isStatic whether it belongs to no instance: only then can it have a track_group */
export const routeLine = (isStatic: boolean): LineType<RouteLine> => ({
  expected: 'a destination and options',
  options: isStatic ? staticRouteOptions : routeOptions,
  strict: true,
  read(given, report, numberOf = shippedNames) {
    const line = readRoute(new LineWords(given, report, numberOf), given[0], isStatic);
    return line === undefined ? [] : [line];
  },
});

/** The route of a line; undefined when it is dropped. */
function readRoute(words: LineWords, first: Word | undefined, isStatic: boolean): RouteLine | undefined {
  const draft: RouteDraft = { metrics: {}, locked: [], interfaces: [] };
  const known = [...Object.keys(OPTIONS), ...(isStatic ? ['track_group'] : [])];
  for (let word = words.next(); word !== undefined; word = words.next()) {
    const option = Object.hasOwn(OPTIONS, word.text) ? OPTIONS[word.text] : undefined;
    if (option !== undefined) option(draft, words, word);
    else if (word.text === 'track_group' && isStatic) draft.trackGroup = words.value(word)?.text;
    else readDestination(draft, words, word, known);
  }
  return words.dropped || first === undefined ? undefined : complete(draft, words, first);
}

/** `[to] [TYPE] DESTINATION`; the last one counts. */
function readDestination(draft: RouteDraft, words: LineWords, first: Word, known: readonly string[]): void {
  let word: Word | undefined = first;
  if (word.text === 'to') word = words.value(word);
  const type = word && typeOf(word.text);
  if (word !== undefined && type !== undefined) {
    draft.type = type;
    draft.action = 'add';
    word = words.value(word);
  }
  if (word === undefined) return;
  const destination = words.prefixOf(word);
  if (destination === undefined) words.unknown(word, known);
  else if (destination !== 'everything') {
    if (fitting(draft, words, word, destination.address) !== undefined) draft.destination = destination;
  } else if (draft.family === undefined) draft.destination = destination;
  else words.drop(word, `${word.text} comes before the other addresses`, { suggestion: 'write 0.0.0.0/0 or ::/0' });
}

/** A type by its name or number. */
function typeOf(text: string): RouteType | undefined {
  const named = TYPES.find((type) => type !== undefined && type === text);
  if (named !== undefined) return named;
  const number = /^[0-9]{1,3}$/.test(text) ? Number(text) : BYTE_MAX + 1;
  return number <= BYTE_MAX ? (TYPES[number] ?? number) : undefined;
}

function complete(draft: RouteDraft, words: LineWords, first: Word): RouteLine | undefined {
  const { destination, family, metrics, locked, nextHops, noTrack, interfaces, trackGroup, ...rest } = draft;
  if (destination === undefined) return words.drop(first, 'the route has no destination');
  const tracked = noTrack !== true && rest.interface !== undefined;
  if (noTrack !== true && rest.interface === undefined) {
    words.warn(first, 'a route without dev is not tracked', { suggestion: 'add dev or no_track' });
  }
  const route = {
    destination: destination === 'everything' ? everythingOf(family ?? 'inet') : destination,
    ...rest,
    action: rest.action ?? 'prepend',
    protocol: noTrack === true ? rest.protocol : protocolOf(rest.protocol, words, first),
    metrics: Object.keys(metrics).length === 0 ? undefined : metrics,
    locked: locked.length === 0 ? undefined : locked,
    nextHops,
    tracked,
    trackGroup,
  };
  return { word: first, route: withoutUndefined(route) as Route, interfaces };
}

/** What is tracked carries our mark. */
function protocolOf(given: number | undefined, words: LineWords, first: Word): number {
  if (given !== undefined && given !== KEEPALIVED_PROTOCOL) {
    words.warn(first, 'what is tracked has the protocol of the agent; the one given is ignored', {
      suggestion: 'add no_track',
    });
  }
  return KEEPALIVED_PROTOCOL;
}
