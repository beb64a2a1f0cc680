import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { seconds } from '../../src/base/time.ts';
import { plan, sameEntry } from '../../src/ipvs/plan.ts';
import { destinationId, serviceId, type Table, type TableEntry } from '../../src/ipvs/table.ts';
import type { Destination } from '../../src/wire/ipvs.ts';
import { apply, destination, entry, service, sorted } from './example.ts';

const NOTHING: ReadonlySet<string> = new Set();
const idOf = (port: number) => serviceId(service(port).key);

describe('serviceId and destinationId', () => {
  it('are what an operator would write', () => {
    expect(serviceId(service(80).key)).toBe('192.168.4.15:80/TCP');
    expect(
      serviceId({ kind: 'address', family: 'inet6', protocol: 'UDP', address: 'fd00::1' as IpAddress, port: 53 }),
    ).toBe('[fd00::1]:53/UDP');
    expect(serviceId({ kind: 'fwmark', family: 'inet', fwmark: 7 })).toBe('FWM 7');
    expect(serviceId({ kind: 'fwmark', family: 'inet6', fwmark: 7 })).toBe('FWM 7 inet6');
    expect(destinationId(destination(100))).toBe('192.168.4.100:80');
    expect(destinationId({ address: 'fd00::2' as IpAddress, port: 80 })).toBe('[fd00::2]:80');
  });
});

describe('plan', () => {
  it('makes a service and its destinations from nothing', () => {
    expect(plan([], [entry(80, destination(100), destination(200))], NOTHING)).toEqual([
      { command: 'new-service', service: service(80) },
      { command: 'new-destination', service: service(80), destination: destination(100) },
      { command: 'new-destination', service: service(80), destination: destination(200) },
    ]);
  });

  it('asks for nothing when all is as desired', () => {
    const table = [entry(80, destination(100), destination(200))];
    expect(plan(table, table, new Set([idOf(80)]))).toEqual([]);
  });

  it('adds before it removes', () => {
    expect(plan([entry(80, destination(100))], [entry(80, destination(200))], NOTHING)).toEqual([
      { command: 'new-destination', service: service(80), destination: destination(200) },
      { command: 'delete-destination', service: service(80), destination: destination(100) },
    ]);
  });

  it('drains a destination only after another one has got its weight', () => {
    const actual = [entry(80, destination(100), destination(200, { weight: 0 }))];
    const wanted = [entry(80, destination(100, { weight: 0 }), destination(200), destination(300))];
    expect(plan(actual, wanted, NOTHING)).toEqual([
      { command: 'new-destination', service: service(80), destination: destination(300) },
      { command: 'set-destination', service: service(80), destination: destination(200) },
      { command: 'set-destination', service: service(80), destination: destination(100, { weight: 0 }) },
    ]);
  });

  it('makes what is new before it changes what is there, over all services', () => {
    const actual = [entry(80, destination(100)), entry(81, destination(100))];
    const changed = { ...entry(80, destination(100, { weight: 2 })), service: service(80, { scheduler: 'rr' }) };
    expect(plan(actual, [changed, entry(443, destination(100))], new Set([idOf(81)]))).toEqual([
      { command: 'new-service', service: service(443) },
      { command: 'new-destination', service: service(443), destination: destination(100) },
      { command: 'set-service', service: changed.service },
      { command: 'set-destination', service: changed.service, destination: destination(100, { weight: 2 }) },
      { command: 'delete-service', service: service(81) },
    ]);
  });

  it('changes a weight, a threshold or a forwarding method in place: no connection is lost', () => {
    for (const different of [
      { weight: 5 },
      { weight: 0 },
      { upperThreshold: 10 },
      { lowerThreshold: 3 },
      { forwardingMethod: 'tunnel' },
    ] as const) {
      expect(plan([entry(80, destination(100))], [entry(80, destination(100, different))], NOTHING)).toEqual([
        { command: 'set-destination', service: service(80), destination: destination(100, different) },
      ]);
    }
  });

  it('changes scheduler and persistence of a service in place', () => {
    for (const different of [
      { scheduler: 'rr' },
      { persistenceTimeout: seconds(50) },
      { persistenceGranularity: 24 },
      { onePacket: true },
      { schedulerFlags: 2 },
      { persistenceEngine: 'sip' },
    ]) {
      const changed = service(80, different);
      expect(plan([entry(80)], [{ service: changed, destinations: [] }], NOTHING)).toEqual([
        { command: 'set-service', service: changed },
      ]);
    }
  });

  it('a tunnel is IPIP unless said otherwise, as the kernel reports it', () => {
    const plain = destination(100, { forwardingMethod: 'tunnel' });
    const reported = { ...plain, tunnel: { type: 'ipip', port: 0, flags: 0 } } as const;
    expect(plan([entry(80, reported)], [entry(80, plain)], NOTHING)).toEqual([]);
    const gre = { ...plain, tunnel: { type: 'gre', port: 0, flags: 0 } } as const;
    expect(plan([entry(80, gre)], [entry(80, plain)], NOTHING).map((command) => command.command)).toEqual([
      'set-destination',
    ]);
  });

  it('removes an owned service that is not desired any more, and no foreign one', () => {
    const actual = [entry(80, destination(100)), entry(443, destination(100))];
    expect(plan(actual, [], new Set([idOf(80)]))).toEqual([{ command: 'delete-service', service: service(80) }]);
    expect(plan(actual, [], NOTHING)).toEqual([]);
  });

  it('takes over a service of a configured name that is there already, with its destinations', () => {
    const actual = [entry(80, destination(100), destination(150))];
    expect(plan(actual, [entry(80, destination(100))], NOTHING)).toEqual([
      { command: 'delete-destination', service: service(80), destination: destination(150) },
    ]);
  });
});

