/**
 * The lines of virtual_routes, static_routes, virtual_rules and static_rules: which words there are and what follows
 * them, so that `-t` can say what is wrong. keepalived.conf(5) "virtual_routes", "virtual_rules". The kernel's tables are
 * not changed yet.
 */
import { parseAddress } from '../base/address.ts';
import type { Report } from '../config/diagnostics.ts';
import type { Word } from '../config/lexer.ts';
import { nearestWord } from '../config/suggestion.ts';
import type { LineType } from '../config/table.ts';

/** A route or rule as it was written, with the interface it is tracked by. */
export interface RouteLine {
  readonly word: Word;
  readonly words: readonly string[];
  /** Interfaces that it names, to look for. */
  readonly interfaces: readonly Word[];
}

/** What follows an option: nothing, any word, or a word of this kind. */
type Parameter = 'none' | 'word' | 'address' | 'number' | 'interface' | 'lockable';

const ROUTE_TYPES = 'unicast local broadcast anycast multicast throw unreachable prohibit blackhole nat'.split(' ');

const named = (words: string, parameter: Parameter): Record<string, Parameter> =>
  Object.fromEntries(words.split(' ').map((word) => [word, parameter]));

const ROUTE_OPTIONS: Readonly<Record<string, Parameter>> = {
  ...named('via gw or src from as', 'address'),
  ...named('dev oif', 'interface'),
  ...named('vrf table scope protocol tos dsfield realms features pref ttl-propagate', 'word'),
  ...named('metric priority preference hoplimit window ssthresh initcwnd initrwnd quickack expires', 'number'),
  ...named('mtu advmss reordering cwnd rtt rttvar rto_min congctl', 'lockable'),
  ...named('fastopen_no_cookie', 'number'),
  ...named('onlink add prepend append no_track inet inet6', 'none'),
};

const RULE_OPTIONS: Readonly<Record<string, Parameter>> = {
  ...named('from to', 'address'),
  ...named('iif dev oif', 'interface'),
  ...named('table lookup fwmark tos dsfield realms suppress_ifgroup sup_group uidrange protocol ipproto', 'word'),
  ...named('sport dport track_group', 'word'),
  ...named('preference order priority goto suppress_prefixlength sup_pl tunnel-id', 'number'),
  ...named('not nop blackhole prohibit unreachable l3mdev type inet inet6 no_track', 'none'),
};

const ACTIONS = new Set('table lookup goto nop blackhole prohibit unreachable l3mdev'.split(' '));
const PREFERENCES = new Set(['preference', 'order', 'priority']);

/** Names of /etc/iproute2/rt_tables and rt_scopes as iproute2 ships them. */
const TABLES = new Set(['main', 'default', 'local', 'unspec']);
const SCOPES = new Set(['global', 'site', 'link', 'host', 'nowhere']);

/** @param isStatic whether it belongs to no instance: only then can it have a track_group */
export const routeLine = (isStatic: boolean): LineType<RouteLine> => ({
  expected: 'a destination and options',
  strict: true,
  read: (words, report) => new Line(words, report, isStatic).route(),
});

export const ruleLine = (): LineType<RouteLine> => ({
  expected: 'what is looked at, an action and a preference',
  strict: true,
  read: (words, report) => new Line(words, report, true).rule(),
});

class Line {
  readonly #words: readonly Word[];
  readonly #report: Report;
  readonly #isStatic: boolean;
  readonly #interfaces: Word[] = [];
  readonly #given = new Set<string>();

  constructor(words: readonly Word[], report: Report, isStatic: boolean) {
    this.#words = words;
    this.#report = report;
    this.#isStatic = isStatic;
  }

  route(): RouteLine[] {
    const [first] = this.#words;
    if (first === undefined) return [];
    let hasDestination = false;
    for (let i = ROUTE_TYPES.includes(first.text) ? 1 : 0; i < this.#words.length; i++) {
      const word = this.#words[i] as Word;
      if (word.text === 'nexthop') {
        if (!hasDestination) return this.#dropped(word, 'the route has no destination');
        return this.#routeWithHops(i);
      }
      if (word.text === 'encap') break; // a grammar of its own, to the end of the line
      const parameter = this.#isStatic && word.text === 'track_group' ? 'word' : ROUTE_OPTIONS[word.text];
      if (parameter !== undefined && Object.hasOwn(ROUTE_OPTIONS, word.text)) {
        const next = this.#option(word, parameter, i);
        if (next === undefined) return [];
        i = next;
      } else if (parameter !== undefined) i++;
      else if (word.text === 'to' || !hasDestination) {
        if (word.text === 'to') i++;
        const destination = this.#words[i];
        if (destination === undefined) return this.#missing(word);
        if (!isPrefix(destination.text))
          return this.#dropped(destination, `unknown word '${destination.text}'`, ROUTE_OPTIONS);
        this.#prefixLength(destination);
        hasDestination = true;
      } else return this.#dropped(word, `unknown word '${word.text}'`, ROUTE_OPTIONS);
    }
    if (!hasDestination) return this.#dropped(first, 'the route has no destination');
    this.#tracking(first);
    return this.#done(first);
  }

