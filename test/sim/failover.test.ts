/** Stories of two and three routers on a LAN where every message takes exactly one millisecond. Version 2, every second. */

import { beforeEach, describe, expect, it } from 'vitest';
import { type Duration, elapsed, milliseconds, seconds, ZERO } from '../../src/base/time.ts';
import type { VirtualRouterConfig } from '../../src/vrrp/virtual-router.ts';
import { config } from '../vrrp/example.ts';
import { type Change, Lan, lanAddress, type Node } from './lan.ts';
import { Random } from './random.ts';

let lan: Lan;

beforeEach(() => {
  const latency = milliseconds(1);
  lan = new Lan(new Random(1), { latencyMin: latency, latencyMax: latency, latenessMax: ZERO, loss: 0 });
});

/** Adds a router with the next address of the LAN and starts it. */
function router(priority: number, different: Partial<VirtualRouterConfig> = {}): Node {
  const node = lan.add(config({ priority, localAddress: lanAddress(lan.nodes.length + 1), ...different }));
  lan.start(node);
  return node;
}

const named = (...nodes: readonly Node[]): string[] => nodes.map((node) => `${node.name} ${node.state.name}`);

/** What changes while `duration` passes, with the time since its begin in microseconds. */
function changesDuring(duration: Duration, what: () => void = () => {}): string[] {
  const [begin, before] = [lan.now, lan.changes.length];
  what();
  lan.run(duration);
  const line = ({ at, node, to, cause }: Change) => `${elapsed(begin, at)} ${node} ${to} ${cause}`;
  return lan.changes.slice(before).map(line);
}

describe('two routers', () => {
  let high: Node;
  let low: Node;

  beforeEach(() => {
    high = router(150);
    low = router(100);
    lan.run(seconds(10));
  });

  it('elect the higher priority (RFC 3768 §6.4)', () => {
    expect(named(high, low)).toEqual(['A Master', 'B Backup']);
    expect([high.holds, low.holds]).toEqual([true, false]);
    expect(lan.changes.filter(({ to }) => to === 'Master')).toHaveLength(1);
  });

  it('fail over once within Master_Down_Interval of a crash (RFC 3768 §6.4.2)', () => {
    // A is Master since 3.414062 s and advertises every second; the last of it before 10 s was at 9.414062 s.
    expect(changesDuring(seconds(30), () => lan.crash(high))).toEqual(['3024437 B Master master-down-timer']);
    expect(low.holds).toBe(true);
  });

  it('fail over Skew_Time after a stop (RFC 3768 §6.4.2)', () => {
    expect(changesDuring(seconds(30), () => lan.stop(high))).toEqual([
      '0 A Initialize shutdown',
      '610375 B Master master-released',
    ]);
  });

  it('fail over Skew_Time after an interface has gone down, and back when it is up again', () => {
    expect(changesDuring(seconds(30), () => lan.handle(high, { type: 'fault', reason: 'interface-down' }))).toEqual([
      '0 A Fault fault',
      '610375 B Master master-released',
    ]);
    expect(
      changesDuring(seconds(30), () => lan.handle(high, { type: 'fault-cleared', reason: 'interface-down' })),
    ).toEqual([
      '0 A Backup fault-cleared',
      '3414062 A Master preemption',
      '3415062 B Backup higher-priority-advertisement',
    ]);
  });

  it('do not notice the stop of the Backup', () => {
    expect(changesDuring(seconds(30), () => lan.stop(low))).toEqual(['0 B Initialize shutdown']);
    expect(named(high)).toEqual(['A Master']);
  });

  it('are two Masters while they are separated, and one an advertisement after', () => {
    expect(changesDuring(seconds(30), () => lan.partition((node) => Number(node === high)))).toEqual([
      '3024437 B Master master-down-timer',
    ]);
    expect([high.holds, low.holds]).toEqual([true, true]);
    const healed = changesDuring(seconds(30), () => lan.heal());
    expect(healed).toHaveLength(1);
    expect(healed[0]).toMatch(/^\d{1,6} B Backup higher-priority-advertisement$/); // less than a second
  });

  it('do not hold an election when an address is lost', () => {
    high.holds = false;
    expect(changesDuring(seconds(30), () => lan.handle(high, { type: 'addresses-lost' }))).toEqual([]);
    expect(high.holds).toBe(true);
  });

  it('do not fail over when two advertisements of three are lost', () => {
    lan.run(milliseconds(500)); // after the advertisement of 10.414062 s
    const separate = () => lan.partition((node) => Number(node === high));
    expect(changesDuring(seconds(2), separate)).toEqual([]);
    expect(changesDuring(seconds(30), () => lan.heal())).toEqual([]);
  });

  it('do not fail over when the Backup was paused for a minute: what has arrived comes before the clock', () => {
    lan.pause(low);
    lan.run(seconds(60));
    expect(changesDuring(seconds(30), () => lan.resume(low))).toEqual([]);
  });

  it('have one Master an advertisement after the Master was paused for a minute', () => {
    lan.pause(high);
    expect(changesDuring(seconds(60))).toEqual(['3024437 B Master master-down-timer']);
    expect(changesDuring(seconds(30), () => lan.resume(high))).toEqual(['1000 B Backup higher-priority-advertisement']);
    expect([high.holds, low.holds]).toEqual([true, false]);
  });

  it('follow a changed priority: the Backup that is higher now preempts', () => {
    const raised = { ...low.config, priority: 200 };
    const changes = changesDuring(seconds(30), () => lan.configure(low, raised));
    expect(changes.map((line) => line.replace(/^\d+ /, ''))).toEqual([
      'B Master preemption',
      'A Backup higher-priority-advertisement',
    ]);
  });
});

