import { describe, expect, it } from 'vitest';
import { type Instant, instant, later, microseconds, milliseconds, seconds, ZERO } from '../../src/base/time.ts';
import {
  type BfdEffect,
  type BfdEvent,
  type BfdSession,
  type BfdSessionConfig,
  bfdTransition,
  newBfdSession,
  nextBfdDeadline,
} from '../../src/vrrp/bfd-session.ts';
import type { BfdPacket } from '../../src/wire/bfd.ts';
import { DOWN } from '../support/bfd.ts';

/** 50 ms, and gone after three of them. */
const config: BfdSessionConfig = {
  minTransmit: milliseconds(50),
  minReceive: milliseconds(50),
  idleTransmit: seconds(1),
  multiplier: 3,
  passive: false,
};
const START = instant(10_000_000);
const at = (ms: number): Instant => later(START, milliseconds(ms));

/** What the other end says while it is down and does not know us. */
const heard = (different: Partial<BfdPacket> = {}): BfdPacket => ({ ...DOWN, ...different });
/** The same of one that is up with us. */
const up = (different: Partial<BfdPacket> = {}) =>
  heard({ state: 'Up', yourDiscriminator: 5, desiredMinTransmit: milliseconds(50), ...different });

/** One end of a session, with its effects as they come. */
class End {
  session: BfdSession;
  config: BfdSessionConfig;
  jitter = 1;

  constructor(different: Partial<BfdSessionConfig> = {}) {
    this.config = { ...config, ...different };
    this.session = newBfdSession(this.config, 5);
  }

  handle(event: BfdEvent, ms: number): readonly BfdEffect[] {
    const { session, effects } = bfdTransition(this.config, this.session, event, at(ms), () => this.jitter);
    this.session = session;
    return effects;
  }

  hear(packet: BfdPacket, ms: number): readonly BfdEffect[] {
    return this.handle({ type: 'packet', packet }, ms);
  }

  /** Milliseconds after the start. */
  get deadline(): number | undefined {
    const deadline = nextBfdDeadline(this.session);
    return deadline === undefined ? undefined : (deadline - START) / 1000;
  }

  get sendsAt(): number | undefined {
    const { sendAt } = this.session;
    return sendAt === undefined ? undefined : (sendAt - START) / 1000;
  }
}

/** Up since 0 ms; the other end has confirmed it. */
function upEnd(different: Partial<BfdSessionConfig> = {}): End {
  const end = new End(different);
  end.handle({ type: 'start' }, -10);
  end.hear(heard(), -5);
  end.hear(heard({ state: 'Init', yourDiscriminator: 5 }), 0);
  end.hear(up({ final: true }), 0);
  return end;
}

const sent = (effects: readonly BfdEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'send' ? [effect.packet] : []));
const changed = (effects: readonly BfdEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'changed' ? [`${effect.from} ${effect.to} ${effect.diagnostic}`] : []));

