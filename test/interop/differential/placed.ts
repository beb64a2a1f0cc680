/** A member of a scenario in its place: names, addresses, the text of its configuration, the frames that it is sent. */
import type { IpAddress } from '../../../src/base/address.ts';
import { seconds } from '../../../src/base/time.ts';
import { type Mac, macBytes, multicastMac } from '../../../src/wire/ethernet.ts';
import { encodeIpv4 } from '../../../src/wire/ipv4.ts';
import { encodeIpv6 } from '../../../src/wire/ipv6.ts';
import {
  type Advertisement,
  encodeAdvertisement,
  passwordData,
  VRRP_GROUP,
  VRRP_GROUP_IPV6,
  VRRP_PROTOCOL,
} from '../../../src/wire/vrrp.ts';
import type { Fault, Happening, Member, Peer } from './scenario.ts';

/** The agent's hardware address on every interface of both twins, and that of all peers. */
export const OUR_MAC = '02:00:00:00:00:05' as Mac;
export const PEER_MAC = '02:00:00:00:00:04' as Mac;
const GROUP_MAC = '01:00:5e:00:00:12' as Mac;

/** The last octet. As texts .10 comes before .5, as numbers after it. */
const HOST: Record<Peer | 'us', number> = { us: 5, low: 4, high: 10 };
/** The VRID of no instance. */
export const NOBODY = 255;
const PASSWORD = 'secret12';

const addressOf = ({ member, vrid }: Placed, who: Peer | 'us'): IpAddress => {
  if (member.family === 'inet6') return `fe80::${HOST[who].toString(16)}` as IpAddress;
  return `${member.ownLink ? `10.9.${vrid}` : '192.168.4'}.${HOST[who]}` as IpAddress;
};

/** A member with its VRID in the batch. */
export interface Placed {
  readonly member: Member;
  readonly vrid: number;
  readonly file: string;
}

export const nameOf = ({ vrid }: Placed): string => `VI_${vrid}`;
export const linkOf = ({ member, vrid }: Placed): string => (member.ownLink ? `link${vrid}` : 'eth0');
export const trackedLinkOf = ({ vrid }: Placed): string => `other${vrid}`;

const virtualAddresses = ({ member, vrid }: Placed): IpAddress[] =>
  (member.family === 'inet'
    ? [`10.8.${vrid}.1`, `10.8.${vrid}.2`]
    : [`fe80::8:${vrid.toString(16)}`, `2001:db8::${vrid.toString(16)}`]) as IpAddress[];

/** Its vrrp_instance. */
export function instanceText(placed: Placed): string {
  const { member, vrid, file } = placed;
  const track = (kind: string, what: string, weight: number | undefined) =>
    weight === undefined
      ? ''
      : `${kind} {\n  ${what} ${weight === 0 && kind === 'track_interface' ? '' : `weight ${weight}`}\n }`;
  const lines = [
    `interface ${linkOf(placed)}`,
    `virtual_router_id ${vrid}`,
    `version ${member.version}`,
    `priority ${member.priority}`,
    member.priority === 255 ? 'state MASTER' : '',
    'advert_int 1',
    member.password ? `authentication {\n  auth_type PASS\n  auth_pass ${PASSWORD}\n }` : '',
    member.preempt ? '' : 'nopreempt',
    member.preemptDelay > 0 ? `preempt_delay ${member.preemptDelay}` : '',
    member.downTimerAdverts === 3 ? '' : `down_timer_adverts ${member.downTimerAdverts}`,
    member.lowerPriorityNoAdvert ? 'lower_prio_no_advert' : '',
    member.higherPrioritySendAdvert ? 'higher_prio_send_advert' : '',
    member.skipCheckAddresses ? 'skip_check_adv_addr' : '',
    member.unicast
      ? `unicast_src_ip ${addressOf(placed, 'us')}\n unicast_peer {\n  ${addressOf(placed, 'low')}\n  ${addressOf(placed, 'high')}\n }`
      : '',
    track('track_file', `file${vrid}`, member.fileWeight),
    track('track_interface', trackedLinkOf(placed), member.linkWeight),
    `virtual_ipaddress {\n${virtualAddresses(placed)
      .map((address) => `  ${address}/${member.family === 'inet' ? 32 : 64}`)
      .join('\n')}\n }`,
  ];
  const tracked = member.fileWeight === undefined ? '' : `track_file file${vrid} {\n file ${file}\n}\n`;
  return `${tracked}vrrp_instance ${nameOf(placed)} {\n ${lines.filter(Boolean).join('\n ')}\n}\n`;
}

