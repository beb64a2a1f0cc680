import { beforeEach, describe, expect, it } from 'vitest';
import type { IpAddress } from '../../src/base/address.ts';
import { type Instant, instant, later, milliseconds, seconds } from '../../src/base/time.ts';
import { BfdSessions } from '../../src/daemon/bfd-sessions.ts';
import type { BfdDatagram } from '../../src/io/bfd-socket.ts';
import type { BfdInstance } from '../../src/vrrp/bfd-instance.ts';
import { type BfdPacket, decodeBfd, encodeBfd } from '../../src/wire/bfd.ts';
import { DOWN } from '../support/bfd.ts';

const NEIGHBOUR = '192.0.2.2' as IpAddress;

const b1: BfdInstance = {
  name: 'b1',
  neighbour: NEIGHBOUR,
  source: '192.0.2.1' as IpAddress,
  minReceive: milliseconds(50),
  minTransmit: milliseconds(50),
  idleTransmit: seconds(1),
  multiplier: 3,
  passive: false,
  ttl: 255,
  maxHops: 0,
  multihop: false,
  weight: 0,
  reverse: false,
  tellsVrrp: true,
  tellsCheckers: true,
};

/** A host with sockets that are lists, and a clock that is moved. */
class Host {
  now = instant(1_000_000);
  wakeAt: Instant | undefined;
  readonly sent: { to: string; port: number; ttl: number; packet: BfdPacket }[] = [];
  readonly listening = new Set<string>();
  readonly said: string[] = [];
  readonly reported: string[] = [];
  readonly lost: string[] = [];
  cannotSend = false;
  isPortTaken = false;
  #arrived: { port: number; datagram: BfdDatagram }[] = [];
  #random = 0;
  readonly sessions = new BfdSessions({
    now: () => this.now,
    random: () => {
      this.#random = (this.#random + 0.37) % 1;
      return this.#random;
    },
    wakeAt: (at) => {
      this.wakeAt = at;
    },
    listen: (family, port) => {
      if (this.isPortTaken) throw new Error('EADDRINUSE');
      this.listening.add(`${family} ${port}`);
      return {
        drain: (handle) => {
          const mine = this.#arrived.filter((one) => one.port === port);
          this.#arrived = this.#arrived.filter((one) => one.port !== port);
          for (const { datagram } of mine) handle(datagram);
          return true;
        },
        close: () => this.listening.delete(`${family} ${port}`),
      };
    },
    sender: ({ to, port, ttl }) => ({
      send: (bytes) => {
        if (this.cannotSend) throw new Error('ENETUNREACH');
        const decoded = decodeBfd(bytes);
        if (!decoded.ok) throw new Error(decoded.reason);
        this.sent.push({ to, port, ttl, packet: decoded.value });
      },
      close: () => {},
    }),
    closed: () => {},
    lost: (neighbour, interval) => this.lost.push(`${neighbour} every ${interval / 1000} ms`),
    report: ({ name }, isUp) => this.reported.push(`${name} ${isUp ? 'up' : 'down'}`),
    log: (level, event, message) => this.said.push(`${level} ${event} ${message}`),
  });

  get last(): BfdPacket {
    const packet = this.sent.at(-1)?.packet;
    if (packet === undefined) throw new Error('nothing was sent');
    return packet;
  }

  /** Runs deadlines until `ms` from now. */
  run(ms: number): void {
    const end = later(this.now, milliseconds(ms));
    while (this.wakeAt !== undefined && this.wakeAt <= end) {
      this.now = Math.max(this.now, this.wakeAt) as Instant;
      this.sessions.wake();
    }
    this.now = end;
  }

  arrive(packet: Partial<BfdPacket>, different: Partial<BfdDatagram> & { port?: number } = {}): void {
    const { port = 3784, ...datagram } = different;
    const bytes = encodeBfd({ ...NOTHING, ...packet });
    this.#arrived.push({ port, datagram: { bytes, source: NEIGHBOUR, ttl: 255, receivedAt: this.now, ...datagram } });
  }

  hear(...args: Parameters<Host['arrive']>): void {
    this.arrive(...args);
    this.sessions.wake();
  }

  stateOf(name: string): string | undefined {
    return this.sessions.reports.find((one) => one.name === name)?.state;
  }

  /** Brings b1 up. */
  comeUp(): void {
    this.sessions.configure([b1]);
    this.run(0);
    this.hear({ state: 'Init', yourDiscriminator: this.last.myDiscriminator });
    this.hear({ state: 'Up', yourDiscriminator: this.last.myDiscriminator, final: true });
  }
}

