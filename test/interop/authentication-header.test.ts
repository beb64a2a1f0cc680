/** holdfast and the real keepalived with auth_type AH, in both roles. Times are those of captured packets. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pairs, Stage, VIP } from './election.ts';
import { ADDRESS } from './pair.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.build();
});

afterEach((context) => stage.close(context.task.result?.state === 'fail'));

const instanceText = (priority: number, password = 'secret', type = 'AH'): string => `vrrp_instance VI_1 {
 interface eth0
 virtual_router_id 50
 priority ${priority}
 advert_int 1
 authentication {
  auth_type ${type}
  auth_pass ${password}
 }
 virtual_ipaddress {
  ${VIP}/24
 }
}
`;

/** Version 2, one second. */
const skewTime = (priority: number) => (256 - priority) / 256;

describe.each(pairs)('auth_type AH: %s with priority 254 beside %s with priority 250', (first, second) => {
  it('in both orders of start, stop and return there is one MASTER, in time', async () => {
    const high = stage.pair.agent('a', first, instanceText(254));
    const low = stage.pair.agent('b', second, instanceText(250));
    low.start();
    await stage.pair.settled(VIP, 'b', 8);
    // a router that begins anew is heard as soon as it has heard the others
    high.start();
    await stage.pair.settled(VIP, 'a', 10);
    const since = stage.now;
    await high.stop();
    const [farewell, takeover] = [await stage.farewell('a', since), await stage.speaks('b', since)];
    expect(takeover.at - farewell.at).toBeGreaterThan(skewTime(250) - 0.02);
    expect(takeover.at - farewell.at).toBeLessThan(skewTime(250) + 0.4);
    await stage.pair.settled(VIP, 'b', 3);
    high.start();
    await stage.pair.settled(VIP, 'a', 10);
    expect(await stage.speakers(3)).toEqual(new Set([ADDRESS.a]));
  });
});

describe('holdfast with auth_type AH', () => {
  it.each([
    ['another password', instanceText(100, 'other'), 'another auth_pass than ours'],
    ['no Authentication Header', instanceText(100, 'secret', 'PASS'), 'it has no Authentication Header'],
  ])('does not hear a keepalived with %s, and says so', async (_, text, sentence) => {
    const ours = stage.pair.agent('a', 'holdfast', instanceText(250));
    const theirs = stage.pair.agent('b', 'keepalived', text);
    ours.start();
    theirs.start();
    await ours.says(sentence, 12);
  });

  it('killed, leaves its guard a farewell that is heard', async () => {
    const ours = stage.pair.agent('a', 'holdfast', instanceText(254));
    const theirs = stage.pair.agent('b', 'keepalived', instanceText(250));
    ours.start();
    await stage.pair.settled(VIP, 'a', 8);
    theirs.start();
    await theirs.says('BACKUP STATE');
    await stage.speakers(3);
    const since = stage.now;
    await ours.killElection();
    const farewell = await stage.farewell('a', since);
    expect((await stage.speaks('b', since)).at - farewell.at).toBeLessThan(skewTime(250) + 0.4);
  });
});
