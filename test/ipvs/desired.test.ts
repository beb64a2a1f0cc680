import { describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { type Condition, desired } from '../../src/ipvs/desired.ts';
import { destinationId, serviceId } from '../../src/ipvs/table.ts';
import type { GroupMember, RealServer, SorryServer, VirtualServer } from '../../src/ipvs/virtual-server.ts';
import { realServer as anyRealServer, virtualServer as anyVirtualServer } from '../support/servers.ts';
import { destination, service } from './example.ts';

const realServer = (host: number, different: Parameters<typeof anyRealServer>[0] = {}): RealServer =>
  anyRealServer({ address: destination(host).address, weight: 3, forwardingMethod: 'direct-route', ...different });

const virtualServer = (...realServers: RealServer[]): VirtualServer =>
  anyVirtualServer({ forwardingMethod: 'direct-route', realServers });

const condition = (down: readonly string[] = [], different: Partial<Condition> = {}): Condition => ({
  hasQuorum: true,
  stateOf: ({ id, settings: { weight } }) => ({ isUp: !down.includes(id), weight }),
  ...different,
});
const allWell = () => condition();

const destinationsFor = (server: VirtualServer, down: readonly string[], different: Partial<Condition> = {}) =>
  desired([server], () => condition(down, different))[0]?.destinations;

describe('desired', () => {
  it('has every service, and every healthy real server with its weight', () => {
    const server = virtualServer(realServer(100), realServer(200, { weight: 0, upperThreshold: 9 }));
    expect(desired([server], allWell)).toEqual([
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

  it('gives a real server the weight of its state, and 0 to one that is drained, up or down', () => {
    const server = virtualServer(realServer(100), realServer(200));
    const stateOf: Condition['stateOf'] = ({ id }) =>
      id === '192.168.4.100:80' ? { isUp: true, weight: 7 } : { isUp: false, weight: 3, isDrained: true };
    expect(destinationsFor(server, [], { stateOf })).toEqual([
      destination(100, { weight: 7 }),
      destination(200, { weight: 0 }),
    ]);
  });

  describe('with a sorry server (keepalived.conf(5) "sorry_server")', () => {
    const sorryServer = (different: Partial<SorryServer> = {}): SorryServer => ({
      address: destination(9).address,
      port: 80,
      forwardingMethod: 'direct-route',
      inhibit: false,
      isRealServer: false,
      ...different,
    });
    const withSorry = (different: Partial<SorryServer> = {}, ...realServers: RealServer[]) =>
      anyVirtualServer({ forwardingMethod: 'direct-route', realServers, sorryServer: sorryServer(different) });
    const noQuorum = { hasQuorum: false };

    it('it is absent while there is a quorum, or there with weight 0 where it is inhibited', () => {
      expect(destinationsFor(withSorry({}, realServer(100)), [])).toEqual([destination(100, { weight: 3 })]);
      expect(destinationsFor(withSorry({ inhibit: true }, realServer(100)), [])).toEqual([
        destination(100, { weight: 3 }),
        destination(9, { weight: 0 }),
      ]);
    });

    it('without a quorum it is alone, though some servers are up; inhibited and drained ones stay with weight 0', () => {
      const inhibited = realServer(200, { inhibitOnFailure: true });
      const server = withSorry({}, realServer(100), inhibited);
      expect(destinationsFor(server, [], noQuorum)).toEqual([
        destination(9, { weight: 1 }),
        destination(200, { weight: 0 }),
      ]);
      const stateOf: Condition['stateOf'] = ({ settings: { weight } }) => ({ isUp: true, weight, isDrained: true });
      expect(destinationsFor(withSorry({}, realServer(100)), [], { hasQuorum: false, stateOf })).toEqual([
        destination(9, { weight: 1 }),
        destination(100, { weight: 0 }),
      ]);
    });

    it('without a sorry server the lack of a quorum changes nothing', () => {
      expect(destinationsFor(virtualServer(realServer(100)), [], noQuorum)).toEqual([destination(100, { weight: 3 })]);
    });

    it('has its own forwarding method, and is there once where it is a real server too', () => {
      const server = withSorry({ forwardingMethod: 'masquerading', port: 8080 }, realServer(100));
      expect(destinationsFor(server, [], noQuorum)).toEqual([
        destination(9, { weight: 1, forwardingMethod: 'masquerading', port: 8080 }),
      ]);
      const both = withSorry({ isRealServer: true, inhibit: true }, realServer(9, { inhibitOnFailure: true }));
      expect(destinationsFor(both, [])).toEqual([destination(9, { weight: 3 })]);
      expect(destinationsFor(both, [], noQuorum)).toEqual([destination(9, { weight: 1 })]);
    });
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
    desired(servers, allWell).map((entry) => [
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
    const [entry, ...others] = desired([first, { ...second, id: `${second.id}#2` }], allWell);
    expect(others).toEqual([]);
    expect(entry?.service.scheduler).toBe('rr');
    expect(outline(first, second)).toEqual([['192.168.4.15:80/TCP', '192.168.4.100:80 3', '192.168.4.200:80 3']]);
  });

  it('says the prefix of the clients that count as one, and what tells them apart', () => {
    const server = anyVirtualServer({
      persistenceGranularity: { family: 'inet', mask: '255.255.240.0' as IpAddress },
      persistenceEngine: 'sip',
    });
    expect(desired([server], allWell)[0]?.service).toMatchObject({
      persistenceGranularity: 20,
      persistenceEngine: 'sip',
    });
    const withAHole = anyVirtualServer({
      persistenceGranularity: { family: 'inet', mask: '255.0.255.0' as IpAddress },
    });
    expect(desired([withAHole], allWell)[0]?.service.persistenceGranularity).toBe(32);
  });
});