describe('BFD session', () => {
  it('begins Down, with Required Min RX as configured and a second between packets (RFC 5880 §6.8.1, §6.8.3)', () => {
    const end = new End();
    expect(end.handle({ type: 'start' }, 0)).toEqual([]);
    expect(end.deadline).toBe(0);
    expect(end.handle({ type: 'clock' }, 0)).toEqual([
      {
        type: 'send',
        packet: {
          diagnostic: 0,
          state: 'Down',
          poll: false,
          final: false,
          controlPlaneIndependent: false,
          demand: false,
          detectMultiplier: 3,
          myDiscriminator: 5,
          yourDiscriminator: 0,
          desiredMinTransmit: seconds(1),
          requiredMinReceive: milliseconds(50),
          requiredMinEchoReceive: ZERO,
        },
      },
    ]);
    expect(end.deadline).toBe(1000);
  });

  it('sends no faster than once a second while it is down, however short idle_tx is (RFC 5880 §6.8.3)', () => {
    const end = new End({ idleTransmit: milliseconds(10) });
    end.handle({ type: 'start' }, 0);
    end.handle({ type: 'clock' }, 0);
    expect(end.deadline).toBe(1000);
    const slower = new End({ idleTransmit: seconds(3) });
    slower.handle({ type: 'start' }, 0);
    slower.handle({ type: 'clock' }, 0);
    expect(slower.deadline).toBe(3000);
  });

  it('a passive one is silent until it is spoken to (RFC 5880 §6.1)', () => {
    const end = new End({ passive: true });
    expect(end.handle({ type: 'start' }, 0)).toEqual([]);
    expect(end.deadline).toBeUndefined();
    const [packet] = sent(end.hear(heard(), 100));
    expect(packet).toMatchObject({ state: 'Init', yourDiscriminator: 77 });
  });

  it('Down > Down heard is Init, Init heard is Up, Up heard is nothing (RFC 5880 §6.8.6)', () => {
    expect(changed(new End().hear(heard(), 0))).toEqual(['Down Init 0']);
    expect(changed(new End().hear(heard({ state: 'Init', yourDiscriminator: 5 }), 0))).toEqual(['Down Up 0']);
    expect(changed(new End().hear(up(), 0))).toEqual([]);
    expect(changed(new End().hear(heard({ state: 'AdminDown' }), 0))).toEqual([]);
  });

  it('Init > Init and Up heard are Up, Down heard is nothing (RFC 5880 §6.8.6)', () => {
    for (const state of ['Init', 'Up'] as const) {
      const end = new End();
      end.hear(heard(), 0);
      expect(changed(end.hear(heard({ state, yourDiscriminator: 5 }), 1))).toEqual(['Init Up 0']);
    }
    const waiting = new End();
    waiting.hear(heard(), 0);
    expect(changed(waiting.hear(heard(), 1))).toEqual([]);
  });

  it('Up > Down and AdminDown heard are Down, with diagnostic 3 (RFC 5880 §6.8.6)', () => {
    for (const state of ['Down', 'AdminDown'] as const) {
      const end = upEnd();
      const effects = end.hear(heard({ state, yourDiscriminator: 5 }), 10);
      expect(changed(effects)).toEqual(['Up Down 3']);
      expect(sent(effects)).toMatchObject([{ state: 'Down', diagnostic: 3, desiredMinTransmit: seconds(1) }]);
    }
    expect(changed(upEnd().hear(heard({ state: 'Init', yourDiscriminator: 5 }), 10))).toEqual([]);
  });

  it('a change of state is sent at once (RFC 5880 §6.8.7)', () => {
    const end = new End();
    end.handle({ type: 'start' }, 0);
    end.handle({ type: 'clock' }, 0);
    expect(sent(end.hear(heard(), 300))).toMatchObject([{ state: 'Init', yourDiscriminator: 77 }]);
    expect(end.sendsAt).toBe(1300);
  });

  it('coming up begins a Poll Sequence that the Final bit ends (RFC 5880 §6.5)', () => {
    const end = new End();
    end.hear(heard(), 0);
    const [first] = sent(end.hear(heard({ state: 'Init', yourDiscriminator: 5 }), 10));
    expect(first).toMatchObject({ state: 'Up', poll: true, desiredMinTransmit: milliseconds(50) });
    expect(end.sendsAt).toBe(60);
    expect(sent(end.handle({ type: 'clock' }, 60))).toMatchObject([{ poll: true }]);
    end.hear(up({ final: true }), 61);
    expect(sent(end.handle({ type: 'clock' }, 110))).toMatchObject([{ poll: false }]);
  });

  it('Poll is answered at once with Final, outside of the turn (RFC 5880 §6.8.7)', () => {
    const end = upEnd();
    const before = end.sendsAt;
    expect(sent(end.hear(up({ poll: true }), 20))).toMatchObject([{ poll: false, final: true, state: 'Up' }]);
    expect(end.sendsAt).toBe(before);
    expect(sent(end.hear(up(), 21))).toEqual([]);
  });

  it('the interval is the longer of ours and theirs, less up to a quarter (RFC 5880 §6.8.7)', () => {
    const end = upEnd();
    end.handle({ type: 'clock' }, 50);
    expect(end.sendsAt).toBe(100);
    end.hear(up({ requiredMinReceive: milliseconds(200) }), 60);
    expect(end.sendsAt).toBe(250);
    end.hear(up({ requiredMinReceive: milliseconds(200) }), 200);
    end.jitter = 0;
    end.handle({ type: 'clock' }, 250);
    expect(end.sendsAt).toBe(250 + 150);
    end.hear(up({ requiredMinReceive: milliseconds(200) }), 340);
    end.jitter = 0.5;
    end.handle({ type: 'clock' }, 400);
    expect(end.sendsAt).toBe(400 + 175);
  });

  it('with Detect Mult 1 it is less 10 % at least (RFC 5880 §6.8.7)', () => {
    const end = upEnd({ multiplier: 1 });
    end.handle({ type: 'clock' }, 45);
    expect(end.sendsAt).toBe(45 + 45);
    end.jitter = 0;
    end.handle({ type: 'clock' }, 90);
    expect(end.sendsAt).toBe(90 + 37.5);
  });

  it('who wants no packets gets none: Required Min RX zero (RFC 5880 §6.8.7)', () => {
    const end = upEnd();
    end.hear(up({ requiredMinReceive: ZERO }), 10);
    expect(end.sendsAt).toBeUndefined();
    end.hear(up(), 500);
    expect(end.sendsAt).toBe(50); // overdue
  });

  it('Demand mode of the other end silences us while both are up, but not a Poll Sequence (RFC 5880 §6.8.7)', () => {
    const end = upEnd();
    end.hear(up({ demand: true }), 10);
    expect(end.sendsAt).toBeUndefined();
    end.config = { ...config, minReceive: milliseconds(80) };
    expect(sent(end.handle({ type: 'configured', before: config }, 20))).toMatchObject([{ poll: true }]);
    expect(end.sendsAt).toBe(70);
  });

  it('Detection Time is their multiplier times the longer interval; then it is Down, with diagnostic 1 (RFC 5880 §6.8.4)', () => {
    const end = upEnd(); // 3 x 50 ms
    end.handle({ type: 'clock' }, 50);
    end.handle({ type: 'clock' }, 100);
    expect(end.deadline).toBe(150);
    expect(changed(end.handle({ type: 'clock' }, 149))).toEqual([]);
    const effects = end.handle({ type: 'clock' }, 150);
    expect(changed(effects)).toEqual(['Up Down 1']);
    expect(sent(effects)).toMatchObject([{ state: 'Down', diagnostic: 1, yourDiscriminator: 0 }]);
    const slow = upEnd();
    slow.hear(up({ desiredMinTransmit: milliseconds(400), detectMultiplier: 5 }), 0);
    expect((slow.session.goneAt ?? 0) - START).toBe(seconds(2)); // 5 x 400 ms
  });

  it('every packet begins Detection Time anew', () => {
    const end = upEnd();
    end.hear(up(), 140);
    expect((end.session.goneAt ?? 0) - START).toBe(milliseconds(290));
  });

  it('Init does not wait for ever: Detection Time ends it too (RFC 5880 §6.8.4)', () => {
    const end = new End();
    end.hear(heard(), 0); // 3 x 1 s
    expect(changed(end.handle({ type: 'clock' }, 3000))).toEqual(['Init Down 1']);
    expect(end.session.remoteDiscriminator).toBe(0);
  });

  it('who has not been heard for Detection Time is forgotten in Down too (RFC 5880 §6.8.1)', () => {
    const end = new End({ passive: true });
    end.hear(heard({ state: 'AdminDown' }), 0);
    expect(end.session.remoteDiscriminator).toBe(77);
    expect(end.handle({ type: 'clock' }, 3000)).toEqual([]);
    expect(end.session.remoteDiscriminator).toBe(0);
    expect(end.deadline).toBeUndefined();
  });

  describe('another configuration while it is up', () => {
    it('asks with Poll; a longer interval of ours holds when the other end knows (RFC 5880 §6.8.3)', () => {
      const end = upEnd();
      end.config = { ...config, minTransmit: milliseconds(300) };
      const [packet] = sent(end.handle({ type: 'configured', before: config }, 10));
      expect(packet).toMatchObject({ poll: true, desiredMinTransmit: milliseconds(300) });
      expect(end.sendsAt).toBe(60);
      end.hear(up({ final: true }), 20);
      expect(end.sendsAt).toBe(310);
    });

    it('a shorter one holds at once', () => {
      const end = upEnd();
      end.config = { ...config, minTransmit: milliseconds(60) };
      end.handle({ type: 'configured', before: { ...config, minTransmit: milliseconds(400) } }, 10);
      expect(end.sendsAt).toBe(70);
    });

    it('expects the other end to be faster when it knows, not before (RFC 5880 §6.8.3)', () => {
      const end = upEnd({ minReceive: milliseconds(100) });
      end.config = { ...config, minReceive: milliseconds(20) };
      end.handle({ type: 'configured', before: { ...config, minReceive: milliseconds(100) } }, 0);
      end.hear(up({ desiredMinTransmit: milliseconds(20) }), 10);
      expect((end.session.goneAt ?? 0) - START).toBe(milliseconds(10 + 300));
      end.hear(up({ desiredMinTransmit: milliseconds(20), final: true }), 20);
      expect((end.session.goneAt ?? 0) - START).toBe(milliseconds(20 + 60));
    });

    it('the same one is no event', () => {
      const end = upEnd();
      const before = end.session;
      expect(end.handle({ type: 'configured', before: config }, 10)).toEqual([]);
      expect(end.session).toEqual(before);
    });
  });

  it('stopping says AdminDown once, with diagnostic 7, and hears nothing any more (RFC 5880 §6.8.16)', () => {
    const end = upEnd();
    const effects = end.handle({ type: 'stop' }, 10);
    expect(changed(effects)).toEqual(['Up AdminDown 7']);
    expect(sent(effects)).toMatchObject([{ state: 'AdminDown', diagnostic: 7, poll: false, yourDiscriminator: 77 }]);
    expect(end.deadline).toBeUndefined();
    expect(end.hear(heard({ poll: true }), 20)).toEqual([]);
    expect(new End({ passive: true }).handle({ type: 'stop' }, 0)).toHaveLength(1);
  });

  it('two ends meet within two packets of each, and part within Detection Time of a cut', () => {
    const ends = [new End({ multiplier: 3 }), new End({ multiplier: 3 })] as const;
    for (const [i, end] of ends.entries()) end.session = newBfdSession(end.config, 100 + i);
    const log: string[] = [];
    let isCut = false;
    const deliver = (from: number, effects: readonly BfdEffect[], now: Instant): void => {
      for (const effect of effects) {
        if (effect.type === 'changed') log.push(`${(now - START) / 1000} ms: ${from} ${effect.to}`);
        else if (!isCut) act(1 - from, { type: 'packet', packet: effect.packet }, now);
      }
    };
    const act = (i: number, event: BfdEvent, now: Instant): void => {
      const end = ends[i as 0 | 1];
      const { session, effects } = bfdTransition(end.config, end.session, event, now, () => 1);
      end.session = session;
      deliver(i, effects, now);
    };
    act(0, { type: 'start' }, START);
    act(1, { type: 'start' }, later(START, milliseconds(7)));
    const runTo = (ms: number) => {
      for (;;) {
        const due = ends.map(({ session }) => nextBfdDeadline(session) ?? instant(Number.MAX_SAFE_INTEGER));
        const next = Math.min(...due) as Instant;
        if (next > at(ms)) return;
        act(due.indexOf(next), { type: 'clock' }, next);
      }
    };
    runTo(1000);
    expect(log).toEqual(['0 ms: 1 Init', '0 ms: 0 Up', '0 ms: 1 Up']);
    expect(ends.map(({ session }) => session.isPolling)).toEqual([false, false]);
    isCut = true;
    runTo(2000);
    const lost = log.slice(3).map((line) => Number.parseFloat(line) - 1000);
    expect(
      log
        .slice(3)
        .map((line) => line.replace(/.*: /, ''))
        .sort(),
    ).toEqual(['0 Down', '1 Down']);
    // the last packet before the cut may have been heard up to an interval before it: 3 x 50 ms less 50 ms at most
    for (const ms of lost) {
      expect(ms).toBeGreaterThanOrEqual(100);
      expect(ms).toBeLessThanOrEqual(150);
    }
  });

  it('no sequence of packets and waits breaks it: it is always in a state of its own, with a deadline where it transmits', () => {
    let seed = 1;
    const random = () => {
      seed = (seed * 48271) % 2147483647;
      return seed / 2147483647;
    };
    const states = ['AdminDown', 'Down', 'Init', 'Up'] as const;
    for (let round = 0; round < 200; round++) {
      const end = new End({ passive: round % 3 === 0, multiplier: 1 + (round % 4) });
      let ms = 0;
      end.handle({ type: 'start' }, 0);
      for (let step = 0; step < 60; step++) {
        ms += random() * 120;
        const isDue = (end.deadline ?? Number.POSITIVE_INFINITY) <= ms;
        if (isDue || random() < 0.3) end.handle({ type: 'clock' }, ms);
        else {
          const state = states[Math.floor(random() * 4)] ?? 'Down';
          const requiredMinReceive = random() < 0.1 ? ZERO : microseconds(1 + random() * 1e6);
          const flags = { poll: random() < 0.2, final: random() < 0.2, demand: random() < 0.1 };
          end.hear(heard({ state, yourDiscriminator: 5, requiredMinReceive, ...flags }), ms);
        }
        expect(['Down', 'Init', 'Up']).toContain(end.session.sessionState);
        if (end.session.sessionState !== 'Down') expect(end.session.goneAt).toBeDefined();
      }
    }
  });
});
