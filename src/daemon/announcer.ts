/**
 * Tells the segment where the virtual addresses are: gratuitous ARP, and unsolicited Neighbor Advertisements (RFC 5798 §6.4.1), as far
 * apart as the configuration wants them (vrrp/pacing.ts).
 */
import { familyOf } from '../base/address.ts';
import { earliest, type Instant, ZERO } from '../base/time.ts';
import { now } from '../io/clock.ts';
import { DeadlineTimer } from '../io/deadline-timer.ts';
import type { VirtualAddress } from '../vrrp/instance.ts';
import { type AnnouncementKind, Lane, laneOf, type Spacing } from '../vrrp/pacing.ts';
import { encodeArp, gratuitousArp } from '../wire/arp.ts';
import { encodeNeighborAdvertisement, unsolicitedNeighborAdvertisement } from '../wire/neighbor-advertisement.ts';
import { speaksOn } from './ears.ts';
import type { Interfaces } from './interfaces.ts';
import { addressKey, allAddresses, count, type Router } from './router.ts';
import type { Sockets } from './sockets.ts';

export interface AnnouncerWorld {
  readonly interfaces: Interfaces;
  readonly sockets: Pick<Sockets, 'packetSocket'>;
  /** A frame could not be sent. */
  failed(router: Router, error: unknown): void;
}

interface Announcement {
  readonly router: Router;
  readonly entry: VirtualAddress;
}

const COUNTERS: Readonly<Record<AnnouncementKind, string>> = {
  garp: 'gratuitous ARPs sent',
  gna: 'neighbor advertisements sent',
};
const AT_ONCE: Spacing = { garp: ZERO, gna: ZERO, groups: [] };

/** See the file's head. */
export class Announcer {
  readonly #world: AnnouncerWorld;
  readonly #timer = new DeadlineTimer(() => this.#pump());
  readonly #lanes = new Map<string, Lane<Announcement>>();
  #spacing = AT_ONCE;

  constructor(world: AnnouncerWorld) {
    this.#world = world;
  }

  /** The distances from now on; what waits keeps the old ones. */
  space(spacing: Spacing = AT_ONCE): void {
    this.#spacing = spacing;
  }

  /** `rounds` times over all addresses that the router holds: keepalived.conf(5) "garp_master_repeat". */
  announce(router: Router, rounds: number): void {
    for (const entry of this.#heldBy(router)) this.#add({ router, entry }, rounds);
    this.#pump();
  }

  /**
   * One address on each interface that sends no advertisements, so that switches go on knowing where it is. keepalived.conf(5)
   * "garp_extra_if"
   */
  announceElsewhere(router: Router): void {
    const { instance } = router;
    const speaker = speaksOn(instance);
    const done = new Set<string>();
    for (const entry of this.#heldBy(router)) {
      const { interface: name } = entry;
      const isMeant = instance.garpExtraInterface?.all || this.#isVirtual(name);
      const key = `${name} ${familyOf(entry.address)}`;
      if (name === speaker || !isMeant || done.has(key)) continue;
      done.add(key);
      this.#add({ router, entry }, 1);
    }
    this.#pump();
  }

  close(): void {
    this.#timer.close();
    this.#lanes.clear();
  }

  #heldBy(router: Router): readonly VirtualAddress[] {
    return allAddresses(router.instance).filter((entry) => isHeld({ router, entry }));
  }

  /** On a virtual MAC interface. */
  #isVirtual(name: string): boolean {
    return this.#world.interfaces.link(name)?.kind === 'macvlan';
  }

  #add(announcement: Announcement, rounds: number): void {
    const { router, entry } = announcement;
    const kind = kindOf(entry);
    const { key, interval } = laneOf(this.#spacing, kind, this.#physical(entry.interface));
    let lane = this.#lanes.get(key);
    if (lane === undefined || (lane.interval !== interval && lane.nextAt === undefined)) {
      lane = new Lane(interval);
      this.#lanes.set(key, lane);
    }
    lane.add(`${router.instance.name} ${addressKey(entry)}`, announcement, rounds);
  }

  /** The interface below one of our own: it is the one that frames leave through. */
  #physical(name: string): string {
    const { interfaces } = this.#world;
    const link = interfaces.link(name);
    const isOwn = link?.kind === 'macvlan' || link?.kind === 'ipvlan';
    return (isOwn && link.lower !== undefined ? interfaces.nameOf(link.lower) : undefined) ?? name;
  }

  /** Sends what may go now, and comes back for the rest. */
  #pump(): void {
    const at = now();
    let next: Instant | undefined;
    for (const lane of this.#lanes.values()) {
      for (let one = lane.next(at, isHeld); one !== undefined; one = lane.next(at, isHeld)) this.#send(one);
      next = earliest(next, lane.nextAt);
    }
    this.#timer.set(next);
  }

  #send({ router, entry }: Announcement): void {
    const { interfaces, sockets } = this.#world;
    const { interface: name, address } = entry;
    const link = interfaces.link(name);
    // where nobody asks for addresses there is nothing to be told
    if (!link?.mac || link.flags.noArp) return;
    const kind = kindOf(entry);
    const frame =
      kind === 'garp'
        ? encodeArp(gratuitousArp(link.mac, address))
        : encodeNeighborAdvertisement(
            unsolicitedNeighborAdvertisement(link.mac, address, interfaces.forwardsIpv6(name)),
          );
    try {
      sockets.packetSocket(link.index).send(frame);
      count(router, COUNTERS[kind]);
    } catch (error) {
      this.#world.failed(router, error);
    }
  }
}

const kindOf = ({ address }: VirtualAddress): AnnouncementKind => (familyOf(address) === 'inet' ? 'garp' : 'gna');

const isHeld = ({ router, entry }: Announcement): boolean =>
  router.state.name === 'Master' && router.held.has(addressKey(entry));
