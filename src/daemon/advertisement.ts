/** The packets of one advertisement, header and all: one to the group, or one to each unicast peer. */
import type { IpAddress } from '../base/address.ts';
import type { VrrpInstance } from '../vrrp/instance.ts';
import { encodeIpv4, INTERNETWORK_CONTROL } from '../wire/ipv4.ts';
import {
  type Advertisement,
  type ChecksumReading,
  encodeAdvertisement,
  passwordData,
  VRRP_PROTOCOL,
} from '../wire/vrrp.ts';

/** RFC 3768 §5.2.3. */
const TTL = 255;

/** An IPv4 packet with its header, ready to be sent. */
export interface OutgoingPacket {
  readonly packet: Uint8Array;
  readonly destination: IpAddress;
}

/** Who sends: the parts of a Router that are in its packets. */
export interface Sender {
  readonly instance: VrrpInstance;
  readonly config: { readonly localAddress: IpAddress };
  /** Identification of the IPv4 packets, 1-65535: copies to several peers share it, as keepalived's do. */
  readonly packetId: number;
  readonly checksumReading: ChecksumReading;
}

/**
 * The packets to send for one advertisement.
 * @param priority 0-255, the one to show
 */
export function advertisementPackets(sender: Sender, priority: number, group: IpAddress): readonly OutgoingPacket[] {
  const { instance, config, packetId: identification, checksumReading } = sender;
  const source = config.localAddress;
  const advertisement = advertisementOf(instance, priority);
  const peers = instance.unicastPeers.map(({ address }) => address);
  const ttl = peers.length > 0 ? instance.unicastTtl : TTL;
  return (peers.length > 0 ? peers : [group]).map((destination) => {
    const payload = encodeAdvertisement(advertisement, { source, destination }, checksumReading);
    const header = { typeOfService: INTERNETWORK_CONTROL, identification, ttl, protocol: VRRP_PROTOCOL };
    return { packet: encodeIpv4({ ...header, source, destination, payload }), destination };
  });
}

function advertisementOf(instance: VrrpInstance, priority: number): Advertisement {
  const { vrid, advertisementInterval, authentication } = instance;
  const addresses = instance.virtualAddresses.map((entry) => entry.address);
  if (instance.version === 3) return { version: 3, vrid, priority, advertisementInterval, addresses };
  const common = { version: 2, vrid, priority, advertisementInterval, addresses } as const;
  if (authentication?.type !== 'PASS') return common;
  return { ...common, authentication: { type: 'PASS', data: passwordData(authentication.password) } };
}
