/**
 * The kernel's real IPVS table through our own client: what we ask for is what `ipvsadm` and our own reading see. Runs
 * on a kernel with IPVS, in a network namespace of the test's own.
 */
import { execFileSync } from 'node:child_process';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { seconds, ZERO } from '../../src/base/time.ts';
import { IpvsTable } from '../../src/daemon/ipvs-table.ts';
import { CLONE_NEWNET } from '../../src/io/constants.ts';
import { IpvsClient } from '../../src/io/ipvs-client.ts';
import { native } from '../../src/io/native.ts';
import { plan } from '../../src/ipvs/plan.ts';
import { serviceId, type Table, type TableEntry } from '../../src/ipvs/table.ts';
import type { Destination, Protocol, Service } from '../../src/wire/ipvs.ts';
import { sorted } from '../ipvs/example.ts';
import { parseIpvsTable } from './cluster.ts';
import { until } from './process.ts';

const ipvsadm = (...words: string[]) => execFileSync('ipvsadm', words, { encoding: 'utf8' });

const service = (port: number, different: Partial<Service> = {}, protocol: Protocol = 'TCP'): Service => ({
  key: { kind: 'address', family: 'inet', protocol, address: '192.0.2.1' as IpAddress, port },
  scheduler: 'wrr',
  persistenceTimeout: ZERO,
  persistenceGranularity: 32,
  onePacket: false,
  schedulerFlags: 0,
  ...different,
});

const destination = (host: number, different: Partial<Destination> = {}): Destination => ({
  family: 'inet',
  address: `198.51.100.${host}` as IpAddress,
  port: 80,
  forwardingMethod: 'direct-route',
  weight: host,
  upperThreshold: 0,
  lowerThreshold: 0,
  ...different,
});

const SCHEDULERS = ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh', 'sed', 'nq', 'fo', 'ovf', 'mh'];

let client: IpvsClient;

beforeAll(() => {
  native().unshare(CLONE_NEWNET);
  execFileSync('ip', ['link', 'set', 'lo', 'up']); // with lo down the kernel takes no destination for unicast
});

beforeEach(async () => {
  ipvsadm('-C');
  client = await IpvsClient.open();
});

afterEach(() => client.close());

/** Makes the kernel's table this one, by plan; fails when a command is refused. */
async function settle(wanted: Table, owned: ReadonlySet<string> = new Set()): Promise<void> {
  const outcomes = await client.execute(plan(await client.table(), wanted, owned));
  expect(outcomes.filter((outcome) => outcome !== undefined)).toEqual([]);
}

