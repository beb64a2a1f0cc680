/**
 * holdfast and the real keepalived with VRRP version 3 over IPv4, in both roles and every order of start, stop, crash and
 * return. Times are those of captured packets, held against the formulas of RFC 5798 §6.1.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectAfter, INTERVAL, instanceText, masterDownInterval, pairs, Stage, skewTime, VIP } from './election.ts';
import { ADDRESS, type Side } from './pair.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.build();
});

afterEach((context) => stage.close(context.task.result?.state === 'fail'));

describe.each(pairs)('version 3: %s with priority 150 beside %s with priority 100', (first, second) => {
  it('in both orders of start, stop, crash and return there is one MASTER, in time', async () => {
    const high = stage.pair.agent('a', first, instanceText(150));
    const low = stage.pair.agent('b', second, instanceText(100));
    low.start();
    await stage.pair.settled(VIP, 'b', 8);

    // B28, B38: the higher one comes later and takes over after its Master_Down_Interval
    let since = stage.now;
    high.start();
    await stage.speaks('a', since);
    await stage.pair.settled(VIP, 'a', 3);

    // B26, B35: a stop hands over within Skew_Time
    since = stage.now;
    await high.stop();
    const farewell = await stage.farewell('a', since);
    expectAfter(farewell, await stage.speaks('b', since), skewTime(100));
    await stage.pair.settled(VIP, 'b', 3);

    // return, and a crash
    high.start();
    await stage.pair.settled(VIP, 'a', 8);
    since = stage.now;
    await high.kill();
    const takeover = await stage.speaks('b', since);
    const last = stage.capture.advertisements.findLast(({ at, source }) => source === ADDRESS.a && at < takeover.at);
    // the guard of holdfast says farewell for it
    expectAfter(last, takeover, last?.priority === 0 ? skewTime(100) : masterDownInterval(100));

    // the lower one leaves and comes back without any effect
    high.start();
    await stage.pair.settled(VIP, 'a', 8);
    await low.stop();
    low.start();
    await low.says('BACKUP STATE');
    expect(await stage.speakers(10)).toEqual(new Set([ADDRESS.a]));
  });

  it('the Backup learns the interval of the Master, which is not its own (RFC 5798 §6.1) [B14+]', async () => {
    const high = stage.pair.agent('a', first, instanceText(150).replace(`advert_int ${INTERVAL}`, 'advert_int 0.5'));
    const low = stage.pair.agent('b', second, instanceText(100));
    high.start();
    await stage.speaks('a', 0);
    low.start();
    await low.says('BACKUP STATE');
    const since = stage.now;
    await stage.capture.first('three more', 5_000, () => stage.now >= since + 3);
    expect(stage.capture.advertisements.slice(since).map(({ source }) => source)).not.toContain(ADDRESS.b);
    await high.stop();
    const farewell = await stage.farewell('a', since);
    expectAfter(farewell, await stage.speaks('b', since), ((256 - 100) / 256) * 0.5);
  });
});

describe('holdfast beside a keepalived', () => {
  it('preempt_delay lets the lower one be for that long, then waits its Master_Down_Interval, as keepalived does', async () => {
    for (const name of ['keepalived', 'holdfast'] as const) {
      const low = stage.pair.agent('b', 'keepalived', instanceText(100));
      low.start();
      await stage.pair.settled(VIP, 'b', 8);
      const high = stage.pair.agent('a', name, instanceText(150, 'preempt_delay 1.5'));
      const since = stage.now;
      high.start();
      const entered = Date.now() / 1000;
      await high.says('BACKUP STATE');
      const takeover = await stage.speaks('a', since);
      // the delay begins with the first advertisement heard; the last one accepted starts the timer
      expect(takeover.at - entered).toBeGreaterThan(1.5 + masterDownInterval(150) - INTERVAL - 0.05);
      expect(takeover.at - entered).toBeLessThan(1.5 + masterDownInterval(150) + INTERVAL + 2);
      await high.stop();
      await low.stop();
    }
  });

  it('priority 255 is MASTER at once, at its return too, and the addresses are of one owner', async () => {
    const low = stage.pair.agent('b', 'keepalived', instanceText(200));
    low.start();
    await stage.pair.settled(VIP, 'b', 8);
    const owner = stage.pair.agent('a', 'holdfast', instanceText(255, 'state MASTER'));
    owner.start();
    await stage.pair.settled(VIP, 'a', 5);
    expect(owner.states()).toEqual(['MASTER']);
    await owner.stop();
    await stage.pair.settled(VIP, 'b', 5);
  });

  it('vrrp_startup_delay: hears nobody and says nothing until it is over', async () => {
    const delay = 'global_defs {\n vrrp_startup_delay 2\n}\n';
    const late = stage.pair.agent('a', 'holdfast', delay + instanceText(150));
    late.start();
    await late.says('BACKUP STATE');
    const entered = Date.now() / 1000;
    const takeover = await stage.speaks('a', 0);
    expectAfter({ at: entered }, takeover, 2 + masterDownInterval(150) - 0.3);
  });
});

describe('the owner whose only address is the virtual one', () => {
  it('is MASTER with it and leaves it where it is', async () => {
    const owner = stage.pair.agent('a', 'holdfast', instanceText(255, 'state MASTER').replace(VIP, ADDRESS.a));
    owner.start();
    expect((await stage.speaks('a', 0)).priority).toBe(255);
    await owner.stop();
    expect(await stage.pair.addresses('a')).toContain(ADDRESS.a);
  });
});

describe('unicast with ranges of TTL', () => {
  it.each(pairs)('%s and %s elect each other, and strangers are not heard', async (first, second) => {
    const unicast = (side: Side, peer: Side, options = '') =>
      `unicast_src_ip ${ADDRESS[side]}\n unicast_ttl 200\n check_unicast_src\n unicast_peer {\n  ${ADDRESS[peer]} ${options}\n }`;
    const high = stage.pair.agent('a', first, instanceText(150, unicast('a', 'b', 'min_ttl 200 max_ttl 200')));
    const low = stage.pair.agent('b', second, instanceText(100, unicast('b', 'a', 'min_ttl 200 max_ttl 200')));
    high.start();
    await stage.pair.settled(VIP, 'a', 8);
    low.start();
    await low.says('BACKUP STATE');
    const since = stage.now;
    await stage.capture.first('ten more', 10_000, () => stage.now >= since + 10);
    const heard = stage.capture.advertisements.slice(since);
    expect(new Set(heard.map(({ source, destination }) => `${source} ${destination}`))).toEqual(
      new Set([`${ADDRESS.a} ${ADDRESS.b}`]),
    );
    await high.stop();
    const farewell = await stage.farewell('a', since);
    expectAfter(farewell, await stage.speaks('b', since), skewTime(100));
  });
});
