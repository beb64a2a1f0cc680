/**
 * Which interfaces share the spacing of gratuitous ARP and unsolicited Neighbor Advertisements: garp_group, and
 * vrrp_garp_interval and vrrp_gna_interval for the others. keepalived.conf(5).
 */
import { type Duration, ZERO } from '../base/time.ts';
import type { VrrpInstance } from './instance.ts';
import type { GarpGroupReading } from './root-keywords.ts';

export interface GarpGroup {
  /** From 1 for those that have a list of interfaces; 0: it is of one interface. */
  readonly number: number;
  /** Zero: no wait. */
  readonly garpInterval: Duration;
  readonly gnaInterval: Duration;
  /** No interface is in two groups. */
  readonly interfaces: readonly string[];
}

/** What holds for interfaces without a group. */
export interface GarpDefaults {
  readonly garpInterval?: Duration;
  readonly gnaInterval?: Duration;
}

/** The groups of the file, and one for each other interface that announces something. */
export function buildGarpGroups(
  readings: readonly GarpGroupReading[],
  instances: readonly VrrpInstance[],
  { garpInterval = ZERO, gnaInterval = ZERO }: GarpDefaults,
  interfaceExists: (name: string) => boolean,
): GarpGroup[] {
  const taken = new Set<string>();
  const takes = (name: string): boolean => {
    const isNew = !taken.has(name);
    taken.add(name);
    return isNew;
  };
  let last = 0;
  const groups = readings.flatMap(({ values }): GarpGroup[] => {
    const { garpInterval: garp, gnaInterval: gna } = values;
    const names = [...(values.interface ?? []), ...values.interfaces.map(({ text }) => text)];
    const interfaces = names.filter((name) => interfaceExists(name) && takes(name));
    const number = values.interfaces.length > 0 ? ++last : 0;
    return garp === undefined && gna === undefined
      ? []
      : [{ number, garpInterval: garp ?? ZERO, gnaInterval: gna ?? ZERO, interfaces }];
  });
  if (garpInterval === ZERO && gnaInterval === ZERO) return groups;
  const used = instances.flatMap(({ interface: own, virtualAddresses, excludedAddresses }) => [
    own,
    ...[...virtualAddresses, ...excludedAddresses].map(({ interface: name }) => name),
  ]);
  return [
    ...groups,
    ...used.filter(takes).map((name) => ({ number: 0, garpInterval, gnaInterval, interfaces: [name] })),
  ];
}
