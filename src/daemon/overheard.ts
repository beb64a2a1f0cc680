/** Hears who announces the IPv4 addresses of virtual routers on their interfaces. */
import type { IpAddress } from '../base/address.ts';
import { ArpSocket } from '../io/arp-socket.ts';
import type { Interfaces } from './interfaces.ts';
import { allAddresses, type Router } from './router.ts';

export interface OverheardWorld {
  readonly interfaces: Pick<Interfaces, 'link'>;
  /** Somebody else has sent a frame of ARP in the name of this address. */
  heard(address: IpAddress): void;
  /** Where frames come from; another place in tests. */
  open?: (interfaceIndex: number, onAddress: (address: IpAddress) => void) => Pick<ArpSocket, 'close'>;
}

/** See the file's head. */
export class Overheard {
  readonly #world: OverheardWorld;
  readonly #sockets = new Map<number, Pick<ArpSocket, 'close'>>();

  constructor(world: OverheardWorld) {
    this.#world = world;
  }

  /** From now on also on the interfaces of this router. Where it cannot, nothing is heard. */
  listen(router: Router): void {
    for (const { interface: name } of allAddresses(router.instance)) {
      const index = this.#world.interfaces.link(name)?.index;
      if (index === undefined || this.#sockets.has(index)) continue;
      const open = this.#world.open ?? openArp;
      try {
        this.#sockets.set(
          index,
          open(index, (address) => this.#world.heard(address)),
        );
      } catch {
        // the interface is gone, and the addresses with it
      }
    }
  }

  /** Not any more. */
  close(): void {
    if (this.#sockets.size === 0) return; // asked with every wake
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }
}

const openArp = (interfaceIndex: number, onAddress: (address: IpAddress) => void) =>
  ArpSocket.open(interfaceIndex, ({ senderProtocolAddress }) => onAddress(senderProtocolAddress));

/** Whether the address is one of the router's. */
export const hasAddress = ({ instance }: Router, address: IpAddress): boolean =>
  allAddresses(instance).some((one) => one.address === address);
