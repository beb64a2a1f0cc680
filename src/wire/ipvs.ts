/**
 * IPVS over generic netlink: services, destinations and the commands that change them. linux/ip_vs.h, ipvsadm(8).
 *
 * The attributes are in ipvs-attributes.ts; dump replies with their counters in ipvs-entries.ts; version, timeouts and
 * the sync daemon in ipvs-control.ts. Bodies only: the header around them has the number of the family.
 */

import { type Family, type IpAddress, maxPrefixLength } from '../base/address.ts';
import { ByteWriter } from '../base/bytes.ts';
import { fault, ok, type Result } from '../base/result.ts';
import { type Duration, ZERO } from '../base/time.ts';
import { decodeGeneric, encodeGeneric, writeGenericHeader } from './generic-netlink.ts';
import {
  decodeDestination,
  decodeService,
  destinationAttributes,
  destinationToValues,
  serviceAttributes,
  serviceToValues,
} from './ipvs-attributes.ts';
import { isAlikeDestination, isAlikeService, overwriteDestination, overwriteKey, Template } from './ipvs-template.ts';
import {
  type AttributeFault,
  type AttributeValues,
  attributeTable,
  decodeAttributes,
  encodeAttributes,
  writeNested,
} from './netlink-attributes.ts';

/** IPVS_GENL_NAME: the name of the family. */
export const IPVS_FAMILY = 'IPVS';

/** Transport protocol of a virtual service. keepalived.conf(5) "protocol". */
export type Protocol = 'TCP' | 'UDP' | 'SCTP';

/** How a connection reaches a destination: keepalived.conf(5) "lvs_method" NAT, (the director itself), TUN, DR. */
export type ForwardingMethod = 'masquerading' | 'local' | 'tunnel' | 'direct-route' | 'bypass';

/** Identity of a virtual service in the kernel's table. */
export type ServiceKey =
  | {
      readonly kind: 'address';
      readonly family: Family;
      readonly protocol: Protocol;
      readonly address: IpAddress;
      /** 0-65535; 0 takes every port of a persistent service. */
      readonly port: number;
    }
  | {
      readonly kind: 'fwmark';
      readonly family: Family;
      /** The mark of the firewall, 1 to 2^32-1. */
      readonly fwmark: number;
    };

/** A virtual service as the kernel keeps it. */
export interface Service {
  readonly key: ServiceKey;
  /** The kernel's name of the scheduler: `rr`, `wlc`. */
  readonly scheduler: string;
  /** Whole seconds; 0: not persistent. keepalived.conf(5) "persistence_timeout". */
  readonly persistenceTimeout: Duration;
  /** Prefix length of the clients that are kept together: 32 or 128 is the single client. */
  readonly persistenceGranularity: number;
  /** `sip`; absent: none. keepalived.conf(5) "persistence_engine". */
  readonly persistenceEngine?: string;
  /** Every UDP datagram is scheduled for itself. keepalived.conf(5) "ops". */
  readonly onePacket: boolean;
  /** 0-7: bits 0, 1 and 2 are IP_VS_SVC_F_SCHED1 to 3, e.g. sh-fallback and sh-port. keepalived.conf(5) "flag-1". */
  readonly schedulerFlags: number;
}

/** A destination of a virtual service as the kernel keeps it. */
export interface Destination {
  /** That of the address; it differs from the service's only in a tunnel. */
  readonly family: Family;
  readonly address: IpAddress;
  /** 0-65535; 0 with a firewall mark. */
  readonly port: number;
  readonly forwardingMethod: ForwardingMethod;
  /** 0 to 2^31-1; 0 takes no new connections. */
  readonly weight: number;
  /** Connections from which on no more are given to it; 0: no limit. keepalived.conf(5) "uthreshold". */
  readonly upperThreshold: number;
  /** Connections below which it gets some again; 0: three quarters of the upper one. keepalived.conf(5) "lthreshold". */
  readonly lowerThreshold: number;
  /** Absent: IPIP if the method is `tunnel`. */
  readonly tunnel?: Tunnel;
}

/** The encapsulation of `tunnel`, where it is not plain IPIP. */
export interface Tunnel {
  readonly type: 'ipip' | 'gue' | 'gre';
  /** UDP port of `gue`, 0 otherwise. */
  readonly port: number;
  /** IP_VS_TUNNEL_ENCAP_FLAG_*: 1 checksum, 2 remote checksum. */
  readonly flags: number;
}

/** One change of the kernel's table. */
export type IpvsCommand =
  | { readonly command: 'new-service' | 'set-service'; readonly service: Service }
  | { readonly command: 'delete-service'; readonly service: Service }
  | {
      readonly command: 'new-destination' | 'set-destination' | 'delete-destination';
      readonly service: Service;
      readonly destination: Destination;
    };

/**
 * Why a body is no command or entry. `family`, `protocol`, `forwarding-method` and `tunnel-type`: not wrong, but
 * nothing that our types can say.
 */
export type IpvsFault =
  | 'too-short'
  | 'command'
  | 'missing-attribute'
  | 'family'
  | 'protocol'
  | 'forwarding-method'
  | 'tunnel-type'
  | AttributeFault;

