/**
 * The kernel's IPVS table as text, column for column as ipvsadm(8) 1.31 prints it with `-L -n`: scripts that read the one can
 * read the other.
 */
import { addressBytes, type IpAddress } from '../base/address.ts';
import { inSeconds } from '../base/time.ts';
import type { ForwardingMethod, Service, ServiceKey } from '../wire/ipvs.ts';
import type { IpvsTimeouts } from '../wire/ipvs-control.ts';
import type { DestinationEntry, ServiceEntry, Statistics } from '../wire/ipvs-entries.ts';
import { destinationId } from './table.ts';

/** A service with its destinations and what the kernel counts. */
export interface ListedService extends ServiceEntry {
  readonly destinations: readonly DestinationEntry[];
}

/** What the columns show: connections, counters since the start, or rates per second. */
export type ListingKind = 'connections' | 'statistics' | 'rates';

export interface ListingOptions {
  readonly kind: ListingKind;
  /** Counters as they are, not rounded to K, M, G and T. */
  readonly exact: boolean;
}

const METHODS: Readonly<Record<ForwardingMethod, string>> = {
  'direct-route': 'Route',
  tunnel: 'Tunnel',
  masquerading: 'Masq',
  local: 'Local',
  bypass: 'Bypass',
};

/** Width of a name with what stands before it. */
const NAME = 33;

const HEADS: Readonly<Record<ListingKind, readonly [string, string]>> = {
  connections: [
    'Prot LocalAddress:Port Scheduler Flags',
    '  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn',
  ],
  statistics: [
    'Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes',
    '  -> RemoteAddress:Port',
  ],
  rates: ['Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS', '  -> RemoteAddress:Port'],
};

/** The whole table. @param info version of IPVS, and the size of its connection table */
export function renderListing(
  services: readonly ListedService[],
  info: { readonly version: string; readonly connectionTableSize: number },
  options: ListingOptions,
): string {
  const lines = [
    `IP Virtual Server version ${info.version} (size=${info.connectionTableSize})`,
    ...HEADS[options.kind],
  ];
  for (const entry of sortListing(services)) {
    lines.push(serviceLine(entry, options));
    for (const destination of entry.destinations) lines.push(destinationLine(destination, options));
  }
  return `${lines.join('\n')}\n`;
}

/** `Timeout (tcp tcpfin udp): 900 120 300` */
export const renderTimeouts = ({ tcp, tcpFin, udp }: IpvsTimeouts): string =>
  `Timeout (tcp tcpfin udp): ${[tcp, tcpFin, udp].map(inSeconds).join(' ')}\n`;

function serviceLine({ service, statistics }: ListedService, { kind, exact }: ListingOptions): string {
  const { key } = service;
  const name =
    key.kind === 'fwmark'
      ? `FWM  ${key.fwmark}${key.family === 'inet6' ? ' IPv6' : ''}`
      : `${key.protocol.padEnd(4)} ${destinationId(key)}`;
  if (kind === 'connections') return `${name} ${service.scheduler}${flagsOf(service)}`;
  return name.padEnd(NAME) + counters(statistics, kind, exact);
}

function destinationLine(entry: DestinationEntry, { kind, exact }: ListingOptions): string {
  const { destination, activeConnections, inactiveConnections, statistics } = entry;
  const name = `  -> ${destinationId(destination)}`.padEnd(NAME);
  if (kind !== 'connections') return name + counters(statistics, kind, exact);
  const columns = [
    METHODS[destination.forwardingMethod].padEnd(7),
    String(destination.weight).padEnd(6),
    String(activeConnections).padEnd(10),
    String(inactiveConnections).padEnd(10),
  ];
  return `${name} ${columns.join(' ')}`;
}

