/** What global_defs says for all virtual routers, beside what stands in its table. keepalived.conf(5) "vrrp_min_garp". */
import { type Duration, microseconds, scale, ZERO } from '../base/time.ts';
import type { Reading } from '../config/table.ts';
import type { InstanceReading } from '../vrrp/complete-instance.ts';
import type { VrrpInstance } from '../vrrp/instance.ts';
import type { LinkDelays } from '../vrrp/link-debounce.ts';
import type { Spacing } from '../vrrp/pacing.ts';
import type { GarpGroupReading, InterfaceDelays, LinkbeatLine } from '../vrrp/root-keywords.ts';
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

/**
 * How long interfaces must be up or down to count as that: less than a Backup of any instance that uses the interface takes to notice,
 * who would take over beside a Master that is not in FAULT yet.
 */
export const interfaceDelaysOf = (
  lines: readonly InterfaceDelays[],
  instances: readonly VrrpInstance[],
): LinkDelays[] =>
  lines.map(({ word: { text: name }, downDelay, upDelay }) => {
    const limits = instances
      .filter((instance) => uses(instance, name))
      .map(({ downTimerAdverts, advertisementInterval }) => scale(advertisementInterval, downTimerAdverts - 1));
    const limited = (delay: Duration): Duration => microseconds(Math.min(delay, ...limits));
    return { interface: name, downDelay: limited(downDelay), upDelay: limited(upDelay) };
  });

/** Interfaces whose links are polled, each once. */
export const polledLinksOf = (lines: readonly LinkbeatLine[], instances: readonly InstanceReading[]): string[] => [
  ...new Set([
    ...lines.map(({ word }) => word.text),
    ...instances.flatMap(({ values }) => (values.linkbeatUsePolling ? [values.interface] : [])),
  ]),
];

const uses = (instance: VrrpInstance, name: string): boolean =>
  instance.interface === name ||
  instance.tracking.interfaces.some((tracked) => tracked.name === name) ||
  [...instance.virtualAddresses, ...instance.excludedAddresses].some((address) => address.interface === name);