/** IPVS_GENL_VERSION */
export const IPVS_VERSION = 1;

/** IPVS_CMD_* of linux/ip_vs.h. */
export const IPVS_CMD = {
  'new-service': 1,
  'set-service': 2,
  'delete-service': 3,
  'get-service': 4,
  'new-destination': 5,
  'set-destination': 6,
  'delete-destination': 7,
  'get-destination': 8,
  'new-daemon': 9,
  'delete-daemon': 10,
  'set-config': 12,
  'get-config': 13,
  'set-info': 14,
  'get-info': 15,
  flush: 17,
} as const;

/** IPVS_CMD_ATTR_*: the first level of every message. */
const commandAttributes = attributeTable({
  service: [1, 'IPVS_CMD_ATTR_SERVICE', 'nested'],
  destination: [2, 'IPVS_CMD_ATTR_DEST', 'nested'],
});

/** The body of a command. In those about destinations only the service's key counts; they carry no persistence. */
export function encodeCommand(command: IpvsCommand): Uint8Array {
  scratch.length = 0;
  writeCommand(scratch, command);
  return scratch.copy();
}

const scratch = new ByteWriter();

/** The same behind what was written before. */
export function writeCommand(writer: ByteWriter, command: IpvsCommand): void {
  const { service } = command;
  writeGenericHeader(writer, IPVS_CMD[command.command], IPVS_VERSION);
  if (!('destination' in command)) {
    writeNested(writer, commandAttributes.entries.service, () => writer.add(services.of(service)));
    return;
  }
  writeNested(writer, commandAttributes.entries.service, () => writer.add(identities.of(service)));
  const { destination } = command;
  writeNested(writer, commandAttributes.entries.destination, () => writer.add(destinations.of(destination)));
}

/** Reads the body of a command. */
export function decodeCommand(body: Uint8Array): Result<IpvsCommand, IpvsFault> {
  const parts = decodeIpvs(body);
  if (!parts.ok) return parts;
  const { command, service: serviceBytes, destination: destinationBytes } = parts.value;
  const service = decodeService(serviceBytes);
  if (!service.ok) return service;
  switch (command) {
    case 'new-service':
    case 'set-service':
    case 'delete-service':
      return ok({ command, service: service.value });
    case 'new-destination':
    case 'set-destination':
    case 'delete-destination': {
      const destination = decodeDestination(destinationBytes, service.value.key.family);
      if (!destination.ok) return destination;
      return ok({ command, service: withoutPersistence(service.value), destination: destination.value });
    }
    default:
      return fault('command');
  }
}

/** The body of the request for the destinations of a service; sent as a dump. */
export const encodeDestinationsRequest = (service: Service): Uint8Array =>
  encodeIpvs('get-destination', { service: identities.of(service) });

/** The body of the request for all services; sent as a dump. */
export const encodeServicesRequest = (): Uint8Array => encodeIpvs('get-service', {});

const COMMANDS_BY_NUMBER = new Map(Object.entries(IPVS_CMD).map(([name, number]) => [number as number, name]));

/** Header and first level of any message. */
export function encodeIpvs(
  command: keyof typeof IPVS_CMD,
  values: AttributeValues<typeof commandAttributes>,
): Uint8Array {
  const attributes = encodeAttributes(commandAttributes, values);
  return encodeGeneric({ command: IPVS_CMD[command], version: IPVS_VERSION, attributes });
}

/** Reads header and first level of any message; what is missing is empty. */
export function decodeIpvs(
  body: Uint8Array,
): Result<
  { readonly command: keyof typeof IPVS_CMD; readonly service: Uint8Array; readonly destination: Uint8Array },
  IpvsFault
> {
  const message = decodeGeneric(body);
  if (!message.ok) return message;
  const command = COMMANDS_BY_NUMBER.get(message.value.command);
  if (command === undefined) return fault('command');
  const outcome = decodeAttributes(commandAttributes, message.value.attributes);
  if (!outcome.ok) return outcome;
  const { service = new Uint8Array(0), destination = new Uint8Array(0) } = outcome.value;
  return ok({ command: command as keyof typeof IPVS_CMD, service, destination });
}

const withoutPersistence = (service: Service): Service => ({
  ...service,
  persistenceTimeout: ZERO,
  persistenceGranularity: maxPrefixLength(service.key.family),
});

const services = new Template<Service>({
  encode: (service) => encodeAttributes(serviceAttributes, serviceToValues(service)),
  isAlike: isAlikeService,
  overwrite: overwriteKey,
});

/** Services in commands that are about their destinations. */
const identities = new Template<Service>({
  encode: (service) => encodeAttributes(serviceAttributes, serviceToValues(withoutPersistence(service))),
  isAlike: isAlikeService,
  overwrite: overwriteKey,
});

const destinations = new Template<Destination>({
  encode: (destination) => encodeAttributes(destinationAttributes, destinationToValues(destination)),
  isAlike: isAlikeDestination,
  overwrite: overwriteDestination,
});
