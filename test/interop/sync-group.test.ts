/** Sync groups of holdfast beside those of the real keepalived, in both roles: two instances on two segments. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectAfter, instanceText, masterDownInterval, pairs, Stage, skewTime, VIP } from './election.ts';

const INNER_VIP = '10.0.0.15';
const VRID = { V1: 50, V2: 51 };

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.build({ second: true });
});

afterEach((context) => stage.close(context.task.result?.state === 'fail'));

const configuration = (first: number, second = first): string =>
  `vrrp_sync_group G {\n group {\n  V1\n  V2\n }\n}\n${instanceText(first, '', 'V1', VRID.V1)}${instanceText(
    second,
    '',
    'V2',
    VRID.V2,
    INNER_VIP,
    'eth1',
  )}`;

const settled = async (side: 'a' | 'b', withinSeconds = 8) => {
  await stage.pair.settled(VIP, side, withinSeconds);
  await stage.pair.settled(INNER_VIP, side, 3);
};

describe.each(pairs)('a sync group of %s with priority 150 beside one of %s with priority 100', (first, second) => {
  it('start, loss of one link, return and stop move both addresses together, in time', async () => {
    const low = stage.pair.agent('b', second, configuration(100));
    const high = stage.pair.agent('a', first, configuration(150));
    low.start();
    await settled('b');
    high.start();
    await settled('a');

    // V2 has no carrier: both fault, V1 with priority zero; V2 of the other side waits for its timer, V1 for V2
    let since = stage.now;
    const lastInner = stage.capture.advertisements.findLast(({ vrid }) => vrid === VRID.V2);
    await stage.pair.ip('segment', 'link set port1-a down');
    const farewell = await stage.farewell('a', since, VRID.V1);
    const takeover = await stage.speaks('b', since, VRID.V2);
    expectAfter(lastInner, takeover, masterDownInterval(100));
    expect(Math.abs((await stage.speaks('b', since, VRID.V1)).at - takeover.at)).toBeLessThan(0.1);
    expect(takeover.at - farewell.at).toBeGreaterThan(skewTime(100));
    await settled('b', 3);
    expect([high.states('V1').at(-1), high.states('V2').at(-1)]).toEqual(['FAULT', 'FAULT']);

    await stage.pair.ip('segment', 'link set port1-a up');
    await settled('a');

    since = stage.now;
    await high.stop();
    for (const vrid of [VRID.V1, VRID.V2]) {
      expectAfter(await stage.farewell('a', since, vrid), await stage.speaks('b', since, vrid), skewTime(100));
    }
    await settled('b', 3);
  });

  it('a member that outranks the other side alone does not move the group', async () => {
    const low = stage.pair.agent('a', first, configuration(150));
    low.start();
    await settled('a');
    const high = stage.pair.agent('b', second, configuration(200, 50));
    high.start();
    await high.says('BACKUP STATE');
    expect(await stage.speakers(12)).toEqual(new Set(['192.168.4.5', '10.0.0.5']));
    expect(new Set(high.states())).toEqual(new Set(['BACKUP']));
  });
});
