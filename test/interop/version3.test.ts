/** What version 3 adds for IPv4, and unicast, beside the real keepalived: matrix.test.ts has the life of a pair. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectAfter, INTERVAL, instanceText, masterDownInterval, pairs, Stage, skewTime, VIP } from './election.ts';
import { ADDRESS, type Side } from './pair.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.build();
});

afterEach((context) => stage.close(context.task.result?.state === 'fail'));

describe.each(pairs)('version 3: %s with priority 150 beside %s with priority 100', (first, second) => {
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
