/** What the blocks of root-keywords.ts say about each other and about the interfaces of this host. As keepalived 2.2.7. */
import type { Report } from '../config/diagnostics.ts';
import type { GarpGroupReading, InterfaceDelays, LinkbeatLine, TrackGroupReading } from './root-keywords.ts';

export interface VrrpRootBlocks {
  readonly trackGroups: readonly TrackGroupReading[];
  readonly garpGroups: readonly GarpGroupReading[];
  readonly linkbeatInterfaces: readonly LinkbeatLine[];
  readonly interfaceDelays: readonly InterfaceDelays[];
  /** For names that nobody has. */
  readonly instances: ReadonlySet<string>;
}

export function checkVrrpRootBlocks(
  blocks: VrrpRootBlocks,
  interfaceExists: (name: string) => boolean,
  report: Report,
): void {
  checkTrackGroups(blocks, report);
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

/** Whether others can refer to a group is said where they do: statics.ts. */
function checkTrackGroups({ trackGroups, instances }: VrrpRootBlocks, report: Report): void {
  for (const { given } of trackGroups) {
    const [first, again] = given;
    if (again !== undefined) {
      const line = first?.statement.keyword.line;
      report.error(again.statement.keyword, `group again; the one in line ${line} counts`);
    }
    for (const word of first?.value ?? []) {
      if (!instances.has(word.text)) report.warning(word, `there is no vrrp_instance ${word.text}`, { exitCode: 0 });
    }
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
          // In a block of interfaces keepalived wants to name the second word, and gives up without one.
          const isOnly = key === 'interfaces' && value.length === 1;
          const details = isOnly ? { exitCode: 2 as const, fatal: true as const } : {};
          report.error(word, `${word.text} is in a garp_group already; it is ignored`, details);
        } else taken.add(word.text);
      }
    }
    if (values.garpInterval === undefined && values.gnaInterval === undefined) {
      report.error(keyword, 'garp_group has neither garp_interval nor gna_interval; it is left out');
    }
  }
}
