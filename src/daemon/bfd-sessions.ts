/**
 * The BFD sessions of a configuration at run time: sockets, deadlines, and who is told of their states. What has arrived is
 * handled before any deadline, each packet with the kernel's time of its arrival: a pause of ours is no silence of others.
 *
 * They live in the election process, which must know of a lost neighbour before anybody else, and which nothing delays.
 */
import { familyOf, type IpAddress } from '../base/address.ts';
import { type Duration, earliest, elapsed, type Instant, later, milliseconds, scale, seconds } from '../base/time.ts';
import type { BfdDatagram, BfdListener, BfdSender, BfdSenderOptions } from '../io/bfd-socket.ts';
import type { BfdReport } from '../status/report.ts';
import type { BfdInstance } from '../vrrp/bfd-instance.ts';
import { type BfdEvent, type BfdSession, bfdTransition, newBfdSession, nextBfdDeadline } from '../vrrp/bfd-session.ts';
import { BFD_MULTIHOP_PORT, BFD_PORT, decodeBfd, encodeBfd } from '../wire/bfd.ts';
import type { LogLevel } from './messages.ts';

export interface BfdWorld {
  now(): Instant;
  /** From 0 to 1, anew for each call. */
  random(): number;
  /** Wakes the sessions at the instant; undefined: no deadline. */
  wakeAt(at: Instant | undefined): void;
  listen(family: 'inet' | 'inet6', port: number): Pick<BfdListener, 'drain' | 'close'>;
  sender(options: BfdSenderOptions): Pick<BfdSender, 'send' | 'close'>;
  /** Nothing is called afterwards. */
  closed(): void;
  /** A session is up, or is not. */
  report(instance: BfdInstance, isUp: boolean): void;
  /** One that was up is silent for Detection Time, and that is no stall of ours. @param interval from one packet to the next */
  lost(neighbour: IpAddress, interval: Duration): void;
  log(level: LogLevel, event: string, message: string, fields: Record<string, string | number | undefined>): void;
}

/** A session as its process left it. */
export interface BfdEstate {
  readonly instance: BfdInstance;
  readonly session: BfdSession;
  readonly since: string;
  readonly detail?: string;
}

/** How often a taken port is tried again: at first the process before us is about to leave it. */
const QUICK_RETRY = milliseconds(20);
const QUICK_TRIES = 250;
const SLOW_RETRY = seconds(1);

/** One whose port is taken. */
interface Waiting {
  readonly instance: BfdInstance;
  readonly tries: number;
  /** When it is tried again. */
  readonly at: Instant;
  readonly isSaid: boolean;
}

/** One that runs. */
interface Entry {
  instance: BfdInstance;
  session: BfdSession;
  readonly neighbour: IpAddress;
  readonly sender: Pick<BfdSender, 'send' | 'close'>;
  since: Date;
  detail: string | undefined;
  readonly counters: Record<string, number>;
}

/** See the file's head. */
export class BfdSessions {
  readonly #world: BfdWorld;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Map<string, Pick<BfdListener, 'drain' | 'close'>>();
  /** Sessions whose port is taken. */
  readonly #waiting = new Map<string, Waiting>();
  #left = new Map<string, BfdEstate>();
  #isClosing = false;
  /** Datagrams that no session is for, by reason. */
  readonly strays: Record<string, number> = {};

  constructor(world: BfdWorld) {
    this.#world = world;
  }

  /** Start and reload: a session with the same ends goes on, whatever else is new. */
  configure(instances: readonly BfdInstance[]): void {
    const wanted = new Map(instances.map((instance) => [instance.name, instance]));
    for (const [name, entry] of this.#entries) {
      const instance = wanted.get(name);
      if (instance === undefined || endsOf(instance) !== endsOf(entry.instance)) this.#end(entry);
    }
    this.#waiting.clear();
    for (const instance of wanted.values()) {
      const entry = this.#entries.get(instance.name);
      if (entry === undefined) this.#begin(instance);
      else {
        const before = entry.instance;
        entry.instance = instance;
        this.#handle(entry, { type: 'configured', before }, this.#world.now());
      }
    }
    this.#closeUnused();
    this.#arm();
  }