describe('the kernel’s IPVS table', () => {
  it('takes every scheduler by its name', async () => {
    const table = SCHEDULERS.map(
      (scheduler, i): TableEntry => ({ service: service(i + 1, { scheduler }), destinations: [] }),
    );
    await settle(table);
    expect(
      parseIpvsTable(ipvsadm('-Ln'))
        .map((entry) => entry.scheduler)
        .sort(),
    ).toEqual([...SCHEDULERS].sort());
    expect(plan(await client.table(), table, new Set())).toEqual([]);
  });

  it('takes TCP, UDP and firewall marks, NAT, DR and TUN, weights, thresholds and persistence, and gives back the same', async () => {
    const destinations = [
      destination(1, { forwardingMethod: 'masquerading', port: 8080 }),
      destination(2),
      destination(3, { forwardingMethod: 'tunnel' }),
      destination(4, { weight: 0, upperThreshold: 100, lowerThreshold: 50 }),
    ];
    const table: Table = [
      { service: service(80), destinations },
      {
        service: service(53, { scheduler: 'wlc', onePacket: true }, 'UDP'),
        destinations: [destination(1, { port: 53 })],
      },
      {
        service: service(443, { persistenceTimeout: seconds(50), persistenceGranularity: 24 }),
        destinations: [destination(2, { port: 443 })],
      },
      { service: service(81, { scheduler: 'sh', schedulerFlags: 2 }), destinations: [] },
      {
        service: { ...service(0), key: { kind: 'fwmark', family: 'inet', fwmark: 7 } },
        destinations: [destination(2, { port: 0 })],
      },
    ];
    await settle(table);
    expect(plan(await client.table(), table, new Set())).toEqual([]);
    const seen = ipvsadm('-Ln');
    expect(parseIpvsTable(seen).find((entry) => entry.id === '192.0.2.1:80/TCP')?.destinations).toEqual([
      { id: '198.51.100.1:8080', method: 'Masq', weight: 1 },
      { id: '198.51.100.2:80', method: 'Route', weight: 2 },
      { id: '198.51.100.3:80', method: 'Tunnel', weight: 3 },
      { id: '198.51.100.4:80', method: 'Route', weight: 0 },
    ]);
    expect(seen).toMatch(/TCP\s+192\.0\.2\.1:443 wrr persistent 50 mask 255\.255\.255\.0/);
    expect(seen).toMatch(/UDP\s+192\.0\.2\.1:53 wlc ops/);
    expect(seen).toMatch(/TCP\s+192\.0\.2\.1:81 sh \(sh-port\)/);
    expect(seen).toMatch(/FWM\s+7 wrr/);
  });

  it('changes a weight in place, and says for each refused command why', async () => {
    await settle([{ service: service(80), destinations: [destination(1)] }]);
    await settle([{ service: service(80), destinations: [destination(1, { weight: 9 })] }]);
    expect(parseIpvsTable(ipvsadm('-Ln'))[0]?.destinations[0]?.weight).toBe(9);
    const outcomes = await client.execute([
      { command: 'new-service', service: service(80) },
      { command: 'new-service', service: service(81, { scheduler: 'nonsense' }) },
      { command: 'new-service', service: service(82) },
      { command: 'delete-destination', service: service(80), destination: destination(5) },
    ]);
    expect(outcomes.map((outcome) => outcome?.code)).toEqual(['EEXIST', 'ENOENT', undefined, 'ENOENT']);
  });

  it('a thousand destinations go in and come out in batches', async () => {
    const many = Array.from({ length: 1_000 }, (_, i) =>
      destination(1, { address: `10.9.${i >> 8}.${i & 0xff}` as IpAddress }),
    );
    await settle([{ service: service(80), destinations: many }]);
    const [entry] = await client.table();
    expect(entry?.destinations.length).toBe(1_000);
    await settle([], new Set([serviceId(service(80).key)]));
    expect(await client.table()).toEqual([]);
  });
});

describe('IpvsTable', () => {
  const lines: string[] = [];
  let table: IpvsTable;

  beforeEach(() => {
    lines.length = 0;
    table = new IpvsTable({ log: (_level, event, message) => lines.push(`${event}: ${message}`) });
  });

  it('settles, repairs what somebody changes (P7), leaves foreign services alone (P6) and removes its own at the end', async () => {
    ipvsadm('-A', '-t', '192.0.2.99:80', '-s', 'rr');
    const foreign = (await client.table())[0] as TableEntry;
    const ours = { service: service(80), destinations: [destination(1), destination(2)] };
    await table.settle([ours]);
    expect(sorted(await client.table())).toEqual(sorted([ours, foreign]));

    ipvsadm('-d', '-t', '192.0.2.1:80', '-r', '198.51.100.1:80');
    ipvsadm('-e', '-t', '192.0.2.1:80', '-r', '198.51.100.2:80', '-g', '-w', '77');
    await until('the table is repaired', 20_000, async () =>
      plan(await client.table(), [ours], new Set()).length === 0 ? true : undefined,
    );
    expect(lines.some((line) => line.startsWith('ipvs-drift: the IPVS table was changed by somebody'))).toBe(true);

    ipvsadm('-C');
    await until('all is put back', 20_000, async () =>
      plan(await client.table(), [ours], new Set()).length === 0 ? true : undefined,
    );
    ipvsadm('-A', '-t', '192.0.2.99:80', '-s', 'rr');
    await table.close();
    expect(await client.table()).toEqual([foreign]);
  });

  it('takes over what an earlier life left behind without touching what is right', async () => {
    const ours = { service: service(80), destinations: [destination(1)] };
    await settle([{ ...ours, destinations: [destination(1), destination(3)] }]);
    await table.settle([ours]);
    expect(lines).toEqual(['ipvs: remove real server 198.51.100.3:80 from 192.0.2.1:80/TCP']);
    await table.close();
  });
});
