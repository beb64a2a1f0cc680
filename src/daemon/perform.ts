/**
 * Carries out what `transition` decided: advertisements, addresses, announcements. An advertisement goes out at once and
 * never waits for anything; addresses and announcements are done in order by the possession keeper.
 */
import { familyOf } from '../base/address.ts';
import { assertNever } from '../base/assert.ts';
import type { VirtualAddress } from '../vrrp/instance.ts';
import { nextSequenceNumber } from '../vrrp/sequence-number.ts';
import type { Effect } from '../vrrp/virtual-router.ts';
import { encodeArp, gratuitousArp } from '../wire/arp.ts';
import { encodeNeighborAdvertisement, unsolicitedNeighborAdvertisement } from '../wire/neighbor-advertisement.ts';
import { advertisementPackets } from './advertisement.ts';
import type { Interfaces } from './interfaces.ts';
import type { PossessionKeeper } from './possession-keeper.ts';
import { addressKey, allAddresses, count, type Router } from './router.ts';
import type { Sockets } from './sockets.ts';

export interface PerformWorld {
  readonly possessions: PossessionKeeper;
  readonly interfaces: Interfaces;
  readonly sockets: Sockets;
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
        this.#world.possessions.settle(router);
        break;
      case 'announce-addresses':
        this.#world.possessions.afterwards(router, () => this.#announce(router, effect.rounds));
        break;
      case 'state-changed':
      case 'discard':
        break;
      default:
        assertNever(effect);
    }
  }

  #advertise(router: Router, priority: number): void {
    const socket = this.#world.sockets.of(router.instance);
    if (!socket) {
      count(router, 'send errors');
      return;
    }
    try {
      for (const outgoing of advertisementPackets(router, priority)) {
        socket.send(outgoing.packet, outgoing.destination);
      }
      router.packetId = router.packetId === 0xffff ? 1 : router.packetId + 1;
      if (router.digest !== undefined) router.sequenceNumber = nextSequenceNumber(router.sequenceNumber);
      count(router, 'advertisements sent');
      if (priority === 0) count(router, 'priority zero sent');
    } catch (error) {
      count(router, 'send errors');
      this.#world.failed(router, 'send-advertisement', error);
    }
  }

  /** `rounds` times over all addresses, back to back: keepalived.conf(5) "garp_master_repeat". */
  #announce(router: Router, rounds: number): void {
    if (router.state.name !== 'Master') return;
    const addresses = allAddresses(router.instance).filter((entry) => router.held.has(addressKey(entry)));
    const frames = addresses.flatMap((entry) => this.#frameOf(entry));
    for (let round = 0; round < rounds; round++) {
      for (const { index, frame, counter } of frames) {
        this.#world.sockets.packetSocket(index).send(frame);
        count(router, counter);
      }
    }
  }

  /** Gratuitous ARP, or an unsolicited Neighbor Advertisement (RFC 5798 §6.4.1); none where nobody asks for addresses. */
  #frameOf({ interface: name, address }: VirtualAddress): { index: number; frame: Uint8Array; counter: string }[] {
    const link = this.#world.interfaces.link(name);
    if (!link?.mac || link.flags.noArp) return [];
    const { index, mac } = link;
    if (familyOf(address) === 'inet') {
      return [{ index, frame: encodeArp(gratuitousArp(mac, address)), counter: 'gratuitous ARPs sent' }];
    }
    const isRouter = this.#world.interfaces.forwardsIpv6(name);
    const frame = encodeNeighborAdvertisement(unsolicitedNeighborAdvertisement(mac, address, isRouter));
    return [{ index, frame, counter: 'neighbor advertisements sent' }];
  }
}
