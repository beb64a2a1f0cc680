import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { type MarkClient, MarkKeeper } from '../../src/daemon/mark-keeper.ts';
import { NetlinkError } from '../../src/io/netlink-error.ts';
import type { TableName } from '../../src/io/nftables-client.ts';
import { servicesOf } from '../../src/ipvs/services.ts';
import { serviceId } from '../../src/ipvs/table.ts';
import type { VirtualServer } from '../../src/ipvs/virtual-server.ts';
import type { TableDescription } from '../../src/wire/nftables-table.ts';
import { virtualServer } from '../support/servers.ts';

const ofGroup = (name: string, address: string): VirtualServer => {
  const first = address as IpAddress;
  const members = [{ kind: 'addresses', family: 'inet', first, last: first, port: 80 }] as const;
  return virtualServer({ target: { kind: 'group', name, index: 0, members } });
};
const [A, B] = [ofGroup('A', '192.0.2.1'), ofGroup('B', '192.0.2.2')] as const;
const settings = { table: 'keepalived_ipvs', priority: -1, firstMark: 1000 };
const nameOf = ({ family, name }: TableName): TableName => ({ family, name });

/** The packet filter, as far as a keeper knows it. */
class FakeFilter implements MarkClient {
  tables: readonly TableDescription[] = [];
  adopted: readonly TableName[] = [];
  refuses: Parameters<typeof NetlinkError.withCode>[1] | undefined;
  isOpen = true;
  isLeft = false;
  mended: Parameters<MarkClient['onMended']>[0] = () => {};

  get present() {
    return this.tables.map(nameOf);
  }

  async apply(tables: readonly TableDescription[]) {
    if (this.refuses !== undefined) throw NetlinkError.withCode('making the table', this.refuses, 'no');
    this.tables = tables;
  }

  async adopt(tables: readonly TableName[]) {
    this.adopted = tables;
  }

  onMended(callback: typeof this.mended) {
    this.mended = callback;
  }

  leave() {
    this.isLeft = true;
  }

  close() {
    this.isOpen = false;
  }

  /** `192.0.2.1 1000`, in the order of the map. */
  get marked(): string[] {
    return this.tables.flatMap(({ sets }) =>
      sets.flatMap(({ elements }) =>
        elements.map(
          ({ key, value }) =>
            `${key.slice(0, 4).join('.')} ${new Uint32Array((value as Uint8Array).slice().buffer)[0]}`,
        ),
      ),
    );
  }
}

let filter: FakeFilter;
let opened: number;
let changes: number;
let said: string[];
let keeper: MarkKeeper;

const newKeeper = () =>
  new MarkKeeper({
    open: () => {
      opened++;
      filter.isOpen = true;
      return filter;
    },
    changed: () => changes++,
    log: (level, event, message) => said.push(`${level} ${event} ${message}`),
  });
const services = async (servers: readonly VirtualServer[], given: typeof settings | 'off' = settings) =>
  (await keeper.widen(servers, given === 'off' ? undefined : given)).flatMap((one) => servicesOf(one).map(serviceId));

beforeEach(() => {
  vi.useFakeTimers();
  filter = new FakeFilter();
  [opened, changes, said] = [0, 0, []];
  keeper = newKeeper();
});

afterEach(async () => {
  await keeper.close();
  vi.useRealTimers();
});

