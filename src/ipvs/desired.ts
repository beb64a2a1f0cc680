/**
 * What the IPVS table should be: the configuration, less the real servers that are down.
 */
import { familyOf } from '../base/address.ts';
import type { Destination } from '../wire/ipvs.ts';
import type { RealServer, VirtualServer } from './keywords.ts';
import type { Table } from './table.ts';

/**
 * The table for the health of the real servers. One that is down is absent, or there with weight 0 where
 * keepalived.conf(5) "inhibit_on_failure" says so.
 * @param isHealthy of a virtual server's real server, by their ids
 */
export function desired(
  virtualServers: readonly VirtualServer[],
  isHealthy: (virtualServerId: string, realServerId: string) => boolean,
): Table {
  return virtualServers.map((virtualServer) => ({
    service: {
      key: virtualServer.key,
      scheduler: virtualServer.scheduler,
      persistenceTimeout: virtualServer.persistenceTimeout,
      persistenceGranularity: virtualServer.persistenceGranularity,
      onePacket: virtualServer.onePacket,
      schedulerFlags: virtualServer.schedulerFlags,
    },
    destinations: virtualServer.realServers.flatMap((realServer) => {
      if (isHealthy(virtualServer.id, realServer.id)) return [destinationOf(realServer, realServer.weight)];
      return realServer.inhibitOnFailure ? [destinationOf(realServer, 0)] : [];
    }),
  }));
}

const destinationOf = (realServer: RealServer, weight: number): Destination => ({
  family: familyOf(realServer.address),
  address: realServer.address,
  port: realServer.port,
  forwardingMethod: realServer.forwardingMethod,
  weight,
  upperThreshold: realServer.upperThreshold,
  lowerThreshold: realServer.lowerThreshold,
});
