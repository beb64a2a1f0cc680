/**
 * The blocks of the top level that are about no single instance: static addresses, routes and rules with the groups that
 * they follow, and what holds for interfaces. keepalived.conf(5). What they say about each other: root-blocks.ts.
 */
import { type Duration, ZERO } from '../base/time.ts';
import type { Word } from '../config/lexer.ts';
import { ANYTHING, blocks, type LineType, list, NAME, type Reading, table, value } from '../config/table.ts';
import { type Complaints, decimalSeconds, oneWord, type ValueType } from '../config/values.ts';
import { addressLine } from './address-keywords.ts';
import { routeLine } from './route-keywords.ts';
import { ruleLine } from './rule-keywords.ts';

/** Names, one or more a line. */
export const nameLine: LineType<Word> = { expected: 'names', read: (given) => given };

/** Some interfaces; each line adds one. */
const interfaces: ValueType<string[]> = oneWord(
  'the name of an interface',
  (name) => [name],
  (names) => names.join(' '),
);

/** Longer than this keepalived cannot count in microseconds. */
const GARP_INTERVAL_MAX = 2147.483647;
const garpInterval = () => decimalSeconds(0, GARP_INTERVAL_MAX);

/** The words of garp_group { }. */
export const garpGroupKeywords = table({
  garpInterval: value('garp_interval', garpInterval(), 'Time between gratuitous ARPs on its interfaces together.'),
  gnaInterval: value('gna_interval', garpInterval(), 'Time between unsolicited Neighbor Advertisements on them.'),
  interface: value('interface', interfaces, 'An interface of the group; may be repeated.', {
    addUp: (earlier, now) => [...earlier, ...now],
  }),
  interfaces: list('interfaces', nameLine, 'The interfaces of the group.', {
    whenEmpty: 'the list of interfaces is empty',
  }),
});

/** The words of track_group NAME { }. */
export const trackGroupKeywords = table({
  group: list('group', nameLine, 'Names of instances.', {
    whenEmpty: 'the group names no instance',
  }),
});

/** How the link of an interface is polled. */
export type LinkbeatMethod = 'MII' | 'ETHTOOL' | 'IOCTL';

/** A line of linkbeat_interfaces. */
export interface LinkbeatLine {
  readonly word: Word;
  /** Absent: what the interface can do. */
  readonly method?: LinkbeatMethod;
}

const isMethod = (text: string): text is LinkbeatMethod => /^(MII|ETHTOOL|IOCTL)$/.test(text);

const linkbeatLine: LineType<LinkbeatLine> = {
  expected: 'an interface, then MII, ETHTOOL or IOCTL if wanted',
  strict: true,
  read([word, ...rest], report) {
    if (word === undefined) return [];
    // keepalived looks at the last word, and complains about all between it and the interface.
    const last = rest.at(-1);
    const method = last !== undefined && isMethod(last.text) ? last.text : undefined;
    const [wrong] = method === undefined ? rest : rest.slice(0, -1);
    if (wrong !== undefined) {
      report.warning(wrong, `expected MII, ETHTOOL or IOCTL after ${word.text}, got '${wrong.text}'; it is ignored`);
    }
    return [method === undefined ? { word } : { word, method }];
  },
};

/** A line of interface_up_down_delays. */
export interface InterfaceDelays {
  readonly word: Word;
  readonly downDelay: Duration;
  readonly upDelay: Duration;
}

const DELAY_MAX = 255;

const delayLine: LineType<InterfaceDelays> = {
  expected: `an interface, then how long it must be down and up, from 0 to ${DELAY_MAX} seconds`,
  read([word, down, up, surplus], report) {
    if (word === undefined) return [];
    const complain = (what: string): Complaints => ({
      refuse: (at, problem) => void report.error(at, `${what} of ${word.text}: ${problem}; 0 is used`),
      correct: (at, message, details) => report.warning(at, `${what} of ${word.text}: ${message}`, details),
    });
    const read = (given: Word | undefined, what: string): Duration =>
      (given && decimalSeconds(0, DELAY_MAX).read([given], complain(what))) ?? ZERO;
    if (surplus !== undefined) report.warning(surplus, `unexpected '${surplus.text}'; it is ignored`, { exitCode: 0 });
    return [{ word, downDelay: read(down, 'the down delay'), upDelay: read(up, 'the up delay') }];
  },
};

/** The blocks, by our names. */
export const vrrpRootBlocks = {
  trackGroups: blocks(
    'track_group',
    NAME,
    trackGroupKeywords,
    'Instances that are in FAULT while static addresses, routes or rules that name the group cannot be had.',
  ),
  staticAddresses: list('static_ipaddress', addressLine(true), 'Addresses that are there while the agent runs.'),
  staticRoutes: list('static_routes', routeLine(true), 'Routes that are there while the agent runs.'),
  staticRules: list('static_rules', ruleLine(true), 'Routing rules that are there while the agent runs.'),
  garpGroups: blocks('garp_group', ANYTHING, garpGroupKeywords, 'Interfaces that share the spacing of gratuitous ARP.'),
  linkbeatInterfaces: list(
    'linkbeat_interfaces',
    linkbeatLine,
    'Interfaces whose link is looked at once a second, too; by its flags, whatever method is given.',
  ),
  interfaceDelays: list('interface_up_down_delays', delayLine, 'How long an interface must be up or down to count.'),
};

export type TrackGroupReading = Reading<(typeof trackGroupKeywords)['entries']>;
export type GarpGroupReading = Reading<(typeof garpGroupKeywords)['entries']>;
