/** BFD sessions with this host's sockets, clock and timer. */
import { randomInt } from 'node:crypto';
import { BfdListener, BfdSender } from '../io/bfd-socket.ts';
import { now } from '../io/clock.ts';
import { DeadlineTimer } from '../io/deadline-timer.ts';
import { BfdSessions, type BfdWorld } from './bfd-sessions.ts';

/** A fraction of 1 in steps so fine that numbers of 32 bits can be made of it. */
const STEPS = 2 ** 32;

/** The timer lives as long as the process. */
export function openBfdSessions(outside: Pick<BfdWorld, 'report' | 'lost' | 'log'>): BfdSessions {
  const random = () => randomInt(STEPS) / STEPS;
  const timer = new DeadlineTimer(() => sessions.wake());
  const sessions = new BfdSessions({
    now,
    random,
    wakeAt: (at) => timer.set(at),
    listen: (family, port) => new BfdListener(family, port, () => sessions.wake()),
    sender: (options) => new BfdSender(options, random),
    closed: () => timer.close(),
    ...outside,
  });
  return sessions;
}
