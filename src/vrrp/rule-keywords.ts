/**
 * The lines of virtual_rules and static_rules: what a packet looks like, what happens to it, and at which place the rule
 * stands. keepalived.conf(5) "virtual_rules".
 */
import { type Family, familyOf } from '../base/address.ts';
import type { Word } from '../config/lexer.ts';
import type { LineType } from '../config/table.ts';
import { INT32_MAX, UINT32_MAX } from '../config/values.ts';
import { type Draft, everythingOf, LineWords, unsigned, withoutUndefined } from './line-words.ts';
import { shippedNames } from './number-names.ts';
import type { Prefix, Range, Rule, RuleAction } from './route.ts';
import { KEEPALIVED_PROTOCOL } from './route-keywords.ts';
import { ruleOptions, staticRuleOptions } from './route-options.ts';

/** A rule line as it was read. */
export interface RuleLine {
  readonly word: Word;
  /** Its priority is to be made up: `rulePriorities`. */
  readonly lacksPriority: boolean;
  readonly rule: Rule;
  /** Interfaces that it names, to look for. */
  readonly interfaces: readonly Word[];
}

type RuleDraft = Draft<Omit<Rule, 'from' | 'to'>> & {
  /** Everything is of the family of the other address, when that comes later. */
  from?: Prefix | 'everything' | undefined;
  to?: Prefix | 'everything' | undefined;
  noTrack?: true;
  suppresses?: boolean;
  readonly interfaces: Word[];
};

type Option = (draft: RuleDraft, words: LineWords, option: Word) => void;

const BYTE_MAX = 255;
const UINT64_MAX = 0xffffffffffffffffn;
/** keepalived keeps the number in 7 bits and a sign. */
const IP_PROTOCOL_MAX = 127;

/** keepalived counts down from here where a rule has no priority of its own. */
const FIRST_PRIORITY = 16384;

/** The priorities of rules; one is made up for each that has none. @param lines all of a file, in its order */
export function rulePriorities(lines: readonly RuleLine[]): (line: RuleLine) => number {
  const lacking = lines.filter(({ lacksPriority }) => lacksPriority);
  const positions = new Map(lacking.map((line, i) => [line, i]));
  return (line) => (line.lacksPriority ? FIRST_PRIORITY - (positions.get(line) ?? 0) : line.rule.priority);
}

const interfaceOption =
  (key: 'inputInterface' | 'outputInterface'): Option =>
  (draft, words, option) => {
    const word = words.value(option);
    if (word === undefined) return;
    draft[key] = word.text;
    draft.interfaces.push(word);
  };

const prefix =
  (key: 'from' | 'to'): Option =>
  (draft, words, option) => {
    const found = words.prefix(option);
    if (found === undefined) return;
    const family = found === 'everything' ? undefined : familyOf(found.address);
    if (draft.family === undefined || draft.family === family) Object.assign(draft, { [key]: found, family });
    else words.drop(option, 'the addresses of a rule are of one family, and default comes first');
  };

/** keepalived 2.2.7 passes over the word behind it, whatever it is. */
const family =
  (given: Family): Option =>
  (draft, words, option) => {
    if (draft.family !== undefined && draft.family !== given) {
      words.drop(option, `${given} does not go with the addresses of the rule`);
      return;
    }
    draft.family = given;
    const skipped = words.next();
    if (skipped !== undefined) words.warn(skipped, `'${skipped.text}' behind ${given} is not read`, { exitCode: 0 });
  };

const act =
  (read: (words: LineWords, option: Word) => RuleAction | undefined): Option =>
  (draft, words, option) => {
    if (draft.action !== undefined) words.drop(option, 'a rule does one thing only');
    else draft.action = read(words, option);
  };

const table = act((words, option) => {
  const number = words.named(option, 'table', UINT32_MAX);
  if (number !== 0) return number === undefined ? undefined : { type: 'table', table: number };
  return words.drop(option, 'there is no table 0');
});

const simple = (type: 'nop' | 'blackhole' | 'prohibit' | 'unreachable' | 'l3mdev'): Option => act(() => ({ type }));

const ACTIONS: Readonly<Record<string, Option>> = {
  nop: simple('nop'),
  blackhole: simple('blackhole'),
  prohibit: simple('prohibit'),
  unreachable: simple('unreachable'),
};

