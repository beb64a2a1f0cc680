/** auth_type AH beside a keepalived that it cannot agree with, and the guard's farewell: matrix.test.ts has the life of a pair. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Stage, skewTime, VIP } from './election.ts';

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
    expect((await stage.speaks('b', since)).at - farewell.at).toBeLessThan(skewTime(250, 1) + 0.4);
  });
});