/** Commands of ip(8) for what it needs in the agent's namespace; `peer` is where the other end of its own link is. */
export function ipCommands(placed: Placed, peer: { name: string; namespace: string }): string[] {
  const { member } = placed;
  const link = linkOf(placed);
  return [
    ...(member.ownLink
      ? [
          `link add ${link} address ${OUR_MAC} type veth peer name ${peer.name} netns ${peer.namespace}`,
          `link set ${link} addrgenmode none up`,
          member.family === 'inet'
            ? `address add ${addressOf(placed, 'us')}/24 dev ${link}`
            : `address add ${addressOf(placed, 'us')}/64 dev ${link} nodad`,
        ]
      : []),
    ...(member.unicast
      ? (['low', 'high'] as const).map(
          (who) => `neigh replace ${addressOf(placed, who)} lladdr ${PEER_MAC} dev ${link} nud permanent`,
        )
      : []),
    ...(member.linkWeight === undefined
      ? []
      : [
          `link add ${trackedLinkOf(placed)} type veth peer name end${placed.vrid}`,
          `link set end${placed.vrid} up`,
          `link set ${trackedLinkOf(placed)} up`,
        ]),
  ];
}

/** The frame of an advertisement of a peer. */
export function frameOf(placed: Placed, happening: Extract<Happening, { type: 'advertisement' }>): Uint8Array {
  const { member } = placed;
  const { fault } = happening;
  const ours = addressOf(placed, 'us');
  const source = fault === 'own-address' ? ours : addressOf(placed, happening.peer);
  const group = member.family === 'inet' ? VRRP_GROUP : VRRP_GROUP_IPV6;
  const destination = member.unicast ? ours : group;
  const message = spoil(encodeAdvertisement(advertisementOf(placed, happening), { source, destination }), fault);
  const ttl = fault === 'ttl' ? 254 : 255;
  const packet =
    member.family === 'inet'
      ? encodeIpv4({
          typeOfService: 0xc0,
          identification: 1,
          ttl,
          protocol: VRRP_PROTOCOL,
          source,
          destination,
          payload: message,
        })
      : encodeIpv6({
          trafficClass: 0xc0,
          flowLabel: 0,
          nextHeader: VRRP_PROTOCOL,
          hopLimit: ttl,
          source,
          destination,
          payload: message,
        });
  const to = member.unicast ? OUR_MAC : member.family === 'inet' ? GROUP_MAC : multicastMac(group);
  const etherType = member.family === 'inet' ? [0x08, 0x00] : [0x86, 0xdd];
  return Uint8Array.of(...macBytes(to), ...macBytes(PEER_MAC), ...etherType, ...packet);
}

function advertisementOf(
  placed: Placed,
  { priority, interval, fault }: Extract<Happening, { type: 'advertisement' }>,
): Advertisement {
  const { member, vrid } = placed;
  const all = virtualAddresses(placed);
  const common = {
    vrid: fault === 'vrid' ? NOBODY : vrid,
    priority,
    addresses: fault === 'addresses' ? all.slice(0, 1) : all,
  };
  const version = fault === 'version' ? 5 - member.version : member.version;
  const faster = fault === 'interval' ? 2 : 0;
  if (version === 3 || member.family === 'inet6') {
    return { ...common, version: 3, advertisementInterval: seconds(interval + faster) };
  }
  const hasPassword = fault === 'authentication' ? !member.password : member.password;
  const data = passwordData(fault === 'password' ? 'another' : PASSWORD);
  return {
    ...common,
    version: 2,
    advertisementInterval: seconds(1 + faster),
    ...(hasPassword ? { authentication: { type: 'PASS', data } } : {}),
  };
}

/** What cannot be encoded. The checksum stays right, unless it is what is wrong. */
function spoil(message: Uint8Array, fault: Fault | undefined): Uint8Array {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  switch (fault) {
    case 'checksum':
      view.setUint16(6, view.getUint16(6) ^ 0x0101);
      return message;
    case 'type': {
      view.setUint8(0, view.getUint8(0) + 1); // the sum has 0x0100 more, and its complement less
      const less = view.getUint16(6) - 0x0100;
      view.setUint16(6, less < 0 ? less + 0xffff : less);
      return message;
    }
    case 'length':
      return message.subarray(0, -4);
    default:
      return message;
  }
}
