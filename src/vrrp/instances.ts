/**
 * The vrrp_instance blocks of a file: which of them can run beside each other. What each comes to by itself is in
 * complete-instance.ts.
 */
import type { Place, Report } from '../config/diagnostics.ts';
import { completeInstance, type InstanceReading, type VrrpDefaults } from './complete-instance.ts';
import type { VrrpInstance } from './instance.ts';
import { priorityOf } from './rule-keywords.ts';

/** The instances that can run, in the order of the file; without what they track. */
export function buildInstances(
  readings: readonly InstanceReading[],
  defaults: VrrpDefaults,
  report: Report,
): VrrpInstance[] {
  const instances: VrrpInstance[] = [];
  const names = new Map<string, Place>();
  const routers = new Map<string, string>();
  let withoutPriority = 0;
  for (const reading of readings) {
    const name = reading.header[0];
    if (name === undefined) continue;
    const first = names.get(name.text);
    if (first !== undefined) {
      report.error(name, `vrrp_instance ${name.text} is there already, in line ${first.line}; this one is left out`);
      continue;
    }
    names.set(name.text, name);
    const own = completeInstance(reading, name.text, defaults, report);
    const rules = reading.values.virtualRules.map(({ rule, lacksPriority }) =>
      lacksPriority ? { ...rule, priority: priorityOf(withoutPriority++) } : rule,
    );
    const instance = { ...own, virtualRules: rules };
    const router = `${instance.family} ${instance.interface} ${instance.vrid}`;
    const other = routers.get(router);
    if (other !== undefined) {
      report.error(
        reading.at('vrid')?.args[0] ?? name,
        `${other} and ${instance.name} both use VRID ${instance.vrid} on ${instance.interface}; ${instance.name} is left out`,
        { fatal: true },
      );
      continue;
    }
    routers.set(router, instance.name);
    if (instance.family === 'inet6') report.notActedOn(reading.keyword, 'virtual routers of IPv6');
    instances.push(instance);
  }
  return instances;
}
