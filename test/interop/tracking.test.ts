/** What is tracked moves mastership between holdfast and the real keepalived, in both roles. Times are of captured packets. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectAfter, INTERVAL, instanceText, masterDownInterval, pairs, Stage, skewTime, VIP } from './election.ts';
import { ADDRESS, LINK_LOCAL } from './pair.ts';

let stage: Stage;

beforeEach(async () => {
  const own = [`address add ${ADDRESS.a}/24 dev eth0`, `address add ${LINK_LOCAL.a}/64 dev eth0`];
  stage = await Stage.build({
    addresses: {
      a: [...own, 'link add eth1 type veth peer name eth1-peer', 'link set eth1-peer up', 'link set eth1 up'],
    },
  });
});

afterEach((context) => stage.close(context.task.result?.state === 'fail'));

const tracking = (weight: string) => `track_interface {\n  eth1 ${weight}\n }`;

describe.each(pairs)('%s with priority 150 that tracks an interface, beside %s with priority 100', (first, second) => {
  const start = async (weight: string) => {
    const high = stage.pair.agent('a', first, instanceText(150, tracking(weight)));
    const low = stage.pair.agent('b', second, instanceText(100));
    high.start();
    await stage.pair.settled(VIP, 'a', 8);
    low.start();
    await low.says('BACKUP STATE');
    await stage.speakers(3);
    return { high, low };
  };

  it('with weight -60: its advertisements have the lower priority, and the other one preempts; then back', async () => {
    const { high } = await start('weight -60');
    let since = stage.now;
    await stage.pair.ip('a', 'link set eth1 down');
    await stage.pair.settled(VIP, 'b', 5);
    const lower = await stage.capture.first('priority 90', 1_000, ({ priority }) => priority === 90, since);
    // the last advertisement that was accepted came one interval earlier
    expectAfter(lower, await stage.speaks('b', since), masterDownInterval(100) - INTERVAL);
    await high.says('effective priority from 150 to 90');
    since = stage.now;
    await stage.pair.ip('a', 'link set eth1 up');
    await stage.pair.settled(VIP, 'a', 5);
    expect((await stage.speaks('a', since)).priority).toBe(150);
  });

  it('without weight: gives up with priority 0, and the other one follows after Skew_Time; then back', async () => {
    const { high } = await start('');
    let since = stage.now;
    await stage.pair.ip('a', 'link set eth1 down');
    expectAfter(await stage.farewell('a', since), await stage.speaks('b', since), skewTime(100));
    await high.says('FAULT STATE');
    since = stage.now;
    await stage.pair.ip('a', 'link set eth1 up');
    await stage.pair.settled(VIP, 'a', 5);
    expect((await stage.speaks('a', since)).priority).toBe(150);
  });
});
