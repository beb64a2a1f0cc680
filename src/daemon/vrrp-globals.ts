/** What global_defs says for all virtual routers, beside what stands in its table. keepalived.conf(5) "vrrp_min_garp". */
import { ZERO } from '../base/time.ts';
import type { Reading } from '../config/table.ts';
import type { LinkDelays } from '../vrrp/link-debounce.ts';
import type { Spacing } from '../vrrp/pacing.ts';
import type { GarpGroupReading, InterfaceDelays } from '../vrrp/root-keywords.ts';
import type { globalKeywords } from './global-keywords.ts';

type GlobalReading = Reading<(typeof globalKeywords)['entries']>;

/** One announcement and no second burst, where nothing else is said. */
export function minimalGarp({
  values,
  at,
}: GlobalReading): Partial<Pick<GlobalReading['values'], 'garpMasterDelay' | 'garpMasterRepeat'>> {
  if (!values.minGarp) return {};
  return {
    ...(at('garpMasterDelay') === undefined ? { garpMasterDelay: ZERO } : {}),
    ...(at('garpMasterRepeat') === undefined ? { garpMasterRepeat: 1 } : {}),
  };
}

/** How far apart announcements are. */
export const spacingOf = ({ values }: GlobalReading, groups: readonly GarpGroupReading[]): Spacing => ({
  garp: values.garpInterval ?? ZERO,
  gna: values.gnaInterval ?? ZERO,
  groups: groups.flatMap(({ values: { garpInterval, gnaInterval, interface: single = [], interfaces } }) =>
    garpInterval === undefined && gnaInterval === undefined
      ? []
      : [
          {
            interfaces: [...single, ...interfaces.map(({ text }) => text)],
            garp: garpInterval ?? ZERO,
            gna: gnaInterval ?? ZERO,
          },
        ],
  ),
});

/** How long interfaces must be up or down to count as that. */
export const interfaceDelaysOf = (lines: readonly InterfaceDelays[]): LinkDelays[] =>
  lines.map(({ word, downDelay, upDelay }) => ({ interface: word.text, downDelay, upDelay }));
