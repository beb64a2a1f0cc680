/**
 * holdfast and the real keepalived with VRRP version 3 over IPv4, in both roles and every order of start, stop, crash and
 * return. Times are those of captured packets, held against the formulas of RFC 5798 §6.1.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Capture } from './capture.ts';
import { ADDRESS, Pair, type Side } from './pair.ts';
import type { PairAgentName } from './pair-agent.ts';

const VIP = '192.168.4.15';
/** Advertisement_Interval in seconds. */
const INTERVAL = 0.2;
/** What scheduling may add, in seconds. */
const TOLERANCE = 0.4;

const skewTime = (priority: number) => ((256 - priority) / 256) * INTERVAL;
const masterDownInterval = (priority: number) => 3 * INTERVAL + skewTime(priority);

let pair: Pair;
let capture: Capture;

beforeEach(async () => {
  pair = await Pair.build();
  capture = await Capture.start(pair);
});

afterEach(async (context) => {
  if (context.task.result?.state === 'fail') {
    process.stderr.write(`${pair.report()}\n${JSON.stringify(capture.advertisements.slice(-20))}\n`);
  }
  await capture.stop();
  await pair.close();
});

const configuration = (priority: number, extra = '') => `vrrp_instance VI_1 {
 interface eth0
 virtual_router_id 50
 version 3
 priority ${priority}
 advert_int ${INTERVAL}
 ${extra}
 virtual_ipaddress {
  ${VIP}/24
 }
}
`;

const speaks = (side: Side, since: number, withinSeconds = 8) =>
  capture.first(
    `${side} speaks`,
    withinSeconds * 1000,
    ({ source, priority }) => source === ADDRESS[side] && priority > 0,
    since,
  );

/** That `then` came `seconds` after `first`, as the formula wants it. */
const expectAfter = (first: { at: number } | undefined, then: { at: number }, seconds: number) => {
  expect(then.at - (first?.at ?? 0)).toBeGreaterThanOrEqual(seconds - 0.02);
  expect(then.at - (first?.at ?? 0)).toBeLessThan(seconds + TOLERANCE);
};

const pairs: readonly [PairAgentName, PairAgentName][] = [
  ['holdfast', 'keepalived'],
  ['keepalived', 'holdfast'],
];

describe.each(pairs)('version 3: %s with priority 150 beside %s with priority 100', (first, second) => {
  it('in both orders of start, stop, crash and return there is one MASTER, in time', async () => {
    const high = pair.agent('a', first, configuration(150));
    const low = pair.agent('b', second, configuration(100));
    low.start();
    await pair.settled(VIP, 'b', 8);

    // B28, B38: the higher one comes later and takes over after its Master_Down_Interval
    let since = capture.advertisements.length;
    high.start();
    await speaks('a', since);
    await pair.settled(VIP, 'a', 3);

    // B26, B35: a stop hands over within Skew_Time
    since = capture.advertisements.length;
    await high.stop();
    const farewell = await capture.first('priority 0', 5_000, ({ priority }) => priority === 0, since);
    expect(farewell.source).toBe(ADDRESS.a);
    expectAfter(farewell, await speaks('b', since), skewTime(100));
    await pair.settled(VIP, 'b', 3);

    // return, and a crash
    high.start();
    await pair.settled(VIP, 'a', 8);
    since = capture.advertisements.length;
    await high.kill();
    const takeover = await speaks('b', since);
    const last = capture.advertisements.findLast(({ at, source }) => source === ADDRESS.a && at < takeover.at);
    // the guard of holdfast says farewell for it
    expectAfter(last, takeover, last?.priority === 0 ? skewTime(100) : masterDownInterval(100));

    // the lower one leaves and comes back without any effect
    high.start();
    await pair.settled(VIP, 'a', 8);
    await low.stop();
    since = capture.advertisements.length;
    low.start();
    await low.says('BACKUP STATE');
    await capture.first('ten more', 10_000, () => capture.advertisements.length >= since + 10);
    expect(new Set(capture.advertisements.slice(since).map(({ source }) => source))).toEqual(new Set([ADDRESS.a]));
  });

  it('the Backup learns the interval of the Master, which is not its own (RFC 5798 §6.1) [B14]', async () => {
    const high = pair.agent('a', first, configuration(150).replace(`advert_int ${INTERVAL}`, 'advert_int 0.5'));
    const low = pair.agent('b', second, configuration(100));
    high.start();
    await speaks('a', 0);
    low.start();
    await low.says('BACKUP STATE');
    const since = capture.advertisements.length;
    await capture.first('three more', 5_000, () => capture.advertisements.length >= since + 3);
    expect(capture.advertisements.slice(since).map(({ source }) => source)).not.toContain(ADDRESS.b);
    await high.stop();
    const farewell = await capture.first('priority 0', 5_000, ({ priority }) => priority === 0, since);
    expectAfter(farewell, await speaks('b', since), ((256 - 100) / 256) * 0.5);
  });
});

