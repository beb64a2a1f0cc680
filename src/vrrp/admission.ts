/**
 * Which received advertisements a virtual router listens to. RFC 3768 §7.1, RFC 5798 §7.1.
 *
 * Pure: the caller has found the virtual router by interface and VRID, and decoded the message (wire/vrrp.ts). What an
 * admitted advertisement means is decided in virtual-router.ts. A refused one changes nothing but a counter; the words
 * for why are stable, so that a counter can carry them.
 *
 * Against RFC 3768 §7.1 and keepalived 2.2.7, other addresses than ours are a warning, not a fault: dropping such
 * advertisements gives two Masters the moment one of two routers gets a new address (RFC 9568 §7.1 accepts them too).
 * And the owner of the addresses (priority 255) listens as everybody else does, as in keepalived.
 */

import { type IpAddress, isMulticast } from '../base/address.ts';
import { equalSecrets } from '../base/bytes.ts';
import { fault, ok, type Result } from '../base/result.ts';
import type { Duration } from '../base/time.ts';
import {
  type Advertisement,
  type AdvertisementFault,
  type ChecksumReading,
  type DecodedAdvertisement,
  passwordData,
} from '../wire/vrrp.ts';
import type { UnicastPeer } from './instance.ts';
import type { Version } from './timers.ts';

/** What an advertisement is held against. */
export interface AdmissionConfig {
  /** 1-255 */
  readonly vrid: number;
  readonly version: Version;
  readonly advertisementInterval: Duration;
  /** Looked at in version 2 only; absent: Auth Type 0. The Authentication Header of AH is checked before. */
  readonly authentication?: { readonly type: 'PASS' | 'AH'; readonly password: string } | undefined;
  /** The addresses that we advertise ourselves, each once; their order does not matter. */
  readonly addresses: readonly IpAddress[];
  /** The source of our own advertisements. */
  readonly localAddress: IpAddress;
  /** Advertisements go to single peers, whose TTL is not ours to judge: keepalived.conf(5) "unicast_peer". */
  readonly unicast: boolean;
  /** Who advertisements go to instead, and with which TTL theirs may come. */
  readonly peers: readonly UnicastPeer[];
  /** Listen to the peers only: keepalived.conf(5) "check_unicast_src". */
  readonly checkUnicastSource: boolean;
  /** Do not look at the addresses of the Master that we know: keepalived.conf(5) "skip_check_adv_addr". */
  readonly skipCheckAdvertisedAddresses: boolean;
  /** We are the owner of the addresses, and nobody else should be. */
  readonly isOwner: boolean;
  /** What our own version 3 checksums are computed over. */
  readonly checksumReading: ChecksumReading;
}

/** A received packet. */
export interface ReceivedPacket {
  /** TTL or hop limit, 0-255. */
  readonly ttl: number;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly message: Result<DecodedAdvertisement, AdvertisementFault>;
}

/** Why an advertisement is refused: the codec's reasons, and what only the configuration can tell. */
export type AdmissionFault =
  | AdvertisementFault
  /** RFC 3768 §5.2.3: multicast with a TTL other than 255 has been forwarded; unicast with one that its peer cannot have. */
  | 'ttl'
  /** The authentication is of the configured type, but its 8 bytes are not ours. */
  | 'password'
  /** Multicast for a unicast virtual router, or the other way round. */
  | 'destination'
  /** Unicast from somebody who is no peer: keepalived.conf(5) "check_unicast_src". */
  | 'unicast-source'
  /** Sent from our own address. */
  | 'own-packet';

/** What is wrong with an advertisement that is listened to all the same. */
export type AdmissionWarning =
  /** It lists other addresses than ours. */
  | 'address-list'
  /** Version 3: another interval than ours; a Backup learns it (RFC 5798 §7.1). */
  | 'advertisement-interval'
  /** Version 3: the checksum is right under another reading of RFC 5798 §5.2.8 than the one we send. */
  | 'checksum-reading'
  /** Priority 255 beside ours: the addresses can have one owner only (RFC 9568 §8.3.2). */
  | 'duplicate-owner';