/** Bits 0, 1 and 2, from the highest to the lowest. */
const SCHEDULER_FLAGS: Readonly<Record<string, readonly string[]>> = {
  sh: ['sh-fallback', 'sh-port'],
  mh: ['mh-fallback', 'mh-port'],
};
const NUMBERED_FLAGS = ['flag-1', 'flag-2', 'flag-3'];

function flagsOf(service: Service): string {
  const { scheduler, schedulerFlags, persistenceTimeout, persistenceGranularity, persistenceEngine, onePacket, key } =
    service;
  const names = SCHEDULER_FLAGS[scheduler] ?? [];
  const set = NUMBERED_FLAGS.map((name, bit) => names[bit] ?? name).filter((_, bit) => schedulerFlags & (1 << bit));
  const whole = key.family === 'inet' ? 32 : 128;
  const mask = persistenceGranularity === whole ? '' : ` mask ${maskText(persistenceGranularity, key)}`;
  return [
    set.length === 0 ? '' : ` (${set.join(',')})`,
    persistenceTimeout > 0 ? ` persistent ${inSeconds(persistenceTimeout)}${mask}` : '',
    persistenceEngine === undefined ? '' : ` pe ${persistenceEngine}`,
    onePacket ? ' ops' : '',
  ].join('');
}

/** A netmask for IPv4, a length for IPv6. */
function maskText(length: number, { family }: ServiceKey): string {
  if (family === 'inet6') return String(length);
  const mask = length === 0 ? 0 : (-1 << (32 - length)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (mask >>> shift) & 0xff).join('.');
}

function counters(statistics: Statistics, kind: ListingKind, exact: boolean): string {
  const { connections, incomingPackets, outgoingPackets, incomingBytes, outgoingBytes } = statistics;
  const { connectionRate, incomingPacketRate, outgoingPacketRate, incomingByteRate, outgoingByteRate } = statistics;
  const values =
    kind === 'statistics'
      ? [connections, incomingPackets, outgoingPackets, incomingBytes, outgoingBytes]
      : [connectionRate, incomingPacketRate, outgoingPacketRate, incomingByteRate, outgoingByteRate];
  return values.map((value) => ` ${exact ? String(value).padStart(8) : rounded(value)}`).join('');
}

/** Up to eight digits as they are, then in thousands, millions and so on. */
function rounded(value: number): string {
  if (value < 1e8) return String(value).padStart(8);
  if (value < 1e9) return `${Math.floor(value / 1e3)}K`.padStart(8);
  if (value < 1e11) return `${Math.floor(value / 1e6)}M`.padStart(8);
  if (value < 1e14) return `${Math.floor(value / 1e9)}G`.padStart(8);
  return `${Math.floor(value / 1e12)}T`.padStart(8);
}

/**
 * In ipvsadm's order: IPv4, IPv6, then firewall marks; within a family by protocol, address and port. It compares
 * addresses as signed numbers, so that 192.0.2.1 comes before 10.0.0.1.
 */
export function sortListing(services: readonly ListedService[]): ListedService[] {
  const rank = ({ key }: Service): number[] => {
    if (key.kind === 'fwmark') return [2, key.fwmark, key.family === 'inet' ? 0 : 1];
    return [key.family === 'inet' ? 0 : 1, PROTOCOLS[key.protocol], ...addressRank(key.address), key.port];
  };
  return services
    .map((entry) => ({
      ...entry,
      destinations: [...entry.destinations].sort((a, b) =>
        compare(destinationRank(a.destination), destinationRank(b.destination)),
      ),
    }))
    .sort((a, b) => compare(rank(a.service), rank(b.service)));
}

const PROTOCOLS = { TCP: 6, UDP: 17, SCTP: 132 } as const;

const destinationRank = ({ address, port }: { address: IpAddress; port: number }): number[] => [
  ...addressRank(address),
  port,
];

/** The words of an address as signed 32 bit numbers. */
function addressRank(address: IpAddress): number[] {
  const bytes = addressBytes(address);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, word) => view.getInt32(word * 4));
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
