/** Virtual servers, real servers and checkers as a file without any further word makes them. */
import type { IpAddress } from '../../src/base/address.ts';
import { seconds, ZERO } from '../../src/base/time.ts';
import type { TcpChecker } from '../../src/checks/checker-config.ts';
import { checkersOf } from '../../src/daemon/real-server-checkers.ts';
import type { Configuration } from '../../src/daemon/root.ts';
import { destinationId, serviceId } from '../../src/ipvs/table.ts';
import type { RealServer, RealServerSettings, VirtualServer } from '../../src/ipvs/virtual-server.ts';

/** TCP_CHECK { } of 192.168.4.100:80. */
export const tcpChecker = (different: Partial<TcpChecker> = {}): TcpChecker => ({
  kind: 'TCP_CHECK',
  connectAddress: '192.168.4.100' as IpAddress,
  connectPort: 80,
  fwmark: 0,
  connectTimeout: seconds(5),
  retry: 1,
  delayBeforeRetry: seconds(1),
  delayLoop: seconds(60),
  warmup: seconds(60),
  alpha: false,
  logAllFailures: false,
  ...different,
});

/** real_server 192.168.4.100 80 { } with NAT. */
export function realServer(
  different: Partial<RealServerSettings & Pick<RealServer, 'address' | 'port'>> = {},
): RealServer {
  const { address = '192.168.4.100' as IpAddress, port = 80, ...settings } = different;
  return { id: destinationId({ address, port }), address, port, settings: realServerSettings(settings) };
}

/** What is said of that real server. */
export const realServerSettings = (different: Partial<RealServerSettings> = {}): RealServerSettings => ({
  weight: 1,
  forwardingMethod: 'masquerading',
  inhibitOnFailure: false,
  upperThreshold: 0,
  lowerThreshold: 0,
  connectTimeout: seconds(5),
  delayLoop: seconds(60),
  alpha: false,
  smtpAlert: true,
  checkers: [],
  ...different,
});

/** A configuration whose checkers say where they connect to even where that is their own server. */
export const withPlaces = (configuration: Configuration): unknown => ({
  ...configuration,
  virtualServers: configuration.virtualServers.map((server) => ({
    ...server,
    realServers: server.realServers.map((real) => ({
      ...real,
      settings: { ...real.settings, checkers: checkersOf(real) },
    })),
  })),
});

/** virtual_server 192.168.4.15 80 with lb_algo wrr, lb_kind NAT and protocol TCP. */
export function virtualServer(different: Partial<Omit<VirtualServer, 'id'>> = {}): VirtualServer {
  const address = '192.168.4.15' as IpAddress;
  const server = {
    target: { kind: 'address', address, port: 80 },
    family: 'inet',
    protocol: 'TCP',
    scheduler: 'wrr',
    schedulerFlags: 0,
    forwardingMethod: 'masquerading',
    persistenceTimeout: ZERO,
    onePacket: false,
    haSuspend: false,
    omega: false,
    inhibitOnFailure: false,
    connectTimeout: seconds(5),
    delayLoop: seconds(60),
    alpha: false,
    quorum: 1,
    hysteresis: 0,
    smtpAlert: false,
    realServers: [realServer()],
    ...different,
  } as const;
  const { target, family = 'inet', protocol = 'TCP' } = server;
  const id =
    target.kind === 'group'
      ? `[${target.name}]:${target.index}`
      : serviceId(target.kind === 'fwmark' ? { ...target, family } : { ...target, family, protocol });
  return { id, ...server };
}