  #routeWithHops(from: number): RouteLine[] {
    const hops = this.#words.slice(from);
    for (const [i, word] of hops.entries()) {
      const name = hops[i + 1];
      if (word.text === 'dev' && name !== undefined) this.#interfaces.push(name);
    }
    this.#tracking(this.#words[0] as Word);
    return this.#done(this.#words[0] as Word);
  }

  #tracking(first: Word): void {
    if (this.#given.has('no_track')) return;
    if (this.#given.has('protocol')) {
      this.#report.warning(first, 'a tracked route has the protocol of the agent; the one given is ignored', {
        suggestion: 'add no_track',
      });
    }
    if (this.#given.has('dev') || this.#given.has('oif')) return;
    this.#report.warning(first, 'a route without dev is not tracked', { suggestion: 'add dev or no_track' });
  }

  rule(): RouteLine[] {
    const [first] = this.#words;
    if (first === undefined) return [];
    for (let i = 0; i < this.#words.length; i++) {
      const word = this.#words[i] as Word;
      const parameter = Object.hasOwn(RULE_OPTIONS, word.text) ? RULE_OPTIONS[word.text] : undefined;
      if (parameter === undefined) return this.#dropped(word, `unknown word '${word.text}'`, RULE_OPTIONS);
      const next = this.#option(word, parameter, i);
      if (next === undefined) return [];
      i = next;
    }
    if (![...this.#given].some((word) => ACTIONS.has(word))) return this.#dropped(first, 'the rule has no action');
    if (![...this.#given].some((word) => PREFERENCES.has(word))) {
      this.#report.warning(first, 'the rule has no preference; one is made up', {
        suggestion: 'add preference NUMBER',
      });
    }
    return this.#done(first);
  }

  /** Where the option ends; undefined when the line is dropped. */
  #option(option: Word, parameter: Parameter, at: number): number | undefined {
    this.#given.add(option.text);
    if (option.text === 'gw' || option.text === 'or') {
      const instead = option.text === 'gw' ? 'via' : 'nexthop';
      this.#report.warning(option, `${option.text} is obsolete`, { suggestion: `write ${instead}` });
    }
    if (parameter === 'none') return at;
    let end = at + 1;
    const isPrefixed = ['lock', 'inet', 'inet6'].includes(this.#words[end]?.text ?? '');
    if (isPrefixed && (parameter === 'lockable' || parameter === 'address')) end++;
    const word = this.#words[end];
    if (word === undefined) {
      this.#missing(option);
      return undefined;
    }
    const problem = this.#problem(option, word, parameter);
    if (problem === undefined) return end;
    this.#dropped(word, problem);
    return undefined;
  }

  #problem({ text: option }: Word, word: Word, parameter: Parameter): string | undefined {
    const { text } = word;
    if (parameter === 'interface') this.#interfaces.push(word);
    else if (parameter === 'address' && !isPrefix(text)) return `${option}: expected an address, got '${text}'`;
    else if (parameter === 'number' && !/^[0-9]{1,10}$/.test(text))
      return `${option}: expected a number, got '${text}'`;
    else if (option === 'scope' && !SCOPES.has(text) && !/^[0-9]{1,3}$/.test(text)) return `unknown scope '${text}'`;
    else if ((option === 'table' || option === 'lookup') && !TABLES.has(text) && !/^(0x)?[0-9a-f]{1,10}$/i.test(text))
      return `the table '${text}' is not known by that name`;
    return undefined;
  }

  #prefixLength(word: Word): void {
    const [address = '', length] = word.text.split('/');
    const max = address.includes(':') ? 128 : 32;
    if (length === undefined || (/^[0-9]{1,3}$/.test(length) && Number(length) <= max)) return;
    this.#report.error(word, `expected a prefix length from 0 to ${max}, got '${length}'; ${max} is used`);
  }

  #missing(option: Word): [] {
    this.#report.error(option, `${option.text} has no value`, { exitCode: 2, fatal: true, keyword: option.text });
    return [];
  }

  #dropped(at: Word, problem: string, options?: Readonly<Record<string, Parameter>>): [] {
    const near = options && nearestWord(at.text, Object.keys(options));
    this.#report.error(at, `${problem}; the line is ignored`, near ? { suggestion: `did you mean ${near}?` } : {});
    return [];
  }

  #done(word: Word): RouteLine[] {
    return [{ word, words: this.#words.map(({ text }) => text), interfaces: this.#interfaces }];
  }
}

/** An address or a network; short forms of IPv4 networks count. */
function isPrefix(text: string): boolean {
  if (/^(default|all|any)6?$/.test(text)) return true;
  const address = text.split('/')[0] ?? '';
  return parseAddress(address) !== undefined || /^[0-9]{1,3}(\.[0-9]{1,3}){0,2}$/.test(address);
}
