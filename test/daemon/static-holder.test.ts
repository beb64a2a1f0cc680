/** What is there whatever the instances do, and who depends on it. */
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { StaticHolder } from '../../src/daemon/static-holder.ts';

const address = (text: string, trackGroup?: string) => ({
  address: text as IpAddress,
  prefixLength: 24,
  interface: 'eth1',
  scope: 0,
  ...(trackGroup === undefined ? {} : { trackGroup }),
});
const statics = (...addresses: ReturnType<typeof address>[]) => ({
  addresses,
  routes: [],
  rules: [],
  groups: [{ name: 'G', members: ['VI_1'] }],
});
const up = { problemOf: () => undefined };
const down = { problemOf: (name: string) => `interface ${name} is down` };

describe('StaticHolder', () => {
  it('has nothing to do with an equal configuration, and retires what another one leaves out', () => {
    const holder = new StaticHolder();
    expect(holder.isBusy).toBe(false);
    const [one, other] = [address('192.0.2.1'), address('192.0.2.2')];
    expect(holder.configure(statics(one, other))).toBe(true);
    expect(holder.configure(statics(one, other))).toBe(false);
    expect(holder.configure(statics(other))).toBe(true);
    expect(holder.retired.addresses).toEqual([one]);
    expect(holder.isBusy).toBe(true);
  });

  it('keeps out the instances of a track_group while its interface is down or it cannot be had', () => {
    const holder = new StaticHolder();
    holder.configure(statics(address('192.0.2.1', 'G')));
    expect(holder.faultsOf('VI_1', down)).toEqual(['interface eth1 is down']);
    expect(holder.faultsOf('VI_2', down)).toEqual([]);
    expect(holder.faultsOf('VI_1', up)).toEqual([]);
    holder.problems.set('192.0.2.1/24 dev eth1', 'it could not be added');
    expect(holder.faultsOf('VI_1', up)).toEqual(['it could not be added']);
    holder.held.add('192.0.2.1/24 dev eth1');
    expect(holder.faultsOf('VI_1', up)).toEqual([]);
  });

  it('does not concern instances where nothing names their group', () => {
    const holder = new StaticHolder();
    holder.configure(statics(address('192.0.2.1')));
    expect(holder.faultsOf('VI_1', down)).toEqual([]);
  });
});
