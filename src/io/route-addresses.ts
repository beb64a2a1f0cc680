/** Addresses of interfaces as the rest of the program has them, made of rtnetlink's messages and made into requests. */

import { familyOf, type IpAddress } from '../base/address.ts';
import { NLM_F_CREATE, NLM_F_EXCL } from '../wire/netlink.ts';
import {
  type AddressMessage,
  encodeAddress,
  IFA_F_DADFAILED,
  IFA_F_DEPRECATED,
  IFA_F_HOMEADDRESS,
  IFA_F_MANAGETEMPADDR,
  IFA_F_MCAUTOJOIN,
  IFA_F_NODAD,
  IFA_F_NOPREFIXROUTE,
  IFA_F_SECONDARY,
  IFA_F_TENTATIVE,
  RTM_DELADDR,
  RTM_NEWADDR,
} from '../wire/rtnetlink.ts';
import type { NetlinkRequest } from './netlink-socket.ts';

/** An address of an interface. */
export interface InterfaceAddress {
  readonly interfaceIndex: number;
  readonly address: IpAddress;
  /** 0-32 or 0-128; of `peer`, where there is one. */
  readonly prefixLength: number;
  /** The other end of a point-to-point link. */
  readonly peer?: IpAddress;
  /** RT_SCOPE_*: 0 universe, 253 link, 254 host. */
  readonly scope: number;
  /** IPv4 only: the name of the interface, or that with a colon and something behind it. */
  readonly label?: string;
  readonly broadcast?: IpAddress;
  /** IFA_PROTO, 1-255: who added it; absent: nobody said, or Linux before 5.18. */
  readonly protocol?: number;
  /** Of IPv4: not the first address of its network on the interface; goes when the first one goes. */
  readonly secondary: boolean;
  /** Of IPv6: not to be used, because duplicate address detection is under way or has found another owner. */
  readonly tentative?: true;
  /** Of IPv6: its preferred lifetime is over, and new connections are made from others. */
  readonly deprecated?: true;
  /** Of IPv6: IFA_F_HOMEADDRESS. */
  readonly home?: true;
  /** Of IPv6: temporary addresses are made of its prefix, IFA_F_MANAGETEMPADDR. */
  readonly manageTemporary?: true;
  /** The kernel has made no route to its network, IFA_F_NOPREFIXROUTE. */
  readonly noPrefixRoute?: true;
  /** A group that the interface joins, IFA_F_MCAUTOJOIN. */
  readonly autojoin?: true;
}

/** An address to be added; what is absent is left to the kernel. */
export type NewAddress = Pick<InterfaceAddress, 'interfaceIndex' | 'address' | 'prefixLength'> &
  Partial<Pick<InterfaceAddress, 'peer' | 'scope' | 'label' | 'broadcast' | 'protocol' | keyof typeof FLAGS>> & {
    /** Of IPv6: with duplicate address detection, during which the address is not to be used. */
    readonly detectDuplicates?: true;
    /** Of IPv6, seconds; 0: deprecated from the start. Absent: forever. */
    readonly preferredLifetime?: number;
  };

/** Which address to remove. */
export type AddressKey = Pick<InterfaceAddress, 'interfaceIndex' | 'address' | 'prefixLength' | 'peer'>;

/** Flags that one gives as one reads them. */
const FLAGS = {
  home: IFA_F_HOMEADDRESS,
  manageTemporary: IFA_F_MANAGETEMPADDR,
  noPrefixRoute: IFA_F_NOPREFIXROUTE,
  autojoin: IFA_F_MCAUTOJOIN,
} as const;

/** RTPROT_KEEPALIVED of linux/rtnetlink.h, which is the mark of our addresses as well. */
const DEFAULT_ADDRESS_PROTOCOL = 18;
/** INFINITY_LIFE_TIME of the kernel: forever. */
const FOREVER = 0xffff_ffff;

/** The address of a message. */
export function addressOf(message: AddressMessage): InterfaceAddress {
  const { interfaceIndex, prefixLength, scope, flags, label, broadcast, protocol } = message;
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const address = message.local ?? message.address ?? UNSPECIFIED[message.family];
  const peer = message.address === address ? undefined : message.address;
  const isIpv6 = message.family === 'inet6';
  return {
    interfaceIndex,
    address,
    prefixLength,
    ...(peer === undefined ? {} : { peer }),
    scope,
    secondary: !isIpv6 && has(IFA_F_SECONDARY),
    ...(label === undefined ? {} : { label }),
    ...(broadcast === undefined ? {} : { broadcast }),
    ...(protocol === undefined || protocol === 0 ? {} : { protocol }),
    ...(isIpv6 && has(IFA_F_TENTATIVE | IFA_F_DADFAILED) ? { tentative: true } : {}),
    ...(isIpv6 && has(IFA_F_DEPRECATED) ? { deprecated: true } : {}),
    ...(has(FLAGS.home) ? { home: true } : {}),
    ...(has(FLAGS.manageTemporary) ? { manageTemporary: true } : {}),
    ...(has(FLAGS.noPrefixRoute) ? { noPrefixRoute: true } : {}),
    ...(has(FLAGS.autojoin) ? { autojoin: true } : {}),
  };
}

/** The kernel always sends an address; this is for the type. */
const UNSPECIFIED = { inet: '0.0.0.0' as IpAddress, inet6: '::' as IpAddress } as const;

type Request = Required<Omit<NetlinkRequest, 'purpose'>>;

/** The request of `addAddress`. */
export function additionOf(wanted: NewAddress): Request {
  const { interfaceIndex, address, prefixLength, protocol = DEFAULT_ADDRESS_PROTOCOL, scope = 0 } = wanted;
  const { label, broadcast, peer = address, preferredLifetime } = wanted;
  const family = familyOf(address);
  const names = Object.keys(FLAGS) as (keyof typeof FLAGS)[];
  const flags = names.filter((name) => wanted[name] === true).reduce((all, name) => all | FLAGS[name], 0);
  const body = encodeAddress({
    family,
    prefixLength,
    flags: flags | (family === 'inet6' && wanted.detectDuplicates !== true ? IFA_F_NODAD : 0),
    scope,
    interfaceIndex,
    local: address,
    address: peer,
    protocol,
    ...(label === undefined ? {} : { label }),
    ...(broadcast === undefined ? {} : { broadcast }),
    ...(preferredLifetime === undefined
      ? {}
      : { cacheInfo: { preferredLifetime, validLifetime: FOREVER, createdStamp: 0, updatedStamp: 0 } }),
  });
  return { type: RTM_NEWADDR, flags: NLM_F_CREATE | NLM_F_EXCL, body };
}

/** The request of `deleteAddress`. */
export function removalOf({ interfaceIndex, address, prefixLength, peer = address }: AddressKey): Request {
  const family = familyOf(address);
  const common = { family, prefixLength, flags: 0, scope: 0, interfaceIndex };
  return { type: RTM_DELADDR, flags: 0, body: encodeAddress({ ...common, local: address, address: peer }) };
}