/** What the state machine gets to know of an advertisement, and what an operator should. */
export interface Admitted {
  /** 0-255 */
  readonly priority: number;
  readonly source: IpAddress;
  readonly advertisementInterval: Duration;
  /** What the checksum was computed over. */
  readonly checksumReading: ChecksumReading;
  readonly warnings: readonly AdmissionWarning[];
}

/**
 * Checks one packet; the fault is the first in the order of keepalived, after what the codec found.
 * @param master whom we know as the Master now; undefined: nobody
 */
export function admit(
  config: AdmissionConfig,
  packet: ReceivedPacket,
  master?: IpAddress,
): Result<Admitted, AdmissionFault> {
  const { source, destination, message } = packet;
  if (!config.unicast && packet.ttl !== 255) return fault('ttl');
  if (!message.ok) return message;
  const { advertisement } = message.value;
  if (advertisement.version !== config.version) return fault('version');
  if (advertisement.vrid !== config.vrid) return fault('vrid');
  const refusal = advertisement.version === 2 ? refuseVersion2(config, advertisement) : undefined;
  if (refusal !== undefined) return fault(refusal);
  if (isMulticast(destination) === config.unicast) return fault('destination');
  if (source === config.localAddress) return fault('own-packet');
  const stranger = config.unicast ? refuseStranger(config, packet) : undefined;
  if (stranger !== undefined) return fault(stranger);
  return ok({
    priority: advertisement.priority,
    source,
    advertisementInterval: advertisement.advertisementInterval,
    checksumReading: message.value.checksumReading,
    warnings: warningsOf(config, message.value, source === master),
  });
}

/** keepalived.conf(5) "unicast_peer": who may speak to us, and from how far away. */
function refuseStranger(config: AdmissionConfig, { source, ttl }: ReceivedPacket): AdmissionFault | undefined {
  if (!config.checkUnicastSource) return undefined;
  const peer = config.peers.find(({ address }) => address === source);
  if (peer === undefined) return 'unicast-source';
  return ttl < peer.minTtl || ttl > peer.maxTtl ? 'ttl' : undefined;
}

/** RFC 3768 §7.1: authentication and interval have to be ours. Auth Type 0 leaves its 8 bytes unread (RFC 3768 §5.3.10). */
function refuseVersion2(
  config: AdmissionConfig,
  advertisement: Extract<Advertisement, { version: 2 }>,
): AdmissionFault | undefined {
  const { authentication } = advertisement;
  if (authentication?.type !== config.authentication?.type) return 'authentication-type';
  if (authentication?.type === 'PASS' && config.authentication !== undefined) {
    if (!equalSecrets(authentication.data, passwordData(config.authentication.password))) return 'password';
  }
  if (advertisement.advertisementInterval !== config.advertisementInterval) return 'advertisement-interval';
  return undefined;
}

function warningsOf(
  config: AdmissionConfig,
  message: DecodedAdvertisement,
  fromMaster: boolean,
): readonly AdmissionWarning[] {
  const { advertisement, checksumReading } = message;
  const warnings: AdmissionWarning[] = [];
  const looksAtAddresses = !(config.skipCheckAdvertisedAddresses && fromMaster);
  if (looksAtAddresses && !sameAddresses(config.addresses, advertisement.addresses)) warnings.push('address-list');
  if (advertisement.advertisementInterval !== config.advertisementInterval) warnings.push('advertisement-interval');
  if (advertisement.version === 3 && checksumReading !== config.checksumReading) warnings.push('checksum-reading');
  if (config.isOwner && advertisement.priority === 255) warnings.push('duplicate-owner');
  return warnings;
}

/** Whether both list the same; ours has nothing twice. The usual case, the same order, allocates nothing. */
function sameAddresses(ours: readonly IpAddress[], theirs: readonly IpAddress[]): boolean {
  if (ours.length !== theirs.length) return false;
  if (ours.every((address, i) => address === theirs[i])) return true;
  const listed = new Set(theirs);
  return ours.every((address) => listed.has(address));
}