const NOTHING: BfdPacket = { ...DOWN, myDiscriminator: 9, desiredMinTransmit: milliseconds(50) };

let host: Host;
beforeEach(() => {
  host = new Host();
});

describe('BfdSessions', () => {
  it('is down at first, which is told, and up when the neighbour says so', () => {
    host.comeUp();
    expect(host.reported).toEqual(['b1 down', 'b1 up']);
    expect(host.sent[0]).toMatchObject({ to: NEIGHBOUR, port: 3784, ttl: 255 });
    expect(host.said).toEqual(['notice bfd-state-change BFD session b1 with 192.0.2.2 is Up']);
  });

  it('a neighbour that falls silent is down after Detection Time', () => {
    host.comeUp();
    host.run(149);
    expect(host.reported.at(-1)).toBe('b1 up');
    host.run(1); // 3 x 50 ms
    expect(host.reported.at(-1)).toBe('b1 down');
    expect(host.said.at(-1)).toContain('nothing was heard of it for Detection Time');
    expect(host.lost).toEqual([`${NEIGHBOUR} every 50 ms`]);
  });

  it('a neighbour is not lost when it says goodbye, nor when we stood still', () => {
    host.comeUp();
    const discriminator = host.last.myDiscriminator;
    host.hear({ state: 'AdminDown', yourDiscriminator: discriminator });
    expect(host.reported.at(-1)).toBe('b1 down');
    host.comeUp();
    host.now = later(host.now, milliseconds(176)); // 3 x 50 ms, and more than half an interval
    host.sessions.wake();
    expect(host.reported.at(-1)).toBe('b1 down');
    expect(host.lost).toEqual([]);
  });

  it('what arrived while we were stopped counts from its arrival, before any deadline', () => {
    host.comeUp();
    const discriminator = host.last.myDiscriminator;
    host.now = later(host.now, milliseconds(140));
    host.arrive({ state: 'Up', yourDiscriminator: discriminator });
    host.now = later(host.now, milliseconds(100));
    host.sessions.wake();
    expect(host.stateOf('b1')).toBe('Up');
    host.run(49);
    expect(host.stateOf('b1')).toBe('Up');
    host.run(1);
    expect(host.stateOf('b1')).toBe('Down');
  });

  it('a packet that has been forwarded is refused: TTL below ttl - max_hops (RFC 5881 §5)', () => {
    host.sessions.configure([b1]);
    host.hear({}, { ttl: 254 });
    expect(host.stateOf('b1')).toBe('Down');
    expect(host.sessions.reports[0]?.counters).toMatchObject({ 'refused ttl': 1 });
    host.hear({}, { ttl: 255 });
    expect(host.stateOf('b1')).toBe('Init');
  });

  it('max_hops lets it come from further away', () => {
    host.sessions.configure([{ ...b1, maxHops: 2 }]);
    host.hear({}, { ttl: 252 });
    expect(host.stateOf('b1')).toBe('Down');
    host.hear({}, { ttl: 253 });
    expect(host.stateOf('b1')).toBe('Init');
  });

  it('strangers, and packets for a number that is not ours, are counted and change nothing (RFC 5880 §6.8.6)', () => {
    host.sessions.configure([b1]);
    host.hear({}, { source: '192.0.2.3' as IpAddress });
    host.hear({ state: 'Up', yourDiscriminator: 12345 });
    host.arrive({});
    host.hear({}, { bytes: new Uint8Array(3) });
    expect(host.sessions.strays).toEqual({ 'no session': 2, 'too-short': 1 });
  });

  it('a session over several hops has the port of RFC 5883, and hears nothing on the other', () => {
    host.sessions.configure([{ ...b1, multihop: true, maxHops: 255 }]);
    host.run(0);
    expect([...host.listening]).toEqual(['inet 4784']);
    expect(host.sent[0]?.port).toBe(4784);
    host.hear({}, { port: 4784, ttl: 3 });
    expect(host.stateOf('b1')).toBe('Init');
  });

  it('a reload keeps what has the same ends; what is gone says AdminDown', () => {
    host.comeUp();
    const { myDiscriminator } = host.last;
    host.sessions.configure([{ ...b1, minTransmit: milliseconds(20) }]);
    expect(host.last).toMatchObject({ myDiscriminator, state: 'Up', poll: true, desiredMinTransmit: milliseconds(20) });
    host.sessions.configure([]);
    expect(host.last).toMatchObject({ myDiscriminator, state: 'AdminDown', diagnostic: 7 });
    expect(host.reported.at(-1)).toBe('b1 down');
    expect([host.listening.size, host.wakeAt]).toEqual([0, undefined]);
  });

  it('another neighbour under the same name is another session', () => {
    host.comeUp();
    host.sessions.configure([{ ...b1, neighbour: '192.0.2.7' as IpAddress }]);
    expect(host.reported).toEqual(['b1 down', 'b1 up', 'b1 down', 'b1 down']);
    host.run(0);
    expect(host.sent.at(-1)).toMatchObject({ to: '192.0.2.7', packet: { state: 'Down' } });
  });

  it('at the end the other ends are told, and nobody here', () => {
    host.comeUp();
    host.sessions.close();
    expect(host.last).toMatchObject({ state: 'AdminDown' });
    expect(host.reported).toEqual(['b1 down', 'b1 up']);
    expect(host.listening.size).toBe(0);
  });

  it('a second session with the same neighbour is never up', () => {
    host.comeUp();
    host.sessions.configure([b1, { ...b1, name: 'b2' }]);
    expect(host.reported).toEqual(['b1 down', 'b1 up', 'b2 down']);
    expect(host.sessions.reports.map(({ name }) => name)).toEqual(['b1']);
  });

  it('what cannot be sent is counted and said once', () => {
    host.cannotSend = true;
    host.sessions.configure([b1]);
    host.run(5000);
    expect(host.said).toEqual(['warning bfd-send-failed BFD session b1: ENETUNREACH']);
    expect(host.sessions.reports[0]?.counters['send errors']).toBeGreaterThan(4);
  });

  it('without its port, or without a neighbour, it is down, and the others go on', () => {
    const { neighbour: _, ...lonely } = b1;
    host.isPortTaken = true;
    host.sessions.configure([lonely, { ...b1, name: 'b2' }]);
    expect(host.reported).toEqual(['b1 down', 'b2 down']);
    expect(host.said).toEqual([
      'error bfd-failed BFD session b2 cannot be: EADDRINUSE; it counts as down, and is tried again',
    ]);
    host.run(60_000);
    expect(host.said).toHaveLength(1);
    host.isPortTaken = false;
    host.run(1000);
    expect(host.stateOf('b2')).toBe('Down');
    expect(host.sent.length).toBeGreaterThan(0);
  });

  describe('in place of another process', () => {
    it('goes on with a session when its port is free, and gives the neighbour Detection Time', () => {
      host.comeUp();
      const { myDiscriminator } = host.last;
      const left = JSON.parse(JSON.stringify(host.sessions.estate));
      const sent = host.sent.length;
      host.sessions.abandon();
      expect([host.sent.length, host.listening.size]).toEqual([sent, 0]); // no farewell

      const heir = new Host();
      heir.isPortTaken = true; // the other one has not gone yet
      heir.sessions.adopt(left);
      heir.sessions.configure([b1]);
      heir.run(400);
      expect([heir.reported, heir.said, heir.sent.length]).toEqual([[], [], 0]);
      heir.isPortTaken = false;
      heir.run(20);
      expect(heir.reported).toEqual(['b1 up']);
      expect(heir.last).toMatchObject({ state: 'Up', myDiscriminator, yourDiscriminator: 9, poll: false });
      heir.run(120);
      expect(heir.stateOf('b1')).toBe('Up');
      heir.run(40); // 3 x 50 ms
      expect(heir.stateOf('b1')).toBe('Down');
    });

    it('does not wait for ever for its port', () => {
      host.comeUp();
      const heir = new Host();
      heir.isPortTaken = true;
      heir.sessions.adopt(host.sessions.estate);
      heir.sessions.configure([b1]);
      heir.run(4900);
      expect(heir.reported).toEqual([]);
      heir.run(200);
      expect(heir.reported).toEqual(['b1 down']);
    });

    it('another configuration is asked for with Poll, another neighbour is another session', () => {
      host.comeUp();
      const heir = new Host();
      heir.sessions.adopt(host.sessions.estate);
      heir.sessions.configure([
        { ...b1, minTransmit: milliseconds(20) },
        { ...b1, name: 'b2', neighbour: '192.0.2.7' as IpAddress },
      ]);
      expect(heir.reported).toEqual(['b1 up', 'b2 down']);
      expect(heir.last).toMatchObject({ state: 'Up', poll: true, desiredMinTransmit: milliseconds(20) });
    });
  });
});