const suppress =
  (key: 'suppressPrefixLength' | 'suppressInterfaceGroup'): Option =>
  (draft, words, option) => {
    draft.suppresses = true;
    draft[key] =
      key === 'suppressPrefixLength' ? words.number(option, 0, INT32_MAX) : words.named(option, 'group', INT32_MAX);
  };

const priority: Option = (draft, words, option) => {
  const word = words.value(option);
  if (word === undefined) return;
  const number = unsigned(word.text);
  if (number === undefined) words.drop(word, `${option.text}: expected a number of 32 bits, got '${word.text}'`);
  else draft.priority = number;
};

const trafficClass: Option = (draft, words, option) => {
  draft.tos = words.named(option, 'dsfield', BYTE_MAX);
};

/** Two numbers with a hyphen between them; keepalived keeps so many bits of them. */
function range(words: LineWords, option: Word, bits: number): Range | 'none' | undefined {
  const word = words.value(option);
  if (word === undefined) return undefined;
  const [, first, last] = /^([+-]?[0-9]{1,20})-([+-]?[0-9]{1,20})/.exec(word.text) ?? [];
  if (first === undefined || last === undefined) return 'none';
  const kept = (text: string) => Number(BigInt.asUintN(bits, BigInt(text.replace('+', ''))));
  return { first: kept(first), last: kept(last) };
}

const ports =
  (key: 'sourcePorts' | 'destinationPorts'): Option =>
  (draft, words, option) => {
    const at = words.peek();
    const found = range(words, option, 16);
    if (found !== 'none') draft[key] = found;
    else words.warn(at ?? option, `${option.text}: expected FIRST-LAST, got '${at?.text}'; it is ignored`);
  };

export const OPTIONS: Readonly<Record<string, Option>> = {
  from: prefix('from'),
  to: prefix('to'),
  table,
  lookup: table,
  preference: priority,
  order: priority,
  priority,
  fwmark(draft, words, option) {
    const word = words.value(option);
    if (word === undefined) return;
    const [value = '', mask, more] = word.text.split('/');
    // Where nothing stands before or behind the slash, keepalived reads 0.
    const mark = value === '' && mask !== undefined ? 0 : unsigned(value);
    const masked = mask === undefined ? undefined : mask === '' ? 0 : unsigned(mask);
    if (mark === undefined || (mask !== undefined && masked === undefined) || more !== undefined) {
      words.drop(word, `fwmark: expected a number or NUMBER/MASK, got '${word.text}'`);
    } else Object.assign(draft, { firewallMark: mark, firewallMask: masked });
  },
  iif: interfaceOption('inputInterface'),
  dev: interfaceOption('inputInterface'),
  oif: interfaceOption('outputInterface'),
  not(draft) {
    draft.not = true;
  },
  tos: trafficClass,
  dsfield: trafficClass,
  realms(draft, words, option) {
    draft.suppresses = true;
    draft.realms = words.realms(option);
    if (draft.family === 'inet6') words.drop(option, 'realms are for IPv4 only');
    draft.family = 'inet';
  },
  goto: act((words, option) => {
    const target = words.number(option, 0, UINT32_MAX);
    return target === undefined ? undefined : { type: 'goto', target };
  }),
  ...ACTIONS,
  type(draft, words, option) {
    const word = words.value(option);
    const action = word && Object.hasOwn(ACTIONS, word.text) ? ACTIONS[word.text] : undefined;
    if (word !== undefined && action === undefined) words.unknown(word, Object.keys(ACTIONS));
    else if (word !== undefined) action?.(draft, words, word);
  },
  l3mdev: simple('l3mdev'),
  suppress_prefixlength: suppress('suppressPrefixLength'),
  sup_pl: suppress('suppressPrefixLength'),
  suppress_ifgroup: suppress('suppressInterfaceGroup'),
  sup_group: suppress('suppressInterfaceGroup'),
  'tunnel-id'(draft, words, option) {
    const word = words.value(option);
    if (word === undefined) return;
    const isNumber = /^\+?[0-9]{1,20}$/.test(word.text) && BigInt(word.text.replace('+', '')) <= UINT64_MAX;
    if (isNumber) draft.tunnelId = String(BigInt(word.text.replace('+', '')));
    else words.drop(word, `tunnel-id: expected a number of 64 bits, got '${word.text}'`);
  },
  uidrange(draft, words, option) {
    const at = words.peek();
    const found = range(words, option, 32);
    if (found === 'none') words.drop(at ?? option, `uidrange: expected FIRST-LAST, got '${at?.text}'`);
    else draft.users = found;
  },
  ipproto(draft, words, option) {
    const word = words.value(option);
    if (word === undefined) return;
    const found = /^0x/i.test(word.text) ? undefined : words.nameOrNumber(word.text, 'ipProtocol', IP_PROTOCOL_MAX);
    if (found !== undefined) draft.ipProtocol = found;
    else words.warn(word, `ipproto: '${word.text}' is no IP protocol; it is ignored`);
  },
  sport: ports('sourcePorts'),
  dport: ports('destinationPorts'),
  protocol(draft, words, option) {
    const word = words.value(option);
    if (word === undefined) return;
    const found = /^\+?[0-9]{1,10}$/.test(word.text) ? Number(word.text) : Number.NaN;
    if (found <= BYTE_MAX) draft.protocol = found;
    else words.warn(word, `protocol: expected a number from 0 to ${BYTE_MAX}, got '${word.text}'; it is ignored`);
  },
  inet: family('inet'),
  inet6: family('inet6'),
  no_track(draft) {
    draft.noTrack = true;
  },
};

