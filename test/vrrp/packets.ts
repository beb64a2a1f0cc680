/** Received advertisements for the admission tests, made as bytes and decoded again. */

import type { IpAddress } from '../../src/base/address.ts';
import { seconds } from '../../src/base/time.ts';
import type { AdmissionConfig, ReceivedPacket } from '../../src/vrrp/admission.ts';
import {
  type Advertisement,
  type AdvertisementV2,
  type ChecksumReading,
  decodeAdvertisement,
  encodeAdvertisement,
  passwordData,
  VRRP_GROUP,
} from '../../src/wire/vrrp.ts';
import { OTHER, US } from './example.ts';

export const VIP = '192.0.2.100' as IpAddress;
export const VIP_2 = '192.0.2.101' as IpAddress;
export const VIP_3 = '192.0.2.102' as IpAddress;

/** Version 2, every second, no authentication, two addresses, multicast. */
export const admission = (different: Partial<AdmissionConfig> = {}): AdmissionConfig => ({
  vrid: 51,
  version: 2,
  advertisementInterval: seconds(1),
  addresses: [VIP, VIP_2],
  localAddress: US,
  unicast: false,
  peers: [],
  checkUnicastSource: false,
  skipCheckAdvertisedAddresses: false,
  isOwner: false,
  checksumReading: different.version === 3 ? 'pseudo-header' : 'message',
  ...different,
});

/** What `admission()` has no objection to. */
export const fitting: AdvertisementV2 = {
  version: 2,
  vrid: 51,
  priority: 150,
  advertisementInterval: seconds(1),
  addresses: [VIP, VIP_2],
};

/** Simple Text Password, as in an advertisement. */
export const pass = (password: string) => ({ type: 'PASS', data: passwordData(password) }) as const;

/** What surrounds a message. */
export interface Envelope {
  readonly ttl: number;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly checksumReading?: ChecksumReading;
}

/** From OTHER to the group, with TTL 255. */
export const envelope: Envelope = { ttl: 255, source: OTHER, destination: VRRP_GROUP };

/** The bytes of a message, and what is received when `change` has been made to them. */
export function received(
  advertisement: Advertisement,
  around: Partial<Envelope> = {},
  change: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes,
): ReceivedPacket {
  const { checksumReading, ...header } = { ...envelope, ...around };
  const bytes = change(encodeAdvertisement(advertisement, header, checksumReading));
  return { ...header, message: decodeAdvertisement(bytes, header) };
}
