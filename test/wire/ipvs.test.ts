import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { fromHex, toHex } from '../../src/base/bytes.ts';
import { milliseconds, seconds, ZERO } from '../../src/base/time.ts';
import {
  type Destination,
  decodeCommand,
  encodeCommand,
  encodeDestinationsRequest,
  encodeServicesRequest,
  type IpvsCommand,
  type Service,
} from '../../src/wire/ipvs.ts';
import { ipvsVectors } from '../../src/wire/ipvs.vectors.ts';
import { codecConformance, expectRefusedOrRoundTrip, mutationsOf } from './codec-conformance.ts';
import { messageCodec } from './message-codec.ts';

const codec = messageCodec((message) => decodeCommand(message.body), encodeCommand);

const service: Service = {
  key: { kind: 'address', family: 'inet', protocol: 'TCP', address: '192.0.2.1' as IpAddress, port: 80 },
  scheduler: 'rr',
  persistenceTimeout: ZERO,
  persistenceGranularity: 32,
  onePacket: false,
  schedulerFlags: 0,
};

const destination: Destination = {
  family: 'inet',
  address: '192.0.2.2' as IpAddress,
  port: 80,
  forwardingMethod: 'masquerading',
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
};

/** The service comes back from its own bytes. */
function roundTrip(change: Partial<Service>): void {
  const command: IpvsCommand = { command: 'new-service', service: { ...service, ...change } };
  expect(decodeCommand(encodeCommand(command))).toEqual({ ok: true, value: command });
}

/** The hex of one attribute inside the encoded service, by the four bytes of its header. */
const attributeOf = (change: Partial<Service>, header: string): string | undefined =>
  new RegExp(`${header}(.{8})`).exec(
    toHex(encodeCommand({ command: 'new-service', service: { ...service, ...change } })),
  )?.[1];

