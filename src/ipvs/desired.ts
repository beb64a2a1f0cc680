/**
 * What the IPVS table should be: the configuration, less the real servers that are down; or the sorry server.
 */
import { familyOf } from '../base/address.ts';
import type { Destination, Service, ServiceKey } from '../wire/ipvs.ts';
import { type ServerState, sorryServes } from './pool.ts';
import { granularityOf, servicesOf } from './services.ts';
import { destinationId, serviceId, type Table } from './table.ts';
import type { RealServer, SorryServer, VirtualServer } from './virtual-server.ts';

/** A sorry server is the only one, whatever its weight. */
const SORRY_WEIGHT = 1;

/** What is known of a virtual server and its real servers. */
export interface Condition {
  readonly hasQuorum: boolean;
  stateOf(realServer: RealServer): ServerState;
}

/**
 * The table for the condition of the servers. A real server that is down is absent, or there with weight 0 where
 * keepalived.conf(5) "inhibit_on_failure" says so. While a sorry server serves, it is the only one with a weight. Virtual
 * servers of the same service, as two of a group can be, are one: with the values of the first and the real servers of
 * both; of the same real server the first that is there counts.
 */
export function desired(
  virtualServers: readonly VirtualServer[],
  conditionOf: (virtualServer: VirtualServer) => Condition,
): Table {
  const entries = new Map<string, { service: Service; destinations: Map<string, Destination> }>();
  for (const virtualServer of virtualServers) {
    const present = presentIn(virtualServer, conditionOf(virtualServer));
    for (const key of servicesOf(virtualServer)) {
      const id = serviceId(key);
      const entry = entries.get(id) ?? { service: serviceOf(virtualServer, key), destinations: new Map() };
      entries.set(id, entry);
      for (const { server, weight } of present) {
        const destination = destinationOf(server, weight, key);
        // most have the port of the service: their address is a text that is there already
        const hasItsPort = key.kind === 'address' && destination.port === key.port;
        const destinationKey = hasItsPort ? destination.address : destinationId(destination);
        if (!entry.destinations.has(destinationKey)) entry.destinations.set(destinationKey, destination);
      }
    }
  }
  return [...entries.values()].map(({ service, destinations }) => ({
    service,
    destinations: [...destinations.values()],
  }));
}

type Server = RealServer | SorryServer;

/** Who is in the table for a virtual server, and with which weight; of the same one twice the first counts. */
function presentIn(virtualServer: VirtualServer, condition: Condition): { server: Server; weight: number }[] {
  const { realServers, sorryServer } = virtualServer;
  const sorry = sorryServes(virtualServer, condition);
  const present: { server: Server; weight: number }[] = [];
  for (const server of realServers) {
    const { isUp, weight, isDrained = false } = condition.stateOf(server);
    const serves = isUp && !sorry && !isDrained;
    if (serves || isDrained || server.settings.inhibitOnFailure) present.push({ server, weight: serves ? weight : 0 });
  }
  if (sorryServer === undefined) return present;
  if (sorry) return [{ server: sorryServer, weight: SORRY_WEIGHT }, ...present];
  return sorryServer.inhibit ? [...present, { server: sorryServer, weight: 0 }] : present;
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

/** What the kernel has for a server behind a service. With NAT the port is that of the real server, otherwise the packet arrives with the port that it came with. */
export const destinationOf = (server: RealServer | SorryServer, weight: number, key: ServiceKey): Destination => {
  const { address, port } = server;
  const settings = 'settings' in server ? server.settings : server;
  const { forwardingMethod, tunnel } = settings;
  const servicePort = key.kind === 'fwmark' ? 0 : key.port;
  return {
    family: familyOf(address),
    address,
    port: forwardingMethod === 'masquerading' ? port : servicePort,
    forwardingMethod,
    weight,
    upperThreshold: 'upperThreshold' in settings ? settings.upperThreshold : 0,
    lowerThreshold: 'lowerThreshold' in settings ? settings.lowerThreshold : 0,
    ...(tunnel === undefined ? {} : { tunnel }),
  };
};
