import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { familyOf, type IpAddress } from '../../src/base/address.ts';
import {
  type ActualAddress,
  type AddressPlan,
  HOLDFAST_PROTOCOL,
  type InterfaceAddress,
  planAddresses,
} from '../../src/vrrp/addresses.ts';

const address = (text: string, interfaceName = 'eth0'): InterfaceAddress => {
  const [ip = '', prefixLength = ''] = text.split('/');
  return { interface: interfaceName, address: ip as IpAddress, prefixLength: Number(prefixLength) };
};
const marked = (text: string, interfaceName?: string): ActualAddress => ({
  ...address(text, interfaceName),
  protocol: HOLDFAST_PROTOCOL,
});

const host = address('192.0.2.1/24');
const first = address('192.0.2.100/24');
const second = address('192.0.2.101/32');
const known = [first, second];
const nothing: AddressPlan<InterfaceAddress> = { removeFirst: [], add: [], remove: [], foreign: [] };

describe('planAddresses', () => {
  it('adds what a Master misses, in the order of the configuration', () => {
    expect(planAddresses({ actual: [host], desired: known, known })).toEqual({ ...nothing, add: [first, second] });
  });

  it('does nothing when everything is as desired', () => {
    const actual = [host, marked('192.0.2.100/24'), marked('192.0.2.101/32')];
    expect(planAddresses({ actual, desired: known, known })).toEqual(nothing);
    expect(planAddresses({ actual: [host], desired: [], known })).toEqual(nothing);
  });

  it('adds back the one that somebody removed, and only that one', () => {
    const actual = [host, marked('192.0.2.101/32')];
    expect(planAddresses({ actual, desired: known, known })).toEqual({ ...nothing, add: [first] });
  });

  it('removes ours, the last one first, when they are no longer desired', () => {
    const actual = [host, marked('192.0.2.100/24'), marked('192.0.2.101/32')];
    expect(planAddresses({ actual, desired: [], known })).toEqual({
      ...nothing,
      remove: [marked('192.0.2.101/32'), marked('192.0.2.100/24')],
    });
  });

  it('removes at the start what an earlier life left behind', () => {
    const actual = [host, marked('192.0.2.100/24')];
    expect(planAddresses({ actual, desired: [], known })).toEqual({ ...nothing, remove: [marked('192.0.2.100/24')] });
  });

  it('replaces the difference on a reload: adds the new address, removes the old one', () => {
    const added = address('192.0.2.102/24');
    const actual = [host, marked('192.0.2.100/24'), marked('192.0.2.101/32')];
    expect(planAddresses({ actual, desired: [first, added], known: [...known, added] })).toEqual({
      ...nothing,
      add: [added],
      remove: [marked('192.0.2.101/32')],
    });
  });

  it('never removes an address without our mark', () => {
    for (const protocol of [undefined, 3, 17, 19]) {
      const actual = [{ ...first, protocol }];
      expect(planAddresses({ actual, desired: [], known })).toEqual(nothing);
    }
  });

  it('never removes an address with our mark that the configuration does not name', () => {
    const actual = [marked('192.0.2.200/24'), marked('192.0.2.100/24', 'eth1')];
    expect(planAddresses({ actual, desired: [], known })).toEqual(nothing);
  });

  it('leaves and reports a desired address that is there without our mark, whatever its prefix length', () => {
    for (const actual of [[first], [address('192.0.2.100/32')], [{ ...first, protocol: 2 }]]) {
      expect(planAddresses({ actual, desired: [first], known })).toEqual({ ...nothing, foreign: [first] });
    }
  });

  it('takes the same address on another interface for another address', () => {
    const actual = [address('192.0.2.100/24', 'eth1')];
    expect(planAddresses({ actual, desired: [first], known })).toEqual({ ...nothing, add: [first] });
  });

  it('changes the prefix length of an IPv4 address by adding first and removing afterwards', () => {
    const actual = [marked('192.0.2.100/32')];
    expect(planAddresses({ actual, desired: [first], known: [first] })).toEqual({
      ...nothing,
      add: [first],
      remove: [marked('192.0.2.100/32')],
    });
  });

  it('changes the prefix length of an IPv6 address by removing first: the kernel has an address once', () => {
    const wide = address('2001:db8::100/64');
    const actual = [marked('2001:db8::100/128'), marked('2001:db8::101/128')];
    const before = [wide, address('2001:db8::101/128')];
    expect(planAddresses({ actual, desired: [wide], known: before })).toEqual({
      ...nothing,
      removeFirst: [marked('2001:db8::100/128')],
      add: [wide],
      remove: [marked('2001:db8::101/128')],
    });
  });

  it('goes by the configuration alone where the kernel keeps no mark (before Linux 5.18)', () => {
    const actual = [host, first, address('192.0.2.200/24')];
    expect(planAddresses({ actual, desired: [], known, kernelKeepsProtocol: false })).toEqual({
      ...nothing,
      remove: [first],
    });
    expect(planAddresses({ actual, desired: known, known, kernelKeepsProtocol: false })).toEqual({
      ...nothing,
      add: [second],
    });
  });

  it('hands back the desired values themselves, with all that they carry', () => {
    const labelled = { ...first, label: 'eth0:1', scope: 0 };
    expect(planAddresses({ actual: [], desired: [labelled], known }).add[0]).toBe(labelled);
  });

  it('carried out in its order, it leads to what is desired in one step and touches nothing that is not ours', () => {
    fc.assert(
      fc.property(someRows, someRows, someRows, fc.nat(63), (rows, desired, earlier, marks) => {
        const before: ActualAddress[] = rows.map((row, i) => ((marks >> i) & 1 ? mark(row) : row));
        const plan = planAddresses({ actual: before, desired, known: earlier });
        const after = carryOut(before, plan);
        expect(before.filter((row) => row.protocol === undefined).every((row) => after.includes(row))).toBe(true);

        const ours = new Set(after.filter((row) => row.protocol === HOLDFAST_PROTOCOL).map(identity));
        const foreign = new Set(plan.foreign.map(identity));
        expect(desired.every((row) => ours.has(identity(row)) !== foreign.has(identity(row)))).toBe(true);
        expect(planAddresses({ actual: after, desired, known: earlier })).toEqual({
          ...nothing,
          foreign: plan.foreign,
        });
      }),
    );
  });
});

const mark = (row: InterfaceAddress): ActualAddress => ({ ...row, protocol: HOLDFAST_PROTOCOL });

/** What the kernel tells apart: IPv4 by address and prefix length, IPv6 by address. */
const identity = (row: InterfaceAddress): string =>
  familyOf(row.address) === 'inet'
    ? `${row.interface} ${row.address}/${row.prefixLength}`
    : `${row.interface} ${row.address}`;

const someRows = fc.uniqueArray(
  fc.record({
    interface: fc.constantFrom('eth0', 'eth1'),
    address: fc.constantFrom('192.0.2.100', '192.0.2.101', '2001:db8::100', '2001:db8::101').map((a) => a as IpAddress),
    prefixLength: fc.constantFrom(24, 32),
  }),
  { maxLength: 6, selector: identity },
);

/** As the kernel would: an address that is there is not added again. */
function carryOut(before: readonly ActualAddress[], plan: AddressPlan<InterfaceAddress>): ActualAddress[] {
  let rows = before.filter((row) => !plan.removeFirst.includes(row));
  for (const row of plan.add) {
    expect(rows.map(identity)).not.toContain(identity(row));
    rows = [...rows, mark(row)];
  }
  return rows.filter((row) => !plan.remove.includes(row));
}