describe('holdfast beside a keepalived', () => {
  it('preempt_delay lets the lower one be for that long, then waits its Master_Down_Interval, as keepalived does', async () => {
    for (const name of ['keepalived', 'holdfast'] as const) {
      const low = pair.agent('b', 'keepalived', configuration(100));
      low.start();
      await pair.settled(VIP, 'b', 8);
      const high = pair.agent('a', name, configuration(150, 'preempt_delay 1.5'));
      const since = capture.advertisements.length;
      high.start();
      const entered = Date.now() / 1000;
      await high.says('BACKUP STATE');
      const takeover = await speaks('a', since);
      // the delay begins with the first advertisement heard; the last one accepted starts the timer
      expect(takeover.at - entered).toBeGreaterThan(1.5 + masterDownInterval(150) - INTERVAL - 0.05);
      expect(takeover.at - entered).toBeLessThan(1.5 + masterDownInterval(150) + INTERVAL + 2);
      await high.stop();
      await low.stop();
    }
  });

  it('priority 255 is MASTER at once, at its return too, and the addresses are of one owner', async () => {
    const low = pair.agent('b', 'keepalived', configuration(200));
    low.start();
    await pair.settled(VIP, 'b', 8);
    const owner = pair.agent('a', 'holdfast', configuration(255, 'state MASTER'));
    owner.start();
    await pair.settled(VIP, 'a', 5);
    expect(owner.states()).toEqual(['MASTER']);
    await owner.stop();
    await pair.settled(VIP, 'b', 5);
  });

  it('vrrp_startup_delay: hears nobody and says nothing until it is over', async () => {
    const delay = 'global_defs {\n vrrp_startup_delay 2\n}\n';
    const late = pair.agent('a', 'holdfast', delay + configuration(150));
    late.start();
    await late.says('BACKUP STATE');
    const entered = Date.now() / 1000;
    const takeover = await speaks('a', 0);
    expectAfter({ at: entered }, takeover, 2 + masterDownInterval(150) - 0.3);
  });
});

describe('the owner whose only address is the virtual one', () => {
  it('is MASTER with it and leaves it where it is', async () => {
    const owner = pair.agent('a', 'holdfast', configuration(255, 'state MASTER').replace(VIP, ADDRESS.a));
    owner.start();
    expect((await speaks('a', 0)).priority).toBe(255);
    await owner.stop();
    expect(await pair.addresses('a')).toContain(ADDRESS.a);
  });
});

describe('unicast with ranges of TTL', () => {
  it.each(pairs)('%s and %s elect each other, and strangers are not heard', async (first, second) => {
    const unicast = (side: Side, peer: Side, options = '') =>
      `unicast_src_ip ${ADDRESS[side]}\n unicast_ttl 200\n check_unicast_src\n unicast_peer {\n  ${ADDRESS[peer]} ${options}\n }`;
    const high = pair.agent('a', first, configuration(150, unicast('a', 'b', 'min_ttl 200 max_ttl 200')));
    const low = pair.agent('b', second, configuration(100, unicast('b', 'a', 'min_ttl 200 max_ttl 200')));
    high.start();
    await pair.settled(VIP, 'a', 8);
    low.start();
    await low.says('BACKUP STATE');
    const since = capture.advertisements.length;
    await capture.first('ten more', 10_000, () => capture.advertisements.length >= since + 10);
    const heard = capture.advertisements.slice(since);
    expect(new Set(heard.map(({ source, destination }) => `${source} ${destination}`))).toEqual(
      new Set([`${ADDRESS.a} ${ADDRESS.b}`]),
    );
    await high.stop();
    const farewell = await capture.first('priority 0', 5_000, ({ priority }) => priority === 0, since);
    expectAfter(farewell, await speaks('b', since), skewTime(100));
  });
});
