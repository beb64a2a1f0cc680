/** `holdfast drain`, `undrain` and `weight`: a real server gets nothing new, or another weight, without touching the file. */
import { setTimeout as sleep } from 'node:timers/promises';
import { IpvsClient } from '../io/ipvs-client.ts';
import type { Override } from '../ipvs/overrides.ts';
import { destinationId, serviceId } from '../ipvs/table.ts';
import { askAgent } from './control.ts';

export interface OverrideOptions {
  readonly override: Override;
  readonly runDirectory: string;
  readonly json: boolean;
  /** Seconds to wait for the last connection; absent: not at all. */
  readonly wait?: number;
}

const LOOK_EVERY_MS = 1_000;

/** 0 when the agent does as it is told, 1 when it cannot be told, 3 when connections are left after the wait. */
export async function overrideServer(options: OverrideOptions): Promise<number> {
  const { override, runDirectory, json, wait } = options;
  let virtualServers: readonly string[];
  try {
    ({ virtualServers } = (await askAgent(runDirectory, '/override', override)) as {
      virtualServers: readonly string[];
    });
  } catch (error) {
    process.stderr.write(`holdfast: ${(error as Error).message}\n`);
    return 1;
  }
  const { realServer, value } = override;
  const left = wait === undefined ? undefined : await waitUntilEmpty(realServer, wait, json);
  if (json) {
    const connections = left === undefined ? {} : { connections: left };
    process.stdout.write(
      `${JSON.stringify({ version: 1, realServer, virtualServers, ...connections }, undefined, 2)}\n`,
    );
  } else if (left === undefined) {
    const what = value === undefined ? 'as configured' : value === 'drained' ? 'drained' : `weight ${value}`;
    process.stdout.write(`${realServer}: ${what}, in ${virtualServers.join(', ')}\n`);
  }
  return left === undefined || left === 0 ? 0 : 3;
}

/** Looks at the kernel's table until the server has no connections; how many are left in the end. */
async function waitUntilEmpty(realServer: string, wait: number, quiet: boolean): Promise<number> {
  const until = performance.now() + wait * 1000;
  const client = await IpvsClient.open();
  try {
    for (let said = -1; ; ) {
      const left = await connectionsOf(client, realServer);
      if (left !== said && !quiet) process.stdout.write(`${realServer}: ${left} connections\n`);
      said = left;
      if (left === 0 || performance.now() >= until) return left;
      await sleep(LOOK_EVERY_MS);
    }
  } finally {
    client.close();
  }
}

async function connectionsOf(client: IpvsClient, realServer: string): Promise<number> {
  const isMeant = (id: string, address: string) => id === realServer || address === realServer;
  const counts = (await client.observe()).flatMap(({ service, destinations }) =>
    destinations
      .filter(({ destination }) => isMeant(destinationId(destination), destination.address))
      .map((entry) => ({ service: serviceId(service.key), connections: entry.activeConnections })),
  );
  return counts.reduce((sum, { connections }) => sum + connections, 0);
}
