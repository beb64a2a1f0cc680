/** The packets of one advertisement, IP header, Authentication Header and all. */
import type { IpAddress } from '../base/address.ts';
import type { VrrpInstance } from '../vrrp/instance.ts';
import { nextSequenceNumber } from '../vrrp/sequence-number.ts';
import { encodeAuthenticated, type KeyedDigest } from '../wire/authentication-header.ts';
import { encodeIpv4, INTERNETWORK_CONTROL, identify } from '../wire/ipv4.ts';
import { encodeIpv6 } from '../wire/ipv6.ts';
import {
  type Advertisement,
  type ChecksumReading,
  encodeAdvertisement,
  passwordData,
  VRRP_PROTOCOL,
} from '../wire/vrrp.ts';

/** RFC 3768 §5.2.3, RFC 5798 §5.1.2.3. */
const TTL = 255;

/** A packet with its IP header, ready to be sent. */
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
  /** With auth_type AH. */
  readonly digest?: KeyedDigest | undefined;
  /** Of the last packet with an Authentication Header that was sent or accepted. */
  readonly sequenceNumber: number;
}

/**
 * The packets to send for one advertisement: one to the group, or one to each unicast peer.
 * @param priority 0-255, the one to show
 */
export function advertisementPackets(sender: Sender, priority: number): readonly OutgoingPacket[] {
  const { instance, config, checksumReading } = sender;
  const source = config.localAddress;
  const advertisement = advertisementOf(instance, priority);
  const peers = instance.unicastPeers.map(({ address }) => address);
  const ttl = peers.length > 0 ? instance.unicastTtl : TTL;
  return (peers.length > 0 ? peers : [instance.multicastGroup]).map((destination) => {
    const payload = encodeAdvertisement(advertisement, { source, destination }, checksumReading);
    const packet =
      instance.family === 'inet'
        ? ipv4Packet(sender, ttl, destination, payload)
        : encodeIpv6({
            trafficClass: INTERNETWORK_CONTROL,
            flowLabel: 0,
            nextHeader: VRRP_PROTOCOL,
            hopLimit: ttl,
            source,
            destination,
            payload,
          });
    return { packet, destination };
  });
}

/**
 * The same for a sender that speaks a hundred times a second and mostly says what it said before: its packets are made anew only
 * when something in them differs besides the identification. What is left to the garbage collector makes later packets late.
 */
export class AdvertisementMemory {
  #said:
    | (Pick<Sender, 'instance' | 'checksumReading'> & {
        readonly source: IpAddress;
        readonly priority: number;
        readonly packets: readonly OutgoingPacket[];
      })
    | undefined;

  /** See `advertisementPackets`; valid until the next call. */
  packets(sender: Sender, priority: number): readonly OutgoingPacket[] {
    const { instance, checksumReading, digest } = sender;
    const source = sender.config.localAddress;
    const said = this.#said;
    const isSame =
      said !== undefined &&
      said.instance === instance &&
      said.source === source &&
      said.priority === priority &&
      said.checksumReading === checksumReading;
    // with an Authentication Header no two are the same
    if (!isSame || digest !== undefined) {
      const packets = advertisementPackets(sender, priority);
      this.#said = { instance, checksumReading, source, priority, packets };
      return packets;
    }
    if (instance.family === 'inet') for (const { packet } of said.packets) identify(packet, sender.packetId);
    return said.packets;
  }
}

function ipv4Packet(sender: Sender, ttl: number, destination: IpAddress, payload: Uint8Array): Uint8Array {
  const { config, packetId: identification, digest, sequenceNumber } = sender;
  const source = config.localAddress;
  const packet = {
    typeOfService: INTERNETWORK_CONTROL,
    identification,
    ttl,
    protocol: VRRP_PROTOCOL,
    source,
    destination,
    payload,
  };
  if (digest === undefined) return encodeIpv4(packet);
  return encodeAuthenticated({ packet, sequenceNumber: nextSequenceNumber(sequenceNumber) }, digest);
}

function advertisementOf(instance: VrrpInstance, priority: number): Advertisement {
  const { vrid, advertisementInterval, authentication } = instance;
  const addresses = instance.virtualAddresses.map((entry) => entry.address);
  if (instance.version === 3) return { version: 3, vrid, priority, advertisementInterval, addresses };
  const common = { version: 2, vrid, priority, advertisementInterval, addresses } as const;
  if (authentication === undefined) return common;
  if (authentication.type === 'AH') return { ...common, authentication: { type: 'AH' } };
  return { ...common, authentication: { type: 'PASS', data: passwordData(authentication.password) } };
}
