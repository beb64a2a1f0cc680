/** Frames with Neighbor Advertisements. */

import type { IpAddress } from '../base/address.ts';
import type { Mac } from './ethernet.ts';
import { type NeighborAdvertisementFrame, unsolicitedNeighborAdvertisement } from './neighbor-advertisement.ts';
import { KEEPALIVED, type Vector } from './vector.ts';

const ip = (text: string) => text as IpAddress;
const mac = (text: string) => text as Mac;

export const neighborAdvertisementVectors: readonly Vector<NeighborAdvertisementFrame>[] = [
  {
    name: 'unsolicited, of a link-local address',
    source: KEEPALIVED,
    bytes:
      '333300000001 5202a51ea2c5 86dd 60000000 0020 3a ff fe800000000000000000000000000015 ff020000000000000000000000000001 8800bf8d 20000000 fe800000000000000000000000000015 0201 5202a51ea2c5',
    value: {
      destination: mac('33:33:00:00:00:01'),
      source: mac('52:02:a5:1e:a2:c5'),
      sourceAddress: ip('fe80::15'),
      destinationAddress: ip('ff02::1'),
      router: false,
      solicited: false,
      override: true,
      target: ip('fe80::15'),
      targetLinkLayerAddress: mac('52:02:a5:1e:a2:c5'),
    },
  },
  {
    name: 'unsolicited, of a unique local address',
    source: KEEPALIVED,
    bytes:
      '333300000001 5202a51ea2c5 86dd 60000000 0020 3a ff fd000004000000000000000000000015 ff020000000000000000000000000001 8800c285 20000000 fd000004000000000000000000000015 0201 5202a51ea2c5',
    value: unsolicitedNeighborAdvertisement(mac('52:02:a5:1e:a2:c5'), ip('fd00:4::15'), false),
  },
  {
    name: 'unsolicited, of a router (net.ipv6.conf.IF.forwarding is 1)',
    source: KEEPALIVED,
    bytes:
      '333300000001 42ef0285280f 86dd 60000000 0020 3a ff fe800000000000000000000000000015 ff020000000000000000000000000001 88006bf0 a0000000 fe800000000000000000000000000015 0201 42ef0285280f',
    value: unsolicitedNeighborAdvertisement(mac('42:ef:02:85:28:0f'), ip('fe80::15'), true),
  },
  {
    name: 'unsolicited, with a virtual MAC',
    source: KEEPALIVED,
    bytes:
      '333300000001 00005e000233 86dd 60000000 0020 3a ff fe800000000000000000000000000015 ff020000000000000000000000000001 8800f940 20000000 fe800000000000000000000000000015 0201 00005e000233',
    value: unsolicitedNeighborAdvertisement(mac('00:00:5e:00:02:33'), ip('fe80::15'), false),
  },
];