describe('plan, for any two tables', () => {
  const anyDestination = fc.record({
    host: fc.integer({ min: 1, max: 6 }),
    weight: fc.integer({ min: 0, max: 2 }),
    upperThreshold: fc.constantFrom(0, 9),
    forwardingMethod: fc.constantFrom('direct-route' as const, 'tunnel' as const),
  });
  const destinations = fc
    .uniqueArray(anyDestination, { selector: ({ host }) => host })
    .map((rows) => rows.map(({ host, ...different }) => destination(host, different)));
  const table: fc.Arbitrary<Table> = fc
    .uniqueArray(
      fc.record({ port: fc.integer({ min: 1, max: 6 }), scheduler: fc.constantFrom('rr', 'wlc'), destinations }),
      { selector: (row) => row.port },
    )
    .map((rows) =>
      rows.map((row) => ({ service: service(row.port, { scheduler: row.scheduler }), destinations: row.destinations })),
    );
  const owned = fc.uniqueArray(fc.integer({ min: 1, max: 6 })).map((ports) => new Set(ports.map(idOf)));
  const find = (within: Table, id: string) => within.find((row) => serviceId(row.service.key) === id);
  const serves = (within: Table, id: string) =>
    find(within, id)?.destinations.some(({ weight }) => weight > 0) ?? false;

  it('leads to the desired one and leaves foreign services alone; every step is one that Linux takes', () => {
    fc.assert(
      fc.property(table, table, owned, (actual, wanted, ours) => {
        const result = plan(actual, wanted, ours).reduce(apply, actual);
        const foreign = actual.filter((row) => {
          const id = serviceId(row.service.key);
          return !find(wanted, id) && !ours.has(id);
        });
        expect(sorted(result)).toEqual(sorted([...wanted, ...foreign]));
      }),
      { numRuns: 500 },
    );
  });

  it('no command is about a service that is neither desired nor ours', () => {
    fc.assert(
      fc.property(table, table, owned, (actual, wanted, ours) => {
        for (const command of plan(actual, wanted, ours)) {
          const id = serviceId(command.service.key);
          expect(ours.has(id) || find(wanted, id) !== undefined).toBe(true);
          if (command.command === 'delete-service') expect(ours.has(id)).toBe(true);
        }
      }),
    );
  });

  it('entries are the same exactly where nothing leads from one to the other, in whatever order', () => {
    const rows = fc.record({ scheduler: fc.constantFrom('rr', 'wlc'), destinations });
    const of = ({
      scheduler,
      destinations: those,
    }: {
      scheduler: string;
      destinations: Destination[];
    }): TableEntry => ({
      service: service(80, { scheduler }),
      destinations: those,
    });
    fc.assert(
      fc.property(rows, rows, (one, other) => {
        const [a, b] = [of(one), of(other)];
        expect(sameEntry(a, b)).toBe(plan([a], [b], NOTHING).length === 0);
        const turned = { ...a, destinations: [...a.destinations].reverse() };
        const shifted = { ...a, destinations: [...a.destinations.slice(1), ...a.destinations.slice(0, 1)] };
        expect([sameEntry(a, a), sameEntry(a, turned), sameEntry(a, shifted)]).toEqual([true, true, true]);
      }),
    );
  });

  it('a service that takes connections before and after takes them at every step between', () => {
    fc.assert(
      fc.property(table, table, (actual, wanted) => {
        const ids = wanted.map((row) => serviceId(row.service.key));
        const lasting = ids.filter((id) => serves(actual, id) && serves(wanted, id));
        let now = actual;
        for (const command of plan(actual, wanted, NOTHING)) {
          now = apply(now, command);
          expect(lasting.filter((id) => !serves(now, id))).toEqual([]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('asks for nothing twice', () => {
    fc.assert(
      fc.property(table, table, owned, (actual, wanted, ours) => {
        const result = plan(actual, wanted, ours).reduce(apply, actual);
        expect(plan(result, wanted, ours)).toEqual([]);
      }),
    );
  });
});
