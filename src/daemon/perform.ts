/**
 * Carries out what `transition` decided: advertisements, addresses, announcements. An advertisement goes out at once and
 * never waits for anything; addresses and announcements are done in order by the possession keeper.
 */
import { assertNever } from '../base/assert.ts';
import { nextSequenceNumber } from '../vrrp/sequence-number.ts';
import type { Effect } from '../vrrp/virtual-router.ts';
import { AdvertisementMemory } from './advertisement.ts';
import type { Announcer } from './announcer.ts';
import type { PossessionKeeper } from './possession-keeper.ts';
import { count, type Router } from './router.ts';
import type { Sockets } from './sockets.ts';
import type { Yielding } from './yielding.ts';

export interface PerformWorld {
  readonly possessions: PossessionKeeper;
  readonly announcer: Pick<Announcer, 'announce' | 'announceElsewhere'>;
  readonly sockets: Sockets;
  readonly yielding: Pick<Yielding, 'release'>;
  /** An effect could not be carried out. */
  failed(router: Router, effect: Effect['type'], error: unknown): void;
}

/** See the file's head. */
export class Performer {
  readonly #world: PerformWorld;
  readonly #memories = new WeakMap<Router, AdvertisementMemory>();

  constructor(world: PerformWorld) {
    this.#world = world;
  }

  perform(router: Router, effect: Effect): void {
    switch (effect.type) {
      case 'send-advertisement':
        this.#advertise(router, effect.priority);
        break;
      case 'release-addresses':
        if (effect.announcedSoon) this.#world.yielding.release(router);
        else this.#world.possessions.settle(router);
        break;
      case 'take-addresses':
        this.#world.possessions.settle(router);
        break;
      case 'announce-addresses':
        this.#world.possessions.afterwards(router, () => this.#world.announcer.announce(router, effect.rounds));
        break;
      case 'announce-elsewhere':
        this.#world.announcer.announceElsewhere(router);
        break;
      case 'state-changed':
      case 'discard':
        break;
      default:
        assertNever(effect);
    }
  }

  #memoryOf(router: Router): AdvertisementMemory {
    const known = this.#memories.get(router);
    if (known !== undefined) return known;
    const memory = new AdvertisementMemory();
    this.#memories.set(router, memory);
    return memory;
  }

  #advertise(router: Router, priority: number): void {
    const socket = this.#world.sockets.of(router.instance);
    if (!socket) {
      count(router, 'send errors');
      return;
    }
    try {
      for (const outgoing of this.#memoryOf(router).packets(router, priority)) {
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
}
