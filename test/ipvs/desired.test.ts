import { describe, expect, it } from 'vitest';
import { ZERO } from '../../src/base/time.ts';
import { desired } from '../../src/ipvs/desired.ts';
import type { RealServer, VirtualServer } from '../../src/ipvs/keywords.ts';
import { destinationId, serviceId } from '../../src/ipvs/table.ts';
import { destination, service } from './example.ts';

const realServer = (host: number, different: Partial<RealServer> = {}): RealServer => {
  const { address, port } = destination(host);
  return {
    id: destinationId({ address, port }),
    address,
    port,
    weight: 3,
    forwardingMethod: 'direct-route',
    inhibitOnFailure: false,
    upperThreshold: 0,
    lowerThreshold: 0,
    checkers: [],
    ...different,
  };
};

const virtualServer = (...realServers: RealServer[]): VirtualServer => ({
  id: serviceId(service(80).key),
  key: service(80).key,
  scheduler: 'wrr',
  schedulerFlags: 0,
  forwardingMethod: 'direct-route',
  persistenceTimeout: ZERO,
  persistenceGranularity: 32,
  onePacket: false,
  alpha: false,
  realServers,
});

const destinationsFor = (server: VirtualServer, down: readonly string[]) =>
  desired([server], (virtualServerId, realServerId) => virtualServerId === server.id && !down.includes(realServerId))[0]
    ?.destinations;

describe('desired', () => {
  it('has every service, and every healthy real server with its weight', () => {
    const server = virtualServer(realServer(100), realServer(200, { weight: 0, upperThreshold: 9 }));
    expect(desired([server], () => true)).toEqual([
      {
        service: service(80),
        destinations: [destination(100, { weight: 3 }), destination(200, { weight: 0, upperThreshold: 9 })],
      },
    ]);
  });

  it('leaves out a real server that is down', () => {
    const server = virtualServer(realServer(100), realServer(200));
    expect(destinationsFor(server, ['192.168.4.100:80'])).toEqual([destination(200, { weight: 3 })]);
  });

  it('keeps it with weight 0 where inhibit_on_failure says so (keepalived.conf(5) "inhibit_on_failure")', () => {
    const server = virtualServer(realServer(100, { inhibitOnFailure: true }));
    expect(destinationsFor(server, ['192.168.4.100:80'])).toEqual([destination(100, { weight: 0 })]);
    expect(destinationsFor(server, [])).toEqual([destination(100, { weight: 3 })]);
  });

  it('keeps a service whose real servers are all down', () => {
    expect(destinationsFor(virtualServer(realServer(100)), ['192.168.4.100:80'])).toEqual([]);
  });
});
