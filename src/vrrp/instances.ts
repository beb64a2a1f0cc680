/**
 * The vrrp_instance blocks of a file: which of them can run beside each other, and the names of the interfaces that they
 * make. What each comes to by itself is in complete-instance.ts.
 */
import { familyOf } from '../base/address.ts';
import type { Place, Report } from '../config/diagnostics.ts';
import { type Completed, completeInstance, type InstanceReading } from './complete-instance.ts';
import type { VirtualAddress, VrrpInstance } from './instance.ts';
import type { RuleLine } from './rule-keywords.ts';
import { freeName, type InterfaceNames, ipvlanOf, virtualMacOf } from './virtual-interfaces.ts';
import type { VrrpDefaults } from './vrrp-defaults.ts';

/**
 * The instances that can run, in the order of the file; without what they track.
 * @param priorityOf what a rule gets that has no priority of its own
 */
export function buildInstances(
  readings: readonly InstanceReading[],
  defaults: VrrpDefaults,
  priorityOf: (line: RuleLine) => number,
  report: Report,
): VrrpInstance[] {
  const first = new Map<string, Place>();
  const own = new Map<string, string>();
  const names: InterfaceNames = {
    kindOf: (name) => {
      const link = defaults.link?.(name);
      return link && (link.kind ?? 'hardware');
    },
    ownerOf: (name) => own.get(name),
  };
  const completed: { readonly reading: InstanceReading; readonly result: Completed }[] = [];
  for (const reading of readings) {
    const name = reading.header[0];
    if (name === undefined) continue;
    const before = first.get(name.text);
    if (before !== undefined) {
      report.error(name, `vrrp_instance ${name.text} is there already, in line ${before.line}; this one is left out`);
      continue;
    }
    first.set(name.text, name);
    const result = completeInstance(reading, name.text, defaults, names, report);
    if (result.ownInterface.name !== undefined) own.set(result.ownInterface.name, name.text);
    completed.push({ reading, result });
  }
  const interfaces = new OwnInterfaces(defaults, names, own);
  const instances = completed.map(({ reading, result }) => {
    const virtualRules = reading.values.virtualRules.map((line) => ({ ...line.rule, priority: priorityOf(line) }));
    return { reading, instance: { ...interfaces.add(result), virtualRules } };
  });
  return withoutClashes(instances, report);
}

/** Gives the interfaces that instances make their names. */
class OwnInterfaces {
  readonly #defaults: VrrpDefaults;
  readonly #names: InterfaceNames;
  /** Names, and the instance that each belongs to. */
  readonly #own: Map<string, string>;

  constructor(defaults: VrrpDefaults, names: InterfaceNames, own: Map<string, string>) {
    this.#defaults = defaults;
    this.#names = names;
    this.#own = own;
  }

  /** The instance with its own interface and with those of its addresses. */
  add({ instance, ownInterface, transmitBase }: Completed): VrrpInstance {
    const { vrid, family } = instance;
    const { useVmac, useIpvlan } = ownInterface;
    const { vmacPrefix = 'vrrp' } = this.#defaults;
    const name = useVmac || useIpvlan ? (ownInterface.name ?? this.#free(vmacPrefix, 'macvlan', instance)) : undefined;
    const onAddresses = new Map(name === undefined || !useVmac ? [] : [[`${family} ${instance.interface}`, name]]);
    const placed = (address: VirtualAddress) => this.#place(address, instance, useVmac, onAddresses);
    return {
      ...instance,
      virtualAddresses: instance.virtualAddresses.map(placed),
      excludedAddresses: instance.excludedAddresses.map(placed),
      ...(name !== undefined && useVmac
        ? { virtualMac: virtualMacOf(ownInterface, name, vrid, family, transmitBase) }
        : {}),
      ...(name !== undefined && useIpvlan ? { ipvlan: ipvlanOf(ownInterface, name) } : {}),
    };
  }

  #place(address: VirtualAddress, instance: VrrpInstance, useVmac: boolean, made: Map<string, string>): VirtualAddress {
    const family = familyOf(address.address);
    // a virtual MAC address is of one family: RFC 5798 §7.3
    const isElsewhere = address.interface !== instance.interface || family !== instance.family;
    const wants = address.useVmac === true || (isElsewhere ? instance.useVmacAddresses : useVmac);
    if (!wants) return address;
    const key = `${family} ${address.interface}`;
    const { vmacPrefix = 'vrrp', vmacAddressPrefix = vmacPrefix } = this.#defaults;
    const name = made.get(key) ?? this.#free(vmacAddressPrefix, 'macvlan', { ...instance, family });
    made.set(key, name);
    return { ...address, virtualMac: name };
  }

  #free(prefix: string, kind: string, { name, vrid, family }: Pick<VrrpInstance, 'name' | 'vrid' | 'family'>): string {
    const found = freeName(prefix, vrid, family, (candidate) => {
      const there = this.#names.kindOf(candidate);
      return this.#own.has(candidate) || (there !== undefined && there !== kind);
    });
    this.#own.set(found, name);
    return found;
  }
}

/** Without the ones that would be the same virtual router as an earlier one. */
function withoutClashes(
  all: readonly { readonly reading: InstanceReading; readonly instance: VrrpInstance }[],
  report: Report,
): VrrpInstance[] {
  const kept = new Map<string, VrrpInstance[]>();
  return all.flatMap(({ reading, instance }) => {
    const { family, interface: name, vrid } = instance;
    const key = `${family} ${name} ${vrid}`;
    const alike = kept.get(key) ?? [];
    const other = alike.find((one) => isSameRouter(one, instance));
    if (other === undefined) {
      kept.set(key, [...alike, instance]);
      return [instance];
    }
    report.error(
      reading.at('vrid')?.args[0] ?? reading.keyword,
      `${other.name} and ${instance.name} both use VRID ${vrid} on ${name}; ${instance.name} is left out`,
      { fatal: true },
    );
    return [];
  });
}

/** Whether advertisements of one would be taken for the other's; their family, interface and VRID are the same. */
function isSameRouter(a: VrrpInstance, b: VrrpInstance): boolean {
  const [one, other] = [a.unicastPeers, b.unicastPeers];
  if (one.length === 0 && other.length === 0) return a.multicastGroup === b.multicastGroup;
  // Without a source it is the interface's, which may be the other's: nobody asks the host here.
  const isApart = a.sourceAddress !== b.sourceAddress;
  return !isApart && one.some(({ address }) => other.some((peer) => peer.address === address));
}