describe('MarkKeeper', () => {
  it('has the packet filter ready before the services of its marks', async () => {
    expect(await services([A, B])).toEqual(['FWM 1000', 'FWM 1001']);
    expect(filter.marked).toEqual(['192.0.2.1 1000', '192.0.2.2 1001']);
    expect(filter.tables.map(nameOf)).toEqual([{ family: 'inet', name: 'keepalived_ipvs' }]);
  });

  it('does not open the packet filter where there is nothing for it', async () => {
    expect(await services([A], 'off')).toEqual(['192.0.2.1:80/TCP']);
    await keeper.narrow();
    expect(await services([virtualServer()])).toEqual(['192.168.4.15:80/TCP']);
    await keeper.narrow();
    expect(opened).toBe(0);
  });

  it('after a reload packets keep the marks of before until the services are there; a group that stays keeps its mark', async () => {
    await services([A, B]);
    await keeper.narrow();
    expect(await services([B])).toEqual(['FWM 1001']);
    expect(filter.marked).toEqual(['192.0.2.1 1000', '192.0.2.2 1001']);
    await keeper.narrow();
    expect(filter.marked).toEqual(['192.0.2.2 1001']);
  });

  it('without the keyword, after a reload, the tables go after the services', async () => {
    await services([A]);
    await keeper.narrow();
    expect(await services([A], 'off')).toEqual(['192.0.2.1:80/TCP']);
    expect(filter.marked).toEqual(['192.0.2.1 1000']);
    await keeper.narrow();
    expect(filter).toMatchObject({ tables: [], isOpen: false });
  });

  it('another first mark counts anew', async () => {
    await services([A]);
    expect(await services([A], { ...settings, firstMark: 5 })).toEqual(['FWM 5']);
  });

  it.each([
    ['EEXIST', 'there is a table keepalived_ipvs that somebody else has made'],
    ['EOPNOTSUPP', 'the kernel lacks nftables with maps of ranges (making the table: '],
  ])('where the kernel says %s, groups have a service for each address, and it is said once', async (code, why) => {
    filter.refuses = code as FakeFilter['refuses'];
    expect(await services([A, B])).toEqual(['192.0.2.1:80/TCP', '192.0.2.2:80/TCP']);
    await keeper.narrow();
    await services([A, B]);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(`error firewall-marks-failed virtual_server_groups have a service for each address`);
    expect(said[0]).toContain(why);
  });

  it('what was refused is tried again, and the groups are to be served anew when it works', async () => {
    filter.refuses = 'EEXIST';
    await services([A]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(changes).toBe(0);
    filter.refuses = undefined;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(changes).toBe(1);
    expect(filter.marked).toEqual(['192.0.2.1 1000']);
    expect(await services([A])).toEqual(['FWM 1000']);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(changes).toBe(1);
  });

  it('what others do is mended and said; where it cannot be mended the groups are to be served anew', async () => {
    await services([A]);
    filter.mended(undefined);
    expect(said).toEqual([
      'warning firewall-marks-mended somebody changed our nftables tables for virtual_server_groups; they are as before',
    ]);
    expect(changes).toBe(0);
    filter.refuses = 'EEXIST';
    filter.mended(NetlinkError.withCode('making the table', 'EEXIST', 'no'));
    expect(changes).toBe(1);
    expect(await services([A])).toEqual(['192.0.2.1:80/TCP']);
  });

  it('the heir has the same marks, takes the tables up and leaves them to nobody', async () => {
    await services([A, B]);
    const estate = JSON.parse(JSON.stringify(keeper.estate())) as ReturnType<MarkKeeper['estate']>;
    expect(filter.isLeft).toBe(true);
    keeper.abandon();
    expect(filter.marked).toEqual(['192.0.2.1 1000', '192.0.2.2 1001']);
    keeper = newKeeper();
    keeper.inherit(estate);
    expect(await services([B])).toEqual(['FWM 1001']);
    expect(filter.adopted).toEqual([{ family: 'inet', name: 'keepalived_ipvs' }]);
  });

  it('the heir of another configuration removes tables that nobody needs any more', async () => {
    await services([A]);
    const estate = keeper.estate();
    keeper.abandon();
    keeper = newKeeper();
    keeper.inherit(estate);
    await services([A], 'off');
    expect(filter.marked).toEqual(['192.0.2.1 1000']);
    await keeper.narrow();
    expect(filter.adopted).toEqual(estate.tables);
    expect(filter.tables).toEqual([]);
  });

  it('the tables go at the end, and nothing comes back after it', async () => {
    await services([A]);
    await keeper.close();
    expect(filter).toMatchObject({ tables: [], isOpen: false });
    expect(await services([A])).toEqual(['192.0.2.1:80/TCP']);
    expect(opened).toBe(1);
  });
});
