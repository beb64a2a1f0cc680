/** `holdfast ipvs`: the kernel's IPVS table, as ipvsadm shows it or as JSON. Asks the kernel, not the agent. */
import { readFileSync } from 'node:fs';
import { inSeconds } from '../base/time.ts';
import { IpvsClient } from '../io/ipvs-client.ts';
import { parseConnections, renderConnections } from '../ipvs/connections.ts';
import { type ListingKind, renderListing, renderTimeouts, sortListing } from '../ipvs/listing.ts';
import { serviceId } from '../ipvs/table.ts';

export interface IpvsOptions {
  readonly show: ListingKind | 'clients' | 'timeouts';
  readonly exact: boolean;
  readonly json: boolean;
}

const CONNECTIONS = '/proc/net/ip_vs_conn';

/** 0; 1 when the kernel has no IPVS or does not let us see it. */
export async function showIpvs({ show, exact, json }: IpvsOptions): Promise<number> {
  let client: IpvsClient | undefined;
  const print = (text: string, value: unknown) =>
    process.stdout.write(json ? `${JSON.stringify({ version: 1, ...(value as object) }, undefined, 2)}\n` : text);
  try {
    client = await IpvsClient.open();
    if (show === 'timeouts') {
      const timeouts = await client.timeouts();
      const { tcp, tcpFin, udp } = timeouts;
      const value = { tcp_s: inSeconds(tcp), tcpFin_s: inSeconds(tcpFin), udp_s: inSeconds(udp) };
      print(renderTimeouts(timeouts), { timeouts: value });
    } else if (show === 'clients') {
      const connections = parseConnections(readFileSync(CONNECTIONS, 'utf8'));
      print(renderConnections(connections), { connections });
    } else {
      const observed = await client.observe();
      const services = sortListing(observed).map(({ service, statistics, destinations }) => {
        const { key, persistenceTimeout, ...rest } = service;
        return {
          id: serviceId(key),
          ...key,
          ...rest,
          persistenceTimeout_s: inSeconds(persistenceTimeout),
          statistics,
          destinations,
        };
      });
      print(renderListing(observed, client.info, { kind: show, exact }), { ipvs: client.info, services });
    }
    return 0;
  } catch (error) {
    process.stderr.write(`holdfast: ${(error as Error).message}\n`);
    return 1;
  } finally {
    client?.close();
  }
}
