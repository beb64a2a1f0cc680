/** What the blocks of root-keywords.ts say about each other and about the interfaces of this host. As keepalived 2.2.7. */
import type { Report } from '../config/diagnostics.ts';
import type { Word } from '../config/lexer.ts';
import type { Statement } from '../config/statement.ts';
import { nearestWord } from '../config/suggestion.ts';
import type { GarpGroupReading, InterfaceDelays, LinkbeatLine, TrackGroupReading } from './root-keywords.ts';

/** A word of a static address, route or rule that names a track_group, and the block that it stands in. */
export interface GroupFollower {
  readonly word: Word;
  readonly group: string;
  readonly block: Statement;
}

export interface VrrpRootBlocks {
  readonly trackGroups: readonly TrackGroupReading[];
  readonly garpGroups: readonly GarpGroupReading[];
  readonly linkbeatInterfaces: readonly LinkbeatLine[];
  readonly interfaceDelays: readonly InterfaceDelays[];
  readonly followers: readonly GroupFollower[];
  /** For names that nobody has. */
  readonly instances: ReadonlySet<string>;
}

/** @param order the statements of the top level */
export function checkVrrpRootBlocks(
  blocks: VrrpRootBlocks,
  order: readonly Statement[],
  interfaceExists: (name: string) => boolean,
  report: Report,
): void {
  checkTrackGroups(blocks, order, report);
  checkGarpGroups(blocks.garpGroups, interfaceExists, report);
  for (const [lines, what] of [
    [blocks.linkbeatInterfaces, 'its link is not polled'],
    [blocks.interfaceDelays, 'the line is ignored'],
  ] as const) {
    for (const { word } of lines) {
      if (interfaceExists(word.text)) continue;
      report.error(word, `interface ${word.text} does not exist on this host; ${what}`, { exitCode: 4, fatal: true });
    }
  }
}

function checkTrackGroups(blocks: VrrpRootBlocks, order: readonly Statement[], report: Report): void {
  const { trackGroups, followers, instances } = blocks;
  const positions = new Map(order.map((statement, i) => [statement, i]));
  const positionOf = (statement: Statement): number => positions.get(statement) ?? 0;
  const defined = new Map<string, number>();
  for (const { header, owner, keyword, given } of trackGroups) {
    const name = header[0]?.text ?? '';
    if (defined.has(name)) report.error(keyword, `track_group ${name} again; the first one counts`);
    else defined.set(name, positionOf(owner));
    const [first, again] = given;
    if (again !== undefined) {
      const line = first?.statement.keyword.line;
      report.error(again.statement.keyword, `group again; the one in line ${line} counts`);
    }
    for (const { text, ...place } of (first?.value ?? []) as readonly Word[]) {
      if (!instances.has(text)) report.warning(place, `there is no vrrp_instance ${text}`, { exitCode: 0 });
    }
  }
  for (const { word, group, block } of followers) {
    const position = defined.get(group);
    if (position !== undefined && position < positionOf(block)) continue;
    const near = nearestWord(group, defined.keys(), report);
    const problem = position === undefined ? `there is no track_group ${group}` : `track_group ${group} comes later`;
    report.error(word, `${problem}; what names it follows no instance`, {
      ...(near === undefined || position !== undefined ? {} : { suggestion: `did you mean ${near}?` }),
    });
  }
}

function checkGarpGroups(
  groups: readonly GarpGroupReading[],
  interfaceExists: (name: string) => boolean,
  report: Report,
): void {
  const taken = new Set<string>();
  for (const { values, keyword, given } of groups) {
    for (const { key, value, statement } of given) {
      if (key !== 'interface' && key !== 'interfaces') continue;
      const words = key === 'interface' ? statement.args.slice(0, 1) : value;
      for (const word of words) {
        if (!interfaceExists(word.text)) {
          report.warning(word, `interface ${word.text} does not exist on this host; it is not in the group`);
        } else if (taken.has(word.text)) {
          // In a block of interfaces keepalived looks for a second word of the line, and gives up without one.
          const details = key === 'interfaces' ? { exitCode: 2 as const, fatal: true as const } : {};
          report.error(word, `${word.text} is in a garp_group already; it is ignored`, details);
        } else taken.add(word.text);
      }
    }
    if (values.garpInterval === undefined && values.gnaInterval === undefined) {
      report.error(keyword, 'garp_group has neither garp_interval nor gna_interval; it is left out');
    }
  }
}