/** @param isStatic whether it belongs to no instance: only then can it have a track_group */
export const ruleLine = (isStatic: boolean): LineType<RuleLine> => ({
  expected: 'what is looked at, an action and a preference',
  options: isStatic ? staticRuleOptions : ruleOptions,
  strict: true,
  read(given, report, numberOf = shippedNames) {
    const line = readRule(new LineWords(given, report, numberOf), given[0], isStatic);
    return line === undefined ? [] : [line];
  },
});

/** The rule of a line; undefined when it is dropped. */
function readRule(words: LineWords, first: Word | undefined, isStatic: boolean): RuleLine | undefined {
  const draft: RuleDraft = { interfaces: [] };
  for (let word = words.next(); word !== undefined; word = words.next()) {
    const option = Object.hasOwn(OPTIONS, word.text) ? OPTIONS[word.text] : undefined;
    if (option !== undefined) option(draft, words, word);
    else if (word.text === 'track_group' && isStatic) draft.trackGroup = words.value(word)?.text;
    else words.unknown(word, Object.keys(OPTIONS));
  }
  return words.dropped || first === undefined ? undefined : complete(draft, words, first);
}

function complete(draft: RuleDraft, words: LineWords, first: Word): RuleLine | undefined {
  const { action, noTrack, suppresses, interfaces, family = 'inet', protocol, ...rest } = draft;
  if (action === undefined) return words.drop(first, 'the rule has no action', { suggestion: 'add table NUMBER' });
  if (suppresses && action.type !== 'table') {
    return words.drop(first, 'realms and suppress_… go with a table only');
  }
  if (action.type === 'goto' && action.target <= (rest.priority ?? 0)) {
    return words.drop(first, `goto ${action.target} does not lead behind the preference ${rest.priority ?? 0}`);
  }
  const tracked = noTrack !== true;
  if (tracked && protocol !== undefined && protocol !== KEEPALIVED_PROTOCOL) {
    words.warn(first, 'what is tracked has the protocol of the agent; the one given is ignored', {
      suggestion: 'add no_track',
    });
  }
  if (rest.priority === undefined) {
    words.warn(first, 'the rule has no preference; one is made up', { suggestion: 'add preference NUMBER' });
  }
  const [from, to] = [rest.from, rest.to].map((one) => (one === 'everything' ? everythingOf(family) : one));
  const given = withoutUndefined({ ...rest, from, to });
  const own = tracked ? KEEPALIVED_PROTOCOL : protocol;
  return {
    word: first,
    lacksPriority: rest.priority === undefined,
    rule: { family, action, priority: 0, ...given, ...(own === undefined ? {} : { protocol: own }), tracked },
    interfaces,
  };
}
