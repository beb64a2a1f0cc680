/**
 * Carries out what `transition` decided: advertisements, addresses, announcements. An advertisement goes out at once and
 * never waits for anything; addresses and announcements are done in order by the address keeper.
 */
import type { IpAddress } from '../base/address.ts';
import { assertNever } from '../base/assert.ts';
import type { Effect } from '../vrrp/virtual-router.ts';
import { encodeArp, gratuitousArp } from '../wire/arp.ts';
import type { AddressKeeper } from './address-keeper.ts';
import { advertisementPackets } from './advertisement.ts';
import type { Interfaces } from './interfaces.ts';
import { addressKey, allAddresses, count, type Router } from './router.ts';
import type { Sockets } from './sockets.ts';

export interface PerformWorld {
  readonly addresses: AddressKeeper;
  readonly interfaces: Interfaces;
  readonly sockets: Sockets;
  readonly multicastGroup: IpAddress;
  /** An effect could not be carried out. */
  failed(router: Router, effect: Effect['type'], error: unknown): void;
}

/** See the file's head. */
export class Performer {
  readonly #world: PerformWorld;

  constructor(world: PerformWorld) {
    this.#world = world;
  }

  perform(router: Router, effect: Effect): void {
    switch (effect.type) {
      case 'send-advertisement':
        this.#advertise(router, effect.priority);
        break;
      case 'take-addresses':
      case 'release-addresses':
        this.#world.addresses.settle(router);
        break;
      case 'announce-addresses':
        this.#world.addresses.afterwards(router, () => this.#announce(router, effect.rounds));
        break;
      case 'state-changed':
      case 'discard':
        break;
      default:
        assertNever(effect);
    }
  }

  #advertise(router: Router, priority: number): void {
    const socket = this.#world.sockets.of(router.instance.interface);
    if (!socket) {
      count(router, 'send errors');
      return;
    }
    try {
      for (const outgoing of advertisementPackets(router, priority, this.#world.multicastGroup)) {
        socket.send(outgoing.packet, outgoing.destination);
      }
      router.packetId = router.packetId === 0xffff ? 1 : router.packetId + 1;
      count(router, 'advertisements sent');
      if (priority === 0) count(router, 'priority zero sent');
    } catch (error) {
      count(router, 'send errors');
      this.#world.failed(router, 'send-advertisement', error);
    }
  }

  /** Gratuitous ARP, `rounds` times over all addresses, back to back: keepalived.conf(5) "garp_master_repeat". */
  #announce(router: Router, rounds: number): void {
    if (router.state.name !== 'Master') return;
    for (let round = 0; round < rounds; round++) {
      for (const entry of allAddresses(router.instance)) {
        if (!router.held.has(addressKey(entry))) continue;
        const link = this.#world.interfaces.link(entry.interface);
        if (!link?.mac || link.flags.noArp || entry.address.includes(':')) continue;
        this.#world.sockets.packetSocket(link.index).send(encodeArp(gratuitousArp(link.mac, entry.address)));
        count(router, 'gratuitous ARPs sent');
      }
    }
  }
}