describe('IPVS command', () => {
  codecConformance(codec, ipvsVectors, 'refused');

  it('the persistence granularity of IPv4 is a mask in network order, of IPv6 a number', () => {
    const inet6 = { ...service.key, family: 'inet6', address: '2001:db8::1' as IpAddress } as Service['key'];
    expect(attributeOf({ persistenceGranularity: 24 }, '08000900')).toBe('ffffff00');
    expect(attributeOf({ persistenceGranularity: 1 }, '08000900')).toBe('80000000');
    expect(attributeOf({ persistenceGranularity: 0 }, '08000900')).toBe('00000000');
    expect(attributeOf({ key: inet6, persistenceGranularity: 64 }, '08000900')).toBe('40000000');
    for (const persistenceGranularity of [0, 1, 8, 24, 31, 32]) roundTrip({ persistenceGranularity });
    for (const persistenceGranularity of [0, 64, 128]) roundTrip({ key: inet6, persistenceGranularity });
  });

  it('of a mask with holes the ones in front count', () => {
    const bytes = encodeCommand({ command: 'new-service', service });
    const holes = fromHex(toHex(bytes).replace('08000900ffffffff', '08000900ff00ff00'));
    const outcome = decodeCommand(holes);
    expect(outcome.ok && outcome.value.service.persistenceGranularity).toBe(8);
  });

  it('flags: PERSISTENT with a timeout, ONEPACKET, and the three of the scheduler', () => {
    expect(attributeOf({}, '0c000700')).toBe('00000000');
    expect(attributeOf({ persistenceTimeout: seconds(1) }, '0c000700')).toBe('01000000');
    expect(attributeOf({ onePacket: true }, '0c000700')).toBe('04000000');
    expect(attributeOf({ schedulerFlags: 1 }, '0c000700')).toBe('08000000');
    expect(attributeOf({ schedulerFlags: 4 }, '0c000700')).toBe('20000000');
    roundTrip({ persistenceTimeout: seconds(1), onePacket: true, schedulerFlags: 7 });
  });

  it('flags that the kernel sets for itself are not read (IP_VS_SVC_F_HASHED)', () => {
    const hashed = toHex(encodeCommand({ command: 'new-service', service })).replace('0c00070000', '0c00070002');
    expect(decodeCommand(fromHex(hashed))).toEqual({ ok: true, value: { command: 'new-service', service } });
  });

  it('a timeout without PERSISTENT is none', () => {
    const timeout = toHex(encodeCommand({ command: 'new-service', service })).replace('0800080000', '0800080009');
    expect(decodeCommand(fromHex(timeout))).toEqual({ ok: true, value: { command: 'new-service', service } });
  });

  it('every protocol, mark and persistence engine comes back', () => {
    for (const protocol of ['TCP', 'UDP', 'SCTP'] as const) {
      roundTrip({ key: { kind: 'address', family: 'inet', protocol, address: '192.0.2.1' as IpAddress, port: 65535 } });
    }
    roundTrip({ key: { kind: 'fwmark', family: 'inet6', fwmark: 0xffffffff }, persistenceGranularity: 128 });
    roundTrip({ persistenceEngine: 'sip' });
  });

  it('every forwarding method and tunnel comes back, a plain IPIP tunnel as none', () => {
    const back = (change: Partial<Destination>) => {
      const outcome = decodeCommand(
        encodeCommand({ command: 'new-destination', service, destination: { ...destination, ...change } }),
      );
      return outcome.ok && 'destination' in outcome.value ? outcome.value.destination : outcome;
    };
    for (const forwardingMethod of ['masquerading', 'local', 'tunnel', 'direct-route', 'bypass'] as const) {
      expect(back({ forwardingMethod })).toEqual({ ...destination, forwardingMethod });
    }
    const gue = { type: 'gue', port: 6080, flags: 1 } as const;
    expect(back({ forwardingMethod: 'tunnel', tunnel: gue })).toEqual({
      ...destination,
      forwardingMethod: 'tunnel',
      tunnel: gue,
    });
    const ipip = { type: 'ipip', port: 0, flags: 0 } as const;
    expect(back({ forwardingMethod: 'tunnel', tunnel: ipip })).toEqual({ ...destination, forwardingMethod: 'tunnel' });
    expect(back({ weight: 2 ** 31 - 1 })).toEqual({ ...destination, weight: 2 ** 31 - 1 });
  });

  it('commands that follow each other are as each one alone', () => {
    const addresses = fc.constantFrom<Destination>(
      destination,
      { ...destination, address: '255.1.0.200' as IpAddress, port: 65535, weight: 2 ** 31 - 1 },
      { ...destination, address: '10.0.0.1' as IpAddress, weight: 0 },
      { ...destination, family: 'inet6', address: '2001:db8::2' as IpAddress },
      { ...destination, forwardingMethod: 'direct-route' },
      { ...destination, forwardingMethod: 'tunnel' },
      { ...destination, forwardingMethod: 'tunnel', tunnel: { type: 'gue', port: 6080, flags: 1 } },
      { ...destination, upperThreshold: 9 },
      { ...destination, lowerThreshold: 3 },
    );
    const key = { ...service.key, address: '10.9.8.7' as IpAddress, port: 443 } as Service['key'];
    const services = [
      service,
      { ...service, key },
      { ...service, persistenceTimeout: seconds(9), persistenceGranularity: 24 },
      { ...service, key, persistenceTimeout: seconds(9), persistenceGranularity: 24 },
      { ...service, scheduler: 'wlc' },
      { ...service, key: { ...key, family: 'inet6', address: '2001:db8::1' } as Service['key'] },
      { ...service, key: { kind: 'fwmark', family: 'inet', fwmark: 7 } as Service['key'] },
    ];
    const commands = fc.oneof(
      fc.record({ command: fc.constantFrom('new-service', 'set-service'), service: fc.constantFrom(...services) }),
      fc.record({
        command: fc.constantFrom('new-destination', 'set-destination', 'delete-destination'),
        service: fc.constantFrom(...services),
        destination: addresses,
      }),
    ) as fc.Arbitrary<IpvsCommand>;
    // one of another kind, after which nothing of the last one is left
    const other = { ...service, key: { kind: 'fwmark', family: 'inet6', fwmark: 1 } } as Service;
    const forget = () => {
      encodeCommand({ command: 'new-service', service: other });
      const inet6 = { ...destination, family: 'inet6', address: '2001:db8::9' } as Destination;
      encodeCommand({ command: 'new-destination', service: other, destination: inet6 });
    };
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 20 }), (series) => {
        const inTurn = series.map((command) => toHex(encodeCommand(command)));
        const alone = series.map((command) => {
          forget();
          return toHex(encodeCommand(command));
        });
        expect(inTurn).toEqual(alone);
      }),
    );
  });

  it('a tunnel may lead to another family', () => {
    const inet6: Destination = {
      ...destination,
      family: 'inet6',
      address: '2001:db8::2' as IpAddress,
      forwardingMethod: 'tunnel',
    };
    const command: IpvsCommand = { command: 'new-destination', service, destination: inet6 };
    expect(decodeCommand(encodeCommand(command))).toEqual({ ok: true, value: command });
  });

  it('requests for services and destinations', () => {
    expect(toHex(encodeServicesRequest())).toBe('04010000');
    expect(toHex(encodeDestinationsRequest(service))).toBe(
      toHex(encodeCommand({ command: 'delete-service', service })).replace('03010000', '08010000'),
    );
  });

  it('each fault has its name', () => {
    const newService = toHex(encodeCommand({ command: 'new-service', service }));
    const newDestination = toHex(encodeCommand({ command: 'new-destination', service, destination }));
    const decode = (hex: string, from: string, to: string) => {
      expect(hex).toContain(from);
      return decodeCommand(fromHex(hex.replace(from, to)));
    };
    const refused = (reason: string) => ({ ok: false, reason });
    expect(decodeCommand(fromHex('0101'))).toEqual(refused('too-short'));
    expect(decode(newService, '01010000', '63010000')).toEqual(refused('command'));
    expect(decode(newService, '01010000', '04010000')).toEqual(refused('command'));
    expect(decode(newService, '06000100', '06006300')).toEqual(refused('missing-attribute'));
    expect(decode(newService, '0600010002', '0600010007')).toEqual(refused('family'));
    expect(decode(newService, '0600020006', '0600020033')).toEqual(refused('protocol'));
    expect(decode(newDestination, '0800030000', '0800030007')).toEqual(refused('forwarding-method'));
    expect(decode(newDestination, '0800040001000000', '0800040000000080')).toEqual(refused('attribute-value'));
    expect(decode(newDestination, '0800040001000000', '0700040001000000')).toEqual(refused('attribute-value'));
  });

  it('a value that does not fit is our mistake', () => {
    const encode = (change: Partial<Service>) => () =>
      encodeCommand({ command: 'new-service', service: { ...service, ...change } });
    expect(encode({ persistenceTimeout: milliseconds(1500) })).toThrow('IPVS_SVC_ATTR_TIMEOUT is an integer');
    expect(encode({ persistenceGranularity: 33 })).toThrow('assertion failed');
    expect(encode({ schedulerFlags: 8 })).toThrow('assertion failed');
    expect(encode({ key: { ...service.key, family: 'inet6' } as Service['key'] })).toThrow('assertion failed');
    const withWeight = (weight: number) => () =>
      encodeCommand({ command: 'new-destination', service, destination: { ...destination, weight } });
    expect(withWeight(-1)).toThrow('assertion failed');
    expect(withWeight(2 ** 31)).toThrow('a weight is from 0 to 2147483647');
  });

  it('no bytes at all make the decoder throw, and what it accepts round-trips', () => {
    fc.assert(
      fc.property(mutationsOf(ipvsVectors), (bytes) => expectRefusedOrRoundTrip(codec, bytes)),
      { numRuns: 10_000 },
    );
  });
});
