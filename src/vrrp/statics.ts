/**
 * What the file wants of the host whatever the virtual routers do: static_ipaddress, static_routes, static_rules, and the
 * track_groups of instances that depend on some of it. keepalived.conf(5) "Static track groups".
 */
import type { Report } from '../config/diagnostics.ts';
import type { Word } from '../config/lexer.ts';
import type { AddressLine } from './address-keywords.ts';
import type { VirtualAddress } from './instance.ts';
import type { Possessions } from './possessions.ts';
import type { Route, Rule } from './route.ts';
import type { RouteLine } from './route-keywords.ts';
import type { RuleLine } from './rule-keywords.ts';

/** Things of no instance, and who depends on them. */
export interface Statics extends Possessions {
  readonly addresses: readonly StaticAddress[];
  readonly groups: readonly TrackGroup[];
}

export interface StaticAddress extends VirtualAddress {
  /** Instances that depend on it. */
  readonly trackGroup?: string;
}

/** Names of instances. */
export interface TrackGroup {
  readonly name: string;
  readonly members: readonly string[];
}

/** A block of the file with its place among all. */
export interface Placed<Content> {
  readonly position: number;
  readonly content: Content;
}

export interface StaticReadings {
  readonly addresses: readonly Placed<readonly AddressLine[]>[];
  readonly routes: readonly Placed<readonly RouteLine[]>[];
  readonly rules: readonly Placed<readonly RuleLine[]>[];
  readonly groups: readonly Placed<{ readonly name: Word; readonly members: readonly Word[] }>[];
}

export interface StaticDefaults {
  /** keepalived.conf(5) "default_interface". */
  readonly interface: string;
  /** Absent: interfaces are not looked for. */
  readonly interfaceExists?: ((name: string) => boolean) | undefined;
  /** What a rule gets that has no priority of its own. */
  readonly priorityOf: (line: RuleLine) => number;
}

/** What is said where a track_group does not count. */
export const NOBODY_TRACKS = 'nobody tracks';

/** keepalived.conf(5) "default_interface": where nobody says. */
export const DEFAULT_INTERFACE = 'eth0';

/** The things of the file; what refers to no group is there without one. */
export function buildStatics(readings: StaticReadings, defaults: StaticDefaults, report: Report): Statics {
  const known = new Map<string, Placed<{ readonly name: Word; readonly members: readonly Word[] }>>();
  for (const group of readings.groups) {
    const { name } = group.content;
    if (!known.has(name.text)) known.set(name.text, group);
    else report.error(name, `track_group ${name.text} is there already; this one is left out`);
  }
  /** Whether a line can refer to the group. */
  const refers = (at: Word, group: string | undefined, position: number): boolean => {
    const found = group === undefined ? undefined : known.get(group);
    if (group === undefined || (found !== undefined && found.position < position)) return group !== undefined;
    const problem = found === undefined ? `there is no track_group ${group}` : `the track_group ${group} comes later`;
    report.error(at, `${problem}; ${NOBODY_TRACKS} ${at.text}`);
    return false;
  };
  return {
    addresses: flatten(readings.addresses, (line, position): StaticAddress => {
      const { word, trackGroup, interface: given, ...rest } = line;
      const name = given ?? defaults.interface;
      if (given === undefined && defaults.interfaceExists?.(name) === false) {
        report.warning(word, `${word.text} has no dev, and the default interface ${name} does not exist on this host`, {
          suggestion: 'add dev, or default_interface to global_defs',
          exitCode: 4,
        });
      }
      const group = refers(word, trackGroup, position) && trackGroup !== undefined ? { trackGroup } : {};
      return { ...rest, interface: name, ...group };
    }),
    routes: flatten(readings.routes, ({ word, route }, position): Route => {
      const { trackGroup, ...rest } = route;
      if (trackGroup !== undefined && route.interface === undefined) {
        report.error(word, `a route without dev cannot have a track_group; ${NOBODY_TRACKS} it`);
        return rest;
      }
      return refers(word, trackGroup, position) ? route : rest;
    }),
    rules: flatten(readings.rules, (line, position): Rule => {
      const { trackGroup, ...rest } = { ...line.rule, priority: defaults.priorityOf(line) };
      if (trackGroup !== undefined && rest.inputInterface === undefined) {
        report.error(line.word, `a rule without iif cannot have a track_group; ${NOBODY_TRACKS} it`);
        return rest;
      }
      return refers(line.word, trackGroup, position) ? { ...rest, ...(trackGroup && { trackGroup }) } : rest;
    }),
    groups: [...known.values()].map(({ content }) => ({
      name: content.name.text,
      members: content.members.map(({ text }) => text),
    })),
  };
}

const flatten = <Line, Built>(
  all: readonly Placed<readonly Line[]>[],
  build: (line: Line, position: number) => Built,
): Built[] => all.flatMap(({ position, content }) => content.map((line) => build(line, position)));
