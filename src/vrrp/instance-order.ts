/**
 * What the lines of a vrrp_instance decide by their order: its family, which addresses fit it, its version, and the names
 * of its own interfaces. keepalived settles these while it reads, so a later line is measured by the earlier ones.
 */
import { addressBytes, type Family, familyOf, type IpAddress, isMulticast } from '../base/address.ts';
import type { Report } from '../config/diagnostics.ts';
import type { Word } from '../config/lexer.ts';
import type { Statement } from '../config/statement.ts';
import type { Given } from '../config/table.ts';
import type { AddressLine } from './address-keywords.ts';
import type { InstanceReading } from './complete-instance.ts';
import type { PeerLine, vrrpInstanceKeywords } from './keywords.ts';
import { type GivenInterface, type InterfaceNames, NO_INTERFACE, readIpvlan, readVmac } from './virtual-interfaces.ts';

/** What the lines come to, one after the other. */
export interface Ordered {
  readonly family: Family;
  /** What the file says or what follows from it; absent: as global_defs has it. */
  readonly version?: 2 | 3;
  readonly sourceAddress?: IpAddress;
  /** Keywords of unicast, in the order of the file. */
  readonly unicastKeywords: readonly Word[];
  readonly peers: readonly PeerLine[];
  readonly addresses: readonly AddressLine[];
  readonly multicastGroup?: IpAddress;
  readonly ownInterface: GivenInterface;
}

type GivenLine = Given<(typeof vrrpInstanceKeywords)['entries']>;

/** Reads the lines in their order. @param names for use_vmac and use_ipvlan */
export function readInOrder(lines: InstanceReading['given'], names: InterfaceNames, report: Report): Ordered {
  const order = new Order(names, report);
  for (const line of lines) order.take(line);
  return order.finish();
}

class Order {
  readonly #names: InterfaceNames;
  readonly #report: Report;
  #family: Family | undefined;
  /** The address that decided the family. */
  #decidedBy = '';
  #version: 2 | 3 | undefined;
  #sourceAddress: IpAddress | undefined;
  #multicastGroup: IpAddress | undefined;
  #ownInterface = NO_INTERFACE;
  readonly #unicastKeywords: Word[] = [];
  readonly #peers = new Map<IpAddress, PeerLine>();
  readonly #addresses: AddressLine[] = [];

  constructor(names: InterfaceNames, report: Report) {
    this.#names = names;
    this.#report = report;
  }

  /** Words are asked for only where they are needed: making them takes time. */
  take(line: GivenLine): void {
    const { statement } = line;
    switch (line.key) {
      case 'version':
        this.#takeVersion(line.value, statement);
        break;
      case 'sourceAddress':
        if (statement.keyword.text === 'unicast_src_ip') this.#unicastKeywords.push(statement.keyword);
        if (this.#fits(line.value, () => statement.args[0] ?? statement.keyword)) this.#sourceAddress = line.value;
        break;
      case 'unicastPeers':
        this.#unicastKeywords.push(statement.keyword);
        for (const peer of line.value) {
          if (this.#fits(peer.address, () => peer.word)) this.#peers.set(peer.address, peer);
        }
        break;
      case 'checkUnicastSource':
      case 'oldUnicastChecksum':
      case 'unicastTtl':
      case 'unicastFaultNoPeer':
        this.#unicastKeywords.push(statement.keyword);
        break;
      case 'virtualAddresses':
        for (const address of line.value) {
          const suggestion = 'put it into virtual_ipaddress_excluded, or give each family its own instance';
          if (this.#fits(address.address, () => address.word, suggestion)) this.#addresses.push(address);
        }
        break;
      case 'multicastGroup':
        this.#takeGroup(line.value, () => statement.args[0] ?? statement.keyword);
        break;
      case 'nativeIpv6':
        this.#takeNativeIpv6(statement);
        break;
      case 'useVmac':
        this.#ownInterface = readVmac(statement.args, this.#ownInterface, this.#names, this.#report);
        break;
      case 'useIpvlan':
        this.#takeIpvlan(statement);
        break;
      case 'vrf':
        this.#report.warning(statement.keyword, 'an instance with an interface has no vrf; it is ignored');
        break;
    }
  }

  finish(): Ordered {
    const [version, source, group] = [this.#version, this.#sourceAddress, this.#multicastGroup];
    return {
      family: this.#family ?? 'inet',
      ...(version === undefined ? {} : { version }),
      ...(source === undefined ? {} : { sourceAddress: source }),
      ...(group === undefined ? {} : { multicastGroup: group }),
      unicastKeywords: this.#unicastKeywords,
      peers: [...this.#peers.values()],
      addresses: this.#addresses,
      ownInterface: this.#ownInterface,
    };
  }

  /** Whether an address is of the family; the first one decides it. */
  #fits(address: IpAddress, at: () => Word, suggestion?: string): boolean {
    if (this.#family === undefined) {
      this.#family = familyOf(address);
      this.#decidedBy = address;
    }
    if (familyOf(address) === this.#family) return true;
    const family = this.#family === 'inet' ? 'IPv4' : 'IPv6';
    this.#report.error(
      at(),
      `${address} is not of the instance's family, ${family} by ${this.#decidedBy}; it is ignored`,
      {
        ...(suggestion === undefined ? {} : { suggestion }),
      },
    );
    return false;
  }

  #takeIpvlan({ keyword, args }: Statement): void {
    const { address: before } = this.#ownInterface;
    const now = readIpvlan(args, this.#ownInterface, this.#names, this.#report);
    const { address, ...withoutAddress } = now;
    const fits = address === undefined || address === before || this.#fits(address.address, () => keyword);
    this.#ownInterface = fits ? now : { ...withoutAddress, ...(before === undefined ? {} : { address: before }) };
  }

  #takeVersion(version: 2 | 3, { keyword }: Statement): void {
    const deduced = this.#version ?? (this.#family === 'inet6' ? 3 : undefined);
    if (deduced !== undefined && deduced !== version) {
      const reason =
        this.#version === undefined ? `${this.#decidedBy} is of IPv6, which has version 3` : `it is ${deduced} already`;
      this.#report.warning(keyword, `version: ${reason}; this line is ignored`);
    } else this.#version = version;
  }

  /** An IPv6 group reaches no further than the link: RFC 5798 §5.1.2.2. */
  #takeGroup(group: IpAddress, at: () => Word): void {
    if (!this.#fits(group, at)) return;
    const isLinkLocal = familyOf(group) === 'inet' || ((addressBytes(group)[1] ?? 0) & 0x0f) === 2;
    if (!isMulticast(group)) this.#report.error(at(), `${group} is no multicast address; it is ignored`);
    else if (!isLinkLocal) this.#report.error(at(), `${group} reaches further than the link; it is ignored`);
    else this.#multicastGroup = group;
  }

  #takeNativeIpv6({ keyword }: Statement): void {
    if (this.#family === 'inet') {
      this.#report.warning(keyword, `native_ipv6 does not go with ${this.#decidedBy}; it is ignored`);
      return;
    }
    this.#family = 'inet6';
    this.#decidedBy = 'native_ipv6';
    this.#version = 3;
  }
}
