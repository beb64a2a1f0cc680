/**
 * What the IPVS table should be: the configuration, less the real servers that are down.
 */
import { familyOf } from '../base/address.ts';
import type { Destination, Service, ServiceKey } from '../wire/ipvs.ts';
import { granularityOf, servicesOf } from './services.ts';
import { destinationId, serviceId, type Table } from './table.ts';
import type { RealServer, VirtualServer } from './virtual-server.ts';

/**
 * The table for the health of the real servers. One that is down is absent, or there with weight 0 where
 * keepalived.conf(5) "inhibit_on_failure" says so. Virtual servers of the same service, as two of a group can be, are one: with
 * the values of the first and the real servers of both; of the same real server the first that is there counts.
 * @param isHealthy of a virtual server's real server, by their ids
 */
export function desired(
  virtualServers: readonly VirtualServer[],
  isHealthy: (virtualServerId: string, realServerId: string) => boolean,
): Table {
  const entries = new Map<string, { service: Service; destinations: Map<string, Destination> }>();
  for (const virtualServer of virtualServers) {
    const present = virtualServer.realServers.flatMap((realServer) => {
      if (isHealthy(virtualServer.id, realServer.id)) return [{ realServer, weight: realServer.weight }];
      return realServer.inhibitOnFailure ? [{ realServer, weight: 0 }] : [];
    });
    for (const key of servicesOf(virtualServer)) {
      const id = serviceId(key);
      const entry = entries.get(id) ?? { service: serviceOf(virtualServer, key), destinations: new Map() };
      entries.set(id, entry);
      for (const { realServer, weight } of present) {
        const destination = destinationOf(realServer, weight, key);
        const destinationKey = destinationId(destination);
        if (!entry.destinations.has(destinationKey)) entry.destinations.set(destinationKey, destination);
      }
    }
  }
  return [...entries.values()].map(({ service, destinations }) => ({
    service,
    destinations: [...destinations.values()],
  }));
}

const serviceOf = (virtualServer: VirtualServer, key: ServiceKey): Service => ({
  key,
  scheduler: virtualServer.scheduler,
  persistenceTimeout: virtualServer.persistenceTimeout,
  persistenceGranularity: granularityOf(virtualServer, key.family),
  ...(virtualServer.persistenceEngine === undefined ? {} : { persistenceEngine: virtualServer.persistenceEngine }),
  onePacket: virtualServer.onePacket,
  schedulerFlags: virtualServer.schedulerFlags,
});

/** What the kernel has for a real server behind a service. With NAT the port is that of the real server, otherwise the packet arrives with the port that it came with. */
export const destinationOf = (realServer: RealServer, weight: number, key: ServiceKey): Destination => {
  const { address, forwardingMethod, tunnel } = realServer;
  const servicePort = key.kind === 'fwmark' ? 0 : key.port;
  return {
    family: familyOf(address),
    address,
    port: forwardingMethod === 'masquerading' ? realServer.port : servicePort,
    forwardingMethod,
    weight,
    upperThreshold: realServer.upperThreshold,
    lowerThreshold: realServer.lowerThreshold,
    ...(tunnel === undefined ? {} : { tunnel }),
  };
};