  /** A deadline has passed, or something has arrived. */
  wake(): void {
    for (const [key, listener] of this.#listeners) {
      // what a flood leaves is read next time: the socket calls again
      if (!listener.drain((datagram) => this.#receive(key, datagram))) count(this.strays, 'flood');
    }
    const now = this.#world.now();
    for (const { instance, at } of [...this.#waiting.values()]) if (at <= now) this.#begin(instance);
    for (const entry of this.#entries.values()) {
      const deadline = nextBfdDeadline(entry.session);
      if (deadline !== undefined && deadline <= now) this.#clock(entry, now);
    }
    this.#arm();
  }

  #clock(entry: Entry, now: Instant): void {
    const { sessionState, goneAt, receiveInForce, remoteDesiredMinTransmit } = entry.session;
    this.#handle(entry, { type: 'clock' }, now);
    if (sessionState !== 'Up' || entry.session.sessionState === 'Up' || goneAt === undefined) return;
    const interval = Math.max(receiveInForce, remoteDesiredMinTransmit) as Duration;
    // a deadline that is handled late tells of this host, and not of the other one
    if (elapsed(goneAt, now) <= scale(interval, 1, 2)) this.#world.lost(entry.neighbour, interval);
  }

  get reports(): BfdReport[] {
    return [...this.#entries.values()].map(({ instance, session, neighbour, since, detail, counters }) => ({
      name: instance.name,
      neighbour,
      state: session.sessionState,
      remoteState: session.remoteState,
      since: since.toISOString(),
      ...(detail === undefined ? {} : { detail }),
      counters: { ...counters },
    }));
  }

  /** What this process would leave to another one. */
  get estate(): BfdEstate[] {
    return [...this.#entries.values()].map(({ instance, session, since, detail }) => ({
      instance,
      session,
      since: since.toISOString(),
      ...(detail === undefined ? {} : { detail }),
    }));
  }

  /** Sessions that another process has had until now; before `configure`. */
  adopt(left: readonly BfdEstate[]): void {
    this.#left = new Map(left.map((one) => [one.instance.name, one]));
  }

  /** Another process goes on with the sessions. */
  abandon(): void {
    for (const { sender } of this.#entries.values()) sender.close();
    this.#entries.clear();
    this.#finish();
  }

  /** The agent ends: the other ends are told, and nobody here. */
  close(): void {
    this.#isClosing = true;
    for (const entry of this.#entries.values()) this.#end(entry);
    this.#finish();
  }

  #finish(): void {
    this.#waiting.clear();
    this.#closeUnused();
    this.#world.closed();
  }

  #begin(instance: BfdInstance): void {
    const { name, neighbour } = instance;
    const left = this.#leftFor(instance);
    if (neighbour === undefined || this.#isTaken(instance, neighbour)) {
      this.#world.report(instance, false);
      return;
    }
    try {
      this.#open(instance, neighbour, left);
      this.#waiting.delete(name);
    } catch (error) {
      this.#wait(instance, left, error as Error);
    }
  }

  #open(instance: BfdInstance, neighbour: IpAddress, left: BfdEstate | undefined): void {
    const { name, source, ttl } = instance;
    this.#listen(instance, neighbour);
    const sender = this.#world.sender({ to: neighbour, port: portOf(instance), source, ttl });
    const session = left?.session ?? newBfdSession(instance, this.#discriminator());
    const since = left === undefined ? new Date() : new Date(left.since);
    const entry: Entry = { instance, session, neighbour, sender, since, detail: left?.detail, counters: {} };
    this.#entries.set(name, entry);
    this.#world.report(instance, session.sessionState === 'Up');
    const now = this.#world.now();
    if (left === undefined) this.#handle(entry, { type: 'start' }, now);
    else {
      this.#handle(entry, { type: 'resumed' }, now);
      this.#handle(entry, { type: 'configured', before: left.instance }, now);
    }
  }

  /** Nobody could tell two sessions with one neighbour apart; the second one was refused when the file was read. */
  #isTaken(instance: BfdInstance, neighbour: IpAddress): boolean {
    const key = listenerKeyOf(instance, neighbour);
    return [...this.#entries.values()].some(
      (one) => one.neighbour === neighbour && listenerKeyOf(one.instance, neighbour) === key,
    );
  }

  /** What another process has left of a session with these ends. */
  #leftFor(instance: BfdInstance): BfdEstate | undefined {
    const left = this.#left.get(instance.name);
    return left !== undefined && endsOf(left.instance) === endsOf(instance) ? left : undefined;
  }

  /** Its port is taken: by the process before us, which is about to go, or by another BFD. */
  #wait(instance: BfdInstance, left: BfdEstate | undefined, error: Error): void {
    const { name } = instance;
    const { tries = 0, isSaid = false } = this.#waiting.get(name) ?? {};
    const isPatient = left !== undefined && tries < QUICK_TRIES;
    const at = later(this.#world.now(), tries < QUICK_TRIES ? QUICK_RETRY : SLOW_RETRY);
    this.#waiting.set(name, { instance, tries: tries + 1, at, isSaid: isSaid || !isPatient });
    if (isPatient || isSaid) return;
    this.#left.delete(name);
    const sentence = `BFD session ${name} cannot be: ${error.message}; it counts as down, and is tried again`;
    this.#world.log('error', 'bfd-failed', sentence, { bfd: name });
    this.#world.report(instance, false);
  }

  #end(entry: Entry): void {
    this.#entries.delete(entry.instance.name);
    this.#handle(entry, { type: 'stop' }, this.#world.now());
    entry.sender.close();
  }

  #receive(listenerKey: string, { bytes, source, ttl, receivedAt }: BfdDatagram): void {
    const outcome = decodeBfd(bytes);
    const packet = outcome.ok ? outcome.value : undefined;
    const entry = packet && this.#entryFor(listenerKey, packet.yourDiscriminator, source);
    if (packet === undefined || entry === undefined) {
      count(this.strays, outcome.ok ? 'no session' : outcome.reason);
      return;
    }
    // RFC 5881 §5: who is a neighbour cannot be further away than that
    const isNear = ttl >= entry.instance.ttl - entry.instance.maxHops;
    count(entry.counters, isNear ? 'received' : 'refused ttl');
    if (isNear) this.#handle(entry, { type: 'packet', packet }, receivedAt);
  }

  /** RFC 5880 §6.8.6: by its number where the other end knows it, else by the address. */
  #entryFor(listenerKey: string, discriminator: number, source: IpAddress): Entry | undefined {
    for (const entry of this.#entries.values()) {
      if (entry.neighbour !== source || listenerKeyOf(entry.instance, entry.neighbour) !== listenerKey) continue;
      if (discriminator === 0 || discriminator === entry.session.localDiscriminator) return entry;
    }
    return undefined;
  }

  #handle(entry: Entry, event: BfdEvent, at: Instant): void {
    const { session, effects } = bfdTransition(entry.instance, entry.session, event, at, () => this.#world.random());
    entry.session = session;
    for (const effect of effects) {
      if (effect.type === 'send') this.#send(entry, encodeBfd(effect.packet));
      else this.#changed(entry, effect.from, effect.to, effect.diagnostic);
    }
  }

  #send({ instance, sender, counters }: Entry, bytes: Uint8Array): void {
    try {
      sender.send(bytes);
      count(counters, 'sent');
    } catch (error) {
      count(counters, 'send errors');
      if (counters['send errors'] !== 1) return;
      const sentence = `BFD session ${instance.name}: ${(error as Error).message}`;
      this.#world.log('warning', 'bfd-send-failed', sentence, { bfd: instance.name });
    }
  }

  #changed(entry: Entry, from: string, to: string, diagnostic: number): void {
    const { instance, neighbour } = entry;
    const why = to === 'Down' || to === 'AdminDown' ? REASONS[diagnostic] : undefined;
    entry.since = new Date();
    entry.detail = why;
    const sentence = `BFD session ${instance.name} with ${neighbour} is ${to}${why === undefined ? '' : `: ${why}`}`;
    this.#world.log(to === 'Init' ? 'info' : 'notice', 'bfd-state-change', sentence, { bfd: instance.name, from, to });
    if (!this.#isClosing && (from === 'Up' || to === 'Up')) this.#world.report(instance, to === 'Up');
  }

  #listen(instance: BfdInstance, neighbour: IpAddress): void {
    const key = listenerKeyOf(instance, neighbour);
    if (this.#listeners.has(key)) return;
    this.#listeners.set(key, this.#world.listen(familyOf(neighbour), portOf(instance)));
  }

  #closeUnused(): void {
    const used = new Set(
      [...this.#entries.values()].map(({ instance, neighbour }) => listenerKeyOf(instance, neighbour)),
    );
    for (const [key, listener] of this.#listeners) {
      if (used.has(key)) continue;
      listener.close();
      this.#listeners.delete(key);
    }
  }

  #discriminator(): number {
    const taken = new Set([...this.#entries.values()].map(({ session }) => session.localDiscriminator));
    for (;;) {
      const number = 1 + Math.floor(this.#world.random() * 0xffff_fffe);
      if (!taken.has(number)) return number;
    }
  }

  #arm(): void {
    let next: Instant | undefined;
    for (const { session } of this.#entries.values()) next = earliest(next, nextBfdDeadline(session));
    for (const { at } of this.#waiting.values()) next = earliest(next, at);
    this.#world.wakeAt(next);
  }
}

/** RFC 5880 §4.1, as far as we set them. */
const REASONS: Readonly<Record<number, string>> = {
  1: 'nothing was heard of it for Detection Time',
  3: 'it says that it is down',
  7: 'ended here',
};

const portOf = ({ multihop }: BfdInstance): number => (multihop ? BFD_MULTIHOP_PORT : BFD_PORT);

const listenerKeyOf = (instance: BfdInstance, neighbour: IpAddress): string =>
  `${familyOf(neighbour)} ${portOf(instance)}`;

/** What a session cannot change without being another one. */
const endsOf = ({ neighbour, source, ttl, multihop }: BfdInstance): string =>
  JSON.stringify([neighbour, source, ttl, multihop]);

function count(counters: Record<string, number>, name: string): void {
  counters[name] = (counters[name] ?? 0) + 1;
}
