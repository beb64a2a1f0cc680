import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { desired } from '../../src/ipvs/desired.ts';
import { destinationId, serviceId } from '../../src/ipvs/table.ts';
import type { GroupMember, RealServer, VirtualServer } from '../../src/ipvs/virtual-server.ts';
import { realServer as anyRealServer, virtualServer as anyVirtualServer } from '../support/servers.ts';
import { destination, service } from './example.ts';

const realServer = (host: number, different: Partial<RealServer> = {}): RealServer =>
  anyRealServer({ address: destination(host).address, weight: 3, forwardingMethod: 'direct-route', ...different });

const virtualServer = (...realServers: RealServer[]): VirtualServer =>
  anyVirtualServer({ forwardingMethod: 'direct-route', realServers });

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

  const group = (...members: GroupMember[]): VirtualServer['target'] => ({
    kind: 'group',
    name: 'web',
    index: 0,
    members,
  });
  const range = (first: string, last: string, port: number): GroupMember => ({
    kind: 'addresses',
    family: first.includes(':') ? 'inet6' : 'inet',
    first: first as IpAddress,
    last: last as IpAddress,
    port,
  });
  const outline = (...servers: VirtualServer[]) =>
    desired(servers, () => true).map((entry) => [
      serviceId(entry.service.key),
      ...entry.destinations.map((one) => `${destinationId(one)} ${one.weight}`),
    ]);

  it('has a service for each address and mark of a group, over the border of a byte too', () => {
    const server = anyVirtualServer({
      target: group(range('10.0.0.254', '10.0.1.1', 80), { kind: 'fwmark', fwmark: 7 }),
      forwardingMethod: 'direct-route',
      realServers: [realServer(100, { port: 80 })],
    });
    expect(outline(server)).toEqual([
      ['10.0.0.254:80/TCP', '192.168.4.100:80 3'],
      ['10.0.0.255:80/TCP', '192.168.4.100:80 3'],
      ['10.0.1.0:80/TCP', '192.168.4.100:80 3'],
      ['10.0.1.1:80/TCP', '192.168.4.100:80 3'],
      ['FWM 7', '192.168.4.100:0 3'],
    ]);
  });

  it('has the port of each service in a group, unless NAT changes it', () => {
    const target = group(range('10.0.0.1', '10.0.0.1', 80), range('10.0.0.2', '10.0.0.2', 81));
    const tunnel = realServer(100, { forwardingMethod: 'tunnel' });
    const nat = realServer(200, { forwardingMethod: 'masquerading', port: 8080 });
    expect(outline(anyVirtualServer({ target, realServers: [tunnel, nat] }))).toEqual([
      ['10.0.0.1:80/TCP', '192.168.4.100:80 3', '192.168.4.200:8080 3'],
      ['10.0.0.2:81/TCP', '192.168.4.100:81 3', '192.168.4.200:8080 3'],
    ]);
  });

  it('has services of both families of a group', () => {
    const { family: _, ...both } = anyVirtualServer({
      target: group(range('10.0.0.1', '10.0.0.1', 80), range('fd00::1', 'fd00::2', 80)),
      realServers: [realServer(100, { forwardingMethod: 'tunnel' })],
    });
    expect(outline(both)).toEqual([
      ['10.0.0.1:80/TCP', '192.168.4.100:80 3'],
      ['[fd00::1]:80/TCP', '192.168.4.100:80 3'],
      ['[fd00::2]:80/TCP', '192.168.4.100:80 3'],
    ]);
  });

  it('has one service for two virtual servers of the same, with the values of the first and the servers of both', () => {
    const first = anyVirtualServer({ scheduler: 'rr', realServers: [realServer(100)] });
    const second = anyVirtualServer({
      scheduler: 'wrr',
      realServers: [realServer(100, { weight: 9 }), realServer(200)],
    });
    const [entry, ...others] = desired([first, { ...second, id: `${second.id}#2` }], () => true);
    expect(others).toEqual([]);
    expect(entry?.service.scheduler).toBe('rr');
    expect(outline(first, second)).toEqual([['192.168.4.15:80/TCP', '192.168.4.100:80 3', '192.168.4.200:80 3']]);
  });

  it('says the prefix of the clients that count as one, and what tells them apart', () => {
    const server = anyVirtualServer({
      persistenceGranularity: { family: 'inet', mask: '255.255.240.0' as IpAddress },
      persistenceEngine: 'sip',
    });
    expect(desired([server], () => true)[0]?.service).toMatchObject({
      persistenceGranularity: 20,
      persistenceEngine: 'sip',
    });
    const withAHole = anyVirtualServer({
      persistenceGranularity: { family: 'inet', mask: '255.0.255.0' as IpAddress },
    });
    expect(desired([withAHole], () => true)[0]?.service.persistenceGranularity).toBe(32);
  });
});
