import { afterEach, describe, expect, it, vi } from 'vitest';
import { IpvsTable } from '../../src/daemon/ipvs-table.ts';
import { IpvsUnavailable } from '../../src/io/ipvs-client.ts';
import { serviceId } from '../../src/ipvs/table.ts';
import { destination, entry, service } from '../ipvs/example.ts';
import { FakeIpvsTable } from '../support/fake-ipvs-table.ts';

let table: IpvsTable;

afterEach(() => table.close());

/** A table over a kernel, with all that it logs. */
function over(kernel: FakeIpvsTable | undefined) {
  const logged: string[] = [];
  table = new IpvsTable({
    open: async () => {
      if (!kernel) throw new IpvsUnavailable();
      return kernel;
    },
    log: (level, event, message) => void logged.push(`${level} ${event} ${message}`),
  });
  return { table, logged };
}

const ID = serviceId(service(80).key);

describe('the IPVS table of the health process', () => {
  it('is made at the start, and left as it is when nothing changes', async () => {
    const kernel = new FakeIpvsTable();
    const { table } = over(kernel);
    await table.settle([entry(80, destination(100))]);
    expect(kernel.commands).toEqual([
      'new-service 192.168.4.15:80/TCP',
      'new-destination 192.168.4.15:80/TCP 192.168.4.100:80 1',
    ]);
    await table.settle([entry(80, destination(100))]);
    expect(kernel.commands).toHaveLength(2);
  });

  it('adopts what an earlier life has left, and changes only what differs (P5)', async () => {
    const kernel = new FakeIpvsTable();
    kernel.entries.set(ID, entry(80, destination(100), destination(200)));
    await over(kernel).table.settle([entry(80, destination(100), destination(200, { weight: 5 }))]);
    expect(kernel.commands).toEqual(['set-destination 192.168.4.15:80/TCP 192.168.4.200:80 5']);
  });

  it('a change of one service is exactly that, without reading the table', async () => {
    const kernel = new FakeIpvsTable();
    const { table } = over(kernel);
    await table.settle([entry(80, destination(100)), entry(81, destination(100))]);
    const { reads } = kernel;
    kernel.commands.length = 0;
    await table.settlePart([entry(81, destination(100, { weight: 0 }))]);
    expect(kernel.commands).toEqual(['set-destination 192.168.4.15:81/TCP 192.168.4.100:80 0']);
    await table.settle([entry(80, destination(100))]);
    expect(kernel.commands.slice(1)).toEqual(['delete-service 192.168.4.15:81/TCP']);
    expect(kernel.reads).toBe(reads);
  });

  it('what somebody removes is put back and said (P7); what is not ours is left alone (P6)', async () => {
    const kernel = new FakeIpvsTable();
    const { table, logged } = over(kernel);
    await table.settle([entry(80, destination(100))]);
    kernel.entries.clear();
    kernel.entries.set('foreign', entry(9999, destination(1)));
    kernel.commands.length = 0;
    await table.compare();
    expect(kernel.commands).toEqual([
      'new-service 192.168.4.15:80/TCP',
      'new-destination 192.168.4.15:80/TCP 192.168.4.100:80 1',
    ]);
    expect(logged.filter((line) => line.startsWith('warning'))).toEqual([
      'warning ipvs-drift the IPVS table was changed by somebody: add virtual server 192.168.4.15:80/TCP (wrr), ' +
        'add real server 192.168.4.100:80 to 192.168.4.15:80/TCP (weight 1); putting it back',
    ]);
    await table.close();
    expect([...kernel.entries.keys()]).toEqual(['foreign']);
  });

  it('services that are gone are noticed within half a second and made anew without reading any destination', async () => {
    vi.useFakeTimers();
    try {
      const kernel = new FakeIpvsTable();
      const { table, logged } = over(kernel);
      await table.settle([entry(80, destination(100)), entry(81, destination(100), destination(200))]);
      const { reads } = kernel;
      kernel.commands.length = 0;
      kernel.entries.delete(serviceId(service(81).key));
      await vi.advanceTimersByTimeAsync(500);
      expect(kernel.commands).toEqual([
        'new-service 192.168.4.15:81/TCP',
        'new-destination 192.168.4.15:81/TCP 192.168.4.100:80 1',
        'new-destination 192.168.4.15:81/TCP 192.168.4.200:80 1',
      ]);
      expect(kernel.reads).toBe(reads);
      expect(logged.filter((line) => line.includes('ipvs-drift'))).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it('what it did not know of, when a command is refused, is read and made good', async () => {
    const kernel = new FakeIpvsTable();
    const { table, logged } = over(kernel);
    await table.settle([entry(80, destination(100))]);
    kernel.entries.set(ID, entry(80));
    await table.settlePart([entry(80, destination(100, { weight: 7 }))]);
    expect(kernel.entries.get(ID)?.destinations).toEqual([destination(100, { weight: 7 })]);
    expect(kernel.commands.slice(2)).toEqual(['new-destination 192.168.4.15:80/TCP 192.168.4.100:80 7']);
    expect(logged.filter((line) => line.includes('ipvs-drift'))).toEqual([]);
  });

  it("what the kernel refuses for good is said once, and is nobody else's doing", async () => {
    const kernel = new FakeIpvsTable();
    kernel.unknownSchedulers.add('wrr');
    const { table, logged } = over(kernel);
    await table.settle([entry(80, destination(100))]);
    await table.compare();
    await table.compare();
    expect(logged.filter((line) => line.includes("no scheduler 'wrr'"))).toHaveLength(1);
    expect(logged.filter((line) => line.includes('ipvs-drift'))).toEqual([]);
  });

  it('can be left as it is at the end', async () => {
    const kernel = new FakeIpvsTable();
    const { table } = over(kernel);
    await table.settle([entry(80, destination(100))]);
    await table.close({ keep: true });
    expect([...kernel.entries.keys()]).toEqual([ID]);
  });

  it('without IPVS in the kernel it says so once', async () => {
    const { table, logged } = over(undefined);
    await table.settle([entry(80, destination(100))]);
    await table.settlePart([entry(80)]);
    expect(logged).toHaveLength(1);
    expect(table.report()).toMatchObject({ available: false });
  });

  it('many commands are counted, not listed', async () => {
    const { table, logged } = over(new FakeIpvsTable());
    await table.settle([entry(80, ...Array.from({ length: 250 }, (_, host) => destination(host)))]);
    expect(logged).toEqual([
      'info ipvs add virtual server 192.168.4.15:80/TCP (wrr), ' +
        'add real server 192.168.4.0:80 to 192.168.4.15:80/TCP (weight 1), ' +
        'add real server 192.168.4.1:80 to 192.168.4.15:80/TCP (weight 1) and 248 more',
    ]);
  });
});