describe('a router that comes back', () => {
  it('with a higher priority preempts after Master_Down_Interval (RFC 3768 §6.4.2)', () => {
    router(100);
    lan.run(seconds(10));
    expect(changesDuring(seconds(30), () => router(150))).toEqual([
      '0 B Backup startup',
      '3414062 B Master preemption',
      '3415062 A Backup higher-priority-advertisement',
    ]);
  });

  it('with a higher priority does not preempt without Preempt_Mode (RFC 3768 §6.1)', () => {
    router(100);
    lan.run(seconds(10));
    expect(changesDuring(seconds(600), () => router(150, { preemptMode: false }))).toEqual(['0 B Backup startup']);
  });

  it('with a higher priority preempts after preempt_delay: keepalived.conf(5) "preempt_delay"', () => {
    router(100);
    lan.run(seconds(10));
    const changes = changesDuring(seconds(120), () => router(150, { preemptDelay: seconds(60) }));
    // A advertises every second from 3.609375 s on. Heard first at 0.610375 s, last accepted at 59.610375 s; then 3.414062 s.
    expect(changes).toEqual([
      '0 B Backup startup',
      '63024437 B Master preemption',
      '63025437 A Backup higher-priority-advertisement',
    ]);
  });

  it('as the owner of the addresses is Master at once (RFC 3768 §6.4.1)', () => {
    router(100);
    lan.run(seconds(10));
    expect(changesDuring(seconds(30), () => router(255))).toEqual([
      '0 B Master address-owner',
      '1000 A Backup higher-priority-advertisement',
    ]);
  });
});

describe('routers of equal priority', () => {
  it('started together, become Master together, and the higher address stays (RFC 3768 §6.4.3)', () => {
    const changes = changesDuring(seconds(30), () => {
      router(100);
      router(100);
    });
    expect(changes.slice(2)).toEqual([
      '3609375 A Master master-down-timer',
      '3609375 B Master master-down-timer',
      '3610375 A Backup equal-priority-higher-address',
    ]);
  });

  it('started one after the other, leave it at the first', () => {
    router(100);
    lan.run(seconds(10));
    expect(changesDuring(seconds(600), () => router(100))).toEqual(['0 B Backup startup']);
  });
});

describe('three routers', () => {
  it('hand over down the priorities, one takeover for each crash (promise P1)', () => {
    const [a, b] = [router(150), router(120)];
    router(90);
    lan.run(seconds(10));
    const becomingMaster = (lines: readonly string[]) => lines.filter((line) => line.includes('Master'));
    expect(becomingMaster(changesDuring(seconds(10), () => lan.crash(a)))).toEqual([
      '2946312 B Master master-down-timer',
    ]);
    expect(becomingMaster(changesDuring(seconds(10), () => lan.crash(b)))).toHaveLength(1);
    expect(lan.nodes.map(({ holds }) => holds)).toEqual([false, false, true]);
  });

  it('learn the interval of the Master in version 3, and wait by it (RFC 5798 §6.4.2)', () => {
    const version3 = { version: 3, preemptMode: false } as const;
    const fast = router(150, { ...version3, advertisementInterval: milliseconds(10) });
    router(100, { ...version3, advertisementInterval: seconds(1) });
    router(50, { ...version3, advertisementInterval: seconds(40) });
    lan.run(seconds(1));
    const changes = changesDuring(milliseconds(60), () => lan.crash(fast));
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatch(/^[23]\d{4} B Master master-down-timer$/); // within 3 × 10 ms + 6.093 ms + 1 ms
  });
});
